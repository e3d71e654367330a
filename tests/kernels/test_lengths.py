import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from volconv.errors import (
    DimError,
    GeometryError,
    KernelError,
    KindError,
    UnitError,
)
from volconv.kernels import cells_of, length_notes, sizes_of
from volconv.meta import ArrayMeta, Axis

SCAN = ArrayMeta(
    (Axis("t", 9, 2.0, "s"), Axis("z", 9, 3.0, "mm"), Axis("x", 9, -0.5, "mm")),
    "int16",
)


def along(units, spacing=1.0):
    return ArrayMeta((Axis("x", 9, spacing, units),), "float32")


def test_a_plain_number_counts_cells_along_every_dimension():
    assert cells_of("sigma", 1.5, None, SCAN) == {"t": 1.5, "z": 1.5, "x": 1.5}


def test_a_plain_number_goes_to_the_dimensions_that_are_named():
    assert cells_of("sigma", 2, ("x", "z"), SCAN) == {"z": 2, "x": 2}


def test_each_dimension_takes_its_own_length_by_name():
    lengths = {"x": "1 mm", "t": "0.5 min", "z": 2}
    found = cells_of("sigma", lengths, None, SCAN)
    assert found == {"t": 15, "z": 2, "x": 2}
    assert list(found) == ["t", "z", "x"]


def test_a_length_goes_to_the_dimensions_whose_unit_is_of_its_kind():
    assert cells_of("sigma", "3 mm", None, SCAN) == pytest.approx({"z": 1, "x": 6})
    assert cells_of("sigma", "3 s", None, SCAN) == {"t": 1.5}


@pytest.mark.parametrize(
    ("text", "units", "spacing", "cells"),
    [
        ("1.2 mm", "mm", 0.4, 3),
        ("1.2mm", "millimeter", 0.4, 3),
        ("0.3 cm", "mm", 0.5, 6),
        ("2 mm", "cm", 0.1, 2),
        ("500 um", "mm", 0.25, 2),
        ("500 µm", "micrometer", 250, 2),
        ("1 m", "mm", 500, 2),
        ("1 inch", "mm", 25.4, 1),
        ("1.5 degree", "degrees_north", 0.75, 2),
        ("1.5 degrees", "degrees_east", -0.75, 2),
        ("1 deg", "degree_north", 0.5, 2),
        ("1 deg", "degreesN", 0.5, 2),
        ("1 deg", "degrees", 0.5, 2),
        ("6 hours", "s", 3600, 6),
        ("1 day", "s", 21600, 4),
        ("30 min", "hours", 0.25, 2),
        ("2 hPa", "Pa", 100, 2),
        ("2 hPa", "Pascal", 100, 2),
        ("1 mm", "Millimeters", 0.5, 2),
        ("2 K", "Kelvin", 1, 2),
        ("2°", "Degrees_East", 1, 2),
    ],
)
def test_a_length_is_divided_by_the_spacing(text, units, spacing, cells):
    found = cells_of("sigma", text, None, along(units, spacing))
    assert found == {"x": pytest.approx(cells, rel=1e-14)}


@given(st.floats(0.001, 1000), st.floats(0.001, 1000))
def test_a_length_in_the_coordinates_own_unit_is_a_quotient(length, spacing):
    found = cells_of("sigma", f"{length!r} mm", None, along("mm", spacing))
    assert found["x"] == pytest.approx(length / spacing, rel=1e-14)


def test_a_descending_coordinate_has_the_same_lengths():
    rising = cells_of("sigma", "2 mm", None, along("mm", 0.25))
    assert cells_of("sigma", "2 mm", None, along("mm", -0.25)) == rising


def test_a_missing_unit_is_refused_with_the_place_to_put_it():
    with pytest.raises(UnitError) as caught:
        cells_of("sigma", "2 mm", ["x"], along(None))
    assert str(caught.value) == (
        "sigma along 'x': got '2 mm'; expected a coordinate with a unit along 'x'. "
        "Fix: set the 'units' attribute of the coordinate 'x', as by "
        "data['x'].attrs['units'] = 'mm', or give a plain number of cells."
    )


def test_a_missing_coordinate_is_refused_with_the_call_that_gives_it():
    with pytest.raises(UnitError) as caught:
        cells_of("sigma", "2 mm", ["x"], along(None, None))
    assert (
        "as by data.assign_coords({'x': ('x', values, {'units': 'mm'})}), or give"
    ) in str(caught.value)


