"""A workflow's file as the platform exports it (spec §7.1), with scripts in the manner of those that people have."""

import io
import json
import zipfile

FORM = "5c7602ad-0000-4000-8000-000000000001"
TICKET_ITEM = "6d7602ad-0000-4000-8000-000000000001"
INBOUND = "7e7602ad-0000-4000-8000-000000000001"
CLOSER = "7e7602ad-0000-4000-8000-000000000002"
CALLED = "7e7602ad-0000-4000-8000-000000000003"

# A library for browsers and Node alike, as people paste them.
UMD = """;(function (global, factory) {
    typeof exports === 'object' && typeof module !== 'undefined' ? module.exports = factory() :
    typeof define === 'function' && define.amd ? define(factory) :
    global.stamp = factory()
}(this, (function () { 'use strict';
    function stamp(text) { return new Date(text).toISOString().substring(0, 10); }
    stamp.version = '1';
    return stamp;
})));
"""
UTILITIES = """
var stamp = require('stamp');
exports.day = function (text) { return stamp(text); };
exports.send = function (path, body) {
  var request = http.request({ 'endpoint': constants['Target'], 'path': path, 'method': 'Post',
    'headers': { 'Content-Type': 'application/json', 'X-Retry': 3 } });
  var response = request.write(body);
  if (response.statusCode != "200") { throw response; }
  return JSON.parse(response.body);
};
"""
IN = """
var util = require('Utilities');
var envelope = JXON.parse(request.body)['soapenv:envelope']['soapenv:body'].alarm;
console.log('Alarm ' + envelope['@id'] + ' of ' + util.day(envelope.at));
var request = http.request({ endpoint: 'Target', path: 'lookup?q=a b&x=' + encodeURIComponent('ä/ö'), method: 'GET' });
var answer = request.write();
trigger = { 'properties': {} };
for (k = 0; k < 2; k++) { payload = k; }
trigger.properties['Ticket'] = envelope.ticket;
trigger.properties['Severity'] = "HIGH".equalsIgnoreCase(envelope.severity) ? 'High' : 'Low';
trigger.properties['Region'] = [{ category: 'Country', value: 'USA' }, { category: 'State', value: 'CA' }];
trigger.properties['Answer'] = answer.statusCode + ' ' + JSON.parse(answer.body).path + ' ' + payload;
if (!request.nothing) {
  var posted = form.post(trigger);
  var body = typeof posted.body === 'string' ? JSON.parse(posted.body) : posted.body;
  console.log('alert ' + body.id);
  return;
}
throw 'not reached';
"""
CALLBACK = """
var callback = JSON.parse(request.body);
console.log('Executing outbound integration for xMatters event ID: ' + callback.eventIdentifier);
if (callback.eventProperties && Array.isArray(callback.eventProperties)) {
  var eventProperties = callback.eventProperties;
  callback.eventProperties = {};
  for (var i = 0; i < eventProperties.length; i++) {
    var key = Object.keys(eventProperties[i])[0];
    callback.eventProperties[key] = eventProperties[i][key];
  }
}
if (callback.annotation == "null") { callback.annotation = null; }
require('Utilities').send('/status', { ticket: callback.eventProperties.Ticket, status: callback.status,
  user: callback.username });
"""
OBJECTS = """
console.log(event.eventId + ' ' + event.status, respondedTo.by, response.response);
var request = http.request({ endpoint: 'xMatters', method: 'POST',
  path: '/api/xm/1/events/' + event.id + '/annotations' });
var answer = request.write({ comment: respondedTo.by.targetName + ' said ' + response.response + ' about '
  + event.properties.Ticket });
if (answer.statusCode !== 201) { throw answer; }
"""
CLOSE = """
var found = http.request({ endpoint: 'xMatters', method: 'GET', autoEncodeURI: false,
  path: '/api/xm/1/events?status=ACTIVE,SUSPENDED&propertyName=Ticket%23en&propertyValue='
    + encodeURIComponent(request.parameters.ticket) }).write();
var events = JSON.parse(found.body);
for (var i in events.data) {
  var done = http.request({ endpoint: 'xMatters', method: 'POST', path: '/api/xm/1/events' })
    .write({ id: events.data[i].id, status: 'TERMINATED' });
  console.log('terminated ' + events.data[i].eventId + ': ' + done.statusCode);
}
var self = http.request({ endpoint: 'xMatters', method: 'POST', path: constants.FORM_URL }).write({ closed: events.count });
console.log('told ' + self.statusCode);
"""
CALL = "require('Utilities').send('/closed', JSON.parse(request.body));"


