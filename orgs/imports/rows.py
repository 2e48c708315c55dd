"""Reading the rows of an organisation list: where the data stand, and what one cell says.

What has one safe reading is put right and noted; what is odd but usable is warned of; the rest is a fault with the
column it stands in and what to do about it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time

from gradingsite.lib.reading import Header, find_header, repeats_header
from gradingsite.lib.refusal import Refused
from gradingsite.lib.tables import Cell, Row, Sheet, Workbook, column_letter
from gradingsite.lib.tidy import normalise_code, normalise_name, normalise_text
from orgs.categories import ALIASES, CATEGORIES, COMMITTEES, SECTOR_ALIASES, Form, Tier
from orgs.naming import code_fault

COLUMNS = {
    "code": "组织代码",
    "full_name": "组织全称",
    "parent_code": "上级组织代码",
    "category": "组织类别(层级)",
    "sector": "领域",
    "secretary_name": "书记姓名",
    "member_count": "党员数",
    "people_count": "群众数",
}
"""The eight columns, in the order in which they are written."""

HEADINGS: dict[str, tuple[str, ...]] = {
    "code": ("组织代码", "党组织代码", "组织编码", "党组织编码", "代码"),
    "full_name": ("组织全称", "规范全称", "党组织全称", "组织名称", "党组织名称", "党支部规范全称"),
    "parent_code": ("上级组织代码", "上级党组织代码", "上级组织编码", "上级代码"),
    "category": ("组织类别", "组织类别(层级)", "类别", "层级", "组织层级"),
    "sector": ("领域", "所属领域"),
    "secretary_name": ("书记姓名", "书记", "党组织书记", "书记名字"),
    "member_count": ("党员数", "党员人数", "党员总数"),
    "people_count": ("群众数", "群众人数", "服务群众数"),
    "term": ("换届时间", "换届日期"),
    "remark": ("备注", "说明"),
}
REQUIRED = ("code", "full_name", "parent_code", "category")

HEADER_WITHIN = 200
"""The heading row is looked for in so many rows: a whole province needn't be searched for another."""
NAME_LENGTH = 100
SECRETARY_LENGTH = 40
MOST_PEOPLE = 99_999_999
ODD_NUMBER = 100_000
"""More members or people than this in one organisation are asked about."""

_PLAIN_NAME = re.compile("[\u4e00-\u9fff]+")
_CODE_LIKE = re.compile("[0-9A-Za-z]{6,32}")
_TOTAL = re.compile(r"(合|总|小|共)\s*计")
_FOOTER = re.compile(r"(填表|制表|填报|审核|单位负责|负责人|联系电话|经办|说\s*明|注\s*[:：]|备\s*注)")
_UNIT = re.compile(r"(-?[0-9][0-9,]*(?:\.[0-9]+)?)(人|名|个)")
_THOUSANDS = re.compile(r"[0-9]{1,3}(,[0-9]{3})+")
_ABOUT = re.compile(r"(约|左右|上下|余|多|近)")
_CHINESE_NUMBER = re.compile("[〇零一二两三四五六七八九十百千万]+")
_DASH = re.compile(r"[-—–―－/／无]+")
_TERM = re.compile(r"[0-9]{4}年[0-9]{1,2}月")
_FORMULA_MARKS = "=+-@＝＋－＠\t\r"
_HALF = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0xA0: 0x20}


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to say about a cell. ``column`` is a key of COLUMNS (or ``term``, ``remark``), empty for the row."""

    column: str
    words: str
    remedy: str = ""


@dataclass(slots=True, eq=False)
class Line:
    """One row of the file that holds an organisation, as read.

    ``code`` is empty where it can't be read; ``written_code`` is what stands there all the same, for naming the row.
    """

    sheet: str
    number: int
    letters: dict[str, str]
    code: str = ""
    written_code: str = ""
    full_name: str = ""
    parent_code: str = ""
    category: str = ""
    sector: str = ""
    secretary_name: str = ""
    member_count: int | None = None
    people_count: int | None = None
    faults: list[Remark] = field(default_factory=list)
    warnings: list[Remark] = field(default_factory=list)
    notes: list[Remark] = field(default_factory=list)

    def content(self) -> tuple[object, ...]:
        """What the row says, for comparing rows of the same code."""
        return (
            self.code, self.full_name, self.parent_code, self.category, self.sector, self.secretary_name,
            self.member_count, self.people_count,
        )  # fmt: skip

    @property
    def standing(self) -> tuple[Tier, Form] | None:
        """Tier and form that follow from the category."""
        return CATEGORIES.get(self.category)

    @property
    def place(self) -> str:
        """How other rows name this one: 「第 213 行」, with its sheet where it has a name."""
        return f"「{self.sheet}」第 {self.number} 行" if self.sheet else f"第 {self.number} 行"


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row or a sheet without an organisation. ``number`` 0 stands for the whole sheet."""

    sheet: str
    number: int
    reason: str


