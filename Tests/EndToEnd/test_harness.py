"""The tests' own tools: a sink or a mail server that is wrong would make every other test worth nothing."""

import base64
import hashlib
import hmac
import smtplib
import socket
import ssl
import struct
import time
from email.message import EmailMessage

import pytest
import requests

import alertmanager
from alertmanager import Alertmanager
from conftest import missing, require
from faultproxy import Fault, FaultProxies
from processes import WORK, Broker, Postgres, fresh, run
from sinks import Received, always, failing_first, hanging, signature_problem
from tocsin import Form

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


def signed(body: bytes, key: bytes = b"k" * 32, at: float | None = None, version: str = "v1") -> Received:
    stamp = str(int(at or time.time()))
    code = base64.b64encode(hmac.new(key, b"msg_1." + stamp.encode() + b"." + body, hashlib.sha256).digest()).decode()
    headers = {"webhook-id": "msg_1", "webhook-timestamp": stamp, "webhook-signature": f"{version},{code}"}
    return Received(0, "POST", "/", headers, body)


def test_signatures():
    assert signature_problem(signed(b"{}"), [SECRET]) is None
    assert signature_problem(signed(b"{}"), ["whsec_" + base64.b64encode(b"x" * 32).decode(), SECRET]) is None
    assert "no signature" in signature_problem(signed(b"{}", key=b"x" * 32), [SECRET])
    assert "no signature" in signature_problem(signed(b"{}", version="v2"), [SECRET])
    assert "not a time" in signature_problem(signed(b"{}", at=time.time() - 3600), [SECRET])
    assert signature_problem(Received(0, "POST", "/", {}, b""), [SECRET]).startswith("without webhook-id")
    # The example of standardwebhooks.com, to check the checker.
    example = Received(
        0, "POST", "/",
        {"webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330",
         "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
        b'{"test": 2432232314}',
    )
    assert signature_problem(example, ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], tolerance_seconds=1 << 40) is None


def test_a_sink_records_and_answers(sinks):
    sink = sinks.sink("recording", failing_first(2))
    headers = {"webhook-id": "a"}
    answers = [requests.post(sink.url + "/x?y=1", data="ü".encode(), headers=headers).status_code for _ in range(3)]
    assert answers == [500, 500, 200]
    chunked = requests.put(sink.url + "/x", data=(part for part in (b"one ", b"two")), headers=headers)
    assert chunked.status_code == 200
    received = sink.wait_for(count=4)
    assert [request.body for request in received] == ["ü".encode()] * 3 + [b"one two"]
    assert received[0].path == "/x?y=1" and received[0].webhook_id == "a" and received[3].method == "PUT"
    assert received[0].at < received[1].at < time.monotonic_ns()
    gone = requests.post(sinks.sink("gone", always(410, Retry_After="7")).url)
    assert (gone.status_code, gone.headers["Retry-After"]) == (410, "7")


def test_a_sink_hangs(sinks):
    sink = sinks.sink("hanging", hanging)
    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.post(sink.url, data="x", timeout=0.3)
    assert len(sink) == 1
    with pytest.raises(AssertionError, match="1 of 2 requests within 0.1 s"):
        sink.wait_for(count=2, seconds=0.1)


def test_a_request_in_pieces(sinks):
    sink = sinks.sink("pieces")
    with socket.create_connection(("127.0.0.1", sink.port)) as connection:
        for piece in (b"POST / HTTP/1.1\r\nHo", b"st: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"):
            connection.sendall(piece)
        assert connection.recv(100).startswith(b"HTTP/1.1 100")
        for piece in (b"ab", b"cdPOST /2 HTTP/1.1\r\nContent-Length: 0\r\n\r\n"):
            connection.sendall(piece)
        sink.wait_for(count=2)
    assert [(r.path, r.body) for r in sink.received] == [("/", b"abcd"), ("/2", b"")]


