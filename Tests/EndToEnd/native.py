"""A load and targets that cost little beside what they measure: two small C programs, compiled at their first use.

Python's sinks and load (sinks.py, load.py) take half a processor at a thousand requests a second, which is right for
tests and wrong beside a measurement on two cores.
"""

import os
import re
import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from processes import WORK

SOURCES = Path(__file__).resolve().parent / "native"
# The number of a request in what is sent, and in what arrives.
MARK = "n-@@@@@@@@@@"
NUMBER = re.compile(rb"n-(\d{10})")


def compiled(name: str) -> Path:
    source, program = SOURCES / f"{name}.c", WORK / f"native-{name}"
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        WORK.mkdir(parents=True, exist_ok=True)
        compiler = shutil.which("cc") or shutil.which("clang")
        assert compiler, "there is no C compiler: cc or clang"
        subprocess.run(
            [compiler, "-std=gnu11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-o", program, source], check=True)
    return program


@dataclass(frozen=True)
class Arrival:
    """One request that reached a target."""

    at: float  # monotonic, in seconds: when it was complete
    sink: int
    status: int  # what it was answered; 0: nothing
    webhook_id: str
    size: int  # of the body, in bytes
    body: bytes  # its first 4 KiB

    @property
    def number(self) -> int | None:
        found = NUMBER.search(self.body)
        return int(found[1]) if found else None


class FastSinks:
    """`count` targets with ports of their own, which answer 200 at once until told otherwise."""

    def __init__(self, count: int, name: str = "sinks"):
        WORK.mkdir(parents=True, exist_ok=True)
        self._records = WORK / f"{name}-{os.getpid()}.bin"
        self._child = subprocess.Popen(
            [compiled("sink"), str(count), self._records], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ports = [int(port) for port in self._child.stdout.readline().split()]
        assert len(self.ports) == count, "the targets do not start"
        self._read = 0

    @property
    def pid(self) -> int:
        return self._child.pid

    def url(self, index: int) -> str:
        return f"http://127.0.0.1:{self.ports[index]}"

    def answer(self, first: int, last: int, status: int, delay_ms: int = 0):
        """Of targets `first` to `last`, from now on; status 0: never."""
        assert self._ask(f"set {first} {last} {status} {delay_ms}") == "done"

    def __len__(self) -> int:
        """How many requests there were, in all."""
        return int(self._ask("count"))

    def arrivals(self) -> list[Arrival]:
        """What has come since the last call."""
        len(self)  # writes out what there is
        with self._records.open("rb") as file:
            file.seek(self._read)
            content = file.read()
        found = records_of(content)
        self._read += found[1]
        return found[0]

    def _ask(self, command: str) -> str:
        self._child.stdin.write(command + "\n")
        self._child.stdin.flush()
        return self._child.stdout.readline().strip()

    def close(self):
        self._child.stdin.close()
        try:
            self._child.wait(10)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait(10)
        self._child.stdout.close()
        self._records.unlink(missing_ok=True)


ARRIVAL = struct.Struct("<QIIIII4x")


def records_of(content: bytes) -> tuple[list[Arrival], int]:
    """The whole records at the beginning of `content`, and how many bytes they are."""
    found, at = [], 0
    while at + ARRIVAL.size <= len(content):
        time, sink, status, size, id_length, body_length = ARRIVAL.unpack_from(content, at)
        start = at + ARRIVAL.size
        end = start + id_length + body_length
        if end > len(content):
            break
        webhook_id = content[start : start + id_length].decode("latin-1")
        found.append(Arrival(time / 1e9, sink, status, webhook_id, size, content[start + id_length : end]))
        at = end
    return found, at


@dataclass(frozen=True)
class Handed:
    """One request that was answered 2xx; times are monotonic, in seconds."""

    number: int
    due: float
    sent: float  # the last time, when it was sent more than once
    answered: float
    tries: int


HANDED = struct.Struct("<QQQII")


class FastLoad:
    """Requests to one address, numbered: each MARK in `body` becomes the number. Starts at once."""

    def __init__(
        self, url: str, body: str, count: int, rate: float = 0, connections: int = 32, seconds: float = 600,
        first: int = 1, name: str = "load",
    ):
        address = urlsplit(url)
        content = body.encode()
        target = address.path + (f"?{address.query}" if address.query else "")
        head = (
            f"POST {target} HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(content)}\r\n\r\n"
        )
        WORK.mkdir(parents=True, exist_ok=True)
        self._request, self._records = (WORK / f"{name}-{os.getpid()}-{first}.{kind}" for kind in ("http", "bin"))
        self._request.write_bytes(head.encode() + content)
        self._seconds = seconds
        self._child = subprocess.Popen(
            [compiled("load"), str(address.port), str(connections), str(rate), str(count), str(seconds),
             self._records, self._request],
            env=os.environ | {"FIRST": str(first)}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.refused = self.broken = self.refusal = 0

    @property
    def pid(self) -> int:
        return self._child.pid

    def stop(self) -> list[Handed]:
        """Ends it: what is under way is seen through."""
        self._child.terminate()
        return self.finish()

    def finish(self) -> list[Handed]:
        """Waits for its end; what was taken, in the order in which it was."""
        try:
            output, _ = self._child.communicate(timeout=self._seconds + 30)
        finally:
            if self._child.poll() is None:
                self._child.kill()
                self._child.wait(10)
        assert self._child.returncode == 0, f"the load ended with {self._child.returncode}"
        self.refused, self.broken, self.refusal = (int(word) for word in output.split())
        content = self._records.read_bytes()
        self._records.unlink()
        self._request.unlink()
        return [
            Handed(number, due / 1e9, sent / 1e9, answered / 1e9, tries)
            for due, sent, answered, number, tries in HANDED.iter_unpack(content)
        ]
