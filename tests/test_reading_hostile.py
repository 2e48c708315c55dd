"""Files that want to do harm, and files that only look like tables: refused soon, small, and in words."""

import os
import resource
import subprocess
import time
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from gradingsite.lib import reading
from gradingsite.lib.reading import Limits, read_tables
from gradingsite.lib.refusal import Refused
from tests.crafted import raw_xlsx, sheet_xml, text_cell, xlsx_of

ONE = sheet_xml('<row r="1"><c r="A1"><v>1</v></c></row>')
SAME = '<c t="s"><v>0</v></c>'
MEGABYTE = 1024 * 1024


def repeated(piece: bytes, times: int) -> Iterator[bytes]:
    for _ in range(times):
        yield piece


def merges(area: str, times: int) -> str:
    return "<mergeCells>" + f'<mergeCell ref="{area}"/>' * times + "</mergeCells>"


def many_rows(count: int) -> Iterator[bytes]:
    yield b"<worksheet><sheetData>"
    for number in range(1, count + 1):
        yield b'<row r="%d"><c r="A%d"><v>%d</v></c></row>' % (number, number, number * 7919 % 10007)
    yield b"</sheetData></worksheet>"


def refused(content: bytes, **more: Any) -> str:
    """The sentence; fails unless the file is refused in under ten seconds."""
    started = time.monotonic()
    with pytest.raises(Refused) as caught:
        read_tables(content, **more)
    assert time.monotonic() - started < 10
    assert caught.value.remedy
    return caught.value.message


