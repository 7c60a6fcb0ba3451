"""Tocsin beside what one could send webhooks with instead: how many, how soon, and what each thousand costs.

    python3 -m venv /tmp/bench && /tmp/bench/bin/pip install -r requirements-bench.txt
    apt-get install redis-server prometheus-alertmanager
    python comparison.py --python /tmp/bench/bin/python [--only one separate alertmanager celery mq-bridge]
                         [--count 10000] [--targets 1] [--rate 100] [--seconds 20] [--body 1000] [--settle 300]

Each in turn, the same: bodies are handed over at --rate for --seconds, and the time from their acceptance to their
arrival is taken; then --count as fast as they are accepted, and counted until the last has arrived, or --settle seconds
are over. Every body goes to every target, and is padded so that what arrives has --body bytes. Cost is CPU and memory of
all processes that belong to it, its database and broker included, load and targets not. What they do meanwhile differs:
only Tocsin keeps an alert with its history, runs a script for each request, signs, and keeps order; Alertmanager keeps
nothing on disk. contenders.py says how each is set up. Bounded by contenders x (2 x seconds + 4 x settle + 60 s).
"""

import argparse
import sys
import time
from dataclasses import dataclass

from contenders import Contender, Unavailable, contenders
from fan import first_arrivals
from measuring import Cost, Memory, milliseconds, table
from native import Arrival, FastSinks, Handed
from processes import ROOT

NAMES = ["one", "separate", "alertmanager", "celery", "mq-bridge"]


@dataclass
class Outcome:
    handed: list[Handed]
    arrivals: list[Arrival]
    cpu: float  # seconds
    rest: float  # MB before it
    peak: float

    @property
    def delays(self) -> list[float]:
        first = first_arrivals(self.arrivals)
        answered = {handed.number: handed.answered for handed in self.handed}
        return [arrival.at - answered[number] for (number, _), arrival in first.items() if number in answered]

    @property
    def per_second(self) -> float:
        """From the first body that was handed over to the last that arrived."""
        first = first_arrivals(self.arrivals)
        return len(first) / (max(a.at for a in first.values()) - min(h.sent for h in self.handed)) if first else 0

    @property
    def accepted_per_second(self) -> float:
        return len(self.handed) / (max(h.answered for h in self.handed) - min(h.sent for h in self.handed))


def play(contender: Contender, sinks: FastSinks, given, count: int, rate: float, first: int, text: int) -> Outcome:
    cost, memory = Cost(contender.pids()), Memory(contender.pids().values())
    before, ended = sum(cost.so_far().values()), contender.ended()
    try:
        handed = contender.hand(count, rate, given.connections, given.settle + count / rate if rate else given.settle,
                                first, text)
        arrivals = await_all(sinks, {h.number for h in handed}, given.targets, given.settle)
    finally:
        peak = memory.finish()
    cpu = sum(cost.so_far().values()) - before + contender.ended() - ended
    return Outcome(handed, arrivals, cpu, memory.first, peak)


def await_all(sinks: FastSinks, numbers: set[int], targets: int, seconds: float) -> list[Arrival]:
    """What arrives of these until everything has, or the time is over, and within another second."""
    arrivals: list[Arrival] = []
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and len(first_arrivals(arrivals)) < len(numbers) * targets:
        time.sleep(0.2)
        arrivals += [arrival for arrival in sinks.arrivals() if arrival.number in numbers]
    time.sleep(1)
    return arrivals + [arrival for arrival in sinks.arrivals() if arrival.number in numbers]


def measure(contender: Contender, sinks: FastSinks, given) -> list[object]:
    contender.start([sinks.url(index) for index in range(given.targets)])
    # The first ones find cold caches; and they tell how much the body has around the text, and how often the text.
    sizes = []
    for text in (0, 100):
        warm = play(contender, sinks, given, 20, 20, 1 + text, text)
        if not warm.arrivals:
            raise Unavailable(f"nothing arrived of {len(warm.handed)} that were taken")
        sizes.append(warm.arrivals[-1].size)
    text = max(0, (given.body - sizes[0]) * 100 // max(1, sizes[1] - sizes[0]))
    steady = play(contender, sinks, given, int(given.rate * given.seconds), given.rate, 1_000_000, text)
    full = play(contender, sinks, given, given.count, 0, 10_000_000, text)
    thousands = len(first_arrivals(full.arrivals)) / 1000
    steady_thousands = len(first_arrivals(steady.arrivals)) / 1000
    wanted = (len(steady.handed) + len(full.handed)) * given.targets
    got = len(first_arrivals(steady.arrivals)) + len(first_arrivals(full.arrivals))
    came = len(steady.arrivals) + len(full.arrivals)
    return [
        contender.name, contender.durable, f"{full.accepted_per_second:.0f}", f"{full.per_second:.0f}",
        *milliseconds(steady.delays).split(" / "), f"{steady.cpu / steady_thousands:.2f}", f"{full.cpu / thousands:.2f}",
        f"{full.rest:.0f}", f"{full.peak:.0f}", f"{(full.peak - full.rest) / thousands:.1f}",
        steady.arrivals[-1].size, contender.refused, wanted - got, came - got,
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=str(ROOT / ".venv" / "bin" / "python"), help="has requirements-bench.txt")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--count", type=int, default=10_000, help="bodies, as fast as they are taken")
    parser.add_argument("--targets", type=int, default=1)
    parser.add_argument("--rate", type=float, default=100, help="bodies a second, for the delays")
    parser.add_argument("--seconds", type=float, default=20, help="how long at that rate")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--body", type=int, default=1000, help="bytes that arrive")
    parser.add_argument("--workers", type=int, default=4, help="processes of Celery")
    parser.add_argument("--settle", type=float, default=300, help="seconds")
    given = parser.parse_args()
    rows, problems = [], []
    for contender in contenders(given.only, given.python, given.workers):
        sinks = FastSinks(given.targets)
        try:
            rows.append(measure(contender, sinks, given))
            print(f"{contender.name}: done", file=sys.stderr, flush=True)
        except Unavailable as reason:
            problems.append(f"{contender.name} did not run: {reason}")
        finally:
            contender.stop()
            sinks.close()
    print(
        f"{given.targets} targets; {given.rate:g}/s for {given.seconds:g} s, then {given.count} as fast as they are "
        f"taken, {given.connections} at a time")
    if rows:
        print(table(
            ["", "durable", "taken/s", "webhooks/s", "p50 ms", "p99 ms", "CPU s/1,000 at rate", "CPU s/1,000 full",
             "MB before", "MB peak", "MB/1,000", "bytes", "refused", "missing", "repeated"], rows))
    print("\n".join(problems))


if __name__ == "__main__":
    sys.exit(main())
