"""The workflow that most tests use: one person, one form, one script for Alertmanager, and six integrations.

`Workflow.make` says it all by REST, as a user's own tooling would.
"""

from dataclasses import dataclass

from sinks import Sink, Sinks, failing_first, hanging
from tocsin import Tocsin, script

# Reads what Alertmanager's webhook_config sends:
# https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
ALERTMANAGER_SCRIPT = """\
var payload = JSON.parse(request.body);
console.log('Alertmanager ' + payload.status + ', group ' + payload.groupKey);
if (payload.status !== 'firing') { return; }
var first = payload.alerts[0];
var names = payload.alerts.map(function (alert) { return alert.labels.instance; });
trigger.properties = {
  'Summary': first.annotations.summary,
  'Severity': first.labels.severity,
  'Instances': names.join(', '),
  'Fingerprint': first.fingerprint,
  'Count': payload.alerts.length
};
trigger.priority = first.labels.severity === 'critical' ? 'HIGH' : 'LOW';
trigger.recipients = [{ 'id': 'oncall', 'recipientType': 'PERSON' }];
var answer = form.post(trigger);
console.log('alert ' + answer.statusCode);
"""

# On the form, in this order; those with True are in webhooks.
PROPERTIES = {"Summary": True, "Severity": True, "Instances": True, "Fingerprint": False, "Count": True}

SUBJECT = "[${Severity}] ${Summary}"
BODY = "<p>${Summary} on ${Instances}, severity ${Severity}.</p><p>Runbook: look at it.</p>"

# Quick, so that tests need not wait: the pauses are spread by 20 %.
RETRY_SCHEDULE = [1, 1, 2, 2, 5, 5, 10, 10, 20]


@dataclass
class Workflow:
    person: dict
    plan: dict
    form: dict
    inbound: dict
    outbound: dict[str, dict]
    sinks: dict[str, Sink]

    @staticmethod
    def make(tocsin: Tocsin, sinks: Sinks) -> "Workflow":
        person = make_person(tocsin, "oncall", "On", "Call", "oncall@example.org")
        plan = tocsin.post("/plans", {"name": "Monitoring"})
        form = make_form(tocsin, plan, "Alertmanager")
        inbound = make_inbound(tocsin, plan, form, "Alertmanager in", ALERTMANAGER_SCRIPT)
        targets = {
            "healthy": ("STATUS", sinks.sink("healthy")),
            "failing": ("STATUS", sinks.sink("failing", failing_first(2))),
            "hanging": ("STATUS", sinks.sink("hanging", hanging)),
            "responses": ("RESPONSE", sinks.sink("responses")),
            "comments": ("ANNOTATION", sinks.sink("comments")),
            "device deliveries": ("DELIVERYSTATUS", sinks.sink("device deliveries")),
        }
        outbound = {
            name: make_outbound(tocsin, plan, form, name, trigger, sink.url, f"/sink/{index}")
            for index, (name, (trigger, sink)) in enumerate(targets.items(), 1)
        }
        return Workflow(person, plan, form, inbound, outbound, {name: sink for name, (_, sink) in targets.items()})

    def secret(self, name: str) -> str:
        return self.outbound[name]["signingSecret"]


def make_person(tocsin: Tocsin, target_name: str, first: str, last: str, address: str) -> dict:
    person = tocsin.post(
        "/people",
        {"targetName": target_name, "firstName": first, "lastName": last, "recipientType": "PERSON",
         "roles": ["Standard User"]},
    )
    device = tocsin.post(
        "/devices",
        {"name": "Work Email", "deviceType": "EMAIL", "recipientType": "DEVICE", "emailAddress": address,
         "owner": person["id"]},
    )
    return person | {"device": device}


def make_form(tocsin: Tocsin, plan: dict, name: str, properties: dict[str, bool] = PROPERTIES) -> dict:
    form = tocsin.post(f"/plans/{plan['id']}/forms", {"name": name})
    items = []
    for property_name, is_included in properties.items():
        kind = "NUMBER" if property_name == "Count" else "TEXT"
        definition = tocsin.post(
            f"/plans/{plan['id']}/property-definitions", {"propertyType": kind, "name": property_name}
        )
        items.append({"propertyDefinition": {"id": definition["id"]}, "includeInCallback": is_included})
    tocsin.post(f"/forms/{form['id']}/sections", {"type": "CUSTOM_SECTION", "title": "Details", "items": items})
    tocsin.post(
        f"/forms/{form['id']}/response-options",
        [
            {"number": 1, "text": "Acknowledge", "action": "RECORD_RESPONSE"},
            {"number": 2, "text": "Resolve", "action": "END"},
        ],
    )
    tocsin.post(
        f"/forms/{form['id']}/message-templates", {"email": [{"language": "en", "subject": SUBJECT, "body": BODY}]}
    )
    return form


def make_inbound(
    tocsin: Tocsin, plan: dict, form: dict, name: str, text: str | None, **changes
) -> dict:
    """With a script, or (`text` None) one that creates an alert from the body as it is."""
    body = {
        "form": {"id": form["id"]}, "name": name, "integrationType": "INBOUND_WEBHOOK",
        "operation": "CREATE_EVENT" if text is not None else "CREATE_EVENT_SIMPLE", "createdBy": "IB",
        "deployed": True, "environment": "HOSTED", "authenticationType": "URL",
    }
    if text is not None:
        body["script"] = script(text)
    return tocsin.post(f"/plans/{plan['id']}/integrations", body | changes)


def make_outbound(
    tocsin: Tocsin, plan: dict, form: dict, name: str, trigger: str, base_url: str, path: str, **changes
) -> dict:
    endpoint = tocsin.post(
        f"/plans/{plan['id']}/endpoints",
        {"name": f"{name} endpoint", "url": base_url, "authenticationType": "NO_AUTH"},
    )
    body = {
        "form": {"id": form["id"]}, "name": name, "integrationType": "OUTBOUND_WEBHOOK", "operation": "SEND_WEBHOOK",
        "triggeredBy": trigger, "endpoint": endpoint["name"], "path": path, "createdBy": "IB", "deployed": True,
        "environment": "HOSTED", "retrySchedule": RETRY_SCHEDULE,
    }
    return tocsin.post(f"/plans/{plan['id']}/integrations", body | changes)
