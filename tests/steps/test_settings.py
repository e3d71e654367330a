"""Settings become the same steps as the functions' keywords."""

import importlib
import inspect
import json
import pkgutil
import threading
from importlib.metadata import EntryPoint

import pytest
from hypothesis import given
from pydantic import ValidationError

import volconv
import volconv.steps
from tests.config.strategies import steps
from volconv.errors import DimError, KernelError, VolconvError
from volconv.meta import ArrayMeta, Axis
from volconv.steps import WindowOptions, registry
from volconv.steps.box import Box, BoxKernel, box_step
from volconv.steps.correlate import Convolve, Correlate, convolve_step, correlate_step
from volconv.steps.gaussian import Gaussian, gaussian_step
from volconv.steps.joining import JoinSettings
from volconv.steps.optional import lengths_of
from volconv.steps.registry import step_classes, steps_in
from volconv.steps.settings import SHARED

META = ArrayMeta(
    (Axis("z", 40, 2.0, "mm"), Axis("y", 60, 0.5, "mm"), Axis("x", 50, 0.5, "mm")),
    "float32",
)


def test_every_key_is_a_keyword_of_the_function_with_the_same_default():
    joins = {n for n, kind in step_classes().items() if issubclass(kind, JoinSettings)}
    others = {"__version__", "Window", "errors", "run_config", "set_options"}
    others |= {"map_windows", "output_affine", "output_transformations"}
    functions = set(volconv.__all__) - others
    assert functions == set(step_classes()) - joins
    for name in functions:
        keywords = dict(inspect.signature(getattr(volconv, name)).parameters)
        del keywords["data"], keywords["keep_attrs"]
        fields = step_classes()[name].by_key()
        fields = {key: field for key, field in fields.items() if key not in SHARED}
        assert set(fields) == set(keywords)
        for key, field in fields.items():
            default = keywords[key].default
            if field.is_required():
                assert default is inspect.Parameter.empty
            else:
                assert field.default == default


def test_a_gaussian_is_the_functions_gaussian():
    step = Gaussian(sigma="1 mm", dims="y").resolve(META)
    options = WindowOptions(
        padding="same", boundary="symmetric", default_boundary="symmetric"
    )
    assert step.describe() == gaussian_step(META, "1 mm", ["y"], 4, options).describe()
    assert step.kernel.sizes == {"y": 17}
    assert step.target.shape == META.shape


def test_a_box_is_the_functions_box():
    step = Box(size={"x": 2}, stride={"x": 2}, padding="valid").resolve(META)
    options = WindowOptions(
        stride={"x": 2}, boundary="symmetric", default_boundary="symmetric"
    )
    assert step.describe() == box_step(META, {"x": 2}, None, options).describe()


def test_every_option_reaches_the_step():
    settings = Correlate(
        kernel=[[1.0, 2.0], [3.0, 4.0]],
        dims=["y", "x"],
        stride={"x": 2},
        padding={"y": [1, 2]},
        dilation=3,
        boundary={"y": "wrap"},
        fill_value=7.0,
        dtype="float64",
        engine="reference",
    )
    options = WindowOptions(
        {"x": 2}, {"y": (1, 2)}, 3, {"y": "wrap"}, 7.0, "float64", "reference"
    )
    kernel = [[1.0, 2.0], [3.0, 4.0]]
    assert settings.options() == options
    assert (
        settings.resolve(META).describe()
        == correlate_step(META, kernel, ["y", "x"], options).describe()
    )


def test_convolve_flips_what_correlate_does_not():
    step = Convolve(kernel=[1, 2, 3], dims="x").resolve(META)
    assert step.name == "convolve"
    assert step.kernel.weights.tolist() == [3, 2, 1]
    options = WindowOptions()
    assert step.describe() == convolve_step(META, [1, 2, 3], "x", options).describe()


def test_a_dimension_left_out_has_the_steps_own_boundary():
    gaussian = Gaussian(sigma=1, boundary={"x": "wrap"}).resolve(META)
    assert dict(gaussian.boundaries.kinds) == {
        "z": "symmetric",
        "y": "symmetric",
        "x": "wrap",
    }
    correlate = Correlate(kernel={"box": 2}, boundary={"x": "wrap"}).resolve(META)
    assert correlate.boundaries["y"] == "constant"


def test_a_named_kernel_keeps_its_factors():
    step = Correlate(
        kernel={"gaussian": {"sigma": "1 mm", "truncate": 2}}, dims=["z", "y"]
    ).resolve(META)
    assert step.name == "correlate"
    assert step.kernel.sizes == {"z": 3, "y": 9}
    assert step.kernel.is_separable
    box = Correlate(kernel={"box": {"x": 2, "y": 4}}).resolve(META)
    assert box.kernel.sizes == {"x": 2, "y": 4}


def test_what_only_the_input_tells_is_refused_when_resolved():
    with pytest.raises(DimError, match="'t'"):
        Box(size={"t": 3}).resolve(META)


@pytest.mark.parametrize(("sigma", "truncate"), [(1e9, 4), (1e300, 1e300)])
def test_a_kernel_that_would_fill_the_memory_is_refused_before_it_does(sigma, truncate):
    settings = Gaussian(sigma=sigma, truncate=truncate)
    with pytest.raises(KernelError, match="expected at most 16777216 along one"):
        settings.resolve(META)


