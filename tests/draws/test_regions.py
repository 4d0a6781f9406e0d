"""A region of a weight has the same values as that part of the whole weight."""

import math

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from initreg.draws.dtypes import FLOATS
from initreg.draws.filling import draw_distribution
from initreg.draws.seeds import derive_key
from initreg.draws.streams import CHUNK
from tests.support.drawing import ALL, DISTRIBUTIONS, SEED, each_whole

_wide = st.sampled_from([1, 2, 3, 700, 1023, CHUNK, CHUNK + 1, 2 * CHUNK + 5])


@st.composite
def weights_and_regions(draw_):
    """A shape of up to 4 axes and some 800,000 values, and a box in it."""
    sizes = draw_(st.lists(st.integers(0, 6), max_size=3))
    if draw_(st.booleans()):
        sizes.insert(draw_(st.integers(0, len(sizes))), draw_(_wide))
    assume(math.prod(sizes) < 800_000)
    region = []
    for size in sizes:
        start = draw_(st.integers(0, size))
        region.append(slice(start, draw_(st.integers(start, size))))
    return tuple(sizes), region


def whole_and_region(distribution, shape, dtype, region):
    key = derive_key(SEED, "a")
    return (
        draw_distribution(distribution, shape, dtype, key),
        draw_distribution(distribution, shape, dtype, key, region=region),
    )


@given(weights_and_regions(), st.sampled_from(ALL), st.sampled_from([*FLOATS]))
@example(((CHUNK * 2 + 5,), [slice(CHUNK - 1, CHUNK * 2 + 1)]), ALL[0], "float32")
@example(((3, CHUNK), [slice(1, 3), slice(CHUNK - 3, CHUNK)]), ALL[0], "float64")
@example(((CHUNK + 1, 3), [slice(5, CHUNK), slice(1, 2)]), ALL[0], "float32")
@example(
    ((3, 5, CHUNK // 4, 2), [slice(1, 2), slice(1, 5), slice(0, 99), slice(0, 2)]),
    ALL[2],
    "float32",
)
def test_a_region_is_that_part_of_the_whole(weight, distribution, dtype):
    shape, region = weight
    whole, part = whole_and_region(distribution, shape, dtype, region)
    np.testing.assert_array_equal(part, whole[tuple(region)])


@pytest.mark.parametrize("count", [2, 3, 8])
@pytest.mark.parametrize("axis", [0, 1, 2])
@each_whole
def test_shards_of_any_axis_make_up_the_whole(axis, count, dtype):
    shape = (24, 360, 120)
    parts = []
    for start in range(0, shape[axis], shape[axis] // count):
        region = [slice(0, size) for size in shape]
        region[axis] = slice(start, start + shape[axis] // count)
        whole, part = whole_and_region(DISTRIBUTIONS[0], shape, dtype, region)
        parts.append(part)
    np.testing.assert_array_equal(np.concatenate(parts, axis), whole)
