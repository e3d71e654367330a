"""Hypothesis profiles: `dev` is quick, `ci` is thorough and the same on every run.

Interrupts are heard by whoever runs the tests, and by the commands that they start.
"""

import os
import signal

import pytest
from hypothesis import settings

# deadlines time the machine, not the code: the cores are shared
settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile("ci", max_examples=200, deadline=None, derandomize=True)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev")
)


@pytest.fixture(autouse=True, scope="session")
def hears_interrupts() -> None:
    """A shell has what it runs in the background ignore them, and its children too."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
