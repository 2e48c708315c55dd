"""docker-compose.yml: its services, what they refer to, and how their health is asked."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from gradingsite import settings

ROOT = Path(__file__).resolve().parent.parent
OURS = ("setup", "web", "worker", "beat")
LASTING = ("database", "redis", "web", "worker", "beat")


@pytest.fixture(scope="module")
def compose() -> dict:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))


def variables(text: str) -> set[str]:
    """The names of the variables a compose text asks the machine for."""
    return set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", text))


def test_the_services_are_those_of_the_house(compose: dict) -> None:
    assert set(compose["services"]) == {*OURS, "database", "redis"}


def test_our_services_share_one_image_and_one_environment(compose: dict) -> None:
    services = [compose["services"][name] for name in OURS]
    assert {service["image"] for service in services} == {"grading-site"}
    assert all(service["environment"] == services[0]["environment"] for service in services)
    assert (ROOT / services[0]["build"]["dockerfile"]).is_file()


@pytest.mark.parametrize("name", LASTING)
def test_every_lasting_service_is_asked_for_its_health(compose: dict, name: str) -> None:
    health = compose["services"][name]["healthcheck"]
    assert health["test"][0] in {"CMD", "CMD-SHELL"}
    assert len(health["test"]) > 1
    assert {"interval", "timeout", "retries"} <= set(health)


def test_every_service_waits_for_services_that_can_answer(compose: dict) -> None:
    services = compose["services"]
    for service in services.values():
        for needed, how in service.get("depends_on", {}).items():
            assert needed in services
            if how["condition"] == "service_healthy":
                assert "healthcheck" in services[needed]
            else:
                assert how["condition"] == "service_completed_successfully"
                assert services[needed]["restart"] == "no"


def test_the_site_waits_for_its_tables(compose: dict) -> None:
    for name in ("web", "worker", "beat"):
        assert (
            compose["services"][name]["depends_on"]["setup"]["condition"] == "service_completed_successfully"
        )
    assert "migrate" in compose["services"]["setup"]["command"]


def test_addresses_name_services_of_the_file(compose: dict) -> None:
    environment = compose["services"]["web"]["environment"]
    for name in ("DATABASE_URL", "CELERY_BROKER_URL", "REDIS_URL"):
        address = re.sub(r"\$\{[^}]*\}", "word", environment[name])
        assert urlsplit(address).hostname in compose["services"]


def test_every_named_volume_is_declared_and_used(compose: dict) -> None:
    used = {
        volume.split(":")[0]
        for service in compose["services"].values()
        for volume in service.get("volumes", [])
    }
    assert used == set(compose["volumes"])


def test_the_files_lie_where_the_image_may_write(compose: dict) -> None:
    web = compose["services"]["web"]
    dockerfile = (ROOT / web["build"]["dockerfile"]).read_text(encoding="utf-8")
    assert f"files:{web['environment']['SITE_DATA_DIR']}" in web["volumes"]
    assert f"-o site {web['environment']['SITE_DATA_DIR']}" in dockerfile
    assert "USER site" in dockerfile


def test_what_the_site_demands_the_file_demands_too(compose: dict) -> None:
    environment = compose["services"]["web"]["environment"]
    for name in settings.SITE_DEMANDED:
        assert environment[name].startswith(f"${{{name}:?")
    assert "SITE_DEMO" not in environment


def test_every_variable_is_read_by_the_settings_and_written_down(compose: dict) -> None:
    read = (ROOT / "gradingsite/settings.py").read_text(encoding="utf-8")
    told = (ROOT / "docs/running-without-docker.md").read_text(encoding="utf-8")
    environment = compose["services"]["web"]["environment"]
    assert [name for name in environment if f'"{name}"' not in read] == []
    wanted = {*environment, *variables((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))}
    assert [name for name in sorted(wanted) if name not in told] == []


def test_programs_of_the_commands_come_with_the_image(compose: dict) -> None:
    lock = (ROOT / ".ci/requirements.txt").read_text(encoding="utf-8")
    dockerfile = (ROOT / ".ci/Dockerfile").read_text(encoding="utf-8")
    programs = {compose["services"][name]["command"][0] for name in ("setup", "worker", "beat")}
    programs.add(re.search(r'^CMD \["([a-z]+)"', dockerfile, re.MULTILINE)[1])
    assert programs == {"python", "celery", "granian"}
    assert re.search(r"^celery==", lock, re.MULTILINE)
    assert re.search(r"^granian==", lock, re.MULTILINE)
