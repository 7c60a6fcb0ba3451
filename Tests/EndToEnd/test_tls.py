"""TLS from settings: what is spoken, what a new certificate does, what a wrong one does."""

import socket
import ssl

import pytest
import requests

from authority import Authority, encrypted_server
from conftest import EXECUTABLES, missing, require
from deployments import ADMIN
from processes import WORK, executable, fresh, run, secret_key, wait_until

SERVICES = [name for name in EXECUTABLES if name not in ("script-sandbox", "tocsin")]


@pytest.fixture(autouse=True)
def built(executables):
    require(missing("openssl"))


@pytest.fixture(scope="module")
def server(executables):
    server = encrypted_server(WORK / "tls")
    yield server
    server.end()


def shown(server, **options) -> dict:
    context = ssl.create_default_context(cafile=server.authority.certificate)
    for name, value in options.items():
        setattr(context, name, value)
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as encrypted:
            return {"subject": encrypted.getpeercert()["subject"], "version": encrypted.version()}


def test_https_and_nothing_else(server):
    answer = requests.get(
        server.url + "/api/xm/1/people", auth=ADMIN, verify=server.authority.certificate, timeout=10)
    assert answer.status_code == 200
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    missing_page = requests.get(
        server.url + "/api/xm/1/nothing", auth=ADMIN, verify=server.authority.certificate, timeout=10)
    assert missing_page.status_code == 404 and "Strict-Transport-Security" in missing_page.headers
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://127.0.0.1:{server.port}/health/live", timeout=10)


def test_versions(server):
    assert shown(server)["version"] == "TLSv1.3"
    assert shown(server, maximum_version=ssl.TLSVersion.TLSv1_2)["version"] == "TLSv1.2"
    done = run(
        "openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0",
        seconds=20,
    )
    assert done.returncode != 0, done.stdout


def test_a_new_certificate_is_shown_without_a_restart(server):
    session = requests.Session()
    session.verify, session.trust_env = server.authority.certificate, False
    session.get(server.url + "/health/live", timeout=10)
    before = shown(server)["subject"]
    made, key = server.authority.issue("next")
    # The certificate alone goes with no key: what was shown goes on being shown.
    server.shown[0].write_bytes(made.read_bytes())
    wait_until(lambda: "the new certificate is not taken" in server.log.read_text(), 20, "the log says so")
    assert shown(server)["subject"] == before
    server.shown[1].write_bytes(key.read_bytes())
    wait_until(lambda: shown(server)["subject"] != before, 20, "the new certificate is shown")
    assert session.get(server.url + "/health/live", timeout=10).ok, "a connection that was there goes on"
    assert "tocsin_tls_certificate_expires_seconds" in session.get(server.url + "/metrics", timeout=10).text


@pytest.mark.parametrize("name", ["tocsin", *SERVICES])
def test_wrong_files_are_an_error_at_the_start(name):
    folder = fresh(WORK / "tls-wrong")
    authority = Authority(folder)
    certificate, _ = authority.issue("one")
    _, key = authority.issue("two")
    (folder / "text.pem").write_text("no certificate")
    common = {
        "TOCSIN_DATABASE_URL": "postgresql://127.0.0.1:1/x", "TOCSIN_KAFKA_BROKERS": "127.0.0.1:1",
        "TOCSIN_SECRET_KEY": secret_key(),
    }
    command = [executable(name)]
    if name == "tocsin":
        common = {}
        command += ["serve", "--data", folder / "data", "--port", "0"]
    for pair, setting, words in [
        ((folder / "none.pem", key), "TOCSIN_TLS_CERTIFICATE", "cannot be read"),
        ((folder / "text.pem", key), "TOCSIN_TLS_CERTIFICATE", "holds no certificate"),
        ((certificate, folder / "text.pem"), "TOCSIN_TLS_KEY", "holds no private key"),
        ((certificate, key), "TOCSIN_TLS_KEY", "does not go with"),
        ((certificate, ""), "TOCSIN_TLS_CERTIFICATE", "needs TOCSIN_TLS_KEY"),
        (("", key), "TOCSIN_TLS_KEY", "needs TOCSIN_TLS_CERTIFICATE"),
    ]:
        settings = {"TOCSIN_TLS_CERTIFICATE": str(pair[0]), "TOCSIN_TLS_KEY": str(pair[1])}
        done = run(*command, settings=common | settings, seconds=30)
        assert done.returncode == 78, f"{pair}: {done.returncode}\n{done.stdout}{done.stderr}"
        assert setting in done.stderr and words in done.stderr, f"{pair}: {done.stderr}"
