"""What one idle snapshot, held open on PostgreSQL, takes away from throughput.

    python snapshot.py [--leg 60] [--pairs 2] [--targets 3] [--rate 0]

Separate processes on PostgreSQL and the broker. A backup, a report or a forgotten psql keeps rows from being cleaned up
that are dead for everybody else. Legs without and with such a session (REPEATABLE READ, has read once, then idles)
follow each other: without, with, without, with. In each, alerts come at --rate (0: a third more than what a burst before
has shown to go through), and webhooks are counted as they arrive, without the first tenth of the leg; then what is left
arrives, and tables are vacuumed, so that legs begin alike. Prints both rates, the loss, delays and how many dead rows
there were. Bounded by pairs x 2 x (2 x leg + 60 s), and two minutes.
"""

import argparse
import subprocess
import sys
import time
from dataclasses import dataclass

from deployments import SeparateProcesses
from fan import Fan, first_arrivals, running, wait_for_arrivals
from measuring import machine_busy, milliseconds, table
from native import FastSinks
from processes import environment, run, wait_until

BURST = 400
TABLES = ["log_partitions", "checkpoints", "due_work", "alerts", "activities", "webhook_deliveries", "command_results"]


class Snapshot:
    """A session that has read once, and idles in its transaction."""

    def __init__(self, url: str):
        self._psql = subprocess.Popen(
            ["psql", "--quiet", "--no-psqlrc", url], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
            env=environment(PGAPPNAME="snapshot"))
        self._psql.stdin.write("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM events;\n")
        self._psql.stdin.flush()
        self._url = url
        wait_until(self.is_held, 60, "the snapshot is held")

    def is_held(self) -> bool:
        query = (
            "SELECT 1 FROM pg_stat_activity WHERE application_name = 'snapshot' AND state = 'idle in transaction' "
            "AND backend_xmin IS NOT NULL")
        return run("psql", "--tuples-only", "--no-align", self._url, "--command", query).stdout.strip() == "1"

    def end(self):
        self._psql.stdin.write("ROLLBACK;\n")
        self._psql.stdin.close()
        self._psql.wait(30)


@dataclass
class Leg:
    has_snapshot: bool
    rate: float  # webhooks a second
    delays: list[float]
    late: float  # seconds until the rest had arrived after the load's end
    busy: float
    dead: str


def play(deployment: SeparateProcesses, fan: Fan, sinks: FastSinks, given, rate: float, first: int, held: bool) -> Leg:
    before = len(sinks)
    snapshot = Snapshot(deployment.database_url()) if held else None
    try:
        load = fan.load(9_000_000, rate=rate, connections=32, seconds=given.leg, first=first)
        began = time.monotonic()
        time.sleep(given.leg / 10)
        busy = machine_busy(given.leg * 0.9)
        ended = time.monotonic()
        handed = load.finish()
        dead = dead_rows(deployment)
        wait_for_arrivals(sinks, before + len(handed) * len(fan.outbound), given.leg + 60)
        late = time.monotonic() - ended
        assert snapshot is None or snapshot.is_held(), "the snapshot was ended meanwhile"
    finally:
        if snapshot:
            snapshot.end()
    got = first_arrivals(sinks.arrivals())
    within = [a for a in got.values() if began + given.leg / 10 <= a.at < ended]
    answered = {h.number: h.answered for h in handed}
    delays = [a.at - answered[number] for (number, _), a in got.items() if number in answered]
    for name in TABLES:
        deployment.column(f"VACUUM ANALYZE {name}")
    return Leg(held, len(within) / (ended - began - given.leg / 10), delays, late, busy, dead)


def dead_rows(deployment: SeparateProcesses) -> str:
    """Of the three tables that have the most."""
    time.sleep(1)  # the server's own counting is late by up to a second
    rows = deployment.column(
        "SELECT relname || ' ' || n_dead_tup FROM pg_stat_user_tables ORDER BY n_dead_tup DESC LIMIT 3")
    return ", ".join(rows)


def capacity(fan: Fan, sinks: FastSinks) -> float:
    """Alerts a second, by a burst."""
    before, began = len(sinks), time.monotonic()
    handed = fan.load(BURST, connections=32, seconds=60, first=3_000_000_000).finish()
    wait_for_arrivals(sinks, before + len(handed) * len(fan.outbound), 120)
    took = time.monotonic() - began
    sinks.arrivals()
    return len(handed) / took


def report(legs: list[Leg]) -> str:
    rows = [
        ["with" if leg.has_snapshot else "without", f"{leg.rate:.0f}", milliseconds(leg.delays), f"{leg.late:.0f}",
         f"{leg.busy:.0%}", leg.dead]
        for leg in legs
    ]

    def mean(has_snapshot: bool) -> float:
        rates = [leg.rate for leg in legs if leg.has_snapshot == has_snapshot]
        return sum(rates) / len(rates)

    loss = 1 - mean(True) / mean(False)
    return table(
        ["snapshot", "webhooks a second", "202 to arrival, p50 / p99 ms", "rest after s", "machine", "dead rows"], rows
    ) + f"\nloss {loss:.1%}: {mean(False):.0f}/s without, {mean(True):.0f}/s with"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leg", type=float, default=60, help="seconds")
    parser.add_argument("--pairs", type=int, default=2, help="of legs, without and with")
    parser.add_argument("--targets", type=int, default=3)
    parser.add_argument("--rate", type=float, default=0, help="alerts a second")
    given = parser.parse_args()
    with running("snapshot", given.targets) as (deployment, sinks):
        fan = Fan.make(deployment.client(), [sinks.url(index) for index in range(given.targets)])
        fan.warm_up(sinks)
        rate = given.rate or capacity(fan, sinks) * 4 / 3
        print(f"{rate:.0f} alerts/s offered, {given.targets} targets, legs of {given.leg:g} s", flush=True)
        legs = []
        for index in range(2 * given.pairs):
            legs.append(play(deployment, fan, sinks, given, rate, 1 + index * 10_000_000, index % 2 == 1))
            print(f"leg {index + 1}: {legs[-1].rate:.0f}/s", file=sys.stderr, flush=True)
        print(report(legs))


if __name__ == "__main__":
    sys.exit(main())
