"""The integration builder in a real headless browser: an author writes a script, sees the line of its error, mends
it, and runs the stored request again; and the ready-made webhook configuration."""

import subprocess
import uuid

import pytest
import requests

from conftest import run_deployment
from console import User, browser, complaints, sees, sign_in  # noqa: F401 (browser: a fixture)
from deployments import ADMIN
from processes import wait_until
from sinks import Answer, Sink
from tocsin import Refused, Tocsin, script

FAULTY = """var data = JSON.parse(request.body);
console.log("A request about " + data.host);
var found = http.request({ endpoint: "CMDB", path: "/hosts/" + data.host,
    headers: { "Authorization": "Bearer geheim" } }).write();
console.log("The CMDB says " + found.statusCode);
trigger.properties = { "Host": data.host, "Owner": JSON.parse(found.body).owner, "Problem": data.problem.text };
form.post(trigger);
"""
LINE = 6
MENDED = FAULTY.replace("data.problem.text", 'data.problem || "unknown"')


@pytest.fixture(scope="module")
def deployment(request, executables, mail):
    yield from run_deployment(request, "one-process", mail)


@pytest.fixture
def author(deployment, browser):
    """Somebody who has signed in."""
    sign_in(browser, deployment.api_url + "/console/workflows", *ADMIN)
    sees(browser, "Workflows")
    return Author(browser, "builder")


class Author(User):
    def open_form(self, part: str) -> str:
        """Unfolds the form of a workflow's page; its selector."""
        form = f"form[action$='/{part}']"
        self.find(form).find_element("xpath", "..").find_element("css selector", "summary").click()
        return form


def make_workflow(author: Author, cmdb: Sink):
    author.fill("form[action='/console/workflows'] input[name=name]", "Disks")
    author.click("form[action='/console/workflows'] button")
    form = author.open_form("forms")
    author.fill(f"{form} input[name=name]", "Problem")
    author.fill(f"{form} input[name=recipients]", ADMIN[0])
    author.write(f"{form} textarea", "Host\nOwner\nProblem")
    author.click(f"{form} button")
    sees(author.browser, "Host, Owner, Problem")
    form = author.open_form("endpoints")
    author.fill(f"{form} input[name=name]", "CMDB")
    author.fill(f"{form} input[name=url]", cmdb.url)
    author.click(f"{form} button")
    sees(author.browser, cmdb.url)


def alerts_of(tocsin: Tocsin, request_id: str) -> list[dict]:
    return tocsin.get("/events", requestId=request_id)["data"]


def test_an_author_mends_a_script_and_runs_the_request_again(author, browser, tocsin, sinks):
    cmdb = sinks.sink("cmdb", lambda _: Answer(body=b'{"owner": "mary", "token": "geheim"}'))
    make_workflow(author, cmdb)

    # A new integration, tried before it is saved: the error's line is marked, and nothing is called.
    author.click("a[href$='/inbound/new']")
    author.fill("input[name=name]", "Disk monitor")
    author.click("button[value=save]")
    sees(browser, "Saved", "script version 1")
    author.write("#script", FAULTY)
    author.write("textarea[name=testBody]", '{"host": "db-01"}')
    author.click("button[value=try]")
    sees(browser, "What the dry run shows", "The CMDB says 503", f"line {LINE}")
    assert len(cmdb) == 0, "a dry run has called"
    author.click("button[value=save]")
    sees(browser, "script version 2")
    integration_page = browser.current_url.split("?")[0]

    # A real request fails: its page shows the line, and leads to it in the editor.
    url = author.find("#trigger-url").text
    answer = requests.post(url, json={"host": "db-01"}, timeout=30)
    assert answer.status_code == 202, answer.text
    request_id = answer.json()["requestId"]
    wait_until(lambda: len(cmdb) == 1, 10, "the script calls")
    page = integration_page.split("/console/")[0] + f"/console/activity/{request_id}"
    browser.get(page)
    sees(browser, "Failed", f"line {LINE}", "The CMDB says 200", "version 2")
    assert author.find(".culprit").text.lstrip().startswith(str(LINE))
    assert "geheim" not in author.find("#run-console").get_attribute("innerHTML"), "a secret is shown"
    author.screenshot("failed")
    author.click("#run-problem h2 a")
    assert author.find("#script").get_attribute("value") == FAULTY
    assert author.find(".gutter .culprit").text == str(LINE)
    mark = author.find(".line-mark")
    assert mark.is_displayed() and mark.size["height"] > 10
    author.screenshot("line")

    author.write("#script", MENDED)
    author.click("button[value=save]")
    sees(browser, "script version 3")

    # Dry: what it would do, with the recorded answer, and nothing done.
    browser.get(page)
    author.click("button[value=dry]")
    sees(browser, "Completed", "Dry run by", "Alerts that it would make", "unknown", "mary", "The CMDB says 200")
    dry_run = browser.current_url.rsplit("/", 1)[1]
    assert len(cmdb) == 1, "a dry run has called"
    assert not alerts_of(tocsin, dry_run) and not alerts_of(tocsin, request_id)
    author.screenshot("dry")

    # Through the older version, it fails as it did.
    browser.get(page)
    author.click("select[name=version] option[value='2']")
    author.click("button[value=dry]")
    sees(browser, "Dry run by", "Failed", f"line {LINE}", "version 2")

    # For real: a request of its own, and its alert.
    browser.get(page)
    author.click("button[value=real]")
    sees(browser, "Completed", "Run again by", request_id)
    alert = tocsin.alert_of(browser.current_url.rsplit("/", 1)[1])
    sees(browser, alert["eventId"])
    assert len(cmdb) == 2
    author.screenshot("real")
    browser.get(page)
    sees(browser, "Runs of this request")

    # The versions, and what has changed.
    browser.get(integration_page + "/versions")
    sees(browser, "From version 2 to 3")
    assert "data.problem.text" in author.find(".diff .removed").text
    assert 'data.problem || "unknown"' in author.find(".diff .added").text
    author.screenshot("versions")
    assert not complaints(browser)


