"""Rows of scores into marks, by the shape of their sheet; every row gets its verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from assessments import flow
from assessments.imports.cells import RowReading
from assessments.imports.headings import Layout, Shape, ballot_sources, indicator_names, source_named
from assessments.imports.verdicts import VerdictWord
from assessments.rules import Method, SchemeRules, Source
from assessments.scoring import BallotCounts, check_counts
from assessments.services.importing import OPEN_TO_MARKS, Incoming, Key, PollIn, SheetIn, Target
from gradingsite.lib.points import short_points
from gradingsite.lib.reading import repeats_header
from gradingsite.lib.tables import Cell, Row

TOTALS = ("合计", "总计", "小计", "平均", "平均分", "总平均")
MOST_RATERS = 32_767
COUNTS = {"expected": "应到", "issued": "发出", "returned": "收回", "blank": "弃权", "invalid": "无效"}


def _has_digit(cell: Cell) -> bool:
    """Whether a cell may hold a code at all."""
    return not cell.is_blank and any(mark.isdigit() for mark in str(cell.value))


@dataclass
class Reader:
    """Reads the rows of all sheets of one file. ``targets``: files by code; ``ungraded``: codes without one."""

    rules: SchemeRules
    targets: Mapping[str, Target]
    ungraded: frozenset[str]
    rows: list[RowReading] = field(default_factory=list)
    seen: dict[tuple[Key, str, int], tuple[str, int]] = field(default_factory=dict)
    broken: set[Key] = field(default_factory=set)
    _names: dict[str, dict[str, str]] = field(default_factory=dict)
    _full: dict[str, dict[str, int]] = field(default_factory=dict)

    def read(self, layout: Layout, sheet: str, row: Row) -> None:
        """Read one row under the heading; blank ones leave nothing."""
        if row.is_blank:
            return
        reading = RowReading(sheet, row)
        self.rows.append(reading)
        if row.struck:
            reading.say(VerdictWord.IGNORE, "整行已划去，没有导入。")
        elif not _has_digit(row[layout.columns["code"]]) and repeats_header(
            row, layout.header, layout.wanted
        ):
            reading.say(VerdictWord.IGNORE, "重复的表头。")
        else:
            self._read_data(layout, reading)

    def _read_data(self, layout: Layout, reading: RowReading) -> None:
        if self._is_no_branch(layout, reading.row):
            reading.say(VerdictWord.IGNORE, "不是支部的行（标题、合计或落款）。")
            return
        code = reading.read_code(layout.columns["code"])
        if reading.refused:
            return
        if not code:
            reading.refuse("缺组织代码，请补上再导入。", reading.row[layout.columns["code"]])
            return
        target = self._target(code, layout, reading)
        if target is None:
            return
        READERS[layout.shape](self, layout, reading, target)
        if reading.refused:
            reading.brings.clear()
            if layout.shape is Shape.RATERS:
                self.broken.update(reading.keys)
        elif not reading.brings:
            reading.say(VerdictWord.IGNORE, "没有填分数。")

    def _is_no_branch(self, layout: Layout, row: Row) -> bool:
        """A heading between rows, a sum, a signature: it says so, or has neither a digit for a code nor a figure."""
        if any(text.replace(" ", "").replace("\u3000", "") in TOTALS for text in row.texts):
            return True
        data = {**layout.sources, **layout.options, **layout.indicators}
        data |= {key: layout.columns[key] for key in ("score", "returned") if key in layout.columns}
        return not _has_digit(row[layout.columns["code"]]) and all(
            row[column].is_blank for column in data.values()
        )

    def _target(self, code: str, layout: Layout, reading: RowReading) -> Target | None:
        cell = reading.row[layout.columns["code"]]
        target = self.targets.get(code)
        if target is None:
            if code in self.ungraded:
                reading.refuse("该组织不是本轮次定级的支部，请删去这一行。", cell)
            else:
                reading.refuse("本轮次没有这个组织代码，请核对。", cell)
            return None
        if target.status not in OPEN_TO_MARKS:
            state = flow.FILE.states[target.status]
            reading.refuse(f"{target.short_name}现在是「{state}」，评分已锁定；要改须先退回。", cell)
            return None
        name = reading.read_text(layout.columns.get("name"))
        if name and name not in (target.full_name, target.short_name):
            reading.say(
                VerdictWord.WARN,
                f"名称与代码对应的「{target.short_name}」不同，请核对代码有没有填错行。",
                reading.row[layout.columns["name"]],
            )
        return target

    def _claim(
        self,
        reading: RowReading,
        target: Target,
        source: Source,
        column: int,
        group: str = "",
        number: int = 0,
    ) -> bool:
        """Whether this is the first row for the branch and source; a second one is refused."""
        key = (target.pk, source.key)
        reading.keys.append(key)
        here = (reading.sheet, reading.row.number)
        first = self.seen.setdefault((key, group, number), here)
        if first == here and reading.keys.count(key) == 1:
            return True
        what = f"第 {number} 号评分人" if number else f"「{source.label}」"
        where = f"第 {first[1]} 行" if first[0] == reading.sheet else f"工作表「{first[0]}」第 {first[1]} 行"
        reading.refuse(
            f"{target.short_name}的{what}在{where}已经有了，同一文件里只能有一次。", reading.row[column]
        )
        return False

    # the four shapes

    def read_wide(self, layout: Layout, reading: RowReading, target: Target) -> None:
        """A column per source; an empty cell means no sheet yet."""
        for key, column in layout.sources.items():
            source = self.rules.source(key)
            if source is None or reading.row[column].is_blank and not reading.row[column].formula:
                continue
            if not self._claim(reading, target, source, column):
                continue
            step = 1 if source.is_anonymous() else self.rules.precision
            points = reading.read_points(column, name=source.label, step=step)
            if points is not None:
                basis = "mean" if source.is_anonymous() else "total"
                reading.brings.append(Incoming(target, key, sheets=[SheetIn(basis, points)]))

    def read_long(self, layout: Layout, reading: RowReading, target: Target) -> None:
        """A row per branch and source: a score, points per indicator, or both."""
        source = self._source(layout, reading)
        if source is None or not self._claim(reading, target, source, layout.columns["source"]):
            return
        raters = self._raters(layout, reading)
        mean = source.is_anonymous() or (raters or 1) > 1
        lines = self._lines(layout, reading, target, step=1 if mean else self.rules.precision)
        score = self._score(layout, reading, source, 1 if mean else self.rules.precision)
        if reading.refused:
            return
        total = sum(lines.values()) if lines else score
        if lines and score is not None and score != total:
            reading.refuse(
                f"各指标相加是 {short_points(total)}，与得分 {short_points(score)} 不符，请核对。",
                reading.row[layout.columns["score"]],
            )
            return
        if total is None:
            reading.refuse("没有得分，也没有各指标的分，请补上。")
            return
        basis = "mean" if mean else "lines" if lines and source.method is Method.ITEMISED else "total"
        sheet = SheetIn(basis, total, voters=raters if mean else None, lines=lines)
        reading.brings.append(Incoming(target, source.key, sheets=[sheet]))

    def read_raters(self, layout: Layout, reading: RowReading, target: Target) -> None:
        """A row per single mark."""
        source = self._source(layout, reading)
        if source is None:
            return
        reading.keys.append((target.pk, source.key))
        number = reading.read_count(layout.columns["rater_no"], name="评分人序号", low=1, high=MOST_RATERS)
        if "score" not in layout.columns:
            reading.refuse("缺「得分」这一列，请补上。")
            return
        step = self.rules.precision
        points = reading.read_points(layout.columns["score"], name="得分", step=step)
        if number is None or points is None:
            return
        reading.keys.clear()
        if self._claim(reading, target, source, layout.columns["rater_no"], number=number):
            reading.single = True
            sheet = SheetIn("total", points, rater_no=number)
            reading.brings.append(Incoming(target, source.key, sheets=[sheet]))

    def read_ballots(self, layout: Layout, reading: RowReading, target: Target) -> None:
        """A row per branch with the counts of a ballot, and perhaps other sources' scores beside them."""
        self.read_wide(layout, reading, target)
        counted = [*layout.options.values()]
        counted += [layout.columns[key] for key in (*COUNTS, "valid") if key in layout.columns]
        if all(reading.row[column].is_blank and not reading.row[column].formula for column in counted):
            return
        source = self._ballot_source(layout, reading)
        if source is None:
            return
        group = self._group(layout, reading, source)
        at = layout.columns.get("returned", layout.columns["code"])
        if group is None or not self._claim(reading, target, source, at, group=group):
            return
        poll = self._poll(layout, reading, source, group)
        if poll is not None:
            reading.brings.append(Incoming(target, source.key, polls=[poll]))

    # parts of a row

    def _source(self, layout: Layout, reading: RowReading) -> Source | None:
        column = layout.columns["source"]
        name = reading.read_text(column)
        source = source_named(self.rules, name) if name else None
        if source is None:
            labels = "、".join(one.label for one in self.rules.sources)
            what = f"方案里没有评价主体「{name[:30]}」" if name else "没有填评价主体"
            reading.refuse(f"{what}，请填：{labels}。", reading.row[column])
        return source

    def _raters(self, layout: Layout, reading: RowReading) -> int | None:
        column = layout.columns.get("raters")
        if column is None or reading.row[column].is_blank:
            return None
        return reading.read_count(column, name="评分人数", low=1)

    def _score(self, layout: Layout, reading: RowReading, source: Source, step: int) -> int | None:
        column = layout.columns.get("score")
        return None if column is None else reading.read_points(column, name=source.label, step=step)

    def _lines(self, layout: Layout, reading: RowReading, target: Target, step: int) -> dict[str, int]:
        """Points by indicator key; empty when the row has none of them. Gaps are refused."""
        given = {
            name: column for name, column in layout.indicators.items() if not reading.row[column].is_blank
        }
        if not given:
            return {}
        names, full = self._sector(target.sector)
        lines: dict[str, int] = {}
        for name, column in layout.indicators.items():
            if name in names:
                high = full[names[name]]
                points = reading.read_points(column, name=name, high=high, step=step)
                if points is not None:
                    lines[names[name]] = points
            elif name in given:
                reading.refuse(f"{target.sector}没有「{name}」这个指标，请清空这一格。", reading.row[column])
        absent = [name for name in names if name not in layout.indicators]
        if absent:
            reading.refuse(f"缺「{'」「'.join(absent)}」的分，请补上这些列。")
        return lines

    def _sector(self, sector: str) -> tuple[dict[str, str], dict[str, int]]:
        if sector not in self._names:
            found = self.rules.sector(sector)
            self._names[sector] = indicator_names(self.rules, sector)
            self._full[sector] = {leaf.key: leaf.points or 0 for leaf in found.leaves()} if found else {}
        return self._names[sector], self._full[sector]

    def _ballot_source(self, layout: Layout, reading: RowReading) -> Source | None:
        if "source" in layout.columns:
            source = self._source(layout, reading)
            if source is not None and source.method is not Method.BALLOT:
                reading.refuse(
                    f"「{source.label}」不用投票，不能填票数。", reading.row[layout.columns["source"]]
                )
                return None
            return source
        voting = ballot_sources(self.rules)
        if len(voting) == 1:
            return voting[0]
        if not voting:
            reading.refuse("本方案没有投票的评价主体，不能导入票数。")
        else:
            labels = "、".join(one.label for one in voting)
            reading.refuse(f"投票的评价主体有 {labels}，请加一列「评价主体」说明是哪一个。")
        return None

    def _group(self, layout: Layout, reading: RowReading, source: Source) -> str | None:
        groups = source.voter_groups()
        if source.pooled or len(groups) < 2:
            return ""
        column = layout.columns.get("group")
        name = reading.read_text(column)
        found = next((one.key for one in groups if name in (one.label, one.key)), None)
        if found is None:
            labels = "、".join(one.label for one in groups)
            reading.refuse(f"「{source.label}」分组计票，请在「投票人员」一列填：{labels}。")
        return found

    def _poll(self, layout: Layout, reading: RowReading, source: Source, group: str) -> PollIn | None:
        counts = {
            key: reading.read_count(layout.columns[key], name=name)
            for key, name in COUNTS.items()
            if key in layout.columns
        }
        options = {
            option.key: reading.read_count(layout.options[option.label], name=option.label)
            for option in source.options
            if option.label in layout.options
        }
        if reading.refused:
            return None
        votes = {key: n for key, n in options.items() if n is not None}
        # A form without a column for blank or spoilt votes has none of them; the sum below catches an omission.
        blank, invalid = counts.get("blank", 0) or 0, counts.get("invalid", 0) or 0
        expected, issued, returned = (counts.get(key) for key in ("expected", "issued", "returned"))
        faults = check_counts(source, BallotCounts(votes, blank, invalid, expected, issued, returned))
        faults += self._valid_faults(layout, reading, sum(votes.values()))
        if faults or expected is None or issued is None or returned is None:
            at = layout.columns.get("returned", layout.columns["code"])
            reading.refuse(f"{'；'.join(faults)}。请核对票数。", reading.row[at])
            return None
        return PollIn(expected, issued, returned, blank, invalid, votes, group)

    def _valid_faults(self, layout: Layout, reading: RowReading, votes: int) -> list[str]:
        """Whether a column of valid votes, where the form has one, agrees with the options."""
        column = layout.columns.get("valid")
        if column is None or reading.row[column].is_blank:
            return []
        valid = reading.read_count(column, name="有效")
        return [] if valid is None or valid == votes else [f"有效{valid}与各选项相加{votes}不符"]


READERS: Mapping[Shape, Callable[[Reader, Layout, RowReading, Target], None]] = {
    Shape.WIDE: Reader.read_wide,
    Shape.LONG: Reader.read_long,
    Shape.RATERS: Reader.read_raters,
    Shape.BALLOTS: Reader.read_ballots,
}
