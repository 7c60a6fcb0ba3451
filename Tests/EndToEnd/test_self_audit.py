"""The self-audit: services stand still, somebody is paged past them, and told when it is over.

TOCSIN_TEST_STOP_SECONDS (20) says how long the alert engine stands still.
"""

import os
import re
import time

import pytest
import requests

from conftest import run_deployment
from processes import wait_until
from workflow import make_form, make_inbound, make_person

STOP_SECONDS = float(os.environ.get("TOCSIN_TEST_STOP_SECONDS", "20"))
BOUND = 10  # seconds: TOCSIN_AUDIT_OVERDUE
PAGER = "pager@example.org"
SCRIPT = """\
var body = JSON.parse(request.body);
trigger.properties = { 'Signal': body.signal };
trigger.recipients = [{ 'id': 'oncall' }];
if (body.minutes) { trigger.expirationInMinutes = body.minutes; }
form.post(trigger);
"""


@pytest.fixture(scope="module")
def pages(sinks):
    """Where the self-audit posts its pages."""
    return sinks.sink("pages of the self-audit")


@pytest.fixture(scope="module")
def deployment(request, executables, mail, pages):
    yield from run_deployment(
        request, "separate-processes", mail, TOCSIN_AUDIT_EMAIL=PAGER, TOCSIN_AUDIT_URL=pages.url + "/page?key=k",
        TOCSIN_AUDIT_INTERVAL="1", TOCSIN_AUDIT_OVERDUE=str(BOUND), TOCSIN_AUDIT_CLEAR_AFTER="3",
    )


@pytest.fixture(scope="module")
def inbound(tocsin):
    make_person(tocsin, "oncall", "On", "Call", "oncall@example.org")
    plan = tocsin.post("/plans", {"name": "Watched"})
    form = make_form(tocsin, plan, "Watched", {"Signal": True})
    inbound = make_inbound(tocsin, plan, form, "Watched in", SCRIPT)
    tocsin.alert_of(tocsin.accepted(inbound, {"signal": "warm"}), seconds=60)
    return inbound


def findings(deployment) -> dict[str, int]:
    """As the audit's own metrics have them."""
    answer = requests.get(deployment.processes["self-audit"].url + "/metrics", timeout=10)
    found = re.findall(r'^tocsin_audit_findings\{kind="(\w+)"\} (\d+)', answer.text, re.M)
    return {kind: int(count) for kind, count in found if count != "0"}


def pages_about(pages, part: str, kind: str) -> list[dict]:
    return [r.json for r in pages.received if kind in [finding["kind"] for finding in r.json[part]]]


def pages_at(pages, part: str, kind: str) -> float:
    """When the first of them came, in seconds of the monotonic clock."""
    return next(r.at for r in pages.received if kind in [f["kind"] for f in r.json[part]]) / 1e9


def wait_page(pages, part: str, kind: str, seconds: float) -> dict:
    return pages.wait_for(
        lambda r: kind in [finding["kind"] for finding in r.json[part]], seconds=seconds, what=f"{part}: {kind}"
    )[0].json


def wait_mail(mail, part: str, seconds: float = 10):
    return mail.wait_for(lambda m: m.recipients == [PAGER] and part in m.subject, seconds, f"about {part}")


def wait_handed_over(tocsin):
    """Every page so far, to both targets, and that is recorded."""

    def statuses():
        return {d["status"] for n in tocsin.get("/self-audit")["notices"]["data"] for d in n["deliveries"]}

    wait_until(lambda: statuses() == {"DELIVERED"}, 20, "every page is handed over, by mail and by HTTP")


def engines(deployment):
    return [process for name, process in deployment.processes.items() if name.startswith("alert-engine")]


def go_on(*processes):
    """Lets them go on. One that has been away for so long that its group has given it up ends, and is started anew, as
    by any supervisor."""
    for process in processes:
        process.go_on()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        for process in processes:
            if not process.is_running:
                process.start()
        time.sleep(0.2)
    for process in processes:
        process.wait_ready()


def test_it_is_ready_and_finds_nothing(deployment, tocsin, inbound):
    audit = deployment.processes["self-audit"]
    ready = requests.get(audit.url + "/health/ready", timeout=10).json()
    assert ready["checks"] == {"audit": "UP", "database": "UP"}, "the broker is not needed"
    wait_until(lambda: tocsin.get("/self-audit")["checked"], 10, "a check")
    assert findings(deployment) == {}