@pytest.mark.parametrize(
    ("units", "got"),
    [
        (None, "got '2 mm'; expected a coordinate with a unit along 't'"),
        ("flurb", "got '2 mm' over a coordinate in 'flurb'; expected a unit that is"),
        ("(m", "got '2 mm' over a coordinate in"),
    ],
)
def test_a_dimension_that_may_have_been_meant_is_not_passed_by(units, got):
    meta = ArrayMeta((Axis("t", 9, 1.0, units), Axis("x", 9, 0.5, "mm")), "float32")
    with pytest.raises(UnitError) as caught:
        cells_of("sigma", "2 mm", None, meta)
    assert str(caught.value).startswith(f"sigma: {got}")
    assert "data['t'].attrs['units'] = 'mm', or leave it out: dims=['x']." in str(
        caught.value
    )
    assert cells_of("sigma", "2 mm", ["x"], meta) == {"x": 4}


@pytest.mark.parametrize("units", ["level", "sigma_level", "1", "s", "degC", "degree"])
def test_a_length_passes_by_a_dimension_of_another_kind(units):
    meta = ArrayMeta((Axis("t", 9, 1.0, units), Axis("x", 9, 0.5, "mm")), "float32")
    assert cells_of("sigma", "2 mm", None, meta) == {"x": 4}


def test_a_length_passes_by_a_dimension_without_a_coordinate():
    meta = ArrayMeta((Axis("t", 9), Axis("x", 9, 0.5, "mm")), "float32")
    assert cells_of("sigma", "2 mm", None, meta) == {"x": 4}


@pytest.mark.parametrize(
    ("length", "units"),
    [("0.5 degrees", "1"), ("0.5 degrees", "percent")],
)
def test_an_angle_is_no_plain_number(length, units):
    with pytest.raises(UnitError, match="expected a unit of the kind of"):
        cells_of("sigma", length, ["x"], along(units))


def test_a_length_over_uneven_cells_is_refused():
    with pytest.raises(
        UnitError,
        match=r"^sigma along 'x': got '2 mm'; expected evenly spaced cells along 'x'\. "
        "Fix: interpolate to even spacing first, or give a plain number of cells",
    ):
        cells_of("sigma", "2 mm", None, along("mm", None))


def test_a_length_of_another_kind_is_refused():
    with pytest.raises(
        UnitError,
        match=r"^sigma along 'x': got '2 s'; expected a unit of the kind of 'mm'\.$",
    ):
        cells_of("sigma", {"x": "2 s"}, None, along("mm"))


def test_a_length_that_fits_no_dimension_is_refused():
    with pytest.raises(
        UnitError,
        match=r"^sigma: got '2 kg'; expected a unit of the kind of a dimension's "
        r"\(\{'t': 's', 'z': 'mm', 'x': 'mm'\}\)\. Fix: set the coordinate's 'units'",
    ):
        cells_of("sigma", "2 kg", None, SCAN)


def test_pixels_are_no_printer_s():
    """The table of units takes px for a 96th of an inch."""
    assert cells_of("sigma", "2 px", ["x"], along("pixel", 0.5)) == {"x": 4}
    with pytest.raises(UnitError, match=r"got '2 px'; expected a unit of the kind"):
        cells_of("sigma", "2 px", ["x"], along("mm"))


@pytest.mark.parametrize("text", ["", "2 points", "2 flurb", "2 mm)", "--", "2 //"])
def test_a_text_that_is_no_length_is_refused(text):
    with pytest.raises(
        UnitError, match=r"^sigma along 'x': got .*; expected a number and a unit"
    ):
        cells_of("sigma", text, ["x"], along("mm"))


def test_an_unknown_unit_is_named():
    with pytest.raises(
        UnitError, match=r"'cells' is not defined in the unit registry; give a num"
    ):
        cells_of("sigma", "2 cells", ["x"], along("mm"))


def test_a_number_in_quotes_is_refused_with_the_mend():
    with pytest.raises(
        UnitError,
        match=r"^sigma along 'x': got '2'; expected a number and a unit, such as "
        r"'1\.2 mm'\. Fix: give a number without quotes to count cells\.$",
    ):
        cells_of("sigma", "2", ["x"], along("mm"))


@pytest.mark.parametrize("units", ["level", "1", "m/", "flurb"])
def test_a_coordinate_whose_unit_is_none_takes_no_length(units):
    with pytest.raises(UnitError, match=r"^sigma along 'x': got '2 mm'"):
        cells_of("sigma", "2 mm", ["x"], along(units))


