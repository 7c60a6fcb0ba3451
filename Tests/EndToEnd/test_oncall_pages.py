"""People, groups and who is on call in a real headless browser, as a new user would: two people and a group are added, an
alert is sent and escalates, and is answered on a screen of a telephone's size."""

import json
import re
import uuid

import pytest
import requests

from conftest import run_deployment
from console import User, browser, complaints, resize, sees, sign_in, text  # noqa: F401 (browser: a fixture)
from deployments import ADMIN
from processes import wait_until

PHONE = (390, 800)


@pytest.fixture(scope="module")
def deployment(request, executables, mail):
    yield from run_deployment(request, "one-process", mail)


@pytest.fixture
def admin(deployment, browser):
    """Somebody who has signed in."""
    sign_in(browser, deployment.api_url + "/console/alerts", *ADMIN)
    sees(browser, "Send an alert")
    return Admin(browser, "oncall", deployment.api_url)


class Admin(User):
    def __init__(self, browser, screenshots: str, url: str):
        super().__init__(browser, screenshots)
        self.url = url

    def open(self, path: str):
        self.browser.get(self.url + path)

    def submit(self):
        self.click("main form .primary[type=submit]")

    def mistake(self, field: str) -> str:
        """What stands next to a field. That the answer was a 400 is no complaint then."""
        shown = wait_until(
            lambda: self.browser.find_elements("css selector", f"[name='{field}'][aria-invalid] ~ .mistake"), 10,
            f"a mistake next to {field}",
        )[0].text
        complaints(self.browser)
        return shown

    def value(self, field: str) -> str:
        return self.find(f"main [name='{field}']").get_attribute("value")

    def add_person(self, name: str, first: str, last: str):
        self.open("/console/people/new")
        self.fill("[name=firstName]", first)
        self.fill("[name=lastName]", last)
        self.fill("[name=targetName]", name)
        self.submit()
        sees(self.browser, "Added", f"{first} {last}", "There is no device")

    def add_email(self, name: str, address: str):
        self.open(f"/console/people/{name}/devices/new")
        self.fill("[name=emailAddress]", address)
        self.submit()
        sees(self.browser, "Saved", address)

    def add_to_shift(self, name: str, delay: int):
        self.browser.find_element("link text", "Add a member").click()
        self.fill("[name=recipient]", name)
        self.fill("[name=delay]", str(delay))
        self.submit()
        sees(self.browser, "Saved")


def test_what_is_wrong_stands_next_to_its_field_and_what_was_typed_stays(admin, tocsin):
    name = f"typo-{uuid.uuid4().hex[:6]}"
    admin.open("/console/people/new")
    admin.fill("[name=firstName]", "Tia")
    admin.fill("[name=targetName]", name)
    admin.submit()
    assert "required" in admin.mistake("lastName")
    assert admin.value("firstName") == "Tia" and admin.value("targetName") == name
    admin.fill("[name=lastName]", "Typo")
    admin.fill("[name=timezone]", "Europe/Atlantis")
    admin.submit()
    assert "Europe/Atlantis" in admin.mistake("timezone")
    admin.screenshot("mistake")
    admin.fill("[name=timezone]", "Europe/Berlin")
    admin.submit()
    sees(admin.browser, "Added", "Tia Typo")

    admin.open(f"/console/people/{name}/devices/new")
    admin.fill("[name=emailAddress]", "no address")
    admin.fill("[name='timeframes[0].name']", "Working hours")
    admin.submit()
    assert "no e-mail address" in admin.mistake("emailAddress")
    assert admin.value("emailAddress") == "no address" and admin.value("timeframes[0].name") == "Working hours"
    admin.fill("[name=emailAddress]", "tia@example.org")
    admin.submit()
    sees(admin.browser, "tia@example.org", "Mon–Fri 08:00–18:00 Europe/Berlin")
    device = tocsin.get(f"/people/{name}/devices", embed="timeframes")["data"][0]
    frame = device["timeframes"]["data"][0]
    assert (frame["startTime"], frame["durationInMinutes"], frame["days"]) == ("08:00", 600, ["MO", "TU", "WE", "TH", "FR"])

    # An end before the beginning.
    admin.open(f"/console/people/{name}/absences/new")
    admin.write("[name=start]", "2030-05-02T08:00")
    admin.write("[name=end]", "2030-05-01T08:00")
    admin.submit()
    assert admin.mistake("end")
    admin.write("[name=end]", "2030-05-03T08:00")
    admin.submit()
    sees(admin.browser, "To come", "Nobody replaces")
    admin.click("#absences form button")
    sees(admin.browser, "None now, and none to come")


