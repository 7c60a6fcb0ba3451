"""The command line as somebody at a shell has it: a home of its own, no terminal, and whatever is typed."""

import json
import os
import pty
import select
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from processes import environment, executable

DONE, NEGATIVE, FAILED, USAGE = 0, 1, 2, 64


@dataclass
class Run:
    """What came of a command."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err

    @property
    def json(self):
        return json.loads(self.out)


class CLI:
    def __init__(self, home: Path, **settings: str):
        self.home = home
        self.settings = {"XDG_CONFIG_HOME": str(home), "HOME": str(home), "TZ": "UTC", **settings}

    @property
    def config(self) -> Path:
        return self.home / "tocsin" / "config"

    def environment(self, **settings: str) -> dict[str, str]:
        return environment(**(self.settings | settings))

    def run(self, *arguments: object, code: int = DONE, input: str = "", seconds: float = 60, **settings: str) -> Run:
        done = subprocess.run(
            [executable("tocsin"), *map(str, arguments)], env=self.environment(**settings), input=input,
            capture_output=True, text=True, timeout=seconds,
        )
        run = Run(done.returncode, done.stdout, done.stderr)
        assert run.code == code, f"tocsin {' '.join(map(str, arguments))} ended with {run.code}:\n{run.out}\n{run.err}"
        assert "Fatal error" not in run.err
        return run

    def both(self, *arguments: object, code: int = DONE) -> tuple[str, object]:
        """The same for people and for programs."""
        return self.run(*arguments, code=code).out, self.run(*arguments, "--json", code=code).json

    def fails(self, *arguments: object, saying: str, code: int = FAILED, **options) -> Run:
        """The error is on the error stream, and says what to type or what is wrong."""
        run = self.run(*arguments, code=code, **options)
        assert saying in run.err, f"{saying!r} is not in:\n{run.err}"
        return run

    def start(self, *arguments: object) -> subprocess.Popen:
        """One that goes on until it is ended."""
        return subprocess.Popen(
            [executable("tocsin"), *map(str, arguments)], env=self.environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )

    def on_terminal(self, *arguments: object, typed: str = "", seconds: float = 30, **settings: str) -> tuple[int, str]:
        """At a terminal where somebody types: the exit code, and all that could be seen."""
        child, terminal = pty.fork()
        if child == 0:
            os.execve(
                executable("tocsin"), ["tocsin", *map(str, arguments)], self.environment(TERM="xterm", **settings)
            )
        seen = b""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not select.select([terminal], [], [], 0.2)[0]:
                continue
            try:
                chunk = os.read(terminal, 65536)
            except OSError:
                break
            if not chunk:
                break
            seen += chunk
            # What is asked ends with a blank.
            if typed and chunk.rstrip(b"\x1b[K").endswith((b"] ", b": ")):
                line, _, typed = typed.partition("\n")
                os.write(terminal, line.encode() + b"\n")
        else:
            os.kill(child, 9)
        os.close(terminal)
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status), seen.decode(errors="replace")
