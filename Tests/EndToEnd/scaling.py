"""What a second and a fourth webhook dispatcher add, with targets that take their time, and what a kill does to order.

    python scaling.py [--dispatchers 1 2 4] [--targets 32] [--alerts 600] [--delay 50] [--concurrency 16] [--no-kill]

Separate processes on PostgreSQL and the broker, anew for each number of dispatchers. These are stopped, alerts are made
(each goes to every target, and one in ten is suspended, resumed and ended besides, so that there is an order to keep),
then they are started again, and the webhooks a second are counted without the first and the last 5 % of arrivals. One more
run has the largest number, of which one is killed with -9 in the middle and started again. Of each run it is checked that
everything arrived and that the webhooks of each alert came to each target in their order, and counted how many came more
than once. Targets answer after --delay ms; `of ceiling` is beside what targets x concurrency / delay allow: an integration
is one dispatcher's at a time. The CPUs in use say what else was the limit. Each run is bounded by --seconds for making
alerts, and twice that for delivering them.
"""

import argparse
import json
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass

from deployments import SeparateProcesses
from fan import SETTINGS, Fan, remove, wait_for_arrivals
from mail import MailServer
from measuring import Cost, table
from native import Arrival, FastSinks
from processes import Process, wait_until
from tocsin import Tocsin

LIFE = ["active", "suspended", "active", "terminated_external"]
STEERED = 10  # one alert in so many has a whole life


class Dispatchers(SeparateProcesses):
    """With one engine, and as many dispatchers as are wanted. They are made anew for another number: the broker of the
    tests never forgets a member of a group, and would keep partitions for those that are gone."""

    def __init__(self, mail: MailServer, count: int):
        self.EXECUTABLES = {
            "ingest": "ingest", "alert-engine": "alert-engine", "notifier": "notifier", "api": "api",
            **{f"webhook-dispatcher-{number}": "webhook-dispatcher" for number in range(1, count + 1)},
        }
        super().__init__("scaling", mail, **SETTINGS)

    @property
    def dispatchers(self) -> list[Process]:
        return [process for name, process in self.processes.items() if name.startswith("webhook-dispatcher")]

    def stop_dispatchers(self):
        for process in self.dispatchers:
            process.terminate()

    def start_dispatchers(self):
        for process in self.dispatchers:
            process.start()
        for process in self.dispatchers:
            process.wait_ready()


@dataclass
class Leg:
    name: str
    webhooks: int
    rate: float
    seconds: float  # from the start of the dispatchers to the last arrival
    first: float  # from their start to the first arrival
    dispatcher_cpu: float | None  # processors in use, all dispatchers together; not known when one was killed
    postgres_cpu: float
    other_cpu: float
    missing: int
    disordered: int
    repeated: int


def make_alerts(tocsin: Tocsin, fan: Fan, count: int, seconds: float):
    """Alerts from number 1, one in STEERED of them with a whole life, while no dispatcher runs."""
    before = tocsin.get("/events", limit=1)["total"]
    handed = fan.load(count, connections=8, seconds=seconds).finish()
    assert len(handed) == count, f"{len(handed)} of {count} requests were taken within {seconds} s"
    wait_until(
        lambda: tocsin.get("/events", limit=1)["total"] >= before + count, seconds, f"{count} alerts are made", 0.5)

    def live(alert: dict):
        for status in ("SUSPENDED", "ACTIVE", "TERMINATED"):
            tocsin.set_status(alert, status)

    alerts = tocsin.pages("/events", embed="properties")
    numbers = {int(alert["properties"]["Signal#en"][2:]): alert for alert in alerts}
    for number in range(STEERED, count + 1, STEERED):
        live(numbers[number])


def expected(number: int) -> list[str]:
    return LIFE if number % STEERED == 0 else LIFE[:1]


def judge(arrivals: list[Arrival], numbers: range, targets: int) -> tuple[int, int, int]:
    """How many webhooks are missing, how many pairs of alert and target are out of order, and how many came again."""
    seen: set[tuple[int, str]] = set()
    lives: dict[tuple[int, int], list[str]] = defaultdict(list)
    repeated = 0
    for arrival in arrivals:
        if arrival.number not in numbers:
            continue
        if (arrival.sink, arrival.webhook_id) in seen:
            repeated += 1
            continue
        seen.add((arrival.sink, arrival.webhook_id))
        lives[arrival.number, arrival.sink].append(json.loads(arrival.body)["status"])
    missing = disordered = 0
    for number in numbers:
        for sink in range(targets):
            wanted, found = Counter(expected(number)), lives.get((number, sink), [])
            lacking = sum((wanted - Counter(found)).values())
            missing += lacking
            # What is there has to be in the order of the whole, whatever is missing.
            disordered += not _is_within(found, expected(number))
    return missing, disordered, repeated


