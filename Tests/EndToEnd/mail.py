"""A mail server that keeps every message, with TLS and a password when a test wants them."""

import email
import email.policy
import re
import ssl
import subprocess
import threading
import time
from dataclasses import dataclass
from email.message import EmailMessage
from html import unescape
from pathlib import Path
from typing import Callable

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from processes import free_port


@dataclass(frozen=True)
class Mail:
    at: int  # monotonic, in nanoseconds
    sender: str
    recipients: list[str]
    was_authenticated: bool
    was_encrypted: bool
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["subject"])

    @property
    def html(self) -> str:
        part = self.message.get_body(("html",))
        return part.get_content() if part else ""

    @property
    def text(self) -> str:
        part = self.message.get_body(("plain",))
        return part.get_content() if part else ""

    def links(self) -> dict[str, str]:
        """The addresses of the HTML part's links, by their text."""
        found = re.findall(r'<a\b[^>]*\bhref="([^"]+)"[^>]*>(.*?)</a>', self.html, re.S | re.I)
        return {unescape(re.sub(r"<[^>]+>", "", text)).strip(): unescape(href) for href, text in found}


class MailServer:
    """`login` asks for a password, `certificate` offers STARTTLS and lets nobody sign in without it."""

    def __init__(self, login: tuple[str, str] | None = None, certificate: "Certificate | None" = None):
        self._login = login
        self._certificate = certificate
        self._mails: list[Mail] = []
        self._changed = threading.Condition()
        self.refusal: str | None = None  # what every message is answered with, as in "451 Try again later"
        context = None
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate.certificate, certificate.key)
        self._controller = Controller(
            self,
            hostname="127.0.0.1",
            port=free_port(),
            tls_context=context,
            authenticator=self._authenticate,
            auth_required=login is not None,
            auth_require_tls=certificate is not None,
        )
        self._controller.start()
        self.port = self._controller.port

    @property
    def url(self) -> str:
        """For TOCSIN_SMTP_URL."""
        user = f"{self._login[0]}:{self._login[1]}@" if self._login else ""
        mode = f"starttls=required&ca={self._certificate.certificate}" if self._certificate else "starttls=never"
        return f"smtp://{user}127.0.0.1:{self.port}?{mode}"

    @property
    def mails(self) -> list[Mail]:
        with self._changed:
            return list(self._mails)

    def clear(self):
        with self._changed:
            self._mails.clear()

    def wait_for(self, accept: Callable[[Mail], bool], seconds: float = 30, what: str = "") -> Mail:
        deadline = time.monotonic() + seconds
        with self._changed:
            while True:
                found = next((mail for mail in self._mails if accept(mail)), None)
                if found:
                    return found
                left = deadline - time.monotonic()
                if left <= 0:
                    subjects = [mail.subject for mail in self._mails[-5:]]
                    raise AssertionError(f"no mail {what} within {seconds} s; {len(self._mails)} in all: {subjects}")
                self._changed.wait(left)

    def close(self):
        self._controller.stop()

    # aiosmtpd calls these.

    def _authenticate(self, _server, _session, _envelope, _mechanism, data):
        right = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode()) == self._login
        return AuthResult(success=right, handled=False)

    async def handle_DATA(self, _server, session, envelope):
        if self.refusal:
            return self.refusal
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        mail = Mail(
            time.monotonic_ns(), envelope.mail_from, list(envelope.rcpt_tos), bool(session.authenticated),
            session.ssl is not None, message,
        )
        with self._changed:
            self._mails.append(mail)
            self._changed.notify_all()
        return "250 OK"


@dataclass(frozen=True)
class Certificate:
    certificate: Path
    key: Path

    @staticmethod
    def make(folder: Path) -> "Certificate":
        """A certificate for 127.0.0.1 that is its own authority."""
        made = Certificate(folder / "certificate.pem", folder / "key.pem")
        subprocess.run(
            [
                "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
                "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", made.key, "-out", made.certificate,
            ],
            check=True, capture_output=True,
        )
        return made
