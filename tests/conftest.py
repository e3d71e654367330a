"""Hypothesis profiles: `dev` is quick, `ci` is thorough and the same on every run.

Interrupts are heard by whoever runs the tests, and by the commands that they start.
"""

import os
import signal

from hypothesis import settings

# deadlines time the machine, not the code: the cores are shared
settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile("ci", max_examples=200, deadline=None, derandomize=True)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev")
)


def pytest_runtest_setup() -> None:
    """Have each test hear interrupts, whatever the one before it did.

    A shell has what it runs in the background ignore them, and its children too.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
