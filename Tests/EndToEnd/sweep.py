"""The kill sweep: kill -9 of every process, of PostgreSQL and of the broker at random instants, and stops of the broker,
under load. A broker that is killed loses what it has confirmed last, one that is stopped does not.

    python sweep.py --kills 1000 --seed 1        # in stages of 40; run it again to go on after an interruption
    python sweep.py --table                      # what has been counted so far, for Benchmarks/RESULTS.md

Each stage is a deployment of its own with a seed of its own, followed by a count of everything. What a stage has
counted is a line in RESULTS (.test/sweep/results.jsonl); stages that are there are not run again. Ends with 1 when a
promise was broken, at the end of that stage: its logs and its database are still in .test/e2e then.
"""

import argparse
import dataclasses
import json
import random
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from deployments import SeparateProcesses
from history import Count, Steering, Strike, body_of, count, make_workflow, warm_up
from load import Load
from mail import Certificate, MailServer
from processes import WORK, Supervisor, fresh
from sinks import Sinks

RESULTS = WORK.parent / "sweep" / "results.jsonl"
# The longest pause between the end of one strike and the next.
PAUSE_SECONDS = 2.0
# How often the next one comes before the one before works again.
IMPATIENCE = 0.3


@dataclass
class Sweep:
    """Strikes at random instants."""

    deployment: SeparateProcesses
    random: random.Random
    strikes: list[Strike] = field(default_factory=list)

    def run(self, kills: int):
        processes = [name for name in self.deployment.processes if name != "self-audit"]
        victims = processes * 2 + ["self-audit"] + ["PostgreSQL"] * 3 + ["broker", "broker's end"]
        for _ in range(kills):
            time.sleep(self.random.uniform(0, PAUSE_SECONDS))
            self._strike(self.random.choice(victims), patient=self.random.random() >= IMPATIENCE)
        self.deployment.wait_ready()

    def _strike(self, victim: str, patient: bool):
        began = time.monotonic()
        if victim == "PostgreSQL":
            self.deployment.postgres.kill()
            time.sleep(self.random.uniform(0, 1))
            self.deployment.postgres.start()
        elif victim == "broker":
            self._stop_broker()
        elif victim == "broker's end":
            self.deployment.broker.kill()
            time.sleep(self.random.uniform(0, 3))
            self.deployment.broker.start()
        else:
            self.deployment.processes[victim].kill_and_start()
        # Its outcomes are in doubt until it works again.
        if patient or victim not in self.deployment.processes:
            self.deployment.wait_ready()
        self.strikes.append(Strike(victim, began, time.monotonic() + (0 if patient else 10)))

    def _stop_broker(self):
        # This broker goes on acknowledging while it saves, and loses that; Kafka does not. So its clients are held
        # while it saves.
        processes = [process for process in self.deployment.processes.values() if process.is_running]
        for process in processes:
            process.hold()
        time.sleep(0.3)  # what is under way between them and the broker arrives
        self.deployment.broker.stop()
        for process in processes:
            process.go_on()
        time.sleep(self.random.uniform(0, 3))
        self.deployment.broker.start()


def run_stage(name: str, kills: int, seed: int, rate: float, settle: float) -> tuple[Count, Sweep, Load]:
    """A deployment from its start to its end."""
    mail = MailServer(("tocsin", "geheim&geheim"), Certificate.make(fresh(WORK / "certificate")))
    sinks = Sinks()
    deployment = SeparateProcesses(name, mail, TOCSIN_NOTIFICATION_STORM_LIMIT="0")
    try:
        deployment.start()
        return sweep(deployment, sinks, mail, kills, seed, rate, settle)
    finally:
        deployment.stop()
        sinks.close()
        mail.close()


def sweep(
    deployment: SeparateProcesses, sinks: Sinks, mail: MailServer, kills: int, seed: int, rate: float, settle: float
) -> tuple[Count, Sweep, Load]:
    tocsin = deployment.client()
    targets = [sinks.sink(name) for name in ("one", "two")]
    inbound = make_workflow(tocsin, {sink.name: sink.url for sink in targets})
    warm_up(tocsin, inbound, targets)
    before = {alert["eventId"] for alert in tocsin.pages("/events")}
    load = Load(tocsin.trigger_url(inbound), rate, body_of, workers=16)
    steering = Steering(deployment.client(), load)
    steering.start()
    strikes = Sweep(deployment, random.Random(seed))
    supervisor = Supervisor(list(deployment.processes.values()))
    supervisor.start()
    try:
        strikes.run(kills)
        load.finish(120)
    finally:
        load._is_over.set()
    steering.finish()
    found = count(tocsin, load, targets, mail, steering.steered, strikes.strikes, settle, before=before)
    supervisor.finish()
    found.repeats_after_record = recorded_twice(deployment)
    return found, strikes, load


