"""dev.py: the environment is made once, the demo's services start, answer for themselves and leave nothing behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

import dev

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]
DEAF = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)",
]


def lives(pid: int) -> bool:
    """Whether a process of this number runs (one that waits to be buried does not)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state not in {"Z", "X"}


def gone_within(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while lives(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not lives(pid)


# --- the environment


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """An environment in ``tmp_path`` whose installer only writes down what it is asked."""
    asked: list[list[str]] = []
    for kind in dev.LOCKS:
        (tmp_path / f"{kind}.txt").write_text(kind)
    (tmp_path / "venv").mkdir()
    monkeypatch.setattr(dev, "LOCKS", {kind: tmp_path / f"{kind}.txt" for kind in dev.LOCKS})
    monkeypatch.setattr(dev, "VENV", tmp_path / "venv")
    monkeypatch.setattr(dev, "is_same_python", lambda: True)
    monkeypatch.setattr(dev, "run", lambda command: asked.append([str(part) for part in command]))
    return asked


def test_the_environment_is_made_once_from_hashes_only(environment: list[list[str]]) -> None:
    dev.ensure_environment("runtime")
    dev.ensure_environment("runtime")
    assert len(environment) == 1
    assert "--require-hashes" in environment[0]
    assert environment[0][-1].endswith("runtime.txt")


def test_a_changed_lock_is_noticed(environment: list[list[str]]) -> None:
    dev.ensure_environment("runtime")
    dev.LOCKS["runtime"].write_text("changed")
    dev.ensure_environment("runtime")
    assert len(environment) == 2


def test_the_development_environment_serves_as_runtime_too(environment: list[list[str]]) -> None:
    dev.ensure_environment("development")
    dev.ensure_environment("runtime")
    assert len(environment) == 1
    dev.LOCKS["development"].write_text("changed")
    dev.ensure_environment("runtime")
    assert environment[1][-1].endswith("runtime.txt")


# --- the command line


def read(monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[object, list[str]]:
    monkeypatch.setattr(sys, "argv", ["dev.py", *words])
    return dev.read_command_line()


def test_manage_hands_on_every_word(monkeypatch: pytest.MonkeyPatch) -> None:
    options, extra = read(monkeypatch, "manage", "migrate", "--help", "--plan")
    assert options.function is dev.manage
    assert extra == ["migrate", "--help", "--plan"]


def test_test_hands_on_what_it_does_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    options, extra = read(
        monkeypatch, "test", "tests/test_x.py", "-k", "word", "--database-url", "sqlite:///x"
    )
    assert options.database_url == "sqlite:///x"
    assert extra == ["tests/test_x.py", "-k", "word"]


def test_demo_refuses_a_word_it_does_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit):
        read(monkeypatch, "demo", "--rest")


# --- services


def test_a_service_stops_when_asked() -> None:
    service = dev.start(SLEEPER, log=subprocess.DEVNULL)
    dev.stop({"sleeper": service})
    assert service.returncode == -signal.SIGTERM


def test_a_service_that_does_not_listen_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(dev, "STOP_LIMIT", 0.3)
    with (tmp_path / "log").open("w+") as log:
        service = dev.start(DEAF, log=log.fileno())
        while not (tmp_path / "log").read_text():
            time.sleep(0.02)
        dev.stop({"deaf": service})
    assert service.returncode == -signal.SIGKILL


def test_services_die_with_a_parent_that_is_killed() -> None:
    start = f"dev.start({SLEEPER!r}, log=subprocess.DEVNULL)"
    program = f"import dev, time, subprocess; print({start}.pid, flush=True); time.sleep(60)"
    parent = subprocess.Popen(
        [sys.executable, "-c", program], cwd=dev.ROOT, stdout=subprocess.PIPE, text=True
    )
    pid = int(parent.stdout.readline())
    assert lives(pid)
    parent.kill()
    parent.wait()
    assert gone_within(pid, 5)


def test_without_the_bond_a_service_would_outlive_its_parent() -> None:
    program = f"import subprocess, time; print(subprocess.Popen({SLEEPER!r}).pid, flush=True); time.sleep(60)"
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    assert not gone_within(pid, 1)
    os.kill(pid, signal.SIGKILL)


def test_a_service_that_ends_by_itself_ends_the_demo() -> None:
    service = dev.start([sys.executable, "-c", "raise SystemExit(3)"], log=subprocess.DEVNULL)
    with pytest.raises(SystemExit, match="The web ended by itself with code 3"):
        dev.watch({"web": service})


def test_a_web_server_that_does_not_start_is_told() -> None:
    service = dev.start([sys.executable, "-c", "raise SystemExit(3)"], log=subprocess.DEVNULL)
    service.wait()
    with pytest.raises(SystemExit, match="did not start"):
        dev.wait_for_answer(1, {"web": service})


def test_a_port_in_use_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind((dev.HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert not dev.is_free(port)
        monkeypatch.setattr(dev, "FIRST_PORT", port)
        monkeypatch.setattr(dev, "LAST_PORT", port + 50)
        assert dev.first_free_port() > port


def test_starting_over_leaves_another_database_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("site.sqlite3", "site.sqlite3-wal", "secret_key"):
        (tmp_path / name).write_text("x")
    (tmp_path / "files").mkdir()
    monkeypatch.setenv("DATABASE_URL", "postgresql://somewhere/name")
    dev.forget(tmp_path)
    assert (tmp_path / "site.sqlite3").exists()
    assert not (tmp_path / "files").exists()
    monkeypatch.delenv("DATABASE_URL")
    dev.forget(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]
