"""Settings read from the environment: what is demanded, what is guessed, what is refused."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection

from gradingsite import env

ROOT = Path(__file__).resolve().parent.parent
READ_BACK = """
import json, django
from django.conf import settings
names = {names!r}
print(json.dumps({{name: getattr(settings, name) for name in names}}, default=str))
"""


def python(program: str, data: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run ``program`` with the site's own settings and nothing of this machine's environment but PATH."""
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "gradingsite.settings",
        "SITE_DATA_DIR": str(data),
    }
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def read_settings(data: Path, *names: str, **variables: str) -> dict:
    done = python(READ_BACK.format(names=names), data, **variables)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


PRODUCTION = {"SECRET_KEY": "s" * 60, "ALLOWED_HOSTS": "grading.example, www.grading.example"}


# --- typed readers


def test_a_flag_is_yes_or_no_or_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    for word, meaning in (("1", True), ("Yes", True), ("on", True), ("0", False), ("", False), ("no", False)):
        monkeypatch.setenv("SITE_X", word)
        assert env.flag("SITE_X", default=not meaning) is meaning
    monkeypatch.setenv("SITE_X", "perhaps")
    with pytest.raises(ImproperlyConfigured, match="SITE_X must be 1 or 0"):
        env.flag("SITE_X")


def test_a_flag_not_set_takes_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SITE_X", raising=False)
    assert env.flag("SITE_X") is False
    assert env.flag("SITE_X", default=True) is True


def test_a_whole_number_is_one_or_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SITE_X", " 12 ")
    assert env.whole("SITE_X", 3) == 12
    monkeypatch.setenv("SITE_X", "")
    assert env.whole("SITE_X", 3) == 3
    monkeypatch.setenv("SITE_X", "1.5")
    with pytest.raises(ImproperlyConfigured, match="whole number"):
        env.whole("SITE_X", 3)


def test_lists_are_split_at_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SITE_X", "a, b,,c ")
    assert env.listed("SITE_X") == ["a", "b", "c"]
    monkeypatch.setenv("SITE_X", "")
    assert env.listed("SITE_X", ("d",)) == ["d"]


def test_a_kept_secret_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "below" / "secret"
    secret = env.kept_secret(path)
    assert len(secret) >= 64
    assert env.kept_secret(path) == secret
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


# --- what is demanded


def test_the_web_server_refuses_to_start_without_key_and_hosts(tmp_path: Path) -> None:
    done = python("import gradingsite.wsgi", tmp_path)
    assert done.returncode != 0
    assert "Set SECRET_KEY and ALLOWED_HOSTS in the environment" in done.stderr


@pytest.mark.parametrize("missing", ["SECRET_KEY", "ALLOWED_HOSTS"])
def test_the_web_server_names_the_one_that_is_missing(tmp_path: Path, missing: str) -> None:
    done = python(
        "import gradingsite.wsgi", tmp_path, **{k: v for k, v in PRODUCTION.items() if k != missing}
    )
    assert done.returncode != 0
    assert f"Set {missing} in the environment" in done.stderr


def test_the_web_server_starts_with_both(tmp_path: Path) -> None:
    done = python("import gradingsite.wsgi", tmp_path, **PRODUCTION)
    assert done.returncode == 0, done.stderr


def test_the_demo_makes_its_own_key_and_answers_here_only(tmp_path: Path) -> None:
    names = ("SECRET_KEY", "ALLOWED_HOSTS", "SITE_PLAIN_HTTP", "DEBUG")
    first = read_settings(tmp_path, *names, SITE_DEMO="1")
    assert first == read_settings(tmp_path, *names, SITE_DEMO="1")
    assert first["SECRET_KEY"] == (tmp_path / "secret_key").read_text()
    assert first["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]"]
    assert first["DEBUG"] is False


def test_a_real_site_speaks_https_only_unless_told(tmp_path: Path) -> None:
    names = (
        "SESSION_COOKIE_SECURE",
        "CSRF_COOKIE_SECURE",
        "SECURE_SSL_REDIRECT",
        "SECURE_HSTS_SECONDS",
        "DEBUG",
    )
    strict = read_settings(tmp_path, *names, **PRODUCTION)
    assert strict == dict(zip(names, (True, True, True, 31_536_000, False), strict=True))
    plain = read_settings(tmp_path, *names, SITE_PLAIN_HTTP="1", **PRODUCTION)
    assert plain == dict(zip(names, (False, False, False, 0, False), strict=True))


# --- database, broker, cache


