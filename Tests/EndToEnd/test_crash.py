"""kill -9 of each process in turn, of the database too, and a broker that goes away, under load: nothing is lost.

TOCSIN_TEST_LOAD_SECONDS (30) and TOCSIN_TEST_LOAD_RATE (50) say how long and how much. The load goes on until every
process has been killed, however long that takes.
"""

import os
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field

import pytest
import requests

from conftest import run_deployment
from deployments import SeparateProcesses
from history import LIFE, MAILED, SETTLE_SECONDS, STEERED, Steering, arrivals, body_of, mails_by_alert, make_workflow
from history import warm_up
from load import Load
from processes import wait_until
from sinks import Sink
from tocsin import Tocsin

SECONDS = float(os.environ.get("TOCSIN_TEST_LOAD_SECONDS", "30"))
RATE = float(os.environ.get("TOCSIN_TEST_LOAD_RATE", "50"))
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


@pytest.mark.slow
def test_nothing_is_lost_when_processes_are_killed_under_load(deployment, tocsin, sinks, mail, measured):
    targets = {name: sinks.sink(name) for name in ("one", "two", "three")}
    inbound = make_workflow(tocsin, {name: sink.url for name, sink in targets.items()})
    warm_up(tocsin, inbound, list(targets.values()))

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


def check_mails(mail, load: Load, alerts: dict[str, dict]) -> str:
    wanted = {n for n, alert in alerts.items() if int(alert["properties"]["Signal#en"]) % MAILED == 0}
    # Alerts that ended before their mail was due have none.
    wanted = {n for n in wanted if int(alerts[n]["properties"]["Signal#en"]) % STEERED != 0}

    wait_until(lambda: wanted <= set(mails_by_alert(mail)), SETTLE_SECONDS, f"{len(wanted)} mails", every=1)
    repeats = {n: c for n, c in mails_by_alert(mail).items() if c > 1}
    return f"{len(wanted)} mails wanted, all sent; {len(repeats)} of them twice: their attempts were in doubt"


def test_a_process_that_is_killed_comes_back_with_what_it_had(deployment, tocsin):
    """After all of the above, the deployment is whole: every process is ready and says so."""
    for process in deployment.processes.values():
        for path in ("/health/live", "/health/ready", "/metrics"):
            answer = requests.get(process.url + path, timeout=10)
            assert answer.status_code == 200, f"{process.name}{path}: {answer.status_code} {answer.text}"
        assert process.starts == 2
