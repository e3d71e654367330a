"""Stages, and what is saved on the way: the same bytes however a pipeline is cut."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_array_equal

import volconv
from tests.run.conftest import prepared, stopping_at
from tests.run.runs import result, run, tree
from volconv.errors import ConfigError, OutputError, PlanMismatch, RunError
from volconv.io.folder import Folder
from volconv.plan.memory import COMPILER
from volconv.plan.stage import PROCESS_MEMORY
from volconv.run.folder import FolderTarget
from volconv.run.journal import make_safe
from volconv.run.journal_file import FileJournal
from volconv.run.runner import run_plan
from volconv.run.status import status_of

HEAD = """
version: 1
input: {path: in.zarr}
steps:
"""
CHAIN = (
    HEAD
    + """
  - gaussian:
      {sigma: {z: 1, y: 0.8, x: 1.2}, boundary: {x: wrap}, name: smooth, save: smooth.zarr}
  - correlate:
      {kernel: [[1, 2], [3, 4]], dims: [y, x], stride: {y: 2}, padding: 1, save: half.zarr}
  - gaussian: {sigma: {z: 0.5, y: 0.5}}
output: {path: out.zarr, chunks: {z: 3, y: 3, x: 5}}
"""
)
BRANCHES = (
    HEAD
    + """
  - gaussian: {sigma: 0.6, boundary: wrap, name: fine, save: fine.zarr}
  - gaussian: {sigma: 1.2, boundary: wrap, from: input}
  - subtract: {from: [fine, input], name: rest}
  - box: {size: {y: 2, x: 2}, stride: {y: 2, x: 2}, padding: valid, save: less.zarr}
  - maximum: {from: [rest, fine]}
