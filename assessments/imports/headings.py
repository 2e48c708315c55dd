"""Telling from a heading row which of the four shapes a sheet of scores has, and what each column holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from assessments.rules import Method, SchemeRules, Source, SourceKind
from gradingsite.lib.reading import Header, find_header
from gradingsite.lib.refusal import Refused
from gradingsite.lib.tables import Sheet
from gradingsite.lib.tidy import header_words

BASE: Mapping[str, tuple[str, ...]] = {
    "code": ("org_code", "组织代码", "党组织代码", "支部代码", "代码"),
    "name": (
        "org_name",
        "组织全称",
        "组织名称",
        "党组织名称",
        "党组织",
        "支部名称",
        "党支部名称",
        "规范全称",
        "支部",
        "名称",
    ),
    "source": ("source", "评价主体", "评分主体", "主体"),
    "group": ("group", "投票人员", "组别"),
    "rater_no": ("rater_no", "评分人序号", "评分人编号", "评分人号", "票号"),
    "raters": ("raters", "voters", "评分人数", "参评人数"),
    "score": ("score", "value", "得分", "分数", "评分", "总分"),
    "expected": ("eligible", "expected", "应到", "应到人数", "应参加", "应参加人数"),
    "issued": ("issued", "发出", "发出票", "发出票数", "发出测评票"),
    "returned": ("returned", "收回", "收回票", "收回票数", "收回测评票"),
    "valid": ("valid", "有效", "有效票", "有效票数"),
    "blank": ("blank", "abstain", "弃权", "弃权票", "弃权票数"),
    "invalid": ("invalid", "spoilt", "无效", "无效票", "无效票数", "废票"),
}
KNOWN_ELSE = frozenset(
    words
    for alias in (
        "domain",
        "sector",
        "领域",
        "序号",
        "备注",
        "上级组织",
        "所属党委",
        "书记",
        "书记姓名",
        "党员数",
        "群众数",
        "合计",
        "等次",
    )
    for words in header_words(alias)
)
ENGLISH = {
    SourceKind.SUPERIOR: ("committee_score", "superior_score"),
    SourceKind.SELF: ("self_score",),
    SourceKind.MEMBER: ("member_score", "members_score"),
    SourceKind.PUBLIC: ("public_score",),
    SourceKind.RELATED: ("related_score",),
}


class Shape(StrEnum):
    """The four shapes."""

    WIDE = "wide"
    LONG = "long"
    RATERS = "raters"
    BALLOTS = "ballots"

    @property
    def label(self) -> str:
        """In words."""
        return {
            "wide": "每个评价主体一列",
            "long": "每个支部、评价主体一行",
            "raters": "逐人评分",
            "ballots": "测评票数",
        }[self.value]


@dataclass(frozen=True)
class Layout:
    """A sheet's shape, its heading's row, and which column holds what.

    ``sources``, ``options``, ``indicators``: column by source key, by option label, by indicator name; ``stray``:
    headings that mean nothing here.
    """

    shape: Shape
    row: int
    columns: Mapping[str, int]
    sources: Mapping[str, int]
    options: Mapping[str, int]
    indicators: Mapping[str, int]
    stray: tuple[str, ...]
    header: Header
    wanted: dict[str, Iterable[str]]


def layout_of(sheet: Sheet, rules: SchemeRules) -> Layout | None:
    """The layout of a sheet; None when it holds no scores. Raises Refused when a column stands there twice."""
    wanted = wanted_headings(rules)
    header = find_header(sheet, wanted, required=("code",))
    if header is None:
        return None
    columns = header.columns
    sources = _part(columns, "source:")
    options = _part(columns, "option:")
    shape = _shape(columns, sources, options)
    if shape is None:
        return None
    known = {words for names in wanted.values() for name in names for words in header_words(name)}
    twice = [word for word in header.unknown if known & set(header_words(word))]
    if twice:
        raise Refused(f"「{twice[0]}」这一列出现了两次。", remedy="请只留一列再导入。")
    stray = tuple(word for word in header.unknown if not KNOWN_ELSE & set(header_words(word)))
    base = {key: column for key, column in columns.items() if key in BASE}
    return Layout(shape, header.row, base, sources, options, _part(columns, "line:"), stray, header, wanted)


def _part(columns: Mapping[str, int], prefix: str) -> dict[str, int]:
    return {key.removeprefix(prefix): column for key, column in columns.items() if key.startswith(prefix)}


def _shape(
    columns: Mapping[str, int], sources: Mapping[str, int], options: Mapping[str, int]
) -> Shape | None:
    if "returned" in columns or ("expected" in columns and options) or len(options) > 1:
        return Shape.BALLOTS
    if "source" in columns:
        return Shape.RATERS if "rater_no" in columns else Shape.LONG
    return Shape.WIDE if sources else None


def wanted_headings(rules: SchemeRules) -> dict[str, Iterable[str]]:
    """Every column a file of this scheme may have, with the names it may go by."""
    wanted: dict[str, Iterable[str]] = dict(BASE)
    for source in rules.sources:
        wanted[f"source:{source.key}"] = (
            source.label,
            source.short,
            source.key,
            *ENGLISH.get(source.kind, ()),
        )
    for source in ballot_sources(rules):
        for option in source.options:
            wanted[f"option:{option.label}"] = (option.label, f"{option.label}票", f"{option.label}票数")
    for sector in rules.sectors:
        for name in indicator_names(rules, sector.key):
            wanted[f"line:{name}"] = (name,)
    return wanted


def ballot_sources(rules: SchemeRules) -> list[Source]:
    """The sources that vote."""
    return [source for source in rules.sources if source.method is Method.BALLOT]


def indicator_names(rules: SchemeRules, sector: str) -> dict[str, str]:
    """Key by name of the sector's scored indicators; one of the second level whose name repeats is 「上级/名称」."""
    found = rules.sector(sector)
    if found is None:
        return {}
    leaves = [(one.label, leaf) for one in found.indicators for leaf in (one.children or (one,))]
    counts: dict[str, int] = {}
    for _, leaf in leaves:
        counts[leaf.label] = counts.get(leaf.label, 0) + 1
    return {
        leaf.label if counts[leaf.label] == 1 else f"{parent}/{leaf.label}": leaf.key
        for parent, leaf in leaves
    }


def source_named(rules: SchemeRules, name: str) -> Source | None:
    """The source a cell names by label, short name or key."""
    words = set(header_words(name))
    for source in rules.sources:
        if words & {
            word for alias in (source.label, source.short, source.key) for word in header_words(alias)
        }:
            return source
    return None
