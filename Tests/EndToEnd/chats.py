"""Chats, ntfy, and a browser's push service, as far as messages to them go: each refuses what the real one would.

The rules are those that their makers publish. What was refused is kept in `problems`.
"""

import base64
import json
import re
import secrets
import time
from typing import Callable

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sinks import Answer, Received, Sinks


class Wrong(Exception):
    """What the real one would not take."""


def want(condition, what: str):
    if not condition:
        raise Wrong(what)


class Receiver:
    """Keeps the messages that are right, and refuses the others."""

    def __init__(self, sinks: Sinks, name: str, check: Callable[[Received], object], answer: Callable[[object], Answer]):
        self.messages: list = []
        self.problems: list[str] = []
        self.refusal: Answer | None = None  # for every request from now on
        self._check, self._answer = check, answer
        self.sink = sinks.sink(name, self._take)

    @property
    def url(self) -> str:
        return self.sink.url

    def _take(self, request: Received) -> Answer:
        try:
            message = self._check(request)
        except (Wrong, ValueError, KeyError, TypeError, AttributeError) as problem:
            self.problems.append(f"{type(problem).__name__}: {problem}")
            return Answer(400, body=str(problem).encode())
        if self.refusal:
            return self.refusal
        self.messages.append(message)
        return self._answer(message)


def _json(request: Received):
    want(request.method == "POST", f"the method is {request.method}")
    want(request.headers.get("content-type", "").startswith("application/json"), "the content type is not JSON")
    return request.json


def _link(url: str):
    want(re.fullmatch(r"https?://[^\s<>]+", url), f"{url!r} is no link")


def _text(text, limit: int, what: str):
    want(isinstance(text, str) and 1 <= len(text) <= limit, f"{what} must have 1 to {limit} characters")


# Slack: https://api.slack.com/reference/block-kit/blocks

def slack(sinks: Sinks, name: str = "slack") -> Receiver:
    return Receiver(sinks, name, check_slack, lambda _: Answer(200, {"Content-Type": "text/html"}, b"ok"))


def check_slack(request: Received):
    body = _json(request)
    want(body.get("text") or body.get("blocks"), "no_text")
    blocks = body.get("blocks", [])
    want(len(blocks) <= 50, "more than 50 blocks")
    for block in blocks:
        kind = block["type"]
        if kind == "header":
            want(block["text"]["type"] == "plain_text", "a header is plain text")
            _text(block["text"]["text"], 150, "a header")
        elif kind == "section":
            want(block["text"]["type"] in ("mrkdwn", "plain_text"), "a section's text")
            _text(block["text"]["text"], 3000, "a section")
        elif kind == "actions":
            want(1 <= len(block["elements"]) <= 25, "an actions block has 1 to 25 elements")
            ids = [element["action_id"] for element in block["elements"]]
            want(len(set(ids)) == len(ids), "action_id must be unique")
            for element in block["elements"]:
                want(element["type"] == "button", f"unexpected {element['type']}")
                _text(element["text"]["text"], 75, "a button")
                want(len(element["url"]) <= 3000, "a button's URL has at most 3000 characters")
                _link(element["url"])
        elif kind == "context":
            want(1 <= len(block["elements"]) <= 10, "a context block has 1 to 10 elements")
        else:
            want(kind in ("divider", "image"), f"invalid_blocks: {kind}")
    return body


# Microsoft Teams: a message with one adaptive card

def teams(sinks: Sinks, name: str = "teams") -> Receiver:
    return Receiver(sinks, name, check_teams, lambda _: Answer(202, body=b""))


def check_teams(request: Received):
    want(len(request.body) <= 28 * 1024, f"the message has {len(request.body)} bytes, more than 28 KB")
    body = _json(request)
    want(body["type"] == "message" and len(body["attachments"]) == 1, "no message with one attachment")
    attachment = body["attachments"][0]
    want(attachment["contentType"] == "application/vnd.microsoft.card.adaptive", attachment["contentType"])
    card = attachment["content"]
    want(card["type"] == "AdaptiveCard" and card["version"] in ("1.2", "1.3", "1.4", "1.5"), "the card's version")
    want(card["body"], "an empty card")
    for element in card["body"]:
        want(element["type"] in ("TextBlock", "RichTextBlock", "FactSet", "Container"), element["type"])
    for action in card.get("actions", []):
        want(action["type"] == "Action.OpenUrl" and action["title"], "an action opens a URL and has a title")
        _link(action["url"])
    return body


