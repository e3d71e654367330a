"""Models with inputs and outputs that the package onnx carries, run through our door."""

import importlib
import tempfile
from functools import lru_cache
from pathlib import Path

import numpy as np
import onnx
import xarray as xr
from onnx import numpy_helper
from onnx.backend.test.case import node as cases

import volconv

SPATIAL = ("z", "y", "x")
CONVERTED = Path(onnx.__file__).parent / "backend/test/data/pytorch-converted"


@lru_cache
def node_cases(module):
    """Cases of a module of the ONNX node tests: model, inputs and expected output.

    Importing a module collects its cases, and makes their outputs by loops.
    """
    before = len(cases._NodeTestCases)
    importlib.import_module(f"{cases.__name__}.{module}")
    found = cases._NodeTestCases[before:]
    return {
        case.name: (case.model, case.data_sets[0][0], case.data_sets[0][1][0])
        for case in found
        if not case.name.endswith("_expanded")
    }


def converted_case(name):
    """A model that PyTorch wrote, with its first data set."""
    folder = CONVERTED / name
    arrays = []
    for what in ("input_0.pb", "output_0.pb"):
        tensor = onnx.TensorProto()
        tensor.ParseFromString((folder / "test_data_set_0" / what).read_bytes())
        arrays.append(numpy_helper.to_array(tensor))
    return onnx.load(folder / "model.onnx"), arrays[:1], arrays[1]


def labelled(values):
    """An array with a name for each of its axes: batch, channel, then spatial ones."""
    spatial = SPATIAL[5 - values.ndim :]
    return xr.DataArray(values, dims=("batch", "channel", *spatial)), spatial


def run(model, inputs, path, **options):
    """What a model makes of its first input, the others in the file as constants."""
    model = onnx.ModelProto.FromString(model.SerializeToString())
    names = [one.name for one in model.graph.input]
    for name, values in list(zip(names, inputs, strict=False))[1:]:
        model.graph.initializer.append(numpy_helper.from_array(values, name))
    onnx.save(model, path)
    data, spatial = labelled(np.asarray(inputs[0]))
    return volconv.onnx(data, path, dims=spatial, **options)


@lru_cache
def scratch():
    """A folder for files that a test writes and reads at once."""
    return tempfile.mkdtemp()


def close(found, expected, tolerance, name=""):
    """Refuse what differs by more than a share of the expected value, or an amount."""
    share, amount = tolerance
    np.testing.assert_allclose(
        found, expected, rtol=share, atol=amount, err_msg=name, strict=True
    )