def test_the_editor_takes_tabs_and_lets_go(author, browser, tocsin):
    plan = tocsin.post("/plans", {"name": f"Tabs {uuid.uuid4()}"})
    browser.get(browser.current_url.split("/console/")[0] + f"/console/workflows/{plan['id']}/inbound/new")
    script = author.find("#script")
    script.clear()
    script.send_keys("a\t\nb")
    assert script.get_attribute("value") == "a    \nb"
    assert author.find(".gutter").text.split() == ["1", "2"]
    script.send_keys("\ue00c\t")  # Escape, Tab
    assert browser.switch_to.active_element.get_attribute("name") != "script"


def test_a_form_that_is_wrong_keeps_what_was_typed(author, browser, tocsin):
    author.click("a[href='/console/webhooks/new']")
    author.fill("input[name=name]", "Typed")
    author.fill("input[name=recipients]", "nobody-like-that")
    author.click("main button[type=submit]")
    sees(browser, "there is no person, group or device nobody-like-that")
    assert author.find("input[name=name]").get_attribute("value") == "Typed"
    assert not [plan for plan in tocsin.pages("/plans") if plan["name"] == "Typed"], "half of it was made"


def test_the_webhook_configuration_works_from_a_shell(author, browser, tocsin, sinks):
    tickets = sinks.sink("tickets")
    author.click("a[href='/console/webhooks/new']")
    author.fill("input[name=name]", "Webhooks for CI")
    author.fill("input[name=recipients]", ADMIN[0])
    author.click("input[name=status]")
    author.fill("input[name=status-url]", f"{tickets.url}/hook?team=a")
    author.click("main button[type=submit]")
    sees(browser, "Webhooks for CI is ready", "/hook?team=a")
    author.screenshot("webhooks")
    command = author.find("#curl").text
    answer = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=30, check=True)
    assert "requestId" in answer.stdout, answer
    update = tickets.wait_for(lambda received: received.path == "/hook?team=a")[0]
    assert update.json["status"] == "active", update.json
    assert not complaints(browser)


def test_a_workflow_goes_out_and_comes_in_again(author, browser, tocsin, tmp_path):
    plan = tocsin.post("/plans", {"name": f"Travelling {uuid.uuid4()}"})
    tocsin.post(f"/plans/{plan['id']}/constants", {"name": "Team", "value": "blue"})
    base = browser.current_url.split("/console/")[0]
    browser.get(f"{base}/console/workflows/{plan['id']}")
    cookies = {cookie["name"]: cookie["value"] for cookie in browser.get_cookies()}
    exported = requests.get(author.find("a[href$='/export']").get_attribute("href"), cookies=cookies, timeout=30)
    assert exported.status_code == 200 and exported.content[:2] == b"PK", exported.text[:500]
    file = tmp_path / "workflow.zip"
    file.write_bytes(exported.content)

    browser.get(f"{base}/console/workflows")
    author.find("input[type=file]").send_keys(str(file))
    author.click("form[action$='/workflow-import'] button")
    sees(browser, "already")  # a workflow of that name is there
    tocsin.delete(f"/plans/{plan['id']}")
    author.find("input[type=file]").send_keys(str(file))
    author.click("form[action$='/workflow-import'] button")
    sees(browser, "Imported", plan["name"])
    author.screenshot("imported")
    browser.find_element("link text", plan["name"]).click()
    sees(browser, "Team", "blue")

    # A form of another site has no token.
    files = {"file": exported.content}
    answer = requests.post(f"{base}/console/workflow-import", cookies=cookies, files=files, timeout=30)
    assert answer.status_code == 403, answer.text[:300]


