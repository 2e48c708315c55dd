"""A draft tried on a round: who rises, who falls, the new spread, the quotas (domain.md 3, Rehearsal)."""

from __future__ import annotations

from dataclasses import replace

from assessments.rules import Bound, Quota, QuotaScope, SourceKind
from assessments.scoring import TrialFile, grade, rehearse
from tests.scheme_parts import FOUR, band_list, scheme, source

NOW = scheme(source("上级评", SourceKind.SUPERIOR, 60), source("自评", SourceKind.SELF, 40))
DRAFT = replace(NOW, sources=(replace(NOW.sources[0], weight=8000), replace(NOW.sources[1], weight=2000)))


def trial(
    code: str, superior: int, own: int | None, committee: str = "甲镇", sector: str = "农村"
) -> TrialFile:
    scores = {"上级评": (superior, 1), "自评": (own, 1) if own is not None else None}
    result = grade(NOW, "农村", scores)
    return TrialFile(code, committee, sector, scores, result.total, result.band)


FILES = [trial("a", 9000, 8900), trial("b", 8800, 9400), trial("c", 7000, 7000), trial("d", 9000, None)]


def test_the_same_rules_change_nothing() -> None:
    found = rehearse(NOW, NOW, FILES)
    assert (found.risen, found.fallen, found.same, found.incomplete) == (0, 0, 3, 1)
    assert found.before == found.after == {"好": 1, "较好": 1, "一般": 1, "较差": 0}
    assert found.shifts == ()


def test_risers_and_fallers_are_named_with_their_totals() -> None:
    lower = replace(DRAFT, bands=(replace(FOUR[0], lower=8950), *FOUR[1:]))
    found = rehearse(NOW, lower, FILES)
    assert (found.risen, found.fallen, found.same, found.incomplete) == (1, 1, 1, 1)
    assert [(one.code, one.total_before, one.total_after, one.steps) for one in found.shifts] == [
        ("a", 8960, 8980, 1),
        ("b", 9040, 8920, -1),
    ]
    assert found.after == {"好": 1, "较好": 1, "一般": 1, "较差": 0}


def test_a_draft_with_other_bands_and_sources_is_tried_as_far_as_it_goes() -> None:
    three = scheme(
        source("上级评", SourceKind.SUPERIOR, 100), bands=band_list(("一类", 85), ("二类", 60), ("三类", 0))
    )
    found = rehearse(NOW, three, FILES)
    assert (found.incomplete, found.risen, found.same) == (0, 2, 1)
    assert found.after == {"一类": 3, "二类": 1, "三类": 0}
    assert [shift.code for shift in found.shifts] == ["a", "c"]
    wider = scheme(*NOW.sources, source("群众评", SourceKind.OTHER, 0))
    assert rehearse(NOW, wider, FILES).incomplete == 4


def test_quotas_are_tried_per_set() -> None:
    floor = Quota(key="q", scope=QuotaScope.COMMITTEE, bound=Bound.AT_LEAST, share=500, band="较差")
    files = [*FILES, trial("e", 5000, 5000, committee="乙镇", sector="城市社区")]
    found = rehearse(NOW, replace(NOW, quotas=(floor,)), files)
    assert [(name, state.n, state.limit, state.short, state.undecided) for name, state in found.quotas] == [
        ("乙镇", 1, 1, 0, 0),
        ("甲镇", 4, 1, 1, 1),
    ]
    whole = replace(floor, scope=QuotaScope.ROUND)
    assert [name for name, _ in rehearse(NOW, replace(NOW, quotas=(whole,)), files).quotas] == [""]
    city = replace(floor, scope=QuotaScope.SECTOR, sectors=("城市社区",))
    assert [(name, state.n) for name, state in rehearse(NOW, replace(NOW, quotas=(city,)), files).quotas] == [
        ("城市社区", 1)
    ]
    star = replace(floor, band="", star="五星")
    assert rehearse(NOW, replace(NOW, quotas=(star,)), files).quotas == ()
    of_good = replace(
        floor, of_band="好", bound=Bound.AT_MOST, band="一般", scope=QuotaScope.ROUND, share=2000
    )
    ((_, state),) = rehearse(NOW, replace(NOW, quotas=(of_good,)), files).quotas
    assert (state.n, state.limit, state.over) == (1, 0, 1)