# Mattermost: https://developers.mattermost.com/integrate/webhooks/incoming/

def mattermost(sinks: Sinks, name: str = "mattermost") -> Receiver:
    return Receiver(sinks, name, check_mattermost, lambda _: Answer(200, {"Content-Type": "text/plain"}, b"ok"))


def check_mattermost(request: Received):
    body = _json(request)
    want(body.get("text") or body.get("attachments"), "no text specified")
    want(len(body.get("text", "")) <= 16383, "the text is too long")
    for attachment in body.get("attachments", []):
        _text(attachment["fallback"], 16383, "fallback")
        want(len(attachment.get("text", "")) <= 16383, "an attachment's text is too long")
        want(re.fullmatch(r"#[0-9a-fA-F]{6}", attachment.get("color", "#000000")), "color is #RRGGBB")
        if "title_link" in attachment:
            _link(attachment["title_link"])
    return body


# Discord: https://discord.com/developers/docs/resources/webhook#execute-webhook

def discord(sinks: Sinks, name: str = "discord") -> Receiver:
    def made(message) -> Answer:
        return Answer(200, body=json.dumps({"id": str(secrets.randbits(60)), "type": 0}).encode())

    return Receiver(sinks, name, check_discord, made)


def check_discord(request: Received):
    body = _json(request)
    embeds = body.get("embeds", [])
    want(body.get("content") or embeds, "Cannot send an empty message")
    want(len(body.get("content", "")) <= 2000 and len(embeds) <= 10, "too long")
    total = 0
    for embed in embeds:
        want(len(embed.get("title", "")) <= 256, "title: 256 characters")
        want(len(embed.get("description", "")) <= 4096, "description: 4096 characters")
        want(0 <= embed.get("color", 0) <= 0xFFFFFF, "color")
        total += len(embed.get("title", "")) + len(embed.get("description", ""))
    want(total <= 6000, "6000 characters in all embeds")
    rows = body.get("components", [])
    want(not rows or "with_components=true" in request.path, "components need with_components=true")
    want(len(rows) <= 5, "five rows of components")
    for row in rows:
        want(row["type"] == 1 and 1 <= len(row["components"]) <= 5, "a row has one to five buttons")
        for button in row["components"]:
            want(button["type"] == 2 and button["style"] == 5, "webhooks have link buttons only")
            _text(button["label"], 80, "a label")
            want(len(button["url"]) <= 512, "a button's URL has at most 512 characters")
            _link(button["url"])
    return body


# ntfy: https://docs.ntfy.sh/publish/#publish-as-json

def ntfy(sinks: Sinks, name: str = "ntfy", token: str | None = None) -> Receiver:
    def check(request: Received):
        given = request.headers.get("authorization")
        want(given == (f"Bearer {token}" if token else None), f"Authorization is {given}")
        return check_ntfy(request)

    def taken(message) -> Answer:
        return Answer(200, body=json.dumps({"id": secrets.token_hex(6), "event": "message", **message}).encode())

    return Receiver(sinks, name, check, taken)


def check_ntfy(request: Received):
    want(request.method == "POST" and request.path == "/", "JSON is posted to the root")
    body = json.loads(request.body)
    want(re.fullmatch(r"[-_A-Za-z0-9]{1,64}", body["topic"]), "the topic is invalid")
    want(len(body.get("message", "").encode()) <= 4096, "a message has at most 4096 bytes")
    want(body.get("priority", 3) in range(1, 6), "priority is from 1 to 5")
    actions = body.get("actions", [])
    want(len(actions) <= 3, "too many actions")
    for action in actions:
        want(action["action"] in ("view", "http", "broadcast") and action["label"], "an action's kind and label")
        _link(action["url"])
    if body.get("click"):
        _link(body["click"])
    return body


