"""Debian's prometheus-alertmanager, which sends what it is told to an inbound integration."""

import subprocess
from datetime import datetime, timezone
from pathlib import Path

import requests

from processes import LOGS, free_port, wait_until

COMMAND = "prometheus-alertmanager"


class Alertmanager:
    def __init__(self, folder: Path, webhook_url: str):
        self.url = f"http://127.0.0.1:{free_port()}"
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "alertmanager.yml").write_text(
            f"""\
route:
  receiver: tocsin
  group_by: [alertname]
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 4h
receivers:
  - name: tocsin
    webhook_configs:
      - url: "{webhook_url}"
        send_resolved: true
"""
        )

    def start(self) -> "Alertmanager":
        LOGS.mkdir(parents=True, exist_ok=True)
        with (LOGS / "alertmanager.log").open("w") as log:
            self._child = subprocess.Popen(
                [
                    COMMAND, f"--config.file={self._folder / 'alertmanager.yml'}",
                    f"--storage.path={self._folder / 'data'}", "--cluster.listen-address=",
                    f"--web.listen-address={self.url.removeprefix('http://')}",
                ],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            )
        wait_until(lambda: requests.get(self.url + "/-/ready", timeout=5).ok, 30, "Alertmanager is ready")
        return self

    def fire(self, labels: dict[str, str], annotations: dict[str, str]):
        """As Prometheus does it: by the second version of Alertmanager's API."""
        alert = {
            "labels": labels, "annotations": annotations, "startsAt": datetime.now(timezone.utc).isoformat(),
            "generatorURL": "http://prometheus.example.org/graph",
        }
        answer = requests.post(self.url + "/api/v2/alerts", json=[alert], timeout=10)
        assert answer.status_code == 200, answer.text

    def stop(self):
        self._child.terminate()
        self._child.wait(10)


def payload(labels: dict[str, str], annotations: dict[str, str], fingerprint: str = "b8f3a1c09e5d7742") -> dict:
    """The body that Alertmanager 0.25 sends for one alert that fires."""
    return {
        "receiver": "tocsin", "status": "firing",
        "alerts": [
            {
                "status": "firing", "labels": labels, "annotations": annotations,
                "startsAt": "2026-11-21T04:00:00.000Z", "endsAt": "0001-01-01T00:00:00Z",
                "generatorURL": "http://prometheus.example.org/graph", "fingerprint": fingerprint,
            }
        ],
        "groupLabels": {"alertname": labels["alertname"]}, "commonLabels": labels, "commonAnnotations": annotations,
        "externalURL": "http://alertmanager.example.org", "version": "4",
        "groupKey": '{}:{alertname="' + labels["alertname"] + '"}', "truncatedAlerts": 0,
    }
