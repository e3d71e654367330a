"""Waiting for what comes, however late the machine is."""

import threading
import time

__all__ = ["PATIENCE", "Meeting", "eventually"]

PATIENCE = 60
"""Seconds after which what has not come will not."""


def eventually(is_so):
    """Wait until something is so."""
    until = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.01)


class Meeting:
    """Counts how many are at something at once; the first wait until enough are.

    Parameters
    ----------
    enough : int
        How many there are to be at once, at some time.
    """

    def __init__(self, enough=1):
        self.enough = enough
        self.now = self.most = 0
        self.changed = threading.Condition()

    def __enter__(self):
        with self.changed:
            self.now += 1
            self.most = max(self.most, self.now)
            self.changed.notify_all()
            if not self.changed.wait_for(lambda: self.most >= self.enough, PATIENCE):
                self.enough = 0  # nobody else needs to wait

    def __exit__(self, *_):
        with self.changed:
            self.now -= 1
