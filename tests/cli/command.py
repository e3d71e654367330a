"""The command, as tests call it."""

import subprocess
import sys


def volconv(*args, cwd=None, env=None, **options):
    return subprocess.run(
        [sys.executable, "-c", "from volconv.cli.main import main; main()", *args],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env=env,
        timeout=60,
        **options,
    )
