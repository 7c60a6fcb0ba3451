"""How many alerts a second go all the way, without anything being killed, and what each costs.

    python throughput.py [--rate 200] [--seconds 15] [--webhooks 3] [--one-process]

Requests through a script come at a rate; it ends when every target has its webhook of every alert. Prints the alerts a
second over the whole time, CPU by process, and on PostgreSQL the transactions of each alert. TOCSIN_BIN_DIR says which
executables are measured: debug builds unless given.
"""

import argparse
import os
import sys
import time

from deployments import OneProcess, SeparateProcesses
from history import SCRIPT, body_of, warm_up
from load import Load
from mail import MailServer
from measuring import Cost
from sinks import Sinks
from workflow import make_form, make_inbound, make_outbound, make_person

SETTLE_SECONDS = 240


def measure(deployment, mail, sinks: Sinks, rate: float, seconds: float, webhooks: int) -> str:
    tocsin = deployment.client()
    make_person(tocsin, "oncall", "On", "Call", "oncall@example.org")
    plan = tocsin.post("/plans", {"name": "Load"})
    form = make_form(tocsin, plan, "Load", {"Signal": True, "Attempt": True})
    inbound = make_inbound(tocsin, plan, form, "Load in", SCRIPT)
    targets = {f"target {number}": sinks.sink(f"target {number}") for number in range(webhooks)}
    for name, sink in targets.items():
        make_outbound(tocsin, plan, form, name, "STATUS", sink.url, "/load")
    warm_up(tocsin, inbound, list(targets.values()))

    cost = Cost.of(deployment, **{"load, targets and mail": os.getpid()})
    before, transactions, started = cost.so_far(), commits(deployment), time.monotonic()
    load = Load(tocsin.trigger_url(inbound), rate, body_of)
    time.sleep(seconds)
    load.finish(60)
    count = len(load.accepted)
    while any(len(sink) - 1 < count for sink in targets.values()):
        assert time.monotonic() - started < seconds + SETTLE_SECONDS, f"targets: {[len(s) for s in targets.values()]}"
        time.sleep(0.2)
    took = time.monotonic() - started
    after = cost.so_far()
    lines = [
        f"{count} alerts, taken at {count / load.seconds:.0f}/s, through at {count / took:.0f}/s: "
        f"{took - load.seconds:.1f} s after the last request"
    ]
    if transactions is not None:
        lines.append(f"{(commits(deployment) - transactions) / count:.1f} transactions an alert")
    lines += [f"{name:24} {(after[name] - before[name]) / count * 1000:6.2f} ms of CPU an alert" for name in before]
    lines.append(f"{'together':24} {sum(after[n] - before[n] for n in before) / count * 1000:6.2f} ms")
    return "\n".join(lines)


def commits(deployment) -> int | None:
    if not isinstance(deployment, SeparateProcesses):
        return None
    return int(deployment.column("SELECT xact_commit FROM pg_stat_database WHERE datname = 'tocsin'")[0])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--webhooks", type=int, default=3)
    parser.add_argument("--one-process", action="store_true")
    given = parser.parse_args()
    mail, sinks = MailServer(), Sinks()
    deployment = (OneProcess if given.one_process else SeparateProcesses)(
        "throughput", mail, TOCSIN_NOTIFICATION_STORM_LIMIT="0")
    try:
        deployment.start()
        print(measure(deployment, mail, sinks, given.rate, given.seconds, given.webhooks))
    finally:
        deployment.stop()
        sinks.close()
        mail.close()


if __name__ == "__main__":
    sys.exit(main())