def test_an_engine_that_stands_still_is_paged_and_taken_back(deployment, tocsin, inbound, pages, mail, measured):
    pages.clear()
    for engine in engines(deployment):
        engine.hold()
    stopped = time.monotonic()
    requests_made = [tocsin.accepted(inbound, {"signal": f"while it stood still {n}"}) for n in range(5)]
    page = wait_page(pages, "raised", "alertsMissing", BOUND + 20)
    noticed = time.monotonic() - stopped
    finding = next(f for f in page["raised"] if f["kind"] == "alertsMissing")
    assert 1 <= finding["count"] <= 5
    assert finding["rule"] in page["text"] and page["installation"] == deployment.settings["TOCSIN_PUBLIC_URL"]
    found = wait_mail(mail, "alertsMissing")
    assert found.was_encrypted and f"{finding['kind']}: {finding['rule']}" in found.text
    wait_until(lambda: findings(deployment).get("alertsMissing") == 5, 10, "five alerts are missing")

    # A restart of the audit, however rude, says nothing twice of which it knows the answer.
    wait_handed_over(tocsin)
    audit = deployment.processes["self-audit"]
    audit.kill()
    audit.start().wait_ready()
    time.sleep(max(3, STOP_SECONDS - (time.monotonic() - stopped)))
    assert findings(deployment).get("alertsMissing") == 5
    resumed = time.monotonic()
    go_on(*engines(deployment))
    for request_id in requests_made:
        tocsin.alert_of(request_id, seconds=60)
    wait_page(pages, "cleared", "alertsMissing", 30)
    cleared = pages_at(pages, "cleared", "alertsMissing") - resumed
    wait_mail(mail, "over: alertsMissing")
    for part in ("raised", "cleared"):
        about = pages_about(pages, part, "alertsMissing")
        assert len(about) == 1, f"{part}: {about}"

    shown = tocsin.get("/self-audit")
    assert "alertsMissing" not in [f["kind"] for f in shown["findings"]]
    notices = shown["notices"]["data"]
    assert {page["id"]} <= {notice["id"] for notice in notices}

    wait_handed_over(tocsin)
    measured(
        f"the engine stood still for {resumed - stopped:.0f} s: paged {noticed:.1f} s after it stopped (bound {BOUND} s), "
        f"taken back {cleared:.1f} s after it went on"
    )


def test_a_notifier_that_stands_still_is_paged_and_taken_back(deployment, tocsin, inbound, pages, mail):
    pages.clear()
    wait_until(lambda: not findings(deployment), 30, "nothing is found")
    notifier = deployment.processes["notifier"]
    notifier.hold()
    alert = tocsin.alert_of(tocsin.accepted(inbound, {"signal": "for later"}), seconds=30)
    page = wait_page(pages, "raised", "consumersBehind", BOUND + 20)
    finding = next(f for f in page["raised"] if f["kind"] == "consumersBehind")
    assert "notifier alert/" in finding["detail"] and "webhook-dispatcher" not in finding["detail"]
    go_on(notifier)
    mail.wait_for(lambda m: m.recipients == ["oncall@example.org"] and alert["eventId"] in m.text, 60, "the message")
    wait_page(pages, "cleared", "consumersBehind", 60)


@pytest.mark.slow
def test_a_broker_that_is_away_is_paged_and_taken_back(deployment, tocsin, inbound, pages):
    pages.clear()
    wait_until(lambda: not findings(deployment), 60, "nothing is found")
    alert = tocsin.alert_of(tocsin.accepted(inbound, {"signal": "short", "minutes": 1}), seconds=30)
    wait_until(lambda: [r for r in tocsin.pages(f"/events/{alert['id']}/user-deliveries")
                        if r["deliveryStatus"] == "DELIVERED"], 30, "its message is delivered")
    # This broker loses what it acknowledges while it saves; its clients are held meanwhile, as in test_crash.
    others = [process for name, process in deployment.processes.items() if name != "self-audit"]
    for process in others:
        process.hold()
    time.sleep(0.3)
    deployment.broker.stop()
    for process in others:
        process.go_on()
    try:
        wait_page(pages, "raised", "brokerAway", 60 + BOUND + 20)
        # Without a broker the database says who owns the alert's partition, and it expires at its time.
        assert tocsin.wait_status(alert, "TERMINATED", seconds=90)
        audit = deployment.processes["self-audit"]
        assert requests.get(audit.url + "/health/ready", timeout=10).status_code == 200
    finally:
        deployment.broker.start()
    deployment.wait_ready()
    wait_page(pages, "cleared", "brokerAway", 60)
