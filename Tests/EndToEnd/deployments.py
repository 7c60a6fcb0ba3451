"""The two ways to run Tocsin: everything in one process on SQLite, or separate processes on PostgreSQL and Kafka."""

import sqlite3
from contextlib import closing

from faultproxy import FaultProxies, FaultProxy
from mail import MailServer
from processes import WORK, Broker, Postgres, Process, Supervisor, executable, free_port, fresh, run, secret_key
from tocsin import Tocsin

ADMIN = ("admin", "correct horse battery staple")


class Deployment:
    """Processes that belong together, and how to reach them."""

    kind: str

    def __init__(self, name: str, mail: MailServer, **settings: str):
        self.name = name
        self.folder = fresh(WORK / name)
        self.processes: dict[str, Process] = {}
        self.settings = {
            "TOCSIN_ADMIN_USER": ADMIN[0],
            "TOCSIN_ADMIN_PASSWORD": ADMIN[1],
            "TOCSIN_SMTP_URL": mail.url,
            "TOCSIN_MAIL_FROM": "tocsin@example.org",
            "TOCSIN_OUTBOUND_ALLOW": "127.0.0.0/8",
            # A hanging target is noticed after half a second and given up after ten.
            "TOCSIN_WEBHOOK_PARK_AFTER": "500",
            "TOCSIN_WEBHOOK_TIMEOUT": "10",
            "TOCSIN_SCRIPT_TIMEOUT": "3",
            # Load and crash tests send more than people would bear.
            "TOCSIN_ALERT_FLOOD_LIMIT": "0",
            "TOCSIN_INBOUND_RATE": "0",
            **settings,
        }

    @property
    def inbound_url(self) -> str: ...

    @property
    def api_url(self) -> str: ...

    def client(self, user: str = ADMIN[0], password: str = ADMIN[1]) -> Tocsin:
        return Tocsin(self.inbound_url, self.api_url, user, password)

    def start(self) -> "Deployment": ...

    def wait_ready(self):
        for process in self.processes.values():
            process.wait_ready()

    def restart(self, how: str):
        """All of our processes at once; `how` is SIGTERM or SIGKILL."""
        for process in self.processes.values():
            if how == "SIGKILL":
                process.kill()
            else:
                assert process.terminate() == 0, f"{process.name} ended badly:\n{process.tail()}"
        for process in self.processes.values():
            process.start()
        self.wait_ready()

    def stop(self):
        for process in reversed(self.processes.values()):
            process.end()

    def logs(self, lines: int = 15) -> str:
        return "\n".join(f"=== {process.name}\n{process.tail(lines)}" for process in self.processes.values())


class OneProcess(Deployment):
    kind = "one process, SQLite"

    def __init__(self, name: str, mail: MailServer, **settings: str):
        super().__init__(name, mail, **settings)
        port = free_port()
        data = self.folder / "data"
        self.settings["TOCSIN_PUBLIC_URL"] = f"http://127.0.0.1:{port}"
        command = [executable("tocsin"), "serve", "--data", data, "--host", "127.0.0.1", "--port", str(port)]
        self.processes["serve"] = Process(f"{name}-serve", command, self.settings, port)

    @property
    def inbound_url(self) -> str:
        return self.processes["serve"].url

    @property
    def api_url(self) -> str:
        return self.processes["serve"].url

    def column(self, query: str) -> list[str]:
        """The first column of what a query on the database gives."""
        with closing(sqlite3.connect(self.folder / "data" / "tocsin.db")) as database:
            return [str(row[0]) for row in database.execute(query)]

    def start(self) -> "OneProcess":
        self.processes["serve"].start().wait_ready()
        return self


