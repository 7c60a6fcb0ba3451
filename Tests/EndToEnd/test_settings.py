"""Settings and the command line: whatever is wrong is said at once, and the exit status tells a supervisor why."""

import json
import signal

import pytest
import requests

from conftest import EXECUTABLES
from deployments import ADMIN
from processes import WORK, Process, executable, free_port, fresh, run, secret_key

SERVICES = [name for name in EXECUTABLES if name not in ("script-sandbox", "tocsin")]


@pytest.fixture(autouse=True)
def built(executables):
    pass


def serve(folder, *arguments: str, **settings: str) -> Process:
    port = free_port()
    command = [executable("tocsin"), "serve", "--data", folder, "--port", str(port), *arguments]
    return Process(f"settings-{folder.name}", command, settings, port)


@pytest.mark.parametrize("name", SERVICES)
def test_wrong_settings_are_all_said_at_once(name):
    done = run(
        executable(name),
        settings={
            "TOCSIN_DATABASE_URL": "mysql://x", "TOCSIN_KAFKA_BROKERS": "no-port", "TOCSIN_PORT": "70000",
            "TOCSIN_SECRET_KEY": "short", "TOCSIN_PARTITIONS": "-1", "TOCSIN_SMTP_URL": "http://mail",
            "TOCSIN_OUTBOUND_ALLOW": "10.0.0.0/99",
        },
        seconds=30,
    )
    assert done.returncode == 78, f"{done.returncode}\n{done.stdout}{done.stderr}"
    for setting in ("TOCSIN_DATABASE_URL", "TOCSIN_PORT", "TOCSIN_SECRET_KEY", "TOCSIN_PARTITIONS"):
        assert setting in done.stderr, f"{setting} is not named in:\n{done.stderr}"
    assert "short" not in done.stderr, "the secret itself must not be shown"


@pytest.mark.parametrize("name", SERVICES)
def test_missing_settings_are_all_said_at_once(name):
    done = run(executable(name), seconds=30)
    assert done.returncode == 78, f"{done.returncode}\n{done.stdout}{done.stderr}"
    for setting in ("TOCSIN_DATABASE_URL", "TOCSIN_KAFKA_BROKERS", "TOCSIN_SECRET_KEY"):
        assert setting in done.stderr, f"{setting} is not named in:\n{done.stderr}"


def test_serve_with_wrong_settings():
    folder = fresh(WORK / "settings-wrong")
    done = run(
        executable("tocsin"), "serve", "--data", folder, "--port", "eighty",
        settings={"TOCSIN_SMTP_URL": "nonsense", "TOCSIN_WEBHOOK_TIMEOUT": "0"},
    )
    assert done.returncode in (64, 78), f"{done.returncode}\n{done.stderr}"
    done = run(
        executable("tocsin"), "serve", "--data", folder,
        settings={"TOCSIN_PORT": "eighty", "TOCSIN_SMTP_URL": "nonsense", "TOCSIN_WEBHOOK_TIMEOUT": "0"},
    )
    assert done.returncode == 78, f"{done.returncode}\n{done.stderr}"
    for setting in ("TOCSIN_PORT", "TOCSIN_SMTP_URL", "TOCSIN_WEBHOOK_TIMEOUT"):
        assert setting in done.stderr, f"{setting} is not named in:\n{done.stderr}"


@pytest.mark.parametrize("name", [*SERVICES, "tocsin"])
def test_an_unknown_flag(name):
    command = [executable(name), "serve"] if name == "tocsin" else [executable(name)]
    done = run(*command, "--no-such-flag", "7", seconds=30)
    assert done.returncode in (64, 78), f"{done.returncode}\n{done.stdout}{done.stderr}"
    assert "no-such-flag" in done.stderr