def test_devices_are_put_in_order(admin, tocsin):
    name = f"order-{uuid.uuid4().hex[:6]}"
    admin.add_person(name, "Ora", "Order")
    admin.add_email(name, "first@example.org")
    admin.add_email(name, "second@example.org")
    before = [device["emailAddress"] for device in tocsin.get(f"/people/{name}/devices")["data"]]
    assert before == ["first@example.org", "second@example.org"]
    admin.click("#devices .step:nth-of-type(3) button[value=up]")
    wait_until(
        lambda: [device["emailAddress"] for device in tocsin.get(f"/people/{name}/devices")["data"]] == before[::-1],
        10, "the devices have changed places",
    )
    assert not complaints(admin.browser)


def test_a_new_user_sets_up_a_group_and_an_alert_escalates(admin, browser, tocsin, mail):
    run = uuid.uuid4().hex[:6]
    first, second, group = f"mary-{run}", f"bob-{run}", f"Databases {run}"
    admin.add_person(first, "Mary", "McBride")
    admin.add_email(first, f"{first}@example.org")
    admin.add_person(second, "Bob", "Smith")
    admin.add_email(second, f"{second}@example.org")

    # A group: without members nobody is on call, and every page says so.
    admin.open("/console/groups/new")
    admin.fill("[name=targetName]", group)
    admin.submit()
    sees(browser, group, "Nobody", "Default Shift", "every day, all day")
    admin.open("/console/on-call")
    sees(browser, group, "Nobody is on call")
    browser.find_element("link text", group).click()
    admin.add_to_shift(first, 0)
    admin.add_to_shift(second, 30)
    sees(browser, "Mary McBride", "after 30 min", "On call now")
    admin.screenshot("group")
    group_page = browser.current_url.split("?")[0]

    # What if?
    admin.open(f"/console/what-if?priority=HIGH&recipients={group.replace(' ', '+')}")
    sees(browser, "An alert at", "Mary McBride", "Bob Smith", "after 30 min")
    admin.screenshot("what-if")

    # A workflow to send with.
    admin.open("/console/webhooks/new")
    admin.fill("input[name=name]", f"By hand {run}")
    admin.fill("input[name=recipients]", group)
    admin.click("main button[type=submit]")
    sees(browser, "is ready")

    # The alert: an empty recipient is a mistake; then it goes to Mary, and not yet to Bob.
    admin.open("/console/alerts")
    browser.find_element("link text", "Send an alert").click()
    sees(browser, f"By hand {run}", f"to {group}")
    card = browser.find_element("xpath", f"//section[contains(., 'By hand {run}')]")
    card.find_element("link text", "Go on").click()
    assert admin.value("recipients") == group
    subject = f"The database is gone {run}"
    admin.fill("[name='properties.Subject']", subject)
    admin.fill("[name=recipients]", "")
    admin.submit()
    assert "required" in admin.mistake("recipients")
    assert admin.value("properties.Subject") == subject
    admin.fill("[name=recipients]", group)
    admin.submit()
    sees(browser, subject, "Who was told, and why", "Mary McBride", "Notified")
    alert_page = browser.current_url
    told = mail.wait_for(lambda m: f"{first}@example.org" in m.recipients and subject in m.subject)
    assert not [m for m in mail.mails if f"{second}@example.org" in m.recipients and subject in m.subject]

    # Mary hands it on, at three in the morning, on a telephone.
    resize(browser, *PHONE)
    browser.get(told.links()["Escalate"])
    sees(browser, "Escalate", subject)
    fits(browser)
    admin.screenshot("answer-phone")
    admin.click("form button")
    sees(browser, "Recorded: Escalate")
    told = mail.wait_for(lambda m: f"{second}@example.org" in m.recipients and subject in m.subject)
    browser.get(told.links()["Acknowledge"])
    admin.click("form button")
    sees(browser, "Recorded: Acknowledge")
    browser.get(alert_page)
    sees(browser, "Response: Escalate", "Response: Acknowledge", "Bob Smith", "Somebody has it")
    fits(browser)
    admin.screenshot("alert-phone")

    # The administrator closes it, on the page itself.
    browser.find_element("xpath", "//section[@id='answer']//button[contains(., 'Close')]").click()
    sees(browser, "Response: Close", "Ended")
    assert not browser.find_elements("id", "answer")

    # The calendar of the week, and as a file.
    browser.get(f"{group_page}/calendar")
    sees(browser, "Mary McBride", "Week after")
    fits(browser)
    cookies = {cookie["name"]: cookie["value"] for cookie in browser.get_cookies()}
    calendar = requests.get(f"{group_page}/calendar.ics", cookies=cookies, timeout=30)
    assert calendar.headers["Content-Type"].startswith("text/calendar")
    assert calendar.text.startswith("BEGIN:VCALENDAR") and "Mary McBride" in calendar.text
    assert not complaints(browser)


