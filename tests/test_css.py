"""The screens keep to what Chromium 86 knows, to the strict content security policy, and to readable colours."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
STYLES = sorted((ROOT / "static" / "css").glob("*.css"))
SCRIPTS = sorted((ROOT / "static" / "js").glob("*.js"))
TEMPLATES = sorted([*(ROOT / "templates").rglob("*.html"), *(ROOT / "templates").rglob("*.svg")])
DRAWINGS = sorted((ROOT / "static" / "img").glob("*.svg"))
TAGS = sorted((ROOT / "gradingsite" / "templatetags").glob("*.py"))

# ui.md, "Missing in Chromium 86"
UNKNOWN_CSS = {
    ":is()": r":is\(",
    ":where()": r":where\(",
    ":has()": r":has\(",
    "inset": r"(?<![\w-])inset(-\w+)*\s*:",
    "aspect-ratio": r"aspect-ratio\s*:",
    "margin-inline": r"(margin|padding)-(inline|block)\s*:",
    "accent-color": r"accent-color",
    "color-mix": r"color-mix\(",
    "@layer": r"@layer",
    "container queries": r"@container|container-(type|name)",
    "subgrid": r"subgrid",
    "dvh": r"\d[dsl]v[hw]\b",
    "overflow: clip": r"overflow(-[xy])?\s*:\s*clip",
    "popover": r":popover-open",
    "rotate, scale, translate of their own": r"[;{]\s*(rotate|scale|translate)\s*:",
    "text-wrap": r"text-wrap",
}
UNKNOWN_JS = {
    ".at()": r"\.at\(",
    "structuredClone": r"structuredClone",
    "Object.hasOwn": r"Object\.hasOwn\(",
    "class static{}": r"static\s*\{",
    "import": r"^\s*(import|export)\b",
    "inert": r"\binert\b",
    "popover": r"(show|hide|toggle)Popover|popover(target)?\b\s*=",
    "AbortSignal.timeout": r"AbortSignal\.timeout",
    ".findLast()": r"\.findLast\(",
    "needs https": r"navigator\.clipboard|crypto\.(randomUUID|subtle)",
    "needs unsafe-inline": r"setAttribute\(\s*['\"]style|document\.write",
    "needs unsafe-eval": r"\beval\(|new Function\(",
    "the browser's own dialogs": r"\b(confirm|alert|prompt)\(",
}
UNSAFE_HTML = {
    "inline style": r"\sstyle\s*=\s*[\"']",
    "style element": r"<style",
    "inline script": r"<script(?![^>]*\bsrc=)",
    "event attribute": r"\son\w+\s*=\s*[\"']",
    "hx-on": r"\bhx-on[:\-]",
    "js: value": r"[\"']\s*js:",
    "javascript: address": r"javascript:",
    "popover attribute": r"\spopover(target)?\s*=",
    "inert attribute": r"\sinert[\s>=]",
    "user-scalable": r"user-scalable|maximum-scale",
    "import map": r"importmap",
}
ABROAD = r"(?:https?:)?//(?!www\.w3\.org/2000/svg)[\w.-]+\.\w"


def found(pattern: str, paths: list[Path]) -> list[str]:
    """Where a pattern stands, comments left out."""
    places = []
    for path in paths:
        text = re.sub(
            r"/\*.*?\*/|\{#.*?#\}|\{% comment.*?endcomment %\}", "", path.read_text("utf-8"), flags=re.S
        )
        places += [f"{path.name}: {match.group()}" for match in re.finditer(pattern, text, flags=re.M | re.I)]
    return places


def test_there_is_something_to_look_at() -> None:
    assert len(STYLES) > 8
    assert len(TEMPLATES) > 30
    assert SCRIPTS
    assert DRAWINGS


@pytest.mark.parametrize("feature", UNKNOWN_CSS)
def test_styles_use_nothing_chromium_86_lacks(feature) -> None:
    assert not found(UNKNOWN_CSS[feature], STYLES)


@pytest.mark.parametrize("feature", UNKNOWN_JS)
def test_scripts_use_nothing_chromium_86_or_the_policy_lacks(feature) -> None:
    assert not found(UNKNOWN_JS[feature], SCRIPTS)


@pytest.mark.parametrize("feature", UNSAFE_HTML)
def test_templates_need_no_inline_style_or_script(feature) -> None:
    assert not found(UNSAFE_HTML[feature], [*TEMPLATES, *TAGS])


@pytest.mark.parametrize(
    ("patterns", "sample"),
    [
        (UNKNOWN_CSS, "a:has(b) { inset: 0; }"),
        (UNKNOWN_CSS, "a { padding-block: 1px; height: 100dvh }"),
        (UNKNOWN_JS, "list.at(-1)"),
        (UNSAFE_HTML, '<p style="color: red">'),
        (UNSAFE_HTML, "<script>1</script>"),
        (UNSAFE_HTML, '<a onclick="x()">'),
    ],
)
def test_the_patterns_bite(patterns, sample) -> None:
    assert any(re.search(pattern, sample) for pattern in patterns.values())


def test_nesting_is_absent() -> None:
    """A rule inside a rule (other than inside an at-rule) is nesting, which old browsers drop silently."""
    for path in STYLES:
        text = re.sub(r"/\*.*?\*/", "", path.read_text("utf-8"), flags=re.S)
        open_at_rules: list[bool] = []
        for head, brace in re.findall(r"([^{}]*)([{}])", text):
            if brace == "}":
                open_at_rules.pop()
                continue
            assert all(open_at_rules), f"{path.name}: {head.strip()[-60:]}"
            open_at_rules.append(head.rsplit(";", 1)[-1].strip().startswith("@"))


def test_nothing_is_fetched_from_abroad() -> None:
    assert not found(ABROAD, [*STYLES, *SCRIPTS, *TEMPLATES, *DRAWINGS, *TAGS])


def test_every_named_symbol_and_pattern_is_drawn() -> None:
    drawn = (ROOT / "templates/components/svg_defs.html").read_text("utf-8")
    ids = set(re.findall(r'\bid="([\w-]+)"', drawn))
    for path in [*TEMPLATES, *TAGS]:
        text = path.read_text("utf-8")
        for name in re.findall(r"#((?:g|s|d|fill)-[a-z_]+)\b", text) + re.findall(r'\{% glyph "(\w+)"', text):
            wanted = name if "-" in name else f"g-{name}"
            assert wanted in ids, f"{path.name} names {wanted}"


def tokens() -> dict[str, str]:
    text = (ROOT / "static/css/tokens.css").read_text("utf-8")
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{3,6});", text))


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)
    channels = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


GROUNDS = ("page", "surface", "sunk", "raised")
TEXT_PAIRS = [
    *[
        (text, ground)
        for text in ("ink", "second", "accent", "bad", "warn", "ok", "blue")
        for ground in GROUNDS
    ],
    *[("third", ground) for ground in ("surface", "sunk", "page")],
    *[(kind, f"{kind}-soft") for kind in ("ok", "warn", "bad", "blue")],
    *[("ink", f"{kind}-soft") for kind in ("ok", "warn", "bad", "blue")],
    *[("second", f"{kind}-soft") for kind in ("warn", "blue")],
]


@pytest.mark.parametrize(("text", "ground"), TEXT_PAIRS)
def test_text_can_be_read(text, ground) -> None:
    assert contrast(tokens()[text], tokens()[ground]) >= 4.5


@pytest.mark.parametrize("ground", ["accent", "accent-down", "ink"])
def test_white_words_can_be_read(ground) -> None:
    assert contrast("#fff", tokens()[ground]) >= 4.5


@pytest.mark.parametrize("ground", GROUNDS)
def test_fields_and_focus_can_be_seen(ground) -> None:
    assert contrast(tokens()["focus"], tokens()[ground]) >= 3
    assert contrast(tokens()["field"], tokens()["surface"]) >= 3


def test_contrast_is_computed_as_wcag_does() -> None:
    assert round(contrast("#000", "#fff")) == 21
    assert round(contrast("#a8151b", "#ffffff"), 1) == 7.5


def test_every_line_height_is_set_by_us() -> None:
    """YaHei's own line height differs from what the screens were drawn with: each size brings its line."""
    for path in STYLES:
        if path.name in {"large.css", "tokens.css", "print.css"}:
            continue
        text = re.sub(r"/\*.*?\*/", "", path.read_text("utf-8"), flags=re.S)
        assert not re.findall(
            r"font-size:\s*\d+px", text.replace("font-size: 16px; -webkit", "")
        ) or path.name in {"charts.css", "paper.css"}
        assert not re.findall(r"line-height:\s*normal", text)


def test_colours_outside_the_tokens_are_few() -> None:
    """A colour that is not a token is white, a shade of shadow, or belongs to a drawing."""
    allowed = {"#fff", "#e0f0e6", "#fbe3e2"} | {
        f"#{grey}" for grey in ("6a707d", "b3b8c3", "8d93a0", "4a4f5a", "d3d6dc", "9ea4b0", "000")
    }
    for path in STYLES:
        if path.name == "tokens.css":
            continue
        colours = set(re.findall(r"#[0-9a-f]{3,6}\b", path.read_text("utf-8")))
        assert colours <= allowed, f"{path.name}: {sorted(colours - allowed)}"
