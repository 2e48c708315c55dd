#!/usr/bin/env python3
"""The project's own commands: ``python3 dev.py demo | test | check | fix | lock | bench | manage``.

Needs nothing but Python 3.11 or newer: it makes ``.venv`` from the hash-locked requirements and uses it.
A second run finds the environment as it should be and costs nothing.
"""

import argparse
import ctypes
import hashlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import venv
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

Command = Sequence[str | Path]

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
LOCKS = {"runtime": ROOT / ".ci/requirements.txt", "development": ROOT / ".ci/requirements-dev.txt"}
HOST = "127.0.0.1"
FIRST_PORT, LAST_PORT = 8000, 8099
START_LIMIT = 60  # seconds until the web server must answer
STOP_LIMIT = 15  # seconds a service gets to stop by itself
PR_SET_PDEATHSIG = 1

PURE = (
    "assessments/explaining.py",
    "assessments/rules",
    "assessments/scoring",
    "assessments/smallgroups.py",
    "assessments/steps.py",
    "dev.py",
    "gradingsite/env.py",
    "gradingsite/lib",
)
DJADE_TARGET = ("--target-version", "5.2")
PRODUCTION = {
    "SECRET_KEY": "checked-for-length-and-variety-0123456789-abcdefghij",
    "ALLOWED_HOSTS": "grading.example",
    "SITE_DEMO": "0",
    "SITE_PLAIN_HTTP": "0",
    "SITE_BEHIND_PROXY": "1",
}


# --- the environment


def ensure_environment(kind: str) -> None:
    """Make ``.venv`` hold what the lock of ``kind`` names (development holds runtime); nothing if it does."""
    if sys.version_info < (3, 11):  # noqa: UP036 - whoever starts this file may have an older one
        sys.exit("Python 3.11 or newer is needed; this is " + sys.version.split()[0])
    stamp = VENV / f"{kind}.stamp"
    wanted = fingerprint(kind)
    if any(is_current(each) for each in (kind, "development")):
        return
    started = time.monotonic()
    print(f"Setting up .venv for {kind} (once) ...", flush=True)
    if not is_same_python():
        shutil.rmtree(VENV, ignore_errors=True)
        try:
            venv.create(VENV, with_pip=True)
        except subprocess.CalledProcessError:
            sys.exit("Python's venv module cannot make an environment here; on Debian install python3-venv.")
    pip: Command = [BIN / "python", "-m", "pip", "--disable-pip-version-check", "-qq", "install"]
    run([*pip, "--require-hashes", "--no-deps", "-r", LOCKS[kind]])
    stamp.write_text(wanted)
    print(f"... done in {time.monotonic() - started:.0f} s", flush=True)


def fingerprint(kind: str) -> str:
    """What the environment was made of: this Python and the lock of ``kind``."""
    return f"{sys.version_info[:3]} {hashlib.sha256(LOCKS[kind].read_bytes()).hexdigest()}"


def is_current(kind: str) -> bool:
    """Whether ``.venv`` was made by this Python from the present lock of ``kind``."""
    stamp = VENV / f"{kind}.stamp"
    return stamp.exists() and stamp.read_text() == fingerprint(kind)


def is_same_python() -> bool:
    """Whether the interpreter of ``.venv`` runs and is of this version."""
    python = BIN / "python"
    if not python.exists():
        return False
    told = subprocess.run(
        [python, "-c", "import sys; print(*sys.version_info[:3])"],
        capture_output=True,
        text=True,
        check=False,
    )
    return told.stdout.split() == [str(part) for part in sys.version_info[:3]]


def run(command: Command, **variables: str) -> None:
    """Run ``command`` in the project's folder with ``variables`` added; leave with its exit code if it fails."""
    code = call(command, **variables)
    if code:
        sys.exit(code)


def call(command: Command, **variables: str) -> int:
    """Run ``command`` as ``run`` does and return its exit code."""
    sys.stdout.flush()
    try:
        done = subprocess.run(
            [str(part) for part in command], cwd=ROOT, env=os.environ | variables, check=False
        )
    except KeyboardInterrupt:
        return 130
    return done.returncode


def tool(name: str) -> Path:
    """A program of the project's environment."""
    return BIN / name


