"""Small workbooks made by hand, honest and hostile, for the tests of the reader."""

import zipfile
from collections.abc import Iterable
from io import BytesIO

import openpyxl
from openpyxl.workbook import Workbook

ROOT = (
    '<Relationships><Relationship Id="rId1" Type="http://o/officeDocument" Target="xl/workbook.xml"/>'
    "</Relationships>"
)
BOOK = '<workbook xmlns:r="r">{props}<sheets><sheet name="表一" sheetId="1" r:id="rId1"/></sheets></workbook>'
RELATIONS = (
    '<Relationships><Relationship Id="rId1" Type="http://o/worksheet" Target="{target}"/>'
    '<Relationship Id="rId2" Type="http://o/sharedStrings" Target="sharedStrings.xml"/>'
    '<Relationship Id="rId3" Type="http://o/styles" Target="styles.xml"/></Relationships>'
)


def sheet_xml(rows: str, after: str = "") -> str:
    """A sheet around the XML of its rows."""
    return f"<worksheet><sheetData>{rows}</sheetData>{after}</worksheet>"


def text_cell(place: str, text: str) -> str:
    """A cell with text of its own."""
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def raw_xlsx(
    sheet: str | bytes | Iterable[bytes],
    *,
    strings: str = "<sst/>",
    styles: str = "<styleSheet/>",
    props: str = "",
    target: str = "worksheets/sheet1.xml",
    more: dict[str, bytes] | None = None,
    without: tuple[str, ...] = (),
) -> bytes:
    """A workbook of one sheet, part by part, with nothing checked."""
    parts: dict[str, str | bytes | Iterable[bytes]] = {
        "_rels/.rels": ROOT,
        "xl/workbook.xml": BOOK.format(props=props),
        "xl/_rels/workbook.xml.rels": RELATIONS.format(target=target),
        "xl/worksheets/sheet1.xml": sheet,
        "xl/sharedStrings.xml": strings,
        "xl/styles.xml": styles,
        **(more or {}),
    }
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            if name in without:
                continue
            if isinstance(content, str | bytes):
                archive.writestr(name, content)
                continue
            with archive.open(name, "w", force_zip64=True) as stream:
                for piece in content:
                    stream.write(piece)
    return out.getvalue()


def saved(book: Workbook) -> bytes:
    """The bytes of a workbook of openpyxl."""
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def xlsx_of(*rows: Iterable[object], title: str = "表一") -> bytes:
    """An ordinary workbook of one sheet with these rows."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    return saved(book)