output: {path: out.zarr, chunks: {z: 4, y: 4, x: 4}}
"""
)


def run_cut(folder, text, *, fuse, **options):
    """A run that is fused, or cut behind each step where it can be."""
    ready = prepared(folder, text, fuse=fuse)
    return run_plan(ready.plan, ready.source, ready.labels, **options)


def values(folder, name):
    return result(folder, name).density.values


def clear(folder):
    for name in ("out", "smooth", "half", "fine", "less"):
        shutil.rmtree(folder / f"{name}.zarr", ignore_errors=True)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_steps_that_are_not_fused_write_the_same_bytes(folder):
    text = CHAIN.replace(", save: smooth.zarr", "").replace(", save: half.zarr", "")
    run_cut(folder, text, fuse=True)
    fused = tree(folder / "out.zarr")
    clear(folder)
    assert len(prepared(folder, text, fuse=False).plan.stages) == 3
    run_cut(folder, text, fuse=False)
    assert tree(folder / "out.zarr") == fused
    assert names(folder) == ["config.yaml", "in.zarr", "out.zarr"]


def saved(folder, names_of):
    return {
        name: (
            found.values,
            found.attrs,
            {k: v.values for k, v in found.coords.items()},
        )
        for name in names_of
        for found in [result(folder, f"{name}.zarr").density]
    }


@pytest.mark.parametrize(
    ("text", "kept"),
    [(CHAIN, ("smooth", "half", "out")), (BRANCHES, ("fine", "less", "out"))],
)
def test_what_is_saved_does_not_depend_on_the_cuts(folder, text, kept):
    run_cut(folder, text, fuse=True)
    fused = saved(folder, kept)
    clear(folder)
    run_cut(folder, text, fuse=False)
    apart = saved(folder, kept)
    for name in kept:
        assert apart[name][0].tobytes() == fused[name][0].tobytes()
        assert apart[name][1] == fused[name][1]
        assert apart[name][2].keys() == fused[name][2].keys()
        for label, cells in apart[name][2].items():
            assert_array_equal(cells, fused[name][2][label])
    assert not list(folder.glob("*.partial"))


def test_a_save_is_what_a_run_of_its_own_writes(folder, volume):
    run(folder, CHAIN)
    first = volconv.gaussian(
        volume, {"z": 1, "y": 0.8, "x": 1.2}, boundary={"x": "wrap"}
    )
    second = volconv.correlate(
        first, [[1, 2], [3, 4]], dims=("y", "x"), stride={"y": 2}, padding=1
    )
    for name, wanted in (("smooth", first), ("half", second)):
        found = result(folder, f"{name}.zarr").density
        assert_array_equal(found.values.view("u4"), wanted.values.view("u4"))
        for label, coord in wanted.coords.items():
            assert_array_equal(found[label].values, coord.values)
            assert found[label].attrs == coord.attrs
        assert found.attrs["units"] == "g"
        assert found.attrs["volconv"] == wanted.attrs["volconv"]
    alone = CHAIN.split("  - correlate:")[0].replace(", save: smooth.zarr", "")
    run(folder, alone + "output: {path: alone.zarr}")
    found, wanted = (result(folder, name) for name in ("smooth.zarr", "alone.zarr"))
    assert found.density.attrs == wanted.density.attrs
    xr.testing.assert_identical(found.density, wanted.density)


def test_saves_of_branches_hold_every_cell_also_those_of_the_last_block(folder, volume):
    """A step of another shape than the result: its rest belongs to the last blocks."""
    text = BRANCHES.replace(
        "- maximum: {from: [rest, fine]}",
        "- box: {size: {z: 3, y: 4}, stride: {z: 2, y: 3}, padding: valid, from: fine}",
    )
    text = text.replace("{z: 4, y: 4, x: 4}", "{z: 1, y: 2, x: 4}")
    assert run(folder, text).computed == 8
    fine = volconv.gaussian(volume, 0.6, boundary="wrap")
    assert_array_equal(values(folder, "fine.zarr"), fine.values)
    rest = fine.values - volume.values
    less = volconv.box(
        volume.copy(data=rest),
        {"y": 2, "x": 2},
        stride={"y": 2, "x": 2},
        padding="valid",
    )
    assert_array_equal(values(folder, "less.zarr"), less.values)


def test_a_small_memory_cuts_the_pipeline_and_changes_no_byte(tmp_path):
    volume = np.random.default_rng(5).random((96, 96, 96)).astype("float32")
    array = xr.DataArray(volume, dims=("z", "y", "x"), name="density")
    array.chunk(z=32, y=32, x=32).to_zarr(
        tmp_path / "in.zarr", zarr_format=3, consolidated=False
    )
    text = (
        HEAD
        + "  - gaussian: {sigma: 4}\n"
        + "  - gaussian: {sigma: 4, boundary: edge}\n"
        + "output: {path: out.zarr, chunks: {z: 16, y: 32, x: 32}}\n"
    )
    whole = prepared(tmp_path, text, workers=1)
    assert len(whole.plan.stages) == 1
    run(tmp_path, text, limits={"workers": 1})
    before = tree(tmp_path / "out.zarr")
    clear(tmp_path)
    limit = PROCESS_MEMORY + COMPILER + 2 * 2**20
    tight = prepared(tmp_path, text, workers=1, memory=limit)
    assert len(tight.plan.stages) == 2
    assert tight.plan.peak_bytes <= limit
    run_plan(tight.plan, tight.source, tight.labels)
    assert tree(tmp_path / "out.zarr") == before
    assert names(tmp_path) == ["in.zarr", "out.zarr"]


def test_another_array_at_the_same_path_is_written_as_what_it_is(folder, volume):
    """A process that lives through several runs opens each store anew."""
    text = HEAD + "  - gaussian: {sigma: 1}\noutput: {path: out.zarr, chunks: {z: 3}}\n"
    run(folder, text)
    before = values(folder, "out.zarr")
    other = text.replace("z: 3", "z: 5, x: 4")
    run(folder, other, restart=True)
    assert_array_equal(values(folder, "out.zarr"), before)
    shutil.rmtree(folder / "in.zarr")
    few = volume[:4].to_dataset()
    few.to_zarr(folder / "in.zarr", zarr_format=3, consolidated=False)
    run(folder, other, restart=True)
    assert values(folder, "out.zarr").shape[0] == 4


# interruptions


def stopped_after(folder, text, blocks, *, fuse):
    with pytest.raises(KeyboardInterrupt):
        run_cut(folder, text, fuse=fuse, progress=stopping_at(blocks))
    assert not (folder / "out.zarr").exists()


@pytest.mark.parametrize("fuse", [True, False])
def test_a_run_with_saves_goes_on_from_every_block(folder, fuse):
    run_cut(folder, CHAIN, fuse=fuse)
    stores = ("out.zarr", "smooth.zarr", "half.zarr")
    whole = {name: tree(folder / name) for name in stores}
    total = prepared(folder, CHAIN, fuse=fuse).plan.blocks
    for blocks in range(1, total, max(1, total // 5)):
        clear(folder)
        stopped_after(folder, CHAIN, blocks, fuse=fuse)
        outcome = run_cut(folder, CHAIN, fuse=fuse)
        assert outcome.kept >= blocks
        assert outcome.kept + outcome.computed == total
        assert {name: tree(folder / name) for name in stores} == whole
        assert not list(folder.glob("*.partial"))


@pytest.mark.parametrize("fuse", [True, False])
def test_a_run_that_goes_on_with_other_cuts_ends_with_the_right_values(folder, fuse):
    run_cut(folder, CHAIN, fuse=not fuse)
    whole = {name: values(folder, name) for name in ("out.zarr", "smooth.zarr")}
    clear(folder)
    stopped_after(folder, CHAIN, 5, fuse=fuse)
    run_cut(folder, CHAIN, fuse=not fuse)
    for name, wanted in whole.items():
        assert_array_equal(values(folder, name), wanted)


def test_a_crash_between_two_stores_getting_their_names_loses_nothing(
    folder, monkeypatch
):
    finish = FolderTarget.finish
    run(folder, CHAIN)
    stores = ("smooth.zarr", "half.zarr", "out.zarr")
    whole = {name: tree(folder / name) for name in stores}
    for named in range(3):
        clear(folder)
        left = [named]

        def crash(target, left=left):
            if not left[0]:
                raise KeyboardInterrupt
            left[0] -= 1
            finish(target)

        with monkeypatch.context() as patch:
            patch.setattr(FolderTarget, "finish", crash)
            with pytest.raises(KeyboardInterrupt):
                run(folder, CHAIN)
        assert [(folder / name).exists() for name in stores].count(True) == named
        assert run(folder, CHAIN).computed == 0
        assert {name: tree(folder / name) for name in stores} == whole
        assert not list(folder.glob("*.partial"))


def test_a_result_that_was_removed_is_made_again_beside_its_saves(folder):
    run(folder, CHAIN)
    before = tree(folder / "out.zarr")
    shutil.rmtree(folder / "out.zarr")
    assert run(folder, CHAIN).computed > 0
    assert tree(folder / "out.zarr") == before
    assert not list(folder.glob("*.partial"))


@pytest.mark.parametrize(
    "path", ["out.zarr/smooth", ".", "link.zarr", "in.zarr/x", "half.zarr/a"]
)
def test_a_save_lies_apart_from_all_other_stores(folder, path):
    (folder / "link.zarr").symlink_to("out.zarr")
    before = tree(folder / "in.zarr")
    said = r"is, holds or lies in|a path of its own|a store apart from it"
    with pytest.raises((OutputError, ConfigError), match=said):
        run(folder, CHAIN.replace("smooth.zarr", path))
    assert tree(folder / "in.zarr") == before
    assert not (folder / "out.zarr").exists()
    assert not list(folder.glob("*.partial"))


def test_a_save_over_what_no_run_made_is_refused(folder):
    (folder / "smooth.zarr").mkdir()
    (folder / "smooth.zarr" / "thesis.txt").write_text("precious")
    with pytest.raises(OutputError, match="was not made by a run"):
        run(folder, CHAIN)
    assert (folder / "smooth.zarr" / "thesis.txt").read_text() == "precious"


def test_a_save_that_another_plan_has_begun_is_refused(folder):
    stopped_after(folder, CHAIN, 2, fuse=True)
    before = tree(folder / "smooth.zarr.partial")
    other = CHAIN.replace("0.8", "0.9").replace("half.zarr", "h.zarr")
    with pytest.raises(PlanMismatch, match=r"smooth\.zarr: .*step 1 .*--restart"):
        run(folder, other.replace("out.zarr", "other.zarr"))
    assert tree(folder / "smooth.zarr.partial") == before


def test_objects_of_the_header_are_those_of_all_stores(folder):
    stopped_after(folder, CHAIN, 2, fuse=True)
    header = FolderTarget(folder / "out.zarr").header()
    run_cut(folder, CHAIN, fuse=True)
    there = [
        path
        for name in ("out.zarr", "smooth.zarr", "half.zarr")
        for path in (folder / name / "density" / "c").rglob("*")
        if path.is_file()
    ]
    assert header["objects"] == len(there)


CUT = (
    HEAD
    + """
  - gaussian: {sigma: {z: 1, y: 0.8}, save: smooth.zarr}
  - median_pool: {size: 3, stride: 1, padding: same, boundary: edge}
  - gaussian: {sigma: {z: 0.5, y: 0.5}}
