"""HTTP servers that stand for the targets of outbound integrations, and record what reaches them.

All sinks run on one event loop in a thread of their own and speak just enough HTTP/1.1. Python's own http.server
takes half a millisecond of processor time for a request: too much beside 600 webhooks a second on two cores.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import threading
import time
from dataclasses import dataclass, field
from typing import Callable, Iterable


@dataclass(frozen=True)
class Received:
    """One request as it arrived."""

    at: int  # monotonic, in nanoseconds: when the request was complete
    method: str
    path: str
    headers: dict[str, str]  # by lower-case name
    body: bytes

    @property
    def webhook_id(self) -> str:
        return self.headers.get("webhook-id", "")

    @property
    def json(self):
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """What a sink does with a request; `status` None: it never answers and keeps the connection."""

    status: int | None = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"


Behaviour = Callable[[Received], Answer]


def healthy(_: Received) -> Answer:
    return Answer()


def hanging(_: Received) -> Answer:
    return Answer(status=None)


def always(status: int, **headers: str) -> Behaviour:
    answer = Answer(status=status, headers={name.replace("_", "-"): value for name, value in headers.items()})
    return lambda _: answer


def failing_first(times: int, status: int = 500) -> Behaviour:
    """Answers `status` to the first requests with each webhook-id, 200 from then on."""
    seen: dict[str, int] = {}

    def behaviour(request: Received) -> Answer:
        seen[request.webhook_id] = seen.get(request.webhook_id, 0) + 1
        if seen[request.webhook_id] <= times:
            return Answer(status=status, body=b'{"error":"not yet"}')
        return Answer()

    return behaviour


class Sinks:
    """The event loop of all sinks."""

    def __init__(self):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sinks", daemon=True)
        self._thread.start()
        self._sinks: list[Sink] = []

    def sink(self, name: str, behaviour: Behaviour = healthy) -> "Sink":
        sink = Sink(name, behaviour)
        self._call(sink.listen(self._loop))
        self._sinks.append(sink)
        return sink

    def close(self):
        for sink in self._sinks:
            self._call(sink.end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)


class Sink:
    """One target: a port of its own, a behaviour that can be changed at any time, and everything that it received."""

    def __init__(self, name: str, behaviour: Behaviour):
        self.name = name
        self.behaviour = behaviour
        self.port = 0
        self._received: list[Received] = []
        self._changed = threading.Condition()
        self._connections: set[asyncio.Transport] = set()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def received(self) -> list[Received]:
        with self._changed:
            return list(self._received)

    def __len__(self) -> int:
        return len(self._received)

    def clear(self):
        with self._changed:
            self._received.clear()

    def wait_for(
        self, accept: Callable[[Received], bool] = lambda _: True, count: int = 1, seconds: float = 30, what: str = ""
    ) -> list[Received]:
        """The requests that `accept` takes, as soon as there are `count` of them."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while True:
                found = [request for request in self._received if accept(request)]
                if len(found) >= count:
                    return found
                left = deadline - time.monotonic()
                if left <= 0:
                    bodies = [f"{r.method} {r.path} {r.body[:300]!r}" for r in self._received[-5:]]
                    raise AssertionError(
                        f"sink {self.name}: {len(found)} of {count} {what or 'requests'} within {seconds} s; "
                        f"{len(self._received)} in all, the last ones: {bodies}"
                    )
                self._changed.wait(left)

    # Everything below runs on the event loop.

    async def listen(self, loop: asyncio.AbstractEventLoop):
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def end(self):
        self._server.close()
        for connection in list(self._connections):
            connection.abort()

    def _record(self, request: Received) -> Answer:
        with self._changed:
            self._received.append(request)
            self._changed.notify_all()
        return self.behaviour(request)


class _Connection(asyncio.Protocol):
    """Reads requests one after the other: a head, and a body by Content-Length or in chunks."""

    def __init__(self, sink: Sink):
        self._sink = sink
        self._buffer = bytearray()

    def connection_made(self, transport):
        self._transport = transport
        self._sink._connections.add(transport)

    def connection_lost(self, _):
        self._sink._connections.discard(self._transport)

    def data_received(self, data):
        self._buffer += data
        while (request := self._next()) is not None:
            self._answer(self._sink._record(request))

    def _next(self) -> Received | None:
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return None
        first, *lines = self._buffer[:head_end].decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ", 2)
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        if headers.pop("expect", "").lower() == "100-continue":
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self._buffer[: head_end + 4] = self._head_without_expect(first, headers)
            return self._next()
        found = self._body(head_end + 4, headers)
        if found is None:
            return None
        body, end = found
        del self._buffer[:end]
        return Received(time.monotonic_ns(), method, path, headers, body)

    @staticmethod
    def _head_without_expect(first: str, headers: dict[str, str]) -> bytes:
        lines = [first, *(f"{name}: {value}" for name, value in headers.items())]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def _body(self, start: int, headers: dict[str, str]) -> tuple[bytes, int] | None:
        """The body and where it ends, when all of it is there."""
        if headers.get("transfer-encoding", "").lower() != "chunked":
            end = start + int(headers.get("content-length", "0"))
            return (bytes(self._buffer[start:end]), end) if len(self._buffer) >= end else None
        body = b""
        while True:
            line_end = self._buffer.find(b"\r\n", start)
            if line_end < 0:
                return None
            size = int(self._buffer[start:line_end].split(b";")[0], 16)
            end = line_end + 2 + size + 2
            if len(self._buffer) < end:
                return None
            if size == 0:
                return body, end
            body += self._buffer[line_end + 2 : end - 2]
            start = end

    def _answer(self, answer: Answer):
        if answer.status is None:
            return
        headers = {"Content-Type": "application/json", **answer.headers, "Content-Length": str(len(answer.body))}
        lines = [f"HTTP/1.1 {answer.status} Answer", *(f"{name}: {value}" for name, value in headers.items())]
        self._transport.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + answer.body)


def signature_problem(request: Received, secrets: Iterable[str], tolerance_seconds: int = 300) -> str | None:
    """What is wrong with a request by the rules of Standard Webhooks, or None.

    Written from the specification (standardwebhooks.com), not from our own code: the secret is `whsec_` and base64,
    the signed text `id.timestamp.body`, the header a list of `v1,<base64>` separated by spaces.
    """
    missing = [n for n in ("webhook-id", "webhook-timestamp", "webhook-signature") if not request.headers.get(n)]
    if missing:
        return f"without {', '.join(missing)}"
    stamp = request.headers["webhook-timestamp"]
    if not stamp.isdigit() or abs(time.time() - int(stamp)) > tolerance_seconds:
        return f"webhook-timestamp {stamp} is not a time in seconds close to now"
    signed = f"{request.webhook_id}.{stamp}.".encode() + request.body
    given = [part.partition(",") for part in request.headers["webhook-signature"].split(" ")]
    for secret in secrets:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        right = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        if any(version == "v1" and hmac.compare_digest(value, right) for version, _, value in given):
            return None
    return f"no signature of {request.headers['webhook-signature']} matches"
