"""A workflow comes from a file and does at once what its scripts say: nothing in them is changed."""

import subprocess
from xml.sax.saxutils import escape

import pytest
import requests

import workflow_file
from deployments import ADMIN
from processes import WORK, executable, fresh, wait_until
from sinks import Answer, Received
from tocsin import Form
from workflow import make_person

ALARM = """<?xml version="1.0"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>
<Alarm id="7"><Ticket>{ticket}</Ticket><Severity>high</Severity><At>2026-03-01T10:00:00Z</At></Alarm>
</soapenv:Body></soapenv:Envelope>"""


def echo(received: Received) -> Answer:
    return Answer(200, body=b'{"path": "' + received.path.encode() + b'"}')


@pytest.fixture(scope="module")
def target(sinks):
    return sinks.sink("target", echo)


@pytest.fixture(scope="module")
def file(target):
    folder = fresh(WORK / "workflow-file")
    path = folder / "desk.zip"
    path.write_bytes(workflow_file.pack(workflow_file.documents(target.url)))
    return path


@pytest.fixture(scope="module")
def imported(deployment, tocsin, file):
    make_person(tocsin, "oncall", "On", "Call", "oncall@example.org")
    command(deployment, "import", str(file))
    # An import leaves every inbound integration to its key alone; a script's call of oneself has none.
    called = tocsin.get(f"/plans/Service%20Desk/integrations/{workflow_file.CALLED}")
    tocsin.post("/plans/Service%20Desk/integrations", {"id": called["id"], "authenticationType": "ANY"})
    return {row["name"]: row for row in tocsin.pages("/plans/Service%20Desk/integrations")}


def command(deployment, *arguments: str, status: int = 0) -> str:
    done = subprocess.run(
        [executable("tocsin"), "workflow", *arguments, "--url", deployment.api_url, "--user", ":".join(ADMIN)],
        capture_output=True, text=True, timeout=60,
    )
    assert done.returncode == status, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def send_alarm(tocsin, imported, ticket: str) -> dict:
    url = tocsin.trigger_url(imported["Alarm"]) + "&recipients=oncall"
    answer = requests.post(url, data=ALARM.format(ticket=escape(ticket)), headers={"Content-Type": "text/xml"}, timeout=30)
    assert answer.status_code == 202, answer.text
    row = tocsin.activity(imported["Alarm"], answer.json()["requestId"])
    assert row["status"] == "COMPLETED", row
    return tocsin.alert_of(answer.json()["requestId"])


def test_the_address_is_that_of_the_file(imported):
    assert imported["Alarm"]["id"] == workflow_file.INBOUND
    assert imported["Alarm"]["authenticationType"] == "URL"


def test_its_scripts_run_as_they_are(tocsin, imported, target):
    alert = send_alarm(tocsin, imported, "INC-1")
    properties = tocsin.alert(alert["id"], embed="properties")["properties"]
    assert properties["Ticket#en"] == "INC-1"
    assert properties["Severity"] == "High"
    assert properties["Region"][1] == {"category": "State", "value": "CA"}
    assert properties["Answer#en"] == "200 /lookup?q=a%20b&x=%C3%A4%2F%C3%B6 1"
    log = tocsin.activity(imported["Alarm"], alert["requestId"])["log"]
    assert "Alarm 7 of 2026-03-01" in log
    assert f"alert {alert['eventId']}" in log
    status = wait_until(lambda: [r for r in target.received if r.path == "/status"], 20, "the status is told")
    assert status[0].json == {"ticket": "INC-1", "status": "active", "user": "admin"}
    assert status[0].headers["x-retry"] == "3"


def test_a_script_reaches_our_own_api(tocsin, imported, target):
    alert = send_alarm(tocsin, imported, "INC 2&3")
    tocsin.comment(alert, "first")
    request = tocsin.trigger_url(imported["Close"]) + "&ticket=INC+2%263"
    answer = requests.post(request, data="", timeout=30)
    row = tocsin.activity(imported["Close"], answer.json()["requestId"])
    assert row["status"] == "COMPLETED", row
    assert f"terminated {alert['eventId']}: 200" in row["log"]
    assert "told 202" in row["log"]
    tocsin.wait_status(alert, "TERMINATED_EXTERNAL", "TERMINATED")
    told = wait_until(lambda: [r for r in target.received if r.path == "/closed"], 20, "the call of oneself")
    assert told[-1].json == {"closed": 1}


def test_an_answer_runs_a_script_of_the_newer_style(tocsin, imported, mail):
    alert = send_alarm(tocsin, imported, "INC-4")
    message = mail.wait_for(lambda m: "INC-4" in m.subject, what="of the alert")
    assert message.subject == "Ticket INC-4"
    assert Form(requests.get(message.links()["Got it"], timeout=10)).submit().status_code == 200
    told = wait_until(lambda: tocsin.get(f"/events/{alert['id']}/annotations")["data"], 20, "the script's comment")
    assert [row["comment"] for row in told] == ["oncall said Got it about INC-4"]
    assert told[0]["author"]["targetName"] == "admin"  # as whoever began the alert


def test_an_export_is_what_was_imported(deployment, tocsin, imported, file):
    exported = file.parent / "exported.zip"
    command(deployment, "export", "Service Desk", "-o", str(exported))
    before, after = (workflow_file.unpack(path.read_bytes()) for path in (file, exported))
    for parts in (before, after):
        for integration in parts["integrations/integrations.json"]["integrations"]:
            integration.pop("authType")  # an import sets it anew
    assert after == before
    command(deployment, "diff", str(file), "Service Desk")


def test_a_difference_is_shown(deployment, file):
    parts = workflow_file.unpack(file.read_bytes())
    parts["integrations/sharedfunctions.json"][1]["script"] += "// changed\n"
    changed = file.parent / "changed.zip"
    changed.write_bytes(workflow_file.pack(parts))
    text = command(deployment, "diff", str(changed), "Service Desk", status=1)
    assert "// changed" in text
