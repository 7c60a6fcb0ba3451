"""The record of a running system is verified, exported, imported elsewhere, rebuilt, backed up and put back; and whatever
is done to it behind the server's back is found and named."""

import json
import shutil
import sqlite3
import stat
from contextlib import closing

import pytest

from conftest import run_deployment
from deployments import KINDS, OneProcess
from history import make_workflow
from processes import executable, run, wait_until

ALERTS = 12


@pytest.fixture(scope="module", params=list(KINDS))
def deployment(request, executables, mail):
    yield from run_deployment(request, request.param, mail, TOCSIN_AUDIT_CHECKPOINT_EVERY="2", TOCSIN_PARTITIONS="2")


@pytest.fixture(scope="module")
def filled(deployment, tocsin, sinks):
    """Alerts with mails and webhooks, all of them delivered."""
    sink = sinks.sink("ledger")
    inbound = make_workflow(tocsin, {"ledger": sink.url})
    for number in range(ALERTS):
        alert = tocsin.alert_of(
            tocsin.accepted(inbound, {"signal": f"s{number}", "attempt": "1", "recipient": "oncall"}), seconds=60)
        if number % 2:
            tocsin.post("/events", {"id": alert["id"], "status": "TERMINATED"})
    wait_until(lambda: len(sink.received) >= ALERTS, 60, "webhooks")
    return deployment


def place(deployment) -> list[str]:
    if isinstance(deployment, OneProcess):
        return ["--data", str(deployment.folder / "data")]
    return ["--database", deployment.database_url()]


def command(deployment, *arguments, status: int = 0) -> str:
    key = deployment.settings.get("TOCSIN_SECRET_KEY")
    settings = {"TOCSIN_SECRET_KEY": key} if key else {}
    if "TOCSIN_KAFKA_BROKERS" in deployment.settings:
        settings["TOCSIN_KAFKA_BROKERS"] = deployment.settings["TOCSIN_KAFKA_BROKERS"]
    done = run(executable("tocsin"), *arguments, settings=settings, seconds=240)
    assert done.returncode == status, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_a_running_system_is_what_its_log_says(filled):
    answer = json.loads(command(filled, "audit", "verify", *place(filled), "--json"))
    assert answer["isIntact"] and answer["events"] > 5 * ALERTS and answer["checkpoints"] > 0
    outcome = json.loads(command(filled, "admin", "rebuild", "--check", "--json", *place(filled)).splitlines()[-1])
    assert outcome["differences"] == 0 and outcome["streams"] > 2 * ALERTS, outcome


def test_a_damaged_row_is_mended_while_it_runs(filled, tocsin):
    execute(filled, "UPDATE alerts SET priority = 'HIGH', version = 99")
    told = command(filled, "admin", "rebuild", "--check", *place(filled), status=1)
    assert "priority is HIGH" in told
    command(filled, "admin", "rebuild", *place(filled))
    outcome = json.loads(command(filled, "admin", "rebuild", "--check", "--json", *place(filled)).splitlines()[-1])
    assert outcome["differences"] == 0
    assert tocsin.get("/events", limit=1)["total"] >= ALERTS


def test_checkpoints_are_kept_elsewhere(filled, tocsin):
    for _ in range(2):
        command(filled, "audit", "checkpoints", "--make", *place(filled))
    page = tocsin.get("/audit/checkpoints", limit=2)
    newest = page["data"][0]
    assert page["total"] >= 2 and newest["number"] > page["data"][1]["number"]
    assert newest["previous"] == page["data"][1]["hash"]
    [key] = tocsin.get("/audit/checkpoint-keys")["data"]
    assert command(filled, "audit", "checkpoints", "--keys", *place(filled)).split() == [key["publicKey"]]
    file = filled.folder / "checkpoints.jsonl"
    file.write_text(command(filled, "audit", "checkpoints", *place(filled)))
    command(filled, "audit", "verify", *place(filled), "--checkpoint", file, "--public-key", key["publicKey"])


