"""What is wrong gets a clear answer in the platform's error shape, and leaves a record that its author can find."""

import json
import time
from datetime import datetime
from pathlib import Path

import pytest
import requests

from conftest import run_deployment
from processes import children_of
from tocsin import Refused, Tocsin, script
from workflow import make_form, make_inbound, make_person


@pytest.fixture(scope="module")
def deployment(request, executables, mail):
    yield from run_deployment(request, "one-process", mail)


@pytest.fixture(scope="module")
def plan(tocsin) -> dict:
    make_person(tocsin, "oncall", "On", "Call", "oncall@example.org")
    return tocsin.post("/plans", {"name": "Bad input"})


@pytest.fixture(scope="module")
def form(tocsin, plan) -> dict:
    return make_form(tocsin, plan, "Form")


@pytest.fixture(scope="module")
def simple(tocsin, plan, form) -> dict:
    """Creates an alert from the body as it is."""
    return make_inbound(tocsin, plan, form, "simple", None)


def check_error(answer: requests.Response, status: int, *words: str) -> dict:
    """The status, and the shape of spec §4.1."""
    assert answer.status_code == status, f"{answer.status_code} {answer.text}"
    assert answer.headers["Content-Type"].startswith("application/json")
    error = answer.json()
    assert error["code"] == status
    assert isinstance(error["message"], str) and error["message"]
    assert isinstance(error["reason"], str) and error["reason"]
    assert isinstance(error.get("subcode"), str) and error["subcode"], f"no subcode: {error}"
    for word in words:
        assert word.lower() in error["message"].lower(), f"'{word}' is not in: {error['message']}"
    return error


# Inbound


def test_a_body_that_is_no_json(tocsin, simple):
    before = tocsin.get("/events")["total"]
    check_error(tocsin.trigger(simple, '{"properties": {"Summary": '), 400, "JSON")
    assert tocsin.get("/events")["total"] == before


@pytest.mark.parametrize(
    "body, field",
    [
        ({"properties": "text"}, "properties"),
        ({"recipients": 7}, "recipients"),
        ({"priority": "URGENT"}, "priority"),
        ({"priority": 1}, "priority"),
        ({"expirationInMinutes": "soon"}, "expirationInMinutes"),
        ({"expirationInMinutes": 0}, "expirationInMinutes"),
        ({"responseOptions": "yes"}, "responseOptions"),
        ({"bypassPhoneIntro": "perhaps"}, "bypassPhoneIntro"),
        ([1, 2], ""),
    ],
    ids=lambda value: json.dumps(value)[:40],
)
def test_a_field_of_the_wrong_type(tocsin, simple, body, field):
    check_error(tocsin.trigger(simple, body), 400, field)


def test_a_body_that_is_too_large(tocsin, simple):
    answer = tocsin.trigger(simple, json.dumps({"properties": {"Summary": "x" * 20_000_000}}))
    check_error(answer, 413, "bytes")


def test_a_wrong_key(tocsin, simple):
    url, _, key = tocsin.trigger_url(simple).partition("?apiKey=")
    wrong = key[:-1] + ("0" if key[-1] != "0" else "1")
    assert key
    check_error(requests.post(f"{url}?apiKey={wrong}", json={}, timeout=10), 401, "apiKey")
    answer = requests.post(url, json={}, timeout=10)
    check_error(answer, 401, "apiKey")
    assert answer.headers["WWW-Authenticate"]


def test_an_unknown_integration(tocsin, simple):
    url = tocsin.trigger_url(simple).replace(simple["id"], "0193d0f0-0000-7000-8000-000000000000")
    check_error(requests.post(url, json={}, timeout=10), 404, "0193d0f0-0000-7000-8000-000000000000")
    check_error(requests.post(f"{tocsin.inbound}/api/integration/1/functions/x/triggers", json={}, timeout=10), 404)
    check_error(requests.post(f"{tocsin.inbound}/api/integration/1/nothing", json={}, timeout=10), 404)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_a_wrong_method(tocsin, simple, method):
    answer = requests.request(method, tocsin.trigger_url(simple), timeout=10)
    check_error(answer, 405)
    assert "POST" in answer.headers["Allow"]


