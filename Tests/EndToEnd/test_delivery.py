"""How an integration delivers, seen from its target: a try, a filter, a rotation of keys, and settings that are refused."""

import time
import uuid

import pytest

from sinks import Answer, Received, always, signature_problem
from tocsin import Refused, Tocsin
from workflow import make_form, make_inbound, make_outbound, make_person


@pytest.fixture(scope="module")
def ways(tocsin, sinks):
    """A workflow whose requests are alerts as they are, and a target of its own for each integration."""
    make_person(tocsin, "keeper", "Kee", "Per", "keeper@example.org")
    plan = tocsin.post("/plans", {"name": "Deliveries"})
    form = make_form(tocsin, plan, "Delivery", {"Severity": True})
    inbound = make_inbound(tocsin, plan, form, "Delivery in", None)

    def integration(name: str, **changes):
        sink = sinks.sink(name)
        return sink, make_outbound(tocsin, plan, form, name, "STATUS", sink.url, "/hook", **changes)

    return tocsin, f"/plans/{plan['id']}/integrations", inbound, integration


def alert(tocsin: Tocsin, inbound: dict, severity: str) -> int:
    """Its number."""
    request = tocsin.accepted(
        inbound, {"properties": {"Severity": severity}, "recipients": [{"id": "keeper"}], "priority": "LOW"}
    )
    return int(tocsin.alert_of(request)["eventId"])


def test_a_try_shows_the_whole_exchange(ways):
    tocsin, path, _, integration = ways
    sink, outbound = integration("tried")
    sink.behaviour = always(418, X_Answer="teapot", Set_Cookie="session=geheim")
    shown = tocsin.post(f"{path}/{outbound['id']}/test", {})
    [received] = sink.received
    assert shown["success"] is False and "error" not in shown
    assert shown["response"]["status"] == 418
    answered = {header["name"].lower(): header["value"] for header in shown["response"]["headers"]}
    assert answered["x-answer"] == "teapot" and "geheim" not in str(shown)
    sent = {header["name"].lower(): header["value"] for header in shown["request"]["headers"]}
    assert shown["request"]["body"].encode() == received.body and shown["request"]["url"] == sink.url + "/hook"
    assert sent == received.headers, "what is shown is what was sent"
    assert received.json["status"] == "active" and received.json["eventProperties"] == [{"Severity": "A severity"}]
    assert signature_problem(received, [outbound["signingSecret"]]) is None

    sink.behaviour = lambda _: Answer(status=410)
    assert tocsin.post(f"{path}/{outbound['id']}/test", {})["response"]["status"] == 410
    assert "disabledReason" not in tocsin.get(f"{path}/{outbound['id']}"), "a try changes nothing"


def test_only_what_meets_the_filter_is_delivered(ways):
    tocsin, path, inbound, integration = ways
    sink, outbound = integration("filtered", delivery={"filter": 'properties.Severity in ["high", "critical"]'})
    everything, _ = integration("unfiltered")
    numbers = {severity: alert(tocsin, inbound, severity) for severity in ("low", "high", "medium", "critical")}
    everything.wait_for(lambda r: r.json["eventIdentifier"] in numbers.values(), count=4)
    wanted = {numbers["high"], numbers["critical"]}
    sink.wait_for(lambda r: r.json["eventIdentifier"] in wanted, count=2)
    assert {r.json["eventIdentifier"] for r in sink.received} == wanted

    with pytest.raises(Refused) as refused:
        tocsin.post(path, {"id": outbound["id"], "delivery": {"filter": "Severity == 'high'"}})
    assert refused.value.status == 400
    assert "delivery.filter" in refused.value.text and "at character 1, there is no name Severity" in refused.value.text
    assert tocsin.get(f"{path}/{outbound['id']}")["delivery"]["filter"].startswith("properties.Severity")


def test_keys_overlap_when_they_are_rotated(ways):
    tocsin, path, inbound, integration = ways
    sink, outbound = integration("rotated")
    old = outbound["signingSecret"]
    rotated = tocsin.post(f"{path}/{outbound['id']}/signing-secrets/rotate", {"overlapSeconds": 6})
    until = time.monotonic() + 6
    new = rotated["signingSecret"]
    assert new != old and len(rotated["signingKeys"]) == 2

    def delivered() -> Received:
        number = alert(tocsin, inbound, f"rotation {uuid.uuid4()}")
        return sink.wait_for(lambda r: r.json["eventIdentifier"] == number)[0]

    # Processes see the change within a second or so; a receiver that knows either secret accepts all of it meanwhile.
    deadline = time.monotonic() + 20
    received = delivered()
    while signature_problem(received, [new]) is not None:
        assert signature_problem(received, [old]) is None
        assert time.monotonic() < deadline
        received = delivered()
    if time.monotonic() < until - 1:
        received = delivered()
        assert signature_problem(received, [old]) is None and signature_problem(received, [new]) is None
    time.sleep(max(0, until - time.monotonic()) + 0.5)
    received = delivered()
    assert signature_problem(received, [new]) is None
    assert signature_problem(received, [old]) is not None, "the old secret has expired"
    assert len(tocsin.get(f"{path}/{outbound['id']}")["signingKeys"]) == 1
