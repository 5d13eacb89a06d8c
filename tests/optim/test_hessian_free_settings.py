"""What the settings of Hessian-free optimization refuse."""

import math

import pytest

from pendula.errors import ArgumentError
from pendula.optim import HessianFreeSettings, StructuralDamping


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"damping": 0.0}, "`damping` must be positive: expected a finite number, got 0.0"),
        ({"damping": math.inf}, "`damping` must be positive: expected a finite number, got inf"),
        ({"damping": math.nan}, "`damping` must be positive"),
        ({"tolerance": -0.1}, "`tolerance` must lie between 0 and 1: expected a number, got -0.1"),
        ({"decay": 1.5}, "`decay` must lie between 0 and 1"),
        ({"exponent": 2.0}, "`exponent` must lie between 0 and 1"),
        ({"iterations": 0}, "`iterations` must be a whole number: expected 1 or more, got 0"),
        ({"chunk": -1}, "`chunk` must be a whole number: expected 1 or more, got -1"),
    ],
)
def test_bad_settings_are_refused(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        HessianFreeSettings(**arguments)


def test_structural_damping_is_checked():
    with pytest.raises(ArgumentError, match=r"`weight` must not be negative: expected a number from 0 on, got -1\.0"):
        StructuralDamping(weight=-1.0)
    with pytest.raises(ArgumentError, match="`weight` must not be negative"):
        StructuralDamping(weight=math.nan)
