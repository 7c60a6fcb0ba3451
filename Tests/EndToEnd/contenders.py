"""What comparison.py compares: Tocsin in both ways, and what one could send webhooks with instead, each as it is used.

All are given numbered bodies, and send each to every target. `durable` says whether a kill, or a loss of power, leaves
what was taken.
"""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import requests

from deployments import OneProcess, SeparateProcesses
from fan import SETTINGS, Fan, remove
from mail import MailServer
from measuring import pids_of
from native import HANDED, MARK, FastLoad, Handed
from processes import LOGS, WORK, environment, free_port, fresh, wait_until

PEERS = Path(__file__).resolve().parent / "peers"


class Unavailable(Exception):
    """It cannot run here, and why."""


class Contender:
    name: str
    durable: str

    def __init__(self):
        self.folder = fresh(WORK / f"comparison-{self.name.split(',')[0].split()[0].lower()}")
        self._children: dict[str, subprocess.Popen] = {}

    def start(self, urls: list[str]): ...

    def hand(self, count: int, rate: float, connections: int, seconds: float, first: int, text: int) -> list[Handed]:
        """Hands over `count` bodies with `text` characters besides their number, and waits until they are taken."""
        load = FastLoad(self.address, self.body(text), count, rate, connections, seconds, first, "comparison")
        handed = load.finish()
        self.refused += load.refused
        return handed

    # Of those that are handed to by HTTP.
    address = ""
    refused = 0

    def body(self, text: int) -> str:
        return f'{{"signal":"{MARK}","text":"{"x" * text}"}}'

    def pids(self) -> dict[str, int]:
        return {name: child.pid for name, child in self._children.items()}

    def ended(self) -> float:
        """Seconds of CPU of processes that belong to it and have ended."""
        return 0

    def stop(self):
        for child in reversed(self._children.values()):
            child.terminate()
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait(10)
            for stream in (child.stdin, child.stdout):
                if stream:
                    stream.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, name: str, command: list, **options) -> subprocess.Popen:
        LOGS.mkdir(parents=True, exist_ok=True)
        with (LOGS / f"comparison-{name}.log").open("w") as log:
            options = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log} | options
            self._children[name] = subprocess.Popen([str(part) for part in command], **options)
        return self._children[name]


class Tocsin(Contender):
    def __init__(self, one_process: bool):
        self.name = "tocsin, one process" if one_process else "tocsin, separate processes"
        self.durable = "yes: SQLite" if one_process else "yes: PostgreSQL, broker"
        super().__init__()
        self._mail = MailServer()
        kind = OneProcess if one_process else SeparateProcesses
        self._deployment = kind("comparison", self._mail, **SETTINGS)

    def start(self, urls: list[str]):
        self._deployment.start()
        self.address = Fan.make(self._deployment.client(), urls).trigger_url

    def pids(self) -> dict[str, int]:
        return pids_of(self._deployment)

    def stop(self):
        remove(self._deployment)
        self._mail.close()
        super().stop()


class Alertmanager(Contender):
    """Each alert is a group of its own, sent at once: as near to one webhook an alert as it goes."""

    name = "Alertmanager"
    durable = "no: memory"
    COMMAND = "prometheus-alertmanager"

    def start(self, urls: list[str]):
        if not shutil.which(self.COMMAND):
            raise Unavailable("apt-get install prometheus-alertmanager")
        targets = "".join(f'      - url: "{url}/fan"\n        send_resolved: false\n' for url in urls)
        (self.folder / "alertmanager.yml").write_text(
            "route:\n  receiver: all\n  group_by: ['...']\n  group_wait: 0s\n  group_interval: 5m\n"
            f"  repeat_interval: 4h\nreceivers:\n  - name: all\n    webhook_configs:\n{targets}")
        base = f"http://127.0.0.1:{free_port()}"
        self.run("alertmanager", [
            self.COMMAND, f"--config.file={self.folder / 'alertmanager.yml'}", f"--storage.path={self.folder / 'data'}",
            "--cluster.listen-address=", f"--web.listen-address={base.removeprefix('http://')}", "--log.level=warn",
        ])
        wait_until(lambda: requests.get(base + "/-/ready", timeout=5).ok, 30, "Alertmanager is ready")
        self.address = base + "/api/v2/alerts"

    def body(self, text: int) -> str:
        return json.dumps([{"labels": {"alertname": MARK, "severity": "warning"}, "annotations": {"text": "x" * text}}])


