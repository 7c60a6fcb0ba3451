"""Deliveries are never dropped, and always explained: dead letters sent again, history replayed, why and why not."""

import json
import re
import subprocess
import time

import pytest
import requests

from deployments import ADMIN
from processes import executable, wait_until
from sinks import Answer, always, healthy
from tocsin import Form, Tocsin
from workflow import make_form, make_inbound, make_outbound, make_person

STATUSES = ["active", "suspended", "active", "terminated_external"]
SCRIPT = """\
trigger.properties = { 'Summary': JSON.parse(request.body).summary };
trigger.recipients = [{ 'id': 'oncall', 'recipientType': 'PERSON' }];
form.post(trigger);
"""


class World:
    def __init__(self, tocsin: Tocsin, sinks):
        self.tocsin = tocsin
        make_person(tocsin, "oncall", "On", "Call", "oncall@example.org")
        self.plan = tocsin.post("/plans", {"name": "Deliveries"})
        self.form = make_form(tocsin, self.plan, "Any", {"Summary": True})
        self.inbound = make_inbound(tocsin, self.plan, self.form, "in", SCRIPT)
        self.sink = sinks.sink("dead", always(503))
        self.dead = self.outbound("dead", self.sink, retrySchedule=[])

    def outbound(self, name: str, sink, trigger: str = "STATUS", **changes) -> dict:
        changes.setdefault("retrySchedule", [1])
        return make_outbound(
            self.tocsin, self.plan, self.form, name, trigger, sink.url, f"/{name.replace(' ', '-')}", **changes
        )

    def alert(self, summary: str) -> dict:
        """An alert with a history of four events that set off STATUS."""
        alert = self.tocsin.alert_of(self.tocsin.accepted(self.inbound, {"summary": summary}))
        for status in ("SUSPENDED", "ACTIVE", "TERMINATED"):
            self.tocsin.set_status(alert, status)
        return alert

    def wait(self, integration: dict, status: str, count: int, **parameters) -> list[dict]:
        def find():
            rows = self.tocsin.pages("/deliveries", integration=integration["id"], **parameters)
            assert [r["status"] for r in rows] == [status] * count, [(r["status"], r.get("detail")) for r in rows]
            return rows

        return wait_until(find, 40, f"{count} deliveries to {integration['name']} are {status}")


@pytest.fixture(scope="module")
def world(tocsin, sinks) -> World:
    return World(tocsin, sinks)


@pytest.fixture(scope="module")
def alerts(world) -> list[dict]:
    """Three alerts whose webhooks are all dead letters."""
    alerts = [world.alert(f"Alert {number}") for number in range(3)]
    world.wait(world.dead, "EXHAUSTED", 12)
    return alerts


def run(deployment, *arguments: str, status: int = 0) -> str:
    done = subprocess.run(
        [executable("tocsin"), "deliveries", *arguments, "--url", deployment.api_url, "--user", ":".join(ADMIN)],
        capture_output=True, text=True, timeout=60,
    )
    assert done.returncode == status, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


class Console:
    """A session of the console without a browser."""

    def __init__(self, tocsin: Tocsin):
        self.base = tocsin.api
        self.session = requests.Session()
        page = self.session.get(f"{self.base}/console/sign-in", timeout=30)
        form = Form(page)
        answer = self.session.post(
            form.url, data=form.fields | {"login": ADMIN[0], "password": ADMIN[1]}, timeout=30
        )
        assert answer.ok, answer.text

    def get(self, path: str) -> requests.Response:
        answer = self.session.get(self.base + path, timeout=30)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return answer

    def post(self, page: requests.Response, path: str, **fields: str) -> requests.Response:
        csrf = re.findall(r'name="csrf" value="([^"]*)"', page.text)[-1]
        answer = self.session.post(self.base + path, data={"csrf": csrf} | fields, timeout=30)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:500]}"
        return answer


def order_of(sink, alert: dict) -> list[str]:
    return [r.json["status"] for r in sink.received if r.json["eventIdentifier"] == int(alert["eventId"])]


