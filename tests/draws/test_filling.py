"""Drawn values never change: not with threads, chunks, processes or releases."""

import itertools
import threading
from hashlib import blake2b

import numpy as np
import pytest
from scipy import stats

from initreg import draw
from initreg.draws import filling
from initreg.draws.streams import CHUNK
from tests.support.drawing import (
    ALPHA,
    DISTRIBUTIONS,
    SEED,
    Triangle,
    each_distribution,
    each_dtype,
    each_half,
    numpy_dtype,
    run_python,
)


def digest(values):
    little = values.astype(values.dtype.newbyteorder("<"), copy=False)
    return blake2b(little.tobytes(), digest_size=8).hexdigest()


# Golden values --------------------------------------------------------------------------------

SHAPES = [(), (0,), (3, 0, 2), (1,), (7, 5), (2, 3, 1, 4, 5), (3, 200_000)]


def golden(distribution, dtype):
    """Return one digest of many weights: of each shape, without a path and with one."""
    parts = [
        digest(draw(distribution, shape, seed=SEED, path=path, dtype=dtype))
        for shape in SHAPES
        for path in ("", "dense/kernel")
    ]
    return blake2b("".join(parts).encode(), digest_size=8).hexdigest()


# Trained models and published results depend on these values. Changing them is a breaking change,
# and must be in the CHANGELOG.
GOLDEN = {
    ("Normal(mean=0.1, stddev=0.05)", "float16"): "1c110ddc7250a4e6",
    ("Normal(mean=0.1, stddev=0.05)", "bfloat16"): "205ea410b634a081",
    ("Normal(mean=0.1, stddev=0.05)", "float32"): "15142cb89a88a3fe",
    ("Normal(mean=0.1, stddev=0.05)", "float64"): "3b4847fe59065b77",
    ("Uniform(low=-0.3, high=0.7)", "float16"): "4e8d505cef6a26b4",
    ("Uniform(low=-0.3, high=0.7)", "bfloat16"): "6ee41298b5fdae87",
    ("Uniform(low=-0.3, high=0.7)", "float32"): "072d3344a0566fa2",
    ("Uniform(low=-0.3, high=0.7)", "float64"): "e96a19d9ab371a4a",
    ("TruncatedNormal(loc=0.0, scale=0.02, low=-2.0, high=2.0)", "float16"): "c8bae4d87b4c3650",
    ("TruncatedNormal(loc=0.0, scale=0.02, low=-2.0, high=2.0)", "bfloat16"): "67eb1e7376644732",
    ("TruncatedNormal(loc=0.0, scale=0.02, low=-2.0, high=2.0)", "float32"): "c2ca2b38b112b4c0",
    ("TruncatedNormal(loc=0.0, scale=0.02, low=-2.0, high=2.0)", "float64"): "4e235431223e6e1f",
    ("TruncatedNormal(loc=1.0, scale=2.0, low=-1.0, high=3.0)", "float16"): "247e85bd9ded738f",
    ("TruncatedNormal(loc=1.0, scale=2.0, low=-1.0, high=3.0)", "bfloat16"): "8f76231526362622",
    ("TruncatedNormal(loc=1.0, scale=2.0, low=-1.0, high=3.0)", "float32"): "da95c45aa4dcd48c",
    ("TruncatedNormal(loc=1.0, scale=2.0, low=-1.0, high=3.0)", "float64"): "4f751de33a5f5c64",
    ("Constant(value=0.1)", "float16"): "f90a09f89063f94d",
    ("Constant(value=0.1)", "bfloat16"): "6a410ea153fb6fb4",
    ("Constant(value=0.1)", "float32"): "24b2fa775332db13",
    ("Constant(value=0.1)", "float64"): "266e8f54de4e28b9",
}


@each_dtype
@each_distribution
def test_golden_values(distribution, dtype):
    assert golden(distribution, dtype) == GOLDEN[str(distribution), dtype]


# Shape, dtype and memory ----------------------------------------------------------------------


@each_dtype
@pytest.mark.parametrize("shape", SHAPES[:-1], ids=str)
@pytest.mark.parametrize("spec", ["he_normal", "uniform", "constant(0.1)"])
def test_a_draw_is_a_new_aligned_array(spec, shape, dtype):
    values = draw(spec, shape, seed=1, dtype=dtype)
    assert (values.shape, values.dtype) == (shape, numpy_dtype(dtype))
    assert values.flags.c_contiguous
    assert values.flags.writeable
    assert values.ctypes.data % 64 == 0 or not values.size