@pytest.mark.parametrize("length", [True, None, 1j])
def test_a_length_that_is_neither_number_nor_text_is_refused(length):
    with pytest.raises(
        KindError,
        match=r"^sigma along 'x': got .*; expected a number of cells, or a text like",
    ):
        cells_of("sigma", length, None, along("mm"))


def test_a_length_along_an_unknown_dimension_is_refused():
    with pytest.raises(DimError, match=r"^sigma: got 'zz'; .*did you mean 'z'"):
        cells_of("sigma", {"zz": 1}, None, SCAN)
    with pytest.raises(DimError, match=r"^dims: got 'zz'; .*did you mean 'z'"):
        cells_of("sigma", 1, ["zz"], SCAN)


@pytest.mark.parametrize(
    "text", ["1,5 mm", "2**3 mm", "2 * 3 mm", "2 mm 3", "[2] mm", "mm", "nan mm"]
)
def test_a_text_that_is_more_than_a_number_and_a_unit_is_refused(text):
    with pytest.raises(UnitError, match=r"^sigma along 'x': got .*a number and a unit"):
        cells_of("sigma", text, ["x"], along("mm"))


@pytest.mark.parametrize("units", ["days since 1970-01-01", "(m"])
def test_a_length_over_a_unit_that_cannot_be_read_is_refused(units):
    with pytest.raises(UnitError, match=r"^sigma along 'x': got '2 mm'"):
        cells_of("sigma", "2 mm", ["x"], along(units))


def test_a_length_over_degrees_celsius_is_a_length_or_a_refusal():
    try:
        found = cells_of("sigma", "2 K", ["x"], along("degC"))
    except UnitError:
        return
    assert found == {"x": 2}


def test_a_length_over_cells_without_a_distance_is_refused():
    with pytest.raises(UnitError, match=r"^sigma along 'x': got '2 mm'; .*evenly"):
        cells_of("sigma", "2 mm", ["x"], along("mm", 0.0))


@pytest.mark.parametrize("length", [np.int64(2), np.float32(2), np.uint8(2)])
def test_a_number_of_numpys_counts_cells_too(length):
    assert cells_of("sigma", length, None, along("mm")) == {"x": 2}


DEGREES = {"lat": "degrees_north", "lon": "degrees_east"}
GLOBE = ArrayMeta(
    tuple(Axis(dim, 90, 0.25, units) for dim, units in DEGREES.items()), "float32"
)


@pytest.mark.parametrize(
    ("dim", "units", "spacing"),
    [
        ("lat", "degrees_north", 0.25),
        ("y", "degreeN", -0.25),
        ("rlat", "degrees", 0.25),
        ("latitude", "radian", np.deg2rad(0.25)),
    ],
)
@pytest.mark.parametrize("text", ["100 km", "1e5 m", "53.99568 nautical_mile"])
def test_a_distance_along_latitude_is_an_arc_of_the_mean_sphere(
    dim, units, spacing, text
):
    meta = ArrayMeta((Axis(dim, 90, spacing, units),), "float32")
    # the length of a meridian from pole to pole is pi R: 180 degrees of 4 cells
    expected = 100 / (np.pi * 6371.0088) * 180 * 4
    assert cells_of("sigma", text, [dim], meta)[dim] == pytest.approx(expected, 1e-6)


def test_a_degree_of_latitude_is_the_documented_distance():
    found = cells_of("sigma", {"lat": "111.195 km"}, None, GLOBE)
    assert found["lat"] == pytest.approx(4, rel=1e-6)


@pytest.mark.parametrize(("dim", "units"), [("lon", "degrees"), ("x", "degrees_east")])
def test_a_distance_along_longitude_is_refused_with_the_reason(dim, units):
    meta = ArrayMeta((Axis(dim, 90, 0.25, units),), "float32")
    with pytest.raises(UnitError) as caught:
        cells_of("sigma", {dim: "100 km"}, None, meta)
    assert str(caught.value) == (
        f"sigma along {dim!r}: got '100 km' over degrees of longitude; expected "
        "degrees: a degree of longitude is 111.195 km at the equator and shorter "
        "towards the poles, so a distance is another number of cells in every row. "
        "Fix: say it in degrees, regrid to a projection in metres, or give a plain "
        "number of cells."
    )


