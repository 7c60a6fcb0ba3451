"""Who pays when targets fail: the other targets' delay with and without them, and what those that recover get at once.

    python isolation.py [--targets 100] [--failing 9] [--rate 5] [--leg 60] [--recovery 300] [--rounds 2] [--one-process]

All targets have an integration of their own, of one form; every alert goes to all of them, alerts come at a rate. A
round is: all healthy for a leg; then the last target hangs and `--failing` others answer 503, for a leg; then these
answer again, the last one still hangs, until they have everything or `--recovery` seconds are over. Alerts never stop
within a round; all arrives before the next one. Printed are p50 and p99 from the 202 to the arrival at the targets that
are healthy all the time, and the most requests that each of the recovering ones got within a second, beside twice the
steady rate. Bounded by rounds x 2 x (leg + recovery + 30 s) and 2 minutes.
"""

import argparse
import sys
import time
from dataclasses import dataclass, field

from deployments import Deployment
from fan import Fan, first_arrivals, running
from measuring import machine_busy, milliseconds, peak_within, percentile, table
from native import FastSinks


@dataclass
class Round:
    """What one round gave; times are monotonic, in seconds."""

    delays: dict[str, list[float]] = field(default_factory=dict)  # of the healthy targets, by leg
    peaks: list[int] = field(default_factory=list)  # within one second, of each recovering target
    peaks_of_ten: list[float] = field(default_factory=list)  # a second, over ten seconds
    first_again: list[float] = field(default_factory=list)  # from the recovery to the first request
    drained: float | None = None  # from the recovery until they had everything
    missing: int = 0  # of all targets but the one that hangs
    still_held: int = 0  # of that one, which has answered since the end
    repeated: int = 0
    busy: float = 0


def play(
    fan: Fan, sinks: FastSinks, targets: int, failing: int, rate: float, leg: float, recovery: float, first: int
) -> Round:
    result = Round()
    hanging, sick = targets - 1, range(targets - 1 - failing, targets - 1)
    well = range(targets - 1 - failing)
    load = fan.load(9_000_000, rate=rate, connections=16, seconds=2 * leg + recovery + 60, first=first)
    arrivals, legs = [], []
    try:
        legs.append(("all healthy", time.monotonic()))
        time.sleep(leg)
        sinks.answer(hanging, hanging, 0)
        if failing:
            sinks.answer(sick[0], sick[-1], 503)
        legs.append(("some failing", time.monotonic()))
        result.busy = machine_busy(leg)
        recovered = time.monotonic()
        if failing:
            sinks.answer(sick[0], sick[-1], 200)
        legs.append(("recovering", recovered))
        while result.drained is None and time.monotonic() < recovered + recovery:
            time.sleep(1)
            arrivals += sinks.arrivals()
            got = first_arrivals(arrivals)
            # As many of what is a second old as the healthy targets: they are with the others again.
            numbers = {n for (n, sink), a in got.items() if sink == 0 and a.at < time.monotonic() - 2}
            if all((number, sink) in got for sink in sick for number in numbers):
                result.drained = time.monotonic() - recovered
    finally:
        handed = load.stop()
        sinks.answer(0, targets - 1, 200)
    # All of it, so that the next round begins as this one did: a pause of the breaker is five minutes at most.
    end = time.monotonic() + recovery + 60
    while time.monotonic() < end and len(first_arrivals(arrivals)) < len(handed) * targets:
        time.sleep(1)
        arrivals += sinks.arrivals()
    got = first_arrivals(arrivals)
    result.still_held = sum((h.number, hanging) not in got for h in handed)
    result.missing = len(handed) * targets - len(got) - result.still_held
    taken = [a for a in arrivals if 200 <= a.status < 300]
    result.repeated = len(taken) - len(got)
    bounds = [at for _, at in legs[1:]] + [float("inf")]
    for (name, began), over in zip(legs, bounds):
        result.delays[name] = [
            got[h.number, sink].at - h.answered
            for h in handed if began <= h.answered < over for sink in well if (h.number, sink) in got
        ]
    for sink in sick:
        times = [a.at for a in arrivals if a.sink == sink and a.at >= recovered]
        result.peaks.append(peak_within(times))
        result.peaks_of_ten.append(peak_within(times, 10) / 10)
        result.first_again.append(min(times, default=float("nan")) - recovered)
    return result


def report(rounds: list[Round], rate: float) -> str:
    rows = []
    for name in rounds[0].delays:
        delays = [delay for result in rounds for delay in result.delays[name]]
        rows.append([name, len(delays), *milliseconds(delays).split(" / "), f"{max(delays, default=0) * 1000:.0f}"])
    lines = [table(["202 to arrival at the healthy targets", "webhooks", "p50 ms", "p99 ms", "most ms"], rows)]
    for index, result in enumerate(rounds, 1):
        healthy, with_others = (percentile(result.delays[n], 0.99) for n in ("all healthy", "some failing"))
        lines.append(
            f"round {index}: p99 {healthy * 1000:.1f} ms, with failing ones {with_others * 1000:.1f} ms "
            f"({(with_others / healthy - 1) * 100:+.0f} %); machine {result.busy:.0%} busy; recovered targets: first request "
            f"after {min(result.first_again, default=0):.1f} to {max(result.first_again, default=0):.1f} s, "
            f"most within a second {sorted(result.peaks)}, a second over ten {max(result.peaks_of_ten, default=0):.1f}, "
            f"twice the steady rate {2 * rate:g}; "
            + (f"caught up after {result.drained:.0f} s" if result.drained else "not caught up within the time given")
            + f"; missing at the end {result.missing}, repeated {result.repeated}; the one that hung "
            f"lacks {result.still_held}")
    return "\n".join(lines)


def measure(deployment: Deployment, sinks: FastSinks, given: argparse.Namespace) -> str:
    fan = Fan.make(deployment.client(), [sinks.url(index) for index in range(given.targets)])
    fan.warm_up(sinks)
    rounds = []
    for index in range(given.rounds):
        first = 1 + index * 10_000_000
        rounds.append(
            play(fan, sinks, given.targets, given.failing, given.rate, given.leg, given.recovery, first))
        print(f"round {index + 1} of {given.rounds} is done", file=sys.stderr, flush=True)
    return report(rounds, given.rate)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--targets", type=int, default=100)
    parser.add_argument("--failing", type=int, default=9, help="answer 503 in the second leg, besides one that hangs")
    parser.add_argument("--rate", type=float, default=5, help="alerts a second, each to all targets")
    parser.add_argument("--leg", type=float, default=60, help="seconds")
    parser.add_argument("--recovery", type=float, default=300, help="seconds, at most")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--one-process", action="store_true")
    given = parser.parse_args()
    if not 0 <= given.failing < given.targets - 1:
        parser.error("--failing must leave a target that hangs and one that is healthy")
    with running("isolation", given.targets, given.one_process) as (deployment, sinks):
        print(f"{given.targets} targets, {given.failing} at 503, 1 hangs, {given.rate:g} alerts/s; {deployment.kind}")
        print(measure(deployment, sinks, given))


if __name__ == "__main__":
    sys.exit(main())
