"""The house rules that a tool can read off the files themselves."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LONGEST_FILE = 500
LONGEST_FUNCTION = 60
LOCKS = (".ci/requirements.txt", ".ci/requirements-dev.txt")
# A letter in brackets matches itself, and keeps this file from finding its own patterns.
FORBIDDEN = {
    "a package index given by address": r"--?(extra-)?inde[x]-url[ =]|find-link[s][ =]",
    "a package registry's address": r"https?://[^ \"'<>)]*(/simpl[e]\b|/package[s]/|registr[y])",
    "a path of the building machine": r"(^|[^A-Za-z0-9_.$/}-])/(wor[k]|far[m]|roo[t]|hom[e]/[a-z]+)/",
}
LEFT_OPEN = r"\b(TOD[O]|FIXM[E]|XX[X]|NotImplementedErro[r])\b|pragma: no cove[r]"
NOT_RUN = r"pytest\.(ski[p]|mark\.ski[p]|mark\.xfai[l]|importorski[p])|assert Tru[e]\b"


def tracked(*suffixes: str) -> list[Path]:
    """The files under version control with one of ``suffixes`` (all files when none is given)."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    paths = [ROOT / name for name in listing.stdout.split("\0") if name]
    return [path for path in paths if path.is_file() and (not suffixes or path.suffix in suffixes)]


def code() -> list[Path]:
    """Python written by hand: not the migrations."""
    return [path for path in tracked(".py") if "migrations" not in path.parts]


def lines_matching(pattern: str, paths: list[Path]) -> list[str]:
    """``file:line`` of every line of the text files ``paths`` in which ``pattern`` is found."""
    found = []
    for path in paths:
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue  # a picture or a workbook
        name = path.relative_to(ROOT)
        found += [f"{name}:{number}" for number, line in enumerate(lines, 1) if re.search(pattern, line)]
    return found


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method of a Python file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


# --- sizes and shapes


def test_no_file_is_longer_than_500_lines() -> None:
    written = code() + tracked(".js", ".css", ".html")
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in written
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_function_is_longer_than_60_lines() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in code()
        for node in functions(path)
        if (node.end_lineno or node.lineno) - node.lineno + 1 > LONGEST_FUNCTION
    ]
    assert long == []


def test_no_import_stands_inside_a_function() -> None:
    inner = {
        f"{path.relative_to(ROOT)}:{statement.lineno}"
        for path in code()
        for node in functions(path)
        for statement in ast.walk(node)
        if isinstance(statement, ast.Import | ast.ImportFrom)
    }
    assert inner == set()


def test_ruff_is_told_to_refuse_inner_imports_and_untyped_returns() -> None:
    rules = pyproject()["tool"]["ruff"]["lint"]
    assert {"PLC0415", "ANN2", "ANN001"} <= set(rules["select"])
    assert not {"PLC0415", "ANN2", "ANN001"} & set(rules["ignore"])


@pytest.mark.parametrize("kind", FORBIDDEN)
def test_no_tracked_file_names(kind: str) -> None:
    assert lines_matching(FORBIDDEN[kind], tracked()) == []


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("a package index given by address", "--" + "index-url=somewhere"),
        ("a package registry's address", "see https://host.example" + "/simple/"),
        ("a path of the building machine", "open('/" + "work/main/x')"),
    ],
)
def test_a_forbidden_name_would_be_found(kind: str, line: str) -> None:
    assert re.search(FORBIDDEN[kind], line)


def test_nothing_is_left_open_and_no_test_is_left_out() -> None:
    assert lines_matching(LEFT_OPEN, tracked(".py", ".html", ".js", ".css")) == []
    assert lines_matching(NOT_RUN, tracked(".py")) == []


def test_no_page_loads_anything_from_elsewhere() -> None:
    outside = r"""(src|href|action)=["']https?://|url\(["']?https?://|@import ["']?https?:"""
    assert lines_matching(outside, tracked(".html", ".css", ".js")) == []


def test_no_page_has_a_style_or_a_script_of_its_own() -> None:
    inline = r"""<style|\sstyle=["']|<script(?![^>]*\bsrc=)|\son[a-z]+=["']|hx-on:|["']js:"""
    assert lines_matching(inline, tracked(".html")) == []


# --- dependencies


def pyproject() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def requirements() -> list[str]:
    """The names of all direct dependencies, in lower case, without extras and versions."""
    project = pyproject()["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["dev"]
    return [re.split(r"[\[<>=!~;, ]", line)[0].lower() for line in wanted]


def locked(name: str) -> dict[str, tuple[str, bool]]:
    """Version of every package of a lock file, and whether a hash goes with it."""
    text = (ROOT / name).read_text(encoding="utf-8")
    blocks = re.findall(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)((?:.*\n)(?:    .*\n)*)", text, re.MULTILINE)
    return {package.lower(): (version, "--hash=sha256:" in rest) for package, version, rest in blocks}


def test_every_dependency_has_a_sentence_of_its_own() -> None:
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    wordless = [
        line.strip()
        for before, line in zip(lines, lines[1:], strict=False)
        if re.match(r'    "[a-z0-9-]+(\[[a-z,]+\])?>=', line) and not re.match(r"    # [A-Za-z].*\.$", before)
    ]
    assert wordless == []
    assert len(requirements()) > 20


def test_the_locks_hold_every_dependency_with_hashes() -> None:
    runtime, development = (locked(name) for name in LOCKS)
    assert set(requirements()) <= set(development)
    assert all(hashed for _, hashed in development.values())
    assert {name: development.get(name) for name in runtime} == runtime


def test_the_runtime_lock_holds_no_test_tool() -> None:
    assert not {"pytest", "ruff", "playwright", "uv"} & set(locked(LOCKS[0]))


def test_the_lock_serves_older_patch_releases_of_python() -> None:
    assert "async-timeout" in locked(LOCKS[0])


# --- the project's own commands


def test_dev_needs_the_standard_library_only() -> None:
    tree = ast.parse((ROOT / "dev.py").read_text(encoding="utf-8"))
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").split(".")[0])
    assert names - sys.stdlib_module_names == set()


def test_dev_knows_its_seven_commands() -> None:
    told = subprocess.run(
        [sys.executable, "dev.py", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for command in ("demo", "test", "check", "fix", "lock", "bench", "manage"):
        assert command in told


def test_the_run_of_all_checks_ends_with_the_suite_on_sqlite() -> None:
    path = ROOT / ".ci/run"
    lines = path.read_text(encoding="utf-8").strip().splitlines()
    assert path.stat().st_mode & 0o111
    assert "set -euo pipefail" in lines
    assert lines[-1] == "python3 dev.py test"


def test_the_readme_is_short_and_names_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150
    assert "python3 dev.py demo" in text
    assert "python3 dev.py test" in text


@pytest.mark.parametrize("document", ["README.md", "docs/running-without-docker.md"])
def test_links_between_documents_lead_somewhere(document: str) -> None:
    path = ROOT / document
    text = path.read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
    assert [target for target in targets if not (path.parent / target).exists()] == []


def test_compose_is_understood_by_docker_where_it_is_installed() -> None:
    docker = shutil.which("docker")
    if (
        docker is None
        or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode
    ):
        return  # tests/test_compose.py reads the same file without docker
    variables = {"SECRET_KEY": "x" * 50, "ALLOWED_HOSTS": "site.example", "POSTGRES_PASSWORD": "word"}
    subprocess.run([docker, "compose", "config", "--quiet"], cwd=ROOT, env=variables, check=True)
