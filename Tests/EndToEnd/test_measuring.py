"""The measuring programs' own tools: what counts wrong measures nothing. The programs themselves are run by hand."""

import json
import math
import shutil
import sqlite3
from pathlib import Path

import pytest
import requests

from conftest import require
from measuring import Cost, Memory, peak_within, percentile, table
from multiply import SQLite, multiply
from native import MARK, Arrival, FastLoad, FastSinks
from processes import ROOT, wait_until
from scaling import expected, judge


@pytest.mark.parametrize(("values", "share", "found"), [
    ([], 0.5, math.nan), ([3], 0.99, 3), ([1, 2, 3, 4], 0.5, 3), (range(100), 0.99, 99), ([5, 1, 4], 0, 1),
])
def test_percentiles(values, share, found):
    assert percentile(values, share) == found or math.isnan(found) and math.isnan(percentile(values, share))


@pytest.mark.parametrize(("times", "window", "most"), [
    ([], 1, 0), ([7], 1, 1), ([0, 1, 2], 1, 1), ([0, 0.5, 0.9, 1.0, 1.4], 1, 4),
    # Wherever the second begins: a count by whole seconds would find two.
    ([2.0, 0.8, 0.9, 1.1, 1.2], 1, 4), ([0, 3, 6, 9], 10, 4),
])
def test_peaks(times, window, most):
    assert peak_within(times, window) == most


def test_a_table():
    assert table(["a", "bb"], [["c", 1], ["long", 22]]) == (
        "| a    | bb |\n|------|---:|\n| c    |  1 |\n| long | 22 |")


def arrival(number: int, sink: int, status: str, webhook_id: str) -> Arrival:
    body = json.dumps({"eventProperties": [{"Signal": f"n-{number:010d}"}], "status": status}).encode()
    return Arrival(0, sink, 200, webhook_id, len(body), body)


def test_order_is_judged():
    whole = [arrival(10, 0, status, f"w{i}") for i, status in enumerate(expected(10))] + [arrival(11, 0, "active", "v")]
    numbers = range(10, 12)
    assert judge(whole, numbers, 1) == (0, 0, [])
    assert judge([whole[0], *whole], numbers, 1) == (0, 0, [0])
    assert judge([arrival(9, 0, "active", "u"), *whole], numbers, 1) == (0, 0, []), "others do not count"
    assert judge(whole[:1] + whole[2:], numbers, 1) == (1, 0, [])
    assert judge([whole[1], whole[0], *whole[2:]], numbers, 1) == (0, 1, [])
    assert judge(whole, numbers, 2) == (5, 0, []), "the second target has nothing"


@pytest.fixture
def targets():
    require(None if shutil.which("cc") or shutil.which("clang") else "no C compiler")
    targets = FastSinks(2, "measuring")
    yield targets
    targets.close()


def test_a_load_hands_over_each_number_once(targets):
    body = f'{{"signal":"{MARK}","again":"{MARK}"}}'
    handed = FastLoad(targets.url(1) + "/a?b=c", body, 200, connections=4, first=7, seconds=30).finish()
    arrivals = targets.arrivals()
    assert sorted(h.number for h in handed) == sorted(a.number for a in arrivals) == list(range(7, 207))
    assert {a.sink for a in arrivals} == {1} and len(targets) == 200 and targets.arrivals() == []
    assert all(a.body.count(b"n-%010d" % a.number) == 2 and a.size == len(a.body) for a in arrivals)
    at = {a.number: a.at for a in arrivals}
    assert all(h.sent <= at[h.number] <= h.answered and h.tries == 1 for h in handed)


def test_a_load_keeps_its_rate_and_sends_again_what_is_refused(targets):
    handed = FastLoad(targets.url(0) + "/", MARK, 20, rate=40, connections=4, seconds=30).finish()
    assert handed[-1].sent - handed[0].sent >= 0.47
    targets.answer(0, 0, 503)
    load = FastLoad(targets.url(0) + "/", MARK, 1, connections=1, seconds=30)
    wait_until(lambda: len(targets) >= 23, 10, "three refusals", every=0.01)
    targets.answer(0, 0, 200)
    assert [h.tries for h in load.finish()] == [load.refused + 1] and load.refusal == 503
    load = FastLoad(targets.url(0) + "/", MARK, 1000, rate=20, connections=1, seconds=30)
    wait_until(lambda: len(targets) >= 30, 10, "some of the load", every=0.01)
    assert 0 < len(load.stop()) < 1000


def test_targets_wait_and_hang(targets):
    targets.answer(0, 0, 200, 60)
    targets.answer(1, 1, 0)
    chunks = requests.post(targets.url(0), data=(part for part in (b"one ", b"two")), headers={"webhook-id": "w"})
    assert chunks.status_code == 200 and chunks.elapsed.total_seconds() >= 0.06
    with pytest.raises(requests.Timeout):
        requests.post(targets.url(1), data="x", timeout=0.2)
    first, second = targets.arrivals()
    assert (first.body, first.size, first.webhook_id, first.status) == (b"one two", 7, "w", 200)
    assert (second.sink, second.status) == (1, 0)


