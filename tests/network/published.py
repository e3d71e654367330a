"""Models with inputs and outputs that the package onnx carries, run through our door."""

import importlib
import tempfile
import warnings
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
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of casts and quotients that overflow
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


def array_of(values):
    """The values, which some cases have as tensors of ONNX."""
    is_tensor = isinstance(values, onnx.TensorProto)
    return numpy_helper.to_array(values) if is_tensor else np.asarray(values)


def labelled(values):
    """An array with a name for each of its axes: batch, channel, then spatial ones."""
    spatial = SPATIAL[5 - values.ndim :]
    return xr.DataArray(values, dims=("batch", "channel", *spatial)), spatial


def run(model, inputs, path, **options):
    """What a model makes of its first input, the others in the file as constants."""
    model = onnx.ModelProto.FromString(model.SerializeToString())
    first, *rest = (array_of(values) for values in inputs)
    missing = max(0, 3 - first.ndim)  # of functions of single cells: axes of one cell
    for _ in range(missing):
        model.graph.input[0].type.tensor_type.shape.dim.add().dim_value = 1
    names = [one.name for one in model.graph.input]
    for name, values in zip(names[1:], rest, strict=False):
        model.graph.initializer.append(numpy_helper.from_array(values, name))
    onnx.save(model, path)
    data, spatial = labelled(first.reshape(*first.shape, *(1,) * missing))
    found = volconv.onnx(data, path, dims=spatial, **options)
    return found if not missing else found[(..., *(0,) * missing)]


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
