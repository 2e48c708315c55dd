"""Runs alone in a child process with limits: takes a workbook on stdin, gives its rows as JSON lines.

A script, not a module to import: it uses the standard library only, so that the child starts in
milliseconds and an attack on it meets nothing but this file. It reads a sheet in one pass with expat,
keeps nothing it was not asked for, and sees in that pass what other readers need two for: the stored
result and whether a formula made it, strike-through, hidden rows, merged cells. A document type, an
entity, a far cell, too many rows, columns, cells or characters end the reading with one sentence.

stdout: {"sheet": name, "state": …}, [row, hidden, [[column, kind, text, flags, format], …]] …,
{"merged": […]} and so on, at last {"end": true}, or {"refused": sentence, "remedy": sentence}.
Kinds: s text, n number, d number shown as a date, b yes/no, e error value, i date as ISO text.
Flags: 1 struck through, 2 made by a formula, 4 formula without a stored result.
"""

import json
import re
import resource
import sys
import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO, TextIOWrapper
from posixpath import dirname, join, normpath
from typing import Any
from xml.parsers import expat

STRUCK, FORMULA, UNVALUED = 1, 2, 4
BUILT_IN_DATES = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
NOT_SHOWN = re.compile(r'"[^"]*"|\\.|_.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})\Z")
DAMAGED = "文件已损坏或不是完整的 Excel 文件。"
SAVE_AGAIN = "请在 Excel 里打开，另存为 .xlsx 后再上传。"


class Stop(Exception):
    """The reading ends here, with a sentence for the sender and what to do."""

    def __init__(self, message: str, remedy: str = SAVE_AGAIN) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


def emit(item: Any) -> None:
    """One JSON line to the parent."""
    sys.stdout.write(json.dumps(item, ensure_ascii=False, separators=(",", ":")) + "\n")


def check_archive(archive: zipfile.ZipFile, limits: dict[str, int]) -> None:
    """Refuse from the directory alone what must not be unpacked."""
    entries = archive.infolist()
    if len(entries) > limits["entries"]:
        raise Stop("文件里的部件太多，不像正常的表格。")
    names = [entry.filename for entry in entries]
    if len(set(names)) != len(names):
        raise Stop(DAMAGED)
    for entry in entries:
        path = entry.filename.replace("\\", "/")
        if path.startswith("/") or ".." in path.split("/") or "\0" in entry.orig_filename:
            raise Stop("文件里有不正常的路径，不能读取。")
        if entry.flag_bits & 1:
            raise Stop("文件加了密码，不能读取。", "请去掉密码后再上传。")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Stop(DAMAGED)
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries) or 1
    if unpacked > limits["unpacked"]:
        raise Stop("文件展开后太大，不能读取。", "请删去多余的行、列和图片，或拆成几个文件。")
    if unpacked > limits["ratio_from"] and unpacked > packed * limits["ratio"]:
        raise Stop("文件压缩得不正常，不能读取。")
    check_kind({name.replace("\\", "/").lower() for name in names})


def check_kind(names: set[str]) -> None:
    """Refuse archives that are not plain .xlsx workbooks."""
    if "xl/vbaproject.bin" in names:
        raise Stop("文件带有宏，不能读取。")
    if "xl/workbook.bin" in names:
        raise Stop("这是 .xlsb 格式的表格，不能读取。")
    if any(name.startswith("word/") for name in names):
        raise Stop("这是 Word 文件，不是表格。", "请上传 .xlsx 或 .csv 文件。")
    if "content.xml" in names:
        raise Stop("这是 OpenDocument 表格，不能读取。", "请另存为 .xlsx 后再上传。")
    if not any(name.startswith("xl/") for name in names):
        raise Stop("这是压缩包，不是表格。", "请解压后上传里面的 .xlsx 或 .csv 文件。")