BOMBS = {
    "far cell": (
        lambda: raw_xlsx(sheet_xml('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')),
        "第 1048576 行第 16384 列",
    ),
    "more than may be unpacked": (lambda: raw_xlsx(repeated(b" " * 65536, 3_300)), "展开后太大"),
    "a hundred to one": (lambda: raw_xlsx(repeated(b" " * 65536, 1_000)), "压缩得不正常"),
    "a million rows": (lambda: raw_xlsx(many_rows(1_048_576)), "第 60001 行"),
    "external entity": (
        lambda: raw_xlsx(
            '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
            + sheet_xml(f'<row r="1">{text_cell("A1", "&e;")}</row>')
        ),
        "XML 声明",
    ),
    "billion laughs": (
        lambda: raw_xlsx(
            ONE,
            strings='<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
            "<sst><si><t>&b;</t></si></sst>",
        ),
        "XML 声明",
    ),
    "one long text in every cell": (
        lambda: raw_xlsx(
            sheet_xml("".join(f'<row r="{n}">{SAME * 40}</row>' for n in range(1, 60))),
            strings=f"<sst><si><t>{'文' * 30_000}</t></si></sst>",
        ),
        "内容太多",
    ),
    "cells without end": (
        lambda: raw_xlsx(sheet_xml(f"<row>{'<c><v>1</v></c>' * 300}</row>")),
        "第 1 行第 257 列",
    ),
    "nested without end": (lambda: raw_xlsx("<a>" * 200_000), "损坏"),
    "merges without end": (
        lambda: raw_xlsx(sheet_xml("", merges("B1:B9", 70_000))),
        "合并单元格太多",
    ),
    "parts without end": (
        lambda: raw_xlsx(ONE, more={f"xl/media/{n}": b"" for n in range(2_100)}),
        "部件太多",
    ),
    "a way out of the folder": (lambda: raw_xlsx(ONE, more={"../../etc/passwd": b"x"}), "路径"),
    "an absolute path": (lambda: raw_xlsx(ONE, more={"/etc/passwd": b"x"}), "路径"),
    "a way out with backslashes": (lambda: raw_xlsx(ONE, more={"xl\\..\\..\\x": b"x"}), "路径"),
    "macros": (lambda: raw_xlsx(ONE, more={"xl/vbaProject.bin": b"x"}), "宏"),
    "binary workbook": (lambda: raw_xlsx(ONE, more={"xl/workbook.bin": b"x"}), "xlsb"),
    "no such string": (lambda: raw_xlsx(sheet_xml('<row r="1"><c t="s"><v>5</v></c></row>')), "损坏"),
    "no such place": (lambda: raw_xlsx(sheet_xml('<row r="1"><c r="??"><v>5</v></c></row>')), "损坏"),
    "no workbook": (lambda: raw_xlsx(ONE, without=("xl/workbook.xml",)), "损坏"),
    "cut off": (lambda: xlsx_of(["甲", 1])[:900], "损坏"),
    "only the first bytes": (lambda: b"PK\x03\x04", "损坏"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_hostile_workbooks_are_refused_in_words(name: str) -> None:
    make, words = BOMBS[name]
    assert words in refused(make())


def test_the_same_shapes_within_the_limits_are_read() -> None:
    """The negative control: what is refused above is refused for its size, not its shape."""
    content = raw_xlsx(many_rows(2_000))
    assert len(read_tables(content).sheets[0].rows) == 2_000
    assert refused(content, max_rows=1_999)
    wide = raw_xlsx(sheet_xml(f"<row>{'<c><v>1</v></c>' * 300}</row>"))
    assert read_tables(wide, max_columns=300).sheets[0].width == 300
    merges = sheet_xml(
        '<row r="1"><c r="B1"><v>1</v></c></row>', '<mergeCells><mergeCell ref="B1:B9"/></mergeCells>'
    )
    assert read_tables(raw_xlsx(merges)).sheets[0].merged == ((1, 2, 9, 2),)


def test_merges_cannot_multiply_the_cells() -> None:
    columns = "".join(f'<c r="{reading.Cell(column=c).letter}1"><v>1</v></c>' for c in range(2, 252))
    rows = f'<row r="1">{columns}</row>' + "".join(
        f'<row r="{n}"><c r="A{n}"><v>1</v></c></row>' for n in range(2, 2000)
    )
    areas = "".join(
        f'<mergeCell ref="{reading.Cell(column=c).letter}1:{reading.Cell(column=c).letter}1048576"/>'
        for c in range(2, 252)
    )
    assert "合并单元格太多" in refused(raw_xlsx(sheet_xml(rows, f"<mergeCells>{areas}</mergeCells>")))


def test_overlapping_merges_are_carried_down_once() -> None:
    top = '<c r="B1"><v>9</v></c>'
    rows = "".join(
        f'<row r="{n}"><c r="A{n}"><v>{n}</v></c>{top if n == 1 else ""}</row>' for n in range(1, 4)
    )
    started = time.monotonic()
    sheet = read_tables(raw_xlsx(sheet_xml(rows, merges("B1:B1048576", 50_000)))).sheets[0]
    assert [row[2].value for row in sheet.rows] == [9, 9, 9]
    assert time.monotonic() - started < 5


def test_a_directory_that_lies_about_a_size_gains_nothing() -> None:
    content = bytearray(raw_xlsx(repeated(b" " * 65536, 600)))
    with zipfile.ZipFile(BytesIO(bytes(content))) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    lied = bytes(content).replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    assert lied != bytes(content)
    assert refused(lied)


def test_memory_ends_with_the_child() -> None:
    """Millions of small strings: more than a child may hold."""
    text = b"".join(b"<si><t>%d</t></si>" % (n * 7919 % 1000003) for n in range(400_000))
    content = raw_xlsx(ONE, strings="<sst>" + (text * 4).decode() + "</sst>")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert refused(content, limits=Limits(ratio=10_000, memory=96 * MEGABYTE))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 512 * 1024


def test_time_ends_with_the_child() -> None:
    blank = b"".join(b'<row r="%d"><c r="A%d" s="1"/></row>' % (n, n) for n in range(1, 1_000_000))
    content = raw_xlsx(b"<worksheet><sheetData>" + blank + b"</sheetData></worksheet>")
    assert "太复杂" in refused(content, limits=Limits(cpu=1))


def test_a_child_that_hangs_is_stopped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = tmp_path / "sleeper.py"
    script.write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setattr(reading, "CHILD", script)
    assert "超时" in refused(xlsx_of(["甲"]), limits=Limits(wall=1))


@pytest.mark.parametrize(
    "program",
    [
        "raise SystemExit(3)",
        "import os; os.abort()",
        "print('{\"sheet\": 1', end='')",
        "print('[1,0,[]]')",
        "print('[1,0,]')",
    ],
)
def test_a_child_that_dies_is_a_refusal(
    program: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = tmp_path / "dies.py"
    script.write_text(program)
    monkeypatch.setattr(reading, "CHILD", script)
    assert refused(xlsx_of(["甲"]))


def test_the_child_learns_nothing_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}
    real = subprocess.run

    def spy(*command: Any, **options: Any) -> Any:
        seen.update(options)
        return real(*command, **options)

    monkeypatch.setenv("SECRET_OF_OURS", "x")
    monkeypatch.setattr(reading.subprocess, "run", spy)
    read_tables(xlsx_of(["甲"]))
    assert seen["env"] == {}
    assert "SECRET_OF_OURS" in os.environ


OTHERS = {
    "old excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "旧版 Excel"),
    "locked": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"),
        "密码",
    ),
    "web page": ("\n<html><table><tr><td>代码</td></tr></table></html>".encode("gbk"), "网页"),
    "web page with a mark": (b"\xef\xbb\xbf<!DOCTYPE html><html></html>", "网页"),
    "bare table": (b"<TABLE><TR></TR></TABLE>", "网页"),
    "xml of 2003": (b'<?xml version="1.0"?><Workbook/>', "XML"),
    "pdf": (b"%PDF-1.7 ...", "不是表格"),
    "picture": (b"\x89PNG\r\n\x1a\n....", "不是表格"),
    "nothing": (b"", "空的"),
    "bytes": (bytes(range(256)) * 4, "编码"),
    "zeros": (b"a,b\n\0\0", "不是表格"),
    "half a utf-16": (b"\xff\xfea\x00b", "编码不完整"),
    "open quote": (b'a,"' + b"x" * 200_000, "引号"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_table_is_told_so(name: str) -> None:
    content, words = OTHERS[name]
    assert words in refused(content)


@pytest.mark.parametrize(
    ("part", "words"),
    [("word/document.xml", "Word"), ("content.xml", "OpenDocument"), ("readme.txt", "压缩包")],
)
def test_other_archives_are_told_what_they_are(part: str, words: str) -> None:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(part, "<x/>")
    assert words in refused(out.getvalue())


def test_limits_of_text_files() -> None:
    assert "超过 10 行" in refused(b"a,b\n" * 11, max_rows=10)
    assert "超过 3 列" in refused(b"a,b,c,d\n", max_columns=3)
    assert "内容太多" in refused(b"a,b\n" * 10, limits=Limits(cells=19))
    assert read_tables(b"a,b\n" * 10, max_rows=10, max_columns=2, limits=Limits(cells=20))


def test_a_file_too_large_is_not_even_read(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    path.write_bytes(b"a" * (MEGABYTE + 1))
    limits = Limits(file=MEGABYTE)
    for source in (path, path.read_bytes(), BytesIO(path.read_bytes())):
        with pytest.raises(Refused, match="超过 1 MB"):
            read_tables(source, limits=limits)
