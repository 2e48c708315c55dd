"""Quotas that stop a step: a committee's at each of its reports, the round's at the last approval (domain.md 3.4)."""

from __future__ import annotations

from assessments import flow
from assessments.models import Round
from assessments.models.rounds import AssessmentQuerySet
from assessments.rules import Quota, QuotaScope, SchemeRules
from assessments.scoring import quota_state
from gradingsite.lib.refusal import Refused
from orgs.models import Organisation


def unmet_at_report(rules: SchemeRules, round: Round, committee: Organisation) -> list[str]:
    """The committee's blocking quotas that its decided files break, in words; one query."""
    files = round.assessments.counted().filter(deciding=committee)
    return _broken(rules, QuotaScope.COMMITTEE, files)


def refuse_unmet_at_approval(rules: SchemeRules, round: Round) -> None:
    """Refuse the approval that would finish a set of the round while it breaks a blocking quota.

    Before the last file of the set it is only pointed out. Called after the files' status is written.
    """
    for scope in (QuotaScope.ROUND, QuotaScope.SECTOR):
        words = _broken(rules, scope, round.assessments.counted(), finished=True)
        if words:
            raise Refused(f"核准后全部支部已定，配额不符：{'；'.join(words)}。", remedy="请先退回评定。")


def _broken(
    rules: SchemeRules, scope: QuotaScope, files: AssessmentQuerySet, *, finished: bool = False
) -> list[str]:
    asked = [one for one in rules.quotas if one.scope is scope and not one.star and one.share is not None]
    if not asked:
        return []
    rows = list(files.values_list("sector", "decided_band", "status"))
    words = []
    for quota in asked:
        for sector in _sets(quota, [sector for sector, _, _ in rows]):
            held = [(band, status) for name, band, status in rows if name in sector]
            open_ones = [status for _, status in held if status not in (flow.APPROVED, flow.UNGRADED)]
            if finished and open_ones:
                continue
            bands = [band for band, _ in held]
            n = bands.count(quota.of_band) if quota.of_band else len(bands)
            undecided = sum(not band and status != flow.UNGRADED for band, status in held)
            state = quota_state(rules, quota, n, bands.count(quota.band), undecided)
            if state and state.blocks:
                words.append(state.words)
    return words


def _sets(quota: Quota, sectors: list[str]) -> list[frozenset[str]]:
    """The sets of sectors the quota counts: each alone where it is by sector, else all it names together."""
    present = [name for name in dict.fromkeys(sectors) if not quota.sectors or name in quota.sectors]
    if quota.scope is QuotaScope.SECTOR:
        return [frozenset({name}) for name in present]
    return [frozenset(present)] if present else []
