"""Makes a long history out of a short one that the product has made: copies of its alerts, each with ids, numbers and
times of its own, in the event log, the read models and the work that is due, with all heads and checkpoints moved on.

Not as the product would make it: a copy lies in the log partition of its original, not in the one that its own id
would have; hashes are those of the originals, so that a verification fails; times within documents are moved with their
row only where both are equal. Nobody may work on the database meanwhile.
"""

import json
import re
import sqlite3
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from processes import run

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
NUMBER = re.compile(r"(?<![\d.-])\d{6}(?!\d)")
COPY, AT = "{{copy}}", "{{at}}"
# What the copies spread over, back from now, in milliseconds.
SPAN = 20 * 86_400_000
DUE_IN = 30 * 86_400_000
CHUNK = 150_000  # events, about

# The tables, the columns that are numbers of alerts, and those that are times; the first of these stands in documents.
TABLES = {
    "events": ([], ["recorded_at"]),
    "alerts": (["number"], ["created_at", "terminated_at"]),
    "alert_properties": ([], []),
    "alert_texts": (["number"], []),
    "alert_numbers": (["number"], []),
    "activities": ([], ["received_at"]),
    "webhook_deliveries": (["alert_number"], ["created_at", "updated_at"]),
    "due_work": ([], []),
}
# Of each table, what is copied.
WHERE = {"events": "partition_name NOT LIKE 'config/%'", "due_work": "kind = 'alert-expiry'"}


class Postgres:
    """A database by psql."""

    key = "lpad(to_hex(k), 12, '0')"

    def __init__(self, url: str):
        self._url = url

    def rows(self, query: str) -> list[dict]:
        return [json.loads(line) for line in self._psql(f"SELECT row_to_json(q) FROM ({query}) q").splitlines() if line]

    def execute(self, *statements: str):
        self._psql("SET synchronous_commit = off;" + ";".join(statements))

    def fill(self, table: str, columns: list[str], rows: list[tuple]):
        with tempfile.NamedTemporaryFile("w", suffix=".copy") as file:
            for row in rows:
                file.write("\t".join(map(_escaped, row)) + "\n")
            file.flush()
            self._psql(f"\\copy {table} ({', '.join(columns)}) FROM '{file.name}'")

    def begin(self):
        self._psql("ALTER SYSTEM SET max_wal_size = '2GB'")
        self._psql("SELECT pg_reload_conf()")

    def end(self):
        self._psql("VACUUM ANALYZE")
        self._psql("CHECKPOINT")

    def size(self) -> int:
        return self.rows("SELECT pg_database_size(current_database()) AS size")[0]["size"]

    def close(self):
        pass

    def _psql(self, command: str) -> str:
        done = run(
            "psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1", self._url,
            "--command", command, seconds=3600)
        assert done.returncode == 0, f"{command[:300]}: {done.stderr[:2000]}"
        return done.stdout


class SQLite:
    key = "printf('%012x', k)"

    def __init__(self, path: Path):
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.row_factory = sqlite3.Row

    def rows(self, query: str) -> list[dict]:
        return [dict(row) for row in self._database.execute(query)]

    def execute(self, *statements: str):
        self._database.execute("BEGIN")
        for statement in statements:
            self._database.execute(statement)
        self._database.execute("COMMIT")

    def fill(self, table: str, columns: list[str], rows: list[tuple]):
        self._database.execute("BEGIN")
        places = ", ".join("?" * len(columns))
        self._database.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", rows)
        self._database.execute("COMMIT")

    def begin(self):
        self._database.execute("PRAGMA synchronous = OFF")

    def end(self):
        self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def size(self) -> int:
        return self.rows("SELECT page_count * page_size AS size FROM pragma_page_count(), pragma_page_size()")[0]["size"]

    def close(self):
        self._database.close()


def _escaped(value) -> str:
    if value is None:
        return "\\N"
    return str(value).replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


@dataclass
class Marks:
    """Finds in texts what differs from copy to copy."""

    fixed: set[str]  # ids that are the same for all: of the configuration
    numbers: set[str]  # of the alerts
    moved: set[str]  # ids that were found to differ

    def mark(self, text: str, at: int | None) -> str:
        if at is not None:
            text = text.replace(str(at), AT)
        return NUMBER.sub(self._number, UUID.sub(self._id, text))

    def _id(self, found: re.Match) -> str:
        if found[0] in self.fixed:
            return found[0]
        self.moved.add(found[0])
        return found[0][:24] + COPY

    def _number(self, found: re.Match) -> str:
        return COPY + "/" + found[0] if found[0] in self.numbers else found[0]


