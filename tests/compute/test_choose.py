import pytest

from volconv.compute import choose_engine
from volconv.errors import NumberError


def test_a_kernel_known_by_its_factors_is_separable():
    assert choose_engine("auto", factors=3) == "separable"
    assert choose_engine("auto", factors=1) == "direct"


@pytest.mark.parametrize("engine", ["direct", "reference", "separable"])
def test_the_engine_that_is_asked_for_is_taken(engine):
    assert choose_engine(engine, factors=2) == engine


def test_an_unknown_engine_is_refused_with_the_nearest_known():
    with pytest.raises(
        NumberError,
        match=r"^engine: got 'dirct'; expected one of .*direct.* "
        r"Fix: did you mean 'direct'\?$",
    ):
        choose_engine("dirct", factors=1)


def test_a_kernel_without_factors_is_not_separable():
    with pytest.raises(
        NumberError,
        match=r"^engine: got 'separable' for a kernel that is not known by its "
        r"factors; expected a gaussian or box over several dimensions\. "
        r"Fix: use engine='auto'\.$",
    ):
        choose_engine("separable", factors=1)