def test_without_addresses_all_lies_in_the_data_folder(tmp_path: Path) -> None:
    read = read_settings(tmp_path, "DATABASES", "CELERY_BROKER_TRANSPORT_OPTIONS", "MEDIA_ROOT", "CACHES")
    database = read["DATABASES"]["default"]
    assert database["NAME"] == str(tmp_path / "site.sqlite3")
    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert database["OPTIONS"]["timeout"] == 20
    assert read["CELERY_BROKER_TRANSPORT_OPTIONS"]["data_folder_in"].startswith(str(tmp_path))
    assert read["CELERY_BROKER_TRANSPORT_OPTIONS"]["polling_interval"] == 0.05
    assert read["MEDIA_ROOT"] == str(tmp_path / "files")
    assert read["CACHES"]["default"]["BACKEND"].endswith("LocMemCache")


def test_addresses_choose_postgresql_and_redis(tmp_path: Path) -> None:
    read = read_settings(
        tmp_path,
        "DATABASES",
        "CACHES",
        "SESSION_ENGINE",
        DATABASE_URL="postgresql://someone:word@db.example:5433/grading",
        CELERY_BROKER_URL="redis://redis.example:6379/0",
    )
    database = read["DATABASES"]["default"]
    assert database["ENGINE"] == "django.db.backends.postgresql"
    assert (database["HOST"], database["PORT"], database["NAME"]) == ("db.example", 5433, "grading")
    assert (database["CONN_MAX_AGE"], database["CONN_HEALTH_CHECKS"]) == (60, True)
    assert read["CACHES"]["default"]["LOCATION"] == "redis://redis.example:6379/0"
    assert read["SESSION_ENGINE"].endswith("cached_db")


@pytest.mark.django_db
def test_sqlite_keeps_a_write_ahead_log_and_its_references() -> None:
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            assert cursor.execute("PRAGMA journal_mode").fetchone() == ("wal",)
            assert cursor.execute("PRAGMA foreign_keys").fetchone() == (1,)
    else:
        assert connection.settings_dict["CONN_HEALTH_CHECKS"] is True


def test_the_worker_takes_json_only_and_one_task_at_a_time() -> None:
    assert settings.CELERY_ACCEPT_CONTENT == ["json"]
    assert settings.CELERY_TASK_ACKS_LATE is True
    assert settings.CELERY_WORKER_PREFETCH_MULTIPLIER == 1
    assert set(settings.CELERY_BEAT_SCHEDULE) == {"jobs.reap", "trail.seal"}


def test_the_worker_knows_the_tasks_of_its_clock(tmp_path: Path) -> None:
    program = """
import django; django.setup()
from django.conf import settings
from gradingsite.celery import app
app.loader.import_default_modules()
wanted = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} | {"jobs.run"}
assert wanted <= set(app.tasks), wanted - set(app.tasks)
"""
    done = python(program, tmp_path)
    assert done.returncode == 0, done.stderr


# --- safety


def test_sessions_hold_json_and_end_by_themselves() -> None:
    assert settings.SESSION_SERIALIZER.endswith("JSONSerializer")
    assert settings.SESSION_IDLE_LIMIT.total_seconds() == 30 * 60
    assert settings.SESSION_COOKIE_AGE == 12 * 3600
    assert settings.SESSION_COOKIE_HTTPONLY is True


def test_the_content_policy_allows_nothing_inline_and_nothing_from_elsewhere() -> None:
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    assert directives["default-src"] == ["'none'"]
    assert directives["frame-ancestors"] == ["'none'"]
    for sources in directives.values():
        assert set(sources) <= {"'self'", "'none'", "data:"}
    assert directives["script-src"] == ["'self'"]
    assert directives["style-src"] == ["'self'"]


def test_password_rules_are_those_of_the_security_page() -> None:
    validators = {entry["NAME"].rsplit(".", 1)[1]: entry for entry in settings.AUTH_PASSWORD_VALIDATORS}
    assert validators["MinimumLengthValidator"]["OPTIONS"] == {"min_length": 10}
    assert {"CommonPasswordValidator", "CharacterClassesValidator", "NotRecentValidator"} <= set(validators)


def test_static_files_bear_their_hash_and_name_one_another(tmp_path: Path) -> None:
    done = python(
        "import django; django.setup()\n"
        "from django.conf import settings; from pathlib import Path\n"
        f"settings.STATIC_ROOT = Path({str(tmp_path / 'static')!r})\n"
        "from django.core.management import call_command\n"
        "call_command('collectstatic', interactive=False, verbosity=0)",
        tmp_path,
        **PRODUCTION,
    )
    assert done.returncode == 0, done.stderr
    names = json.loads((tmp_path / "static/staticfiles.json").read_text())["paths"]
    assert "css/tokens.css" in names
    assert all((tmp_path / "static" / name).is_file() for name in names.values())


def test_language_and_time_are_the_users() -> None:
    assert settings.LANGUAGE_CODE == "zh-hans"
    assert settings.TIME_ZONE == "Asia/Shanghai"
    assert settings.USE_TZ is True


def test_nothing_is_wrong_with_the_site() -> None:
    call_command("check", fail_level="WARNING")
