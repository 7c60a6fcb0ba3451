"""Requests at a rate, from a client that wants every one of them taken: what is not answered 202 is sent anew."""

import http.client
import json
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Accepted:
    signal: int
    request_id: str
    at: float  # monotonic, in seconds


@dataclass
class Load:
    """`body` makes the JSON of the n-th signal's m-th attempt."""

    url: str
    rate: float
    body: object
    workers: int = 32
    accepted: list[Accepted] = field(default_factory=list)
    attempts: int = 0
    refusals: dict[str, int] = field(default_factory=dict)
    in_doubt: int = 0  # attempts whose connection broke after the request had been sent

    def __post_init__(self):
        self._lock = threading.Lock()
        self._next = 0
        self._is_over = threading.Event()
        self._started = time.monotonic()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(self.workers)]
        for thread in self._threads:
            thread.start()

    def finish(self, seconds: float):
        """No new signals; those under way are seen through."""
        self._is_over.set()
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0, deadline - time.monotonic()))
        stuck = sum(thread.is_alive() for thread in self._threads)
        assert not stuck, f"{stuck} signals are not accepted {seconds} s after the last restart: {self.refusals}"
        self.seconds = time.monotonic() - self._started

    @property
    def signals(self) -> int:
        return self._next

    @property
    def longest_gap(self) -> float:
        """Between two 202s, in seconds."""
        times = sorted(a.at for a in self.accepted)
        return max((later - earlier for earlier, later in zip(times, times[1:])), default=0)

    def _work(self):
        address = urlsplit(self.url)
        path = f"{address.path}?{address.query}"
        connection: http.client.HTTPConnection | None = None
        while (signal := self._take()) is not None:
            attempt = 0
            while True:
                attempt += 1
                connection, request_id = self._send(connection, address, path, self.body(signal, attempt))
                if request_id:
                    with self._lock:
                        self.accepted.append(Accepted(signal, request_id, time.monotonic()))
                    break
                time.sleep(0.1)
        if connection:
            connection.close()

    def _take(self) -> int | None:
        """The next signal, when its time has come."""
        with self._lock:
            signal = self._next
            if self._is_over.is_set():
                return None
            self._next += 1
        due = self._started + signal / self.rate
        while (left := due - time.monotonic()) > 0:
            time.sleep(left)
        return signal

    def _send(self, connection, address, path: str, body) -> tuple[http.client.HTTPConnection | None, str | None]:
        was_sent = False
        with self._lock:
            self.attempts += 1
        try:
            if connection is None:
                connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
                connection.connect()
            connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
            was_sent = True
            answer = connection.getresponse()
            content = answer.read()
            if answer.status == 202:
                return connection, json.loads(content)["requestId"]
            self._refuse(f"HTTP {answer.status}", False)
            if answer.will_close:
                connection.close()
                return None, None
            return connection, None
        except (OSError, http.client.HTTPException) as error:
            self._refuse(type(error).__name__, was_sent)
            if connection:
                connection.close()
            return None, None

    def _refuse(self, reason: str, is_in_doubt: bool):
        with self._lock:
            self.refusals[reason] = self.refusals.get(reason, 0) + 1
            self.in_doubt += is_in_doubt