def tracked(*patterns: str) -> list[str]:
    """The files git knows, or would know, that match ``patterns``."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    told = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True)
    return sorted(name for name in told.stdout.splitlines() if (ROOT / name).exists())


# --- commands for developers


def test(options: argparse.Namespace, extra: list[str]) -> None:
    """Run the test suite: on SQLite, or on ``--database-url``; with ``--browser`` only the browser tests."""
    ensure_environment("development")
    variables = {"DATABASE_URL": options.database_url} if options.database_url else {}
    command: list[str | Path] = [tool("python"), "-m", "pytest"]
    if options.browser:
        command += [] if any(not word.startswith("-") for word in extra) else ["tests/browser"]
        variables["CI_BROWSER"] = "1"
    else:
        command += ["-n", str(options.processes), "--dist", "worksteal", "--ignore=tests/browser"]
    run([*command, *extra], **variables)


def check(options: argparse.Namespace, extra: list[str]) -> None:
    """Run every check and name those that failed; changes nothing."""
    ensure_environment("development")
    manage_py: Command = [tool("python"), "manage.py"]
    pure = [name for name in PURE if (ROOT / name).exists()] + tracked("*/flow.py", ":!gradingsite/lib")
    checks: dict[str, tuple[Command, dict[str, str]]] = {
        "ruff check": ([tool("ruff"), "check", "."], {}),
        "ruff format": ([tool("ruff"), "format", "--check", "."], {}),
        "import-linter": ([tool("lint-imports"), "--no-cache", "--no-logo"], {}),
        "mypy": ([tool("mypy"), *pure], {}),
        "djade": ([tool("djade"), "--check", *DJADE_TARGET, *tracked("*.html")], {}),
        "makemigrations": ([*manage_py, "makemigrations", "--check", "--dry-run"], {}),
        "check --deploy": ([*manage_py, "check", "--deploy", "--fail-level", "WARNING"], PRODUCTION),
    }
    failed = []
    for name, (command, variables) in checks.items():
        print(f"--- {name}", flush=True)
        if call(command, **variables):
            failed.append(name)
    sys.exit(f"Failed: {', '.join(failed)}" if failed else 0)


def fix(options: argparse.Namespace, extra: list[str]) -> None:
    """Mend what tools can mend: imports, simple lint, format of code and templates."""
    ensure_environment("development")
    call([tool("ruff"), "check", "--quiet", "--select", "ANN2", "--fix", "--unsafe-fixes", "tests"])
    call([tool("ruff"), "check", "--fix", "."])
    call([tool("ruff"), "format", "."])
    call([tool("djade"), *DJADE_TARGET, *tracked("*.html")])


def lock(options: argparse.Namespace, extra: list[str]) -> None:
    """Write both lock files from pyproject.toml; versions already locked stay, unless ``--upgrade`` is given."""
    ensure_environment("development")
    # The names of package hosts and of folders of this machine stay out of the files.
    common = ["--universal", "--python-version", "3.11", "--generate-hashes"]
    common += ["--no-emit-index-url", "--no-emit-find-links", "--quiet"]
    common += ["--custom-compile-command", "python3 dev.py lock"]
    compiler: Command = [tool("uv"), "pip", "compile", *common, *extra, "pyproject.toml"]
    run([*compiler, "--extra", "dev", "--output-file", LOCKS["development"].relative_to(ROOT)])
    run(
        [
            *compiler,
            "--constraints",
            LOCKS["development"],
            "--output-file",
            LOCKS["runtime"].relative_to(ROOT),
        ]
    )


def bench(options: argparse.Namespace, extra: list[str]) -> None:
    """Measure the figures of the performance page and print them; see tests/bench.py."""
    ensure_environment("development")
    run([tool("python"), "-m", "tests.bench", *extra])


def manage(options: argparse.Namespace, extra: list[str]) -> None:
    """Run a management command in the runtime environment; its exit code is handed on."""
    ensure_environment("runtime")
    sys.exit(call([tool("python"), ROOT / "manage.py", *extra]))


# --- the demo


def demo(options: argparse.Namespace, extra: list[str]) -> None:
    """Set everything up, load the demo county, and run web server and worker until Ctrl-C."""
    ensure_environment("runtime")
    stop_on_signals()
    data = Path(os.environ.get("SITE_DATA_DIR") or ROOT / "var")
    data.mkdir(parents=True, exist_ok=True)
    port = options.port or first_free_port()
    if not is_free(port):
        sys.exit(f"Port {port} is taken; choose another with --port.")
    if options.reset:
        forget(data)
    os.environ["SITE_DEMO"] = "1"
    manage_py: Command = [tool("python"), "manage.py"]
    run([*manage_py, "migrate", "--noinput", "--verbosity", "0"])
    with (data / "demo.log").open("ab") as log:
        services: dict[str, subprocess.Popen[bytes]] = {}
        try:
            run([*manage_py, "load_demo", *(["--reset"] if options.reset else [])])
            services["web"] = start(web_command(port), log=log.fileno())
            services["worker"] = start(worker_command(data), log=log.fileno())
            wait_for_answer(port, services)
            print(
                f"\n  http://{HOST}:{port}/\n\nCtrl-C stops everything. Log: {data / 'demo.log'}", flush=True
            )
            watch(services)
        except KeyboardInterrupt:
            print("\nStopping ...", flush=True)
        finally:
            stop(services)
    print("Stopped.", flush=True)


def web_command(port: int) -> Command:
    """The web server: one process, so that SQLite has one busy reader and writer."""
    return [
        *(tool("granian"), "--interface", "wsgi", "--host", HOST, "--port", str(port)),
        *("--workers", "1", "--blocking-threads", "4", "--backpressure", "64", "--log-level", "warning"),
        "gradingsite.wsgi:application",
    ]


def worker_command(data: Path) -> Command:
    """The background worker, with the clock for periodic tasks inside."""
    return [
        *(tool("celery"), "-A", "gradingsite", "--quiet", "worker", "-B", "-s", data / "beat-schedule"),
        *("--pool", "prefork", "--concurrency", "1", "--loglevel", "warning"),
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
    ]


def start(command: Command, *, log: int) -> subprocess.Popen[bytes]:
    """Start a service in a session of its own (Ctrl-C reaches only us) that ends when we end, however we end."""
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    parent = os.getpid()

    def die_with_parent() -> None:
        if libc is not None:
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != parent:
                os._exit(1)

    return subprocess.Popen(
        [str(part) for part in command],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
        preexec_fn=die_with_parent if os.name == "posix" else None,  # noqa: PLW1509 - we have no threads
    )


def stop(services: dict[str, subprocess.Popen[bytes]]) -> None:
    """Ask every service to stop, then end those that do not, with all they started."""
    for service in services.values():
        if service.poll() is None:
            service.terminate()
    deadline = time.monotonic() + STOP_LIMIT
    for service in services.values():
        try:
            service.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(service.pid, signal.SIGKILL)
            service.wait()


def stop_on_signals() -> None:
    """Let SIGTERM and a closed terminal stop the demo as Ctrl-C does."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), interrupt)


