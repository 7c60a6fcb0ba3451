"""Every call of python-xmatters that has a meaning: each endpoint, and of what comes back, everything that leads on."""

import inspect
import json
import os
import re
import uuid

import xmatters.connection
from xmatters import XMSession
from xmatters.errors import ApiError, NoContentError

URL, USER, PASSWORD = (os.environ["CLIENT_" + name] for name in ("URL", "USER", "PASSWORD"))
ALERT = os.environ["CLIENT_ALERT"]
results: dict[str, dict] = {}


def attempt(name: str, call):
    try:
        answer = call()
        results[name] = {"ok": True}
        return answer
    except ApiError as error:
        status = re.search(r"status_code:(\d+)", str(error))
        results[name] = {"ok": False, "status": status and int(status[1]), "text": str(error)[:300]}
    except Exception as error:  # whatever the client trips over is ours to mend
        results[name] = {"ok": False, "status": None, "text": f"{type(error).__name__}: {error}"[:300]}
    return None


def refused(name: str, error: type[Exception], call):
    try:
        call()
        results[name] = {"ok": False, "status": 200, "text": f"{error.__name__} was expected"}
    except error:
        results[name] = {"ok": True}
    except Exception as other:
        results[name] = {"ok": False, "status": None, "text": f"{type(other).__name__}: {other}"[:300]}


# Of an alert; the client itself does not say which.
NEEDS_A_PARAMETER = {"get_audits", "get_suppressions"}


def walk(name: str, thing, depth: int = 2):
    """Follows every getter of an object that takes nothing, and the first of each list."""
    if thing is None or depth == 0:
        return
    if isinstance(thing, (list, tuple)) or type(thing).__name__.endswith("Pagination"):
        rows = attempt(f"{name} (all pages)", lambda: list(thing)) if not isinstance(thing, (list, tuple)) else thing
        if rows:
            walk(f"{name}[0]", rows[0], depth - 1)
        return
    if not isinstance(thing, xmatters.connection.ApiBase):
        return
    for method, function in inspect.getmembers(type(thing), inspect.isfunction):
        if not method.startswith("get_") or method.endswith("_by_id") or method in NEEDS_A_PARAMETER:
            continue
        needed = [
            p for p in list(inspect.signature(function).parameters.values())[1:]
            if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
        ]
        if not needed:
            walk(f"{name}.{method}", attempt(f"{name}.{method}", getattr(thing, method)), depth - 1)


def session(**options):
    # Retries would hide what is answered at first.
    return XMSession(URL, timeout=20, max_retries=0).set_authentication(**options)


xm = session(username=USER, password=PASSWORD)
tag = uuid.uuid4().hex[:6]

# OAuth2: a token by password, and a new one by the refresh token.
token = attempt("oauth2 token", lambda: session(client_id="any", username=USER, password=PASSWORD))
if token:
    attempt("oauth2 call", lambda: list(token.people_endpoint().get_people()))
    attempt("oauth2 refresh", lambda: token.con.refresh_token())
    attempt("oauth2 call afterwards", lambda: list(token.roles_endpoint().get_roles()))

# People and devices.
people = xm.people_endpoint()
person = attempt("people create", lambda: people.create_person(
    {"targetName": f"py-{tag}", "firstName": "Py", "lastName": "Client", "roles": ["Standard User"],
     "recipientType": "PERSON", "status": "ACTIVE"}))
attempt("people update", lambda: people.update_person({"id": person.id, "lastName": "Changed"}))
walk("people by id", attempt("people by id", lambda: people.get_person_by_id(person.id, embed="roles,supervisors,devices")))
walk("people list", attempt("people list", lambda: people.get_people(limit=1, created_after="2020-01-01T00:00:00Z")))
attempt("people search", lambda: list(people.get_people(search="py", fields="FIRST_NAME", sort_by="FIRST_LAST_NAME")))
attempt("people quotas", people.get_license_quotas)
devices = xm.devices_endpoint()
device = attempt("devices create", lambda: devices.create_device(
    {"deviceType": "EMAIL", "name": "Work Email", "owner": person.id, "emailAddress": "py@example.com",
     "recipientType": "DEVICE"}))
attempt("devices update", lambda: devices.update_device({"id": device.id, "emailAddress": "new@example.com"}))
walk("devices by id", attempt("devices by id", lambda: devices.get_device_by_id(device.id, embed="timeframes")))
walk("devices list", attempt("devices list", lambda: devices.get_devices(device_type="EMAIL")))
names = xm.device_names_endpoint()
name = attempt("device-names create", lambda: names.create_device_name(
    {"deviceType": "EMAIL", "name": f"Mail {tag}", "description": "x"}))
attempt("device-names list", lambda: list(names.get_device_names(device_types="EMAIL")))
attempt("device-names update", lambda: names.update_device_name({"id": name.id, "description": "y"}))
attempt("device-names delete", lambda: names.delete_device_name(name.id))
attempt("device-types list", lambda: xm.device_types_endpoint().get_device_types())

# Sites, groups, shifts, who is on call.
sites = xm.sites_endpoint()
site = attempt("sites create", lambda: sites.create_site(
    {"name": f"Site {tag}", "country": "Canada", "language": "English", "timezone": "UTC", "status": "ACTIVE"}))