def test_a_distance_over_the_globe_is_refused_with_what_can_be_had():
    with pytest.raises(UnitError) as caught:
        cells_of("sigma", "100 km", None, GLOBE)
    assert str(caught.value) == (
        "sigma: got '100 km' over degrees; expected degrees: 1 degree of latitude is "
        "111.195 km everywhere, 1 degree of longitude is shorter towards the poles. "
        "Fix: name latitude alone, sigma={'lat': '100 km'}, say it in degrees, or "
        "regrid to a projection in metres."
    )


def test_a_distance_goes_to_metres_alone_where_there_are_degrees_too():
    meta = ArrayMeta((Axis("z", 9, 50.0, "m"), *GLOBE.axes), "float32")
    assert cells_of("sigma", "0.1 km", None, meta) == {"z": 2}


@pytest.mark.parametrize(
    ("text", "units", "cells"),
    [("2 months", "months", 2), ("1 year", "months", 12), ("6 months", "years", 0.5)],
)
def test_months_and_years_are_told_in_one_another(text, units, cells):
    assert cells_of("sigma", text, ["x"], along(units))["x"] == pytest.approx(cells)


@pytest.mark.parametrize(
    ("text", "units", "mend"),
    [
        ("1 month", "s", "days"),
        ("1 year", "days", "days"),
        ("30 d", "months", "months"),
    ],
)
def test_a_month_is_not_taken_for_so_many_days(text, units, mend):
    with pytest.raises(
        UnitError, match=rf"not all as long\. Fix: say it in {mend}, or"
    ):
        cells_of("sigma", text, ["x"], along(units))


def test_notes_tell_what_became_of_what_has_a_unit():
    lengths = {"x": "1 mm", "t": "0.5 min", "z": 2}
    notes = length_notes("sigma", lengths, cells_of("sigma", lengths, None, SCAN), SCAN)
    assert [str(note) for note in notes] == [
        "sigma along t: 0.5 min = 15 cells of 2 s",
        "sigma along x: 1 mm = 2 cells of 0.5 mm",
    ]


@pytest.mark.parametrize(
    ("text", "spacing", "size"),
    [
        ("6 mm", 0.7, 9),  # 8.57
        ("6 mm", -2.5, 2),  # 2.4
        ("5 mm", 2, 3),  # 2.5: halves go up
        ("3 mm", 2, 2),
        ("1 mm", 2, 1),
        ("0.2 mm", 2, 1),
        ("0 mm", 2, 1),
        ("0.45 cm", float(np.float32(0.9)), 5),
        ("0.35 mm", 0.1, 4),  # 3.4999999999999996
    ],
)
def test_a_size_is_the_nearest_whole_number_of_cells(text, spacing, size):
    sizes, notes = sizes_of("size", text, None, along("mm", spacing))
    assert sizes == {"x": size}
    assert notes[0].whole == size
    assert str(notes[0]).endswith(f" mm, whole {size}")


def test_a_size_in_cells_is_as_it_is_and_tells_nothing():
    assert sizes_of("size", 3, None, SCAN) == ({"t": 3, "z": 3, "x": 3}, ())
    sizes, notes = sizes_of("size", {"z": "9 mm", "x": 2}, None, SCAN)
    assert sizes == {"z": 3, "x": 2}
    assert [note.dim for note in notes] == ["z"]


@pytest.mark.parametrize(
    ("size", "kind", "message"),
    [
        (1.5, KindError, "size along 't': got 1.5"),
        (0, GeometryError, "size along 't': got 0"),
        ({}, KernelError, "size: got no dimension"),
        (
            "-2 mm",
            KernelError,
            "size along 'z': got '-2 mm'; expected a number of at l",
        ),
        ("2 kg", UnitError, "size: got '2 kg'; expected a unit of the kind of a dim"),
        ({"x": "1e300 mm"}, GeometryError, r"size along 'x': got more than 2\*\*56"),
    ],
)
def test_a_size_that_cannot_be_is_refused(size, kind, message):
    with pytest.raises(kind, match=f"^{message}"):
        sizes_of("size", size, None, SCAN)


@pytest.mark.parametrize("unit", ["ns", "h", "M"])
def test_a_time_is_no_number_of_cells(unit):
    with pytest.raises(KindError, match="Fix: say it with its unit, such as '2 h'"):
        cells_of("sigma", np.timedelta64(3, unit), "t", SCAN)