def watch(services: dict[str, subprocess.Popen[bytes]]) -> None:
    """Wait until a service ends by itself, which ends the demo with a word on which."""
    while True:
        for name, service in services.items():
            if service.poll() is not None:
                sys.exit(f"The {name} ended by itself with code {service.returncode}; the log says why.")
        time.sleep(0.5)


def wait_for_answer(port: int, services: dict[str, subprocess.Popen[bytes]]) -> None:
    """Wait until the site answers its health probe."""
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline:
        if services["web"].poll() is not None:
            sys.exit("The web server did not start; the log says why.")
        try:
            probe = http.client.HTTPConnection(HOST, port, timeout=5)
            probe.request("GET", "/healthz")
            if probe.getresponse().status == 200:
                return
        except OSError:
            pass  # not listening yet
        time.sleep(0.1)
    sys.exit(f"The web server did not answer within {START_LIMIT} s; the log says why.")


def forget(data: Path) -> None:
    """Remove the demo's SQLite database, its files and its messages; another database is left to ``load_demo``."""
    if not os.environ.get("DATABASE_URL"):
        for path in (*data.glob("site.sqlite3*"), *data.glob("trail-anchors.log*")):
            path.unlink()
    for path in data.glob("beat-schedule*"):
        path.unlink()
    for name in ("files", "broker"):
        shutil.rmtree(data / name, ignore_errors=True)


def is_free(port: int) -> bool:
    """Whether nothing listens on ``port``."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def first_free_port() -> int:
    """The first port from 8000 on that nothing listens on."""
    for port in range(FIRST_PORT, LAST_PORT + 1):
        if is_free(port):
            return port
    sys.exit(f"No free port between {FIRST_PORT} and {LAST_PORT}; choose one with --port.")


def read_command_line() -> tuple[argparse.Namespace, list[str]]:
    """The command with its options, and what is passed on to the tool behind it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for function in (demo, test, check, fix, lock, bench, manage):
        name = function.__name__
        # `manage migrate --help` must reach Django, not this parser.
        sub = commands.add_parser(name, help=function.__doc__, add_help=name != "manage", allow_abbrev=False)
        sub.set_defaults(function=function)
        if function is demo:
            sub.add_argument("--port", type=int, help="default: the first free one from 8000 on")
            sub.add_argument("--reset", action="store_true", help="start over with a fresh county")
        if function is test:
            sub.add_argument("--browser", action="store_true", help="only the tests in a real Chromium")
            sub.add_argument("--database-url", help="e.g. postgresql://user@127.0.0.1/name")
            sub.add_argument("--processes", type=int, default=2, help="default: 2")
    if sys.argv[1:2] == ["manage"]:
        return argparse.Namespace(function=manage), sys.argv[2:]
    options, extra = parser.parse_known_args()
    if extra and options.command in {"demo", "check", "fix"}:
        parser.error(f"unknown: {' '.join(extra)}")
    return options, extra


def main() -> None:
    """Run the command named on the command line."""
    options, extra = read_command_line()
    options.function(options, extra)


if __name__ == "__main__":
    main()
