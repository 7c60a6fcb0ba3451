"""kill -9 of each process in turn, of the database too, and a broker that goes away, under load: nothing is lost.

TOCSIN_TEST_LOAD_SECONDS (30) and TOCSIN_TEST_LOAD_RATE (50) say how long and how much. The load goes on until every
process has been killed, however long that takes.
"""

import os
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field

import pytest
import requests

from conftest import run_deployment
from deployments import SeparateProcesses
from load import Load
from processes import wait_until
from sinks import Sink
from tocsin import Refused, Tocsin
from workflow import make_form, make_inbound, make_outbound, make_person

SECONDS = float(os.environ.get("TOCSIN_TEST_LOAD_SECONDS", "30"))
RATE = float(os.environ.get("TOCSIN_TEST_LOAD_RATE", "50"))
# How long everything may take to arrive after the last restart.
SETTLE_SECONDS = 240
# One signal in so many is steered through its life by REST, one in so many is mailed to somebody.
STEERED, MAILED = 20, 25

SCRIPT = """\
var body = JSON.parse(request.body);
trigger.properties = { 'Signal': String(body.signal), 'Attempt': body.attempt };
if (body.recipient) { trigger.recipients = [{ 'id': body.recipient }]; }
form.post(trigger);
"""
LIFE = ["active", "suspended", "active", "terminated_external"]


@pytest.fixture(scope="module")
def deployment(request, executables, mail):
    # Each mail is counted by itself: no storm makes one of several.
    yield from run_deployment(request, "separate-processes", mail, TOCSIN_NOTIFICATION_STORM_LIMIT="0")


@dataclass
class Crashes:
    """Kills one after the other, each when the one before works again."""

    deployment: SeparateProcesses
    done: list[str] = field(default_factory=list)

    def run(self, seconds: float):
        # The database three times: what is under way in its transactions differs, and some of it is rare.
        processes = list(self.deployment.processes)
        victims = ["PostgreSQL", *processes[:4], "PostgreSQL", *processes[4:], "broker", "PostgreSQL"]
        started = time.monotonic()
        for index, victim in enumerate(victims):
            due = started + seconds * (index + 0.5) / len(victims)
            time.sleep(max(0, due - time.monotonic()))
            began = time.monotonic()
            self._strike(victim)
            self.done.append(f"{victim} at {began - started:.1f} s, back after {time.monotonic() - began:.1f} s")
        time.sleep(max(0, started + seconds - time.monotonic()))

    def _strike(self, victim: str):
        if victim == "PostgreSQL":
            self.deployment.postgres.kill()
            self.deployment.postgres.start()
            self.deployment.wait_ready()
        elif victim == "broker":
            # This broker goes on acknowledging while it saves, and loses that; Kafka does not. So its clients are held
            # while it saves. Then it is away for a while, under load.
            processes = list(self.deployment.processes.values())
            for process in processes:
                process.hold()
            time.sleep(0.3)  # what is under way between them and the broker arrives
            self.deployment.broker.stop()
            for process in processes:
                process.go_on()
            time.sleep(2)  # the outage
            self.deployment.broker.start()
            self.deployment.wait_ready()
        else:
            self.deployment.processes[victim].kill()
            self.deployment.processes[victim].start().wait_ready()