class Part:
    """One XML part, read as a stream; subclasses take what they need from its events."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.on_start
        self.parser.EndElementHandler = self.on_end
        self.parser.CharacterDataHandler = self.text.append
        self.parser.StartDoctypeDeclHandler = self.on_doctype
        self.parser.EntityDeclHandler = self.on_doctype

    def read(self, archive: zipfile.ZipFile, name: str) -> None:
        """Feed the part in pieces, so that nothing larger than a piece is ever held."""
        with archive.open(name) as stream:
            while piece := stream.read(65_536):
                self.parser.Parse(piece, False)
            self.parser.Parse(b"", True)

    def on_doctype(self, *_: Any) -> None:
        """A workbook never has a document type; an attack does."""
        raise Stop("文件里有不允许的 XML 声明，不能读取。")

    def on_start(self, name: str, attributes: dict[str, str]) -> None:
        """Hand an opening tag on under its local name."""
        self.start(name.rpartition(":")[2] if ":" in name else name, attributes)

    def on_end(self, name: str) -> None:
        """Hand a closing tag on under its local name."""
        self.end(name.rpartition(":")[2] if ":" in name else name)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """An element ends."""


class Relations(Part):
    """Where the parts that another part names are to be found."""

    def __init__(self, owner: str) -> None:
        super().__init__()
        self.base = dirname(owner)
        self.targets: dict[str, str] = {}
        self.kinds: dict[str, str] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Keep each internal target as a path in the archive."""
        if name == "Relationship" and attributes.get("TargetMode") != "External":
            target = attributes.get("Target", "")
            path = target.lstrip("/") if target.startswith("/") else normpath(join(self.base, target))
            key = attributes.get("Id", "")
            self.targets[key] = path
            self.kinds.setdefault(attributes.get("Type", "").rpartition("/")[2], path)
            self.kinds[f"of {key}"] = attributes.get("Type", "").rpartition("/")[2]


class Book(Part):
    """The list of sheets and the epoch of its dates."""

    def __init__(self) -> None:
        super().__init__()
        self.sheets: list[tuple[str, str, str]] = []
        self.epoch_1904 = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Keep (name, state, relation id) of each sheet in order."""
        if name == "sheet":
            key = next((value for field, value in attributes.items() if field.endswith(":id")), "")
            state = attributes.get("state", "visible")
            self.sheets.append((attributes.get("name", ""), state, key))
        elif name == "workbookPr":
            self.epoch_1904 = is_on(attributes.get("date1904", "0"))


class Strings(Part):
    """The shared strings; phonetic guides are left out, fully struck rich text is remembered."""

    def __init__(self) -> None:
        super().__init__()
        self.values: list[str] = []
        self.struck: set[int] = set()
        self.parts: list[str] = []
        self.phonetic = 0
        self.runs = self.struck_runs = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Note what the following text belongs to."""
        if name == "si":
            self.parts, self.runs, self.struck_runs = [], 0, 0
        elif name == "t":
            self.text.clear()
        elif name == "rPh":
            self.phonetic += 1
        elif name == "r":
            self.runs += 1
        elif name == "strike" and is_on(attributes.get("val", "1")):
            self.struck_runs += 1

    def end(self, name: str) -> None:
        """Close a text or a string."""
        if name == "t" and not self.phonetic:
            self.parts.append("".join(self.text))
        elif name == "rPh":
            self.phonetic -= 1
        elif name == "si":
            if self.runs and self.runs == self.struck_runs:
                self.struck.add(len(self.values))
            self.values.append(plain("".join(self.parts)))