@dataclass(frozen=True)
class Reading:
    """A whole file as read: its organisations, what was left out, and what to say about columns and sheets."""

    lines: list[Line]
    skipped: list[Skipped]
    remarks: list[str]


def read_lines(book: Workbook, *, sectors: frozenset[str]) -> Reading:
    """Find the organisations in every visible sheet. Raises Refused when no sheet has the heading row.

    :param sectors: the names of sectors that exist.
    """
    lines: list[Line] = []
    skipped = [Skipped(name, 0, "隐藏的工作表，没有读") for name in book.hidden_names]
    remarks = [f"隐藏的工作表「{name}」没有读。" for name in book.hidden_names]
    found = 0
    for sheet in book.visible_sheets:
        top = Sheet(sheet.name, sheet.visible, sheet.rows[:HEADER_WITHIN], sheet.merged)
        header = find_header(top, HEADINGS, required=REQUIRED)
        if header is None:
            if sheet.rows:
                skipped.append(Skipped(sheet.name, 0, "没有找到表头，没有读"))
                remarks.append(f"工作表「{sheet.name}」里没有找到表头，没有读。")
            continue
        found += 1
        before = len(lines)
        _read_sheet(sheet, header, sectors, lines, skipped)
        remarks.extend(_about_columns(sheet, header))
        if found > 1:
            remarks.append(f"工作表「{sheet.name}」里另有 {len(lines) - before} 行，一并读入。")
    if not found:
        names = "、".join(f"「{COLUMNS[key]}」" for key in REQUIRED)
        raise Refused("没有找到表头。", remedy=f"表里要有 {names} 这几列；可以先下载模板，把内容贴进去。")
    return Reading(lines, skipped, remarks)


def _about_columns(sheet: Sheet, header: Header) -> list[str]:
    where = f"工作表「{sheet.name}」" if sheet.name else "文件"
    words = []
    if missing := [COLUMNS[key] for key in COLUMNS if key not in header.columns]:
        words.append(f"{where}里没有「{'」「'.join(missing)}」列，这些内容不改。")
    other = [HEADINGS[key][0] for key in ("term", "remark") if key in header.columns]
    other += [name for name in header.unknown if name != "序号"]
    if other:
        words.append(f"{where}里的「{'」「'.join(other)}」不导入。")
    return words


def _read_sheet(
    sheet: Sheet, header: Header, sectors: frozenset[str], lines: list[Line], skipped: list[Skipped]
) -> None:
    letters = {key: column_letter(column) for key, column in header.columns.items()}
    for row in sheet.rows:
        if row.number == header.row:
            continue
        if row.number < header.row:
            skipped.append(Skipped(sheet.name, row.number, "表头以上的标题"))
        elif reason := _no_organisation(row, header):
            skipped.append(Skipped(sheet.name, row.number, reason))
        else:
            lines.append(_read_line(sheet.name, row, header.columns, letters, sectors))


