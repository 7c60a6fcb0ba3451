"""Makes a workflow by REST and prints the trigger's address: setup.py BASE USER PASSWORD SINK_PORT"""

import base64
import json
import sys
import urllib.request

base, user, password, sink = sys.argv[1:5]
script = """
var data = JSON.parse(request.body);
trigger.properties = {"Host": data.host, "Problem": data.check + " is at " + data.value};
form.post(trigger);
"""


def post(path: str, body) -> dict:
    login = base64.b64encode(f"{user}:{password}".encode()).decode()
    request = urllib.request.Request(
        f"{base}/api/xm/1{path}", json.dumps(body).encode(),
        {"Content-Type": "application/json", "Authorization": f"Basic {login}"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


plan = post("/plans", {"name": "Benchmark"})["id"]
items = [
    {
        "propertyDefinition": {
            "id": post(f"/plans/{plan}/property-definitions", {"name": name, "propertyType": "TEXT"})["id"]
        },
        "includeInCallback": True,
    }
    for name in ("Host", "Problem")
]
form = post(f"/plans/{plan}/forms", {"name": "Problem"})["id"]
post(f"/forms/{form}/sections", {"type": "CUSTOM_SECTION", "title": "s", "items": items})
post(
    f"/plans/{plan}/endpoints",
    {"name": "Sink", "url": f"http://127.0.0.1:{sink}", "endpointType": "EXTERNAL", "authenticationType": "NO_AUTH"},
)
common = {"form": {"id": form}, "createdBy": "IB", "deployed": True}
if sink != "0":
    post(
        f"/plans/{plan}/integrations",
        common | {
            "name": "Out", "integrationType": "OUTBOUND_WEBHOOK", "operation": "SEND_WEBHOOK", "triggeredBy": "STATUS",
            "endpoint": "Sink", "path": "/status",
        },
    )
made = post(
    f"/plans/{plan}/integrations",
    common | {
        "name": "In", "integrationType": "INBOUND_WEBHOOK", "operation": "CREATE_EVENT", "authenticationType": "URL",
        "script": base64.b64encode(script.encode()).decode(),
    },
)
print(made["triggerUrl"])
