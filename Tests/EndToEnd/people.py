"""People who are reached in every way there is, and how each of them answers."""

import re
import smtplib
from dataclasses import dataclass
from email.message import EmailMessage

import chats
from mail import Mail, MailServer
from sinks import Sinks
from tocsin import Form, Tocsin
from twilio import Call, Text, Twilio

SENDER = "+15559990000"


@dataclass
class Person:
    name: str
    id: str
    # mail, text, voice, push, or the name of a chat
    way: str
    address: str


class Office:
    """The stand-ins of all providers, and a person for each."""

    def __init__(self, tocsin: Tocsin, sinks: Sinks, mail: MailServer, reply_port: int):
        self.tocsin, self.mail, self.reply_port = tocsin, mail, reply_port
        self.twilio = Twilio(sinks)
        self.chats = {
            "slack": chats.slack(sinks), "teams": chats.teams(sinks), "mattermost": chats.mattermost(sinks),
            "discord": chats.discord(sinks), "ntfy": chats.ntfy(sinks),
        }
        self.browser = chats.Browser(sinks)
        self.provider = tocsin.post(
            "/notification-providers",
            {"name": "Telephone", "kind": "TWILIO", "url": self.twilio.url, "account": self.twilio.account,
             "secret": self.twilio.token, "from": SENDER},
        )
        self.people: dict[str, Person] = {}

    @property
    def problems(self) -> list[str]:
        """What the stand-ins have refused, in all."""
        found = list(self.twilio.problems) + list(self.browser.receiver.problems)
        return found + [f"{name}: {problem}" for name, chat in self.chats.items() for problem in chat.problems]

    # People

    WAYS = {"EMAIL": "mail", "TEXT_PHONE": "text", "VOICE": "voice", "WEB_PUSH": "push", "SLACK": "slack",
            "MS_TEAMS": "teams"}

    def add(self, name: str, kind: str, **device) -> Person:
        made = self.tocsin.post(
            "/people",
            {"targetName": name, "firstName": name.capitalize(), "lastName": "Test", "recipientType": "PERSON",
             "roles": ["Standard User"]},
        )
        body = {"name": f"{name} {kind}", "deviceType": kind, "recipientType": "DEVICE", "owner": made["id"], **device}
        address = next((str(device[key]) for key in ("emailAddress", "phoneNumber", "pin") if key in device), "")
        self.tocsin.post("/devices", body)
        person = Person(name, made["id"], self.WAYS.get(kind) or device["provider"].lower(), address)
        self.people[name] = person
        return person

    def add_everybody(self):
        """One person for each way, and two for mail: one follows links, the other writes back."""
        self.add("linda", "EMAIL", emailAddress="linda@example.org")
        self.add("ralph", "EMAIL", emailAddress="ralph@example.org")
        self.add("tess", "TEXT_PHONE", phoneNumber="+15551230001")
        self.add("vera", "VOICE", phoneNumber="+15551230002")
        self.add("sam", "SLACK", pin=self.chats["slack"].url + "/hook")
        self.add("tim", "MS_TEAMS", pin=self.chats["teams"].url + "/hook")
        self.add("mat", "GENERIC", pin=self.chats["mattermost"].url + "/hook", provider="Mattermost")
        self.add("dis", "GENERIC", pin=self.chats["discord"].url + "/hook", provider="Discord")
        self.add("nat", "GENERIC", pin=self.chats["ntfy"].url + "/oncall", provider="ntfy")
        self.add("web", "WEB_PUSH", pin=self.browser.subscription)

    # What reached somebody about an alert

    def messages(self, name: str, alert: dict) -> list:
        """Everything that a person got about an alert, by whichever way."""
        number = alert["eventId"]
        person = self.people[name]
        if person.way == "mail":
            return [m for m in self.mail.mails if m.recipients == [person.address] and number in m.text]
        if person.way == "text":
            return [t for t in list(self.twilio.texts) if t.to == person.address and number in t.body]
        if person.way == "voice":
            # A call says what it is about when it is taken.
            return [c for c in list(self.twilio.calls) if c.to == person.address]
        messages = self.browser.messages if person.way == "push" else self.chats[person.way].messages
        return [m for m in list(messages) if number in str(m)]

    # Answers

    def answer(self, message, option: str, number: int, alert: dict):
        """By the way by which the message came: a link is opened and confirmed, a text or mail is written, a key is
        pressed. `number` is the option's key."""
        if isinstance(message, Mail):
            self.follow(message.links()[option])
        elif isinstance(message, Text):
            url = f"{self.tocsin.api}/provider/twilio/{self.provider['id']}/sms"
            return self.twilio.reply(url, message.to, SENDER, f"{number} {alert['eventId']}")
        elif isinstance(message, Call):
            return self.twilio.take(message, str(number))
        else:
            self.follow(link_of(message, option))

    def follow(self, url: str):
        from requests import get

        answer = Form(get(url, timeout=30)).submit(comment="")
        assert answer.status_code == 200 and "Recorded" in answer.text, f"{answer.status_code} {answer.text[:500]}"

    def reply(self, message: Mail, first_line: str):
        """As a mail program replies: above the quote, to whom Reply-To says."""
        reply = EmailMessage()
        reply["From"], reply["To"] = message.recipients[0], str(message.message["Reply-To"])
        reply["Subject"] = "Re: " + message.subject
        reply["In-Reply-To"] = str(message.message["Message-ID"])
        quoted = "\n".join("> " + line for line in message.text.splitlines())
        reply.set_content(f"{first_line}\n\nOn Tuesday, Tocsin wrote:\n{quoted}\n")
        with smtplib.SMTP("127.0.0.1", self.reply_port, timeout=30) as server:
            server.send_message(reply)


def link_of(message, option: str) -> str:
    """The address behind an answer, wherever in a chat's message it stands."""
    found: list[tuple[str, str]] = []

    def walk(part):
        if isinstance(part, dict):
            label = next((part[key] for key in ("title", "label") if isinstance(part.get(key), str)), None)
            if label is None and isinstance(part.get("text"), dict):
                label = part["text"].get("text")
            if isinstance(part.get("url"), str) and label:
                found.append((label, part["url"]))
            for inner in part.values():
                walk(inner)
        elif isinstance(part, list):
            for inner in part:
                walk(inner)
        elif isinstance(part, str):
            found.extend(re.findall(r"\[([^\]]+)\]\((http[^)]+)\)", part))

    walk(message)
    links = [url for label, url in found if label.strip() == option]
    assert links, f"no answer {option} in {message}"
    return links[0]