class Steering(threading.Thread):
    """Suspends, resumes and terminates the alerts of some requests, as an operator's tooling would, with retries."""

    def __init__(self, tocsin: Tocsin, load: Load):
        super().__init__(daemon=True)
        self._tocsin, self._load = tocsin, load
        self._is_over = threading.Event()
        self.steered: set[str] = set()
        self.problems: list[str] = []

    def finish(self):
        self._is_over.set()
        self.join(SETTLE_SECONDS)
        assert not self.is_alive(), f"steering hangs after {len(self.steered)} alerts"
        assert not self.problems, self.problems

    def run(self):
        seen = 0
        while True:
            is_last = self._is_over.is_set()
            batch = self._load.accepted[seen:]
            seen += len(batch)
            for accepted in batch:
                if accepted.signal % STEERED == 0:
                    self._steer(accepted.request_id)
            if is_last and seen == len(self._load.accepted):
                return
            time.sleep(0.05)

    def _steer(self, request_id: str):
        try:
            alert = self._tocsin.alert_of(request_id, seconds=SETTLE_SECONDS)
            for status in ("SUSPENDED", "ACTIVE", "TERMINATED"):
                wait_until(lambda: self._set(alert, status), SETTLE_SECONDS, f"{status} of {alert['eventId']}", 0.2)
            self.steered.add(alert["eventId"])
        except AssertionError as error:
            self.problems.append(str(error))

    def _set(self, alert: dict, status: str) -> bool:
        try:
            self._tocsin.set_status(alert, status)
        except Refused as refused:
            # An answer that was lost: the alert has ended already.
            return refused.status == 409 and status == "TERMINATED"
        return True


@pytest.mark.slow
def test_nothing_is_lost_when_processes_are_killed_under_load(deployment, tocsin, sinks, mail, measured):
    make_person(tocsin, "oncall", "On", "Call", "oncall@example.org")
    plan = tocsin.post("/plans", {"name": "Load"})
    form = make_form(tocsin, plan, "Load", {"Signal": True, "Attempt": True})
    inbound = make_inbound(tocsin, plan, form, "Load in", SCRIPT)
    targets = {name: sinks.sink(name) for name in ("one", "two", "three")}
    for name, sink in targets.items():
        make_outbound(tocsin, plan, form, name, "STATUS", sink.url, "/load", retrySchedule=[1, 1, 2, 2] + [5] * 20)
    warm_up(tocsin, inbound, targets)

    load = Load(tocsin.trigger_url(inbound), RATE, body_of)
    steering = Steering(deployment.client(), load)
    steering.start()
    crashes = Crashes(deployment)
    try:
        crashes.run(SECONDS)
        load.finish(60)
    finally:
        load._is_over.set()
    steering.finish()

    settling = time.monotonic()
    alerts = check_alerts(tocsin, load)
    reports = [check_sink(sink, alerts, steering.steered) for sink in targets.values()]
    mails = check_mails(mail, load, alerts)
    report = "\n".join(
        [
            f"{load.signals} signals in {load.seconds:.0f} s ({load.signals / load.seconds:.0f}/s), "
            f"{load.attempts} requests, {len(load.accepted)} answered 202, others: {load.refusals or 'none'}",
            f"{len(alerts)} alerts, of which {len(alerts) - len(load.accepted)} of requests whose answer was lost "
            f"({load.in_doubt} in doubt); {len(steering.steered)} steered to their end",
            *reports,
            mails,
            f"longest gap between two 202s: {load.longest_gap:.2f} s; settled {time.monotonic() - settling:.0f} s "
            "after the load",
            *(f"killed {line}" for line in crashes.done),
        ]
    )
    measured(report)


def body_of(signal: int, attempt: int) -> dict:
    body = {"signal": signal, "attempt": f"{signal}/{attempt}"}
    return body | {"recipient": "oncall"} if signal % MAILED == 0 else body


def warm_up(tocsin: Tocsin, inbound: dict, targets: dict[str, Sink]):
    """The first request finds cold caches and an idle broker; it is no part of the count."""
    tocsin.alert_of(tocsin.accepted(inbound, {"signal": "warm", "attempt": "warm"}), seconds=60)
    for sink in targets.values():
        sink.wait_for(seconds=60)


