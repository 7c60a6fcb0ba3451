"""Every command of `tocsin` against a server, for people and for programs, with its exit codes and error texts."""

import http.server
import json
import re
import shutil
import signal
import ssl
import stat
import subprocess
import threading
import time

import pytest

from cli import CLI, NEGATIVE, USAGE
from conftest import missing, require, run_deployment
from deployments import ADMIN
from mail import Certificate
from processes import WORK, executable, fresh, wait_until
from sinks import always, healthy
from workflow import make_form, make_inbound, make_outbound, make_person

SCRIPT = """\
var data = JSON.parse(request.body);
trigger.properties = { 'Host': data.host };
trigger.recipients = [{ 'id': 'Database', 'recipientType': 'GROUP' }];
if (data.host === 'broken') { throw new Error('no such host'); }
form.post(trigger);
"""


@pytest.fixture(scope="module")
def deployment(request, executables, mail):
    yield from run_deployment(request, "one-process", mail)


class World:
    """A group with one person on call, a workflow with a form, a way in and a way out."""

    def __init__(self, tocsin, sinks):
        self.person = make_person(tocsin, "oncall", "On", "Call", "oncall@example.org")
        make_person(tocsin, "anna", "Anna", "Berg", "anna@example.org")
        self.group = tocsin.post("/groups", {"targetName": "Database", "recipientType": "GROUP"})
        shift = "/groups/Database/shifts/Default%20Shift/members"
        tocsin.post(shift, {"recipient": "oncall"})
        self.plan = tocsin.post("/plans", {"name": "Monitoring"})
        self.form = make_form(tocsin, self.plan, "Problem", {"Host": True})
        self.inbound = make_inbound(tocsin, self.plan, self.form, "Disk monitor", SCRIPT)
        self.sink = sinks.sink("cli", healthy)
        self.outbound = make_outbound(tocsin, self.plan, self.form, "Chat", "STATUS", self.sink.url, "/chat")


@pytest.fixture(scope="module")
def world(tocsin, sinks) -> World:
    return World(tocsin, sinks)


@pytest.fixture(scope="module")
def cli(deployment, world) -> CLI:
    """Signed in."""
    cli = CLI(fresh(WORK / "cli-home"))
    cli.run("login", "--url", deployment.api_url, "--user", ":".join(ADMIN))
    return cli


@pytest.fixture
def alert(tocsin, world) -> dict:
    return tocsin.alert_of(tocsin.accepted(world.inbound, {"host": "db-1"}))


# Which server, and as whom


def test_login_keeps_a_key_for_oneself_alone(deployment, world):
    cli = CLI(fresh(WORK / "cli-login"))
    cli.fails("alerts", "list", saying="tocsin login --url https://HOST")
    cli.fails("login", "--url", "nowhere", saying="no address of a server")
    cli.fails("login", "--url", deployment.api_url, "--user", "admin:wrong", saying="401")
    cli.fails("login", "--url", deployment.api_url, saying="--user NAME:PASSWORD")
    assert not cli.config.exists()

    assert "as admin" in cli.run("login", "--url", deployment.api_url + "/", "--user", ":".join(ADMIN)).out
    assert stat.S_IMODE(cli.config.stat().st_mode) == 0o600
    assert ADMIN[1] not in cli.config.read_text()
    key = json.loads(cli.config.read_text())["profiles"]["default"]["key"]
    assert "admin" in cli.run("whoami").out
    assert cli.run("whoami", "--json").json["person"]["targetName"] == "admin"

    # Options and the environment go before the file; a key goes to no other server.
    cli.fails("alerts", "list", "--url", "http://127.0.0.1:9", saying="As whom?")
    cli.fails("alerts", "list", saying="As whom?", TOCSIN_URL="http://127.0.0.1:9")
    cli.fails("whoami", "--key", "x-api-key-none:x", saying="401")
    cli.run("whoami", TOCSIN_URL=deployment.api_url, TOCSIN_API_KEY=key)
    cli.fails("whoami", "--insecure", saying="401", TOCSIN_API_KEY="x-api-key-none:x")

    cli.run("login", "--profile", "second", "--url", deployment.api_url, "--key", key)
    text, rows = cli.both("profiles")
    assert "*  default" in text and [row["name"] for row in rows] == ["default", "second"]
    assert key.split(":")[1] not in text + json.dumps(rows)
    cli.run("profiles", "--use", "second")
    assert json.loads(cli.config.read_text())["default"] == "second"
    cli.fails("whoami", "--profile", "secnd", saying="Did you mean second?")
    assert cli.run("whoami", TOCSIN_PROFILE="default").code == 0

    cli.config.chmod(0o644)
    cli.fails("whoami", saying=f"chmod 600 {cli.config}")
    cli.config.chmod(0o600)
    cli.run("logout", "--profile", "default")
    cli.fails("whoami", "--profile", "second", saying="401")
    cli.config.write_text("{")
    cli.fails("whoami", saying="no file of profiles")


