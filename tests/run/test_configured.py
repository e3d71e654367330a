"""Runs from Python: those of the command line, byte for byte."""

import json
import subprocess
import sys
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
import xarray as xr
from dask.distributed import LocalCluster
from scipy import ndimage

import volconv
from volconv.errors import (
    ConfigError,
    GeometryError,
    InputError,
    KindError,
    MemoryPlanError,
    OutputError,
)
from volconv.run.progress import Forward
from volconv.run.threads import run_in_threads


@pytest.fixture
def folder(tmp_path, monkeypatch):
    rng = np.random.default_rng(3)
    cells = rng.normal(size=(20, 24)).astype("f4")
    volume = xr.DataArray(cells, {"x": np.arange(24) * 0.5}, ("y", "x"), "v")
    volume.to_zarr(tmp_path / "in.zarr", consolidated=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def config(output):
    return {
        "version": 1,
        "input": {"path": Path("in.zarr")},
        "steps": [{"correlate": {"kernel": np.ones((3, 3)), "dims": ("y", "x")}}],
        "output": {"path": output, "chunks": {"y": np.int64(8), "x": 8}},
    }


def text_of(output):
    values = config(output)
    values["input"]["path"] = "in.zarr"
    values["steps"][0]["correlate"] = {"kernel": [[1.0] * 3] * 3, "dims": ["y", "x"]}
    values["output"]["chunks"] = {"y": 8, "x": 8}
    return json.dumps(values)


def objects(store):
    return {
        str(path.relative_to(store)): path.read_bytes()
        for path in sorted(store.rglob("*"))
        if path.is_file()
    }


def test_a_mapping_a_file_and_the_command_line_write_the_same(folder):
    outcome = volconv.run_config(config("a.zarr"), memory="1GiB", threads=2)
    assert outcome.computed > outcome.kept == 0
    Path("b.yaml").write_text(text_of("b.zarr"))
    volconv.run_config(folder / "b.yaml", memory=2**30)
    Path("c.yaml").write_text(text_of("c.zarr"))
    command = [sys.executable, "-m", "volconv", "run", "c.yaml"]
    subprocess.run(command, check=True, capture_output=True)
    names = [folder / name for name in ("a.zarr", "b.zarr", "c.zarr")]
    first, *others = map(objects, names)
    for other in others:
        cells = {key for key in first if not key.endswith("zarr.json")}
        assert {key for key in other if not key.endswith("zarr.json")} == cells
        assert all(first[key] == other[key] for key in cells)
    found = xr.open_zarr("a.zarr", consolidated=False)["v"]
    source = xr.open_zarr("in.zarr", consolidated=False)["v"].values
    summed = ndimage.correlate(source.astype("f8"), np.ones((3, 3)))[1:-1, 1:-1]
    np.testing.assert_allclose(found.values, summed, rtol=1e-5, atol=1e-5)
    assert found.x.values[0] == 0.5


def test_it_goes_on_and_begins_anew_where_it_is_told_to(folder):
    told = []
    first = volconv.run_config(
        config("a.zarr"), progress=lambda *done: told.append(done)
    )
    blocks = first.computed
    assert (told[0], told[-1]) == ((0, blocks), (blocks, blocks))
    again = volconv.run_config(config("a.zarr"))
    assert (again.computed, again.kept) == (0, first.computed)
    other = config("a.zarr") | {"steps": ["abs"]}
    with pytest.raises(OutputError):
        volconv.run_config(other)
    assert volconv.run_config(other, restart=True).computed > 0


def test_a_cluster_of_the_user_s_computes_it(folder):
    with LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address=":0"
    ) as cluster:
        outcome = volconv.run_config(config("a.zarr"), on=cluster.scheduler_address)
    assert outcome.computed > 0
    volconv.run_config(config("b.zarr"))
    pairs = zip(*map(objects, (folder / "a.zarr", folder / "b.zarr")), strict=True)
    assert all(one == other for one, other in pairs)


def test_a_script_without_a_main_is_told_what_processes_need(folder):
    """Processes import the script, and would each begin the run again."""
    lines = ["import volconv"]
    call = f"volconv.run_config({text_of('a.zarr')}, on='processes', threads=1)"
    Path("script.py").write_text("\n".join([*lines, call]))
    found = subprocess.run(
        [sys.executable, "script.py"], capture_output=True, text=True, check=False
    )
    assert found.returncode == 1
    assert 'Fix: in a script, call below: if __name__ == "__main__":' in found.stderr
    Path("script.py").write_text(
        "\n".join([*lines, 'if __name__ == "__main__":', f"    {call}"])
    )
    subprocess.run([sys.executable, "script.py"], check=True)
    assert Path("a.zarr").exists()


@pytest.mark.parametrize(
    ("change", "options", "kind", "message"),
    [
        (
            {"steps": [{"gausian": {"sigma": 1}}]},
            {},
            ConfigError,
            "^steps.1: .*mean 'gaus",
        ),
        ({"version": None}, {}, ConfigError, "^version: got nothing; expected 1"),
        ({"about": object()}, {}, KindError, "a value of type object"),
        ({"about": np.float32}, {}, KindError, "a value of type type"),
        ({}, {"memory": "much"}, KindError, "^memory: got 'much'; expected a size"),
        ({}, {"threads": 0}, GeometryError, "^threads: got 0; expected a whole"),
        ({}, {"threads": "2"}, KindError, "^threads: got '2'; expected a whole number"),
        (
            {},
            {"restart": "no"},
            KindError,
            "^restart: got 'no'; expected true or false",
        ),
        ({}, {"fuse": None}, KindError, "^fuse: got None; expected true or false"),
        ({}, {"memory": "1MiB"}, MemoryPlanError, r"Fix: memory='\d+MiB'"),
    ],
)
def test_faults_are_told_without_lines(folder, change, options, kind, message):
    with pytest.raises(kind, match=message):
        volconv.run_config(config("a.zarr") | change, **options)


def test_in_a_folder_that_was_removed_whole_paths_go_on_and_others_are_told(
    folder, monkeypatch
):
    gone = folder / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    whole = config(f"{folder}/a.zarr")
    with pytest.raises(InputError, match=r"^'in\.zarr': .* a folder that was removed"):
        volconv.run_config(whole)
    whole["input"] = {"path": f"{folder}/in.zarr"}
    assert volconv.run_config(whole).computed > 0


def test_what_is_no_configuration_is_refused():
    with pytest.raises(KindError, match="config: got int; expected a path"):
        volconv.run_config(3)


def test_any_mapping_is_a_configuration(folder):
    whole = config("a.zarr")
    whole["input"] = MappingProxyType(whole["input"])
    assert volconv.run_config(MappingProxyType(whole)).computed


def test_no_more_threads_are_started_than_there_are_tasks(folder, monkeypatch):
    begun: list[int] = []

    def seen(work, turns, threads, *more):
        begun.append(threads)
        return run_in_threads(work, turns, min(threads, 64), *more)

    monkeypatch.setattr("volconv.run.cluster.run_in_threads", seen)
    outcome = volconv.run_config(config("a.zarr"), threads=10**9)
    assert begun == [outcome.computed]


def test_progress_never_goes_back():
    told: list[tuple[float, int]] = []
    forward = Forward(lambda *done: told.append(done), 4)
    for done in (0, 0.0, 1.75, 0.75, 1, 1.5, 2, 2.25, 4):
        forward(done)
    assert told == [(0, 4), (1.75, 4), (2, 4), (2.25, 4), (4, 4)]