class WithRedis(Contender):
    """An append-only file, synced before each answer."""

    durable = "yes: Redis, AOF always"

    def __init__(self, python: str):
        super().__init__()
        self._python = python
        self._port = free_port()
        self._redis = f"redis://127.0.0.1:{self._port}"

    def needs(self, module: str):
        if not shutil.which("redis-server"):
            raise Unavailable("apt-get install redis-server")
        done = subprocess.run([self._python, "-c", f"import {module}"], capture_output=True, text=True)
        if done.returncode:
            raise Unavailable(f"{self._python} -m pip install -r requirements-bench.txt")

    def start_redis(self):
        self.run("redis", [
            "redis-server", "--port", self._port, "--bind", "127.0.0.1", "--dir", self.folder, "--appendonly", "yes",
            "--appendfsync", "always", "--save", "",
        ])
        wait_until(
            lambda: subprocess.run(
                ["redis-cli", "-p", str(self._port), "ping"], capture_output=True, text=True).stdout == "PONG\n",
            20, "Redis answers")


class Celery(WithRedis):
    name = "Celery"

    def __init__(self, python: str, workers: int):
        super().__init__(python)
        self._workers, self._handing = workers, 0.0
        self._environment = environment(REDIS_URL=self._redis)

    def start(self, urls: list[str]):
        self.needs("celery, redis, requests")
        self._urls = [url + "/fan" for url in urls]
        self.start_redis()
        self.run("celery", [
            self._python, "-m", "celery", "-A", "celery_app", "worker", "--concurrency", self._workers, "--loglevel",
            "WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat",
        ], cwd=PEERS, env=self._environment)

    def hand(self, count: int, rate: float, connections: int, seconds: float, first: int, text: int) -> list[Handed]:
        """By the library, in a process as the application would be: its cost is part of Celery's."""
        records = self.folder / "handed.bin"
        before = os.times()
        subprocess.run(
            [self._python, "celery_app.py", str(count), str(rate), str(seconds), str(first), str(text), records,
             *self._urls], cwd=PEERS, env=self._environment, check=True, timeout=seconds + 60)
        after = os.times()
        self._handing += after.children_user + after.children_system - before.children_user - before.children_system
        return [
            Handed(number, due / 1e9, sent / 1e9, answered / 1e9, tries)
            for due, sent, answered, number, tries in HANDED.iter_unpack(records.read_bytes())
        ]

    def ended(self) -> float:
        return self._handing


class MQBridge(WithRedis):
    """An HTTP door to a Redis stream, and a consumer group of it for each target."""

    name = "mq-bridge"

    def start(self, urls: list[str]):
        self.needs("mq_bridge")
        self.start_redis()
        port = free_port()
        stream = {"url": self._redis, "stream": "hooks"}
        door = {"http": {"url": f"127.0.0.1:{port}"}}
        routes = [{"input": door, "output": {"redis_streams": stream}, "concurrency": 8}]
        routes += [
            {
                "input": {"redis_streams": stream | {"group": f"target-{index}", "read_from_start": True}},
                "output": {"http": {"url": url + "/fan"}, "middlewares": [{"retry": {"max_attempts": 10}}]},
            }
            for index, url in enumerate(urls)
        ]
        (self.folder / "routes.json").write_text(json.dumps(routes))
        bridge = self.run(
            "mq-bridge", [self._python, PEERS / "bridge.py", self.folder / "routes.json"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        if bridge.stdout.readline() != "ready\n":
            raise Unavailable("its routes do not start: see comparison-mq-bridge.log")
        time.sleep(1)  # its consumers join their groups
        self.address = f"http://127.0.0.1:{port}/hooks"


def contenders(names: list[str], python: str, workers: int) -> Iterator[Contender]:
    makers = {
        "one": lambda: Tocsin(True), "separate": lambda: Tocsin(False), "alertmanager": Alertmanager,
        "celery": lambda: Celery(python, workers), "mq-bridge": lambda: MQBridge(python),
    }
    for name in names:
        yield makers[name]()
