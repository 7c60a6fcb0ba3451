"""Fixtures, and what happens when a tool is missing: a failure in CI, a skip with the reason elsewhere."""

import os
import shutil
import signal
from pathlib import Path

import pytest

import processes
from deployments import KINDS, Deployment, ProxiedProcesses
from mail import Certificate, MailServer
from processes import SCRIPTS, WORK, executable, fresh
from sinks import Sinks
from tocsin import Tocsin

IS_CI = any(os.environ.get(name, "").lower() in ("1", "true") for name in ("CI", "TOCSIN_CI"))
EXECUTABLES = [
    "ingest", "alert-engine", "notifier", "webhook-dispatcher", "api", "self-audit", "script-sandbox", "tocsin",
]
_results = pytest.StashKey[dict[str, pytest.TestReport]]()


def require(problem: str | None):
    """Skips when there is a problem; in CI, fails."""
    if problem and IS_CI:
        pytest.fail(problem, pytrace=False)
    if problem:
        pytest.skip(problem)


def missing(*commands: str) -> str | None:
    absent = [command for command in commands if not shutil.which(command)]
    return f"not installed: {', '.join(absent)} (make test installs it)" if absent else None


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    item.stash.setdefault(_results, {})[call.when] = outcome.get_result()


@pytest.fixture(scope="session")
def executables():
    """All executables are built."""
    absent = [name for name in EXECUTABLES if not os.access(executable(name), os.X_OK)]
    require(f"not built in {processes.BINARIES}: {', '.join(absent)} (make build)" if absent else None)


@pytest.fixture(scope="session")
def servers():
    """PostgreSQL and the broker can be started."""
    is_installed = Path("/usr/lib/postgresql").exists() or shutil.which("postgres")
    require(None if is_installed else "not installed: postgresql-15")
    require(missing("psql"))
    require(None if os.access(SCRIPTS / "test-broker.sh", os.X_OK) else "scripts/test-broker.sh is missing")


@pytest.fixture(scope="module")
def sinks():
    sinks = Sinks()
    yield sinks
    sinks.close()


@pytest.fixture(scope="module")
def mail():
    """A mail server that wants TLS and a password."""
    require(missing("openssl"))
    server = MailServer(("tocsin", "geheim&geheim"), Certificate.make(fresh(WORK / "certificate")))
    yield server
    server.close()


@pytest.fixture(scope="module", params=list(KINDS))
def deployment(request, executables, mail):
    """Tocsin, running: once in one process, once in separate ones."""
    yield from run_deployment(request, request.param, mail)


def run_deployment(request, kind: str, mail: MailServer, **settings: str):
    if kind != "one-process":
        request.getfixturevalue("servers")
    module = request.module.__name__.removeprefix("test_")
    kinds = KINDS | {"proxied-processes": ProxiedProcesses}
    deployment: Deployment = kinds[kind](f"{module}-{kind}", mail, **settings)
    mail.clear()  # numbers of alerts begin anew
    try:
        yield deployment.start()
    finally:
        deployment.stop()


@pytest.fixture(scope="module")
def tocsin(deployment) -> Tocsin:
    return deployment.client()


@pytest.fixture
def measured(request):
    """Keeps a figure for the summary of `make test`."""
    WORK.mkdir(parents=True, exist_ok=True)
    module = request.module.__name__.removeprefix("test_")

    def keep(line: str):
        print(line)
        with (WORK / f"measured-{module}.txt").open("a") as file:
            file.write(line + "\n")

    return keep


def pytest_configure(config):
    # A supervisor that ends us: fixtures end what they have started, as after Ctrl-C.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))


@pytest.fixture(autouse=True)
def logs_of_failures(request):
    """The ends of the processes' logs, below the failure that they may explain."""
    yield
    reports = request.node.stash.get(_results, {})
    is_deployed = "deployment" in request.fixturenames and "setup" in reports and reports["setup"].passed
    if is_deployed and any(report.failed for report in reports.values()):
        print(request.getfixturevalue("deployment").logs())
