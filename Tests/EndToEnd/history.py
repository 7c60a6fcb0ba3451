"""What is sent in under load, what is to come of it, and the counting of what did.

Every signal makes one alert and one STATUS webhook to each sink; one in `STEERED` is suspended, resumed and terminated
by REST, one in `MAILED` is mailed to somebody.
"""

import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from load import Load
from processes import wait_until
from sinks import Received, Sink
from tocsin import Refused, Tocsin
from workflow import make_form, make_inbound, make_outbound, make_person

# How long everything may take to arrive after the last fault.
SETTLE_SECONDS = 240
# One signal in so many is steered through its life by REST, one in so many is mailed to somebody.
STEERED, MAILED = 20, 25


SCRIPT = """\
var body = JSON.parse(request.body);
trigger.properties = { 'Signal': String(body.signal), 'Attempt': body.attempt };
if (body.recipient) { trigger.recipients = [{ 'id': body.recipient }]; }
form.post(trigger);
"""
LIFE = ["active", "suspended", "active", "terminated_external"]


class Steering(threading.Thread):
    """Suspends, resumes and terminates the alerts of some requests, as an operator's tooling would, with retries."""

    def __init__(self, tocsin: Tocsin, load: Load):
        super().__init__(daemon=True)
        self._tocsin, self._load = tocsin, load
        self._is_over = threading.Event()
        self.steered: set[str] = set()
        self.problems: list[str] = []
        self._doing = "nothing"

    def finish(self):
        self._is_over.set()
        self.join(SETTLE_SECONDS)
        assert not self.is_alive(), f"steering hangs after {len(self.steered)} alerts: {self._doing}"
        assert not self.problems, self.problems

    def run(self):
        seen = 0
        while True:
            is_last = self._is_over.is_set()
            batch = self._load.accepted[seen:]
            seen += len(batch)
            for accepted in batch:
                if accepted.signal % STEERED == 0:
                    self._steer(accepted.request_id)
            if is_last and seen == len(self._load.accepted):
                return
            time.sleep(0.05)

    def _steer(self, request_id: str):
        try:
            self._doing = f"the alert of {request_id}"
            alert = self._tocsin.alert_of(request_id, seconds=SETTLE_SECONDS)
            for status in ("SUSPENDED", "ACTIVE", "TERMINATED"):
                self._doing = f"{status} of {alert['eventId']}"
                wait_until(lambda: self._set(alert, status), SETTLE_SECONDS, f"{status} of {alert['eventId']}", 0.2)
            self.steered.add(alert["eventId"])
        except AssertionError as error:
            self.problems.append(str(error))

    def _set(self, alert: dict, status: str) -> bool:
        try:
            self._tocsin.set_status(alert, status)
        except Refused as refused:
            # An answer that was lost: the alert has ended already.
            return refused.status == 409 and status == "TERMINATED"
        return True


def make_workflow(tocsin: Tocsin, sinks: dict[str, str]) -> dict:
    """One inbound integration, and an outbound one for each address. The inbound one is returned."""
    make_person(tocsin, "oncall", "On", "Call", "oncall@example.org")
    plan = tocsin.post("/plans", {"name": "Load"})
    form = make_form(tocsin, plan, "Load", {"Signal": True, "Attempt": True})
    inbound = make_inbound(tocsin, plan, form, "Load in", SCRIPT)
    for name, url in sinks.items():
        make_outbound(tocsin, plan, form, name, "STATUS", url, "/load", retrySchedule=[1, 1, 2, 2] + [5] * 20)
    return inbound


def body_of(signal: int, attempt: int) -> dict:
    body = {"signal": signal, "attempt": f"{signal}/{attempt}"}
    return body | {"recipient": "oncall"} if signal % MAILED == 0 else body


def warm_up(tocsin: Tocsin, inbound: dict, sinks: list[Sink]):
    """The first request finds cold caches and an idle broker; it is no part of the count."""
    tocsin.alert_of(tocsin.accepted(inbound, {"signal": "warm", "attempt": "warm"}), seconds=60)
    for sink in sinks:
        sink.wait_for(seconds=60)


def arrivals(sink: Sink) -> dict[str, list[str]]:
    """The statuses of each alert in the order in which they first arrived."""
    found: dict[str, list[str]] = defaultdict(list)
    seen = set()
    for request in sink.received:
        if request.webhook_id not in seen:
            seen.add(request.webhook_id)
            payload = request.json
            found[str(payload["eventIdentifier"])].append(payload["status"])
    return found


@dataclass
class Strike:
    """Something that was done to the deployment; times are monotonic, in seconds."""

    victim: str
    began: float
    over: float

    def touches(self, start: float, end: float) -> bool:
        return self.began <= end and self.over >= start


