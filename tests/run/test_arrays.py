"""Weights of steps in files, as NumPy, safetensors and ONNX write them."""

import ml_dtypes
import numpy as np
import onnx
import pytest
import safetensors.numpy
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper, numpy_helper

import volconv
from tests.network.published import scratch
from tests.oracle import same_bits
from tests.run.conftest import prepared
from volconv import files
from volconv.config import parse_config
from volconv.errors import (
    ConfigError,
    InputError,
    KernelError,
    KindError,
    NumberError,
    OutputError,
    PlanMismatch,
)
from volconv.meta import ArrayMeta
from volconv.run.arrays import ArrayReader
from volconv.run.runner import run_plan
from volconv.steps.conv import Conv
from volconv.steps.files import ARRAY_FILES, ArrayFile

RANDOM = np.random.default_rng(3)

ARRAYS = {
    "weight": RANDOM.standard_normal((4, 2, 3, 3)).astype("float32"),
    "bias": RANDOM.standard_normal(4).astype("float32"),
    "up": RANDOM.standard_normal((4, 3, 2, 2)).astype("float16"),
    "mean": RANDOM.standard_normal(3),
    "variance": RANDOM.random(3) + 1,
    "gain": np.array([1, 2, 3], "int64"),
    "slope": RANDOM.standard_normal(3).astype("float32"),
    "psf": RANDOM.standard_normal((3, 3)),
}

STEPS = """
version: 1
input: {path: in.zarr}
steps:
  - correlate: {kernel: PSF, dims: [y, x], padding: same}
  - conv: {weight: WEIGHT, bias: BIAS, padding: 1}
  - conv_transpose: {weight: UP, stride: 2}
  - batch_norm: {mean: MEAN, variance: VARIANCE, weight: GAIN}
  - prelu: {weight: SLOPE}
output: {path: out.zarr, chunks: {y: 5, x: 7}}
"""


def write_npz(path, arrays):
    np.savez(path, **arrays)


def write_onnx(path, arrays):
    tensors = [numpy_helper.from_array(value, name) for name, value in arrays.items()]
    rest = {"name": "kept", "doc_string": ""}
    node = helper.make_node("Identity", ["a"], ["b"])
    graph = helper.make_graph(
        [node], inputs=[], outputs=[], initializer=tensors, **rest
    )
    onnx.save(helper.make_model(graph), path)


WRITERS = {
    ".npz": write_npz,
    ".safetensors": lambda path, arrays: safetensors.numpy.save_file(arrays, path),
    ".onnx": write_onnx,
}


@pytest.fixture
def folder(tmp_path):
    values = RANDOM.standard_normal((2, 13, 14)).astype("float32")
    data = xr.DataArray(values, dims=("channel", "y", "x"), name="scan")
    store = data.to_dataset().chunk(y=5, x=6)
    store.to_zarr(tmp_path / "in.zarr", consolidated=False)
    return tmp_path


def in_file(file):
    """The configuration with its arrays in one file; an own file for each of .npy."""
    text = STEPS
    for name in ARRAYS:
        place = f"{name}.npy" if file == ".npy" else f"net{file}, name: {name}"
        text = text.replace(name.upper(), f"{{path: {place}}}")
    return text


def written_out():
    text = STEPS
    for name, values in ARRAYS.items():
        text = text.replace(name.upper(), str(values.tolist()))
    return text


def one_step(step):
    before = STEPS[: STEPS.index("steps:")]
    return f"{before}steps: [{{{step}}}]\noutput: {{path: out.zarr}}"


def write(folder, file):
    if file == ".npy":
        for name, values in ARRAYS.items():
            np.save(folder / f"{name}.npy", values)
    else:
        WRITERS[file](folder / f"net{file}", ARRAYS)


def run(folder, text, **options):
    ready = prepared(folder, text)
    return run_plan(ready.plan, ready.source, ready.labels, **options)


def test_a_run_with_files_is_that_with_their_numbers(folder):
    expected = prepared(folder, written_out()).plan.fingerprint
    for file in ARRAY_FILES:
        write(folder, file)
        assert prepared(folder, in_file(file)).plan.fingerprint == expected
    run(folder, in_file(".npz"))
    found = xr.open_zarr(folder / "out.zarr", consolidated=False).scan.load()
    data = xr.open_zarr(folder / "in.zarr", consolidated=False).scan.load()
    data = volconv.correlate(data, ARRAYS["psf"], dims=("y", "x"), padding="same")
    data = volconv.conv(data, ARRAYS["weight"], ARRAYS["bias"], padding=1)
    data = volconv.conv_transpose(data, ARRAYS["up"], stride=2)
    data = volconv.batch_norm(data, *(ARRAYS[k] for k in ("mean", "variance", "gain")))
    data = volconv.prelu(data, ARRAYS["slope"])
    assert same_bits(found.values, data.values)