def test_a_password_is_asked_for_and_not_shown(deployment, world):
    cli = CLI(fresh(WORK / "cli-typed"))
    typed = f"{deployment.api_url}\n{ADMIN[0]}\n{ADMIN[1]}\n"
    code, seen = cli.on_terminal("login", typed=typed)
    assert code == 0 and "Signed in" in seen, seen
    assert ADMIN[1] not in seen
    code, seen = cli.on_terminal("alerts", "list", "--limit", "1")
    assert "\x1b[1mALERT" in seen or "0 of 0" in seen, seen
    code, seen = cli.on_terminal("profiles", NO_COLOR="1")
    assert code == 0 and "\x1b[" not in seen, seen


# What is wrong is said


def test_wrong_command_lines_say_what_was_meant(cli):
    cli.fails("alrets", saying="Did you mean alerts?", code=USAGE)
    cli.fails("alerts", "shw", saying="There is no command tocsin alerts shw. Did you mean show?", code=USAGE)
    cli.fails("alerts", "list", "--statsu", "x", saying="Did you mean '--status'?", code=USAGE)
    cli.fails("alerts", "list", "--from", "soonish", saying="soonish is no time. Say it as in 2h", code=USAGE)
    cli.fails("alerts", "list", "--limit", "0", saying="--limit is 0; it must be at least 1", code=USAGE)
    cli.fails("alerts", "list", "--property", "Host", saying="NAME=VALUE", code=USAGE)
    cli.fails("alerts", "list", "--status", "ACTIV", saying="Valid values include: ACTIVE")
    cli.fails("alerts", "list", "--url", "http://127.0.0.1:9", "--key", "a:b", saying="cannot be reached")
    cli.fails("alerts", "list", "--key", "nocolon", saying="--key has to be KEY:SECRET")
    assert "Exit codes: 0 done; 1 the answer is no" in cli.run("--help").out


@pytest.mark.parametrize(
    ("command", "saying"),
    [
        (["groups", "show", "Databse"], "There is no group Databse. Did you mean Database?"),
        (["people", "show", "anan"], "There is no person anan. Did you mean"),
        (["people", "show", "nobody-of-the-kind"], "Type tocsin people list"),
        (["workflows", "show", "Monitorng"], "There is no workflow Monitorng. Did you mean Monitoring?"),
        (["integrations", "show", "Disk moniter"], "Did you mean Disk monitor?"),
        (["alerts", "send", "Problm", "Host=x"], "There is no form Problm. Did you mean Problem?"),
        (["alerts", "show", "4711"], "There is no alert 4711. Type tocsin alerts list"),
        (["groups", "shifts", "show", "Database", "Default Shfit"], "Did you mean Default Shift?"),
        (["people", "devices", "test", "oncall", "Work Mail"], "Did you mean Work Email?"),
        (["admin", "users", "roles", "anna", "Develper"], "Did you mean Developer?"),
        (["on-call", "absences", "remove", "x"], "Type tocsin on-call absences list"),
    ],
)
def test_wrong_names_are_answered_with_near_ones(cli, command, saying):
    cli.fails(*command, saying=saying)


def test_names_ids_and_numbers_mean_the_same(cli, world, alert):
    for name in ("oncall", world.person["id"], "On Call", "ONCALL"):
        assert cli.run("people", "show", name, "--json").json["person"]["id"] == world.person["id"]
    for name in ("Database", world.group["id"], "database"):
        assert cli.run("groups", "show", name, "--json").json["group"]["id"] == world.group["id"]
    for name in ("Chat", "Monitoring/Chat", world.outbound["id"]):
        assert cli.run("integrations", "show", name, "--json").json["id"] == world.outbound["id"]
    for name in (alert["eventId"], alert["id"]):
        assert cli.run("alerts", "show", name, "--json").json["alert"]["id"] == alert["id"]


# Alerts


def test_alerts_are_listed_by_what_is_known_of_them(cli, alert):
    number = alert["eventId"]
    text, page = cli.both("alerts", "list", "--property", "Host=db-1", "--workflow", "Monitoring", "--from", "1h")
    assert number in text and "ALERT" in text.splitlines()[0]
    assert number in [row["eventId"] for row in page["data"]] and page["total"] >= 1
    assert page["data"][0]["properties"]["Host#en"] == "db-1"
    assert number in cli.run("alerts", "list", "--search", number, "--form", "Problem", "--recipient", "Database").out
    assert number in cli.run("alerts", "list", "--property", "Host=b-", "--match", "contains", "--oldest-first").out
    assert cli.run("alerts", "list", "--to", "yesterday", code=NEGATIVE).err.strip() == "0 of 0"
    assert cli.run("alerts", "list", "--to", "yesterday", "--json", code=NEGATIVE).json == {"total": 0, "data": []}
    assert cli.run("alerts", "list", "--limit", "1").err.startswith("1 of ")