def failed(tocsin: Tocsin, integration: dict, body, seconds: float = 30) -> dict:
    """The record of a request that was accepted and then failed."""
    row = tocsin.activity(integration, tocsin.accepted(integration, body), seconds=seconds)
    assert row["status"] == "FAILED", row
    assert row["events"] == []
    assert tocsin.get("/events", requestId=row["requestId"])["total"] == 0
    return row


def test_an_unknown_recipient(tocsin, simple):
    row = failed(tocsin, simple, {"recipients": [{"id": "oncall"}, {"id": "nobody.here"}]})
    assert "nobody.here" in row["error"]["message"]
    assert "oncall" not in row["error"]["message"]


def test_an_unknown_recipient_named_by_a_script(tocsin, plan, form):
    text = "trigger.recipients = ['nobody.here'];\nvar answer = form.post(trigger);\n"
    text += "if (answer.statusCode >= 300) { throw answer; }\n"
    integration = make_inbound(tocsin, plan, form, "recipient by script", text)
    row = failed(tocsin, integration, {})
    assert "nobody.here" in row["error"]["message"] + row["log"]


def test_a_script_with_a_syntax_error(tocsin, plan, form):
    text = "var a = 1;\nvar b = 2;\nvar c = = 3;\nform.post(trigger);\n"
    try:
        integration = make_inbound(tocsin, plan, form, "syntax error", text)
    except Refused as refused:
        # Just as good: it is refused when it is saved.
        assert refused.status == 400 and "3" in refused.json["message"]
        return
    row = failed(tocsin, integration, {})
    assert row["error"]["kind"] == "syntax"
    assert row["error"]["line"] == 3


def test_a_script_that_throws(tocsin, plan, form):
    text = "console.log('before');\nvar body = JSON.parse(request.body);\nreturn body.alerts[0].labels;\n"
    integration = make_inbound(tocsin, plan, form, "throws", text)
    row = failed(tocsin, integration, {"alerts": []})
    assert row["error"]["kind"] == "thrown"
    assert row["error"]["line"] == 3
    assert "labels" in row["error"]["message"]
    assert "before" in row["log"]
    assert row["requestBody"] == '{"alerts": []}'


def test_a_script_that_never_ends_holds_up_nobody(tocsin, plan, form, simple):
    integration = make_inbound(tocsin, plan, form, "endless", "console.log('round and round');\nwhile (true) {}\n")
    endless = tocsin.accepted(integration, {})
    began = time.monotonic()
    tocsin.alert_of(tocsin.accepted(simple, {}), seconds=4)
    assert time.monotonic() - began < 4, "another request waited for the endless script"
    row = tocsin.activity(integration, endless)
    assert (row["status"], row["error"]["kind"]) == ("FAILED", "timeout")
    took = datetime.fromisoformat(row["completed"]) - datetime.fromisoformat(row["received"])
    assert took.total_seconds() < 15


def test_a_script_that_wants_a_gigabyte(deployment, tocsin, plan, form, simple):
    text = "var kept = [];\nwhile (true) { kept.push(new Array(1024 * 1024).fill(kept.length)); }\n"
    integration = make_inbound(tocsin, plan, form, "gigabyte", text)
    row = failed(tocsin, integration, {})
    assert row["error"]["kind"] == "memory"
    assert row["error"]["line"] == 2
    server = deployment.processes["serve"].pid
    sizes = {pid: resident_megabytes(pid) for pid in [server, *children_of(server)]}
    assert max(sizes.values()) < 512, f"megabytes by process: {sizes}"
    tocsin.alert_of(tocsin.accepted(simple, {}))


def resident_megabytes(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) // 1024
    return 0


def test_a_script_may_not_reach_a_private_address(deployment, tocsin, plan, form):
    tocsin.post(
        f"/plans/{plan['id']}/endpoints",
        {"name": "metadata", "url": "http://169.254.169.254", "authenticationType": "NO_AUTH"},
    )
    text = "var answer = http.request({endpoint: 'metadata', path: '/latest', method: 'GET'}).write();\n"
    row = failed(tocsin, make_inbound(tocsin, plan, form, "metadata", text), {})
    assert "169.254.169.254" in row["error"]["message"] + row["log"]


