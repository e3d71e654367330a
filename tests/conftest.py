"""Hypothesis profiles: `dev` is quick, `ci` is thorough and the same on every run."""

import os

from hypothesis import settings

# deadlines time the machine, not the code: the cores are shared
settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile("ci", max_examples=200, deadline=None, derandomize=True)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev")
)
