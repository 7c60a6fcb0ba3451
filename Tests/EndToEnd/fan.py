"""A workflow for measurements: each request makes one alert, and each alert one STATUS webhook to every target."""

import shutil
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from deployments import Deployment, OneProcess, SeparateProcesses
from mail import MailServer
from native import MARK, Arrival, FastLoad, FastSinks
from processes import wait_until
from tocsin import Tocsin
from workflow import make_form, make_inbound, make_outbound

SCRIPT = """\
var body = JSON.parse(request.body);
trigger.properties = { 'Signal': body.signal, 'Text': body.text };
form.post(trigger);
"""
# No limits that are there for people, and the product's own patience with targets.
SETTINGS = {
    "TOCSIN_WEBHOOK_PARK_AFTER": "2000", "TOCSIN_WEBHOOK_TIMEOUT": "30", "TOCSIN_NOTIFICATION_STORM_LIMIT": "0",
    "TOCSIN_LOG_LEVEL": "error",
}
RETRY_SCHEDULE = [5, 5, 10, 10] + [30] * 40


@dataclass
class Fan:
    inbound: dict
    outbound: list[dict]
    trigger_url: str

    @staticmethod
    def make(tocsin: Tocsin, urls: list[str], **changes) -> "Fan":
        """`changes` are fields of the outbound integrations, as `delivery`."""
        plan = tocsin.post("/plans", {"name": "Fan"})
        form = make_form(tocsin, plan, "Fan", {"Signal": True, "Text": True})
        inbound = make_inbound(tocsin, plan, form, "Fan in", SCRIPT)
        fields = {"retrySchedule": RETRY_SCHEDULE} | changes

        def integration(item: tuple[int, str]) -> dict:
            return make_outbound(tocsin, plan, form, f"target {item[0]:03d}", "STATUS", item[1], "/fan", **fields)

        with ThreadPoolExecutor(4) as pool:
            outbound = list(pool.map(integration, enumerate(urls)))
        return Fan(inbound, outbound, tocsin.trigger_url(inbound))

    def load(self, count: int, text: int = 0, **options) -> FastLoad:
        """Begins to send; `text` is how many characters each alert has besides its number."""
        return FastLoad(self.trigger_url, f'{{"signal":"{MARK}","text":"{"x" * text}"}}', count, **options)

    def warm_up(self, sinks: FastSinks, count: int = 3):
        """The first requests find cold caches and an idle broker: they are no part of what is counted."""
        before = len(sinks)
        self.load(count, connections=1, seconds=60, first=4_000_000_000).finish()
        wait_for_arrivals(sinks, before + count * len(self.outbound), 60)
        sinks.arrivals()


def wait_for_arrivals(sinks: FastSinks, count: int, seconds: float):
    wait_until(lambda: len(sinks) >= count, seconds, f"{count} webhooks have arrived", every=0.1)


def first_arrivals(arrivals: Iterable[Arrival]) -> dict[tuple[int, int], Arrival]:
    """By number and target, what was answered 2xx first."""
    found: dict[tuple[int, int], Arrival] = {}
    for arrival in arrivals:
        if 200 <= arrival.status < 300 and arrival.number is not None:
            found.setdefault((arrival.number, arrival.sink), arrival)
    return found


@contextmanager
def running(
    name: str, targets: int, one_process: bool = False, **settings: str
) -> Iterator[tuple[Deployment, FastSinks]]:
    """A deployment of its own and its targets, which leave nothing behind but logs."""
    mail, sinks = MailServer(), FastSinks(targets)
    deployment = (OneProcess if one_process else SeparateProcesses)(name, mail, **SETTINGS | settings)
    try:
        yield deployment.start(), sinks
    finally:
        remove(deployment)
        sinks.close()
        mail.close()


def remove(deployment: Deployment):
    deployment.stop()
    if isinstance(deployment, SeparateProcesses):
        deployment.postgres.remove()
    shutil.rmtree(deployment.folder, ignore_errors=True)
