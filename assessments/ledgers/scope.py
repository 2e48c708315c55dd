"""What one copy of a ledger covers, and its files with everything a row needs, a thousand at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from django.db.models import Q

from assessments import flow
from assessments.models import Assessment, RosterUnit, Round, Score, Track
from assessments.models.rounds import AssessmentQuerySet, frozen_paths
from assessments.rules import SchemeRules, SourceKind
from assessments.scoring import Origin
from assessments.smallgroups import View, view_of
from orgs.models import Organisation
from orgs.reach import Reach, at_or_below
from orgs.roles import Role

CHUNK = 1000
READS_ALL = (
    Role.TOWNSHIP_CLERK,
    Role.COMMITTEE_SECRETARY,
    Role.ORG_DEPARTMENT,
    Role.SUPERVISION_GROUP,
)
"""Who reads a file's scores before they are announced; a branch and its liaison read them afterwards (domain.md 4)."""
UNCOMPUTED = "uncomputed"
ORIGIN_WORDS: Mapping[str, str] = {
    Origin.LINES: "逐项分",
    Origin.TOTALS: "总分",
    Origin.POOLED: "逐人分",
    Origin.MEAN: "平均分",
    Origin.BALLOT: "票数",
}


@dataclass(frozen=True)
class Scope:
    """A round, an organisation in it, the files one may read there, and the page wanted of them."""

    round: Round
    rules: SchemeRules
    organisation: Organisation
    files: AssessmentQuerySet
    machine: bool = False
    start: int = 0
    stop: int | None = None

    @cached_property
    def path(self) -> str:
        """The organisation's place as the round froze it."""
        return frozen_path(self.round, self.organisation)

    def path_below(self, file: Assessment) -> str:
        """The names of the committees between the organisation and the branch; its own where there is none."""
        names = file.path_names.split(" / ")[len(self.path.strip("/").split("/")) :]
        return " / ".join(names) or self.organisation.short_name

    def chunks(self) -> Iterator[list[Assessment]]:
        """The page's files in the roster's order, a thousand at a time."""
        ids = list(self.files.order_by("position", "pk").values_list("pk", flat=True)[self.start : self.stop])
        for start in range(0, len(ids), CHUNK):
            part = ids[start : start + CHUNK]
            yield list(Assessment.objects.filter(pk__in=part).order_by("position", "pk"))

    def figures(self) -> Iterator[tuple[int, Assessment, Figures]]:
        """Each file with its number in the ledger, counted from 1, and what may be shown of it."""
        number = self.start
        for files in self.chunks():
            figures = figures_of(self.rules, files)
            for file in files:
                number += 1
                yield number, file, figures[file.pk]


@dataclass
class Figures:
    """What may be shown of one file: its view under the small-group rule, and where imported marks came from.

    ``valid``: the stored scores are those of the marks in force; else nothing is shown.
    """

    view: View
    valid: bool
    origins: dict[str, str] = field(default_factory=dict)
    imported: frozenset[str] = frozenset()

    def score(self, source: str) -> Fraction | None:
        """A source's own score, where it may be shown."""
        return self.view.score(source)

    @property
    def joint_points(self) -> Fraction | None:
        """The weighted points of the joint line."""
        return next((line.points for line in self.view.lines if line.joint), None)

    @property
    def joint_voters(self) -> int | None:
        """The people behind the joint line."""
        return next((line.voters for line in self.view.lines if line.joint), None)


def may_join(rules: SchemeRules) -> bool:
    """Whether a scheme has sources that the small-group rule can join into one line."""
    voting = sum(source.is_anonymous() for source in rules.sources)
    related = sum(source.kind is SourceKind.RELATED for source in rules.sources)
    return voting > 0 and voting + related > 1


def frozen_path(round: Round, organisation: Organisation) -> str:
    """Where the organisation stood when the round was opened; today's place when it wasn't there."""
    unit = RosterUnit.objects.filter(round=round, organisation=organisation).first()
    return unit.path if unit else organisation.path


def files_of(round: Round, organisation: Organisation, reach: Reach) -> AssessmentQuerySet:
    """The files of the round at and below the organisation whose scores the reach may read."""
    files = round.assessments.filter(at_or_below(frozen_path(round, organisation)))
    if reach.everything:
        return files
    inside = Reach(reach.person_id, reach.of_roles(READS_ALL))
    return files.within(reach).filter(frozen_paths(inside) | Q(announced_at__isnull=False))


def figures_of(rules: SchemeRules, files: Sequence[Assessment]) -> dict[int, Figures]:
    """What may be shown of each file, in two queries."""
    ids = [file.pk for file in files]
    scores: dict[int, list[Score]] = {}
    for score in Score.objects.filter(assessment__in=ids):
        scores.setdefault(score.assessment_id, []).append(score)
    imported: dict[int, set[str]] = {}
    for file_id, source in Track.objects.filter(assessment__in=ids, imported=True).values_list(
        "assessment_id", "source"
    ):
        imported.setdefault(file_id, set()).add(source)
    return {
        file.pk: _figures(rules, file, scores.get(file.pk, []), frozenset(imported.get(file.pk, ())))
        for file in files
    }


def _figures(
    rules: SchemeRules, file: Assessment, stored: Sequence[Score], imported: frozenset[str]
) -> Figures:
    # A file whose marks changed has neither a total nor missing sources until it is computed again: its scores are old.
    valid = file.total is not None or bool(file.missing)
    shown = list(stored) if valid else []
    view = view_of(
        rules,
        {score.source: (score.numerator, score.denominator) for score in shown},
        {score.source: score.voters for score in shown},
        members=file.member_count,
        people=file.people_count,
    )
    origins = {score.source: score.notes[0] for score in shown if score.notes}
    return Figures(view, valid, origins, imported)


def origin_words(rules: SchemeRules, figures: Figures) -> str:
    """Which sources were imported and as what: 「总分：上级、自评；平均分：党员、群众」; '' when none was."""
    kinds: dict[str, list[str]] = {}
    for source in rules.sources:
        if source.key in figures.imported:
            kinds.setdefault(ORIGIN_WORDS.get(figures.origins.get(source.key, ""), "票数"), []).append(
                source.short
            )
    return "；".join(f"{kind}：{'、'.join(names)}" for kind, names in kinds.items())


def status_code(file: Assessment) -> str:
    """``ok``, ``incomplete:`` and the missing sources' labels joined by ``+``, or ``uncomputed``."""
    if file.total is not None:
        return "ok"
    return f"incomplete:{'+'.join(file.missing)}" if file.missing else UNCOMPUTED


def status_words(file: Assessment) -> str:
    """The same for people."""
    if file.total is not None:
        return "齐全"
    return f"缺{'、'.join(file.missing)}" if file.missing else "未计分"


def step_words(file: Assessment) -> str:
    """The state of the file for people."""
    words = flow.FILE.states[file.status]
    if file.approval_void:
        return f"{words}（核准已失效）"
    return f"{words}（已退回）" if file.returned_due_on else words


def band_label(rules: SchemeRules, key: str) -> str:
    """A band's label, '' for none."""
    band = rules.band(key) if key else None
    return band.label if band else ""