# Web Push: RFC 8030 (the request), 8291 (its encryption) and 8292 (who sends it)

def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


class Browser:
    """A browser with a subscription, and its push service."""

    def __init__(self, sinks: Sinks, name: str = "push"):
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._auth = secrets.token_bytes(16)
        self._id = secrets.token_urlsafe(12)
        self.server_keys: set[str] = set()
        self.receiver = Receiver(
            sinks, name, self._check, lambda _: Answer(201, {"Location": f"/message/{secrets.token_hex(8)}"}, b"")
        )

    @property
    def subscription(self) -> str:
        """As `JSON.stringify(await registration.pushManager.subscribe(…))` says it."""
        keys = {"p256dh": b64(_point(self._key.public_key())), "auth": b64(self._auth)}
        endpoint = f"{self.receiver.url}/push/{self._id}"
        return json.dumps({"endpoint": endpoint, "expirationTime": None, "keys": keys})

    @property
    def messages(self) -> list[dict]:
        """What the service worker gets."""
        return self.receiver.messages

    def _check(self, request: Received) -> dict:
        want(request.method == "POST" and request.path == f"/push/{self._id}", "no such subscription")
        want(request.headers.get("content-encoding") == "aes128gcm", "the encoding is not aes128gcm")
        want(request.headers.get("ttl", "").isdigit(), "no TTL")
        want(request.headers.get("urgency", "normal") in ("very-low", "low", "normal", "high"), "Urgency")
        topic = request.headers.get("topic", "x")
        want(re.fullmatch(r"[-_A-Za-z0-9]{1,32}", topic), f"Topic {topic} is not of 1 to 32 URL-safe characters")
        want(len(request.body) <= 4096 + 86, "more than 4096 bytes")
        self.server_keys.add(vapid_key(request.headers.get("authorization", ""), self.receiver.url))
        return json.loads(decrypt(request.body, self._key, self._auth))


def vapid_key(authorization: str, origin: str) -> str:
    """The key of an application server whose token is right (RFC 8292)."""
    found = re.fullmatch(r"vapid (?:t=([^,]+), ?k=([^,]+)|k=([^,]+), ?t=([^,]+))", authorization)
    want(found, f"Authorization is {authorization[:40]!r}")
    token, key = (found[1], found[2]) if found[1] else (found[4], found[3])
    head, claims, signed = token.split(".")
    want(json.loads(unb64(head))["alg"] == "ES256", "the token's algorithm")
    content = json.loads(unb64(claims))
    want(content["aud"] == origin, f"aud is {content['aud']}, not {origin}")
    want(0 < content["exp"] - time.time() <= 24 * 3600, "exp is not within 24 hours")
    want(re.match(r"mailto:.+@|https://", content["sub"]), f"sub is {content.get('sub')}")
    raw = unb64(signed)
    want(len(raw) == 64, "the signature's length")
    der = utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unb64(key))
    try:
        public.verify(der, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    except Exception:
        raise Wrong("the token's signature") from None
    return key


def decrypt(body: bytes, key: ec.EllipticCurvePrivateKey, auth: bytes) -> bytes:
    """RFC 8291, one record of RFC 8188."""
    salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
    sender = body[21 : 21 + length]
    record = body[21 + length :]
    want(length == 65 and 18 <= len(record) <= size, "the header of aes128gcm")
    shared = key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))

    def derive(secret: bytes, salt: bytes, info: bytes, count: int) -> bytes:
        return HKDF(hashes.SHA256(), count, salt, info).derive(secret)

    input_key = derive(shared, auth, b"WebPush: info\0" + _point(key.public_key()) + sender, 32)
    content_key = derive(input_key, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = derive(input_key, salt, b"Content-Encoding: nonce\0", 12)
    try:
        padded = AESGCM(content_key).decrypt(nonce, record, None)
    except Exception:
        raise Wrong("the message cannot be decrypted") from None
    text, _, padding = padded.rpartition(b"\x02")
    want(not padding.strip(b"\0"), "the padding of the last record")
    return text
