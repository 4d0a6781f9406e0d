"""The types of parameters accept the values in config files, and reject similar ones."""

import re

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from initreg import Axes, NonNegative, Number, Positive, Seed


@pytest.mark.parametrize(
    ("annotation", "value", "expected"),
    [
        (Number, "0.05", 0.05),
        (Number, " -1e-3 ", -1e-3),
        (Number, 3, 3.0),
        (Number, np.float32(0.5), 0.5),
        (Number, np.int64(3), 3.0),
        (NonNegative, 0, 0.0),
        (NonNegative, -0.0, 0.0),
        (Positive, 5e-324, 5e-324),
        (Seed, None, None),
        (Seed, 0, 0),
        (Seed, 2**32 - 1, 2**32 - 1),
        (Seed, 7.0, 7),
        (Seed, np.int64(3), 3),
        (Seed, np.uint32(3), 3),
        (Axes, None, None),
        (Axes, [0, -1], (0, -1)),
        (Axes, (), ()),
        (Axes, np.array([0, 1]).tolist(), (0, 1)),
    ],
    ids=lambda value: re.sub(r" at 0x\w+", "", str(value)),
)
def test_valid_values(annotation, value, expected):
    result = TypeAdapter(annotation).validate_python(value)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        *((kind, value) for kind in (Number, NonNegative, Positive) for value in (True, False)),
        *((kind, "nan") for kind in (Number, NonNegative, Positive)),
        *((kind, float("inf")) for kind in (Number, NonNegative, Positive)),
        (Number, np.bool_(True)),
        (Number, np.array(True)),
        (Number, "a"),
        (Number, ""),
        (Number, None),
        (Number, 1j),
        (Number, np.complex64(1)),
        (Number, np.ones(2)),
        (Number, 10**400),
        (NonNegative, -1e-300),
        (Positive, 0),
        (Positive, "0"),
        (Seed, -1),
        (Seed, 2**32),
        (Seed, True),
        (Seed, np.bool_(True)),
        (Seed, 1.5),
        (Seed, "7"),
        (Seed, 10**5000),
        (Axes, 0),
        (Axes, [0, 0]),
        (Axes, [True]),
        (Axes, [0.5]),
        (Axes, "01"),
        (Axes, ["a"]),
    ],
    ids=lambda value: (
        "huge"
        if isinstance(value, int) and value > 2**40
        else re.sub(r" at 0x\w+", "", str(value))[:40]
    ),
)
def test_invalid_values(annotation, value):
    with pytest.raises(ValidationError):
        TypeAdapter(annotation).validate_python(value)


def test_the_json_schema_has_the_bounds():
    assert TypeAdapter(NonNegative).json_schema()["minimum"] == 0
    assert TypeAdapter(Positive).json_schema()["exclusiveMinimum"] == 0
    assert TypeAdapter(Seed).json_schema()["anyOf"][0] == {
        "minimum": 0,
        "maximum": 2**32 - 1,
        "type": "integer",
    }
