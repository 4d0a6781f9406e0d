"""Portable draws: the same values whatever draws them, and of the distribution that is stated."""

import itertools
import math
import sys
import threading
from hashlib import blake2b

import keras
import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from ml_dtypes import bfloat16
from scipy import special, stats

from initreg import (
    ConfigError,
    Constant,
    Distribution,
    InitializerConfig,
    Normal,
    PluginError,
    TruncatedNormal,
    Uniform,
    UnknownInitializerError,
    draw,
    resolve,
    validate,
)
from initreg.config.drawing import draw_config
from initreg.draws import filling
from initreg.draws.dtypes import DTYPES
from initreg.draws.filling import draw_distribution
from initreg.draws.moments import Moments
from initreg.draws.seeds import derive_key
from initreg.draws.streams import CHUNK
from tests.support.processes import run

# The seeds are fixed, so a test that passes does so each time. Were they drawn anew, each test of
# chance would fail once in 10,000 runs by chance alone.
ALPHA = 1e-4
SEED = 20_240_601
MILLION = (1000, 1000)
DISTRIBUTIONS = [Normal(0.1, 0.05), Uniform(-0.3, 0.7), TruncatedNormal(0.0, 0.02)]
ALL = [*DISTRIBUTIONS, TruncatedNormal(1.0, 2.0, -1.0, 3.0), Constant(0.1)]

each_dtype = pytest.mark.parametrize("dtype", DTYPES)
each_whole = pytest.mark.parametrize("dtype", ["float32", "float64"])
each_distribution = pytest.mark.parametrize("distribution", ALL, ids=str)


def numpy_dtype(dtype):
    return np.dtype(bfloat16 if dtype == "bfloat16" else dtype)


def digest(values):
    little = values.astype(values.dtype.newbyteorder("<"), copy=False)
    return blake2b(little.tobytes(), digest_size=8).hexdigest()


def differing(a, b):
    return int(np.sum(a != b))


# Golden values --------------------------------------------------------------------------------

SHAPES = [(), (0,), (3, 0, 2), (1,), (7, 5), (2, 3, 1, 4, 5), (3, 200_000)]


def golden(distribution, dtype):
    """One digest of many weights: of each shape, without a path and with one."""
    parts = [
        digest(draw(distribution, shape, seed=SEED, path=path, dtype=dtype))
        for shape in SHAPES
        for path in ("", "dense/kernel")
    ]
    return blake2b("".join(parts).encode(), digest_size=8).hexdigest()


# Trained models and published results depend on these values. A change is a breaking change, which
# the CHANGELOG must name.
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
def test_a_draw_is_an_array_of_its_own(spec, shape, dtype):
    values = draw(spec, shape, seed=1, dtype=dtype)
    assert (values.shape, values.dtype) == (shape, numpy_dtype(dtype))
    assert values.flags.c_contiguous
    assert values.flags.writeable
    assert values.ctypes.data % 64 == 0 or not values.size


@each_dtype
@pytest.mark.parametrize("spec", ["orthogonal", "identity", "constant([1, 2, 3])"])
def test_a_structured_draw_is_an_array_of_its_own(spec, dtype):
    values = draw(spec, (2, 3), seed=1, dtype=dtype)  # a transposed, or a broadcast one within
    assert (values.shape, values.dtype) == ((2, 3), numpy_dtype(dtype))
    assert values.flags.c_contiguous
    assert values.flags.writeable
    assert values.ctypes.data % 64 == 0


@pytest.mark.parametrize(
    ("shape", "same"),
    [(12, (12,)), ([3, 4], (3, 4)), (np.array([3, 4]), (3, 4)), (np.int64(12), (12,)), ([], ())],
    ids=str,
)
def test_shapes_are_whole_numbers_of_any_kind(shape, same):
    np.testing.assert_array_equal(draw("uniform", shape, seed=1), draw("uniform", same, seed=1))


@each_distribution
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_halves_are_the_values_of_float32_cast(distribution, dtype):
    exact = draw(distribution, (300, 1000), seed=SEED)
    halves = draw(distribution, (300, 1000), seed=SEED, dtype=dtype)
    np.testing.assert_array_equal(halves, exact.astype(numpy_dtype(dtype)))