def test_dead_letters_are_found_and_redriven_in_order_after_a_dry_run(deployment, tocsin, world, alerts):
    assert tocsin.get("/deliveries", integration="dead", status="EXHAUSTED", limit=5)["total"] == 12
    first = {r.webhook_id: r.body for r in world.sink.received}
    assert len(first) == 12 and all(len(order_of(world.sink, a)) == 4 for a in alerts)

    # By hand nothing is changed yet.
    dry = tocsin.post("/deliveries/redrive", {"integration": world.dead["id"], "dryRun": True})
    assert dry["total"] == 12 and len(dry["sample"]) == 10
    listed = json.loads(run(deployment, "redrive", "--integration", "dead", "--dry-run", "--json"))
    assert listed["total"] == 12
    assert "12 would be sent again" in run(deployment, "redrive", "--plan", "Deliveries", "--dry-run")
    assert len(world.sink) == 12

    world.sink.behaviour = healthy
    world.sink.clear()
    begin = time.monotonic()
    # One alert by its number, then all that is left, at a rate.
    assert "4 of 4: sent again." in run(deployment, "redrive", "--event", alerts[1]["eventId"])
    ordered = tocsin.post("/deliveries/redrive", {"integration": world.dead["id"], "rate": 4})
    assert ordered["ordered"] == 8
    delivered = world.wait(world.dead, "DELIVERED", 12)
    assert time.monotonic() - begin >= 1.7, "8 deliveries at 4 a second"
    assert {r.webhook_id: r.body for r in world.sink.received} == first
    for alert in alerts:
        assert order_of(world.sink, alert) == STATUSES
    assert "0 of 0" in run(deployment, "redrive", "--integration", "dead", status=1), "nothing is left"

    history = tocsin.get(f"/deliveries/{delivered[0]['id']}")["history"]
    kinds = [line["kind"] for line in history]
    assert kinds[:3] == ["REQUESTED", "ATTEMPTED", "EXHAUSTED"] and kinds[-2:] == ["ATTEMPTED", "DELIVERED"], kinds
    redriven = next(line for line in history if line["kind"] == "REDRIVEN")
    assert redriven["by"]["targetName"] == "admin"
    shown = run(deployment, "show", delivered[0]["id"])
    assert "HTTP 503" in shown and "HTTP 200" in shown and "eventIdentifier" in shown
    page = Console(tocsin).get(f"/console/deliveries/{delivered[0]['id']}").text
    assert "HTTP 503" in page and "is tried again" in page and "has it" in page


def test_a_new_integration_gets_the_history_in_order(deployment, tocsin, world, alerts, sinks):
    sink = sinks.sink("newcomer")
    newcomer = world.outbound("newcomer", sink)
    since = alerts[0]["created"]
    dry = tocsin.post("/replays", {"integration": newcomer["id"], "since": since, "dryRun": True})
    assert dry["total"] == 12 and dry["isComplete"], dry
    assert "12 would be sent" in run(deployment, "replay", "newcomer", "--since", since, "--dry-run")
    assert len(sink) == 0

    begun = json.loads(
        run(deployment, "replay", "newcomer", "--since", since, "--rate", "6", "--id", "first", "--json")
    )
    assert begun["status"] == "RUNNING"
    again = json.loads(run(deployment, "replay", "newcomer", "--since", since, "--id", "first", "--json"))
    assert again["id"] == "first", "a repeated command begins no second"

    def done():
        replay = tocsin.get("/replays/first")
        assert replay["status"] == "DONE", replay
        return replay

    replay = wait_until(done, 60, "the replay is done")
    assert replay["sent"] == 12 and replay["scanned"] == replay["events"]
    world.wait(newcomer, "DELIVERED", 12, replay="first")
    for alert in alerts:
        assert order_of(sink, alert) == STATUSES
    assert len({r.webhook_id for r in sink.received}) == 12
    # All of it has been sent: a second replay sends nothing.
    assert tocsin.post("/replays", {"integration": newcomer["id"], "since": since, "dryRun": True})["passedOver"] == 12
    assert "Done" in Console(tocsin).get("/console/replays/first").text


