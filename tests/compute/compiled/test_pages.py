"""The compiler's pages, which leave memory between compilations."""

import subprocess
import sys
from contextlib import contextmanager

import pytest

from volconv.compute.compiled.llvm import pages

LEFT = """
import re, sys
import numpy as np
import xarray as xr
import volconv
from volconv.compute.compiled.llvm import pages

def resident():
    text = open("/proc/self/smaps").read()
    stretches = re.split(r"(?m)^(?=[0-9a-f]+-[0-9a-f]+ )", text)
    told = [one for one in stretches if "libllvmlite" in one.partition("\\n")[0]]
    return 1024 * sum(int(re.search(r"(?m)^Rss: +(\\d+)", one)[1]) for one in told)

dims = ["z", "y", "x"]
cells = xr.DataArray(np.arange(4000, dtype="f4").reshape(10, 20, 20), dims=dims)
sums = []
for size in (3, 5, 3):
    kernel = np.ones((size,) * 3)
    kernel[0, 0, 0] = 2  # no box: several kinds of code
    sums.append(volconv.correlate(cells, kernel, dims=dims, padding="same"))
    left = resident()
    assert 0 < left < 6e6, left
assert (sums[0] == sums[2]).all()
with pages.on_loan():
    import llvmlite.binding as llvm
    llvm.parse_assembly("define void @f() { ret void }")
    assert resident() > left
assert resident() <= left
print("ended")
"""


@pytest.mark.skipif(
    not pages.can_leave(), reason="only Linux says what is in memory, and lets it go"
)
def test_the_compiler_is_in_memory_only_while_it_compiles():
    done = subprocess.run(
        [sys.executable, "-c", LEFT], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("ended\n", "")


def test_the_compiler_leaves_also_where_it_fails(monkeypatch):
    told = []
    monkeypatch.setattr(pages, "let_go", lambda: told.append("let go"))

    @contextmanager
    def room():
        told.append("room")
        try:
            yield
        finally:
            told.append("no room")

    monkeypatch.setattr(pages, "WHILE_COMPILING", {room: None})
    with pytest.raises(ZeroDivisionError), pages.on_loan():
        raise ZeroDivisionError
    assert told == ["room", "let go", "no room"]


def test_where_nothing_is_told_the_compiler_stays(monkeypatch, tmp_path):
    monkeypatch.setattr(pages, "MAPS", tmp_path / "none")
    pages.stretches.cache_clear()
    try:
        assert not pages.can_leave()
        with pages.on_loan():
            assert pages.stretches() == ()
    finally:
        pages.stretches.cache_clear()