def test_migrate_without_a_database_to_reach():
    done = run(
        executable("tocsin"), "migrate",
        settings={
            "TOCSIN_DATABASE_URL": f"postgresql://postgres@127.0.0.1:{free_port()}/none",
            "TOCSIN_KAFKA_BROKERS": f"127.0.0.1:{free_port()}", "TOCSIN_SECRET_KEY": secret_key(),
        },
    )
    assert done.returncode not in (0, 78), "an unreachable server is no wrong setting"
    assert done.stderr.strip(), "and it says what it could not reach"


def test_a_first_administrator_is_made_and_printed_once():
    process = serve(fresh(WORK / "settings-first"))
    try:
        process.start().wait_ready()
        login = printed_login(process)
        assert events(process, login) == 200
        assert process.terminate() == 0
        process.start().wait_ready()
        assert events(process, login) == 200, "the same administrator after a restart"
        assert process.log.read_text().count(login[1]) == 1, "the password is printed once"
    finally:
        process.end()


def printed_login(process: Process) -> tuple[str, str]:
    """User and password stand on one line, the password after the word password."""
    for line in process.log.read_text().splitlines():
        words = line.replace('"', " ").replace(",", " ").replace(":", " ").replace("=", " ").split()
        lower = [word.lower().strip(".;") for word in words]
        if "password" in lower and "admin" in lower:
            return "admin", words[lower.index("password") + 1].strip(".;")
    raise AssertionError(f"no line with user and password:\n{process.tail()}")


def events(process: Process, login: tuple[str, str]) -> int:
    return requests.get(process.url + "/api/xm/1/events", auth=login, timeout=10).status_code


def test_flags_over_environment_over_file():
    folder = fresh(WORK / "settings-order")
    right, wrong = free_port(), free_port()
    file = folder / "tocsin.conf"
    file.write_text(
        f"# settings\nTOCSIN_PORT={wrong}\nTOCSIN_ADMIN_USER={ADMIN[0]}\nTOCSIN_ADMIN_PASSWORD={ADMIN[1]}\n"
    )
    command = [executable("tocsin"), "serve", "--config", file, "--data", folder / "data", "--port", str(right)]
    process = Process("settings-order", command, {"TOCSIN_PORT": str(wrong)}, right)
    try:
        process.start().wait_ready()
        assert events(process, ADMIN) == 200, "the administrator comes from the file, the port from the flag"
    finally:
        process.end()
    process = Process("settings-order-2", command[:-2], {"TOCSIN_PORT": str(right)}, right)
    try:
        process.start().wait_ready()
    finally:
        process.end()


def test_health_and_metrics():
    process = serve(fresh(WORK / "settings-health"))
    try:
        process.start().wait_ready()
        assert requests.get(process.url + "/health/live", timeout=10).status_code == 200
        ready = requests.get(process.url + "/health/ready", timeout=10).json()
        assert "database" in json.dumps(ready), ready
        metrics = requests.get(process.url + "/metrics", timeout=10)
        assert metrics.status_code == 200
        assert metrics.headers["Content-Type"].startswith("text/plain")
        names = [line.split("{")[0].split()[0] for line in metrics.text.splitlines() if line and line[0] != "#"]
        assert any(name.startswith("tocsin_") for name in names), names[:20]
    finally:
        assert process.terminate() == 0


def test_a_port_that_is_taken():
    first = serve(fresh(WORK / "settings-taken"))
    try:
        first.start().wait_ready()
        done = run(executable("tocsin"), "serve", "--data", fresh(WORK / "settings-taken-2"), "--port", str(first.port))
        assert done.returncode > 0, f"{done.returncode}: it must end with a status, not by a signal"
        assert str(first.port) in done.stderr + done.stdout, done.stderr
    finally:
        first.end()


def test_ctrl_c_ends_it_as_sigterm_does():
    process = serve(fresh(WORK / "settings-interrupt"))
    try:
        process.start().wait_ready()
        assert process.terminate(signal.SIGINT) == 0
    finally:
        process.end()
