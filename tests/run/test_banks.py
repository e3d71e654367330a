"""Runs with a bank of kernels: bytes of the functions, and each chunk decoded once."""

import itertools
import shutil
from collections import Counter

import pytest
import xarray as xr
import zarr
from numpy.testing import assert_array_equal

import volconv
from tests.run.conftest import prepared, stopping_at
from tests.run.runs import result, run, tree
from volconv.errors import DimError
from volconv.io import ZarrSource, source
from volconv.plan import search
from volconv.plan.memory import COMPILER
from volconv.plan.report import plan_json, plan_text
from volconv.plan.stage import PROCESS_MEMORY
from volconv.run.holdings import Holdings
from volconv.run.runner import run_plan

HEAD = """
version: 1
input: {path: in.zarr}
steps:
"""
BANK = (
    HEAD
    + """
  - correlate_bank:
      kernels: {slope: [-1, 0, 1], bend: [1, -2, 1], mean: [0.25, 0.5, 0.25]}
      dims: x
      padding: same
      boundary: wrap
output: {path: out.zarr}
"""
)
CHAIN = (
    HEAD
    + """
  - gaussian: {sigma: 0.6, boundary: edge, save: smooth.zarr}
  - correlate_bank:
      kernels: [[[1, 2], [0, 1]], [[0, 1], [-1, 0]], [[2, 2], [2, 2]]]
      dims: [y, x]
      stride: {y: 2}
      save: bank.zarr
  - max_pool: {size: {kernel: 2}, stride: {kernel: 1}, padding: valid}
  - box: {size: {z: 2}}
output: {path: out.zarr, chunks: {kernel: 1, z: 3, y: 3, x: 5}}
"""
)
BRANCHES = (
    HEAD
    + """
  - correlate_bank: {kernels: [[1, 1], [1, -1]], dims: x, save: bank.zarr, name: bank}
  - correlate_bank: {kernels: [[3], [5], [7]], dims: z, dim: level, save: both.zarr}
  - square: {from: input}
output: {path: out.zarr}
"""
)
KERNELS = {"slope": [-1.0, 0, 1], "bend": [1.0, -2, 1], "mean": [0.25, 0.5, 0.25]}


def values(folder, name):
    return result(folder, f"{name}.zarr").density


@pytest.mark.parametrize("piece", [4, 8 * 2**20])
def test_a_run_writes_what_the_function_computes_bit_for_bit(
    folder, volume, monkeypatch, piece
):
    monkeypatch.setattr(source, "PIECE", piece)
    run(folder, BANK)
    found = values(folder, "out")
    expected = volconv.correlate_bank(
        volume, KERNELS, dims="x", padding="same", boundary="wrap"
    )
    assert found.dims == ("kernel", "z", "y", "x")
    assert found.values.tobytes() == expected.values.tobytes()
    assert found.kernel.values.tolist() == ["slope", "bend", "mean"]
    assert_array_equal(found.z, volume.z)
    assert found.encoding["preferred_chunks"] == {"kernel": 1, "z": 4, "y": 5, "x": 6}


