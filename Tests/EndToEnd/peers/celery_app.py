"""Webhooks as Celery's users send them: a task that POSTs, acknowledged when it has ended, tried again when it fails.

    celery -A celery_app worker                                    (REDIS_URL)
    python celery_app.py COUNT RATE SECONDS FIRST TEXT RECORDS URL…  hands over, as the application in front of it does

Hands over COUNT numbered bodies, each to every URL, by four threads; writes what native.py reads of a load.
"""

import os
import struct
import sys
import threading
import time

import requests
from celery import Celery

app = Celery("hooks", broker=os.environ["REDIS_URL"])
app.conf.update(task_ignore_result=True, task_acks_late=True, task_reject_on_worker_lost=True)
session = requests.Session()


RETRIES = {"autoretry_for": (requests.RequestException,), "retry_backoff": True, "max_retries": 10}


@app.task(name="deliver", **RETRIES)
def deliver(url: str, body: str):
    session.post(url, data=body, headers={"Content-Type": "application/json"}, timeout=10).raise_for_status()


def hand(count: int, rate: float, seconds: float, first: int, text: int, records: str, urls: list[str]):
    lock, started, handed, taken = threading.Lock(), time.monotonic(), [], [0]

    def work():
        while time.monotonic() < started + seconds:
            with lock:
                if taken[0] == count:
                    return
                number = taken[0]
                taken[0] += 1
            due = started + number / rate if rate else time.monotonic()
            time.sleep(max(0, due - time.monotonic()))
            body = f'{{"signal":"n-{first + number:010d}","text":"{"x" * text}"}}'
            sent = time.monotonic()
            for url in urls:
                deliver.delay(url, body)
            handed.append((due, sent, time.monotonic(), first + number))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with open(records, "wb") as file:
        for due, sent, answered, number in handed:
            file.write(struct.pack("<QQQII", int(due * 1e9), int(sent * 1e9), int(answered * 1e9), number, 1))


if __name__ == "__main__":
    given = sys.argv[1:]
    hand(
        int(given[0]), float(given[1]), float(given[2]), int(given[3]), int(given[4]), given[5], given[6:])