def test_pages_fit_a_phone(author, browser, tocsin):
    browser.set_window_size(390, 800)
    integration = next(
        row for plan in tocsin.pages("/plans") for row in tocsin.pages(f"/plans/{plan['id']}/integrations")
        if row["integrationType"] == "INBOUND_WEBHOOK"
    )
    base = browser.current_url.split("/console/")[0]
    for path in ("workflows", f"workflows/{integration['plan']['id']}", f"integrations/{integration['id']}",
                 f"integrations/{integration['id']}/versions", "activity", "webhooks/new"):
        browser.get(f"{base}/console/{path}")
        wide = browser.execute_script("return document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, f"{path} is {wide} pixels too wide"


def test_versions_and_reruns_over_rest(tocsin, sinks):
    cmdb = sinks.sink("cmdb by rest", lambda _: Answer(body=b'{"owner": "mary"}'))
    plan = tocsin.post("/plans", {"name": f"REST {uuid.uuid4()}"})
    base = f"/plans/{plan['id']}"
    tocsin.post(f"{base}/endpoints", {"name": "CMDB", "url": cmdb.url, "endpointType": "EXTERNAL",
                                      "authenticationType": "NO_AUTH"})
    first = 'console.log("before");\nhttp.request({ endpoint: "CMDB", path: "/a" }).write();\nconsole.log("after");\n'
    integration = tocsin.post(f"{base}/integrations", {
        "name": "In", "integrationType": "INBOUND_WEBHOOK", "operation": "RUN_SCRIPT", "authenticationType": "URL",
        "createdBy": "IB", "script": script(first),
    })
    request_id = tocsin.accepted(integration, {"a": 1})
    row = tocsin.activity(integration, request_id)
    assert row["scriptVersion"] == 1 and row["attempt"] == "ORIGINAL"
    lines = row["log"].split("\n")
    order = [lines.index("before"), lines.index(f"> GET {cmdb.url}/a HTTP/1.1"), lines.index("< HTTP/1.1 200 200"),
             lines.index("after")]
    assert order == sorted(order), row["log"]

    # A second version; the difference; the first one restored as the third.
    tocsin.post(f"{base}/integrations", {"id": integration["id"], "script": script(first.replace("after", "later"))})
    versions = f"{base}/integrations/{integration['id']}/script-versions"
    assert [version["number"] for version in tocsin.pages(versions)] == [2, 1]
    difference = tocsin.get(versions, diff="1,2")["diff"]
    assert '-console.log("after");\n+console.log("later");' in difference
    assert tocsin.get(f"{versions}/1")["script"] == script(first)
    assert tocsin.post(versions, {"restore": 1})["number"] == 3

    logs = f"/integrations/{integration['id']}/logs"
    dry = tocsin.post(f"{logs}/{request_id}/rerun", {"scriptVersion": 2, "dryRun": True, "calls": "recorded"})
    assert dry["attempt"] == "DRY_RUN" and dry["rerunOf"] == request_id and dry["scriptVersion"] == 2
    assert "later" in dry["log"] and dry["calls"][0]["status"] == 200 and len(cmdb) == 1
    tried = tocsin.post(f"{logs}/{request_id}/rerun", {"dryRun": True, "script": script("throw new Error('x')")})
    assert tried["status"] == "FAILED" and tried["error"]["line"] == 1 and "scriptVersion" not in tried
    again = tocsin.post(f"{logs}/{request_id}/rerun", {"scriptVersion": 2})["requestId"]
    row = tocsin.activity(integration, again)
    assert (row["attempt"], row["rerunOf"], row["attemptBy"]["targetName"]) == ("RERUN", request_id, ADMIN[0])
    assert len(cmdb) == 2
    assert {row["requestId"] for row in tocsin.pages(logs, rerunOf=request_id, status="COMPLETED")} == {
        again, dry["requestId"]}
    assert tocsin.get(f"{logs}/{again}")["requestBody"] == row["requestBody"]

    for body, field in [({"dryRun": "yes"}, "dryRun"), ({"script": script("1")}, "dryRun"),
                        ({"dryRun": True, "calls": "all"}, "calls"), ({"scriptVersion": 0}, "scriptVersion")]:
        with pytest.raises(Refused) as refused:
            tocsin.post(f"{logs}/{request_id}/rerun", body)
        assert refused.value.status == 400 and field in str(refused.value), body
    with pytest.raises(Refused) as refused:
        tocsin.post(f"{logs}/{request_id}/rerun", {"scriptVersion": 9})
    assert refused.value.status == 404