def decoded(folder, monkeypatch, text, **limits):
    """How often each chunk of the input is read in a run."""
    found: Counter[tuple[int, ...]] = Counter()
    read = ZarrSource.read

    def counted(self, box, **options):
        if self.path.endswith("in.zarr"):
            sides = zip(box[-3:], (4, 5, 6), strict=True)
            found.update(
                itertools.product(
                    *(range(s.start // n, -(-s.stop // n)) for s, n in sides)
                )
            )
        return read(self, box, **options)

    monkeypatch.setattr(ZarrSource, "read", counted)
    run(folder, text, limits=limits)
    return found


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("chunks", ["{}", "{chunks: {kernel: 2, z: 2, y: 3}}"])
def test_each_chunk_is_decoded_once_for_all_kernels(
    folder, monkeypatch, workers, chunks
):
    monkeypatch.setattr(search, "FRUGAL", 0)  # memory is not to be saved
    # a thread that the system has wait for eight turns would find its chunks let go of
    monkeypatch.setattr(Holdings, "forget", lambda *_: None)
    text = BANK.replace("path: out.zarr}", f"path: out.zarr, {chunks[1:-1]}}}")
    found = decoded(folder, monkeypatch, text, workers=workers)
    assert set(found) == set(itertools.product(range(3), range(3), range(3)))
    assert set(found.values()) == {1}


def test_the_plan_says_so(folder):
    ready = prepared(folder, BANK)
    assert ready.plan.read_amplification == 1
    assert ready.plan.source.own.dims == ("z", "y", "x")
    text = plan_text(ready.plan, ready.coords)
    assert "input    z 9, y 14, x 13  float32  in chunks of 4 x 5 x 6" in text
    assert "step 1   correlate_bank -> kernel 3, z 9, y 14, x 13  float32" in text
    assert "kernel: new, 3 cells" in text
    assert "kernel: slope … mean" in text
    assert "3 kernels over one padded block" in text
    told = plan_json(ready.plan, ready.coords)
    assert told["input"] == {
        "sizes": {"z": 9, "y": 14, "x": 13},
        "dtype": "float32",
        "chunks": [4, 5, 6],
    }
    assert told["output"]["chunks"] == [1, 4, 5, 6]


def test_memory_for_one_kernel_alone_suffices(folder, volume):
    """Blocks are cut along the new dimension where the results of all do not fit."""
    big = xr.concat([volume] * 8, "y").assign_coords(z=volume.z)
    big = xr.concat([big] * 12, "z").drop_vars(["z", "x"]).astype("float64")
    shutil.rmtree(folder / "in.zarr")
    big.to_dataset(name="density").chunk(z=54, y=112).to_zarr(
        folder / "in.zarr", zarr_format=3, consolidated=False
    )
    text = BANK.replace("mean:", "more: [1, 1, 1], less: [2, 1, 2], mean:")
    wide = prepared(folder, text, workers=1, memory=2**30).plan
    assert wide.stages[0].grid.block[0] == 5
    limit = PROCESS_MEMORY + COMPILER + 3 * 2**20
    narrow = prepared(folder, text, workers=1, memory=limit).plan
    assert narrow.stages[0].grid.block[0] < 5
    assert narrow.peak_bytes <= limit


@pytest.mark.parametrize("fuse", [True, False])
def test_steps_before_and_after_a_bank(folder, volume, fuse):
    ready = prepared(folder, CHAIN, fuse=fuse)
    assert len(ready.plan.stages) == (1 if fuse else 4)
    run_plan(ready.plan, ready.source, ready.labels)
    smooth = volconv.gaussian(volume, 0.6, boundary="edge")
    kernels = [[[1, 2], [0, 1]], [[0, 1], [-1, 0]], [[2, 2], [2, 2]]]
    bank = volconv.correlate_bank(smooth, kernels, dims=("y", "x"), stride={"y": 2})
    most = volconv.max_pool(bank, {"kernel": 2}, stride={"kernel": 1}, padding="valid")
    expected = volconv.box(most, {"z": 2})
    for name, one in (("smooth", smooth), ("bank", bank), ("out", expected)):
        found = values(folder, name)
        assert found.dims == one.dims
        assert found.values.tobytes() == one.values.tobytes()
        assert_array_equal(found.z, one.z)


def test_what_comes_before_a_bank_is_saved_once_where_blocks_share_it(folder):
    run(folder, CHAIN)
    whole = {name: tree(folder / f"{name}.zarr") for name in ("smooth", "bank", "out")}
    for name in whole:
        shutil.rmtree(folder / f"{name}.zarr")
    limits = {"workers": 48}
    (stage,) = prepared(folder, CHAIN, **limits).plan.stages
    assert stage.grid.counts[0] == 2
    for write in stage.writes:
        blocks = range(stage.grid.total)
        every = [unit for n in blocks for unit in write.objects(stage.grid, n)]
        assert len(every) == len(set(every)) == write.objects_in_all
    run(folder, CHAIN, limits=limits)
    assert {name: tree(folder / f"{name}.zarr") for name in whole} == whole


def test_branches_that_lack_a_new_dimension_are_stored_without_it(folder, volume):
    run(folder, BRANCHES)
    bank = volconv.correlate_bank(volume, [[1, 1], [1, -1]], dims="x")
    both = volconv.correlate_bank(bank, [[3], [5], [7]], dims="z", dim="level")
    for name, one in (("bank", bank), ("both", both), ("out", volume**2)):
        found = values(folder, name)
        assert found.dims == one.dims
        assert_array_equal(found, one)


def test_an_interrupted_run_goes_on(folder):
    run(folder, CHAIN)
    whole = {name: tree(folder / f"{name}.zarr") for name in ("smooth", "bank", "out")}
    for name in whole:
        shutil.rmtree(folder / f"{name}.zarr")
    with pytest.raises(KeyboardInterrupt):
        run(folder, CHAIN, progress=stopping_at(3))
    outcome = run(folder, CHAIN)
    assert outcome.kept >= 3
    assert {name: tree(folder / f"{name}.zarr") for name in whole} == whole


def test_processes_write_the_same_bytes(folder):
    run(folder, CHAIN)
    whole = tree(folder / "out.zarr")
    for name in ("smooth", "bank", "out"):
        shutil.rmtree(folder / f"{name}.zarr")
    run(folder, CHAIN, on="processes")
    assert tree(folder / "out.zarr") == whole


def test_another_kernel_or_name_is_another_plan(folder):
    plain = prepared(folder, BANK).plan.fingerprint
    for change in (
        ("0.25, 0.5", "0.25, 0.6"),
        ("bend", "curve"),
        ("dims: x", "dims: y"),
    ):
        other = prepared(folder, BANK.replace(*change)).plan.fingerprint
        assert [key for key in plain if plain[key] != other[key]] == [
            "step 1 (correlate_bank)"
        ]


def test_a_dimension_that_the_input_has_cannot_be_made(folder):
    text = BANK.replace("dims: x", "dims: x\n      dim: z")
    with pytest.raises(DimError, match=r"^step 1 \(correlate_bank\), dim: got 'z'"):
        prepared(folder, text)


def test_an_output_s_chunks_name_its_own_dimensions_only(folder):
    text = BRANCHES.replace("path: out.zarr}", "path: out.zarr, chunks: {kernel: 1}}")
    with pytest.raises(DimError, match=r"^output\.chunks: got 'kernel'; expected dim"):
        prepared(folder, text)


def test_text_coordinates_are_read_by_whoever_reads_zarr(folder, recwarn):
    run(folder, BANK)
    stored = zarr.open_array(folder / "out.zarr", path="kernel", mode="r")
    assert list(stored[:]) == ["slope", "bend", "mean"]
    assert not [w for w in recwarn if "specification" in str(w.message)]
