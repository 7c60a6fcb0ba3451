"""What measurements have in common: percentiles, peaks, and what processes cost."""

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable, Sequence

from deployments import Deployment, SeparateProcesses

TICKS = os.sysconf("SC_CLK_TCK")


def percentile(values: Iterable[float], share: float) -> float:
    """The value below which `share` of the values are; nan when there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")


def milliseconds(seconds: Iterable[float]) -> str:
    """p50 and p99, as in `4.1 / 12.5`."""
    values = [value * 1000 for value in seconds]
    return f"{percentile(values, 0.5):.1f} / {percentile(values, 0.99):.1f}"


def peak_within(times: Iterable[float], window: float = 1.0) -> int:
    """The most of `times` that lie within any `window` seconds, wherever it begins."""
    ordered = sorted(times)
    most = first = 0
    for last, at in enumerate(ordered):
        while ordered[first] <= at - window:
            first += 1
        most = max(most, last - first + 1)
    return most


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Markdown, with the first column to the left and the others to the right."""
    lines = [list(header), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]

    def text(cells: Sequence[str]) -> str:
        first, *others = (cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(cells, widths)))
        return "| " + " | ".join([first, *others]) + " |"

    rule = "|" + "|".join("-" * (w + 2) if i == 0 else "-" * (w + 1) + ":" for i, w in enumerate(widths)) + "|"
    return "\n".join([text(lines[0]), rule, *map(text, lines[1:])])


@dataclass
class Cost:
    """Seconds of CPU, user and system, by process; a process's children, as its sandboxes, count with it."""

    pids: dict[str, int]

    @staticmethod
    def of(deployment: Deployment, **others: int) -> "Cost":
        return Cost(pids_of(deployment) | others)

    def so_far(self) -> dict[str, float]:
        below = _children()
        # The measuring process has all others below it.
        return {
            name: _seconds(pid) if pid == os.getpid() else sum(map(_seconds, _family(pid, below)))
            for name, pid in self.pids.items()
        }


class Memory(threading.Thread):
    """The most memory that processes and their children had together, looked at twice a second: each page counted once
    (PSS), so that what PostgreSQL's processes share is not counted many times."""

    def __init__(self, pids: Iterable[int]):
        super().__init__(daemon=True)
        self._pids = list(pids)
        self._is_over = threading.Event()
        self.first = self.peak = memory_of(self._pids)
        self.start()

    def run(self):
        while not self._is_over.wait(0.5):
            self.peak = max(self.peak, memory_of(self._pids))

    def finish(self) -> float:
        """The peak in MB."""
        self._is_over.set()
        self.join()
        return self.peak


def memory_of(pids: Iterable[int]) -> float:
    """MB of processes and their children now, by PSS."""
    below = _children()
    return sum(_pss(pid) for parent in pids for pid in _family(parent, below)) / 1024


def resident(pid: int) -> float:
    """MB of one process without its children (RSS)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0


def pids_of(deployment: Deployment) -> dict[str, int]:
    """By name: our processes that run, and the servers that they need."""
    pids = {name: process.pid for name, process in deployment.processes.items() if process.is_running}
    if isinstance(deployment, SeparateProcesses):
        data = Path((deployment.postgres.folder / "location").read_text().strip())
        pids["PostgreSQL"] = int((data / "postmaster.pid").read_text().split()[0])
        pids["broker"] = int((deployment.broker.folder / "broker.pid").read_text())
    return pids


def machine_busy(seconds: float) -> float:
    """How much of the machine's processors was in use within so many seconds, from 0 to 1."""

    def read() -> tuple[int, int]:
        fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
        return sum(fields), fields[3] + fields[4]

    (all_before, idle_before), _ = read(), time.sleep(seconds)
    everything, idle = read()
    return 1 - (idle - idle_before) / max(1, everything - all_before)


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # It ended meanwhile.
        found.setdefault(parent, []).append(int(stat.parent.name))
    return found


def _family(pid: int, below: dict[int, list[int]]) -> list[int]:
    return [pid, *(descendant for child in below.get(pid, []) for descendant in _family(child, below))]


def _seconds(pid: int) -> float:
    """Its own, and those of its children that have ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0  # It ended meanwhile.
    own = int(fields[11]) + int(fields[12])
    return (own + (0 if pid == os.getpid() else int(fields[13]) + int(fields[14]))) / TICKS


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0  # It ended meanwhile.
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