def test_an_alert_is_shown_answered_commented_and_ended(cli, tocsin, alert):
    number = alert["eventId"]
    wait_until(lambda: "told oncall|Work Email" in cli.run("alerts", "show", number).out, 20, "oncall is told")
    assert "Commented" in cli.run("alerts", "comment", number, "looking", "into it").out
    cli.run("alerts", "comment", number, "-", input="from a pipe\n", code=0)
    answers, rows = cli.both("alerts", "respond", number)
    assert "1       Acknowledge" in answers and rows[0]["text"] == "Acknowledge"
    cli.fails("alerts", "respond", number, "Acknowlege", saying="Did you mean Acknowledge?")
    assert cli.run("alerts", "respond", number, "1", "--comment", "mine", "--json").json["response"] == "Acknowledge"

    def shown():
        text = cli.run("alerts", "show", number).out
        for words in (
            "Host  db-1", "For Database", "On Call (oncall)", "NOTIFIED", "on call in Default Shift of Database",
            "looking into it", "from a pipe", "answered Acknowledge (API): mine",
        ):
            assert words in text, f"{words!r} is not in:\n{text}"
        return text

    wait_until(shown, 20, "everything is shown")
    whole = cli.run("alerts", "show", number, "--json").json
    assert set(whole) == {"alert", "userDeliveries", "timeline", "explanation"}
    assert "device 1 in order" in cli.run("alerts", "show", number, "--person", "oncall").out

    assert f"Suspended: {number}" in cli.run("alerts", "suspend", number).out
    assert f"Resumed: {number}" in cli.run("alerts", "resume", number).out
    assert f"Ended: {number}" in cli.run("alerts", "end", number).out
    cli.fails("alerts", "end", number, saying="The alert has ended")
    tocsin.wait_status(alert, "TERMINATED", "TERMINATED_EXTERNAL")
    # As it was when it began, and before.
    assert re.search("Status +ACTIVE", cli.run("alerts", "show", number, "--at", alert["created"]).out)
    cli.fails("alerts", "show", number, "--at", "yesterday", saying=f"There was no alert {number} at that time")


def test_several_at_once_are_confirmed(cli, tocsin, world):
    alerts = [tocsin.alert_of(tocsin.accepted(world.inbound, {"host": "many"})) for _ in range(3)]
    numbers = [alert["eventId"] for alert in alerts]
    chosen = ("--property", "Host=many")
    cli.fails("alerts", "end", *chosen, saying="End 3 alerts? There is nobody to ask. Add --yes")
    cli.fails("alerts", "end", *numbers, saying="--yes")
    cli.fails("alerts", "end", saying="Which alerts?")
    code, seen = cli.on_terminal("alerts", "end", *chosen, typed="n\n")
    assert code == NEGATIVE and "Nothing was changed" in seen and numbers[0] in seen, seen
    code, seen = cli.on_terminal("alerts", "suspend", *chosen, typed="y\n")
    assert code == 0 and "Suspended" in seen, seen
    assert cli.run("alerts", "end", *chosen, "--yes", "--json").json["total"] == 3
    cli.run("alerts", "end", *chosen, "--yes", code=NEGATIVE)


def test_an_alert_is_followed_to_its_end(cli, tocsin, alert):
    following = cli.start("alerts", "follow", alert["eventId"])
    tocsin.comment(alert, "seen \x1b[31mred\x07")
    tocsin.set_status(alert, "TERMINATED")
    out, _ = following.communicate(timeout=30)
    assert following.returncode == 0
    assert "began by" in out and "ended by" in out.splitlines()[-1]
    # What somebody writes steers nobody's terminal.
    assert "\x1b" not in out and "\x07" not in out and "[31mred" in out
    rows = [json.loads(line) for line in cli.run("alerts", "follow", alert["eventId"], "--json").out.splitlines()]
    assert rows[0]["type"] == "EVENT_CREATED" and rows[-1]["type"] == "EVENT_TERMINATED"


def test_all_alerts_are_followed_until_ctrl_c(cli, tocsin, world):
    following = cli.start("alerts", "follow", "--workflow", "Monitoring")
    assert "Ctrl-C ends it" in following.stderr.readline()
    alert = tocsin.alert_of(tocsin.accepted(world.inbound, {"host": "live"}))
    assert alert["eventId"] in following.stdout.readline()
    tocsin.set_status(alert, "TERMINATED")
    assert "TERMINATED" in following.stdout.readline()
    following.send_signal(signal.SIGINT)
    _, err = following.communicate(timeout=10)
    assert following.returncode == 0 and err == ""


