"""Ctrl-C in a run: the first asks it to stop, a second one ends the process."""

from __future__ import annotations

import os
import signal
import sys

from volconv.cli.exits import INTERRUPTED
from volconv.cli.report import print_error

__all__ = ["stop_then_leave"]

STOPPING = "stopping: waits for what is computed and sent; Ctrl-C again leaves at once"

SHOW_CURSOR = b"\x1b[?25h"
"""What a terminal is told, where a bar has hidden the cursor."""


def stop_then_leave() -> None:
    """Let Ctrl-C stop the run, and a second one end the process as a kill would.

    A run that stops waits for what is on its way, for as long as a store lets it wait; it
    may be let down then at any moment, since it may be killed at any moment. Where
    interrupts are ignored or somebody else's, they stay so.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, stop)


def stop(*_: object) -> None:
    """Say that the run stops, and have it do so."""
    signal.signal(signal.SIGINT, leave)
    try:
        print(STOPPING, file=sys.stderr, flush=True)
    finally:  # also where this came in the midst of another line
        raise KeyboardInterrupt


def leave(*_: object) -> None:
    """End the process, whatever is on its way."""
    try:
        if os.isatty(2):
            os.write(2, SHOW_CURSOR)
        print_error(KeyboardInterrupt())
    finally:
        os._exit(INTERRUPTED)
