"""Every call of pyxmatters. It answers None for whatever went wrong, so the last answer is kept beside it."""

import json
import os
import uuid

import requests
import xmatters.rest as rest

URL, USER, PASSWORD = (os.environ["CLIENT_" + name] for name in ("URL", "USER", "PASSWORD"))
ALERT = os.environ["CLIENT_ALERT"]
results: dict[str, dict] = {}
last: list[requests.Response] = []

send = requests.Session.send


def kept(self, request, **options):
    answer = send(self, request, **options)
    last[:] = [answer]
    return answer


requests.Session.send = kept


def attempt(name: str, call, may_be_empty: bool = False):
    last.clear()
    try:
        answer = call()
    except Exception as error:  # whatever the client trips over is ours to mend
        results[name] = {"ok": False, "status": None, "text": f"{type(error).__name__}: {error}"[:300]}
        return None
    status = last[0].status_code if last else None
    is_ok = (answer is not None or may_be_empty) and status is not None and status < 300
    results[name] = {"ok": is_ok, "status": status, "text": last[0].text[:300] if last else ""}
    return answer


xm = rest.xMattersAPI(URL, USER, PASSWORD)
tag = uuid.uuid4().hex[:6]
people, devices, groups = rest.xMattersPerson(xm), rest.xMattersDevice(xm), rest.xMattersGroup(xm)
shifts, rosters, sites = rest.xMattersShift(xm), rest.xMattersRoster(xm), rest.xMattersSite(xm)

person = attempt("people create", lambda: people.create_person(
    {"targetName": f"px-{tag}", "firstName": "Px", "lastName": "Client", "roles": ["Standard User"],
     "recipientType": "PERSON"}))
attempt("people modify", lambda: people.modify_person({"id": person["id"], "lastName": "Changed"}))
attempt("people get", lambda: people.get_person(person["id"]))
attempt("people get by name", lambda: people.get_person(f"px-{tag}"))
attempt("people list", lambda: people.get_people())
attempt("people all", lambda: people.get_people_collection())
attempt("people filtered", lambda: people.get_people_collection("?embed=roles,devices&search=px"))
device = attempt("devices create", lambda: devices.create_device(
    {"deviceType": "EMAIL", "name": "Work Email", "owner": person["id"], "emailAddress": "px@example.com",
     "recipientType": "DEVICE"}))
attempt("devices modify", lambda: devices.modify_device({"id": device["id"], "emailAddress": "new@example.com"}))
attempt("devices get", lambda: devices.get_device(device["id"]))
attempt("devices list", lambda: devices.get_devices())
site = attempt("sites create", lambda: sites.create_site(
    {"name": f"Site {tag}", "country": "Canada", "language": "English", "timezone": "UTC", "status": "ACTIVE"}))
attempt("sites modify", lambda: sites.modify_site({"id": site["id"], "name": f"Site {tag}", "city": "Victoria"}))
attempt("sites get", lambda: sites.get_site(site["id"]))
attempt("sites list", lambda: sites.get_sites())
group = attempt("groups create", lambda: groups.create_group({"targetName": f"Px {tag}", "recipientType": "GROUP"}))
attempt("groups modify", lambda: groups.modify_group({"id": group["id"], "description": "New"}))
attempt("groups get", lambda: groups.get_group(group["id"]))
attempt("groups get by name", lambda: groups.get_group(f"Px {tag}"))
attempt("groups list", lambda: groups.get_groups())
attempt("groups all", lambda: groups.get_group_collection())
attempt("groups filtered", lambda: groups.get_group_collection("?embed=supervisors&search=Px"))
attempt("roster add", lambda: rosters.add_member_to_roster(group["id"], person["id"]))
attempt("roster get", lambda: rosters.get_roster(group["id"]))
attempt("roster all", lambda: rosters.get_roster_collection(group["id"]))
shift = attempt("shifts create", lambda: shifts.create_shift(
    group["id"], {"name": "Night", "start": "2026-01-01T18:00:00Z", "end": "2026-01-02T06:00:00Z",
                  "recurrence": {"frequency": "DAILY"}}))
attempt("shifts add member", lambda: shifts.add_member_to_shift(group["id"], shift["id"], person["id"]))
attempt("shifts get", lambda: shifts.get_shift(group["id"], shift["id"]))
attempt("shifts get by name", lambda: shifts.get_shift(group["id"], "Night"))
attempt("shifts list", lambda: shifts.get_shifts(group["id"]))
attempt("on-call all", lambda: rest.xMattersOnCall(xm).get_on_call_collection(f"groups={group['id']}"))
attempt("dynamic-teams create", lambda: rest.xMattersDynamicTeams(xm).create_dynamic_team(
    {"targetName": f"Team {tag}", "recipientType": "DYNAMIC_TEAM", "criteria": {"operand": "OR", "criterion": [
        {"criterionType": "BASIC_FIELD", "field": "USER_ID", "operand": "EQUALS", "value": f"px-{tag}"}]}}))

events = rest.xMattersEvent(xm)
attempt("events list", lambda: events.get_events("status=ACTIVE"))
attempt("events get", lambda: events.get_an_event(ALERT))
attempt("events get with properties", lambda: events.get_an_event(ALERT, "?embed=properties,annotations"))
attempt("events deliveries", lambda: events.get_user_deliveries(ALERT))
attempt("events deliveries at a time", lambda: events.get_user_deliveries(ALERT, "at=2090-01-01T00:00:00.000Z"))
attempt("audits", lambda: rest.xMattersAudit(xm).get_audit(f"eventId={ALERT}&auditType=EVENT_ANNOTATED"))

plan = requests.post(
    URL + "/api/xm/1/plans", json={"name": f"Px {tag}"}, auth=(USER, PASSWORD), timeout=30).json()
attempt("plans get", lambda: rest.xMattersPlans(xm).get_plan(plan["id"]))
attempt("libraries get", lambda: rest.xMattersLibraries(xm).get_libraries(plan["id"]))

collection = rest.xMattersCollection(xm)
attempt("collection of people", lambda: collection.get_collection(
    people.get_people, 3, 1, {"url_filter": "?embed=roles"}, 2))
attempt("collection of new people", lambda: collection.create_collection(
    people.create_person, [{"data": {"targetName": f"px-{tag}-{n}", "firstName": "P", "lastName": "X",
                                     "recipientType": "PERSON"}} for n in range(3)], 2))

attempt("shifts delete", lambda: shifts.delete_shift(group["id"], shift["id"]))
attempt("roster remove", lambda: rosters.remove_member_from_roster(group["id"], person["id"]))
attempt("groups remove", lambda: groups.remove_group(group["id"]))
attempt("devices remove", lambda: devices.remove_device(device["id"]))
attempt("people remove", lambda: people.remove_person(person["id"]))
attempt("people remove again", lambda: people.remove_person(person["id"]), may_be_empty=True)

print(json.dumps(results))
