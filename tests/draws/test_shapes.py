"""A shape is whole numbers of any type."""

import numpy as np
import pytest

from initreg import draw


@pytest.mark.parametrize(
    ("shape", "same"),
    [(12, (12,)), ([3, 4], (3, 4)), (np.array([3, 4]), (3, 4)), (np.int64(12), (12,)), ([], ())],
    ids=str,
)
def test_a_shape_may_be_any_whole_numbers(shape, same):
    np.testing.assert_array_equal(draw("uniform", shape, seed=1), draw("uniform", same, seed=1))