@each_distribution
@each_half
def test_halves_are_cast_from_float32(distribution, dtype):
    exact = draw(distribution, (300, 1000), seed=SEED)
    halves = draw(distribution, (300, 1000), seed=SEED, dtype=dtype)
    np.testing.assert_array_equal(halves, exact.astype(numpy_dtype(dtype)))


@pytest.mark.parametrize("distribution", DISTRIBUTIONS, ids=str)
def test_float64_draws_values_of_its_own(distribution):
    narrow, wide = (draw(distribution, 10**5, seed=1, dtype=f"float{n}") for n in (32, 64))
    assert abs(np.corrcoef(narrow, wide)[0, 1]) < -stats.norm.ppf(ALPHA / 2) / 10**2.5
    assert len(np.unique(wide)) == len(wide)  # not float32 values in a wider dtype


# The same values in every process -------------------------------------------------------------


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
@pytest.mark.parametrize("distribution", DISTRIBUTIONS, ids=str)
def test_threads_change_nothing(distribution, threads):
    shape = (9, CHUNK // 2 - 1)
    alone = draw(distribution, shape, seed=SEED, path="a", threads=1)
    together = draw(distribution, shape, seed=SEED, path="a", threads=threads)
    np.testing.assert_array_equal(alone, together)


@each_distribution
@pytest.mark.parametrize("size", [1, 2, 1000, CHUNK, CHUNK + 1])
def test_a_whole_weight_is_the_region_of_all_its_values(distribution, size):
    whole = filling.draw_distribution(distribution, (size,), "float32", SEED)
    region = filling.draw_distribution(
        distribution, (size,), "float32", SEED, region=[slice(0, size)]
    )
    assert whole.tobytes() == region.tobytes()


def test_the_order_of_chunks_changes_nothing(monkeypatch):
    expected = draw("normal", (5, CHUNK), seed=SEED)
    batches = filling.batches
    monkeypatch.setattr(filling, "batches", lambda runs: iter([*batches(runs)][::-1]))
    np.testing.assert_array_equal(draw("normal", (5, CHUNK), seed=SEED, threads=2), expected)


# The instructions that NumPy uses if the processor has them. Without them, it computes as on an old
# processor.
DISPATCHED = " ".join(
    name
    for name, on in getattr(np._core._multiarray_umath, "__cpu_features__", {}).items()
    if on and name in np._core._multiarray_umath.__cpu_dispatch__
)

SCRIPT = """\
from hashlib import blake2b
from initreg import draw
for spec in ("he_normal", "glorot_uniform", "random_normal"):
    for dtype in ("float16", "bfloat16", "float32", "float64"):
        values = draw(spec, (700, 1000), seed=7, path="a/b", dtype=dtype)
        print(spec, dtype, blake2b(values.tobytes()).hexdigest())
"""


@pytest.mark.slow
def test_process_hash_seed_and_processor_change_nothing():
    environments = [
        {"PYTHONHASHSEED": "0"},
        {"PYTHONHASHSEED": "1", "OPENBLAS_CORETYPE": "Nehalem"},
        {
            "PYTHONHASHSEED": "2",
            "OPENBLAS_CORETYPE": "Haswell",
            "NPY_DISABLE_CPU_FEATURES": DISPATCHED,
        },
    ]
    printed = {run_python(SCRIPT, **environment) for environment in environments}
    assert len(printed) == 1
    here = draw("he_normal", (700, 1000), seed=7, path="a/b")
    assert f"he_normal float32 {blake2b(here.tobytes()).hexdigest()}\n" in printed.pop()


# Threads --------------------------------------------------------------------------------------


class Failing(Triangle):
    """Raise an error in the third call, whichever thread makes it."""

    def __init__(self, error):
        self.calls, self.error = itertools.count(), error

    def fill(self, words, out):
        if next(self.calls) == 2:
            raise self.error
        out[...] = 0


@pytest.mark.parametrize("threads", [1, 2, 8])
@pytest.mark.parametrize("error", [ZeroDivisionError("thick"), KeyboardInterrupt()], ids=repr)
def test_an_error_in_a_thread_reaches_the_caller(threads, error):
    with pytest.raises(type(error)) as caught:
        draw(Failing(error), (12, CHUNK), seed=1, threads=threads)
    assert caught.value is error
    assert not [thread for thread in threading.enumerate() if thread.name == "initreg-draw"]
