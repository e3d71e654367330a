"""What stages write."""

from volconv.plan.output import OutputSpec
from volconv.plan.write import Write


def writes_of(shape, unit, place):
    spec = OutputSpec("", "v", "float64", tuple(unit))
    return [Write(place, spec, tuple(shape), (1,) * len(shape))]
