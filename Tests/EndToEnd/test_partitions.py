"""The number of partitions is raised from 4 to 8 under load: every webhook arrives once, in the order of its alert, for
alerts that began before the raise and have events after it, too.

TOCSIN_TEST_RAISE_RATE (12) says how many requests a second there are meanwhile.
"""

import os
import subprocess
import time
from datetime import datetime, timezone

import pytest

from conftest import run_deployment
from deployments import ADMIN, KINDS
from history import LIFE, Steering, arrivals, body_of, count, make_workflow, warm_up
from load import Load
from processes import executable, wait_until

RATE = float(os.environ.get("TOCSIN_TEST_RAISE_RATE", "12"))
# How long there is load before the raise, and once it has taken effect.
BEFORE_SECONDS, AFTER_SECONDS = 5, 15
OLD_ALERTS = 12


@pytest.fixture(scope="module", params=list(KINDS))
def deployment(request, executables, mail):
    # Each mail is counted by itself: no storm makes one of several.
    settings = {"TOCSIN_PARTITIONS": "4", "TOCSIN_NOTIFICATION_STORM_LIMIT": "0"}
    yield from run_deployment(request, request.param, mail, **settings)


def partitions(deployment, *arguments: str, status: int = 0) -> str:
    done = subprocess.run(
        [executable("tocsin"), "partitions", *arguments, "--url", deployment.api_url, "--user", ":".join(ADMIN)],
        capture_output=True, text=True, timeout=60,
    )
    assert done.returncode == status, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def generation(alert: dict) -> int:
    """Of the partitions, as the id says it."""
    digits = alert["id"].replace("-", "")
    assert digits[12] == "7", f"{alert['id']} has no time"
    return int(digits[13:16], 16)


def log_partitions(deployment) -> set[str]:
    return set(deployment.column("SELECT partition_name FROM log_partitions WHERE partition_name LIKE 'alert/%'"))


def seconds_until(text: str) -> float:
    time_of = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (time_of - datetime.now(timezone.utc)).total_seconds()


def test_partitions_are_raised_under_load(deployment, tocsin, sinks, mail, measured):
    targets = [sinks.sink("one"), sinks.sink("two")]
    inbound = make_workflow(tocsin, {sink.name: sink.url for sink in targets})
    warm_up(tocsin, inbound, targets)

    requests = [tocsin.accepted(inbound, {"signal": f"old {n}", "attempt": f"old {n}"}) for n in range(OLD_ALERTS)]
    old = [tocsin.alert_of(request) for request in requests]
    for alert in old:
        tocsin.set_status(alert, "SUSPENDED")
    before = {alert["eventId"] for alert in tocsin.pages("/events")}
    assert {generation(alert) for alert in old} == {0}
    assert not log_partitions(deployment) & {f"alert/{n}" for n in range(4, 8)}

    load = Load(tocsin.trigger_url(inbound), RATE, body_of, workers=8)
    steering = Steering(deployment.client(), load)
    steering.start()
    try:
        time.sleep(BEFORE_SECONDS)
        partitions(deployment, "raise", "8")
        schedule = tocsin.get("/partitions")
        assert [row["count"] for row in schedule["generations"]] == [4, 8]
        wait = seconds_until(schedule["generations"][-1]["since"])
        for half in (old[: OLD_ALERTS // 2], old[OLD_ALERTS // 2 :]):
            # Some while the raise is on its way, some when it has taken effect.
            for alert in half:
                tocsin.set_status(alert, "ACTIVE")
                tocsin.set_status(alert, "TERMINATED")
            time.sleep(max(0, wait))
            wait = 0
        time.sleep(AFTER_SECONDS)
        load.finish(60)
    finally:
        load._is_over.set()
    steering.finish()

    result = count(tocsin, load, targets, mail, steering.steered, strikes=[], before=before)
    assert not load.refusals, load.refusals
    assert not result.broken, f"{result.broken}: {result.examples}"
    assert result.repeats_in_doubt == result.mail_repeats_in_doubt == 0
    for sink in targets:
        wait_until(
            lambda: all(arrivals(sink).get(alert["eventId"]) == LIFE for alert in old), 60,
            f"{sink.name} has the whole life of each old alert in order",
        )
        ids = [request.webhook_id for request in sink.received]
        assert len(ids) == len(set(ids)), f"{sink.name}: {len(ids) - len(set(ids))} webhooks came twice"
    alerts = [alert for alert in tocsin.pages("/events") if alert["eventId"] not in before]
    generations = [generation(alert) for alert in alerts]
    assert set(generations) == {0, 1}, "there was load before the raise and after it"
    assert log_partitions(deployment) >= {f"alert/{n}" for n in range(8)}, "new alerts are spread over all partitions"
    measured(
        f"{deployment.kind}: {result.alerts} alerts while 4 partitions became 8, {generations.count(1)} of them spread "
        f"over 8; {result.webhooks} webhooks, each once and in order; longest gap between two 202s: "
        f"{load.longest_gap:.2f} s"
    )


def test_what_cannot_be_is_refused(deployment):
    """After the above."""
    for wanted, reason in {"4": "cannot be lowered", "8": "as many as there are", "257": "256"}.items():
        assert reason in partitions(deployment, "raise", wanted, status=2)
    shown = partitions(deployment, "show")
    assert [line.split()[:2] for line in shown.splitlines()[1:3]] == [["0", "4"], ["1", "8"]]


def test_the_setting_does_not_change_it_back(deployment, tocsin):
    """Started again, with the setting as it was at first."""
    deployment.restart("SIGTERM")
    assert tocsin.get("/partitions")["count"] == 8