def test_an_export_is_the_system(filled):
    folder = filled.folder
    file = folder / "export.jsonl"
    command(filled, "audit", "export", file, *place(filled))
    command(filled, "audit", "verify", "--export", file)
    other = folder / "imported"
    # What is sealed can be read by the same key only.
    if (folder / "data" / "secret.key").exists():
        command(filled, "audit", "import", file, "--data", folder / "keyless", status=2)
        other.mkdir(mode=0o700)
        shutil.copy(folder / "data" / "secret.key", other)
    command(filled, "audit", "import", file, "--data", other)
    command(filled, "audit", "verify", "--data", other)
    outcome = json.loads(command(filled, "admin", "rebuild", "--check", "--json", "--data", other).splitlines()[-1])
    assert outcome["differences"] == 0
    command(filled, "audit", "import", file, "--data", other, status=2)
    # Broken off, and gone on with.
    whole = file.read_bytes()
    part = folder / "again.jsonl.part"
    part.write_bytes(whole[: len(whole) // 3])
    command(filled, "audit", "export", "--resume", folder / "again.jsonl", *place(filled))
    command(filled, "audit", "verify", "--export", folder / "again.jsonl")
    # One byte.
    changed = bytearray(whole)
    changed[len(whole) // 2] ^= 1
    file.write_bytes(changed)
    assert "BROKEN" in command(filled, "audit", "verify", "--export", file, status=1)


def test_the_log_goes_to_a_topic(filled):
    if isinstance(filled, OneProcess):
        pytest.skip("no broker")
    command(filled, "audit", "export", "--kafka-topic", "ledger", *place(filled))
    rows = filled.column(
        "SELECT c.next_offset >= 1 FROM checkpoints c WHERE consumer_group = 'ledger-export/ledger'")
    assert rows and set(rows) == {"t"}


def execute(deployment, *statements: str):
    if isinstance(deployment, OneProcess):
        change(deployment.folder / "data" / "tocsin.db", *statements)
    else:
        psql(deployment.database_url(), *statements)


def change(path, *statements: str):
    with closing(sqlite3.connect(path, timeout=30)) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()


def psql(url: str, *statements: str):
    done = run("psql", "--quiet", "--set", "ON_ERROR_STOP=1", "--dbname", url, "--command", "; ".join(statements))
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def copy(filled):
    """A backup that was put back elsewhere, by the ways that the documentation says: how to change it, and how to
    name it to a command."""
    folder = filled.folder
    if isinstance(filled, OneProcess):
        file, other = folder / "backup.db", folder / "restored"
        command(filled, "backup", *place(filled), "--to", file)
        for path in (file, folder / "backup.db.key"):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
        command(filled, "restore", file, *place(filled), "--replace", status=2)  # it runs
        command(filled, "restore", file, "--data", other)
        command(filled, "restore", file, "--data", other, status=2)  # not empty
        command(filled, "restore", file, "--data", other, "--replace")
        assert (other / "secret.key").read_bytes() == (folder / "data" / "secret.key").read_bytes()

        def damaged(*statements: str) -> list[str]:
            again = folder / "damaged"
            shutil.rmtree(again, ignore_errors=True)
            shutil.copytree(other, again)
            change(again / "tocsin.db", *statements)
            return ["--data", str(again)]

        return damaged
    archive = folder / "backup.dump"
    done = run("pg_dump", "--format=custom", "--file", archive, filled.database_url(), seconds=120)
    assert done.returncode == 0, done.stderr
    target = filled.postgres.create("restored")
    done = run("pg_restore", "--exit-on-error", "--no-owner", "--dbname", target, archive, seconds=120)
    assert done.returncode == 0, done.stderr
    filled.damages = 0

    def damaged(*statements: str) -> list[str]:
        filled.damages += 1
        name = f"damaged_{filled.damages}"
        psql(filled.postgres.url("postgres"), f"CREATE DATABASE {name} TEMPLATE restored")
        psql(filled.postgres.url(name), *statements)
        return ["--database", filled.postgres.url(name)]

    return damaged


ROW = "WHERE partition_name = '{partition}' AND position = {position}"


@pytest.mark.parametrize(
    "name, kind, at, statements",
    [
        ("nothing", None, 0, ["SELECT 1"]),
        ("one byte", "changed", 2, [f"UPDATE events SET data = replace(data, '1', '2') {ROW}"]),
        ("a row removed", "removed", 2, [f"DELETE FROM events {ROW}"]),
        (
            "two swapped", "reordered", 2,
            [
                "UPDATE events SET position = 999999 WHERE partition_name = '{partition}' AND position = 2",
                "UPDATE events SET position = 2 WHERE partition_name = '{partition}' AND position = 3",
                "UPDATE events SET position = 3 WHERE partition_name = '{partition}' AND position = 999999",
            ],
        ),
        ("a tail cut", "removed", 3, ["DELETE FROM events WHERE partition_name = '{partition}' AND position > 2"]),
        (
            "a tail cut with its head", "removed", 3,
            [
                "DELETE FROM events WHERE partition_name = '{partition}' AND position > 2",
                "UPDATE log_partitions SET position = 2, hash = (SELECT hash FROM events WHERE partition_name ="
                " '{partition}' AND position = 2) WHERE partition_name = '{partition}'",
            ],
        ),
        (
            "a row added", "added", None,
            [
                "INSERT INTO events SELECT partition_name, position + 1, 'alert-x', 1, type, data, actor, causation,"
                " correlation, recorded_at, hash, month FROM events WHERE partition_name = '{partition}'"
                " ORDER BY position DESC LIMIT 1"
            ],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_done_to_the_log_is_named(filled, copy, name, kind, at, statements):
    partition = filled.column(
        "SELECT partition_name FROM log_partitions WHERE partition_name LIKE 'alert/%' AND position > 5"
        " ORDER BY position DESC LIMIT 1")[0]
    target = copy(*(text.format(partition=partition, position=at) for text in statements))
    if kind is None:
        command(filled, "audit", "verify", *target)
        return
    answer = json.loads(command(filled, "audit", "verify", *target, "--json", status=1))
    fault = next(fault for fault in answer["faults"] if fault["partition"] == partition)
    assert fault["kind"] == kind, answer
    assert at is None or fault["position"] == at, answer
    assert f"BROKEN {partition} position" in command(filled, "audit", "verify", *target, status=1)


def test_what_cannot_be_looked_at_is_no_verdict(filled):
    command(filled, "audit", "verify", "--data", filled.folder / "nowhere", status=2)
    command(filled, "audit", "verify", "--export", filled.folder / "nowhere", status=2)
