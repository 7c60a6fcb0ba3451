"""One alert to very many people, and very many alerts to few of them, while the notifier is killed: what reaches whom.

    python storm.py [--recipients 1300] [--alerts 10000] [--people 50] [--seconds 60] [--one-process]

prints figures for the sizes of the design, with --alerts 0 of the one alert only; test_storm.py runs small ones. On
PostgreSQL and the broker, or in one process on SQLite.
"""

import argparse
import re
import sys
import threading
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from load import Load
from mail import MailServer
from processes import wait_until
from tocsin import Tocsin
from workflow import make_form, make_inbound, make_person

SCRIPT = """\
var body = JSON.parse(request.body);
trigger.properties = { 'Signal': String(body.signal) };
trigger.priority = 'MEDIUM';
trigger.recipients = [{ 'id': body.to }];
form.post(trigger);
"""
DIGEST = re.compile(r"(\d+) more alerts?:")
ALERT = re.compile(r"^Alert (\d+), priority", re.M)
SETTLE_SECONDS = 300


@dataclass
class Storm:
    """The people, and the way in."""

    tocsin: Tocsin
    mail: MailServer
    inbound: dict
    people: list[str]

    @staticmethod
    def make(tocsin: Tocsin, mail: MailServer, count: int) -> "Storm":
        plan = tocsin.post("/plans", {"name": "Storm"})
        form = make_form(tocsin, plan, "Storm", {"Signal": True})
        inbound = make_inbound(tocsin, plan, form, "Storm in", SCRIPT)
        names = [f"person{number:04d}" for number in range(count)]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda name: make_person(tocsin, name, "P", name, f"{name}@example.org"), names))
        return Storm(tocsin, mail, inbound, names)

    # One alert, everybody

    def broadcast(self, count: int) -> str:
        """Everybody in a group is told of one alert, once; how long that takes from the 202 to the last mail."""
        group = self.tocsin.post(
            "/groups", {"targetName": "everybody", "recipientType": "GROUP", "groupType": "BROADCAST"}
        )
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(
                lambda name: self.tocsin.post(f"/groups/{group['id']}/members", {"id": name}), self.people[:count]
            ))
        self.mail.clear()
        request_id = self.tocsin.accepted(self.inbound, {"signal": "everybody", "to": "everybody"})
        accepted = time.monotonic()
        try:
            wait_until(lambda: len(self.mail.mails) >= count, SETTLE_SECONDS, f"{count} mails", every=0.2)
        finally:
            mails = self.mail.mails
        alert = self.tocsin.alert_of(request_id)
        took = max(mail.at for mail in mails) / 1e9 - accepted
        reached = Counter(mail.recipients[0] for mail in mails)
        assert set(reached) == {f"{name}@example.org" for name in self.people[:count]}
        assert max(reached.values()) == 1, f"told twice: {reached.most_common(3)}"
        self.tocsin.set_status(alert, "TERMINATED")
        return f"{count} recipients of one alert: the last mail was handed over {took:.2f} s after the 202"

    # Many alerts, few people

    def rage(self, deployment, alerts: int, count: int, seconds: float, window: float) -> str:
        """Alerts at a rate, of which the notifier hears with an interruption. Everything is handed over: by itself, or
        counted in the message that tells of a storm."""
        people = self.people[:count]
        self.mail.clear()
        load = Load(
            self.tocsin.trigger_url(self.inbound), alerts / seconds,
            lambda signal, attempt: {"signal": signal, "to": people[signal % count]},
        )
        killer = threading.Timer(seconds / 2, lambda: strike(deployment.processes.get("notifier") or deployment.processes["serve"]))
        killer.start()
        time.sleep(seconds)
        load.finish(120)
        killer.join()
        deployment.wait_ready()
        wanted = self._wanted(load, people)
        began = time.monotonic()
        try:
            wait_until(
                lambda: told(self.mail)[1] >= sum(wanted.values()), SETTLE_SECONDS + window,
                f"{sum(wanted.values())} alerts are told of", every=1,
            )
        except AssertionError as error:
            raise AssertionError(f"{error}; told of {told(self.mail)[1]}") from None
        settled = time.monotonic() - began
        return self._check(deployment, wanted, load, settled)

    def _wanted(self, load: Load, people: list[str]) -> Counter:
        """How many alerts there are for each person, as the server has them: an answer that was lost is no alert less."""
        wanted: Counter = Counter()
        rows = wait_until(
            lambda: self._all_alerts(len(load.accepted)), SETTLE_SECONDS, f"{len(load.accepted)} alerts", every=2
        )
        for row in rows:
            wanted[people[int(row["properties"]["Signal#en"]) % len(people)]] += 1
        return wanted

    def _all_alerts(self, least: int) -> list[dict]:
        # While alerts are still made, a page can begin with what the one before ended with.
        rows = {row["id"]: row for row in self.tocsin.pages("/events", embed="properties", status="ACTIVE")}
        total = self.tocsin.get("/events", status="ACTIVE", limit=1)["total"]
        assert len(rows) == total, f"{len(rows)} of {total}"
        rows = [row for row in rows.values() if row["properties"]["Signal#en"].isdigit()]
        assert len(rows) >= least, f"{len(rows)}"
        return rows

    def _check(self, deployment, wanted: Counter, load: Load, settled: float) -> str:
        singles: dict[str, set[str]] = defaultdict(set)
        digests: Counter = Counter()
        ids = Counter(str(mail.message["Message-ID"]) for mail in self.mail.mails)
        seen = set()
        for mail in self.mail.mails:
            message_id = str(mail.message["Message-ID"])
            if message_id in seen:
                continue
            seen.add(message_id)
            name = mail.recipients[0].removesuffix("@example.org")
            if digest := DIGEST.match(mail.subject):
                digests[name] += int(digest[1])
            else:
                number = ALERT.search(mail.text)[1]
                assert number not in singles[name], f"{name} was told of {number} in two messages"
                singles[name].add(number)
        for name, count in wanted.items():
            told_of = len(singles[name]) + digests[name]
            assert told_of == count, f"{name}: {len(singles[name])} messages and {digests[name]} in storms, not {count}"
        repeats = [message_id for message_id, count in ids.items() if count > 1]
        unmarked = self._unmarked(deployment, repeats)
        assert not unmarked, f"sent twice and not marked: {unmarked[:5]}"
        single = sum(len(numbers) for numbers in singles.values())
        return (
            f"{len(load.accepted)} alerts in {load.seconds:.0f} s to {len(wanted)} people, the notifier killed once: "
            f"{single} messages, {sum(digests.values())} alerts told of in storms' {len(seen) - single} messages, exactly; "
            f"{len(repeats)} repetitions, all marked; settled {settled:.0f} s after the last alert"
        )

    @staticmethod
    def _unmarked(deployment, message_ids: list[str]) -> list[str]:
        """Which of the repeated notifications do not say in the log that they may arrive twice."""
        if not message_ids:
            return []
        ids = [message_id.strip("<>").partition("@")[0] for message_id in message_ids]
        streams = ",".join(f"'notification-{i}'" for i in ids)
        marked = deployment.column(
            f"SELECT DISTINCT stream FROM events WHERE stream IN ({streams}) AND "
            "(data LIKE '%\"isRepetition\":true%' OR type = 'notification.leftInDoubt')"
        )
        return sorted(set(ids) - {stream.removeprefix("notification-") for stream in marked})


def strike(process):
    process.kill()
    process.start()


def told(mail: MailServer) -> tuple[int, int]:
    """Messages, and alerts that they tell of; repetitions once."""
    seen, alerts = set(), 0
    for message in mail.mails:
        if (message_id := str(message.message["Message-ID"])) not in seen:
            seen.add(message_id)
            digest = DIGEST.match(message.subject)
            alerts += int(digest[1]) if digest else 1
    return len(seen), alerts


def main():
    from deployments import OneProcess, SeparateProcesses

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipients", type=int, default=1300)
    parser.add_argument("--alerts", type=int, default=10_000)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--one-process", action="store_true")
    given = parser.parse_args()
    mail = MailServer()
    deployment = (OneProcess if given.one_process else SeparateProcesses)("storm", mail)
    try:
        deployment.start()
        storm = Storm.make(deployment.client(), mail, max(given.recipients, given.people))
        print(storm.broadcast(given.recipients), flush=True)
        if given.alerts:
            print(storm.rage(deployment, given.alerts, given.people, given.seconds, 60), flush=True)
    finally:
        deployment.stop()
        mail.close()


if __name__ == "__main__":
    sys.exit(main())