def test_the_mail_server_wants_tls_and_a_password(mail):
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = "Prüfung", "a@example.org", "b@example.org"
    message.set_content("plain")
    message.add_alternative('<p><a style="x" href="http://h/?a=1&amp;b=2">Press <b>me</b></a></p>', subtype="html")
    with smtplib.SMTP("127.0.0.1", mail.port) as client:
        with pytest.raises(smtplib.SMTPException):
            client.send_message(message)
        trust = ssl.create_default_context(cafile=mail.url.rpartition("ca=")[2])
        client.starttls(context=trust)
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login("tocsin", "wrong")
        client.login("tocsin", "geheim&geheim")
        client.send_message(message)
        mail.refusal = "451 Later"
        with pytest.raises(smtplib.SMTPDataError):
            client.send_message(message)
        mail.refusal = None
    received = mail.wait_for(lambda m: m.subject == "Prüfung")
    assert received.was_authenticated and received.was_encrypted and received.text.strip() == "plain"
    assert received.links() == {"Press me": "http://h/?a=1&b=2"}


def test_a_form_is_filled_in_as_a_browser_does():
    answer = requests.Response()
    answer.url, answer.status_code = "http://h/respond/t", 200
    answer._content = b"""<form method="post" action="/respond/t?x=1"><input type="hidden" name="csrf" value="1&amp;2">
        <textarea name="comment"></textarea><button name="ok" value="yes">Go</button></form><input name="other">"""
    form = Form(answer)
    assert (form.url, form.method) == ("http://h/respond/t?x=1", "post")
    assert form.fields == {"csrf": "1&2", "comment": "", "ok": "yes"}


def test_alertmanager_sends_what_the_script_expects(sinks):
    require(missing(alertmanager.COMMAND))
    sink = sinks.sink("alertmanager")
    source = Alertmanager(fresh(WORK / "harness-alertmanager"), sink.url + "/hook?apiKey=k").start()
    try:
        source.fire({"alertname": "Up", "instance": "i", "severity": "critical"}, {"summary": "S"})
        request = sink.wait_for()[0]
    finally:
        source.stop()
    ours = alertmanager.payload({"alertname": "Up"}, {})
    assert request.path == "/hook?apiKey=k"
    assert set(request.json) == set(ours), "our imitation has the fields of the real one"
    assert set(request.json["alerts"][0]) == set(ours["alerts"][0])


def test_postgres_survives_a_kill(servers):
    postgres = Postgres(fresh(WORK / "harness-postgres")).start()
    try:
        url = postgres.create("kept")
        assert run("psql", url, "-c", "CREATE TABLE t (a INT)").returncode == 0
        postgres.kill()
        assert run("psql", url, "-c", "SELECT 1").returncode != 0
        postgres.start()
        assert run("psql", url, "-c", "SELECT * FROM t").returncode == 0
    finally:
        postgres.remove()


def test_the_broker_starts_and_stops(servers):
    broker = Broker(fresh(WORK / "harness-broker")).start()
    with socket.create_connection(("127.0.0.1", broker.port)):
        pass
    try:
        broker.stop()
        broker.start()
    finally:
        broker.stop()
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", broker.port))


def test_a_fault_proxy_does_what_it_says(sinks):
    proxies = FaultProxies()
    try:
        proxy = proxies.proxy("sink", sinks.sink("behind a proxy").port)
        url = f"http://127.0.0.1:{proxy.port}"
        assert requests.post(url, data="x", timeout=5).status_code == 200
        with proxy.suffering(Fault.DELAY):
            began = time.monotonic()
            assert requests.post(url, data="x", timeout=5).status_code == 200
            assert time.monotonic() - began >= 0.3
        for fault in (Fault.DROP, Fault.RESET):
            with proxy.suffering(fault), pytest.raises(requests.ConnectionError):
                requests.post(url, data="x", timeout=5)
        for fault in (Fault.HALF_OPEN, Fault.TRICKLE):
            with proxy.suffering(fault), pytest.raises(requests.Timeout):
                requests.post(url, data="x", timeout=1)
        assert requests.post(url, data="x", timeout=5).status_code == 200, "all is well afterwards"
    finally:
        proxies.close()


def test_clients_of_an_advertised_target_go_through_the_proxy():
    target = socket.create_server(("127.0.0.1", 0))
    port = target.getsockname()[1]
    proxies = FaultProxies()
    try:
        proxy = proxies.proxy("broker", port, advertised=True)
        with socket.create_connection(("127.0.0.1", proxy.port)) as client:
            server, _ = target.accept()
            server.sendall(b"host 127.0.0.1" + struct.pack(">i", port) + b" end")
            wanted = b"host 127.0.0.1" + struct.pack(">i", proxy.port) + b" end"
            found = b""
            while len(found) < len(wanted):
                found += client.recv(100)
            assert found == wanted
            server.close()
    finally:
        proxies.close()
        target.close()
