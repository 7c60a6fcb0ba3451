"""The console in a real headless browser: sign-in, the list, and an alert whose timeline goes on by itself."""

import uuid

import pytest

import alertmanager
from conftest import run_deployment
from console import SCREENSHOTS, browser, complaints, sees, sign_in, text  # noqa: F401 (browser: a fixture)
from deployments import ADMIN
from processes import wait_until
from workflow import Workflow


@pytest.fixture(scope="module")
def deployment(request, executables, mail):
    yield from run_deployment(request, "one-process", mail)


@pytest.fixture(scope="module")
def workflow(tocsin, sinks) -> Workflow:
    return Workflow.make(tocsin, sinks)


def test_a_wrong_password_is_refused(deployment, browser):
    sign_in(browser, deployment.api_url + "/", ADMIN[0], "wrong")
    wait_until(lambda: browser.find_elements("css selector", "input[type=password]"), 10, "the form is there again")
    body = text(browser).lower()
    assert "wrong" in body or "not" in body or "invalid" in body, body


def test_the_alert_page_goes_on_by_itself(deployment, browser, tocsin, workflow):
    summary = f"The disk of <db1> & 'db2' is full {uuid.uuid4()}"
    body = alertmanager.payload(
        {"alertname": "Disk", "instance": "db1:9100", "severity": "critical"}, {"summary": summary}
    )
    alert = tocsin.alert_of(tocsin.accepted(workflow.inbound, body))

    sign_in(browser, deployment.api_url + "/", *ADMIN)
    sees(browser, alert["eventId"], summary)
    browser.save_screenshot(str(SCREENSHOTS / "console-alerts.png"))
    browser.find_element("partial link text", alert["eventId"]).click()
    sees(browser, alert["eventId"], summary, "db1:9100", "oncall", "Work Email", "healthy", "hanging")

    # Something that only this document has: a reload would take it away.
    browser.execute_script("window.tocsinTestMark = 7")
    comment = f"Looking <into> it {uuid.uuid4()}"
    assert comment not in text(browser)
    tocsin.comment(alert, comment)
    sees(browser, comment)
    tocsin.set_status(alert, "SUSPENDED")
    sees(browser, "suspended")
    assert browser.execute_script("return window.tocsinTestMark") == 7, "the page was reloaded"
    # The reason why a delivery waits is on the page, too.
    sees(browser, "not answered", seconds=20)
    assert browser.execute_script("return window.tocsinTestMark") == 7, "the page was reloaded"

    browser.save_screenshot(str(SCREENSHOTS / "console-alert.png"))
    assert not complaints(browser)


def test_the_page_of_a_link_in_a_mail(deployment, browser, tocsin, workflow, mail):
    body = alertmanager.payload(
        {"alertname": "Disk", "instance": "db1:9100", "severity": "critical"}, {"summary": "Tap"}
    )
    alert = tocsin.alert_of(tocsin.accepted(workflow.inbound, body))
    browser.get(mail.wait_for(lambda m: alert["eventId"] in m.text).links()["Resolve"])
    sees(browser, "Resolve", "Tap")
    browser.save_screenshot(str(SCREENSHOTS / "console-respond.png"))
    browser.find_element("css selector", "form button, form input[type=submit]").click()
    tocsin.wait_status(alert, "TERMINATED", "TERMINATED_EXTERNAL")
    assert not complaints(browser)


def test_nothing_is_shown_without_signing_in(deployment, browser):
    browser.get(deployment.api_url + "/alerts")
    wait_until(lambda: browser.find_elements("css selector", "input[type=password]"), 10, "a sign-in form")
