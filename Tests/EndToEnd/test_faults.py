"""Every fault of a network in turn, between the services and PostgreSQL, Kafka and a target, under load: nothing is
lost, nothing comes in another order, nothing hangs, and people are paged while the broker is away.

TOCSIN_TEST_FAULT_SECONDS (4) says how long each fault lasts, TOCSIN_TEST_FAULT_RATE (20) the signals a second.
"""

import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from conftest import run_deployment
from faultproxy import Fault
from history import Steering, Strike, body_of, count, make_workflow, mails_by_alert, warm_up
from load import Load
from processes import wait_until

SECONDS = float(os.environ.get("TOCSIN_TEST_FAULT_SECONDS", "4"))
RATE = float(os.environ.get("TOCSIN_TEST_FAULT_RATE", "20"))
SETTLE_SECONDS = 180
FAULTS = [Fault.DROP, Fault.DELAY, Fault.RESET, Fault.HALF_OPEN, Fault.TRICKLE]


@pytest.fixture(scope="module")
def deployment(request, executables, mail):
    yield from run_deployment(
        request, "proxied-processes", mail, TOCSIN_NOTIFICATION_STORM_LIMIT="0", TOCSIN_DATABASE_TIMEOUT="5",
    )


@pytest.fixture(scope="module")
def workflow(deployment, tocsin, sinks):
    """The inbound integration, the sinks, and the proxy before one of them."""
    targets = [sinks.sink(name) for name in ("straight", "proxied")]
    to_target = deployment.proxy_to("target", targets[1].port)
    urls = {"straight": targets[0].url, "proxied": f"http://127.0.0.1:{to_target.port}"}
    inbound = make_workflow(tocsin, urls)
    warm_up(tocsin, inbound, targets)
    return inbound, targets, to_target


@pytest.mark.slow
def test_without_a_broker_requests_are_taken_and_people_are_paged(deployment, tocsin, workflow, mail, measured):
    """Longer than any group waits for its members: what is sent in meanwhile is answered 202, makes an alert, is mailed
    to somebody, and reaches the targets, before the broker is back; and nothing more happens when it is."""
    inbound, sinks, _ = workflow
    known = {sink.name: {r.webhook_id for r in sink.received} for sink in sinks}
    with deployment.to_broker.suffering(Fault.DROP):
        began = time.monotonic()
        with ThreadPoolExecutor(8) as pool:
            ids = list(pool.map(lambda n: tocsin.accepted(inbound, body_of(25 * n, 1)), range(1, 9)))
        taken = time.monotonic() - began
        ready = requests.get(deployment.processes["ingest"].url + "/health/ready", timeout=10)
        assert ready.status_code == 200 and ready.json()["status"] == "DEGRADED", ready.text
        alerts = [tocsin.alert_of(request, seconds=60) for request in ids]
        numbers = {alert["eventId"] for alert in alerts}
        wait_until(lambda: numbers <= set(mails_by_alert(mail)), 60, "mails without a broker", every=0.5)
        for sink in sinks:
            wait_until(
                lambda: numbers <= {str(r.json["eventIdentifier"]) for r in sink.received}, 60,
                f"webhooks at {sink.name} without a broker", every=0.5)
        tocsin.set_status(alerts[0], "TERMINATED")
        paged = time.monotonic() - began
    for process in deployment.processes.values():
        wait_until(
            lambda: requests.get(process.url + "/health/ready", timeout=5).json()["status"] == "UP", 60,
            f"{process.name} is well again", every=0.5)
    # The way through the broker works again, and nothing of what was done is done again.
    after = tocsin.alert_of(tocsin.accepted(inbound, body_of(999, 1)), seconds=60)
    for sink in sinks:
        sink.wait_for(lambda r: str(r.json["eventIdentifier"]) == after["eventId"], seconds=60)
        fresh = [r.webhook_id for r in sink.received if r.webhook_id not in known[sink.name]]
        assert len(fresh) == len(set(fresh)), f"{sink.name} got something twice"
    assert all(mails_by_alert(mail)[number] == 1 for number in numbers)
    measured(f"without a broker: 8 requests taken within {taken:.1f} s, all paged within {paged:.1f} s of the outage")


@pytest.mark.slow
@pytest.mark.parametrize("where", ["broker", "database", "target"])
def test_nothing_is_lost_between_faulty_networks(deployment, tocsin, workflow, mail, measured, where):
    inbound, sinks, to_target = workflow
    proxy = {"broker": deployment.to_broker, "database": deployment.to_database, "target": to_target}[where]
    for sink in sinks:
        sink.clear()
    mail.clear()
    before = {alert["eventId"] for alert in tocsin.pages("/events")}
    load = Load(tocsin.trigger_url(inbound), RATE, body_of, workers=16)
    steering = Steering(deployment.client(), load)
    steering.start()
    strikes = []
    try:
        for fault in FAULTS:
            time.sleep(1)
            began = time.monotonic()
            with proxy.suffering(fault):
                time.sleep(SECONDS)
            strikes.append(Strike(f"{where}: {fault.value}", began, time.monotonic()))
        time.sleep(2)
        load.finish(90)
    finally:
        load._is_over.set()
    steering.finish()
    # An attempt's outcome is in doubt where the target or the database is out of reach, also for what was under way
    # when the last fault ended; the broker has no part in attempts.
    doubts = [] if where == "broker" else [Strike("all of it", strikes[0].began, time.monotonic())]
    found = count(tocsin, load, sinks, mail, steering.steered, doubts, SETTLE_SECONDS, before=before)
    if where == "target":
        ids = [request.webhook_id for request in sinks[0].received]
        assert len(ids) == len(set(ids)), "the other target has nothing to do with it, and got something twice"
    measured(
        f"faults before the {where}: {load.signals} signals, {found.accepted} answered 202, others "
        f"{load.refusals or 'none'}, {found.alerts} alerts, {found.webhooks} webhooks, {found.repeats_in_doubt} "
        f"repeats in doubt, {found.mails} mails, {found.mail_repeats_in_doubt} of them again; "
        f"longest gap {load.longest_gap:.1f} s"
    )
    assert not found.broken, f"{found.broken}: {found.examples[:10]}"


@pytest.mark.slow
def test_what_a_broker_loses_is_made_good(deployment, tocsin, workflow, mail, measured):
    """Killed with -9, this broker loses what it has confirmed in the last second or so; its offsets are given again."""
    inbound, sinks, _ = workflow
    for sink in sinks:
        sink.clear()
    mail.clear()
    before = {alert["eventId"] for alert in tocsin.pages("/events")}
    load = Load(tocsin.trigger_url(inbound), RATE, body_of, workers=16)
    try:
        for _ in range(2):
            time.sleep(SECONDS)
            deployment.broker.kill()
            deployment.broker.start()
        time.sleep(SECONDS)
        load.finish(90)
    finally:
        load._is_over.set()
    found = count(tocsin, load, sinks, mail, set(), [], SETTLE_SECONDS, before=before)
    cuts = deployment.column("SELECT count(*) FROM broker_cuts")[0]
    measured(
        f"a broker killed twice with -9: {found.accepted} answered 202, {found.alerts} alerts, "
        f"{found.webhooks} webhooks, {found.mails} mails; partitions found cut: {cuts}; "
        f"longest gap {load.longest_gap:.1f} s"
    )
    assert not found.broken, f"{found.broken}: {found.examples[:10]}"