output: {path: out.zarr, chunks: {z: 3, y: 3, x: 5}}
"""
)


def saved_blocks(folder):
    return sorted((folder / "smooth.zarr.partial/store/density/c").rglob("*/*/*"))


@pytest.mark.parametrize(
    ("damage", "left"), [("lost", "some blocks"), ("cut", "nothing")]
)
def test_what_is_saved_is_whole_whatever_became_of_it_on_the_way(folder, damage, left):
    """Its stage is done again as far as needed, also where later ones are complete."""
    run_cut(folder, CUT, fuse=False)
    whole = {name: tree(folder / name) for name in ("out.zarr", "smooth.zarr")}
    clear(folder)
    plan = prepared(folder, CUT, fuse=False).plan
    blocks = [stage.grid.total for stage in plan.stages]
    assert len(blocks) == 3
    last = sum(blocks) if left == "nothing" else sum(blocks[:2]) + 1
    stopped_after(folder, CUT, last, fuse=False)
    victim = saved_blocks(folder)[1]
    if damage == "lost":
        victim.unlink()
    else:
        victim.write_bytes(victim.read_bytes()[:-5])
    outcome = run_cut(folder, CUT, fuse=False)
    assert 1 <= outcome.computed <= 1 + sum(blocks) - last
    assert {name: tree(folder / name) for name in whole} == whole
    assert not list(folder.glob("*.partial"))


def test_what_is_saved_and_lost_before_the_end_is_noticed(folder):
    total = prepared(folder, CUT, fuse=False).plan.blocks

    def steal(done, _):
        if done == total:
            saved_blocks(folder)[0].unlink()

    with pytest.raises(RunError, match="1 blocks whose objects are gone"):
        run_cut(folder, CUT, fuse=False, progress=steal)
    assert not (folder / "smooth.zarr").exists()
    assert run_cut(folder, CUT, fuse=False).computed == 1


def stopped_before_the_last_block(folder):
    """What a run writes, and the store between stages of one that is stopped."""
    run_cut(folder, CUT, fuse=False)
    whole = {name: tree(folder / name) for name in ("out.zarr", "smooth.zarr")}
    clear(folder)
    plan = prepared(folder, CUT, fuse=False).plan
    stopped_after(folder, CUT, plan.blocks - 1, fuse=False)
    (between,) = (folder / "out.zarr.partial").glob("step-*/store")
    return whole, between


def test_a_result_between_stages_that_is_lost_is_made_again(folder):
    whole, between = stopped_before_the_last_block(folder)
    result_store = folder / "out.zarr.partial" / "store" / "density"
    for chunks in (between / "cells" / "c", result_store / "c"):
        next(chunks.rglob("*/*/*")).unlink()  # what reads it is still to be done
    assert run_cut(folder, CUT, fuse=False).computed >= 2
    assert {name: tree(folder / name) for name in whole} == whole


@pytest.mark.parametrize("damaged", [None, b"", b"[]", b"[" * 10**5])
def test_a_result_between_stages_that_nobody_can_open_is_made_again(folder, damaged):
    whole, between = stopped_before_the_last_block(folder)
    metadata = between / "cells" / "zarr.json"
    metadata.unlink() if damaged is None else metadata.write_bytes(damaged)
    result_store = folder / "out.zarr.partial" / "store" / "density"
    next((result_store / "c").rglob("*/*/*")).unlink()  # so that it is to be read
    assert run_cut(folder, CUT, fuse=False).computed >= 2
    assert {name: tree(folder / name) for name in whole} == whole


def test_a_store_between_stages_that_was_begun_and_no_more_is_no_hindrance(
    folder, monkeypatch
):
    run_cut(folder, CUT, fuse=False)
    whole = {name: tree(folder / name) for name in ("out.zarr", "smooth.zarr")}
    clear(folder)
    put = Folder.put

    def crash(self, key, *words):
        if "step-" in self.where and key != "zarr.json":
            raise KeyboardInterrupt
        put(self, key, *words)

    with monkeypatch.context() as patch:
        patch.setattr(Folder, "put", crash)
        with pytest.raises(KeyboardInterrupt):
            run_cut(folder, CUT, fuse=False)
    assert list((folder / "out.zarr.partial").glob("step-*/store/zarr.json"))
    run_cut(folder, CUT, fuse=False)
    assert {name: tree(folder / name) for name in whole} == whole


def test_what_another_cut_stores_in_other_chunks_is_told_of_and_done_anew(
    folder, caplog
):
    run_cut(folder, CUT, fuse=False)
    whole = tree(folder / "smooth.zarr")
    clear(folder)
    stopped_after(folder, CUT, 0, fuse=True)
    stopped_after(folder, CUT, 0, fuse=False)
    assert not caplog.text
    stopped_after(folder, CUT, 3, fuse=False)
    stopped_after(folder, CUT, 3, fuse=True)
    assert caplog.text.count("out.zarr: what was done is discarded") == 1
    run_cut(folder, CUT, fuse=False)
    assert caplog.text.count("out.zarr: what was done is discarded") == 2
    assert tree(folder / "smooth.zarr") == whole


# what is done, and other cuts

LONG = (
    HEAD
    + """
  - gaussian: {sigma: 1, save: smooth.zarr}
  - median_pool: {size: 3, stride: 1, padding: same, boundary: edge}
  - box: {size: {z: 2}, stride: {z: 2}}
