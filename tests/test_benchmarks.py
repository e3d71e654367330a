"""The benchmarks run, and what they compare agrees: on tiny volumes, without timing."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_contestants_agree():
    options = ["--benchmark-disable", "--tiny", "-p", "no:cacheprovider", "-q"]
    command = [sys.executable, "-m", "pytest", "benchmarks", *options]
    # the larger kernels and fresh processes take long, and show nothing else
    command += ["-k", "not 31 and not 15 and not fresh"]
    result = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