class Styles(Part):
    """Per cell style: struck through or not, number format, shown as a date or not."""

    def __init__(self) -> None:
        super().__init__()
        self.formats: dict[int, str] = {}
        self.fonts: list[bool] = []
        self.cells: list[tuple[bool, str, bool]] = []
        self.inside = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Keep fonts and cell formats; the differential formats of rules are something else."""
        if name in ("fonts", "cellXfs", "cellStyleXfs", "dxfs"):
            self.inside = name
        elif name == "numFmt" and self.inside != "dxfs":
            self.formats[whole(attributes.get("numFmtId"))] = attributes.get("formatCode", "")
        elif self.inside == "fonts" and name == "font":
            self.fonts.append(False)
        elif self.inside == "fonts" and name == "strike" and self.fonts:
            self.fonts[-1] = is_on(attributes.get("val", "1"))
        elif self.inside == "cellXfs" and name == "xf":
            font, number = whole(attributes.get("fontId")), whole(attributes.get("numFmtId"))
            code = self.formats.get(number, "")
            dated = number in BUILT_IN_DATES or is_date_format(code)
            struck = font < len(self.fonts) and self.fonts[font]
            self.cells.append((struck, code, dated))

    def end(self, name: str) -> None:
        """Leave a group."""
        if name == self.inside:
            self.inside = ""


class Grid(Part):
    """The cells of one sheet, row by row, within the limits."""

    def __init__(self, name: str, strings: Strings, styles: Styles, budget: "Budget") -> None:
        super().__init__()
        self.name = name
        self.strings = strings
        self.styles = styles
        self.budget = budget
        self.row = self.column = self.phonetic = 0
        self.hidden = self.made = self.has_value = False
        self.kind = self.style = ""
        self.value: list[str] = []
        self.cells: list[list[Any]] = []
        self.merged: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Note where we are and what kind of value comes."""
        if name == "c":
            self.column = column_of(attributes["r"]) if "r" in attributes else self.column + 1
            self.kind, self.style = attributes.get("t", "n"), attributes.get("s", "")
            self.made = self.has_value = False
            self.value = []
        elif name in ("v", "t"):
            self.text.clear()
        elif name == "f":
            self.made = True
        elif name == "row":
            self.text.clear()
            self.row = whole(attributes.get("r")) or self.row + 1
            self.hidden = is_on(attributes.get("hidden", "0"))
            self.column, self.cells = 0, []
        elif name == "rPh":
            self.phonetic += 1
        elif name == "mergeCell":
            self.budget.spend_merge()
            self.merged.append(attributes.get("ref", ""))

    def end(self, name: str) -> None:
        """Close a value, a cell or a row."""
        if name == "c":
            self.close_cell()
        elif (name == "v" and self.kind != "inlineStr") or (name == "t" and not self.phonetic):
            self.value.append("".join(self.text))
            self.has_value = True
        elif name == "row":
            if self.cells:
                self.budget.spend_row()
                emit([self.row, int(self.hidden), self.cells])
        elif name == "rPh":
            self.phonetic -= 1

    def close_cell(self) -> None:
        """Keep the cell if there is anything in it."""
        text = "".join(self.value)
        flags = FORMULA if self.made else 0
        if self.made and not text and self.kind != "str":
            flags |= UNVALUED
        elif not text:
            return
        struck, code, dated = False, "", False
        style = whole(self.style)
        if style < len(self.styles.cells):
            struck, code, dated = self.styles.cells[style]
        kind = {"b": "b", "e": "e", "d": "i"}.get(self.kind, "s")
        if self.kind == "s":
            index = whole(text)
            if index >= len(self.strings.values):
                raise Stop(DAMAGED)
            text = self.strings.values[index]
            struck = struck or index in self.strings.struck
            if not text and not flags:
                return
        elif self.kind == "n":
            kind = "d" if dated else "n"
        elif kind == "s":
            text = plain(text)
        self.budget.spend_cell(self.name, self.row, self.column, len(text))
        self.cells.append([self.column, kind, text, flags | (STRUCK if struck else 0), code])


class Budget:
    """What one file may take; every figure comes from the parent."""

    def __init__(self, limits: dict[str, int]) -> None:
        self.limits = limits
        self.rows = self.cells = self.characters = self.merges = 0

    def spend_row(self) -> None:
        """One more row with something in it."""
        self.rows += 1
        if self.rows > self.limits["rows"]:
            raise Stop(f"表格超过 {self.limits['rows']} 行，不能一次读取。", "请拆成几个文件。")

    def spend_merge(self) -> None:
        """One more merged area."""
        self.merges += 1
        if self.merges > self.limits["rows"]:
            raise Stop("表格里合并单元格太多，不能读取。", "请取消合并后再上传。")

    def spend_cell(self, sheet: str, row: int, column: int, characters: int) -> None:
        """One more cell with something in it."""
        if row > self.limits["rows"] or column > self.limits["columns"]:
            place = f"工作表“{sheet[:40]}”第 {row} 行第 {column} 列有内容，超出能读的范围"
            room = f"（最多 {self.limits['rows']} 行、{self.limits['columns']} 列）。"
            raise Stop(place + room, "请删去多余的行和列后再上传。")
        self.cells += 1
        self.characters += characters
        if self.cells > self.limits["cells"] or self.characters > self.limits["characters"]:
            raise Stop("表格内容太多，不能一次读取。", "请拆成几个文件。")