@pytest.mark.parametrize(
    "spec", [f"constant({1 + 2**-11 + 2**-40})", "orthogonal", "identity(1.1)"]
)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_halves_of_what_is_no_random_draw_are_cast_too(spec, dtype):
    exact = draw(spec, (20, 10), seed=SEED)
    halves = draw(spec, (20, 10), seed=SEED, dtype=dtype)
    np.testing.assert_array_equal(halves, exact.astype(numpy_dtype(dtype)))


@pytest.mark.parametrize("distribution", DISTRIBUTIONS, ids=str)
def test_float64_draws_values_of_its_own(distribution):
    narrow, wide = (draw(distribution, 10**5, seed=1, dtype=f"float{n}") for n in (32, 64))
    assert abs(np.corrcoef(narrow, wide)[0, 1]) < -stats.norm.ppf(ALPHA / 2) / 10**2.5
    assert len(np.unique(wide)) == len(wide)  # not the values of float32, written longer


# The same, whatever draws it ------------------------------------------------------------------


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
@pytest.mark.parametrize("distribution", DISTRIBUTIONS, ids=str)
def test_threads_change_nothing(distribution, threads):
    shape = (9, CHUNK // 2 - 1)
    alone = draw(distribution, shape, seed=SEED, path="a", threads=1)
    together = draw(distribution, shape, seed=SEED, path="a", threads=threads)
    np.testing.assert_array_equal(alone, together)


def test_the_order_of_chunks_changes_nothing(monkeypatch):
    expected = draw("normal", (5, CHUNK), seed=SEED)
    batches = filling.batches
    monkeypatch.setattr(filling, "batches", lambda *runs: iter([*batches(*runs)][::-1]))
    np.testing.assert_array_equal(draw("normal", (5, CHUNK), seed=SEED, threads=2), expected)


SCRIPT = """\
from hashlib import blake2b
from initreg import draw
for spec in ("he_normal", "glorot_uniform", "random_normal"):
    for dtype in ("float16", "bfloat16", "float32", "float64"):
        values = draw(spec, (700, 1000), seed=7, path="a/b", dtype=dtype)
        print(spec, dtype, blake2b(values.tobytes()).hexdigest())
"""


def test_the_process_its_hashes_and_its_blas_change_nothing():
    environments = [
        {"PYTHONHASHSEED": "0"},
        {"PYTHONHASHSEED": "1", "OPENBLAS_CORETYPE": "Nehalem"},
        {"PYTHONHASHSEED": "2", "OPENBLAS_CORETYPE": "Haswell", "NPY_DISABLE_CPU_FEATURES": NONE},
    ]
    printed = {run_python(SCRIPT, **environment) for environment in environments}
    assert len(printed) == 1
    here = draw("he_normal", (700, 1000), seed=7, path="a/b")
    assert f"he_normal float32 {blake2b(here.tobytes()).hexdigest()}\n" in printed.pop()


# The instructions that NumPy chooses by the processor: without them it computes as on an old one.
NONE = " ".join(
    name
    for name, on in getattr(np._core._multiarray_umath, "__cpu_features__", {}).items()
    if on and name in np._core._multiarray_umath.__cpu_dispatch__
)


def run_python(script, *arguments, **variables):
    command = [sys.executable, "-W", "error", "-c", script, *arguments]
    return run(*command, variables=variables).stdout


# Regions --------------------------------------------------------------------------------------

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


@given(weights_and_regions(), st.sampled_from(ALL), st.sampled_from(DTYPES))
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


@given(st.data())
@pytest.mark.parametrize("spec", ["orthogonal", "identity(0.5)", "constant([1, 2, 3, 4, 5, 6])"])
def test_a_region_of_a_structured_weight_is_that_part_of_it(spec, data):
    shape = (5, 6)
    starts = [data.draw(st.integers(0, size)) for size in shape]
    region = [
        slice(start, data.draw(st.integers(start, size)))
        for start, size in zip(starts, shape, strict=True)
    ]
    config = validate(spec)
    whole = draw_config(config, shape, "float32", 7, "a")
    part = draw_config(config, shape, "float32", 7, "a", region=region)
    np.testing.assert_array_equal(part, whole[tuple(region)])


# Bounds ---------------------------------------------------------------------------------------

BOUNDED = [
    Uniform(0.1, 0.3),
    Uniform(-0.7, 0.1),
    Uniform(1.0, 1.0 + 1e-7),
    Uniform(1e6 + 0.1, 1e6 + 0.3),
    Uniform(-1e-40, 3e-40),
    Uniform(0.0, 1e-30),
    Uniform(-3e38, 3.3e38),
    TruncatedNormal(0.1, 0.3),
    TruncatedNormal(0.0, 0.02, -2.1, 1.3),
    TruncatedNormal(0.0, 1.0, 3.0, 8.0),
    TruncatedNormal(0.0, 1.0, -12.0, -9.0),
    TruncatedNormal(0.0, 1.0, 20.0, 21.0),
    TruncatedNormal(5.0, 0.1, -8.0, 8.0),
    TruncatedNormal(1e6, 0.1, -0.1, 0.3),
    TruncatedNormal(0.0, 1e-36),
    TruncatedNormal(0.0, 1e38, -3.0, 1.0),
    TruncatedNormal(0.0, 0.1, 2.0, math.inf),
]


@each_whole
@pytest.mark.parametrize("distribution", BOUNDED, ids=str)
def test_nothing_lies_beyond_the_bounds(distribution, dtype):
    low, high = distribution.support
    values = draw(distribution, MILLION, seed=SEED, dtype=dtype).astype(np.float64)
    assert low <= values.min() <= values.max() <= high
    # And the words of the outermost values, which few draws hold.
    word = np.iinfo({"float32": np.int32, "float64": np.int64}[dtype])
    words = np.array([word.min, word.min + 1, word.max - 1, word.max], word.dtype)
    ends = np.empty(4, dtype)
    with np.errstate(under="ignore"):
        distribution.fill(words, ends)
    assert low <= float(ends[0]) <= float(ends[1]) <= float(ends[2]) <= float(ends[3]) <= high


@pytest.mark.parametrize("distribution", BOUNDED, ids=str)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_halves_stay_within_the_bounds_as_halves_write_them(distribution, dtype):
    with np.errstate(over="ignore"):
        low, high = np.array(distribution.support).astype(numpy_dtype(dtype)).astype(np.float64)
    values = draw(distribution, 10**5, seed=SEED, dtype=dtype).astype(np.float64)
    assert low <= values.min() <= values.max() <= high


@each_whole
@pytest.mark.parametrize("value", [0.1, 0.3, 0.7, -1e6 / 3])
def test_where_no_number_lies_between_the_bounds_it_is_the_nearest(value, dtype):
    nearest = np.dtype(dtype).type(value)
    for distribution in (
        Constant(value),
        Normal(value, 0.0),
        TruncatedNormal(value, 0.0),
        Uniform(value, value),
    ):
        assert set(draw(distribution, 9, seed=1, dtype=dtype)) == {nearest}


def test_almost_all_floats_are_spread_evenly():
    for dtype, end in (("float32", 3.4e38), ("float64", 1.79e308)):
        values = draw(Uniform(-end, end), 10**5, seed=SEED, dtype=dtype).astype(np.float64) / end
        assert stats.kstest(values, stats.uniform(-1, 2).cdf).pvalue > ALPHA


# Statistics -----------------------------------------------------------------------------------

STATED = [
    Normal(0.0, 1.0),
    Normal(3.0, 0.02),
    Uniform(-0.05, 0.05),
    Uniform(2.0, 5.0),
    TruncatedNormal(0.0, 0.02),
    TruncatedNormal(-1.0, 2.0, -3.5, 3.5),
    TruncatedNormal(0.0, 1.0, -1.0, 2.5),
    TruncatedNormal(0.0, 1.0, 3.0, 8.0),
    TruncatedNormal(0.0, 1.0, -10.0, -6.0),
    TruncatedNormal(0.0, 1.0, 2.0, math.inf),
]


def kolmogorov_smirnov(values, cdf):
    """The p-value; that of ever more values, of which a million are enough."""
    return stats.kstest(values, cdf, method="asymp").pvalue


def distribution_function(distribution):
    """That of SciPy; of a truncated one by the normal's, which is ten times as fast."""
    if not isinstance(distribution, TruncatedNormal):
        return distribution.scipy().cdf
    # Mirrored where the cut is on the right, as shares near 1 are coarse.
    sign = -1 if distribution.low > 0 else 1
    ends = sorted(special.ndtr([sign * distribution.low, sign * distribution.high]))

    def cdf(values):
        z = sign * (values - distribution.loc) / distribution.scale
        share = (special.ndtr(z) - ends[0]) / (ends[1] - ends[0])
        return share if sign > 0 else 1 - share

    return cdf


@each_whole
@pytest.mark.parametrize("distribution", STATED, ids=str)
def test_values_follow_the_distribution(distribution, dtype):
    values = draw(distribution, MILLION, seed=SEED, dtype=dtype).ravel().astype(np.float64)
    twin = distribution.scipy()
    assert kolmogorov_smirnov(values, distribution_function(distribution)) > ALPHA
    # Of a million values, the mean is a normal one, and so is the mean of the squares.
    bound = -stats.norm.ppf(ALPHA / 2) / 1000
    z = (values - distribution.mean) / distribution.stddev
    assert abs(z.mean()) < bound
    assert abs((z * z).mean() - 1) < bound * math.sqrt(twin.stats("k") + 2)


@pytest.mark.parametrize(
    "stated",
    [Normal(0.0, 1.02), Normal(0.02, 1.0), TruncatedNormal(0.0, 1.0, -2.5, 2.5)],
    ids=str,
)
def test_the_test_sees_a_difference_of_two_percent(stated):
    values = draw(Normal(), MILLION, seed=SEED).ravel()
    assert kolmogorov_smirnov(values, distribution_function(stated)) < ALPHA


@each_whole
def test_the_tails_hold_their_share(dtype):
    values = draw(Normal(), 4 * 10**6, seed=SEED, dtype=dtype)
    # Beyond 3σ, in steps; fewer than 1 in 3.5 million lies beyond 5σ, on either side.
    edges = np.array([3.0, 3.2, 3.4, 3.6, 3.8, 4.0, 4.25, 4.5, np.inf])
    shares = -np.diff(stats.norm.sf(edges))
    for side in (values, -values):
        seen = np.histogram(side, edges)[0]
        rest = len(values) - seen.sum()
        expected = np.array([*shares, 1 - shares.sum()]) * len(values)
        assert expected.min() > 10
        assert stats.chisquare([*seen, rest], expected).pvalue > ALPHA


def correlation_bound(count):
    return -stats.norm.ppf(ALPHA / 2) / math.sqrt(count)


@each_whole
@pytest.mark.parametrize("distribution", DISTRIBUTIONS, ids=str)
def test_neighbours_know_nothing_of_each_other(distribution, dtype):
    def drawn(seed, path):
        return draw(distribution, 3 * CHUNK, seed=seed, path=path, dtype=dtype)

    one = drawn(1, "dense/kernel")
    chunks = one.reshape(3, CHUNK)
    pairs = [
        (one, drawn(2, "dense/kernel")),
        (one, drawn(1, "dense/bias")),
        (one, drawn(1, "dense_1/kernel")),
        (chunks[0], chunks[1]),
        (chunks[1], chunks[2]),
        *((one[:-lag], one[lag:]) for lag in (1, 2, 16)),
    ]
    for a, b in pairs:
        a, b = a.astype(np.float64), b.astype(np.float64)
        assert abs(np.corrcoef(a, b)[0, 1]) < correlation_bound(len(a))
        # And not of each other's spread.
        spread = np.corrcoef((a - distribution.mean) ** 2, (b - distribution.mean) ** 2)[0, 1]
        assert abs(spread) < correlation_bound(len(a))


def test_weights_share_no_values_beyond_chance():
    keys = list(itertools.product([0, 1, 2, 2**32 - 1], ["", "a", "b", "a/b"]))
    drawn = [draw(Normal(), 2000, seed=s, path=p, dtype="float64") for s, p in keys]
    # Of 53 bits each, any two of the 32,000 values are alike once in 10 million such draws.
    assert len(np.unique(drawn)) == len(keys) * 2000
    narrow = [draw(Uniform(-1.0, 1.0), 2000, seed=s, path=p) for s, p in keys]
    for a, b in itertools.combinations(narrow, 2):
        # Some 2**24 numbers or more are as likely: about 0.24 of 2000 are shared.
        assert len(np.intersect1d(a, b)) < 8


def test_the_path_is_no_part_of_the_seed():
    values = {draw(Normal(), (), seed=s, path=p).item() for s in (1, 11) for p in ("", "1", "11")}
    assert len(values) == 6


# All that the schemas let through -------------------------------------------------------------

_number = st.floats(allow_nan=False, allow_infinity=False)
_parameters = st.one_of(
    st.tuples(st.just("random_normal"), st.tuples(_number, _number.map(abs))),
    st.tuples(st.just("truncated_normal"), st.tuples(_number, _number.map(abs))),
    st.tuples(st.just("random_uniform"), st.tuples(_number, _number).map(sorted)),
    st.tuples(st.just("constant"), st.tuples(_number)),
    st.tuples(st.just("variance_scaling"), st.tuples(_number.map(abs).filter(bool))),
    st.tuples(st.just("orthogonal"), st.tuples(_number)),
    st.tuples(st.just("identity"), st.tuples(_number)),
)


@given(_parameters, st.integers(0, 40), st.sampled_from(DTYPES), st.integers(0, 2**32 - 1))
@example(("random_uniform", (-1.7e308, 1.7e308)), 9, "float64", 1)
@example(("random_uniform", (-3e38, 3e38)), 9, "float32", 1)
@example(("random_normal", (-1e300, 1e300)), 9, "float32", 1)
@example(("truncated_normal", (0.0, 1.5e308)), 9, "float64", 1)
def test_any_parameters_give_values_of_the_dtype(parameters, count, dtype, seed):
    name, numbers = parameters
    fields = list(type(validate(name)).model_fields)
    config = validate({"type": name, **dict(zip(fields, numbers, strict=False))})
    shape = (2, count)
    values = draw(config, shape, seed=seed, dtype=dtype)
    assert (values.shape, values.dtype) == (shape, numpy_dtype(dtype))
    distribution = config.distribution(shape)
    if distribution is None:
        reach = abs(numbers[0])
    else:
        ends = [abs(end) for end in distribution.support if math.isfinite(end)]
        spread = 9 * distribution.stddev if isinstance(distribution, Normal) else 0.0
        unbounded = distribution.support == (-math.inf, math.inf) and not spread
        reach = math.inf if unbounded else max([abs(distribution.mean) + spread, *ends])
    largest = {"float16": 65504.0, "float64": sys.float_info.max}.get(dtype, 3.38e38)
    if reach <= largest:
        assert np.isfinite(values.astype(np.float64)).all()


# Errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"shape": (3, -1)}, "A shape holds whole numbers from 0 up, not [3, -1]."),
        ({"shape": (3, 1.5)}, "A shape holds whole numbers from 0 up, not [3, 1.5]."),
        ({"shape": 1.5}, "A shape holds whole numbers from 0 up, not [1.5]."),
        ({"shape": None}, "A shape holds whole numbers from 0 up, not [None]."),
        ({"shape": True}, "A shape holds whole numbers from 0 up, not [True]."),
        ({"shape": (None, 3)}, "A shape holds whole numbers from 0 up, not [None, 3]."),
        ({"shape": "3"}, "A shape holds whole numbers from 0 up, not ['3']."),
        (
            {"dtype": "int32"},
            "dtype must be one of float16, bfloat16, float32, float64, not 'int32'.",
        ),
        ({"seed": True}, "seed must be a whole number, 0 … 4294967295, not True."),
        ({"seed": -1}, "seed must be a whole number, 0 … 4294967295, not -1."),
        ({"seed": 2**32}, "seed must be a whole number, 0 … 4294967295, not 4294967296."),
        ({"seed": 1.5}, "seed must be a whole number, 0 … 4294967295, not 1.5."),
        ({"seed": None}, "seed must be a whole number, 0 … 4294967295, not None."),
        (
            {"spec": "stft"},
            "stft has no portable draw: its plugin says neither what its values follow nor how "
            "NumPy makes them. Keras can: initreg.sample, or initreg.resolve.",
        ),
        (
            {"spec": "orthogonal", "shape": 4},
            "orthogonal does not fit the shape [4]: an orthogonal matrix needs two axes or more",
        ),
        (
            {"spec": "identity", "shape": (2, 2, 2)},
            "identity does not fit the shape [2, 2, 2]: an identity needs two axes",
        ),
        (
            {"spec": "constant([1, 2])", "shape": (2, 3)},
            "constant(value=[1, 2]) does not fit the shape [2, 3]: operands could not be broadcast",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
@pytest.mark.parametrize("spec", ["normal", Normal()], ids=["a name", "a distribution"])
def test_errors(spec, changes, text):
    arguments = {"spec": spec, "shape": (2, 3), "seed": 1, "dtype": "float32", **changes}
    with pytest.raises(ConfigError) as caught:
        draw(**arguments)
    assert str(caught.value).startswith(text)


def test_an_unknown_name():
    with pytest.raises(UnknownInitializerError, match="Did you mean 'he_normal'"):
        draw("he_norml", (2, 3), seed=1)


class Returns(InitializerConfig, name="returns", builds="builtins:dict"):
    """Return from `draw` what a test says."""

    what: str

    def draw(self, shape, seed, path=""):
        return {"list": [1.0, 2.0], "other shape": np.zeros(3), "none": None}[self.what]


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("list", "'list' object has no attribute 'shape'"),
        ("other shape", "draw() returned the shape [3]"),
        ("none", "draw() returned None"),
    ],
)
def test_a_plugin_that_draws_something_else(what, text):
    with pytest.raises(PluginError) as caught:
        draw_config(Returns(what=what), (2,), "float32", 1)
    assert text in str(caught.value)
    assert str(caught.value).startswith("returns(")