def multiply(database: Postgres | SQLite, events: int, tell: Callable[[str], None]) -> int:
    """Copies what there is until the log has at least `events`. - Returns: how many it has."""
    heads = {row["partition_name"]: row["position"] for row in database.rows(
        "SELECT partition_name, position FROM log_partitions WHERE partition_name NOT LIKE 'config/%'")}
    template = sum(heads.values())
    copies = max(0, -(-(events - template) // template))
    if not copies:
        return template
    numbers = {str(row["number"]) for row in database.rows("SELECT number FROM alert_numbers")}
    assert all(len(number) == 6 for number in numbers), "numbers of six digits are expected"
    directory = "".join(map(str, database.rows("SELECT * FROM directory")))
    people = "".join(map(str, database.rows("SELECT DISTINCT submitter FROM alerts")))
    marks = Marks(set(UUID.findall(directory + people)), numbers, set())
    step = SPAN // (copies + 1)
    database.begin()
    inserts = {table: _prepare(database, table, marks, heads) for table in TABLES}
    assert len({identifier[:24] for identifier in marks.moved}) == len(marks.moved), "ids that differ at their end only"
    _age(database)
    at_once, began = max(1, CHUNK // template), time.monotonic()
    for first in range(1, copies + 1, at_once):
        last = min(copies, first + at_once - 1)
        database.execute(*(insert(first, last, step) for insert in inserts.values()))
        if first == 1 or (first // at_once) % 10 == 0:
            tell(f"{(last + 1) * template:,} events after {time.monotonic() - began:.0f} s")
    _move_heads(database, heads, copies)
    database.execute(*(f"DROP TABLE template_{table}" for table in TABLES))
    database.end()
    return (copies + 1) * template


def _prepare(database, table: str, marks: Marks, heads: dict[str, int]) -> Callable[[int, int, int], str]:
    """Makes the table of marked rows, and says how copies `first` to `last` are inserted, `step` ms from each other."""
    number_columns, time_columns = TABLES[table]
    rows = database.rows(f"SELECT * FROM {table} WHERE {WHERE.get(table, '1 = 1')}")
    assert rows or table == "due_work", f"there is nothing in {table}"
    columns = list(rows[0]) if rows else list(database.rows(f"SELECT * FROM {table} LIMIT 1")[0])
    marked: set[str] = set()

    def value(column: str, row: dict):
        content = row[column]
        if not isinstance(content, str) or column in ("partition_name", "hash", "type"):
            return content
        text = marks.mark(content, row[time_columns[0]] if time_columns else None)
        if text != content:
            marked.add(column)
        return text

    content = [
        (*(value(column, row) for column in columns), heads.get(row.get("partition_name"), 0)) for row in rows
    ]
    database.execute(
        f"CREATE TABLE template_{table} AS SELECT * FROM {table} WHERE 1 = 0",
        f"ALTER TABLE template_{table} ADD COLUMN size BIGINT")
    database.fill(f"template_{table}", [*columns, "size"], content)

    def expression(column: str, step: int) -> str:
        if column == "position":
            return "position + k * size"
        if column == "due_at":
            return str(int(time.time() * 1000) + DUE_IN)
        if column in number_columns:
            return f"k * 1000000 + {column}"
        if column in time_columns:
            return f"{column} - {SPAN} + k * {step}"
        if column not in marked:
            return column
        text = f"replace({column}, '{COPY}/', CAST(k AS TEXT))"
        text = f"replace({text}, '{COPY}', {database.key})"
        if time_columns:
            text = f"replace({text}, '{AT}', CAST({time_columns[0]} - {SPAN} + k * {step} AS TEXT))"
        return text

    def insert(first: int, last: int, step: int) -> str:
        order = "ORDER BY k, position" if table == "events" else ""
        return (
            f"INSERT INTO {table} ({', '.join(columns)}) "
            f"WITH RECURSIVE copies(k) AS (SELECT CAST({first} AS BIGINT) "
            f"UNION ALL SELECT k + 1 FROM copies WHERE k < {last}) "
            f"SELECT {', '.join(expression(column, step) for column in columns)} FROM copies, template_{table} {order}")

    return insert


def _age(database):
    """The originals come first, and so have to be older than their copies."""
    database.execute(*(
        f"UPDATE {table} SET " + ", ".join(f"{column} = {column} - {SPAN}" for column in time_columns)
        + f" WHERE {WHERE.get(table, '1 = 1')}"
        for table, (_, time_columns) in TABLES.items() if time_columns))


def _move_heads(database, heads: dict[str, int], copies: int):
    statements = [
        f"UPDATE log_partitions SET position = position + {copies * size} WHERE partition_name = '{partition}'"
        for partition, size in heads.items()
    ]
    for row in database.rows("SELECT DISTINCT partition_name FROM checkpoints"):
        name = row["partition_name"]
        # Relays go by the log's positions, and so do those who read `alert-events`.
        partition = name.removesuffix("@log").replace("alert-events/", "alert/") if name.endswith("@log") else name
        if partition in heads:
            statements.append(
                f"UPDATE checkpoints SET next_offset = next_offset + {copies * heads[partition]} "
                f"WHERE partition_name = '{name}'")
    statements.append(f"UPDATE alert_number_head SET next_number = {(copies + 1) * 1_000_000}")
    database.execute(*statements)
