import math

import pytest

from volconv.config.scalars import plain_scalar


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("y", "y"),
        ("1e-3", 0.001),
        ("1E3", 1000.0),
        ("1:30", "1:30"),
        ("12:30:45", "12:30:45"),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("1_000", "1_000"),
        ("2026-01-01", "2026-01-01"),
        ("-3", -3),
        ("+3", 3),
        (".5", 0.5),
        ("5.", 5.0),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        (".inf", math.inf),
        ("-.inf", -math.inf),
        ("1.2 mm", "1.2 mm"),
        ("=", "="),
        ("<<", "<<"),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text, value):
    found = plain_scalar(text)
    assert found == value
    assert type(found) is type(value)


def test_nan_is_a_number():
    assert str(plain_scalar(".nan")) == "nan"


@pytest.mark.parametrize("text", ["1e999", "-1e999", "9" * 5000])
def test_numbers_beyond_float64_are_refused(text):
    with pytest.raises(OverflowError):
        plain_scalar(text)