def check_alerts(tocsin: Tocsin, load: Load) -> dict[str, dict]:
    """Every 202 has exactly one alert, and no attempt has two. By eventId."""
    wanted = {accepted.request_id for accepted in load.accepted}
    assert len(wanted) == len(load.accepted), "a requestId was given twice"
    least = len(wanted) + 1
    wait_until(lambda: tocsin.get("/events", limit=1)["total"] >= least, SETTLE_SECONDS, f"{least} alerts", every=1)
    alerts = [a for a in tocsin.pages("/events", embed="properties") if a["properties"]["Attempt#en"] != "warm"]

    per_request = Counter(alert["requestId"] for alert in alerts)
    without = wanted - set(per_request)
    assert not without, f"{len(without)} of {len(wanted)} accepted requests have no alert: {sorted(without)[:5]}"
    twice = {request: count for request, count in per_request.items() if count > 1}
    assert not twice, f"more than one alert for {twice}"
    attempts = Counter(alert["properties"]["Attempt#en"] for alert in alerts)
    assert max(attempts.values()) == 1, f"attempts with several alerts: {attempts.most_common(3)}"
    extra = set(per_request) - wanted
    assert len(extra) <= load.in_doubt, f"{len(extra)} alerts of requests that were refused, {load.in_doubt} in doubt"
    return {alert["eventId"]: alert for alert in alerts}


def check_sink(sink: Sink, alerts: dict[str, dict], steered: set[str]) -> str:
    """Every event of every alert has arrived, in order; what is repeated has the same webhook-id."""
    expected = {number: LIFE if number in steered else LIFE[:1] for number in alerts}
    total = sum(len(life) for life in expected.values())

    def unique() -> int:
        return len({request.webhook_id for request in sink.received}) - 1  # the warm-up

    try:
        wait_until(lambda: unique() >= total, SETTLE_SECONDS, f"{total} webhooks at {sink.name}", every=1)
    except AssertionError:
        missing = [n for n, life in expected.items() if len(arrivals(sink).get(n, [])) < len(life)]
        raise AssertionError(f"{sink.name} misses events of {len(missing)} alerts, as of {missing[:5]}") from None

    found = arrivals(sink)
    bodies = defaultdict(set)
    for request in sink.received:
        bodies[request.webhook_id].add(request.body)
    assert all(len(same) == 1 for same in bodies.values()), "one webhook-id with several payloads"
    wrong = {n: found.get(n) for n, life in expected.items() if found.get(n) != life}
    assert not wrong, f"{sink.name}: {len(wrong)} alerts with other events than {LIFE}: {dict(list(wrong.items())[:5])}"
    times = sorted(request.at for request in sink.received)
    gap = max(later - earlier for earlier, later in zip(times, times[1:])) / 1e9
    return (
        f"sink {sink.name}: {total} webhooks, {len(sink) - 1 - total} repeats with the same webhook-id, "
        f"longest gap {gap:.2f} s"
    )


def arrivals(sink: Sink) -> dict[str, list[str]]:
    """The statuses of each alert in the order in which they first arrived."""
    found: dict[str, list[str]] = defaultdict(list)
    seen = set()
    for request in sink.received:
        if request.webhook_id not in seen:
            seen.add(request.webhook_id)
            payload = request.json
            found[str(payload["eventIdentifier"])].append(payload["status"])
    return found


def check_mails(mail, load: Load, alerts: dict[str, dict]) -> str:
    wanted = {n for n, alert in alerts.items() if int(alert["properties"]["Signal#en"]) % MAILED == 0}
    # Alerts that ended before their mail was due have none.
    wanted = {n for n in wanted if int(alerts[n]["properties"]["Signal#en"]) % STEERED != 0}

    def count() -> Counter:
        return Counter(line.split()[1].rstrip(",") for m in mail.mails for line in m.text.splitlines()
                       if line.startswith("Alert "))

    wait_until(lambda: wanted <= set(count()), SETTLE_SECONDS, f"{len(wanted)} mails", every=1)
    repeats = {n: c for n, c in count().items() if c > 1}
    return f"{len(wanted)} mails wanted, all sent; {len(repeats)} of them twice: their attempts were in doubt"


def test_a_process_that_is_killed_comes_back_with_what_it_had(deployment, tocsin):
    """After all of the above, the deployment is whole: every process is ready and says so."""
    for process in deployment.processes.values():
        for path in ("/health/live", "/health/ready", "/metrics"):
            answer = requests.get(process.url + path, timeout=10)
            assert answer.status_code == 200, f"{process.name}{path}: {answer.status_code} {answer.text}"
        assert process.starts == 2
