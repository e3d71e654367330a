"""The signatures and names of `volconv.compat.ndimage` are SciPy's."""

import inspect
import subprocess
import sys

import pytest
from scipy import ndimage as scipy_ndimage

from volconv.compat import ndimage


@pytest.mark.parametrize("name", ndimage.__all__)
def test_names_order_kinds_and_defaults_of_arguments_are_scipy_s(name):
    ours = inspect.signature(getattr(ndimage, name)).parameters.values()
    theirs = inspect.signature(getattr(scipy_ndimage, name)).parameters.values()
    assert [(p.name, p.kind, p.default) for p in ours] == [
        (p.name, p.kind, p.default) for p in theirs
    ]


def test_every_filter_of_scipy_is_there_but_those_that_take_a_function():
    filters = {
        name
        for name in scipy_ndimage.__all__
        if getattr(scipy_ndimage, name).__module__ == "scipy.ndimage._filters"
    }
    taking_a_function = {
        *("generic_filter", "generic_filter1d", "vectorized_filter"),
        *("generic_laplace", "generic_gradient_magnitude"),
    }
    assert set(ndimage.__all__) == filters - taking_a_function


def test_the_package_itself_does_not_import_it():
    code = "import sys, volconv, volconv.api; print('volconv.compat' in sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "False"