def recorded_twice(deployment: SeparateProcesses) -> int:
    """How many webhooks were sent again after their success had been written down."""
    return int(
        deployment.column(
            "SELECT coalesce(sum(successes - 1), 0) FROM (SELECT count(*) AS successes FROM events"
            " WHERE type = 'delivery.attempted' AND data::json->'attempted'->'attempt'->>'status' LIKE '2__'"
            " GROUP BY stream) AS delivered")[0])


def summary(found: Count, strikes: Sweep, load: Load) -> str:
    return (
        f"{len(strikes.strikes)} kills in {load.seconds:.0f} s at {load.signals / load.seconds:.0f} signals/s: "
        f"{found.accepted} answered 202 ({load.in_doubt} in doubt), {found.alerts} alerts, {found.webhooks} webhooks, "
        f"{found.mails} mails; repeated around a kill: {found.repeats_in_doubt} webhooks, "
        f"{found.mail_repeats_in_doubt} mails; all there {found.settled:.0f} s after the load; "
        f"broken: {found.broken or 'nothing'}"
    )


def table(results: list[dict]) -> str:
    """Markdown: what was killed how often, and what became of what was sent meanwhile."""
    if not results:
        return "nothing has been counted yet"
    victims: dict[str, int] = {}
    for result in results:
        for victim, times in result["victims"].items():
            victims[victim] = victims.get(victim, 0) + times
    total = {
        name: sum(result["count"][name] for result in results)
        for name in results[0]["count"] if name not in ("examples", "doubts", "settled")
    }
    lines = ["| killed | times |", "|---|---:|"]
    lines += [f"| `{victim}` | {times} |" for victim, times in sorted(victims.items())]
    lines += [f"| all | {sum(victims.values())} |", "", "| counted | |", "|---|---:|"]
    words = {
        "accepted": "requests answered 202", "alerts": "alerts", "webhooks": "webhooks wanted", "mails": "mails wanted",
        "lost_requests": "**lost** requests", "lost_webhooks": "**lost** webhooks", "lost_mails": "**lost** mails",
        "doubled_alerts": "doubled alerts", "unasked_alerts": "alerts of refused requests",
        "reordered": "alerts whose webhooks came in another order", "altered": "webhooks repeated with another body",
        "repeats_in_doubt": "webhooks repeated around a kill",
        "repeats_without_doubt": "webhooks repeated without a kill nearby",
        "repeats_after_record": "webhooks repeated although their success was recorded",
        "mail_repeats_in_doubt": "mails repeated around a kill",
        "mail_repeats_without_doubt": "mails repeated without a kill nearby",
    }
    lines += [f"| {words[name]} | {value} |" for name, value in total.items()]
    seconds = sum(result["seconds"] for result in results)
    settled = sorted(result["count"]["settled"] for result in results)
    return "\n".join(
        lines + [
            "", f"{len(results)} stages, {seconds:.0f} s of load; all there {settled[len(settled) // 2]:.0f} s after it "
            f"(median; {settled[-1]:.0f} s at most); seeds {[result['seed'] for result in results]}"])


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--kills", type=int, default=1000)
    options.add_argument("--seed", type=int, default=1, help="of the first stage; the others follow")
    options.add_argument("--stage", type=int, default=40, help="kills in one deployment")
    options.add_argument("--rate", type=float, default=20, help="signals a second")
    options.add_argument("--settle", type=float, default=240, help="seconds that everything may take to arrive")
    options.add_argument("--results", type=Path, default=RESULTS)
    options.add_argument("--table", action="store_true", help="print what there is, and run nothing")
    given = options.parse_args()
    given.results.parent.mkdir(parents=True, exist_ok=True)
    lines = given.results.read_text().splitlines() if given.results.exists() else []
    results = [json.loads(line) for line in lines]
    seed = given.seed
    while not given.table and sum(result["kills"] for result in results) < given.kills:
        if any(result["seed"] == seed for result in results):
            seed += 1
            continue
        kills = min(given.stage, given.kills - sum(result["kills"] for result in results))
        found, strikes, load = run_stage("sweep", kills, seed, given.rate, given.settle)
        victims: dict[str, int] = {}
        for strike in strikes.strikes:
            victims[strike.victim] = victims.get(strike.victim, 0) + 1
        results.append(
            {"seed": seed, "kills": len(strikes.strikes), "victims": victims, "seconds": load.seconds,
             "count": dataclasses.asdict(found)})
        with given.results.open("a") as file:
            file.write(json.dumps(results[-1]) + "\n")
        print(f"seed {seed}: {summary(found, strikes, load)}", flush=True)
        for victims, times in sorted(found.doubts.items(), key=lambda item: -item[1])[:5]:
            print(f"  {times} webhooks sent around a strike at {victims} came again", flush=True)
        if found.broken:
            print("\n".join(f"  {example}" for example in found.examples[:5]), flush=True)
            break
    print(table(results))
    return 1 if any(Count(**result["count"]).broken for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