# REST


def test_rest_without_credentials(tocsin):
    for auth in (None, ("admin", "wrong"), ("nobody", "x")):
        answer = requests.get(tocsin.api + "/api/xm/1/events", auth=auth, timeout=10)
        check_error(answer, 401)
        assert answer.headers["WWW-Authenticate"].startswith("Basic")


def test_rest_with_a_body_that_is_no_json(tocsin):
    check_error(tocsin.request("POST", "/people", data="{"), 400, "JSON")
    check_error(tocsin.request("POST", "/people", data="[]"), 400)
    check_error(tocsin.request("POST", "/people", data=b"\xff\xfe"), 400)


@pytest.mark.parametrize(
    "path, body, words",
    [
        ("/people", {"targetName": 7, "firstName": "A", "lastName": "B"}, ["targetName", "string"]),
        ("/people", {"firstName": "A", "lastName": "B"}, ["targetName"]),
        ("/people", {"targetName": "oncall", "firstName": "A", "lastName": "B"}, ["oncall"]),
        ("/devices", {"name": "Work Email", "deviceType": "PIGEON", "owner": "oncall"}, ["deviceType", "PIGEON"]),
        ("/events", {"id": "100001", "status": "DONE"}, ["status", "DONE"]),
        ("/plans/PLAN/forms", {"name": ["x"]}, ["name"]),
        ("/plans/PLAN/property-definitions", {"propertyType": "COLOUR", "name": "x"}, ["propertyType", "COLOUR"]),
        ("/plans/PLAN/endpoints", {"name": "e", "url": "ftp://x", "authenticationType": "NO_AUTH"}, ["url"]),
        ("/plans/PLAN/integrations", {"name": "i", "integrationType": "SIDEWAYS", "createdBy": "IB"}, ["SIDEWAYS"]),
    ],
    ids=lambda value: json.dumps(value)[:50] if isinstance(value, dict) else "",
)
def test_rest_with_a_wrong_field(tocsin, plan, path, body, words):
    answer = tocsin.request("POST", path.replace("PLAN", plan["id"]), json=body)
    assert answer.status_code in (400, 409), answer.text
    check_error(answer, answer.status_code, *words)


def test_rest_with_a_script_that_is_not_base64(tocsin, plan, form):
    body = {
        "form": {"id": form["id"]}, "name": "not base64", "integrationType": "INBOUND_WEBHOOK",
        "operation": "CREATE_EVENT", "createdBy": "IB", "authenticationType": "URL", "script": "var a = 1;",
    }
    check_error(tocsin.request("POST", f"/plans/{plan['id']}/integrations", json=body), 400, "script")
    assert tocsin.request(
        "POST", f"/plans/{plan['id']}/integrations", json=body | {"script": script("var a = 1;")}
    ).ok


def test_rest_for_what_is_not_there(tocsin):
    for path in ("/events/99999999", "/people/nobody", "/nothing", "/scenarios/none", "/integrations/x/logs"):
        check_error(tocsin.request("GET", path), 404)
    check_error(tocsin.request("POST", "/events", json={"id": "99999999", "status": "TERMINATED"}), 404)
    check_error(tocsin.request("GET", "/events", params={"limit": "many"}), 400, "limit")
    check_error(tocsin.request("GET", "/events", params={"status": "SLEEPING"}), 400, "SLEEPING")


def test_rest_with_too_large_a_body(tocsin):
    check_error(tocsin.request("POST", "/people", data=b"x" * 50_000_000), 413)


def test_a_link_that_was_made_up(tocsin):
    for token in ("x", "a.b", "eyJub3RpZmljYXRpb24iOiJ4In0.AAAA"):
        answer = requests.get(f"{tocsin.api}/respond/{token}", timeout=10)
        assert answer.status_code in (400, 403, 404, 410), answer.status_code
        assert "<html" in answer.text.lower(), "a page for people"