@dataclass
class Count:
    """What became of everything. What is lost, doubled, reordered or repeated without a doubt is a broken promise."""

    accepted: int = 0
    alerts: int = 0
    webhooks: int = 0
    mails: int = 0
    lost_requests: int = 0
    doubled_alerts: int = 0
    unasked_alerts: int = 0
    lost_webhooks: int = 0
    reordered: int = 0
    altered: int = 0
    repeats_in_doubt: int = 0
    repeats_without_doubt: int = 0
    # Webhooks whose success the log has more than once: the second was sent although the first was recorded.
    repeats_after_record: int = 0
    lost_mails: int = 0
    mail_repeats_in_doubt: int = 0
    mail_repeats_without_doubt: int = 0
    examples: list[str] = field(default_factory=list)
    # Seconds from the end of the load until everything had arrived.
    settled: float = 0
    # What was struck when webhooks were sent that came again, and how many.
    doubts: dict[str, int] = field(default_factory=dict)

    @property
    def broken(self) -> dict[str, int]:
        names = [
            "lost_requests", "doubled_alerts", "unasked_alerts", "lost_webhooks", "reordered", "altered",
            "repeats_without_doubt", "repeats_after_record", "lost_mails", "mail_repeats_without_doubt",
        ]
        return {name: value for name in names if (value := getattr(self, name))}


# How long after an attempt its outcome can be unwritten.
DOUBT_SECONDS = 3


def count(
    tocsin: Tocsin, load: Load, sinks: list[Sink], mail, steered: set[str], strikes: list[Strike],
    seconds: float = SETTLE_SECONDS, before: set[str] = frozenset(),
) -> Count:
    """Waits until all is there, or for `seconds`, and counts. The alerts `before` the load, by eventId, are left out,
    and so are their webhooks."""
    result = Count(accepted=len(load.accepted))
    wanted = {accepted.request_id for accepted in load.accepted}
    began = time.monotonic()
    deadline = began + seconds

    def left() -> float:
        return max(1, deadline - time.monotonic())

    def settle(condition):
        try:
            wait_until(condition, left(), "everything", every=1)
        except AssertionError:
            pass  # what is missing is counted

    settle(lambda: tocsin.get("/events", limit=1)["total"] >= len(wanted) + len(before))
    alerts = [a for a in tocsin.pages("/events", embed="properties") if a["eventId"] not in before]
    result.alerts = len(alerts)
    per_request = Counter(alert["requestId"] for alert in alerts)
    attempts = Counter(alert["properties"]["Attempt#en"] for alert in alerts)
    lost = wanted - set(per_request)
    result.lost_requests = len(lost)
    result.doubled_alerts = max(sum(n - 1 for n in per_request.values()), sum(n - 1 for n in attempts.values()))
    result.unasked_alerts = max(0, len(set(per_request) - wanted) - load.in_doubt)
    result.examples += [f"lost request {request}" for request in sorted(lost)[:3]]

    expected = {alert["eventId"]: LIFE if alert["eventId"] in steered else LIFE[:1] for alert in alerts}
    total = sum(len(life) for life in expected.values())
    result.webhooks = total * len(sinks)
    for sink in sinks:
        settle(lambda: len({r.webhook_id for r in sink.received if _number(r) in expected}) >= total)
        _count_sink(result, sink, expected, strikes)

    by_id = {alert["eventId"]: int(alert["properties"]["Signal#en"]) for alert in alerts}
    mailed = {n for n, signal in by_id.items() if signal % MAILED == 0 and signal % STEERED != 0}
    result.mails = len(mailed)
    settle(lambda: mailed <= set(mails_by_alert(mail)))
    result.settled = time.monotonic() - began
    result.lost_mails = len(mailed - set(mails_by_alert(mail)))
    for times in mail_times(mail).values():
        for at in times[:-1]:
            if _struck(at, strikes):
                result.mail_repeats_in_doubt += 1
            else:
                result.mail_repeats_without_doubt += 1
    return result


def _struck(at: int, strikes: list[Strike]) -> list[Strike]:
    """What was struck when the outcome of what was done then (in nanoseconds) was to be written."""
    return [strike for strike in strikes if strike.touches(at / 1e9 - DOUBT_SECONDS, at / 1e9 + DOUBT_SECONDS)]


def _number(request: Received) -> str:
    return str(request.json["eventIdentifier"])


def _count_sink(result: Count, sink: Sink, expected: dict[str, list[str]], strikes: list[Strike]):
    found = arrivals(sink)
    for number, life in expected.items():
        statuses = found.get(number, [])
        missing = len(life) - len(statuses)
        result.lost_webhooks += max(0, missing)
        if missing > 0:
            result.examples.append(f"{sink.name}: alert {number} has {statuses} of {life}")
        elif statuses != life:
            result.reordered += 1
            result.examples.append(f"{sink.name}: alert {number} {statuses}")
    by_id: dict[str, list[Received]] = defaultdict(list)
    for request in sink.received:
        by_id[request.webhook_id].append(request)
    for webhook_id, requests in by_id.items():
        result.altered += len({request.body for request in requests}) > 1
        for earlier, _ in zip(requests, requests[1:]):
            if struck := _struck(earlier.at, strikes):
                result.repeats_in_doubt += 1
                victims = ", ".join(sorted({strike.victim for strike in struck}))
                result.doubts[victims] = result.doubts.get(victims, 0) + 1
            else:
                result.repeats_without_doubt += 1
                result.examples.append(f"{sink.name}: {webhook_id} again without a doubt")


def mails_by_alert(mail) -> Counter:
    return Counter({number: len(times) for number, times in mail_times(mail).items()})


def mail_times(mail) -> dict[str, list[int]]:
    """When each alert was mailed, by its number."""
    times: dict[str, list[int]] = defaultdict(list)
    for m in mail.mails:
        for line in m.text.splitlines():
            if line.startswith("Alert "):
                times[line.split()[1].rstrip(",")].append(m.at)
    return times