def is_on(value: str) -> bool:
    """An XML yes or no."""
    return value.strip().lower() in ("1", "true", "on")


def whole(text: str | None) -> int:
    """A non-negative number in an attribute; 0 when absent or odd."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0


def plain(text: str) -> str:
    """Text with Excel's _x000D_ escapes undone; nothing that is not a character survives."""
    if "_x" not in text:
        return text
    undone = ESCAPE.sub(lambda found: chr(int(found[1], 16)), text).replace("\0", "")
    return undone.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def column_of(reference: str) -> int:
    """The column of 'AB12', counted from 1."""
    found = REFERENCE.match(reference.upper())
    if not found:
        raise Stop(DAMAGED)
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - 64
    return column


def corners(reference: str) -> list[int]:
    """'A1:B3' as [first row, first column, last row, last column]."""
    first, _, last = reference.partition(":")
    ends = [REFERENCE.match(end.upper()) for end in (first, last or first)]
    return [number for end in ends if end for number in (int(end[2]), column_of(end[0]))]


def is_date_format(code: str) -> bool:
    """Whether a number format shows a day or a time; quoted words and colours do not count."""
    shown = NOT_SHOWN.sub("", code.split(";")[0]).lower()
    return "general" not in shown and any(mark in shown for mark in "ymdhs") and "e+" not in shown


def read_part(archive: zipfile.ZipFile, part: Part, name: str, known: set[str]) -> None:
    """Read a part that may be absent."""
    if name in known:
        part.read(archive, name)


def read_book(archive: zipfile.ZipFile, limits: dict[str, int]) -> None:
    """All visible sheets, in the order of the tabs."""
    known = set(archive.namelist())
    root = Relations("")
    read_part(archive, root, "_rels/.rels", known)
    main = root.kinds.get("officeDocument", "xl/workbook.xml")
    if main not in known:
        raise Stop(DAMAGED)
    relations = Relations(main)
    read_part(archive, relations, f"{dirname(main)}/_rels/{main.rpartition('/')[2]}.rels", known)
    book, strings, styles = Book(), Strings(), Styles()
    book.read(archive, main)
    read_part(archive, strings, relations.kinds.get("sharedStrings", ""), known)
    read_part(archive, styles, relations.kinds.get("styles", ""), known)
    if len(book.sheets) > limits["sheets"]:
        raise Stop(f"工作表超过 {limits['sheets']} 张，不能一次读取。", "请拆成几个文件。")
    emit({"epoch_1904": book.epoch_1904})
    budget = Budget(limits)
    for name, state, key in book.sheets:
        if relations.kinds.get(f"of {key}") != "worksheet":
            continue
        emit({"sheet": name, "state": state})
        if state == "visible":
            grid = Grid(name, strings, styles, budget)
            read_part(archive, grid, relations.targets[key], known)
            areas = [area for area in map(corners, grid.merged) if len(area) == 4]
            emit({"merged": areas})
    emit({"end": True})


def guarded(work: Callable[[], None]) -> None:
    """Run, and turn every failure into one sentence."""
    try:
        work()
    except Stop as stop:
        emit({"refused": stop.message, "remedy": stop.remedy})
    except MemoryError:
        emit({"refused": "文件展开后太大，不能读取。", "remedy": "请拆成几个文件。"})
    except (zipfile.BadZipFile, zlib.error, expat.ExpatError, EOFError, ValueError, LookupError, OSError):
        emit({"refused": DAMAGED, "remedy": SAVE_AGAIN})


def main() -> None:
    """Take the limits from the command line, then the workbook from stdin."""
    limits: dict[str, int] = json.loads(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (limits["memory"], limits["memory"]))
    resource.setrlimit(resource.RLIMIT_CPU, (limits["cpu"], limits["cpu"]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")

    def work() -> None:
        with zipfile.ZipFile(BytesIO(sys.stdin.buffer.read())) as archive:
            check_archive(archive, limits)
            read_book(archive, limits)

    guarded(work)


if __name__ == "__main__":
    main()