class SeparateProcesses(Deployment):
    kind = "separate processes, PostgreSQL, Kafka protocol"
    EXECUTABLES = {
        "ingest": "ingest",
        "alert-engine-1": "alert-engine",
        "alert-engine-2": "alert-engine",
        "notifier": "notifier",
        "webhook-dispatcher-1": "webhook-dispatcher",
        "webhook-dispatcher-2": "webhook-dispatcher",
        "api": "api",
        "self-audit": "self-audit",
    }

    def __init__(self, name: str, mail: MailServer, **settings: str):
        super().__init__(name, mail, **settings)
        self.postgres = Postgres(self.folder / "postgres")
        # The broker never forgets a member, so a directory of its own for each deployment, and names that last.
        self.broker = Broker(self.folder / "broker")
        self.settings |= {
            "TOCSIN_KAFKA_BROKERS": self.broker.address,
            "TOCSIN_SECRET_KEY": secret_key(),
            "TOCSIN_HOST": "127.0.0.1",
        }
        ports = {process: free_port() for process in self.EXECUTABLES}
        self.settings["TOCSIN_PUBLIC_URL"] = f"http://127.0.0.1:{ports['api']}"
        for process, program in self.EXECUTABLES.items():
            own = {"TOCSIN_INSTANCE_ID": process, "TOCSIN_PORT": str(ports[process])}
            self.processes[process] = Process(
                f"{name}-{process}", [executable(program)], self.settings | own, ports[process]
            )

    @property
    def inbound_url(self) -> str:
        return self.processes["ingest"].url

    @property
    def api_url(self) -> str:
        return self.processes["api"].url

    def database_url(self) -> str:
        return self.postgres.url("tocsin")

    def column(self, query: str) -> list[str]:
        """The first column of what a query on the database gives."""
        done = run("psql", "--tuples-only", "--no-align", self.postgres.url("tocsin"), "--command", query)
        assert done.returncode == 0, done.stderr
        return [line.split("|")[0] for line in done.stdout.splitlines() if line]

    def start(self) -> "SeparateProcesses":
        self.postgres.start()
        self.broker.start()
        self.postgres.create("tocsin")
        database = self.database_url()
        self.settings["TOCSIN_DATABASE_URL"] = database
        for process in self.processes.values():
            process.settings["TOCSIN_DATABASE_URL"] = database
        done = run(executable("tocsin"), "migrate", settings=self.settings, seconds=120)
        assert done.returncode == 0, f"tocsin migrate ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        for process in self.processes.values():
            process.start()
        self.wait_ready()
        return self

    def stop(self):
        super().stop()
        self.broker.stop()
        self.postgres.stop()


class ProxiedProcesses(SeparateProcesses):
    """The same, with a fault proxy before the database and one before the broker."""

    kind = "separate processes behind proxies"

    def __init__(self, name: str, mail: MailServer, **settings: str):
        super().__init__(name, mail, **settings)
        self._proxies = FaultProxies()
        self.to_database: FaultProxy = self._proxies.proxy("PostgreSQL", self.postgres.port)
        self.to_broker: FaultProxy = self._proxies.proxy("Kafka", self.broker.port, advertised=True)
        self.settings["TOCSIN_KAFKA_BROKERS"] = f"127.0.0.1:{self.to_broker.port}"
        for process in self.processes.values():
            process.settings["TOCSIN_KAFKA_BROKERS"] = self.settings["TOCSIN_KAFKA_BROKERS"]

    def proxy_to(self, name: str, port: int) -> FaultProxy:
        """One more, as before a target."""
        return self._proxies.proxy(name, port)

    def database_url(self) -> str:
        return super().database_url().replace(f":{self.postgres.port}/", f":{self.to_database.port}/")

    def start(self) -> "ProxiedProcesses":
        super().start()
        self.supervisor = Supervisor(list(self.processes.values()))
        self.supervisor.start()
        return self

    def stop(self):
        super().stop()
        self._proxies.close()


# Those that the tests of the whole path run on; the proxied one is for tests of its own.
KINDS: dict[str, type[Deployment]] = {"one-process": OneProcess, "separate-processes": SeparateProcesses}