def documents(target: str) -> dict[str, object]:
    def integration(identifier, name, kind, action, script, **more):
        return {
            "id": identifier, "name": name, "type": kind, "action": action, "triggeredBy": None, "deployed": True,
            "form": FORM, "script": script, "environment": "HOSTED", "authType": "NONE", "createdBy": "IB",
            "responseChoice": None, "integrationServiceName": None, **more,
        }

    def outbound(number, name, trigger, script):
        return integration(
            f"7e7602ad-0000-4000-8000-0000000001{number:02}", name, "OUTBOUND_WEBHOOK", "RUN_SCRIPT", script,
            triggeredBy=trigger,
        )

    return {
        "engine.json": {
            "version": "1.9", "name": "Service Desk", "description": "", "isActive": True, "order": 1,
            "productType": "XM", "iconOverride": None,
        },
        "properties/properties.json": [
            {"uuid": "p1", "name": "Ticket", "baseType": 3, "maxLength": 100, "isValidate": False},
            {"uuid": "p2", "name": "Severity", "baseType": 21,
             "values": [{"value": value, "isDefault": value == "Low", "isVisible": True} for value in ("Low", "High")]},
            {"uuid": "p3", "name": "Region", "baseType": 7, "categories": ["Country", "State"], "delimiter": ">",
             "values": []},
            {"uuid": "p4", "name": "Answer", "baseType": 3, "maxLength": 2000},
        ],
        "forms/Incident/1.json": {
            "uuid": FORM, "name": "Incident", "description": "", "order": 1, "isActive": True, "isREST": True,
            "isSendREST": True, "triggerType": "MESSAGING",
            "layoutSections": [
                {"sectionType": 1, "title": "Details", "order": 1, "sectionItems": [
                    {"id": TICKET_ITEM, "propertyName": "Ticket", "order": 1, "isVisible": True, "isRequired": True,
                     "isIncludeInCallbacks": True},
                    {"id": "i2", "propertyName": "Severity", "order": 2, "isVisible": True, "isRequired": False,
                     "isIncludeInCallbacks": False},
                    {"id": "i3", "propertyName": "Region", "order": 3, "isVisible": True, "isRequired": False,
                     "isIncludeInCallbacks": False},
                    {"id": "i4", "propertyName": "Answer", "order": 4, "isVisible": True, "isRequired": False,
                     "isIncludeInCallbacks": False},
                ]},
                {"sectionType": 5, "title": "Bridge", "order": 2, "bridgeType": "XMATTERS_BRIDGES_ONLY"},
            ],
            "messages": {"emailTemplates": [
                {"languageCode": "en", "emailSubject": "Ticket ${" + TICKET_ITEM.upper() + "}", "email": "<p>x</p>"}
            ]},
            "responses": [
                {"id": "8f7602ad-0000-4000-8000-000000000001", "digit": 1, "order": 1, "textResponse": "Got it",
                 "description": "Got it", "voicePrompt": "Got it", "action": "RECORD_RESPONSE",
                 "contribution": "POSITIVE", "isJoinConference": False, "isAllowComments": True, "redirectUrl": ""},
            ],
        },
        "integrations/integrations.json": {
            "integrations": [
                integration(INBOUND, "Alarm", "INBOUND_WEBHOOK", "CREATE_EVENT", IN, authType="BASIC"),
                integration(CLOSER, "Close", "INBOUND_WEBHOOK", "RUN_SCRIPT", CLOSE, form=None, authType="ANY"),
                integration(CALLED, "Called", "INBOUND_WEBHOOK", "RUN_SCRIPT", CALL, form=None, authType="ANY"),
                outbound(1, "Status", "STATUS", CALLBACK),
                outbound(2, "Answers", "RESPONSE", OBJECTS),
            ],
            "endpoints": [
                {"name": "Target", "baseUrl": target, "type": "EXTERNAL", "authentication": "NO_AUTH"},
            ],
            "constants": [
                {"name": "Target", "value": "Target", "description": ""},
                {"name": "FORM_URL", "value": f"/api/integration/1/functions/{CALLED}/triggers", "description": ""},
            ],
        },
        "integrations/sharedfunctions.json": [
            {"name": "stamp", "script": UMD}, {"name": "Utilities", "script": UTILITIES},
        ],
        "canvases/Incident.json": {"name": "Incident", "description": "", "blocks": [], "edges": []},
    }


def pack(parts: dict[str, object]) -> bytes:
    """As the platform writes it: some documents begin with a byte order mark."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for index, (path, document) in enumerate(parts.items()):
            archive.writestr(path, json.dumps(document).encode("utf-8-sig" if index % 2 else "utf-8"))
    return buffer.getvalue()


def unpack(archive: bytes) -> dict[str, object]:
    with zipfile.ZipFile(io.BytesIO(archive)) as entries:
        return {name: json.loads(entries.read(name).decode("utf-8-sig")) for name in entries.namelist()}