def test_what_waits_is_given_up_by_a_person(deployment, tocsin, world, sinks):
    sink = sinks.sink("slow", always(500))
    waiting = world.outbound("waiting", sink, retrySchedule=[3600])
    alert = world.alert("Waits")
    rows = world.wait(waiting, "PARKED", 4)
    assert {r["reason"] for r in rows} == {"retry", "behind"}
    head = next(r for r in rows if r["reason"] == "retry")
    sink.behaviour = healthy
    assert "1 of 1: given up." in run(deployment, "cancel", head["id"])

    def through():
        found = tocsin.pages("/deliveries", integration=waiting["id"], event=alert["eventId"])
        assert sorted(r["status"] for r in found) == ["CANCELLED"] + ["DELIVERED"] * 3, found
        return True

    wait_until(through, 30, "the others go on")
    assert "given up by admin" in run(deployment, "list", "--integration", "waiting", "--status", "CANCELLED")
    assert order_of(sink, alert)[1:] == STATUSES[1:]


def test_why_is_answered_by_rest_command_and_page(deployment, tocsin, world, sinks):
    sink = sinks.sink("why")
    gone = sinks.sink("gone", lambda _: Answer(status=410))
    wanted = {
        "away": world.outbound("away", sink, deployed=False),
        "picky": world.outbound("picky", sink, trigger="RESPONSE", responseChoice="Resolve"),
        "gone": world.outbound("gone", gone),
        "talk": world.outbound("talk", sink, trigger="ANNOTATION"),
    }
    alert = world.alert("Why")
    first = tocsin.alert_of(tocsin.accepted(world.inbound, {"summary": "Answered"}))
    tocsin.post(f"/events/{first['id']}/responses", {"response": "Acknowledge"})
    later = world.outbound("later", sink)

    def explained():
        rows = tocsin.pages(f"/events/{alert['id']}/why")
        found = {r["integration"]["name"]: r["outcome"] for r in rows if r["sequence"] == 1}
        assert found["away"] == "NOT_DEPLOYED" and found["dead"] == "SENT", found
        assert found["gone"] == "DISABLED" and found["later"] == "CREATED_LATER", found
        behind = next(r for r in rows if r["integration"]["name"] == "gone" and r["sequence"] > 1)
        assert behind["outcome"] == "BEHIND" and behind["behind"], behind
        return rows

    rows = wait_until(explained, 30, "each event is explained")
    away = next(r for r in rows if r["integration"]["name"] == "away")
    versions = tocsin.pages(f"/integrations/{wanted['away']['id']}/configurations")
    assert away["configurationVersion"] == away["currentVersion"] == versions[0]["version"]
    assert versions[0]["configuration"]["deployed"] is False

    def answered():
        rows = tocsin.pages(f"/events/{first['id']}/why", integration="picky")
        found = {r["kind"]: r["outcome"] for r in rows}
        assert found.get("alert.responded") == "OTHER_ANSWER", found
        assert found["alert.created"] == "OTHER_TRIGGER", found
        return True

    wait_until(answered, 30, "the answer is not the one that it waits for")
    out = run(deployment, "why", alert["eventId"])
    for word in ("NOT_DEPLOYED", "the integration was not deployed", "DISABLED", "CREATED_LATER", "SENT"):
        assert word in out, out
    one = json.loads(run(deployment, "why", alert["eventId"], "--integration", "talk", "--json"))
    assert {r["outcome"] for r in one["data"] if r.get("triggeredBy") == "STATUS"} == {"OTHER_TRIGGER"}
    failed = run(deployment, "why", "999999", status=2)
    assert "There is no event 999999" in failed
    page = Console(tocsin).get(f"/console/alerts/{alert['id']}").text
    for word in ("Not deployed", "the integration was not deployed", "Out of service", "Made later"):
        assert word in page, word
    assert later["id"]


def test_the_pages_order_after_a_dry_run(tocsin, world, alerts, sinks):
    console = Console(tocsin)
    sink = sinks.sink("paged", always(500))
    paged = world.outbound("paged", sink, retrySchedule=[])
    world.alert("Pages")
    world.wait(paged, "EXHAUSTED", 4)
    assert "to outbound integrations" in console.get("/console/dead-letters").text
    listed = console.get(f"/console/deliveries?status=EXHAUSTED&integration={paged['id']}")
    assert "Send these again" in listed.text
    dry = console.get(f"/console/deliveries/order?action=redrive&status=EXHAUSTED&integration={paged['id']}")
    assert "Send 4 again" in dry.text
    sink.behaviour = healthy
    console.post(
        dry, "/console/deliveries/order", action="redrive", status="EXHAUSTED", integration=paged["id"], rate="50"
    )
    world.wait(paged, "DELIVERED", 4)
