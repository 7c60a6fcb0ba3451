"""What a long history costs: the same measurements with 10,000, a million and ten million events in the log.

    python growth.py [--sizes 10000 1000000 10000000] [--template 350] [--active 7] [--rate 50] [--seconds 20]
                     [--asks 200] [--one-process]

For each size, a deployment of its own: the product makes some hundred alerts with webhooks, one in --active stays active;
its processes end; these are copied until the log is as long as wanted (multiply.py says how); the processes start again,
timed, and are asked. About 12 events an alert, so that ten million events are 820,000 alerts, of which 117,000 active.
An event takes 1.2 KB of disk on PostgreSQL with all that goes with it: 13 GB for ten million, and 2 GB more while they
are made, which takes ten to thirty minutes. A question is asked for a minute at most. Prints a table with a column for
each size. Separate processes on PostgreSQL and the broker, or all in one on SQLite.
"""

import argparse
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import requests

from deployments import Deployment, OneProcess, SeparateProcesses
from fan import SETTINGS, Fan, first_arrivals, remove, wait_for_arrivals
from mail import MailServer
from measuring import memory_of, milliseconds, pids_of, resident, table
from multiply import Postgres, SQLite, multiply
from native import FastSinks
from processes import Process
from tocsin import Refused, Tocsin

BURST = 300
QUESTION_SECONDS = 60


class OfEach(SeparateProcesses):
    """One process of each kind, without the self-audit: it would find that old alerts have not expired."""

    EXECUTABLES = {
        name: name for name in ("ingest", "alert-engine", "notifier", "webhook-dispatcher", "api")
    }


@dataclass
class Column:
    """What was measured at one size, in order."""

    size: int
    cells: dict[str, str] = field(default_factory=dict)


def make_template(deployment: Deployment, sinks: FastSinks, count: int, active: int) -> Fan:
    tocsin = deployment.client()
    fan = Fan.make(tocsin, [sinks.url(0)])
    before = len(sinks)
    handed = fan.load(count, connections=8, seconds=300).finish()
    assert len(handed) == count, f"{len(handed)} of {count} requests were taken"
    wait_for_arrivals(sinks, before + count, 300)
    alerts = tocsin.pages("/events")
    ended = [alert for number, alert in enumerate(alerts) if number % active]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda alert: tocsin.set_status(alert, "TERMINATED"), ended))
    wait_for_arrivals(sinks, before + count + len(ended), 300)
    time.sleep(2)  # what is recorded of the last webhooks
    return fan


def stop_processes(deployment: Deployment):
    for process in deployment.processes.values():
        status = process.terminate()
        assert status == 0, f"{process.name} ended with {status}"


def start(process: Process) -> float:
    """Seconds until it says that it is ready."""
    began = time.monotonic()
    process.start()
    while True:
        try:
            if requests.get(process.url + "/health/ready", timeout=5).status_code == 200:
                return time.monotonic() - began
        except requests.RequestException:
            pass  # It does not listen yet.
        assert process.is_running and time.monotonic() - began < 120, f"{process.name} is not ready:\n{process.tail()}"
        time.sleep(0.01)


def timed(count: int, action) -> str:
    """p50 and p99 in ms of so many, or of as many as there is time for; or what went wrong."""
    times: list[float] = []
    deadline = time.monotonic() + QUESTION_SECONDS
    while len(times) < count and time.monotonic() < deadline:
        began = time.monotonic()
        try:
            action(len(times))
        except (Refused, requests.RequestException) as error:
            reason = error.status if isinstance(error, Refused) else type(error).__name__
            return f"{reason} after {time.monotonic() - began:.0f} s"
        times.append(time.monotonic() - began)
    return milliseconds(times)


def measure(deployment: Deployment, fan: Fan, sinks: FastSinks, given, column: Column):
    cells = column.cells
    starts = {process.name: start(process) for process in deployment.processes.values()}
    cells["ready, the slowest process, s"] = f"{max(starts.values()):.2f}"
    tocsin = deployment.client()
    tocsin.get("/events", limit=1)
    time.sleep(5)
    own = [process.pid for process in deployment.processes.values()]
    cells["memory of ours, started, MB"] = f"{memory_of(own):.0f}"

    # The first requests find cold caches; they are no part of it.
    before = len(sinks)
    fan.load(20, rate=20, connections=4, seconds=60, first=4_100_000_000).finish()
    wait_for_arrivals(sinks, before + 20, 60)
    sinks.arrivals()
    before, count = len(sinks), int(given.rate * given.seconds)
    load = fan.load(count, rate=given.rate, connections=8, seconds=given.seconds * 3, first=2_000_000_000)
    handed = load.finish()
    wait_for_arrivals(sinks, before + len(handed), 120)
    got = first_arrivals(sinks.arrivals())
    cells[f"accept at {given.rate:g}/s, p50 / p99 ms"] = milliseconds(h.answered - h.sent for h in handed)
    cells["202 to webhook, p50 / p99 ms"] = milliseconds(got[h.number, 0].at - h.answered for h in handed)
    before, began = len(sinks), time.monotonic()
    fan.load(BURST, connections=16, seconds=120, first=2_100_000_000).finish()
    wait_for_arrivals(sinks, before + BURST, 300)
    cells[f"burst of {BURST}, alerts/s"] = f"{BURST / (time.monotonic() - began):.0f}"
    ask(deployment, tocsin, cells, given.asks)
    cells["memory of ours, afterwards, MB"] = f"{memory_of(own):.0f}"
    if isinstance(deployment, SeparateProcesses):
        server = pids_of(deployment)["PostgreSQL"]
        cells["memory of PostgreSQL, MB"] = f"{memory_of([server]):.0f}"
        cells["memory of the api process alone (RSS), MB"] = f"{resident(deployment.processes['api'].pid):.0f}"