def test_shifts_say_when_they_are_on(admin, browser, tocsin):
    group = tocsin.post("/groups", {"targetName": f"Shifts {uuid.uuid4().hex[:6]}", "timezone": "Europe/Berlin"})
    admin.open(f"/console/groups/{group['id']}/shifts/new")
    assert not admin.find("[name='recurrence.dateOfMonth']").is_displayed(), "a field of monthly shifts is in the way"
    admin.fill("[name=name]", "Working hours")
    admin.write("[name=start]", "2030-01-07T08:00")
    admin.write("[name=end]", "2030-01-07T07:00")
    admin.submit()
    assert "later" in admin.mistake("end")
    admin.write("[name=end]", "2030-01-07T18:00")
    admin.click("[name='rotation.type'] option[value=TIME]")
    admin.submit()
    sees(browser, "Every week on Mon–Fri, 08:00–18:00 Europe/Berlin", "every week, the first goes to the end")
    shift = next(s for s in tocsin.get(f"/groups/{group['id']}/shifts")["data"] if s["name"] == "Working hours")
    assert shift["start"].startswith("2030-01-07T07:00"), shift["start"]
    browser.get(f"{admin.url}/console/groups/{group['id']}/shifts/{shift['id']}/delete")
    admin.click("main button")
    sees(browser, "Deleted")
    assert "Working hours" not in text(browser)


