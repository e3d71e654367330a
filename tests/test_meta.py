import pytest

from volconv.errors import DimError
from volconv.meta import ArrayMeta, Axis

META = ArrayMeta(
    (Axis("time", 4), Axis("y", 3, -0.5, "mm"), Axis("x", 5, 0.25, "mm")),
    "int16",
    chunks=(1, 3, 5),
)


def test_its_axes_are_told_in_order():
    assert META.dims == ("time", "y", "x")
    assert META.shape == (4, 3, 5)
    assert META.sizes == {"time": 4, "y": 3, "x": 5}
    assert META.cells == 60
    assert META.axis("y") == Axis("y", 3, -0.5, "mm")
    assert META.index("x") == 2


def test_an_array_without_axes_has_one_cell():
    assert ArrayMeta((), "float32").cells == 1


def test_a_repeated_dimension_is_refused():
    with pytest.raises(
        DimError,
        match=r"^dims: got \['x', 'y', 'x'\]; expected each dimension once\. "
        r"Fix: rename one 'x'\.$",
    ):
        ArrayMeta((Axis("x", 1), Axis("y", 1), Axis("x", 2)), "float32")


def test_an_unknown_dimension_is_refused_with_the_nearest_known():
    with pytest.raises(
        DimError,
        match=r"^dims: got 'tim'; expected dimensions of the array \(time, y, x\)\. "
        r"Fix: did you mean 'time'\?$",
    ):
        META.index("tim")
    with pytest.raises(DimError, match=r"^kernel: got 'z'; .*\(none\)\.$"):
        ArrayMeta((), "float32").require(["z"], "kernel")


def test_a_strided_array_has_its_spacing_times_its_stride():
    strided = META.with_sizes({"x": 2, "time": 1}, {"x": 3, "time": 4})
    assert strided.shape == (1, 3, 2)
    assert [axis.spacing for axis in strided.axes] == [None, -0.5, 0.75]
    assert [axis.units for axis in strided.axes] == [None, "mm", "mm"]
    assert strided.dtype == "int16"


def test_chunks_are_those_of_the_stored_array_alone():
    assert META.with_sizes({}, {}).chunks is None


def test_among_dimensions_that_it_lacks_it_has_one_cell_each():
    found = META.among(("kernel", "time", "y", "scale", "x"))
    assert found.shape == (1, 4, 3, 1, 5)
    assert found.chunks == (1, 1, 3, 1, 5)
    assert found.new_axes == (0, 3)
    assert found.axis("y") == META.axis("y")
    assert found.own == META
    assert META.own is META
    bare = ArrayMeta((Axis("x", 2),), "int8").among(("k", "x"))
    assert bare.chunks is None
    assert bare.own.chunks is None
