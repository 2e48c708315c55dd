"""Scans of a file as somebody may see them: which steps' papers, and which of them hold figures that are hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assessments import flow
from assessments.entry_places import READERS
from assessments.ledgers.scope import figures_of
from assessments.models import Assessment, Scan
from assessments.rules import StepName
from assessments.services.schemes import rules_of
from orgs.actor import Actor

BRANCH_STEPS = frozenset({StepName.SELF, StepName.CONFIRM})


@dataclass(frozen=True)
class StepScans:
    """The scans of one step. ``hidden``: how many there are that the viewer may not open."""

    step: StepName
    scans: Sequence[Scan]
    hidden: int = 0


def reads_scans(file: Assessment, by: Actor) -> bool:
    """Whether somebody reads papers of the file at all."""
    return bool(steps_read(file, by))


def steps_read(file: Assessment, by: Actor) -> frozenset[StepName]:
    """The steps whose papers somebody reads: branch and liaison those of the self-assessment, the levels above all."""
    parties = file.parties(by.reach)
    above = set(file.ancestor_ids())
    covers = any(span.organisation_id in above for span in by.reach.of_roles(READERS))
    if by.is_system or covers or parties & {"CLK", "COM", "DEP", "UP"}:
        return frozenset(StepName)
    return BRANCH_STEPS if parties & {"SEC", "LIA"} else frozenset()


def opens_scan(scan: Scan, file: Assessment, by: Actor) -> bool:
    """Whether somebody may open one scan. ``scan.file`` is read."""
    if scan.step not in steps_read(file, by):
        return False
    return scan.step != StepName.BALLOT or scan.file.by_id == by.person.pk or sees_tallies(file, by)


def sees_tallies(file: Assessment, by: Actor) -> bool:
    """Whether somebody may see signed tally sheets, which hold every figure of a ballot (ballots.md, Small groups).

    Whoever typed or looked over a tally may, and staff who are to look one over now; others once the file is computed
    and none of its sources has to be hidden.
    """
    handled = file.polls.filter(superseded_at=None).values_list("entered_by", "confirmed_by")
    if any(by.person.pk in pair for pair in handled):
        return True
    staff = "CLK" in file.parties(by.reach)
    ballots = [one.key for one in rules_of(file.round.scheme).sources if one.is_anonymous()]
    if staff and file.tracks.filter(source__in=ballots, status=flow.IN).exists():
        return True
    figures = figures_of(rules_of(file.round.scheme), [file])[file.pk]
    return figures.valid and not figures.view.joined


def scans_by_step(file: Assessment, by: Actor) -> list[StepScans]:
    """The scans step by step in the scheme's order; steps one doesn't read are left out."""
    held = list(file.scans.select_related("file__by"))
    read = steps_read(file, by)
    tallies = sees_tallies(file, by) if StepName.BALLOT in read else False
    found = []
    for step in rules_of(file.round.scheme).steps:
        if step.key not in read:
            continue
        mine = [scan for scan in held if scan.step == step.key.value]
        free = step.key is not StepName.BALLOT or tallies
        shown = [scan for scan in mine if free or scan.file.by_id == by.person.pk]
        found.append(StepScans(step.key, shown, len(mine) - len(shown)))
    return found
