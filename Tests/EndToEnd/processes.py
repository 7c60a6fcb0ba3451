"""The processes that the tests start, kill and restart: Tocsin's executables, PostgreSQL and the broker."""

import base64
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import Callable

import requests

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "scripts"
# What the tests write: logs, databases, screenshots. Kept after a run, replaced by the next.
WORK = Path(os.environ.get("TOCSIN_TEST_DIR", ROOT / ".test" / "e2e"))
BINARIES = Path(os.environ.get("TOCSIN_BIN_DIR", ROOT / ".build" / "debug"))
LOGS = WORK / "logs"

# Debug builds on two shared cores start slowly when a compiler runs beside them.
READY_SECONDS = 60
EXIT_SECONDS = 30


def free_port() -> int:
    """A port that nobody listens on now. It is not reserved: a process that restarts must find it free again."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition: Callable[[], object], seconds: float, what: str, every: float = 0.05):
    """The first true value of `condition`. What it raises counts as not yet, and is named at the end."""
    deadline = time.monotonic() + seconds
    problem: Exception | None = None
    while True:
        try:
            if value := condition():
                return value
            problem = None
        except (requests.RequestException, OSError, AssertionError, LookupError) as error:
            problem = error
        if time.monotonic() >= deadline:
            raise AssertionError(f"{what}: not within {seconds} s" + (f"; last: {problem}" if problem else ""))
        time.sleep(every)


def environment(**settings: str) -> dict[str, str]:
    """This process's environment without its Tocsin settings, and with the given ones."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TOCSIN_", "TEST_"))}
    return kept | {name: str(value) for name, value in settings.items()}


def secret_key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


def executable(name: str) -> Path:
    return BINARIES / name


def run(*arguments: str | Path, settings: dict[str, str] | None = None, seconds: float = 60):
    """Runs a command to its end."""
    return subprocess.run(
        [str(argument) for argument in arguments], env=environment(**(settings or {})), capture_output=True,
        text=True, timeout=seconds, stdin=subprocess.DEVNULL,
    )


class Process:
    """One of our executables, with the same settings and port over all its restarts."""

    def __init__(self, name: str, command: list[str | Path], settings: dict[str, str], port: int):
        self.name = name
        self.command = [str(part) for part in command]
        self.settings = settings
        self.port = port
        self.log = LOGS / f"{name}.log"
        self.starts = 0
        self.is_supervised = False
        self._is_over = False
        self._lock = threading.RLock()
        self._child: subprocess.Popen | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def is_running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def start(self) -> "Process":
        assert not self.is_running, f"{self.name} is running already"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("a" if self.starts else "w") as log:
            if self.starts:
                log.write(f"--- start {self.starts + 1} ---\n")
                log.flush()
            self._child = subprocess.Popen(
                self.command, env=environment(**self.settings), stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.starts += 1
        return self

    def wait_ready(self, seconds: float = READY_SECONDS) -> "Process":
        def is_ready():
            if not self.is_running and not self.is_supervised:
                raise RuntimeError(f"{self.name} exited with {self._child.returncode}:\n{self.tail()}")
            answer = requests.get(self.url + "/health/ready", timeout=5)
            assert answer.status_code == 200, f"{answer.status_code} {answer.text}"
            return True

        try:
            wait_until(is_ready, seconds, f"{self.name} is ready")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.tail()}") from None
        return self

    def kill(self):
        """kill -9, and what it leaves behind must go by itself."""
        children = children_of(self.pid)
        self._child.send_signal(signal.SIGKILL)
        self._child.wait(10)
        wait_until(
            lambda: not any(exists(child) for child in children), 10, f"the children of {self.name} end after its kill"
        )

    def kill_and_start(self):
        """With nobody else starting it in between."""
        with self._lock:
            self.kill()
            self.start()

    def revive(self) -> bool:
        """Starts it if it has ended by itself."""
        with self._lock:
            if not self.starts or self._is_over or self.is_running:
                return False
            self.start()
            return True

    def hold(self):
        """Stops it where it is, until `go_on`."""
        self._child.send_signal(signal.SIGSTOP)

    def go_on(self):
        self._child.send_signal(signal.SIGCONT)

    def terminate(self, by: signal.Signals = signal.SIGTERM) -> int:
        """The exit status after a signal that asks for an end."""
        self._child.send_signal(by)
        try:
            return self._child.wait(EXIT_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.send_signal(signal.SIGKILL)
            self._child.wait(10)
            raise AssertionError(f"{self.name} does not exit within {EXIT_SECONDS} s after {by.name}:\n{self.tail()}")

    def end(self):
        """Whatever its state: it is gone afterwards."""
        with self._lock:
            self._is_over = True
        if self.is_running:
            self._child.send_signal(signal.SIGTERM)
            try:
                self._child.wait(EXIT_SECONDS)
            except subprocess.TimeoutExpired:
                self._child.send_signal(signal.SIGKILL)
                self._child.wait(10)

    def tail(self, lines: int = 25) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""


class Supervisor(threading.Thread):
    """Starts again what ends by itself, as systemd or a cluster does: a process whose group has given it up ends."""

    def __init__(self, processes: list[Process]):
        super().__init__(daemon=True)
        self.revived: list[str] = []
        self._processes = processes
        self._is_over = threading.Event()
        for process in processes:
            process.is_supervised = True

    def run(self):
        while not self._is_over.wait(0.5):
            for process in self._processes:
                if process.revive():
                    self.revived.append(process.name)

    def finish(self):
        self._is_over.set()
        self.join(30)


def children_of(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # It ended meanwhile.
        if int(fields[1]) == parent:
            found.append(int(stat.parent.name))
    return found


def exists(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


class Postgres:
    """A PostgreSQL cluster of the tests' own."""

    def __init__(self, folder: Path):
        self.port = free_port()
        self.folder = folder

    def start(self) -> "Postgres":
        self._control("start")
        return self

    def kill(self):
        """The postmaster with SIGKILL: the backends notice, the next start recovers from the log."""
        self._control("kill")

    def stop(self):
        self._control("stop")

    def remove(self):
        self._control("remove")

    def url(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def create(self, database: str) -> str:
        done = run("psql", "--quiet", "--dbname", self.url("postgres"), "--command", f"CREATE DATABASE {database}")
        assert done.returncode == 0, done.stderr
        return self.url(database)

    def _control(self, command: str):
        _script("test-postgres.sh", command, str(self.port), str(self.folder))


class Broker:
    """The Kafka-protocol broker. Killed with -9 it loses what it has acknowledged in the last second or so."""

    def __init__(self, folder: Path):
        self.port = free_port()
        self.folder = folder

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> "Broker":
        _script("test-broker.sh", "start", str(self.port), str(self.folder))
        return self

    def stop(self):
        _script("test-broker.sh", "stop", str(self.port), str(self.folder))

    def kill(self):
        _script("test-broker.sh", "kill", str(self.port), str(self.folder))


def _script(name: str, *arguments: str):
    LOGS.mkdir(parents=True, exist_ok=True)
    # To a file, not a pipe: the server that the script leaves behind would keep a pipe open.
    with (LOGS / f"{name}.log").open("a+") as log:
        log.write(f"--- {name} {' '.join(arguments)} ---\n")
        log.flush()
        start = log.tell()
        done = subprocess.run(
            [SCRIPTS / name, *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log, timeout=120
        )
        if done.returncode != 0:
            log.seek(start)
            raise RuntimeError(f"{name} {' '.join(arguments)} ended with {done.returncode}:\n{log.read()}")


def fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
