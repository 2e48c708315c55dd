"""Reading a table from an uploaded file that nobody vouches for.

The content decides what a file is, never its name. Workbooks are read in a child process with limits
on memory, time and what may come out (`xlsx_child`); text files are decoded and split here. Old .xls
files, web pages named .xls, macros, passwords and bombs are refused with a sentence and a remedy.
"""

import csv
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from io import StringIO
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from gradingsite.lib.refusal import Refused
from gradingsite.lib.tables import Cell, Row, Sheet, Value, Workbook
from gradingsite.lib.tidy import header_words, unguard

CHILD = Path(__file__).with_name("xlsx_child.py")
SAVE_AS_XLSX = "请在 Excel 或 WPS 里打开，另存为“Excel 工作簿（.xlsx）”后再上传。"
_WHOLE = re.compile(r"-?[0-9]+\Z")
_STRUCK, _FORMULA, _UNVALUED = 1, 2, 4
_DELIMITERS = ("\t", ",", ";")
_MOST_FILLED = 200_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may take: sizes in bytes, times in seconds."""

    rows: int = 60_000
    columns: int = 256
    cells: int = 1_500_000
    characters: int = 40_000_000
    sheets: int = 100
    entries: int = 2_000
    file: int = 20 * 1024 * 1024
    unpacked: int = 200 * 1024 * 1024
    ratio: int = 150
    ratio_from: int = 20 * 1024 * 1024
    memory: int = 400 * 1024 * 1024
    cpu: int = 6
    wall: int = 9


class Header(NamedTuple):
    """Where the heading row stands (its number) and which column holds what."""

    row: int
    columns: dict[str, int]
    unknown: tuple[str, ...]


def read_tables(
    source: bytes | Path | BinaryIO,
    filename: str = "",
    *,
    max_rows: int | None = None,
    max_columns: int | None = None,
    limits: Limits | None = None,
) -> Workbook:
    """Read every visible sheet of an .xlsx or the one table of a .csv.

    `filename` only names the file in messages. Raises `Refused` for what is no table, is damaged,
    hostile or larger than the limits.
    """
    chosen = asdict(limits or Limits())
    chosen["rows"] = max_rows or chosen["rows"]
    chosen["columns"] = max_columns or chosen["columns"]
    content = _content(source, chosen["file"])
    try:
        return _by_content(content, chosen)
    except Refused as refused:
        if filename:
            refused.message = f"“{_short(filename)}”：{refused.message}"
        raise


def _by_content(content: bytes, limits: dict[str, int]) -> Workbook:
    if not content:
        raise Refused("文件是空的。", remedy="请检查后重新上传。")
    if content.startswith(b"PK"):
        return _read_workbook(content, limits)
    _refuse_other_kinds(content)
    return _read_text(content, limits)


def _content(source: bytes | Path | BinaryIO, most: int) -> bytes:
    too_large = Refused(f"文件超过 {most // 1024 // 1024} MB。", remedy="请删去图片或拆成几个文件。")
    if isinstance(source, Path):
        if source.stat().st_size > most:
            raise too_large
        return source.read_bytes()
    content = source if isinstance(source, bytes) else source.read(most + 1)
    if len(content) > most:
        raise too_large
    return content


def _short(filename: str) -> str:
    name = filename.replace("\\", "/").rpartition("/")[2]
    return name if len(name) <= 40 else name[:37] + "…"


def _refuse_other_kinds(content: bytes) -> None:
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise Refused("文件加了打开密码，不能读取。", remedy="请去掉密码后再上传。")
        raise Refused("这是旧版 Excel（.xls）文件，不能直接读取。", remedy=SAVE_AS_XLSX)
    start = content[:2048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype", b"<html", b"<table", b"<meta", b"<head", b"<body", b"<style")):
        raise Refused("这是网页（HTML），只是名字像 Excel 文件。", remedy=SAVE_AS_XLSX)
    if start.startswith(b"<"):
        raise Refused("这是 XML 文件，不是表格。", remedy=SAVE_AS_XLSX)
    if start.startswith((b"%pdf", b"\x89png", b"\xff\xd8\xff", b"gif8", b"rar!", b"7z\xbc\xaf", b"{\\rtf")):
        raise Refused("这不是表格文件。", remedy="请上传 .xlsx 或 .csv 文件。")


# Workbooks


def _read_workbook(content: bytes, limits: dict[str, int]) -> Workbook:
    sheets: list[Sheet] = []
    name, state = "", "visible"
    merged: tuple[tuple[int, int, int, int], ...] = ()
    rows: list[Row] = []
    epoch = date(1899, 12, 30)

    def close() -> None:
        if name or rows:
            sheets.append(Sheet(name, state, tuple(_filled(rows, merged)), merged))

    for item in _child_lines(content, limits):
        if isinstance(item, list):
            rows.append(_row(item, epoch))
        elif "sheet" in item:
            close()
            name, state, merged, rows = item["sheet"], item["state"], (), []
        elif "merged" in item:
            merged = tuple(tuple(area) for area in item["merged"])
        elif item.get("epoch_1904"):
            epoch = date(1904, 1, 1)
    close()
    return Workbook("xlsx", tuple(sheets))


def _child_lines(content: bytes, limits: dict[str, int]) -> Iterator[Any]:
    command = [sys.executable, "-I", "-S", str(CHILD), json.dumps(limits)]
    try:
        done = subprocess.run(  # noqa: S603 — our own script, no shell, no word of it from outside
            command, input=content, capture_output=True, timeout=limits["wall"], check=False, env={}
        )
    except subprocess.TimeoutExpired:
        raise Refused("文件太复杂，读取超时。", remedy="请删去多余的格式、行和列后再上传。") from None
    last: Any = None
    for line in done.stdout.splitlines():
        try:
            last = json.loads(line)
        except ValueError:  # the child was ended in the middle of a line
            break
        if isinstance(last, dict) and "refused" in last:
            raise Refused(last["refused"], remedy=last["remedy"])
        yield last
    if last != {"end": True}:
        raise Refused("文件太复杂或已损坏，不能读取。", remedy=SAVE_AS_XLSX)


def _row(item: list[Any], epoch: date) -> Row:
    number, hidden, cells = item[0], bool(item[1]), {}
    for column, kind, text, flags, code in item[2]:
        unvalued = bool(flags & _UNVALUED)
        cells[column] = Cell(
            None if unvalued else _value(kind, text, epoch),
            number,
            column,
            struck=bool(flags & _STRUCK),
            hidden_row=hidden,
            formula=bool(flags & _FORMULA),
            formula_without_value=unvalued,
            is_error=kind == "e",
            number_format=code,
        )
    return Row(number, cells, hidden)


def _value(kind: str, text: str, epoch: date) -> Value:
    if kind in "se":
        return text
    if kind == "b":
        return text == "1"
    if kind == "i":
        return _moment_of(text)
    if _WHOLE.match(text) and len(text) < 400:
        number: int | float = int(text)
    else:
        try:
            number = float(text)
        except ValueError:
            return text
    return _shown_date(number, epoch) if kind == "d" else number


def _moment_of(text: str) -> Value:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return moment.date() if moment.time() == time(0) else moment


def _shown_date(number: int | float, epoch: date) -> Value:
    """A serial number in a date cell as the day (or moment) Excel shows."""
    if not 0 <= number < 2_958_466:
        return number
    days, seconds = int(number), round((number - int(number)) * 86_400)
    if epoch.year == 1899 and 0 < days < 60:
        days += 1  # Excel believes in 29 February 1900.
    of_day = (datetime.combine(epoch, time(0)) + timedelta(seconds=seconds)).time()
    if not days:
        return of_day
    day = epoch + timedelta(days=days)
    return datetime.combine(day, of_day) if seconds % 86_400 else day


def _filled(rows: list[Row], merged: tuple[tuple[int, int, int, int], ...]) -> list[Row]:
    """Carry the top value of cells merged downwards into the rows below it."""
    by_number = {row.number: row for row in rows}
    reached: dict[int, int] = {}
    filled = 0
    for first, column, last, last_column in sorted(merged):
        top = by_number[first].cells.get(column) if first in by_number else None
        if top is None or last == first or last_column != column or first <= reached.get(column, 0):
            continue
        reached[column] = last
        for number in range(first + 1, min(last, rows[-1].number) + 1):
            row = by_number.get(number)
            if row and column not in row.cells:
                filled += 1
                row.cells[column] = Cell(
                    value=top.value, row=number, column=column, hidden_row=row.hidden, filled=True
                )
        if filled > _MOST_FILLED:
            raise Refused("表格里合并单元格太多，不能读取。", remedy="请取消合并后再上传。")
    return rows


# Text files


def _read_text(content: bytes, limits: dict[str, int]) -> Workbook:
    text, encoding = _decoded(content)
    text = text.rstrip("\x1a")
    if "\0" in text:
        raise Refused("这不是表格文件。", remedy="请上传 .xlsx 或 .csv 文件。")
    rows: list[Row] = []
    cells = 0
    try:
        for number, record in enumerate(
            csv.reader(StringIO(text, newline=""), delimiter=_delimiter(text)), 1
        ):
            found = {
                column: Cell(value=unguard(value), row=number, column=column)
                for column, value in enumerate(record, 1)
                if value != ""
            }
            if not found:
                continue
            cells += len(found)
            _check_size(number, max(found), cells, limits)
            rows.append(Row(number, found))
    except csv.Error:
        raise Refused("文件里的引号不成对，或某一格太长。", remedy=SAVE_AS_XLSX) from None
    return Workbook("csv", (Sheet("", rows=tuple(rows)),), encoding)


def _check_size(number: int, column: int, cells: int, limits: dict[str, int]) -> None:
    if number > limits["rows"]:
        raise Refused(f"表格超过 {limits['rows']} 行，不能一次读取。", remedy="请拆成几个文件。")
    if column > limits["columns"]:
        raise Refused(f"第 {number} 行超过 {limits['columns']} 列，不能读取。", remedy="请删去多余的列。")
    if cells > limits["cells"]:
        raise Refused("表格内容太多，不能一次读取。", remedy="请拆成几个文件。")


def _decoded(content: bytes) -> tuple[str, str]:
    marks = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
    for mark, encoding in marks:
        if content.startswith(mark):
            try:
                return content[len(mark) :].decode(encoding), encoding
            except UnicodeDecodeError:
                raise Refused("文件的文字编码不完整，不能读取。", remedy=SAVE_AS_XLSX) from None
    for encoding in ("utf-8", "gb18030"):
        try:
            return content.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise Refused("认不出文件的文字编码。", remedy=SAVE_AS_XLSX)


def _delimiter(text: str) -> str:
    """The separator that most of the first lines agree on; quoted text does not count."""
    bare = re.sub(r'"[^"]*"', "", text[:20_000])
    return max(_DELIMITERS, key=lambda mark: (bare.count(mark), mark == ","))


# Headings


def find_header(
    sheet: Sheet, wanted: dict[str, Iterable[str]], *, required: Iterable[str] = ()
) -> Header | None:
    """Find the heading row wherever it stands, and the column of each key.

    `wanted` gives for each key the names it may have; blanks, line breaks, brackets, full width and a
    remark in brackets do not matter. The first row that names the most keys wins; None when no row
    names all of `required` (or, without it, at least two).
    """
    names = {
        words: key for key, aliases in wanted.items() for alias in aliases for words in header_words(alias)
    }
    needed = set(required)
    best: Header | None = None
    for row in sheet.rows:
        found = _headings(row, names)
        if len(found.columns) < 2 or not needed <= set(found.columns):
            continue
        if best is None or len(found.columns) > len(best.columns):
            best = found
    return best


def repeats_header(row: Row, header: Header, wanted: dict[str, Iterable[str]]) -> bool:
    """Whether a row below the heading is the heading again (a page break in the sender's file)."""
    known = {
        key: {words for alias in aliases for words in header_words(alias)} for key, aliases in wanted.items()
    }
    same = 0
    for key, column in header.columns.items():
        value = row[column].value
        same += isinstance(value, str) and bool(set(header_words(value)) & known[key])
    return same * 2 > len(header.columns)


def _headings(row: Row, names: dict[str, str]) -> Header:
    columns: dict[str, int] = {}
    unknown: list[str] = []
    for cell in sorted(row, key=lambda cell: cell.column):
        if not isinstance(cell.value, str):
            continue
        key = next((names[words] for words in header_words(cell.value) if words in names), None)
        if key is None or key in columns:
            unknown.append(" ".join(cell.value.split()))
        else:
            columns[key] = cell.column
    return Header(row.number, columns, tuple(word for word in unknown if word))