output: {path: out.zarr, codec: none}
"""
)
"""The save and the result are stored in the same chunks, under every cut."""


@pytest.fixture
def long(tmp_path):
    cells = np.random.default_rng(2).random((160, 6)).astype("float32")
    array = xr.DataArray(cells, dims=("z", "y"), name="density").chunk(z=4, y=6)
    array.to_dataset().to_zarr(tmp_path / "in.zarr", zarr_format=3, consolidated=False)
    return tmp_path


def objects(folder):
    """Files of all objects that a run which is not complete has written."""
    stores = [*folder.glob("*.partial/store"), *folder.glob("*.partial/*/store")]
    return {file for store in stores for file in store.glob("*/c/*/*")}


@pytest.mark.parametrize("fuse", [True, False])
def test_what_is_done_of_outputs_counts_under_another_cut(long, fuse):
    run_cut(long, LONG, fuse=fuse)
    names = "out.zarr", "smooth.zarr"
    whole = {name: tree(long / name) for name in names}
    clear(long)
    blocks = prepared(long, LONG, fuse=fuse).plan.blocks
    stopped_after(long, LONG, blocks - 1, fuse=fuse)
    before = status_of(str(long / "out.zarr"))
    assert before.done > len(whole["smooth.zarr"]) - 5
    stopped_after(long, LONG, 0, fuse=not fuse)  # it says what it is to do, and no more
    after = status_of(str(long / "out.zarr"))
    assert (after.done, after.objects) == (before.done, before.objects)
    assert run_cut(long, LONG, fuse=not fuse).kept > 0
    assert {name: tree(long / name) for name in names} == whole


@pytest.fixture
def marking_once(monkeypatch):
    """Each journal has a mark behind its first block, and none later unless complete."""
    append = FileJournal.append
    marked: set[FileJournal] = set()
    safe: set[Path] = set()

    def append_and_mark(self, *records):
        for record in records:
            append(self, record)
            if self not in marked:
                self.make_safe()
            marked.add(self)

    def noted(objects):
        safe.update(place.path / key for place, key in objects)
        make_safe(objects)

    with monkeypatch.context() as patch:
        patch.setattr("volconv.run.journal_file.BATCH", 3600)
        patch.setattr("volconv.run.journal_file.make_safe", noted)
        patch.setattr(FileJournal, "append", append_and_mark)
        yield safe


@pytest.mark.parametrize("fuse", [True, False])
def test_what_a_crash_has_torn_is_noticed_under_another_cut(long, marking_once, fuse):
    """Also an object of the result where one of the save by its key and size is safe."""
    run_cut(long, LONG, fuse=fuse)
    names = "out.zarr", "smooth.zarr"
    whole = {name: tree(long / name) for name in names}
    clear(long)
    marking_once.clear()
    blocks = prepared(long, LONG, fuse=fuse).plan.blocks
    stopped_after(long, LONG, blocks - 1, fuse=fuse)
    torn = objects(long) - marking_once
    assert marking_once
    assert any("out.zarr" in str(file) for file in torn)
    for file in torn:
        file.write_bytes(bytes(file.stat().st_size))
    run_cut(long, LONG, fuse=not fuse)
    assert {name: tree(long / name) for name in names} == whole