def fits(browser):
    wide = browser.execute_script("return document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0, f"{browser.current_url} is {wide} pixels too wide"


def test_pages_fit_a_phone(admin, browser, tocsin):
    person = tocsin.get("/people")["data"][0]
    group = tocsin.post("/groups", {"targetName": f"A group with a rather long name {uuid.uuid4()}"})
    site = tocsin.post("/sites", {"name": f"Site {uuid.uuid4()}", "country": "Germany", "language": "German",
                                  "timezone": "Europe/Berlin",
                                  "holidays": [{"name": "Christmas", "date": "2030-12-25", "isYearly": True}]})
    shift = tocsin.get(f"/groups/{group['id']}/shifts")["data"][0]
    resize(browser, *PHONE)
    own, base = f"people/{person['id']}", f"groups/{group['id']}"
    for path in ("people", "people/new", own, f"{own}/edit", f"{own}/devices/new", f"{own}/absences/new", "me", "groups",
                 "groups/new", "groups/new?kind=DYNAMIC", base, f"{base}/edit", f"{base}/calendar", f"{base}/shifts/new",
                 f"{base}/shifts/{shift['id']}/members/new", f"{base}/delete", "on-call", "on-call?at=2030-01-01T08:00",
                 f"{base}/shifts/{shift['id']}/occurrences", "sites", f"sites/{site['id']}", f"sites/{site['id']}/delete",
                 f"{own}/phone", f"{own}/properties", "password", "device-names", "device-names/new",
                 "providers", "providers/new", "what-if", "alerts/new"):
        browser.get(f"{admin.url}/console/{path}")
        assert browser.find_elements("css selector", "h1"), f"{path}: {text(browser)[:300]}"
        assert "Not found" not in text(browser), path
        fits(browser)
    assert not complaints(browser)


def test_who_may_not_change_something_is_not_offered_it(admin, browser, deployment, tocsin):
    name = f"reader-{uuid.uuid4().hex[:6]}"
    tocsin.post("/people", {"targetName": name, "firstName": "Rea", "lastName": "Der", "roles": ["Standard User"],
                            "password": "correct horse battery"})
    browser.delete_all_cookies()
    sign_in(browser, deployment.api_url + "/console/people", name, "correct horse battery")
    sees(browser, "People")
    assert "Add a person" not in text(browser)
    browser.get(f"{deployment.api_url}/console/people/{ADMIN[0]}")
    assert "Add a device" not in text(browser) and "Delete…" not in text(browser)
    # One's own devices are one's own business.
    browser.get(f"{deployment.api_url}/console/me")
    sees(browser, "Rea Der", "Add a device", "Add an absence")
    admin.add_email(name, "rea@example.org")


def test_a_password_that_has_to_be_changed_comes_first(browser, deployment, tocsin):
    name, old, new = f"fresh-{uuid.uuid4().hex[:6]}", "correct horse battery", "another horse battery"
    tocsin.post("/people", {"targetName": name, "firstName": "Fay", "lastName": "Fresh", "roles": ["Standard User"],
                            "password": old, "forcePasswordReset": True})
    resize(browser, *PHONE)
    user = Admin(browser, "oncall", deployment.api_url)
    sign_in(browser, deployment.api_url + "/console/groups", name, old)
    sees(browser, "Choose another password", "has to be changed first")
    fits(browser)
    user.screenshot("password-phone")
    user.open("/console/people")
    sees(browser, "Choose another password")
    user.fill("[name=old]", old)
    user.fill("[name=password]", "short")
    user.fill("[name=repeat]", "short")
    user.submit()
    assert "at least 8" in user.mistake("password")
    user.fill("[name=old]", old)
    user.fill("[name=password]", new)
    user.fill("[name=repeat]", new)
    user.submit()
    sees(browser, "People", "Fay Fresh")
    assert browser.current_url.endswith("/console/people")
    assert not complaints(browser)


def test_the_console_is_an_app_and_shows_notifications(admin, browser):
    manifest = requests.get(admin.url + "/console/manifest.webmanifest", timeout=30)
    assert manifest.headers["Content-Type"] == "application/manifest+json"
    for icon in manifest.json()["icons"]:
        picture = requests.get(admin.url + icon["src"], timeout=30)
        assert picture.headers["Content-Type"] == icon["type"] and len(picture.content) > 300, icon
    browser.execute_cdp_cmd("Browser.grantPermissions", {"origin": admin.url, "permissions": ["notifications"]})
    admin.open("/console/me")
    registered = browser.execute_async_script("""
        const done = arguments[0];
        navigator.serviceWorker.register("/console/service-worker.js", { scope: "/console/" })
          .then(() => navigator.serviceWorker.ready).then(() => done("active"), (error) => done(String(error)));
    """)
    assert registered == "active"
    message = {"id": "n-1", "title": "The disk is full", "body": "db-01", "url": f"{admin.url}/console/alerts",
               "priority": "HIGH",
               "actions": [{"action": "1", "title": "Acknowledge", "url": f"{admin.url}/respond/abc"}]}
    deliver_push(browser, admin.url, json.dumps(message))
    shown = wait_until(
        lambda: browser.execute_async_script("""
            const done = arguments[0];
            navigator.serviceWorker.ready.then((worker) => worker.getNotifications()).then((all) => done(all.map(
              (one) => ({ title: one.title, body: one.body, actions: one.actions.map((action) => action.title) }))));
        """), 10, "a notification is shown",
    )
    assert shown == [{"title": "The disk is full", "body": "db-01", "actions": ["Acknowledge"]}]
    assert not complaints(browser)


def deliver_push(browser, origin: str, data: str):
    """As a push service would."""
    scope = f"{origin}/console/"
    browser.execute_cdp_cmd("ServiceWorker.enable", {})
    registrations = browser.execute_async_script("""
        const done = arguments[0];
        navigator.serviceWorker.getRegistrations().then((all) => done(all.map((one) => one.scope)));
    """)
    assert registrations == [scope]
    # The number of a registration is said in events only, which this client does not see: they count from 0.
    for number in range(5):
        try:
            browser.execute_cdp_cmd(
                "ServiceWorker.deliverPushMessage",
                {"origin": origin, "registrationId": str(number), "data": data},
            )
        except Exception as error:  # noqa: BLE001 (a number that is none)
            assert "registration" in str(error).lower(), error


def test_a_browser_becomes_a_device(admin, browser, tocsin):
    admin.open("/console/me")
    if not browser.find_elements("css selector", "#push"):
        pytest.skip("this version has no Web Push")
    cookies = {cookie["name"]: cookie["value"] for cookie in browser.get_cookies()}
    page = requests.get(admin.url + "/console/me", cookies=cookies, timeout=30)
    csrf = re.search(r'name="csrf" value="([^"]+)"', page.text)[1]
    subscription = {"endpoint": "https://push.example.org/abc", "keys": {"p256dh": "B" * 87, "auth": "a" * 22}}
    form = {"csrf": csrf, "subscription": json.dumps(subscription), "label": "Browser on Linux"}
    answer = requests.post(page.url + "/push", data=form, cookies=cookies, timeout=30)
    assert answer.status_code == 200 and "Browser on Linux" in answer.text, answer.text[:500]
    device = next(d for d in tocsin.get(f"/people/{ADMIN[0]}/devices")["data"] if d["deviceType"] == "WEB_PUSH")
    assert "push.example.org" not in json.dumps(device)