def test_alerts_are_sent_and_answers_waited_for(cli, tocsin, world):
    request = cli.run("alerts", "send", "Monitoring/Problem", "Host=sent", "--to", "anna", "--priority", "high", "--json")
    alert = tocsin.alert_of(request.json["requestId"], embed="properties")
    assert alert["properties"]["Host#en"] == "sent" and alert["priority"] == "HIGH"
    url = tocsin.trigger_url(world.inbound)
    for target in (["--integration", "Disk monitor"], [url]):
        sent = cli.run("alerts", "send", *target, "host=by-integration", "--json").json["requestId"]
        assert tocsin.alert_of(sent, embed="properties")["properties"]["Host#en"] == "by-integration"
    # The address alone is enough.
    nobody = CLI(fresh(WORK / "cli-nobody"))
    assert tocsin.alert_of(nobody.run("alerts", "send", url, "host=open", "--json").json["requestId"])
    body = cli.home / "body.json"
    body.write_text('{"host": "by-file"}')
    sent = cli.run("alerts", "send", "--integration", "Disk monitor", "--body", body, "--json").json["requestId"]
    assert tocsin.alert_of(sent, embed="properties")["properties"]["Host#en"] == "by-file"
    cli.fails("alerts", "send", "--integration", "Chat", "a=b", saying="it takes no requests")
    cli.fails("alerts", "send", "Problem", "Host=x", "--to", "anna", "--priority", "urgent", saying="priority")
    cli.fails("alerts", "send", "Problem", "Host", saying="NAME=VALUE")
    cli.fails("alerts", "send", saying="Which form?", code=USAGE)

    late = cli.run("alerts", "send", "Problem", "Host=late", "--to", "anna", "--wait", "--timeout", "2s", code=NEGATIVE)
    assert "in time; it goes on" in late.err
    waiting = cli.start("alerts", "send", "Problem", "Host=waits", "--to", "anna", "--wait", "--timeout", "40s")
    found = wait_until(
        lambda: tocsin.get("/events", propertyName="Host", propertyValue="waits")["data"], 20, "the alert is there")
    tocsin.post(f"/events/{found[0]['id']}/responses", {"response": "Acknowledge"})
    out, err = waiting.communicate(timeout=60)
    assert waiting.returncode == 0 and out.strip() == "Acknowledge", err
    ended = cli.start("alerts", "send", "Problem", "Host=ends", "--to", "anna", "--wait", "--json")
    found = wait_until(
        lambda: tocsin.get("/events", propertyName="Host", propertyValue="ends")["data"], 20, "the alert is there")
    tocsin.set_status(found[0], "TERMINATED")
    out, _ = ended.communicate(timeout=60)
    assert ended.returncode == NEGATIVE and json.loads(out)["answer"] is None


# People, groups, on call


def test_people_and_devices(cli, tocsin):
    made = cli.run(
        "people", "create", "carl", "--first", "Carl", "--last", "Ode", "--role", "Standard User", "--email",
        "carl@example.org", "--phone", "+4930123456", "--property", "team=Blue", "--property", "level:=3", "--json",
    ).json
    assert made["properties"] == {"team": "Blue", "level": 3}
    cli.fails("people", "create", "carl", "--first", "C", "--last", "O", saying="tocsin people edit carl")
    cli.fails("people", "create", "dora", saying="--first and --last")
    text, page = cli.both("people", "list", "--search", "carl@example.org")
    assert "Carl Ode" in text and page["data"][0]["targetName"] == "carl"
    cli.run("people", "list", "--role", "Developer", code=NEGATIVE)
    cli.run("people", "edit", "carl", "--language", "de", "--property", "level:=4", "--supervisor", "anna")
    person = tocsin.get("/people/carl", embed="supervisors")
    assert person["language"] == "de" and person["properties"] == {"team": "Blue", "level": 4}
    assert [row["targetName"] for row in person["supervisors"]["data"]] == ["anna"]
    cli.fails("people", "edit", "carl", saying="What is to be changed?")
    cli.run("people", "edit", "carl", "--password", input="a better password\n")
    assert "Standard User" in cli.run("people", "show", "carl").out

    text, page = cli.both("people", "devices", "list", "carl")
    assert [row["deviceType"] for row in page["data"]] == ["EMAIL", "TEXT_PHONE", "VOICE"] and "+4930123456" in text
    added = cli.run("people", "devices", "add", "carl", "Home", "carl@home.example", "--place", "1", "--json").json
    assert added["deviceType"] == "EMAIL" and added["sequence"] == 1
    cli.fails("people", "devices", "remove", "carl", "Home", saying="--yes")
    cli.run("people", "devices", "remove", "carl", "Home", "--yes")
    tried = cli.run("people", "devices", "test", "carl", "Work Email", "--json").json
    assert tried["status"] == "DELIVERED"
    cli.fails("people", "devices", "test", "carl", "SMS Phone", saying="No notification provider that is configured")
    cli.fails("people", "delete", "carl", saying="Delete Carl Ode (carl)?")
    cli.run("people", "delete", "carl", "--yes")
    cli.fails("people", "show", "carl", saying="There is no person carl")


def test_people_come_from_a_file(cli, tocsin):
    file = cli.home / "people.csv"
    file.write_text(
        "targetName,firstName,lastName,roles,groups,email,team\n"
        'emil,Emil,"Zuse, the elder",Standard User,Database,emil@example.org,Blue\n'
        "fred,Fred,Fox,Standard User; Developer,,,\n"
    )
    assert "2 to make, 0 to change" in cli.run("people", "import", file, "--dry-run").err
    assert tocsin.get("/people", search="emil")["total"] == 0
    cli.fails("people", "import", file, saying="--yes")
    assert cli.run("people", "import", file, "--yes", "--json").json == {"made": 2, "changed": 0, "failed": []}
    person = tocsin.get("/people/emil", embed="devices")
    assert person["lastName"] == "Zuse, the elder" and person["properties"] == {"team": "Blue"}
    assert person["devices"]["total"] == 1
    assert "emil" in cli.run("groups", "members", "list", "Database").out
    assert "Made 0, changed 2" in cli.run("people", "import", file, "--yes").out
    file.write_text("targetName,firstName\ngabi\n")
    cli.fails("people", "import", file, "--yes", saying="line 2: 1 cells, and 2 columns")
    file.write_text("targetname,firstName\ngabi,Gabi\n")
    cli.fails("people", "import", file, "--yes", saying="Did you mean targetname?")
    file.write_text("targetName,firstName,lastName\ngabi,,\nhans,Hans,Huber\n")
    failed = cli.fails("people", "import", file, "--yes", saying="line 2, gabi:")
    assert "1 of 2 failed" in failed.err and tocsin.get("/people/hans")["lastName"] == "Huber"


