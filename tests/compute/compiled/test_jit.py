"""Code that is compiled once, by whichever thread comes first."""

import os
import threading
import time
import warnings

import pytest

from volconv.compute.compiled.llvm import jit


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system forks no processes")
def test_a_process_that_is_forked_while_a_thread_compiles_compiles_too(monkeypatch):
    begun = threading.Event()

    def slow(*_):
        begun.set()
        time.sleep(0.5)
        return 1

    monkeypatch.setattr(jit, "_compile", slow)
    other = threading.Thread(target=jit.address, args=("one", "", lambda _: ""))
    other.start()
    begun.wait()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads, from 3.12 on
        child = os.fork()
    if not child:
        monkeypatch.setattr(jit, "_compile", lambda *_: 2)
        os._exit(0 if jit.address("two", "", lambda _: "") == 2 else 1)
    other.join()
    assert ended(child) == 0


def ended(child):
    """The exit code of a process, which is killed if it hangs."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return None