def _no_organisation(row: Row, header: Header) -> str:
    """Why a row below the heading holds no organisation; empty when it does (or is meant to)."""
    code = row.cells.get(header.columns["code"])
    if code is not None and isinstance(code.value, str) and _CODE_LIKE.fullmatch(code.value):
        return ""
    if row.is_blank:
        return "空行"
    if repeats_header(row, header, dict(HEADINGS)):
        return "重复的表头"
    texts = row.texts
    if _TOTAL.match(texts[0].strip()):
        return "合计行"
    if _FOOTER.match(texts[0].strip()):
        return "表尾"
    if len(texts) == 1:
        return "只有一格有字，当作标题"
    return ""


def _read_line(
    sheet: str, row: Row, columns: dict[str, int], letters: dict[str, str], sectors: frozenset[str]
) -> Line:
    line = Line(sheet, row.number, letters)
    cells = {key: row.cells.get(column) for key, column in columns.items()}
    line.code = line.written_code = _code(line, "code", cells.get("code"))
    if not line.code and cells["code"] is not None:
        line.written_code = str(cells["code"].value or "").strip()[:40]
    if not line.code and not line.faults:
        line.faults.append(Remark("code", "没有填组织代码", "请补上代码。"))
    line.full_name = _name(line, cells.get("full_name"))
    line.parent_code = _code(line, "parent_code", cells.get("parent_code"))
    line.category = _category(line, cells.get("category"))
    line.sector = _sector(line, cells.get("sector"), sectors)
    line.secretary_name = _secretary(line, cells.get("secretary_name"))
    for key in ("member_count", "people_count"):
        setattr(line, key, _count(line, key, cells.get(key)))
    _check_people(line, cells.get("member_count"), columns)
    _look_at_the_rest(line, row, cells)
    return line


def _unusable(line: Line, key: str, cell: Cell) -> bool:
    """A formula without its result, or an error value: noted as a fault."""
    name = COLUMNS[key]
    if cell.formula_without_value:
        line.faults.append(
            Remark(
                key, f"{name}是公式，但文件里没有存下算出来的数", "请用 Excel 打开、保存一次，或直接填数。"
            )
        )
        return True
    if cell.is_error:
        line.faults.append(Remark(key, f"{name}是错误值 {cell.value}", "请填写正确的内容。"))
        return True
    return False


def _code(line: Line, key: str, cell: Cell | None) -> str:
    if cell is None:
        return ""
    value = cell.value
    if type(value) is str and value.isascii() and value.isdigit() and 6 <= len(value) <= 32:
        if cell.filled:
            line.notes.append(Remark(key, "合并单元格，按第一格取值"))
        return value
    if _unusable(line, key, cell):
        return ""
    try:
        code, notes = normalise_code(value, number_format=cell.number_format, name=COLUMNS[key])
    except Refused as refused:
        line.faults.append(Remark(key, refused.message.rstrip("。"), refused.remedy))
        return ""
    line.notes.extend(Remark(key, words) for words in notes)
    if code and (fault := code_fault(code)):
        line.faults.append(Remark(key, fault.replace("组织代码", COLUMNS[key]), "请核对代码。"))
    return code


def _text(line: Line, key: str, cell: Cell | None, tidy: Callable[..., tuple[str, tuple[str, ...]]]) -> str:
    if cell is None or _unusable(line, key, cell):
        return ""
    text, notes = tidy(cell.value)
    line.notes.extend(Remark(key, words) for words in notes)
    if len(text) > 1 and text[0] == "'" and text[1] in _FORMULA_MARKS:
        text = text[1:]  # our own csv puts the apostrophe there
    return text