def test_groups_members_and_shifts(cli, tocsin):
    made = cli.run("groups", "create", "Network", "--description", "Cables", "--json").json
    cli.fails("groups", "create", "Network", saying="There is a group Network already")
    text, page = cli.both("groups", "list", "--search", "Network")
    assert "Cables" in text and page["data"][0]["id"] == made["id"]
    cli.run("groups", "members", "add", "Network", "anna", "oncall")
    cli.run("groups", "members", "add", "Network", "anna", "oncall", "--shift", "Default Shift", "--delay", "5")
    text, page = cli.both("groups", "members", "list", "Network", "--shift", "Default Shift")
    assert "Anna Berg (anna)" in text and [row["position"] for row in page["data"]] == [1, 2]
    cli.run("groups", "members", "remove", "Network", "oncall", "--shift", "Default Shift")
    cli.run("groups", "members", "remove", "Network", "oncall")
    cli.run("groups", "members", "remove", "Network", "oncall", code=NEGATIVE)
    assert cli.both("groups", "shifts", "list", "Network")[1]["total"] == 1
    text, shift = cli.both("groups", "shifts", "show", "Network", "Default Shift")
    assert "Anna Berg (anna)" in text and shift["name"] == "Default Shift"
    assert "On call now" in cli.run("groups", "show", "Network").out
    cli.fails("groups", "delete", "Network", saying="--yes")
    cli.run("groups", "delete", "Network", "--yes")


def test_who_is_on_call_and_who_stands_in(cli, tocsin):
    text, page = cli.both("on-call")
    assert "On Call (oncall)" in text and "at once" in text and page["total"] >= 1
    cli.run("on-call", "now", "Database", "--at", "+2d")
    cli.fails("on-call", "now", "Databse", saying="Did you mean Database?")
    text, page = cli.both("on-call", "when", "oncall", "--to", "+3d")
    # Days that follow each other are one line for people.
    assert len(text.splitlines()) == 2 and page["total"] == 4, text
    cli.run("on-call", "when", code=NEGATIVE)
    assert "There are no gaps" in cli.run("on-call", "gaps", "Database").out

    made = cli.run("on-call", "override", "Database", "anna", "--for", "4h", "--json").json
    assert made["member"]["targetName"] == "oncall" and made["replacement"]["targetName"] == "anna"
    assert "Anna Berg (anna) stands in" in cli.run("on-call", "now", "Database").out
    assert "Database" in cli.run("on-call", "when", "anna").out
    assert made["id"] in cli.run("on-call", "absences", "list", "--person", "oncall", "--group", "Database").out
    cli.run("on-call", "absences", "remove", made["id"])

    away = cli.run("on-call", "absences", "add", "oncall", "--from", "tomorrow 08:00", "--for", "8h", "--json").json
    assert away["absenceType"] == "AWAY" and away["start"].endswith("T08:00:00.000Z")
    text, gaps = cli.both("on-call", "gaps", "Database", code=NEGATIVE)
    assert gaps["data"][0]["group"] == "Database" and "08:00:00" in text
    cli.fails("on-call", "absences", "add", "oncall", "--from", "tomorrow", saying="--to +3d", code=USAGE)
    cli.run("on-call", "absences", "remove", away["id"])
    cli.run("on-call", "absences", "list", code=NEGATIVE)


# Workflows and integrations


