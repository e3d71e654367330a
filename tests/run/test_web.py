"""Runs over inputs behind web servers, which fail for a while, or change."""

import errno
import itertools

import pytest

from tests.run.conftest import CONFIG, stopping_at
from tests.run.runs import run, tree
from tests.servers import CUT, web_server
from volconv.errors import InputError, PlanMismatch
from volconv.io import web
from volconv.run import retries


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """Tries after one another."""
    monkeypatch.setattr(retries, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(web, "WAITS", (0.01,))


def remote(url, output="out.zarr"):
    text = CONFIG.replace("path: in.zarr", f"path: '{url}/in.zarr/density'")
    return text.replace("out.zarr", output)


def test_answers_that_fail_once_fail_nobody(folder):
    seen, faults = set(), itertools.cycle([429, 500, CUT, 503])

    def fault(method, path):
        if "/c/" not in path or path in seen:
            return None
        seen.add(path)
        return next(faults) if len(seen) % 5 == 0 else None

    with web_server(folder, fault) as url:
        run(folder, remote(url))
    with web_server(folder) as url:
        run(folder, remote(url, "expected.zarr"))
    written = tree(folder / "out.zarr")
    expected = tree(folder / "expected.zarr")
    assert len(seen) > 20
    assert {k: v for k, v in written.items() if "/c/" in k} == {
        k: v for k, v in expected.items() if "/c/" in k
    }


@pytest.mark.parametrize("status", [403, 503])
def test_a_server_that_fails_for_long_loses_no_block(folder, status):
    failing = [True]

    def fault(method, path):
        return status if failing and path.endswith("/c/2/2/2") else None

    with web_server(folder, fault) as url:
        with pytest.raises(
            InputError, match=r"c/2/2/2.* Fix: mend what it says, then run again\.$"
        ):
            run(folder, remote(url))
        failing.clear()
        outcome = run(folder, remote(url))
    assert outcome.kept > 0
    assert outcome.computed > 0


def test_a_server_without_parts_of_files_is_not_asked_again():
    assert not retries.may_pass(OSError(errno.EOPNOTSUPP, "no parts"))


def test_a_store_that_was_written_anew_is_not_gone_on_with(folder, volume):
    with web_server(folder) as url:
        with pytest.raises(KeyboardInterrupt):
            run(folder, remote(url), progress=stopping_at(3))
        again = (volume + 1).assign_attrs(volume.attrs).to_dataset(name="density")
        again.chunk(z=4, y=5, x=6).to_zarr(
            folder / "in.zarr", zarr_format=3, consolidated=False, mode="w"
        )
        with pytest.raises(PlanMismatch, match=r"input\.chunks stored"):
            run(folder, remote(url))
        run(folder, remote(url), restart=True)
    assert (folder / "out.zarr").exists()