def test_other_numbers_in_a_file_are_another_run(folder):
    text = one_step("prelu: {weight: {path: net.npz, name: w}}")
    np.savez(folder / "net.npz", w=[1, 2])
    run(folder, text)
    np.savez(folder / "net.npz", w=[1, 3])
    with pytest.raises(PlanMismatch, match=r"step 1 \(prelu\) differ"):
        run(folder, text)
    np.savez(folder / "net.npz", w=[1, 2], more=np.ones(3))
    assert run(folder, text).computed == 0


def test_kernels_of_a_bank_may_be_files(folder):
    np.save(folder / "slope.npy", np.array([-0.5, 0, 0.5]))
    bank = "correlate_bank: {kernels: {a: {path: slope.npy}, b: [1, -2, 1]}, dims: x}"
    text = one_step(bank)
    numbers = text.replace("{path: slope.npy}", "[-0.5, 0, 0.5]")
    ready = [prepared(folder, one).plan.fingerprint for one in (text, numbers)]
    assert ready[0] == ready[1]
    listed = text.replace(
        "{a: {path: slope.npy}, b: [1, -2, 1]}", "[{path: slope.npy}]"
    )
    assert len(prepared(folder, listed).plan.pipeline.steps[0].kernels) == 1


@settings(max_examples=40)
@given(
    st.sampled_from([*WRITERS]),
    st.sampled_from(
        ["float16", "float32", "float64", "int8", "uint16", "int64", "bf16"]
    ),
    st.lists(st.integers(1, 4), min_size=1, max_size=4),
    st.sampled_from(["w", "encoder.0.weight", "a/b"]),
)
def test_arrays_are_read_as_they_were_written(file, dtype, shape, name):
    path = f"{scratch()}/some{file}"
    values = RANDOM.integers(0, 100, shape) / (1 if "int" in dtype else 4)
    if dtype != "bf16":
        values = values.astype(dtype)
    elif file == ".npz":
        values = values.astype("float32")  # numpy writes no bfloat16 that it reads
    else:
        values = values.astype(ml_dtypes.bfloat16)
    WRITERS[file](path, {"other": np.ones(2), name: values})
    found = ArrayReader()(ArrayFile(path=str(path), name=name))
    wanted = values.astype("float32") if dtype == "bf16" else values
    assert found.dtype == wanted.dtype
    assert same_bits(found, wanted)


def test_the_one_array_of_a_file_needs_no_name(folder):
    read = ArrayReader()
    for file, write_file in WRITERS.items():
        write_file(folder / f"one{file}", {"only": np.ones(3)})
        assert read(ArrayFile(path=f"{folder}/one{file}")).tolist() == [1, 1, 1]
    np.save(folder / "one.npy", np.ones(3))
    with pytest.raises(InputError, match=r"got name 'a'; expected no name: the file"):
        read(ArrayFile(path=f"{folder}/one.npy", name="a"))


def test_tensors_of_onnx_may_lie_beside_the_file_or_be_made_by_its_nodes(folder):
    value = numpy_helper.from_array(np.arange(64.0), "beside")
    made = helper.make_node("Neg", ["beside"], ["made"])
    graph = helper.make_graph([made], "kept", [], [], initializer=[value])
    beside = {
        "save_as_external_data": True,
        "location": "rest.bin",
        "size_threshold": 0,
    }
    onnx.save(helper.make_model(graph), folder / "a.onnx", **beside)
    assert (folder / "rest.bin").exists()
    read = ArrayReader()
    for name, wanted in (("beside", np.arange(64.0)), ("made", -np.arange(64.0))):
        assert (read(ArrayFile(path=f"{folder}/a.onnx", name=name)) == wanted).all()


def one_conv(weight):
    return one_step(f"conv: {{weight: {weight}}}")


@pytest.mark.parametrize("file", ARRAY_FILES)
def test_files_that_are_none_are_refused(folder, file):
    text = one_conv(f"{{path: net{file}, name: weight}}")
    with pytest.raises(InputError, match=r"step 1 \(conv\), weight, .*: got no such"):
        prepared(folder, text)
    (folder / f"net{file}").write_bytes(b"weights")
    with pytest.raises(InputError, match="got a file of another format"):
        prepared(folder, text)
    (folder / f"net{file}").unlink()
    (folder / f"net{file}").mkdir()
    with pytest.raises(InputError, match=r"is a directory|no such device|permission"):
        prepared(folder, text)


def test_python_objects_are_refused_and_not_run(folder):
    np.save(folder / "a.npy", np.array([print], object), allow_pickle=True)
    np.savez(folder / "a.npz", a=np.array([print], object))
    for file in ("a.npy", "a.npz"):
        with pytest.raises(InputError, match="got Python objects, which are code"):
            prepared(folder, one_conv(f"{{path: {file}}}"))