def test_workflows_are_applied_from_a_folder(cli, tocsin, world):
    text, page = cli.both("workflows", "list")
    assert "Monitoring" in text and page["data"][0]["name"] == "Monitoring"
    assert "Disk monitor" in cli.run("workflows", "show", "Monitoring").out
    folder = cli.home / "workflows" / "monitoring"
    cli.run("workflows", "export", "Monitoring", "--directory", folder)
    cli.run("workflows", "export", "Monitoring", "-o", cli.home / "monitoring.zip")
    for source in (folder, folder.parent, cli.home / "monitoring.zip"):
        assert "nothing to change" in cli.run("workflows", "apply", source).out
    cli.run("workflows", "diff", folder)
    cli.run("workflow", "diff", folder, "Monitoring")
    assert "OK" in cli.run("workflows", "validate", folder.parent, "--online").out

    engine = folder / "engine.json"
    engine.write_text(json.dumps(json.loads(engine.read_text()) | {"description": "From a folder"}))
    assert "From a folder" in cli.run("workflows", "diff", folder, code=NEGATIVE).out
    assert "From a folder" in cli.run("workflows", "apply", folder, "--dry-run", code=NEGATIVE).out
    cli.fails("workflows", "apply", folder, saying="Apply Monitoring? There is nobody to ask. Add --yes")
    assert tocsin.get("/plans/Monitoring")["description"] == ""
    applied = cli.run("workflows", "apply", folder, "--yes", "--json").json
    assert applied["applied"] and applied["workflows"][0]["workflow"] == "Monitoring"
    assert tocsin.get("/plans/Monitoring")["description"] == "From a folder"
    key = tocsin.get(f"/plans/Monitoring/integrations/{world.inbound['id']}")["triggerUrl"]
    assert key == world.inbound["triggerUrl"], "keys stay"

    cli.run("workflows", "apply", folder, "--name", "Monitoring 2", "--yes")
    assert tocsin.get("/plans/Monitoring%202")["name"] == "Monitoring 2"
    tocsin.delete("/plans/Monitoring%202")
    assert "Would create" in cli.run("workflow", "import", folder, "--name", "Third", "--dry-run").out
    cli.fails("workflow", "import", folder, saying="Add --replace, or another --name")
    cli.fails("workflows", "apply", cli.home / "nothing", saying="There is no file")
    (folder / "properties" / "properties.json").write_text("{")
    assert "is not valid JSON" in cli.run("workflows", "validate", folder, code=NEGATIVE).out
    empty = fresh(cli.home / "empty")
    cli.fails("workflows", "validate", empty, saying="holds no workflow")


def test_integrations_are_tried_read_and_run_again(cli, tocsin, world):
    text, page = cli.both("integrations", "list", "--workflow", "Monitoring")
    assert "Monitoring/Chat" in text and page["total"] == 2
    cli.run("integrations", "list", "--disabled", code=NEGATIVE)
    assert "apiKey=***" in cli.run("integrations", "show", "Disk monitor").out
    assert cli.run("integrations", "show", "Disk monitor", "--script").out.strip() == SCRIPT.strip()
    assert "whsec_" in cli.run("integrations", "show", "Chat", "--secrets").out

    text, answer = cli.both("integrations", "test", "Chat")
    assert "HTTP 20" in text and answer["success"]
    world.sink.behaviour = always(500)
    assert "HTTP 500" in cli.run("integrations", "test", "Chat", code=NEGATIVE).out
    world.sink.behaviour = healthy
    cli.fails("integrations", "test", "Disk monitor", saying="--body FILE")
    body = '{"host": "tried"}'
    dry = cli.run("integrations", "test", "Disk monitor", "--body", "-", "--dry-run", "--json", input=body).json
    assert dry["attempt"] == "DRY_RUN" and dry["drafts"][0]["properties"] == {"Host": "tried"}
    assert "Alerts" in cli.run("integrations", "test", "Disk monitor", "--body", "-", input=body).out
    broken = cli.run(
        "integrations", "test", "Disk monitor", "--body", "-", "--json", input='{"host": "broken"}', code=NEGATIVE)
    assert "no such host" in broken.json["error"]["message"]

    text, page = cli.both("integrations", "logs", "Disk monitor", "--failed", "--from", "1h")
    assert "no such host" in text and {row["status"] for row in page["data"]} == {"FAILED"}
    request = page["data"][0]["requestId"]
    text, row = cli.both("integrations", "logs", "Disk monitor", request)
    assert "no such host" in text and row["requestId"] == request
    cli.fails("integrations", "logs", "Disk monitor", "no-such", saying="There is no request no-such")
    cli.run("integrations", "rerun", "Disk monitor", request, code=NEGATIVE)
    script = cli.home / "mended.js"
    script.write_text("console.log('mended');")
    mended = cli.run("integrations", "rerun", "Disk monitor", request, "--dry-run", "--script", script)
    assert "mended" in mended.out
    cli.fails("integrations", "rerun", "Disk monitor", request, "--script", script, saying="--dry-run", code=USAGE)

    following = cli.start("integrations", "logs", "Disk monitor", "--follow")
    time.sleep(1)
    sent = tocsin.accepted(world.inbound, {"host": "followed"})
    assert sent in following.stdout.readline()
    following.send_signal(signal.SIGINT)
    following.communicate(timeout=10)
    assert following.returncode == 0


def test_deliveries_and_partitions(cli, tocsin, world, alert):
    wait_until(lambda: "DELIVERED" in cli.run("deliveries", "list", "--alert", alert["eventId"]).out, 20, "delivered")
    text, page = cli.both("deliveries", "list", "--workflow", "Monitoring", "--from", "1h", "--limit", "1")
    assert page["total"] >= 1 and len(page["data"]) == 1
    assert "HTTP 20" in cli.run("deliveries", "show", page["data"][0]["id"]).out
    assert "SENT" in cli.run("deliveries", "why", alert["eventId"]).out
    cli.run("deliveries", "list", "--status", "EXHAUSTED", code=NEGATIVE)
    cli.run("deliveries", "redrive", "--status", "EXHAUSTED", "--dry-run", code=NEGATIVE)
    cli.fails("deliveries", "redrive", saying="Which deliveries?")
    assert "would be sent" in cli.run("deliveries", "replay", "Chat", "--since", "1h", "--dry-run").out
    replayed = cli.run("deliveries", "replay", "Chat", "--since", "1h", "--include-sent", "--wait", "--json").json
    assert replayed["status"] == "DONE" and replayed["sent"] > 0
    assert "GENERATION" in cli.run("partitions", "show").out