attempt("sites update", lambda: sites.update_site({"id": site.id, "city": "Victoria"}))
attempt("sites by id", lambda: sites.get_site_by_id(site.id))
attempt("sites list", lambda: list(sites.get_sites()))
groups = xm.groups_endpoint()
group = attempt("groups create", lambda: groups.create_group(
    {"targetName": f"Group {tag}", "recipientType": "GROUP", "status": "ACTIVE", "site": site.id}))
attempt("groups update", lambda: groups.update_group({"id": group.id, "description": "New"}))
attempt("groups add member", lambda: group.add_member({"id": person.id, "recipientType": "PERSON"}))
shift = attempt("groups create shift", lambda: group.create_shift(
    {"name": "Night", "start": "2026-01-01T18:00:00Z", "end": "2026-01-02T06:00:00Z", "recurrence": {"frequency": "DAILY"}}))
attempt("shifts add member", lambda: shift.add_member({"recipient": {"id": person.id, "recipientType": "PERSON"}}))
walk("groups by id", attempt("groups by id", lambda: groups.get_group_by_id(group.id, embed="supervisors,observers")))
walk("groups list", attempt("groups list", lambda: groups.get_groups(search=tag)))
walk("shifts by name", attempt("shifts by name", lambda: group.get_shift_by_id("Night")))
attempt("groups quotas", groups.get_license_quotas)
walk("on-call", attempt("on-call", lambda: xm.oncall_endpoint().get_oncall(
    groups=group.id, embed="members.owner,shift", at="2026-03-01T20:00:00Z")), depth=3)
attempt("on-call-summary", lambda: xm.oncall_summary_endpoint().get_oncall_summary(groups=group.id))
absences = xm.temporary_absences_endpoint()
absence = attempt("absences create", lambda: absences.create_temporary_absence(
    {"absenceType": "AWAY", "member": {"id": person.id, "recipientType": "PERSON"}, "start": "2090-01-01T00:00:00Z",
     "end": "2090-01-02T00:00:00Z"}))
walk("absences list", attempt("absences list", lambda: absences.get_temporary_absences()))
attempt("absences delete", lambda: absences.delete_temporary_absence(absence.id))
teams = xm.dynamic_teams_endpoint()
team = attempt("dynamic-teams create", lambda: teams.create_dynamic_team(
    {"targetName": f"Team {tag}", "recipientType": "DYNAMIC_TEAM", "criteria": {"operand": "OR", "criterion": [
        {"criterionType": "BASIC_FIELD", "field": "USER_ID", "operand": "EQUALS", "value": f"py-{tag}"}]}}))
attempt("dynamic-teams update", lambda: teams.update_dynamic_team({"id": team.id, "targetName": f"Team 2 {tag}"}))
walk("dynamic-teams by id", attempt("dynamic-teams by id", lambda: teams.get_dynamic_team_by_id(team.id)))
attempt("dynamic-teams list", lambda: list(teams.get_dynamic_teams()))
attempt("dynamic-teams delete", lambda: teams.delete_dynamic_team(team.id))

# Alerts.
events = xm.events_endpoint()
event = attempt("events by id", lambda: events.get_event_by_id(
    ALERT, embed="properties,recipients,responseOptions,annotations,messages", targeted="true"))
walk("events by id", event)
walk("events list", attempt("events list", lambda: events.get_events(
    {"from": "2020-01-01T00:00:00Z"}, status="ACTIVE", limit=1)))
attempt("events audits", lambda: list(event.get_audits(event_id=ALERT)))
attempt("events suppressed", lambda: list(event.get_suppressions(event=ALERT)))
attempt("events annotate", lambda: event.add_annotation({"comment": "By a client"}))
attempt("events suspend", lambda: events.change_event_status({"id": ALERT, "status": "SUSPENDED"}))
attempt("events resume", lambda: events.change_event_status({"id": ALERT, "status": "ACTIVE"}))
walk("audits", attempt("audits", lambda: xm.audits_endpoint().get_audits(
    event_id=ALERT, audit_type="EVENT_ANNOTATED", sort_order="ASCENDING")))
walk("suppressions", attempt("suppressions", lambda: xm.event_suppressions_endpoint().get_suppressions_by_event_id(ALERT)))
bridges = xm.conference_bridges_endpoint()
bridge = attempt("conference-bridges create", lambda: bridges.create_conference_bridge(
    {"name": f"Bridge {tag}", "tollNumber": "+16045550100", "preferredConnectionType": "TOLL",
     "staticBridgeNumber": False, "bridgeNumber": "1", "dialAfterBridge": "#", "pauseBeforeBridgePrompt": 2}))
if bridge:
    attempt("conference-bridges update", lambda: bridges.update_conference_bridge({"id": bridge.id, "description": "x"}))
    attempt("conference-bridges by id", lambda: bridges.get_conference_bridge_by_id(bridge.id))
    attempt("conference-bridges delete", lambda: bridges.delete_conference_bridge(bridge.id))
