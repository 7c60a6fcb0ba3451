"""A day in the life: forty alerts, each to somebody who is reached and answers in another way; groups, a rotation and an
absence whose notifications are worked out here, from the configuration, by a calendar of our own.

The day itself is asked for with `POST /events/simulate`, which decides as for a real alert with a clock of its own; the
real alerts of this minute show that the decision is carried out. A day with a virtual clock is in ServiceTests/DayTests.
"""

from collections import Counter
from datetime import datetime, timedelta, timezone

import pytest
import requests

from conftest import run_deployment
from people import Office
from processes import free_port, wait_until
from workflow import make_form, make_inbound

OPTIONS = {"Acknowledge": 1, "Resolve": 2}
SCRIPT = """\
var body = JSON.parse(request.body);
trigger.properties = { 'Signal': body.signal };
trigger.recipients = body.recipients.map(function (name) { return { 'id': name }; });
trigger.priority = 'HIGH';
form.post(trigger);
"""


@pytest.fixture(scope="module")
def reply_port():
    return free_port()


@pytest.fixture(scope="module", params=["one-process", "separate-processes"])
def deployment(request, executables, mail, reply_port):
    yield from run_deployment(
        request, request.param, mail, TOCSIN_MAIL_DOMAIN="answers.example.org",
        TOCSIN_MAIL_LISTEN=f"127.0.0.1:{reply_port}",
    )


@pytest.fixture(scope="module")
def office(tocsin, sinks, mail, reply_port) -> Office:
    office = Office(tocsin, sinks, mail, reply_port)
    office.add_everybody()
    return office


@pytest.fixture(scope="module")
def inbound(tocsin):
    plan = tocsin.post("/plans", {"name": "Day"})
    form = make_form(tocsin, plan, "Day", {"Signal": True})
    tocsin.post(
        f"/forms/{form['id']}/message-templates",
        {"email": [{"language": "en", "subject": "${Signal}", "body": "<p>${Signal}</p>"}]},
    )
    return make_inbound(tocsin, plan, form, "Day in", SCRIPT)


def send(tocsin, inbound, signal: str, *recipients: str) -> dict:
    return tocsin.alert_of(tocsin.accepted(inbound, {"signal": signal, "recipients": recipients}))


def response_of(tocsin, alert: dict) -> dict | None:
    rows = tocsin.pages("/audits", eventId=alert["id"], auditType="RESPONSE_RECEIVED")
    return rows[0]["response"] if rows else None


# As the answer says; all others come by a link.
SOURCES = {"text": "SMS", "voice": "VOICE"}


