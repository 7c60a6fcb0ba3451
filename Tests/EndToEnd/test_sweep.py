"""A short kill sweep: see sweep.py for the long one. TOCSIN_TEST_SWEEP_KILLS (8) and TOCSIN_TEST_SWEEP_SEED (1)."""

import os

import pytest

from conftest import run_deployment
from sweep import summary, sweep

KILLS = int(os.environ.get("TOCSIN_TEST_SWEEP_KILLS", "8"))
SEED = int(os.environ.get("TOCSIN_TEST_SWEEP_SEED", "1"))


@pytest.fixture(scope="module")
def deployment(request, executables, mail):
    yield from run_deployment(request, "separate-processes", mail, TOCSIN_NOTIFICATION_STORM_LIMIT="0")


@pytest.mark.slow
def test_no_promise_is_broken_by_kills_at_random_instants(deployment, sinks, mail, measured):
    found, strikes, load = sweep(deployment, sinks, mail, KILLS, SEED, rate=20, settle=180)
    measured(summary(found, strikes, load))
    assert not found.broken, f"{found.broken}: {found.examples[:10]}"