def test_python_is_refused_with_the_same_words():
    with pytest.raises(ValidationError, match="got 0; expected a whole number of at"):
        Box(size=3, stride=0)
    with pytest.raises(ValidationError, match="unknown key; expected one of"):
        Box.model_validate({"size": 3, "strides": 1})


def test_settings_are_frozen():
    with pytest.raises(ValidationError, match="frozen"):
        Box(size=3).size = 4  # type: ignore[misc]


@given(steps)
def test_any_valid_step_resolves_or_says_why_not(values):
    ((name, settings),) = values.items()
    step = step_classes()[name].model_validate(settings)
    try:
        resolved = step.resolve(META)
    except VolconvError:
        return
    assert resolved.name == name
    assert resolved.source is META
    assert json.loads(json.dumps(resolved.describe())) == resolved.describe()


OURS = [
    *("abs", "add", "ball", "batch_norm", "box", "cast", "clip", "concat", "conv"),
    *("conv_transpose", "convolve", "correlate", "correlate_bank", "crop"),
    *("difference_of_gaussians", "divide", "elu", "gaussian", "gelu", "gradient"),
    *("gradient_magnitude", "laplace", "leaky_relu", "log", "max_pool", "maximum"),
    *("mean_pool", "median_pool", "min_pool", "minimum", "mode_pool", "multiply"),
    *(
        "normalise",
        "onnx",
        "pad",
        "pad_poles",
        "prelu",
        "relu",
        "scale",
        "sigmoid",
        "sobel",
    ),
    *("softmax", "sqrt", "square", "subtract", "tanh", "threshold", "unsharp"),
    "upsample",
]


def test_the_families_of_this_package_are_found():
    assert list(step_classes()) == OURS
    assert len(step_classes()) == len(OURS)
    assert step_classes()["box"] is Box


def test_the_table_of_families_names_every_step_that_a_module_has():
    found = {}
    for module in pkgutil.iter_modules(volconv.steps.__path__):
        names = steps_in(importlib.import_module(f"volconv.steps.{module.name}"))
        if names:
            found[module.name] = tuple(names)
    assert found == dict(registry.FAMILIES)


def test_a_name_of_this_package_asks_no_plug_in(monkeypatch):
    monkeypatch.setattr(registry, "plug_ins", lambda: pytest.fail("asked"))
    assert step_classes()["box"] is Box
    assert "convolve" in step_classes()


@pytest.fixture
def plug_in(monkeypatch):
    """Makes entry points those of an installed package."""

    def install(**points):
        found = [EntryPoint(name, at, registry.GROUP) for name, at in points.items()]
        monkeypatch.setattr(registry, "entry_points", lambda **_: found)
        registry.plug_ins.cache_clear()
        return registry.step_classes()

    yield install
    registry.plug_ins.cache_clear()


class Sharpen(Box):
    """A plug-in's step."""

    step_name = "sharpen"


def test_an_installed_plug_in_adds_a_step(plug_in):
    assert plug_in(sharpen=f"{__name__}:Sharpen")["sharpen"] is Sharpen


class Unread(Box):
    """A plug-in's step with a key of no type that a text has."""

    step_name = "unread"

    key: threading.Event


@pytest.mark.parametrize(
    ("name", "at", "reason"),
    [
        ("broken", "volconv.no_such_module:Step", "No module named"),
        ("system", "os:system", "expected settings of a step of this name"),
        ("other", f"{__name__}:Sharpen", "expected settings of a step of this name"),
        ("box", "volconv.steps.box:Box", "got a name that is taken"),
        ("unread", f"{__name__}:Unread", "Unable to generate"),
    ],
)
def test_a_broken_plug_in_is_left_out_and_logged(plug_in, caplog, name, at, reason):
    found = plug_in(**{name: at})
    assert list(found) == OURS
    assert found["box"] is Box
    assert f"step '{name}' of {at} is left out" in caplog.text
    assert reason in caplog.text


def test_a_plug_in_that_exits_as_it_is_imported_is_left_out(
    plug_in, caplog, tmp_path, monkeypatch
):
    (tmp_path / "exits_at_once.py").write_text("raise SystemExit(3)")
    monkeypatch.syspath_prepend(tmp_path)
    assert list(plug_in(exits="exits_at_once:Step")) == OURS
    assert "step 'exits' of exits_at_once:Step is left out" in caplog.text


def test_a_kernel_of_equal_weights_is_its_sizes_alone():
    assert BoxKernel.model_validate({"x": 3}).root == {"x": 3}


@pytest.mark.parametrize(
    ("name", "keys", "told"),
    [
        (
            "difference_of_gaussians",
            {"low_sigma": {"x": 1}, "high_sigma": {"x": "1 mm", "z": 3}},
            ["high_sigma along x: 1 mm = 2 cells of 0.5 mm"],
        ),
        (
            "unsharp",
            {"sigma": "1 mm", "dims": "x"},
            ["sigma along x: 1 mm = 2 cells of 0.5 mm"],
        ),
        (
            "convolve",
            {"kernel": {"ball": {"radius": {"z": "2 mm"}}}, "padding": "same"},
            ["radius along z: 2 mm = 1 cell of 2 mm"],
        ),
        ("gaussian", {"sigma": 1}, []),
    ],
)
def test_a_step_tells_what_its_lengths_became(name, keys, told):
    step = step_classes()[name].model_validate(keys).resolve(META)
    assert [str(note) for note in lengths_of(step)] == told
    assert "lengths" not in step.describe()
