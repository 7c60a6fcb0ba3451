"""A small client of Tocsin's REST API and inbound integrations: what the tests say, in the words of the platform."""

import base64
from html.parser import HTMLParser
from urllib.parse import urljoin

import requests

from processes import wait_until


class Refused(AssertionError):
    """An answer other than 2xx."""

    def __init__(self, answer: requests.Response):
        self.status = answer.status_code
        self.text = answer.text
        self.json = _json(answer)
        request = answer.request
        super().__init__(f"{request.method} {request.url}: {answer.status_code} {answer.text[:1000]}")


def _json(answer: requests.Response):
    try:
        return answer.json()
    except ValueError:
        return None


class Tocsin:
    """One user's view. `inbound` and `api` are the same address when everything is one process."""

    def __init__(self, inbound: str, api: str, user: str, password: str):
        self.inbound = inbound
        self.api = api
        self._session = requests.Session()
        self._session.auth = (user, password)

    # REST

    def request(self, method: str, path: str, **options) -> requests.Response:
        options.setdefault("timeout", 30)
        return self._session.request(method, self.api + "/api/xm/1" + path, **options)

    def get(self, path: str, **parameters):
        return self._answer(self.request("GET", path, params=parameters))

    def post(self, path: str, body):
        return self._answer(self.request("POST", path, json=body))

    def delete(self, path: str):
        return self._answer(self.request("DELETE", path))

    def pages(self, path: str, **parameters):
        """All rows of a list."""
        rows, limit = [], 1000
        while True:
            page = self.get(path, **parameters, offset=len(rows), limit=limit)
            rows += page["data"]
            if not page["data"] or len(rows) >= page["total"]:
                return rows

    @staticmethod
    def _answer(answer: requests.Response):
        if not answer.ok:
            raise Refused(answer)
        return answer.json() if answer.content else None

    # Inbound

    def trigger(self, integration: dict, body, **headers: str) -> requests.Response:
        """A request to an inbound integration, as any sender makes it: by its URL alone."""
        content = {"data": body} if isinstance(body, (str, bytes)) else {"json": body}
        return requests.post(self.trigger_url(integration), timeout=30, headers=headers, **content)

    def trigger_url(self, integration: dict) -> str:
        return urljoin(self.inbound, integration["triggerUrl"])

    def accepted(self, integration: dict, body) -> str:
        """The requestId of a request that was accepted."""
        answer = self.trigger(integration, body)
        assert answer.status_code == 202, f"{answer.status_code} {answer.text}"
        return answer.json()["requestId"]

    # Alerts

    def alert_of(self, request_id: str, seconds: float = 30, **parameters) -> dict:
        def find():
            # What the system has to say because of the request is an alert of its own.
            found = [
                alert for alert in self.get("/events", requestId=request_id, **parameters)["data"]
                if not alert.get("systemEventType")
            ]
            assert len(found) <= 1, f"{len(found)} alerts of request {request_id}"
            return found[0] if found else None

        return wait_until(find, seconds, f"request {request_id} has an alert")

    def alert(self, identifier: str, **parameters) -> dict:
        return self.get(f"/events/{identifier}", **parameters)

    def set_status(self, alert: dict, status: str) -> dict:
        return self.post("/events", {"id": alert["id"], "status": status})

    def comment(self, alert: dict, text: str) -> dict:
        return self.post(f"/events/{alert['id']}/annotations", {"comment": text})

    def wait_status(self, alert: dict, *status: str, seconds: float = 30) -> dict:
        def reached():
            now = self.alert(alert["id"])
            assert now["status"] in status, f"status is {now['status']}"
            return now

        return wait_until(reached, seconds, f"alert {alert['eventId']} is {' or '.join(status)}")

    def deliveries(self, alert: dict) -> list[dict]:
        return self.pages(f"/events/{alert['id']}/deliveries")

    # Activity

    def activity(self, integration: dict, request_id: str, *status: str, seconds: float = 30) -> dict:
        """The log row of a request, once it has come to an end."""

        def find():
            rows = [r for r in self.pages(f"/integrations/{integration['id']}/logs") if r["requestId"] == request_id]
            assert rows, "no row"
            assert rows[0]["status"] in (status or ("COMPLETED", "FAILED")), f"status is {rows[0]['status']}"
            return rows[0]

        return wait_until(find, seconds, f"activity of {request_id}")


def script(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


class Form(HTMLParser):
    """The first form of a page, with what a browser would send when its button is pressed."""

    def __init__(self, answer: requests.Response):
        super().__init__()
        self.action: str | None = None
        self.method = "get"
        self.fields: dict[str, str] = {}
        self._is_inside = False
        self.feed(answer.text)
        assert self.action is not None, f"no form on {answer.url}:\n{answer.text[:2000]}"
        self.url = urljoin(answer.url, self.action)

    def handle_starttag(self, tag, attributes):
        attribute = {name: value or "" for name, value in attributes}
        if tag == "form" and self.action is None:
            self._is_inside = True
            self.action = attribute.get("action", "")
            self.method = attribute.get("method", "get").lower()
        elif self._is_inside and tag in ("input", "button", "textarea") and attribute.get("name"):
            self.fields.setdefault(attribute["name"], attribute.get("value", ""))

    def handle_endtag(self, tag):
        if tag == "form":
            self._is_inside = False

    def submit(self, **changes: str) -> requests.Response:
        assert self.method == "post", f"the form's method is {self.method}: a mail scanner could send it"
        return requests.post(self.url, data=self.fields | changes, timeout=30)
