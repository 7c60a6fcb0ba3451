"""Small storms, in the manner of storm.py, which runs the large ones."""

import pytest

from conftest import run_deployment
from storm import Storm

RECIPIENTS, PEOPLE, ALERTS, SECONDS, WINDOW = 60, 6, 600, 10, 8


@pytest.fixture(scope="module")
def deployment(request, executables, mail):
    yield from run_deployment(
        request, "separate-processes", mail, TOCSIN_NOTIFICATION_STORM_WINDOW=str(WINDOW),
        TOCSIN_NOTIFICATION_STORM_LIMIT="5",
    )


@pytest.fixture(scope="module")
def storm(deployment, tocsin, mail) -> Storm:
    return Storm.make(tocsin, mail, RECIPIENTS)


@pytest.mark.slow
def test_one_alert_reaches_everybody_once(storm, measured):
    measured(storm.broadcast(RECIPIENTS))


@pytest.mark.slow
def test_a_storm_is_told_of_with_exact_counts_although_the_notifier_is_killed(deployment, storm, measured):
    measured(storm.rage(deployment, ALERTS, PEOPLE, SECONDS, WINDOW))