def test_forty_alerts_are_answered_by_every_way(deployment, tocsin, office, inbound, mail):
    names = list(office.people)
    seen: dict[str, int] = Counter()
    for number in range(40):
        name = names[number % len(names)]
        option = list(OPTIONS)[number // len(names) % 2]
        alert = send(tocsin, inbound, f"Alert {number} of the day", name)
        way = office.people[name].way
        earlier = seen[name] if way == "voice" else 0
        found = wait_until(lambda: office.messages(name, alert)[earlier:], 30, f"{name} is reached")
        assert len(found) == 1, f"{name} was reached {len(found)} times: {found}"
        seen[name] += 1
        if name == "ralph":
            office.reply(found[0], option)
        else:
            answered = office.answer(found[0], option, OPTIONS[option], alert)
            if way == "voice":
                assert answered.hears(f"Alert {number} of the day"), answered
        response = wait_until(lambda: response_of(tocsin, alert), 30, f"the answer of {name}")
        assert option in str(response), response
        assert response["source"] == SOURCES.get(way, "EMAIL"), response
        if option == "Resolve":
            tocsin.wait_status(alert, "TERMINATED", "TERMINATED_EXTERNAL")
        elif number % 3:
            tocsin.set_status(alert, "TERMINATED")
        explained = tocsin.get(f"/events/{alert['id']}/explain", person=name)
        notified = [line for line in explained["lines"] if line["kind"] == "NOTIFIED"]
        assert len(notified) == 1 and notified[0]["rule"] == "NAMED", explained
    assert not office.problems, office.problems


def test_a_stranger_on_the_telephone_is_refused(deployment, tocsin, office):
    url = f"{tocsin.api}/provider/twilio/{office.provider['id']}/sms"
    form = {"MessageSid": "SM1", "From": "+15551230001", "To": "+15559990000", "Body": "2"}
    assert office.twilio.unsigned(url, form).status_code == 403
    assert requests.post(url, data=form, timeout=30).status_code == 403


# The calendar

MIDNIGHT = datetime(2031, 6, 3, tzinfo=timezone.utc)  # a Tuesday; Berlin is two hours ahead


def stamp(minute: int) -> str:
    return (MIDNIGHT + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture(scope="module")
def groups(tocsin, office):
    for name in ("ann", "ben", "cem", "dan", "eve", "fay", "gus", "hal", "ida", "joe", "kim"):
        office.add(name, "EMAIL", emailAddress=f"{name}@example.org")

    def group(name: str, *shifts: dict):
        made = tocsin.post("/groups", {"targetName": name, "recipientType": "GROUP"})
        tocsin.delete(f"/groups/{made['id']}/shifts/Default%20Shift")
        for shift in shifts:
            tocsin.post(f"/groups/{made['id']}/shifts", shift)

    def shift(name: str, start: int, hours: int, zone: str, *members: tuple[str, int], **more) -> dict:
        places = [
            {"recipient": {"id": person, "recipientType": "PERSON"}, "position": place, "delay": delay,
             "escalationType": "Peer", "inRotation": True}
            for place, (person, delay) in enumerate(members, 1)
        ]
        return {"name": name, "start": stamp(start - 2880), "end": stamp(start - 2880 + 60 * hours), "timezone": zone,
                "recurrence": {"frequency": "DAILY"}, "members": places, **more}

    group("database", shift("Always", 0, 24, "UTC", ("ann", 0), ("ben", 5), ("cem", 10)))
    group(
        "network",
        shift("By day", 6 * 60, 12, "Europe/Berlin", ("dan", 0), ("eve", 10)),
        shift("By night", 18 * 60, 12, "Europe/Berlin", ("fay", 0), ("gus", 10)),
    )
    group(
        "desk",
        shift("Round the clock", 0, 24, "UTC", ("hal", 0), ("ida", 15), ("joe", 15),
              rotation={"type": "TIME", "interval": 6, "intervalUnit": "HOURS", "direction": "FIRST_TO_LAST"},
              repeatEscalation={"repeatEnabled": True, "delay": 10, "repetitions": 1}),
    )
    tocsin.post(
        "/temporary-absences",
        {"absenceType": "REPLACEMENT", "member": {"id": "ben"}, "replacement": {"id": "kim"}, "start": stamp(9 * 60),
         "end": stamp(17 * 60), "group": {"id": "database"}},
    )


def escalation(target: str, minute: int) -> list[tuple[int, str]]:
    """Who is to be notified, and how many minutes after the alert: by hand."""
    if target == "database":
        second = "kim" if 9 * 60 <= minute + 5 < 17 * 60 else "ben"
        return [(0, "ann"), (5, second), (15, "cem")]
    if target == "network":
        return [(0, "dan"), (10, "eve")] if 6 * 60 <= minute < 18 * 60 else [(0, "fay"), (10, "gus")]
    order = ["hal", "ida", "joe"]
    turn = 8 + minute // 360
    round_ = [(15 * place, order[(turn + place) % 3]) for place in range(3)]
    return round_ + [(40 + after, person) for after, person in round_]


@pytest.mark.parametrize("target", ["database", "network", "desk"])
def test_the_calendar_of_a_day(deployment, tocsin, groups, target):
    for minute in range(17, 1440, 107):
        answer = tocsin.post(
            "/events/simulate", {"recipients": [{"id": target}], "at": stamp(minute), "minutes": 90, "priority": "HIGH"}
        )
        told = []
        for line in answer["notifications"]:
            at = datetime.fromisoformat(line["at"].replace("Z", "+00:00"))
            told.append((round((at - MIDNIGHT).total_seconds() / 60) - minute, line["person"]["targetName"]))
        assert sorted(told) == sorted(escalation(target, minute)), f"{target} at minute {minute}"