def test_cost_and_memory_are_those_of_the_process(targets):
    cost, memory = Cost({"targets": targets.pid}), Memory([targets.pid])
    FastLoad(targets.url(0) + "/", MARK + "x" * 10_000, 20_000, seconds=30).finish()
    assert cost.so_far()["targets"] > 0.01
    assert 0.2 < memory.finish() < 200


def test_copies_of_a_history_are_valid(tmp_path: Path):
    path = tmp_path / "tocsin.db"
    with sqlite3.connect(path) as database:
        for migration in sorted((ROOT / "Shared" / "Persistence" / "Migrations").glob("*.sql")):
            if not migration.name.endswith(".postgres.sql"):
                database.executescript(migration.read_text())
        fill(database)
    database.close()
    copied = SQLite(path)
    assert multiply(copied, 20, lambda _: None) == 20
    events = copied.rows("SELECT * FROM events WHERE partition_name = 'alert/0' ORDER BY position")
    assert [event["position"] for event in events] == list(range(1, 21))
    assert [event["recorded_at"] for event in events] == sorted(event["recorded_at"] for event in events)
    assert len({event["stream"] for event in events}) == 10
    for row, number in zip(events[::2], range(10)):
        data = json.loads(row["data"])
        assert data == {
            "alert": row["stream"][6:], "plan": PLAN, "number": number * 1_000_000 + 100_001, "at": row["recorded_at"]
        } or number == 0, "the original keeps what it says"
    alerts = copied.rows("SELECT * FROM alerts ORDER BY number")
    assert [alert["number"] for alert in alerts] == [number * 1_000_000 + 100_001 for number in range(10)]
    found = copied.rows("SELECT number FROM alert_texts WHERE text MATCH '\"n-000\"' ORDER BY number")
    assert found == [{"number": alert["number"]} for alert in alerts]
    assert {"alert-" + alert["id"] for alert in alerts} == {event["stream"] for event in events}
    assert {due["id"] for due in copied.rows("SELECT * FROM due_work")} == {alert["id"] for alert in alerts}
    assert copied.rows("SELECT position FROM log_partitions WHERE partition_name = 'alert/0'") == [{"position": 20}]
    heads = {row["partition_name"]: row["next_offset"] for row in copied.rows("SELECT * FROM checkpoints")}
    assert heads == {"alert/0": 20, "alert-events/0@log": 21, "alert-commands/0": 2}
    assert copied.rows("SELECT next_number FROM alert_number_head") == [{"next_number": 10_000_000}]
    copied.close()


PLAN, PERSON = "00000000-0000-7000-8000-0000000000aa", "00000000-0000-7000-8000-0000000000bb"


def fill(database: sqlite3.Connection):
    """One alert of two events, and what goes with it."""
    alert, request, delivery = (f"0000000{n}-1111-7222-8333-444444444444" for n in (1, 2, 3))
    at = 1_790_000_000_000
    data = json.dumps({"alert": alert, "plan": PLAN, "number": 100_001, "at": at})

    def insert(table: str, **values):
        places = ", ".join("?" * len(values))
        database.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places})", list(values.values()))

    for version in (1, 2):
        insert("events", partition_name="alert/0", position=version, stream=f"alert-{alert}", version=version,
               type="alert.x", data=data, actor="admin", causation=request, correlation=request, recorded_at=at, hash="h")
    insert("log_partitions", partition_name="alert/0", position=2, hash="h")
    insert("directory", kind="plan", id=PLAN, **{
        column: 0 for (_, column, _, required, _, _) in database.execute("PRAGMA table_info(directory)")
        if required and column not in ("kind", "id")})
    insert("alerts", id=alert, number=100_001, status="ACTIVE", priority="LOW", plan_id=PLAN, form_id=PLAN,
           submitter=PERSON, request_id=request, created_at=at, version=2, document=data)
    insert("alert_properties", alert_id=alert, name="Signal", value="n-0000000001", folded="n-0000000001")
    insert("alert_texts", number=100_001, text="n-0000000001")
    insert("alert_numbers", reservation=f"{request}/0", number=100_001)
    insert("activities", request_id=request, integration_id=PLAN, status="COMPLETED", received_at=at, document=data)
    insert("webhook_deliveries", id=delivery, integration_id=PLAN, alert_id=alert, sequence=1, status="delivered",
           reason="", attempts=1, version=1, updated_at=at)
    insert("due_work", kind="alert-expiry", id=alert, partition_number=0, payload=request, due_at=at, leased_until=0)
    for name, offset in (("alert/0", 2), ("alert-events/0@log", 3), ("alert-commands/0", 2)):
        insert("checkpoints", consumer_group="g", partition_name=name, next_offset=offset)