# The record and the installation


def test_users_roles_and_keys(cli, tocsin):
    text, page = cli.both("admin", "users", "list")
    assert "Full Access User" in text and page["total"] >= 3
    assert "Developer" in cli.run("admin", "users", "roles").out
    cli.run("admin", "users", "roles", "anna", "Developer", "Standard User")
    assert cli.run("admin", "users", "roles", "anna").out.split("\n")[:2] == ["Developer", "Standard User"]
    cli.fails("admin", "users", "lock", "anna", saying="--yes")
    cli.run("admin", "users", "lock", "anna", "--yes")
    assert "anna" in cli.run("admin", "users", "list", "--locked").out
    cli.run("admin", "users", "unlock", "anna")
    printed = cli.run("admin", "users", "reset-password", "anna").out
    password = printed.split(": ")[1].strip()
    assert len(password) >= 20
    # It has to be changed before anything else.
    cli.fails("alerts", "list", "--url", tocsin.api, "--user", f"anna:{password}", saying="403")
    cli.run("admin", "users", "reset-password", "anna", "--ask", "--keep", input="anna's own password\n")
    cli.run("alerts", "list", "--url", tocsin.api, "--user", "anna:anna's own password")

    key = cli.run("admin", "keys", "create", "for ci", "--person", "anna").out.strip()
    assert cli.run("whoami", "--url", tocsin.api, "--key", key, "--json").json["person"]["targetName"] == "anna"
    text, page = cli.both("admin", "keys", "list")
    assert "for ci" in text and key.split(":")[1] not in text + json.dumps(page)
    cli.fails("admin", "keys", "revoke", "for cii", saying="Did you mean for ci?")
    cli.run("admin", "keys", "revoke", "for ci", "--yes")
    cli.fails("whoami", "--url", tocsin.api, "--key", key, saying="401")


def test_the_log_is_asked(cli, world, alert):
    number = alert["eventId"]
    text, page = cli.both("audit", "query", f"alert:{number}")
    assert "alert.created" in text and number in text
    assert page["total"] >= 1 and page["asOf"] and {row["alert"]["eventId"] for row in page["data"]} == {number}
    # Of several conditions, one whose quotation marks the shell has taken off.
    found = cli.run("audit", "query", f"alert:{number}", "integration:Disk monitor", "kind:alert.created", "--json").json
    assert found["total"] == 1
    narrowed = cli.run("audit", "query", f"alert:{number} OR actor:nobody", "--from", "1h", "--limit", "1")
    assert narrowed.err.startswith("1 of ")
    cli.run("audit", "query", f"alert:{number}", "--to", "yesterday", code=NEGATIVE)
    whole = cli.run("audit", "query", f"alert:{number}", "--oldest-first", "--json", "--data").json["data"]
    assert whole[0]["kind"] == "alert.created" and whole[0]["data"]
    cli.fails("audit", "query", "(alert:1", saying="query")

    first = str(whole[0]["sequence"])
    text, event = cli.both("audit", "show", first)
    assert "alert.created" in text and "db-1" in text and str(event["sequence"]) == first
    cli.fails("audit", "show", "999999999", saying="There is no event 999999999")
    text, chain = cli.both("audit", "chain", f"alert:{number}")
    assert chain["events"] and chain["request"] in text and text.splitlines()[1].startswith("<"), text
    assert "db-1" in cli.run("audit", "at", f"alert:{number}").out
    assert "On Call (oncall)" in cli.run("audit", "at", "on-call:Database").out
    text, state = cli.both("audit", "at", "person:oncall")
    assert "oncall@example.org" in text and state["state"]["person"]["targetName"] == "oncall"
    cli.fails("audit", "at", "workflow:Monitoring", "--at", "yesterday", saying="There was no")


def test_holds_and_erasure(cli):
    cli.run("people", "create", "leaver", "--first", "Lea", "--last", "Leaver", "--role", "Standard User")
    made = cli.run("audit", "holds", "create", "Case 17", "person:leaver", "--reason", "litigation").out
    assert made.startswith("Case 17 holds the alerts of ")
    text, holds = cli.both("audit", "holds", "list")
    assert "litigation" in text and [row["name"] for row in holds["data"]] == ["Case 17"], holds
    cli.fails("audit", "holds", "create", "Case 18", "person:(", saying="query")
    cli.fails("audit", "holds", "end", "Case 71", "--yes", saying="Did you mean Case 17?")
    # No alert has this person: nothing is held.
    assert "Erased leaver." in cli.run("admin", "erase-person", "leaver", "--yes").out
    cli.fails("people", "show", "leaver", saying="leaver")
    assert cli.run("audit", "holds", "end", "case 17", "--yes").out == "Ended Case 17.\n"
    cli.run("audit", "holds", "list", code=NEGATIVE)