def _name(line: Line, cell: Cell | None) -> str:
    if cell is not None and type(cell.value) is str and _PLAIN_NAME.fullmatch(cell.value):
        name = cell.value
    else:
        name = _text(line, "full_name", cell, normalise_name)
        if "?" in name or "\ufffd" in name:
            line.warnings.append(Remark("full_name", f"名称里有「?」（{name}），可能是丢了字"))
    if not name and not any(fault.column == "full_name" for fault in line.faults):
        line.faults.append(Remark("full_name", "没有填组织全称", "请补上规范全称。"))
    if len(name) > NAME_LENGTH:
        line.faults.append(
            Remark(
                "full_name",
                f"组织全称有 {len(name)} 个字，最多 {NAME_LENGTH} 个",
                "请用规范全称，去掉说明文字。",
            )
        )
    return name


def _category(line: Line, cell: Cell | None) -> str:
    if cell is not None and type(cell.value) is str and cell.value in CATEGORIES:
        return cell.value
    text = (
        "".join(_text(line, "category", cell, normalise_text).split()).replace("(", "（").replace(")", "）")
    )
    if text in CATEGORIES:
        return text
    if text in ALIASES:
        line.warnings.append(Remark("category", f"组织类别「{text}」按「{ALIASES[text]}」读"))
        return ALIASES[text]
    if not any(fault.column == "category" for fault in line.faults):
        words = f"没有「{text[:20]}」这种组织类别" if text else "没有填组织类别"
        line.faults.append(Remark("category", words, f"请填：{'、'.join(CATEGORIES)}。"))
    return ""


def _sector(line: Line, cell: Cell | None, sectors: frozenset[str]) -> str:
    if cell is not None and type(cell.value) is str and cell.value in sectors:
        return cell.value
    faults = len(line.faults)
    text = "".join(_text(line, "sector", cell, normalise_text).split())
    if text in sectors or len(line.faults) > faults:
        return text
    if text in SECTOR_ALIASES:
        line.warnings.append(Remark("sector", f"领域「{text}」按「{SECTOR_ALIASES[text]}」读"))
        return SECTOR_ALIASES[text]
    if text:
        line.faults.append(
            Remark("sector", f"没有「{text[:20]}」这个领域", f"请填：{'、'.join(sorted(sectors))}。")
        )
    elif line.category == "党支部" and "sector" in line.letters:
        line.faults.append(Remark("sector", "党支部没有填领域", f"请填：{'、'.join(sorted(sectors))}。"))
    return ""


def _secretary(line: Line, cell: Cell | None) -> str:
    if (
        cell is not None
        and type(cell.value) is str
        and len(cell.value) < 5
        and _PLAIN_NAME.fullmatch(cell.value)
    ):
        return cell.value
    name = _text(line, "secretary_name", cell, normalise_name)
    if not name:
        if "secretary_name" in line.letters:
            line.warnings.append(Remark("secretary_name", "没有填书记，按书记空缺导入"))
        return ""
    if len(name) > SECRETARY_LENGTH:
        line.faults.append(Remark("secretary_name", f"书记姓名最多 {SECRETARY_LENGTH} 个字", "请只填姓名。"))
    elif name[0] in _FORMULA_MARKS:
        line.warnings.append(Remark("secretary_name", f"书记姓名以「{name[0]}」开头，按文字导入"))
    elif any(mark in name for mark in "（(）)"):
        line.warnings.append(Remark("secretary_name", f"书记姓名带括注（{name}），按原样导入"))
    elif "?" in name or "\ufffd" in name:
        line.warnings.append(Remark("secretary_name", f"书记姓名里有「?」（{name}），可能是丢了字"))
    return name


def _count(line: Line, key: str, cell: Cell | None) -> int | None:
    if cell is None or cell.value.__class__ is int and 0 <= cell.value <= ODD_NUMBER:
        return cell.value if cell else None
    if type(cell.value) is str and cell.value.isascii() and cell.value.isdigit() and len(cell.value) < 6:
        return int(cell.value)
    if cell.is_blank or _unusable(line, key, cell):
        return None
    number = _number(line, key, cell)
    if number is None:
        return None
    if number < 0:
        line.faults.append(Remark(key, f"{COLUMNS[key]}是负数（{number}）", "请核对人数。"))
        return None
    if number > MOST_PEOPLE:
        line.faults.append(Remark(key, f"{COLUMNS[key]} {number} 太大", "请核对人数。"))
        return None
    if number > ODD_NUMBER:
        line.warnings.append(Remark(key, f"{COLUMNS[key]} {number} 大得不寻常，请核对"))
    return number


