"""The stand-ins for telephone companies, chats and push services are checked themselves: by published examples, and by
what the real ones refuse."""

import json

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec

import chats
from chats import Browser, unb64
from sinks import Answer
from twilio import Twilio, signature


def test_twilio_signature_of_the_documentation():
    form = {"CallSid": "CA1234567890ABCDE", "Caller": "+14158675309", "Digits": "1234", "From": "+14158675309",
            "To": "+18005551212"}
    assert signature("https://mycompany.com/myapp.php?foo=1&bar=2", form, "12345") == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def post(twilio: Twilio, resource: str, form: dict, **options) -> requests.Response:
    url = f"{twilio.url}/2010-04-01/Accounts/{twilio.account}/{resource}.json"
    return requests.post(url, data=form, auth=options.get("auth", (twilio.account, twilio.token)), timeout=10)


def test_twilio_takes_what_is_right(sinks):
    twilio = Twilio(sinks)
    form = {"To": "+15551230001", "From": "+15559990000", "Body": "Disk full", "StatusCallback": "http://h/status?n=1"}
    answer = post(twilio, "Messages", form)
    assert answer.status_code == 201 and answer.json()["sid"] == twilio.texts[0].sid
    assert (twilio.texts[0].to, twilio.texts[0].body) == ("+15551230001", "Disk full")
    assert post(twilio, "Calls", form | {"Url": "http://h/voice"}).status_code == 201
    assert not twilio.problems
    twilio.refusal = (429, 20429, "Too Many Requests")
    assert post(twilio, "Messages", form).json()["code"] == 20429 and len(twilio.texts) == 1


@pytest.mark.parametrize(
    "resource, change, problem",
    [
        ("Messages", {"To": "5551230001"}, "E.164"),
        ("Messages", {"From": "much too long a name"}, "no number, name or service"),
        ("Messages", {"Body": ""}, "Body has 0"),
        ("Messages", {"Body": "x" * 1601}, "Body has 1601"),
        ("Messages", {"StatusCallback": "/status"}, "no absolute address"),
        ("Calls", {}, "says nothing"),
        ("Calls", {"Url": "http://h/", "Timeout": "1"}, "Timeout"),
        ("Calls", {"Url": "http://h/", "MachineDetection": "Yes"}, "MachineDetection"),
        ("Faxes", {}, "no resource"),
    ],
)
def test_twilio_refuses_what_is_wrong(sinks, resource, change, problem):
    twilio = Twilio(sinks)
    form = {"To": "+15551230001", "From": "+15559990000", "Body": "x"} | change
    assert post(twilio, resource, form).status_code == 400
    assert len(twilio.problems) == 1 and problem in twilio.problems[0]
    assert post(twilio, resource, form, auth=(twilio.account, "wrong")).status_code == 400
    assert "Authorization" in twilio.problems[1]


def test_twilio_plays_a_call(sinks):
    """Two questions: the digits go to where the TwiML says, and every request is signed."""
    twilio = Twilio(sinks)
    seen = []

    def voice(request):
        form = dict(chats_form(request))
        right = signature(f"{office.url}{request.path}", form, twilio.token)
        seen.append((request.path, form.get("Digits"), request.headers["x-twilio-signature"] == right))
        verbs = {
            "/voice": "<Gather numDigits='1' action='/one'><Say>Press 1</Say></Gather><Say>Nothing</Say>",
            "/one": "<Gather action='/two'><Say>Password</Say></Gather>",
            "/two": "<Say>Recorded</Say><Dial>+15550001111</Dial><Hangup/><Say>not heard</Say>",
            "/status": "",
        }[request.path]
        return Answer(200, {"Content-Type": "text/xml"}, f"<Response>{verbs}</Response>".encode())

    office = sinks.sink("office", voice)
    form = {"To": "+15551230001", "From": "+15559990000", "Url": office.url + "/voice",
            "StatusCallback": office.url + "/status"}
    post(twilio, "Calls", form)
    played = twilio.take(twilio.calls[0], "19", "2468")
    assert played.said == ["Press 1", "Password", "Recorded"] and played.dialled == "+15550001111"
    assert played.has_hung_up
    assert seen == [("/voice", None, True), ("/one", "1", True), ("/two", "2468", True), ("/status", None, True)]
    assert twilio.take(twilio.calls[0]).said == ["Press 1", "Nothing"]