def _is_within(found: list[str], whole: list[str]) -> bool:
    left = iter(whole)
    return all(status in left for status in found)


def run(mail: MailServer, given: argparse.Namespace, dispatchers: int, kill: bool) -> Leg:
    sinks, deployment = FastSinks(given.targets), Dispatchers(mail, dispatchers)
    try:
        deployment.start()
        return deliver(deployment, sinks, given, kill)
    finally:
        remove(deployment)
        sinks.close()


def deliver(deployment: Dispatchers, sinks: FastSinks, given: argparse.Namespace, kill: bool) -> Leg:
    tocsin, numbers = deployment.client(), range(1, given.alerts + 1)
    urls = [sinks.url(index) for index in range(given.targets)]
    fan = Fan.make(tocsin, urls, delivery={"concurrency": given.concurrency})
    fan.warm_up(sinks)
    sinks.answer(0, given.targets - 1, 200, given.delay)
    deployment.stop_dispatchers()
    make_alerts(tocsin, fan, given.alerts, given.seconds)
    before, total = len(sinks), sum(len(expected(number)) for number in numbers) * given.targets

    started = time.monotonic()
    deployment.start_dispatchers()
    cost = Cost.of(deployment)
    at_start, began = cost.so_far(), time.monotonic()
    if kill:
        wait_for_arrivals(sinks, before + total // 3, given.seconds)
        deployment.dispatchers[0].kill_and_start()
    wait_for_arrivals(sinks, before + total, given.seconds)
    at_end, ended = cost.so_far(), time.monotonic()
    arrivals, deadline = [], time.monotonic() + given.seconds
    while True:
        # Some may have come twice before others came once.
        arrivals += sinks.arrivals()
        missing, disordered, repeated = judge(arrivals, numbers, given.targets)
        if not missing or time.monotonic() > deadline:
            break
        time.sleep(1)
    times = sorted(arrival.at for arrival in arrivals if arrival.number in numbers)
    edge = len(times) // 20
    rate = (len(times) - 2 * edge) / (times[-1 - edge] - times[edge])
    used = {name: (at_end[name] - at_start[name]) / (ended - began) for name in at_start}
    own = sum(used.pop(process) for process in list(used) if process.startswith("webhook-dispatcher"))
    count = len(deployment.dispatchers)
    return Leg(
        f"{count}, one killed" if kill else str(count), len(times), rate, times[-1] - started, times[0] - started,
        None if kill else own, used.pop("PostgreSQL"), sum(used.values()), missing, disordered, repeated)


def report(legs: list[Leg], ceiling: float) -> str:
    rows = [
        [leg.name, leg.webhooks, f"{leg.rate:.0f}", f"{leg.rate / legs[0].rate:.2f}", f"{leg.rate / ceiling:.2f}",
         f"{leg.first:.1f}", f"{leg.seconds:.1f}",
         "-" if leg.dispatcher_cpu is None else f"{leg.dispatcher_cpu:.2f}", f"{leg.postgres_cpu:.2f}",
         f"{leg.other_cpu:.2f}", leg.missing, leg.disordered, leg.repeated]
        for leg in legs
    ]
    return table(
        ["dispatchers", "webhooks", "a second", "x first", "of ceiling", "first after s", "all after s",
         "CPUs: dispatchers", "PostgreSQL", "others", "missing", "out of order", "repeated"], rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dispatchers", type=int, nargs="+", default=[1, 2, 4], help="at most 8")
    parser.add_argument("--targets", type=int, default=32)
    parser.add_argument("--alerts", type=int, default=600, help="for each run")
    parser.add_argument("--delay", type=int, default=50, help="milliseconds until a target answers")
    parser.add_argument("--concurrency", type=int, default=16, help="attempts of each integration at the same time")
    parser.add_argument("--seconds", type=float, default=300, help="what making, and delivering, may take in each run")
    parser.add_argument("--no-kill", action="store_true")
    given = parser.parse_args()
    print(
        f"{given.alerts} alerts x {given.targets} targets, each answers after {given.delay} ms, "
        f"{given.concurrency} attempts of an integration at a time", flush=True)
    mail, legs = MailServer(), []
    runs = [(count, False) for count in given.dispatchers]
    runs += [] if given.no_kill else [(max(given.dispatchers), True)]
    try:
        for count, kill in runs:
            legs.append(run(mail, given, count, kill))
            print(f"{legs[-1].name}: done", file=sys.stderr, flush=True)
    finally:
        mail.close()
        if legs:
            print(report(legs, given.targets * given.concurrency * 1000 / max(1, given.delay)))
    return 1 if any(leg.missing or leg.disordered for leg in legs) else 0


if __name__ == "__main__":
    sys.exit(main())