def _number(line: Line, key: str, cell: Cell) -> int | None:
    """The whole number a cell stands for; a fault, and None, when it isn't one for certain."""
    value, name = cell.value, COLUMNS[key]
    if isinstance(value, bool | datetime | date | time):
        line.faults.append(Remark(key, f"{name}不是数字", "请填整数。"))
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        if value.is_integer():
            return int(value)
        line.faults.append(Remark(key, f"{name} {value} 不是整数", "请填整数。"))
        return None
    written = str(value)
    text = normalise_text(written.translate(_HALF))[0].replace(" ", "").lstrip("'")
    if unit := _UNIT.fullmatch(text):
        text = unit[1]
    if _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    text = re.sub(r"(?<=[0-9])\.0+\Z", "", text)
    if re.fullmatch(r"-?[0-9]{1,12}", text):
        if text != written or cell.number_format != "@":
            line.notes.append(Remark(key, f"「{written.strip()}」读作 {text}"))
        return int(text)
    line.faults.append(
        Remark(key, f"{name}「{written.strip()[:20]}」{_why_no_number(text)}", "请填准确的整数。")
    )
    return None


def _why_no_number(text: str) -> str:
    if _ABOUT.search(text):
        return "是约数"
    if _CHINESE_NUMBER.fullmatch(text):
        return "是中文数字"
    if _DASH.fullmatch(text):
        return "不是数字；不知道的要问清再填"
    return "不是整数"


def _check_people(line: Line, cell: Cell | None, columns: dict[str, int]) -> None:
    """What the counts mean for this form of organisation."""
    standing = line.standing
    if standing is None:
        return
    if standing[1] in COMMITTEES:
        if cell is not None and cell.formula and line.member_count is not None:
            line.warnings.append(
                Remark(
                    "member_count",
                    f"党员数是公式合计（{line.member_count}），会重复计算，没有导入；其余照常导入",
                )
            )
            line.member_count = None
        elif line.member_count:
            line.warnings.append(Remark("member_count", "党（工）委填了党员数；如果是下级的合计，会重复计算"))
        return
    if standing[1] is not Form.BRANCH or "member_count" not in columns:
        return
    if line.member_count is None:
        if not any(fault.column == "member_count" for fault in line.faults):
            line.faults.append(Remark("member_count", "党支部没有填党员数", "请补上人数。"))
    elif line.member_count < 3:
        words = "没有党员" if line.member_count == 0 else f"党员只有 {line.member_count} 人，不足 3 人"
        line.warnings.append(Remark("member_count", f"{words}，请核对"))


def _look_at_the_rest(line: Line, row: Row, cells: dict[str, Cell | None]) -> None:
    """Row marks, and the columns that aren't imported but say something."""
    if row.hidden:
        line.warnings.append(Remark("", "这一行在原表里是隐藏的，照常导入"))
    code, name = cells.get("code"), cells.get("full_name")
    if (code is not None and code.struck) or (name is not None and name.struck):
        line.warnings.append(Remark("full_name", "这一行划了删除线，请确认组织是否还在"))
    remark = cells.get("remark")
    if remark is not None and not remark.is_blank:
        line.warnings.append(
            Remark("remark", f"备注「{normalise_text(remark.value)[0][:60]}」不导入，请确认")
        )
    term = cells.get("term")
    if term is None or term.is_blank:
        return
    if type(term.value) is not str or not _TERM.fullmatch(term.value.strip()):
        line.warnings.append(
            Remark("term", f"换届时间「{str(term.value)[:20]}」不是「2023年6月」这样的写法；这一列不导入")
        )
