"""Two clients that were written for the platform, as PyPI has them, against a server with a local authority.

Both packages are called `xmatters`, so each is installed into a folder of its own and runs in a process of its own. What
they call is in clients/.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from authority import encrypted_server
from conftest import missing, require
from deployments import ADMIN
from processes import WORK, environment, wait_until

HERE = Path(__file__).parent
CLIENTS = {"python-xmatters": "python-xmatters==1.1.1", "pyxmatters": "pyxmatters==0.1.3.6"}


@pytest.fixture(scope="module")
def server(executables):
    require(missing("openssl"))
    server = encrypted_server(WORK / "clients")
    yield server
    server.end()


def installed(name: str) -> Path:
    folder = WORK.parent / "clients" / CLIENTS[name].replace("==", "-")
    if not (folder / "xmatters").is_dir():
        done = subprocess.run(
            [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", folder,
             CLIENTS[name]], capture_output=True, text=True,
        )
        require(None if done.returncode == 0 else f"{CLIENTS[name]} cannot be installed: {done.stderr[-500:]}")
    return folder


def calls(server, name: str) -> dict[str, dict]:
    """What the client's calls came to, by their names: `{"ok": true}` or `{"ok": false, "status": …, "text": …}`."""
    done = subprocess.run(
        [sys.executable, HERE / "clients" / f"{name.replace('-', '_')}.py"], capture_output=True, text=True,
        timeout=300,
        env=environment() | {
            "PYTHONPATH": str(installed(name)), "REQUESTS_CA_BUNDLE": str(server.authority.certificate),
            # A name without a dot is taken for that of an instance of the platform.
            "CLIENT_URL": f"https://127.0.0.1:{server.port}", "CLIENT_USER": ADMIN[0], "CLIENT_PASSWORD": ADMIN[1],
            "CLIENT_ALERT": alert(server), "PYTHONWARNINGS": "ignore",
        },
    )
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return json.loads(done.stdout.splitlines()[-1])


def alert(server) -> str:
    """The id of an alert with a comment, of a form with a property."""
    session = requests.Session()
    session.auth, session.verify, session.trust_env = ADMIN, server.authority.certificate, False

    def post(path, body, base="/api/xm/1"):
        answer = session.post(server.url + base + path, json=body, timeout=30)
        assert answer.ok, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    name = f"Clients {os.urandom(3).hex()}"
    plan = post("/plans", {"name": name})["id"]
    form = post(f"/plans/{plan}/forms", {"name": "Down", "apiEnabled": True})["id"]
    post(f"/plans/{plan}/property-definitions", {"name": "Host", "propertyType": "TEXT"})
    request = post(f"/forms/{form}/triggers", {"recipients": [{"id": ADMIN[0]}], "properties": {}})["requestId"]
    def found():
        rows = session.get(server.url + "/api/xm/1/events", params={"requestId": request}, timeout=30).json()["data"]
        return rows and rows[0]["id"]

    made = wait_until(found, 60, "the alert is there")
    post(f"/events/{made}/annotations", {"comment": "Looking"})
    return made


# What has no meaning in Tocsin answers one of these, which the clients report as their errors for them.
NOT_HERE = (404, 405, 501)


@pytest.mark.parametrize("name", CLIENTS)
def test_every_call_succeeds_or_is_refused_as_documented(server, name):
    results = calls(server, name)
    assert len(results) > 45, sorted(results)
    wrong = {
        call: result for call, result in results.items()
        if not result["ok"] and not (result.get("status") in NOT_HERE and any(kind in call for kind in MAY_BE_MISSING))
    }
    assert not wrong, json.dumps(wrong, indent=1)


# Kinds of things that an installation need not have. And the alert of suppressions, which python-xmatters puts into the
# path, is a parameter of the platform's.
MAY_BE_MISSING = {"suppressions"}