# Distributions of others ----------------------------------------------------------------------


class Triangle(Distribution):
    """Only what is abstract: rises from 0 to 1."""

    mean = 2 / 3
    stddev = math.sqrt(1 / 18)
    support = (0.0, 1.0)

    def pdf(self, x):
        return 2 * x if 0 <= x <= 1 else 0.0

    def ppf(self, q):
        return math.sqrt(q)

    def scipy(self):
        return stats.triang(1.0)


@each_whole
def test_the_abstract_methods_are_enough(dtype):
    distribution = Triangle()
    shape = (2, CHUNK // 2 + 1000)
    values = draw(distribution, shape, seed=SEED, dtype=dtype, threads=1)
    assert values.dtype == dtype
    assert stats.kstest(values.ravel(), distribution.scipy().cdf).pvalue > ALPHA
    together = draw(distribution, shape, seed=SEED, dtype=dtype, threads=2)
    np.testing.assert_array_equal(values, together)
    half = draw(distribution, 99, seed=SEED, dtype="bfloat16")
    assert half.dtype == bfloat16


class Failing(Triangle):
    """Fail in the third call, in whatever thread that is."""

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


# Moments --------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [1, 2, 3, 100, 4097, CHUNK - 1, CHUNK + 1, 1_000_003])
def test_moments_are_those_of_numpy(size, dtype):
    for distribution in (*ALL, Normal(3.0, 1e-3), Normal(0.0, 1e-25), Normal(0.0, 1e25)):
        moments = Moments()
        values = draw_distribution(distribution, (size,), dtype, 7, moments=moments)
        exact = values.astype(np.float64)
        if not np.isfinite(exact).all():
            continue
        # A sum's last digits are as large as its terms.
        size_of_one = abs(exact).max()
        if isinstance(distribution, Constant):
            exact = exact[:1]
        assert moments.mean == pytest.approx(exact.mean(), rel=1e-5, abs=1e-6 * size_of_one)
        assert moments.stddev == pytest.approx(exact.std(), rel=1e-5, abs=1e-6 * size_of_one)


def test_moments_of_nothing():
    assert math.isnan(Moments().mean)
    assert math.isnan(Moments().stddev)
    moments = Moments()
    draw_distribution(Normal(), (0, 3), "float32", 7, moments=moments)
    assert math.isnan(moments.mean)


def test_moments_added_in_many_threads():
    values = draw(Normal(2.0, 3.0), (64, 1000), seed=SEED, dtype="float64")
    moments = Moments()
    threads = [
        threading.Thread(target=lambda rows: [moments.add(row) for row in rows], args=[rows])
        for rows in np.split(values, 8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert moments.mean == pytest.approx(values.mean(), rel=1e-12)
    assert moments.stddev == pytest.approx(values.std(), rel=1e-12)


# Orthogonal, identity, constant ---------------------------------------------------------------


@pytest.mark.parametrize("gain", [1.0, -1.4, 0.0])
@pytest.mark.parametrize(
    "shape",
    [(64, 32), (32, 64), (48, 48), (3, 3, 4, 20), (3, 3, 4, 50), (5, 1), (1, 5), (1, 1)],
    ids=str,
)
def test_orthogonal_rows_or_columns_are(shape, gain):
    config = validate({"type": "orthogonal", "gain": gain})
    matrix = draw(config, shape, seed=SEED, dtype="float64").reshape(-1, shape[-1])
    if matrix.shape[0] < matrix.shape[1]:
        matrix = matrix.T
    product = matrix.T @ matrix
    np.testing.assert_allclose(product, gain**2 * np.eye(len(product)), atol=1e-14)


@pytest.mark.keras
@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (2, 0, 3)], ids=str)
def test_orthogonal_of_nothing(shape):
    assert draw("orthogonal", shape, seed=1).shape == shape
    assert tuple(resolve("orthogonal", seed=1)(shape).shape) == shape


def test_orthogonal_is_the_factor_with_a_positive_diagonal():
    normal = draw(Normal(), (9, 6), seed=SEED, path="a", dtype="float64")
    q = draw("orthogonal", (9, 6), seed=SEED, path="a", dtype="float64")
    r = q.T @ normal
    assert (np.diagonal(r) > 0).all()
    assert abs(np.tril(r, -1)).max() < 1e-14
    np.testing.assert_array_equal(
        q, draw("orthogonal", (9, 6), seed=SEED, path="a", dtype="float64")
    )
    for other in ({"seed": SEED + 1, "path": "a"}, {"seed": SEED, "path": "b"}):
        assert not (q == draw("orthogonal", (9, 6), dtype="float64", **other)).any()


@pytest.mark.parametrize("entry", [(0, 0), (2, 1), (3, 2)], ids=str)
def test_an_entry_of_an_orthogonal_matrix_lies_evenly_about_zero(entry):
    drawn = [draw("orthogonal", (4, 3), seed=s, dtype="float64")[entry] for s in range(1000)]
    # Of a random unit vector of 4: its square is a beta variable of 1/2 and 3/2.
    assert stats.kstest(np.square(drawn), stats.beta(0.5, 1.5).cdf).pvalue > ALPHA
    assert stats.binomtest(int(np.sum(np.array(drawn) > 0)), 1000).pvalue > ALPHA


_ORTHOGONAL = """\
import sys
import numpy as np
from initreg import draw
shapes = [(64, 32), (32, 64), (300, 300), (3, 3, 64, 128)]
drawn = [draw("orthogonal", shape, seed=3, dtype="float64").ravel() for shape in shapes]
np.save(sys.argv[1], np.concatenate(drawn))
"""


def test_orthogonal_differs_between_kernels_of_blas_in_the_last_digits_alone(tmp_path):
    drawn = []
    for number, (kernel, threads) in enumerate(
        [("Haswell", "1"), ("Haswell", "2"), ("SkylakeX", "1"), ("Nehalem", "1")]
    ):
        path = tmp_path / f"{number}.npy"
        try:
            run_python(
                *(_ORTHOGONAL, str(path)), OPENBLAS_CORETYPE=kernel, OPENBLAS_NUM_THREADS=threads
            )
        except AssertionError:  # instructions that this processor lacks
            continue
        drawn.append(np.load(path))
    assert drawn
    for other in drawn[1:]:
        assert abs(other - drawn[0]).max() < 1e-12
        # Seen: none at all in 172,032.
        assert differing(other.astype(np.float32), drawn[0].astype(np.float32)) < 10


@pytest.mark.keras
@pytest.mark.parametrize(
    ("spec", "shape"),
    [
        ("zeros", (4, 3)),
        ("ones", (4, 3)),
        ("constant(0.1)", (4, 3)),
        ("constant([0.1, 0.2, 0.3])", (4, 3)),
        ("constant([[0.1], [0.7]])", (2, 3)),
        ("identity", (3, 3)),
        ("identity(gain=0.3)", (4, 3)),
        ("identity(gain=-2)", (3, 4)),
    ],
)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_what_is_not_random_has_the_values_of_keras(spec, shape, dtype):
    tensor = resolve(spec)(shape, dtype=dtype)
    expected = np.asarray(keras.ops.convert_to_numpy(tensor)).astype(np.float32)
    np.testing.assert_array_equal(
        draw(spec, shape, seed=1, dtype=dtype).astype(np.float32), expected
    )
