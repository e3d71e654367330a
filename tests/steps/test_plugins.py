"""A plug-in package, installed for real, seen by the command in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import volconv
import volconv.errors
from volconv.config import parse_config

HERE = Path(__file__).parent
TEXT = """\
version: 1
input: {path: in.zarr}
steps:
  - gamma: {exponent: 0.5}
  - spread: {size: {y: 3, x: 3}, padding: same, boundary: edge}
output: {path: out.zarr, chunks: {y: 4, x: 5}}
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The environment of a process that has the plug-in."""
    target = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index"]
    command += ["--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    command += ["--target", str(target), str(HERE.parent / "plugin")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    ours = str(Path(volconv.__file__).parents[1])
    paths = [str(target), ours, os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


@pytest.fixture
def command(installed, tmp_path):
    """Runs the command line where the plug-in is installed."""

    def run(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "volconv", *arguments],
            env=installed,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_without_the_plug_in_its_steps_are_unknown():
    with pytest.raises(
        volconv.errors.ConfigError, match="got 'gamma'; expected one op"
    ):
        parse_config(TEXT)


def test_the_schema_has_the_plug_in_s_steps_and_their_words(command):
    schema = json.loads(command("schema").stdout)
    steps = schema["properties"]["steps"]["items"]["anyOf"][1]["properties"]
    gamma = steps["gamma"]
    assert gamma["required"] == ["exponent"]
    assert gamma["properties"]["exponent"]["description"].startswith("Below 1 it")
    assert "spread" in steps


def stored(folder, values):
    """The configuration, with its input."""
    data = xr.DataArray(values, dims=("y", "x"), name="v")
    data.chunk(y=4, x=4).to_zarr(folder / "in.zarr", consolidated=False)
    (folder / "a.yaml").write_text(TEXT, encoding="utf-8")


def test_a_configuration_that_names_its_steps_is_validated_and_run(command, tmp_path):
    values = np.random.default_rng(0).random((9, 11)).astype("float32")
    stored(tmp_path, values)
    valid = command("validate", "a.yaml")
    assert valid.returncode == 0, valid.stderr
    done = command("run", "a.yaml")
    assert done.returncode == 0, done.stderr
    found = xr.open_zarr(tmp_path / "out.zarr", consolidated=False)["v"]
    root = np.pad(np.sqrt(values), 1, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(root, (3, 3))
    expected = windows.max(axis=(2, 3)) - windows.min(axis=(2, 3))
    np.testing.assert_allclose(found.values, expected, rtol=1e-5, atol=1e-6)
    record = json.loads(found.attrs["volconv"])["steps"]
    assert [step["step"] for step in record] == ["gamma", "spread"]
    assert record[0]["exponent"] == 0.5


def test_a_fault_of_a_plug_in_s_settings_has_its_line(command, tmp_path):
    text = TEXT.replace("exponent: 0.5", "exponent: low")
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    done = command("validate", "a.yaml")
    assert done.returncode == 2
    assert (
        "line 4: steps.1.gamma.exponent: got 'low'; expected one real number."
        in done.stdout + done.stderr
    )


def test_a_run_is_not_gone_on_with_by_another_version_of_the_package(
    command, installed, tmp_path
):
    stored(tmp_path, np.zeros((9, 11), "float32"))
    assert command("run", "a.yaml").returncode == 0
    site = Path(installed["PYTHONPATH"].split(os.pathsep)[0])
    (metadata,) = site.glob("*.dist-info/METADATA")
    text = metadata.read_text()
    metadata.write_text(text.replace("Version: 1.0", "Version: 1.1"))
    try:
        done = command("run", "a.yaml")
    finally:
        metadata.write_text(text)
    assert done.returncode == 4
    assert "another plan (step 1 (gamma), step 2 (spread) differ)" in done.stderr
    assert command("run", "a.yaml").returncode == 0
