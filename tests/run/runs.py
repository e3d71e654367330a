"""Runs, and what they leave."""

import json
import threading

import pytest
import xarray as xr

from tests.run.conftest import CONFIG, prepared, stopping_at
from volconv.run import journal_file
from volconv.run.folder import FolderTarget
from volconv.run.runner import run_plan


def run(folder, text=CONFIG, *, on="threads", limits=None, **options):
    ready = prepared(folder, text, on=on, **(limits or {}))
    return run_plan(ready.plan, ready.source, ready.labels, on=on, **options)


def result(folder, name="out.zarr"):
    return xr.open_zarr(folder / name, chunks=None).load()


def tree(store):
    """Every file of a store with its bytes."""
    return {
        str(file.relative_to(store)): file.read_bytes()
        for file in sorted(store.rglob("*"))
        if file.is_file()
    }


def interrupted(folder, blocks=3):
    """Stop a run after some blocks, as Ctrl-C would."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(journal_file, "BATCH", 3600)  # lines are of blocks alone
        with pytest.raises(KeyboardInterrupt):
            run(folder, progress=stopping_at(blocks))
    assert not (folder / "out.zarr").exists()
    return FolderTarget(folder / "out.zarr")


def journalled(target):
    """Blocks that the journal tells of, in order, each with the keys of its objects."""
    text = target.journal_file().read_text()
    lines = [json.loads(line) for line in text.splitlines() if line]
    return [
        (line["block"], [key for key, *_ in line["objects"]])
        for line in lines
        if "block" in line
    ]


def crews():
    """Threads that take turns or tiles: others, such as Zarr's, come and stay."""
    return {one for one in threading.enumerate() if "(serve)" in one.name}