def test_what_does_not_go_is_said(cli):
    cli.fails("audit", "at", "alrt:1", saying="Did you mean alert?", code=USAGE)
    cli.fails("admin", "erase-person", "oncall", saying="cannot be taken back. Add --yes")


class Elsewhere(http.server.BaseHTTPRequestHandler):
    """Answers as a server that is ready, whoever asks."""

    def do_GET(self):
        body = b'{"status":"UP","checks":{}}' if self.path == "/health/ready" else b'{"count":0,"total":0,"data":[]}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


def test_the_doctor_says_what_is_wrong(cli, deployment):
    text = cli.run("admin", "doctor").out
    for line in ("OK    server", "OK    login", "OK    clock", "OK    mail"):
        assert line in text, text
    rows = cli.run(
        "admin", "doctor", "--data", deployment.folder / "data", "--json", TOCSIN_PUBLIC_URL=deployment.api_url).json
    levels = {row["subject"]: row["level"] for row in rows}
    assert levels["database"] == "OK" and levels["broker"] == "OK" and levels["disk"] in ("OK", "WARN")
    assert all(row["advice"] for row in rows if row["level"] != "OK")
    # Settings that are wrong, a database that is not there.
    cli.run("admin", "doctor", "--offline", "--data", cli.home / "nothing", code=NEGATIVE)
    wrong = cli.run("admin", "doctor", "--offline", "--", "--prot", "80", code=NEGATIVE).out
    assert "FAIL  settings  --prot is no setting; did you mean --port?" in wrong
    cli.fails("admin", "doctor", "--offline", saying="--data DIR")
    down = cli.run("admin", "doctor", "--url", "http://127.0.0.1:9", "--key", "a:b", code=NEGATIVE).out
    assert "FAIL  server" in down and "→ start it" in down


def test_a_certificate_that_ends_soon_is_warned_of(cli):
    require(missing("openssl"))
    certificate = Certificate.make(fresh(WORK / "cli-certificate"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        url = f"https://127.0.0.1:{server.server_address[1]}"
        options = ["--url", url, "--key", "a:b"]
        text = cli.run("admin", "doctor", *options, "--ca", certificate.certificate, code=NEGATIVE).out
        # Good for two days.
        assert re.search(r"FAIL  certificate +it is good until \d{4}-", text), text
        assert "→ renew it" in text
        cli.fails("alerts", "list", *options, saying="--ca FILE")
        cli.run("alerts", "list", *options, "--insecure", code=NEGATIVE)
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def test_secret_keys_are_rotated_by_both_spellings(cli, deployment):
    data = deployment.folder / "data"
    assert "Made the key" in cli.run("admin", "rotate", "--data", data).out
    assert "Sealed" in cli.run("rotate-key", "--data", data).out
    assert "Retired" in cli.run("admin", "rotate", "--retire", "--data", data).out


# Shells


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_load(cli, shell):
    script = cli.home / f"completion.{shell}"
    script.write_text(cli.run("completion", shell).out)
    if shell != "bash" and not shutil.which(shell):
        pytest.skip(f"not installed: {shell}")
    commands = {
        "bash": (f"source {script}; complete -p tocsin", "_tocsin"),
        "zsh": (f"autoload -U compinit; compinit -u -d {cli.home}/zdump; source {script}; type _tocsin", "_tocsin"),
        "fish": (f"source {script}; complete --do-complete 'tocsin aler'", "alerts\t"),
    }
    command, words = commands[shell]
    done = subprocess.run([shell, "-c", command], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and words in done.stdout and not done.stderr, done


def completed(cli: CLI, words: list[str], **settings: str) -> list[str]:
    """What bash offers for the last word."""
    require(missing("bash"))
    script = cli.home / "completion.bash"
    script.write_text(cli.run("completion", "bash").out)
    quoted = " ".join(f"'{word}'" for word in words)
    text = (
        f"source {script}; COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; "
        f"COMP_LINE='{' '.join(words)}'; COMP_POINT=${{#COMP_LINE}}; "
        "_tocsin tocsin \"${COMP_WORDS[COMP_CWORD]}\" \"${COMP_WORDS[COMP_CWORD-1]}\" 2>/dev/null; "
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    path = f"{executable('tocsin').parent}:/usr/bin:/bin"
    done = subprocess.run(
        ["bash", "-c", text], env=cli.environment(PATH=path, **settings), capture_output=True, text=True, timeout=60)
    return [line.strip() for line in done.stdout.splitlines() if line.strip()]


def test_names_of_the_server_are_completed(cli):
    assert "alerts" in completed(cli, ["tocsin", "al"])
    assert "follow" in completed(cli, ["tocsin", "alerts", "fo"])
    assert completed(cli, ["tocsin", "groups", "show", "Data"]) == ["Database"]
    assert "anna" in completed(cli, ["tocsin", "people", "show", "an"])
    # Without a server there is nothing to offer, and nothing hangs.
    assert completed(cli, ["tocsin", "groups", "show", "Data"], XDG_CONFIG_HOME=str(WORK / "cli-none")) == []
