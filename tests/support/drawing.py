"""Distributions and settings that the tests of random values share."""

import math
import sys

import numpy as np
import pytest
from ml_dtypes import bfloat16
from scipy import stats

from initreg import Constant, Distribution, Normal, TruncatedNormal, Uniform
from initreg.draws.dtypes import FLOATS
from tests.support.processes import run

# The seeds are fixed, so a test that passes once always passes. With fresh seeds, each test of
# statistics would fail once in 10,000 runs by chance alone.
ALPHA = 1e-4
SEED = 20_240_601
MILLION = (1000, 1000)
DISTRIBUTIONS = [Normal(0.1, 0.05), Uniform(-0.3, 0.7), TruncatedNormal(0.0, 0.02)]
ALL = [*DISTRIBUTIONS, TruncatedNormal(1.0, 2.0, -1.0, 3.0), Constant(0.1)]

each_dtype = pytest.mark.parametrize("dtype", FLOATS)
each_half = pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
each_whole = pytest.mark.parametrize("dtype", ["float32", "float64"])
each_distribution = pytest.mark.parametrize("distribution", ALL, ids=str)


def numpy_dtype(dtype):
    return np.dtype(bfloat16 if dtype == "bfloat16" else dtype)


def values(initializer, shape, dtype="float32"):
    """Return what a Keras initializer draws in `dtype`, as a NumPy array of float32."""
    import keras  # not at the top, because most tests of draws need no Keras

    tensor = initializer(shape, dtype=dtype)
    assert keras.backend.standardize_dtype(tensor.dtype) == dtype
    return keras.ops.convert_to_numpy(keras.ops.cast(tensor, "float32"))


def run_python(script, *arguments, **environment):
    command = [sys.executable, "-W", "error", "-c", script, *arguments]
    return run(*command, variables=environment).stdout


class Triangle(Distribution):
    """A density that rises from 0 to 1. Defines only the abstract methods."""

    mean = 2 / 3
    stddev = math.sqrt(1 / 18)
    support = (0.0, 1.0)

    def pdf(self, x):
        return 2 * x if 0 <= x <= 1 else 0.0

    def ppf(self, q):
        return math.sqrt(q)

    def scipy(self):
        return stats.triang(1.0)