def test_files_of_the_other_kind_of_numpy_are_refused(folder):
    np.save(folder / "a.npy", np.ones(3))
    np.savez(folder / "b.npz", a=np.ones(3))
    (folder / "a.npy").rename(folder / "a.npz")
    (folder / "b.npz").rename(folder / "b.npy")
    for file in ("a.npz", "b.npy"):
        with pytest.raises(InputError, match="got a file of another format"):
            prepared(folder, one_conv(f"{{path: {file}}}"))


@pytest.mark.parametrize("file", WRITERS)
def test_names_that_are_not_there_are_told_with_those_that_are(folder, file):
    many = {f"layer{n}.weight": np.ones(1) for n in range(12)}
    WRITERS[file](folder / f"net{file}", many)
    match = r"got no array 'layer1.wieght'; .* did you mean 'layer1\.weight'"
    with pytest.raises(InputError, match=match):
        prepared(folder, one_conv(f"{{path: net{file}, name: layer1.wieght}}"))
    match = r"got 12 arrays and no name; expected the name of one of them .*and 4 more"
    with pytest.raises(InputError, match=match):
        prepared(folder, one_conv(f"{{path: net{file}}}"))


def test_arrays_that_do_not_fit_are_refused(folder):
    np.save(folder / "flat.npy", np.ones((3, 3)))
    with pytest.raises(KernelError, match=r"weight: got float64 of shape \(3, 3\)"):
        prepared(folder, one_conv("{path: flat.npy}"))
    np.save(folder / "three.npy", np.ones((3, 3, 3, 3)))
    with pytest.raises(KernelError, match="3 input channels in each of 1 groups"):
        prepared(folder, one_conv("{path: three.npy}"))
    np.save(folder / "complex.npy", np.ones((1, 2, 3, 3)) * 1j)
    with pytest.raises(KernelError, match=r"weight: got complex128 of shape"):
        prepared(folder, one_conv("{path: complex.npy}"))
    np.save(folder / "text.npy", np.array(["1"]))
    with pytest.raises(NumberError, match=r"weight, .*text.npy: got dtype <U1"):
        prepared(folder, one_conv("{path: text.npy}"))
    quarter = {"w": np.ones((1, 2, 3, 3)).astype(ml_dtypes.float8_e4m3fn)}
    write_onnx(folder / "quarter.onnx", quarter)
    with pytest.raises(NumberError, match=r"got dtype float8_e4m3fn; .* or bfloat16"):
        prepared(folder, one_conv("{path: quarter.onnx}"))
    norm = one_step("prelu: {weight: {path: flat.npy}}")
    with pytest.raises(KindError, match=r"weight: got \[1\.0, 1\.0, 1\.0\]"):
        prepared(folder, norm)


@pytest.mark.parametrize(
    ("weight", "match"),
    [
        ("{path: net.pt}", r"weight.path: got 'net.pt'; .*safetensors.torch.save_file"),
        (
            "{path: net}",
            "expected a file that ends with .npy, .npz, .safetensors, .onnx",
        ),
        ("{pth: net.npz}", r"unknown key steps.1.conv.weight.pth. Did you mean 'path'"),
        ("{path: a.npz, nmae: w}", r"steps.1.conv.weight.nmae. Did you mean 'name'"),
        ("{path: a.npz, name: 3}", r"steps.1.conv.weight.name: got 3; expected a text"),
        ("net.npz", "steps.1.conv.weight: got "),
    ],
)
def test_the_text_is_refused_before_any_file_is_opened(weight, match):
    with pytest.raises(ConfigError, match=match):
        parse_config(one_conv(weight))


def test_a_url_is_refused_and_so_is_a_file_that_would_be_overwritten(folder):
    with pytest.raises(InputError, match=r"got a URL; .* copy it here"):
        prepared(folder, one_conv("{path: 's3://bucket/net.npz'}"))
    text = one_conv("{path: out.zarr/net.npz}")
    with pytest.raises(OutputError, match="lies in the array"):
        prepared(folder, text)


@pytest.mark.parametrize("file", [".safetensors", ".onnx"])
def test_a_missing_library_is_named_with_its_mend(folder, file, monkeypatch):
    write(folder, file)
    monkeypatch.setattr(files, "find_spec", {}.get)
    with pytest.raises(KindError, match=f"pip install {file[1:]}"):
        prepared(folder, in_file(file).replace("PSF", "[[1]]"))


def test_settings_whose_file_nobody_has_read_say_so():
    step = Conv(weight={"path": "net.npz"})
    with pytest.raises(InputError, match=r"weight, 'net.npz': got a file that"):
        step.resolve_all([ArrayMeta((), "float32")])