def chats_form(request):
    from urllib.parse import parse_qsl

    return parse_qsl(request.body.decode(), keep_blank_values=True)


BUTTON = {"type": "button", "text": {"type": "plain_text", "text": "Go"}, "url": "http://h/1", "action_id": "a"}
CARD = {"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "x"}]}
RIGHT = {
    "slack": {"text": "x", "blocks": [{"type": "actions", "elements": [BUTTON]}]},
    "teams": {"type": "message",
              "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": CARD}]},
    "mattermost": {"attachments": [{"fallback": "x", "text": "y", "color": "#d1242f"}]},
    "discord": {"embeds": [{"title": "x"}]},
    "ntfy": {"topic": "oncall", "message": "x", "priority": 5},
}
WRONG = [
    ("slack", {}, "no_text"),
    ("slack", {"blocks": [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]}, "150"),
    ("slack", {"blocks": [{"type": "actions", "elements": [BUTTON, BUTTON]}]}, "unique"),
    ("slack", {"blocks": [{"type": "actions", "elements": [BUTTON | {"url": "javascript:1"}]}]}, "no link"),
    ("teams", {"text": "x"}, "KeyError"),
    ("teams", {"type": "message", "attachments": [{"contentType": "x", "content": CARD}]}, "x"),
    ("mattermost", {"username": "x"}, "no text"),
    ("mattermost", {"attachments": [{"fallback": "x", "color": "red"}]}, "RRGGBB"),
    ("discord", {}, "empty message"),
    ("discord", {"embeds": [{"title": "x" * 257}]}, "256"),
    ("discord", {"content": "x", "components": [{"type": 1, "components": []}]}, "with_components"),
    ("ntfy", {"topic": "on call"}, "topic"),
    ("ntfy", {"topic": "t", "message": "é" * 2049}, "4096"),
    ("ntfy", {"topic": "t", "actions": [{"action": "view", "label": "x", "url": "http://h"}] * 4}, "too many"),
]


@pytest.mark.parametrize("kind", RIGHT)
def test_chats_take_what_is_right(sinks, kind):
    chat = getattr(chats, kind)(sinks)
    assert requests.post(chat.url, json=RIGHT[kind], timeout=10).ok
    assert chat.messages == [RIGHT[kind]] and not chat.problems
    chat.refusal = Answer(503)
    assert requests.post(chat.url, json=RIGHT[kind], timeout=10).status_code == 503 and len(chat.messages) == 1


@pytest.mark.parametrize("kind, body, problem", WRONG)
def test_chats_refuse_what_is_wrong(sinks, kind, body, problem):
    chat = getattr(chats, kind)(sinks)
    assert requests.post(chat.url, json=body, timeout=10).status_code == 400
    assert not chat.messages and problem in chat.problems[0]


def test_push_messages_are_decrypted_as_in_rfc_8291():
    private = int.from_bytes(unb64("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"), "big")
    body = (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
        "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )
    key = ec.derive_private_key(private, ec.SECP256R1())
    assert chats.decrypt(unb64(body), key, unb64("BTBZMqHH6r4Tts7J_aSIgg")) == b"When I grow up, I want to be a watermelon"
    with pytest.raises(chats.Wrong):
        chats.decrypt(unb64(body)[:-1] + b"x", key, unb64("BTBZMqHH6r4Tts7J_aSIgg"))


def test_a_browser_refuses_what_no_push_service_would_take(sinks):
    browser = Browser(sinks)
    subscription = json.loads(browser.subscription)
    right = {"Content-Encoding": "aes128gcm", "TTL": "60", "Topic": "abc"}
    for headers, problem in [
        ({}, "aes128gcm"), (right | {"TTL": ""}, "TTL"), (right | {"Topic": "x" * 33}, "Topic"), (right, "Authorization"),
        (right | {"Authorization": "vapid t=a.b.c, k=d"}, "Error"),
    ]:
        assert requests.post(subscription["endpoint"], data=b"x" * 100, headers=headers, timeout=10).status_code == 400
        assert problem in browser.receiver.problems[-1]
    assert not browser.messages
