"""The table of floats is right, and the docs and messages name every float in it."""

import ml_dtypes
import numpy as np
import pytest

import initreg
from initreg.draws.dtypes import FLOATS, as_dtype
from initreg_cli.commands.sample import sample


@pytest.mark.parametrize("dtype", FLOATS)
def test_the_table_is_right(dtype):
    row, info = FLOATS[dtype], ml_dtypes.finfo(dtype)
    assert row.largest == float(info.max)
    assert row.bytes == as_dtype(dtype).itemsize == np.dtype(dtype).itemsize
    assert np.can_cast(as_dtype(dtype), row.drawn_in)
    assert np.can_cast(as_dtype(dtype), row.kept_in)
    # A float with p bits needs 1 + ⌈p log₁₀ 2⌉ digits.
    assert row.digits == 1 + np.ceil((np.finfo(row.kept_in).nmant + 1) * np.log10(2))


def test_the_documentation_names_each_float():
    choices = "float16, bfloat16, float32 or float64"
    assert choices.replace(" or", ",").split(", ") == [*FLOATS]
    for function in (initreg.draw, initreg.sample):
        assert f"`dtype` is {choices}" in " ".join(function.__doc__.split())
    option = sample.__annotations__["dtype"].__metadata__[0]
    assert option.help == f"{choices}."