attempt("conference-bridges list", lambda: list(bridges.get_conference_bridges()))

# Workflows.
plans = xm.plans_endpoint()
plan = attempt("plans create", lambda: plans.create_plan({"name": f"Plan {tag}", "planType": "PLAN", "enabled": True}))
attempt("plans update", lambda: plans.update_plan({"id": plan.id, "description": "New"}))
attempt("plans create constant", lambda: plan.create_constant({"name": "Host", "value": "a", "description": "x"}))
attempt("plans create endpoint", lambda: plan.create_endpoint(
    {"name": "Target", "url": "https://example.com", "authenticationType": "NO_AUTH"}))
attempt("plans create property", lambda: plan.create_property(
    {"name": "Summary", "propertyType": "TEXT", "maxLength": 100}))
attempt("plans create library", lambda: plan.create_shared_library({"name": "Lib", "script": "ZXhwb3J0cy5hPTE7"}))
walk("plans by id", attempt("plans by id", lambda: plans.get_plan_by_id(
    plan.id, embed="creator,constants,endpoints,forms,propertyDefinitions,integrations")))
walk("plans list", attempt("plans list", lambda: plans.get_plans(search=tag)))
walk("forms", attempt("forms", lambda: xm.forms_endpoint().get_forms(embed="recipients")))
attempt("roles", lambda: list(xm.roles_endpoint().get_roles()))
form = attempt("plans create form", lambda: plan.create_form({"name": "Down", "uiEnabled": True}))
if form:
    scenario = attempt("scenarios create", lambda: form.create_scenario(
        {"name": f"Scenario {tag}", "description": "x", "priority": "HIGH", "recipients": [{"id": USER}],
         "targetDeviceNames": [{"name": "Work Email"}], "permitted": [{"permissibleType": "ROLE", "role": "Full Access User"}]}))
    attempt("scenarios update", lambda: form.update_scenario({"id": scenario.id, "name": f"Changed {tag}"}))
    attempt("scenarios of a form", lambda: list(form.get_scenarios()))
    walk("scenarios by id", attempt("scenarios by id", lambda: xm.scenarios_endpoint().get_scenario_by_id(scenario.id)))
walk("scenarios", attempt("scenarios", lambda: xm.scenarios_endpoint().get_scenarios()))

# What an installation need not have.
walk("imports", attempt("imports", lambda: xm.imports_endpoint().get_import_jobs()))
walk("incidents", attempt("incidents", lambda: xm.incidents_endpoint().get_incidents()))
walk("services", attempt("services", lambda: xm.services_endpoint().get_services()))
# Subscriptions: of the plan's alerts by its property.
subscriptions = xm.subscriptions_endpoint()
offer = attempt("subscription form create", lambda: plan.create_subscription_form(
    {"name": f"Offer {tag}", "scope": "ALL_FORMS", "subscribeOthers": True}))
attempt("subscription form update", lambda: plan.update_subscription_form({"id": offer.id, "oneWay": True}))
subscription = attempt("subscription create", lambda: subscriptions.create_subscription({
    "name": f"Sub {tag}", "form": {"id": offer.id}, "owner": {"id": person.id}, "recipients": [{"id": person.id}],
    "criteria": [{"name": "Summary", "operator": "CONTAINS", "value": "disk"}],
    "targetDeviceNames": [{"name": "Work Email"}]}))
attempt("subscription update", lambda: subscriptions.update_subscription(
    {"id": subscription.id, "targetAllDevices": True}))
attempt("subscription by id", lambda: subscriptions.get_subscription_by_id(subscription.id))
walk("subscriptions", attempt("subscriptions", lambda: subscriptions.get_subscriptions(subscriptionName=tag)))
for part in ("criteria", "recipients", "target_device_names"):
    attempt(f"subscription {part}", lambda: list(getattr(subscription, part)))
forms = xm.subscription_forms_endpoint()
walk("subscription-forms", attempt("subscription-forms", lambda: forms.get_subscription_forms(
    sortBy="NAME", sortOrder="ASCENDING", embed="deviceNames,propertyDefinitions,roles")))
one_form = attempt("subscription form by id", lambda: forms.get_subscription_form_by_id(offer.id))
for part in ("target_device_names", "visible_target_device_names", "property_definitions"):
    attempt(f"subscription form {part}", lambda: list(getattr(one_form, part)))
attempt("plan subscription forms", lambda: list(plan.get_subscription_forms()))
attempt("subscription delete", lambda: subscriptions.delete_subscription(subscription.id))

# Taking everything away again; a second time there is nothing left.
attempt("events terminate", lambda: events.change_event_status({"id": ALERT, "status": "TERMINATED"}))
attempt("plans delete", lambda: plans.delete_plan(plan.id))
attempt("groups delete", lambda: groups.delete_group(group.id))
attempt("devices delete", lambda: devices.delete_device(device.id))
attempt("people delete", lambda: people.delete_person(person.id))
attempt("sites delete", lambda: sites.delete_site(site.id))
refused("people delete again", NoContentError, lambda: people.delete_person(person.id))
refused("people by id that is gone", ApiError, lambda: people.get_person_by_id(person.id))

print(json.dumps(results))
