"""分类定级结果汇总表: branches and bands per child unit and per sector, with their sums (domain.md 11)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count

from assessments import flow
from assessments.ledgers.scope import Scope
from assessments.models import RosterUnit
from assessments.rules import SchemeRules
from gradingsite.lib.ledger import Column, Group, Ledger, Line, Total

NOTES = (
    "等次按评定的填；还没有评定的按计算的等次填。占比是占支部数的百分比。",
    "因撤并终止的支部不计在内。",
)


@dataclass
class Sum:
    """The branches of one line."""

    branches: int = 0
    bands: dict[str, int] = field(default_factory=dict)
    ungraded: int = 0
    decided: int = 0
    approved: int = 0

    def add(self, band: str, status: str, n: int) -> None:
        """Count ``n`` branches alike."""
        self.branches += n
        if band and status != flow.UNGRADED:
            self.bands[band] = self.bands.get(band, 0) + n
        else:
            self.ungraded += n
        if status in (flow.DECIDED, flow.REPORTED, flow.APPROVED):
            self.decided += n
        if status == flow.APPROVED:
            self.approved += n

    def merge(self, other: Sum) -> None:
        """Add another line's branches."""
        self.branches += other.branches
        self.ungraded += other.ungraded
        self.decided += other.decided
        self.approved += other.approved
        for band, n in other.bands.items():
            self.bands[band] = self.bands.get(band, 0) + n

    def values(self, rules: SchemeRules) -> dict[str, Any]:
        """As the columns take them; a band without branches has 0."""
        found: dict[str, Any] = {
            "branches": self.branches,
            "ungraded": self.ungraded,
            "decided": self.decided,
            "approved": self.approved,
        }
        for band in rules.bands:
            n = self.bands.get(band.key, 0)
            found[f"n_{band.key}"] = n
            found[f"share_{band.key}"] = (n, self.branches)
        return found


def ledger(rules: SchemeRules) -> Ledger:
    """The columns under a scheme: its bands each have a number and a share."""
    bands = tuple(
        Column(
            band.key,
            band.label,
            children=(
                Column(f"n_{band.key}", "个数", "int"),
                Column(f"share_{band.key}", "占比", "percent", 8),
            ),
        )
        for band in rules.bands
    )
    return Ledger(
        name="summary",
        title="党支部分类定级结果汇总表",
        columns=(
            Column("org_name", "单位", width=30),
            Column("org_code", "组织代码", width=15, align="center"),
            Column("sector", "领域", width=13, align="center"),
            Column("branches", "支部数", "int", 8),
            *bands,
            Column("ungraded", "未定\n等次", "int", 7),
            Column("decided", "已评定", "int", 8),
            Column("approved", "已核准", "int", 8),
        ),
        notes=NOTES,
    )


def rows(scope: Scope) -> Iterator[Line]:
    """The child units with their sum, then the sectors."""
    counts = list(
        scope.files.counted()
        .order_by()
        .values_list("deciding_id", "sector", "band", "decided_band", "status")
        .annotate(n=Count("pk"))
    )
    children = _children(scope, {row[0] for row in counts})
    units: dict[int, Sum] = {}
    sectors: dict[str, Sum] = {}
    for deciding, sector, band, decided, status, n in counts:
        child = children[deciding]
        units.setdefault(child.organisation_id, Sum()).add(decided or band, status, n)
        sectors.setdefault(sector, Sum()).add(decided or band, status, n)
    named = {child.organisation_id: child for child in children.values()}
    whole = Sum()
    yield Group("按单位")
    for pk, child in sorted(named.items(), key=lambda item: item[1].position):
        whole.merge(units[pk])
        own = child.organisation_id == scope.organisation.pk and len(named) > 1
        name = f"{child.full_name}本级" if own else child.full_name
        yield {"org_name": name, "org_code": child.code, "sector": "", **units[pk].values(scope.rules)}
    yield Total(whole.values(scope.rules))
    yield Group("按领域")
    order = {sector.key: place for place, sector in enumerate(scope.rules.sectors)}
    for sector in sorted(sectors, key=lambda key: order.get(key, len(order))):
        yield {
            "org_name": scope.organisation.full_name,
            "org_code": "",
            "sector": sector,
            **sectors[sector].values(scope.rules),
        }


def _children(scope: Scope, deciding: set[int]) -> dict[int, RosterUnit]:
    """For each deciding committee the unit it is summed up under: the organisation's child above it, or itself."""
    units = {
        unit.organisation_id: unit
        for unit in RosterUnit.objects.filter(round=scope.round, organisation__in=deciding)
    }
    base = scope.path.strip("/").split("/")
    wanted: dict[int, int] = {}
    for pk, unit in units.items():
        parts = unit.path.strip("/").split("/")
        below = len(parts) > len(base) and parts[: len(base)] == base
        wanted[pk] = int(parts[len(base)]) if below else scope.organisation.pk
    found = RosterUnit.objects.filter(round=scope.round, organisation__in=set(wanted.values()))
    tops = {unit.organisation_id: unit for unit in found}
    return {pk: tops.get(top, units[pk]) for pk, top in wanted.items()}
