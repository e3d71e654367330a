"""What stages write."""

from volconv.plan.output import OutputSpec
from volconv.plan.write import Write


def writes_of(shape, unit, place, dtype="float64"):
    spec = OutputSpec("", "v", dtype, tuple(unit))
    return [Write(place, spec, tuple(shape), (1,) * len(shape))]