def ask(deployment: Deployment, tocsin: Tocsin, cells: dict[str, str], asks: int):
    """Questions by REST: each about other alerts, after one that is not counted."""
    choice = random.Random(1)
    rows = deployment.column("SELECT id FROM alerts WHERE event_type = 'USER'")
    ids = [choice.choice(rows) for _ in range(asks)]
    newest = tocsin.get("/events", limit=1)["data"][0]
    plan, signal = newest["plan"]["id"], f"n-{choice.randrange(1, 300):010d}"
    active = tocsin.get("/events", status="ACTIVE", limit=1)["total"]
    cells["alerts"] = f"{tocsin.get('/events', limit=1)['total']:,}"
    cells["of these active"] = f"{active:,}"

    def question(name: str, action, count: int = asks):
        timed(1, action)
        cells[f"{name}, p50 / p99 ms"] = timed(count, action)

    question("audit of one alert", lambda n: tocsin.get("/audits", eventId=ids[n]))
    question("one alert", lambda n: tocsin.alert(ids[n]))
    question("its deliveries", lambda n: tocsin.get(f"/events/{ids[n]}/deliveries"))
    lists = {
        "list: active": {"status": "ACTIVE"},
        "list: active, priority, workflow": {"status": "ACTIVE", "priority": "MEDIUM", "plan": plan},
        "list: active, page in the middle": {"status": "ACTIVE", "offset": active // 2},
        "list: one day": {"from": _days_ago(11), "to": _days_ago(10)},
        "list: by property": {"propertyName": "Signal#en", "propertyValue": signal},
        "list: search": {"search": signal},
        "list: all": {},
    }
    for name, parameters in lists.items():
        question(name, lambda _: tocsin.get("/events", limit=100, **parameters), max(5, asks // 10))
    question("deliveries: newest", lambda _: tocsin.get("/deliveries", limit=100), max(5, asks // 10))


def _days_ago(days: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - days * 86400))


def run(size: int, given: argparse.Namespace, mail: MailServer) -> Column:
    sinks = FastSinks(1)
    settings = SETTINGS | {"TOCSIN_ACTIVITY_DAYS": "3650"}
    deployment = (OneProcess if given.one_process else OfEach)("growth", mail, **settings)
    column = Column(size)
    try:
        deployment.start()
        fan = make_template(deployment, sinks, given.template, given.active)
        stop_processes(deployment)
        database = (
            SQLite(deployment.folder / "data" / "tocsin.db") if given.one_process
            else Postgres(deployment.database_url()))
        began = time.monotonic()
        count = multiply(database, size, lambda text: print(f"{size:,}: {text}", file=sys.stderr, flush=True))
        column.cells["events in the log"] = f"{count:,}"
        column.cells["filled within, s"] = f"{time.monotonic() - began:.0f}"
        column.cells["database, GB"] = f"{database.size() / 1e9:.2f}"
        database.close()
        measure(deployment, fan, sinks, given, column)
    except Exception as error:
        # What was measured so far, and at other sizes, is shown nevertheless.
        column.cells["stopped by"] = f"{type(error).__name__}: {str(error)[:120]}"
        print(f"{size:,}: {error}\n{deployment.logs()}", file=sys.stderr)
    finally:
        remove(deployment)
        sinks.close()
    return column


def report(columns: list[Column]) -> str:
    names = list(dict.fromkeys(name for column in columns for name in column.cells))
    return table(
        ["", *(f"{column.size:,}" for column in columns)],
        [[name, *(column.cells.get(name, "") for column in columns)] for name in names])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 1_000_000, 10_000_000], help="events")
    parser.add_argument("--template", type=int, default=350, help="alerts that the product makes")
    parser.add_argument("--active", type=int, default=7, help="one alert in so many stays active")
    parser.add_argument("--rate", type=float, default=50, help="alerts a second")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--asks", type=int, default=200, help="questions of each kind")
    parser.add_argument("--one-process", action="store_true")
    given = parser.parse_args()
    mail, columns = MailServer(), []
    try:
        for size in given.sizes:
            columns.append(run(size, given, mail))
    finally:
        mail.close()
        if columns:
            print(report(columns))
    return 1 if any("stopped by" in column.cells for column in columns) else 0


if __name__ == "__main__":
    sys.exit(main())
