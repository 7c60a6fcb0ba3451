"""A telephone company that speaks as Twilio does: takes texts and calls, and plays the people who answer them.

Written from Twilio's documentation of its REST API, of TwiML and of request signatures. It keeps what is wrong with
the requests that it gets in `problems`: a test asserts that there are none.
"""

import base64
import hashlib
import hmac
import json
import re
import secrets
import xml.etree.ElementTree as xml
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urljoin, urlsplit

import requests

from sinks import Answer, Received, Sinks

E164 = re.compile(r"\+[1-9]\d{6,14}")
TEXT_LIMIT = 1600


@dataclass(frozen=True)
class Text:
    sid: str
    to: str
    sender: str
    body: str
    status_url: str


@dataclass(frozen=True)
class Call:
    sid: str
    to: str
    sender: str
    form: dict[str, str]


@dataclass
class Played:
    """What somebody heard on the telephone."""

    said: list[str] = field(default_factory=list)
    dialled: str | None = None
    has_hung_up: bool = False

    def hears(self, part: str) -> bool:
        return any(part in text for text in self.said)


class Twilio:
    def __init__(self, sinks: Sinks, name: str = "twilio"):
        self.account = "AC" + secrets.token_hex(16)
        self.token = secrets.token_hex(16)
        self.problems: list[str] = []
        self.texts: list[Text] = []
        self.calls: list[Call] = []
        self.refusal: tuple[int, int, str] | None = None  # status, code, message: for every request from now on
        self.sink = sinks.sink(name, self._take)
        self._session = requests.Session()

    @property
    def url(self) -> str:
        return self.sink.url

    # What we are asked for. Runs on the event loop of the sinks.

    def _take(self, request: Received) -> Answer:
        problem = self._problem(request)
        if problem:
            self.problems.append(problem)
            return _error(400, 20001, problem)
        if self.refusal:
            return _error(*self.refusal)
        form = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        sender = form.get("From") or form.get("MessagingServiceSid", "")
        if request.path.endswith("/Messages.json"):
            sid = "SM" + secrets.token_hex(16)
            self.texts.append(Text(sid, form["To"], sender, form["Body"], form.get("StatusCallback", "")))
        else:
            sid = "CA" + secrets.token_hex(16)
            self.calls.append(Call(sid, form["To"], sender, form))
        return Answer(201, body=json.dumps({"sid": sid, "status": "queued", "account_sid": self.account}).encode())

    def _problem(self, request: Received) -> str | None:
        given = request.headers.get("authorization", "")
        right = "Basic " + base64.b64encode(f"{self.account}:{self.token}".encode()).decode()
        if not hmac.compare_digest(given, right):
            return "the account's id and token are not in Authorization"
        kind = re.fullmatch(rf"/2010-04-01/Accounts/{self.account}/(Messages|Calls)\.json", request.path)
        if request.method != "POST" or not kind:
            return f"{request.method} {request.path} is no resource"
        if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return f"the content type is {request.headers.get('content-type')}"
        form = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        if not E164.fullmatch(form.get("To", "")):
            return f"To is {form.get('To')}: no number in E.164"
        if kind[1] == "Messages":
            return self._problem_of_text(form)
        return self._problem_of_call(form)

    @staticmethod
    def _problem_of_text(form: dict[str, str]) -> str | None:
        sender, service = form.get("From", ""), form.get("MessagingServiceSid", "")
        if not (E164.fullmatch(sender) or re.fullmatch(r"[A-Za-z0-9 ]{1,11}", sender) or service.startswith("MG")):
            return f"From is {sender!r}: no number, name or service"
        if not 1 <= len(form.get("Body", "")) <= TEXT_LIMIT:
            return f"Body has {len(form.get('Body', ''))} characters; it must be from 1 to {TEXT_LIMIT}"
        return _problem_of_url("StatusCallback", form.get("StatusCallback"))

    @staticmethod
    def _problem_of_call(form: dict[str, str]) -> str | None:
        if not E164.fullmatch(form.get("From", "")):
            return f"From is {form.get('From')}: a call needs a number in E.164"
        if form.get("MachineDetection", "Enable") not in ("Enable", "DetectMessageEnd"):
            return f"MachineDetection is {form['MachineDetection']}"
        if not 5 <= int(form.get("Timeout", "60")) <= 600:
            return f"Timeout is {form['Timeout']}"
        if "Url" not in form:
            return "a call without Url or Twiml says nothing"
        return _problem_of_url("Url", form["Url"]) or _problem_of_url("StatusCallback", form.get("StatusCallback"))

    # What we do by ourselves.

    def signed(self, url: str, form: dict[str, str]) -> requests.Response:
        return self._session.post(
            url, data=form, headers={"X-Twilio-Signature": signature(url, form, self.token)}, timeout=30
        )

    def unsigned(self, url: str, form: dict[str, str], token: str = "somebody else's") -> requests.Response:
        """As by somebody who does not know the token."""
        return self._session.post(url, data=form, headers={"X-Twilio-Signature": signature(url, form, token)}, timeout=30)

    def report(self, text: Text, status: str, **more: str):
        """What became of a text, as in `delivered`."""
        form = {"MessageSid": text.sid, "MessageStatus": status, "AccountSid": self.account, "To": text.to,
                "From": text.sender, **more}
        answer = self.signed(text.status_url, form)
        assert answer.status_code in (200, 204), f"{text.status_url}: {answer.status_code} {answer.text}"

    def reply(self, url: str, sender: str, to: str, body: str, sid: str | None = None) -> str:
        """A text from somebody's telephone: what is answered, as text."""
        sid = sid or "SM" + secrets.token_hex(16)
        form = {"MessageSid": sid, "AccountSid": self.account, "From": sender, "To": to, "Body": body, "NumMedia": "0"}
        answer = self.signed(url, form)
        assert answer.status_code == 200, f"{url}: {answer.status_code} {answer.text}"
        return "\n".join(message.text or "" for message in _response(answer).iter("Message"))

    def report_call(self, call: Call, status: str):
        """The end of a call, as in `no-answer` or `completed`."""
        if url := call.form.get("StatusCallback"):
            form = {"CallSid": call.sid, "AccountSid": self.account, "CallStatus": status, "To": call.to,
                    "From": call.sender, "CallDuration": "0"}
            answer = self.signed(url, form)
            assert answer.status_code in (200, 204), f"{url}: {answer.status_code} {answer.text}"

    def take(self, call: Call, *keys: str, answered_by: str = "human") -> Played:
        """Somebody takes the call, presses keys, one set at each question, and hangs up or is hung up on."""
        played = Played()
        form = {"CallSid": call.sid, "AccountSid": self.account, "CallStatus": "in-progress", "To": call.to,
                "From": call.sender, "Direction": "outbound-api"}
        if "MachineDetection" in call.form:
            form["AnsweredBy"] = answered_by
        left = list(keys)
        url, more = call.form["Url"], {}
        for _ in range(12):
            answer = self.signed(url, form | more)
            assert answer.status_code == 200, f"{url}: {answer.status_code} {answer.text}"
            following = self._play(_response(answer), url, left, played)
            if following is None:
                break
            url, more = following
        else:
            raise AssertionError(f"the call goes round in circles: {played.said}")
        self.report_call(call, "completed")
        return played

    def _play(self, response: xml.Element, url: str, keys: list[str], played: Played):
        """Carries the verbs out. The address that the call goes on at, with what is told there; None at its end."""
        for verb in response:
            if verb.tag == "Say":
                played.said.append(verb.text or "")
            elif verb.tag == "Gather":
                played.said += [say.text or "" for say in verb.iter("Say")]
                if keys:
                    digits = keys.pop(0)
                    count = verb.get("numDigits")
                    if count and len(digits) > int(count):
                        digits = digits[: int(count)]
                    return urljoin(url, verb.get("action", url)), {"Digits": digits}
                if verb.get("actionOnEmptyResult") == "true":
                    if played.has_hung_up:
                        return None
                    played.has_hung_up = True  # silence is answered once; then they have put it down
                    return urljoin(url, verb.get("action", url)), {"Digits": ""}
            elif verb.tag == "Redirect":
                return urljoin(url, verb.text.strip()), {}
            elif verb.tag == "Dial":
                played.dialled = "".join(verb.itertext()).strip()
            elif verb.tag == "Hangup":
                played.has_hung_up = True
                return None
            else:
                assert verb.tag in ("Pause", "Play"), f"TwiML has no verb {verb.tag}"
        return None


def signature(url: str, form: dict[str, str], token: str) -> str:
    """X-Twilio-Signature: the URL, then each name with its value in the order of the names, by HMAC-SHA1."""
    text = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


def _response(answer: requests.Response) -> xml.Element:
    assert "xml" in answer.headers.get("Content-Type", ""), f"TwiML as {answer.headers.get('Content-Type')}"
    root = xml.fromstring(answer.content)
    assert root.tag == "Response", f"TwiML begins with {root.tag}"
    return root


def _problem_of_url(name: str, url: str | None) -> str | None:
    if url is None:
        return None
    parts = urlsplit(url)
    return None if parts.scheme in ("http", "https") and parts.netloc else f"{name} is {url}: no absolute address"


def _error(status: int, code: int, message: str) -> Answer:
    return Answer(status, body=json.dumps({"code": code, "message": message, "status": status}).encode())
