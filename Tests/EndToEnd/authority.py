"""A certificate authority for a test, made by openssl, and the server that shows its certificates."""

import shutil
import subprocess
from pathlib import Path

import requests

from deployments import ADMIN
from processes import READY_SECONDS, Process, executable, free_port, fresh, wait_until


class Authority:
    def __init__(self, folder: Path):
        self.folder = folder
        self.certificate = folder / "ca.pem"
        self._key = folder / "ca-key.pem"
        self._openssl(
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=Test authority",
            "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
            "-keyout", self._key, "-out", self.certificate,
        )

    def issue(self, name: str) -> tuple[Path, Path]:
        """A certificate for this machine, with its key."""
        key, request, made = (self.folder / f"{name}{end}" for end in ("-key.pem", ".csr", ".pem"))
        extensions = self.folder / f"{name}.ext"
        extensions.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")
        self._openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", key, "-out", request)
        self._openssl(
            "x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key, "-CAcreateserial", "-days",
            "2", "-extfile", extensions, "-out", made,
        )
        return made, key

    @staticmethod
    def _openssl(*arguments):
        done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


class EncryptedServer(Process):
    """All of Tocsin in one process, by https only."""

    def __init__(self, folder: Path, authority: Authority, **settings: str):
        self.authority = authority
        made, key = authority.issue("server")
        self.shown = (folder / "shown.pem", folder / "shown-key.pem")
        self.show(made, key)
        port = free_port()
        super().__init__(
            folder.name, [executable("tocsin"), "serve", "--data", folder / "data", "--port", str(port)],
            {
                "TOCSIN_ADMIN_USER": ADMIN[0], "TOCSIN_ADMIN_PASSWORD": ADMIN[1],
                "TOCSIN_TLS_CERTIFICATE": str(self.shown[0]), "TOCSIN_TLS_KEY": str(self.shown[1]), **settings,
            },
            port,
        )

    def show(self, certificate: Path, key: Path):
        shutil.copy(certificate, self.shown[0])
        shutil.copy(key, self.shown[1])

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    def wait_ready(self, seconds: float = READY_SECONDS) -> "EncryptedServer":
        def is_ready():
            assert self.is_running, f"it has ended:\n{self.tail()}"
            return requests.get(f"{self.url}/health/ready", verify=self.authority.certificate, timeout=5).ok

        wait_until(is_ready, seconds, f"{self.name} is ready")
        return self


def encrypted_server(folder: Path, **settings: str) -> EncryptedServer:
    fresh(folder)
    return EncryptedServer(folder, Authority(folder), **settings).start().wait_ready()
