"""Drawn values follow their distribution, and are independent of each other."""

import itertools
import math

import numpy as np
import pytest
from scipy import special, stats

from initreg import Normal, TruncatedNormal, Uniform, draw
from initreg.draws.streams import CHUNK
from tests.support.drawing import ALPHA, DISTRIBUTIONS, MILLION, SEED, each_whole

pytestmark = pytest.mark.slow

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
    """Return the p-value. A million values are enough for the asymptotic one."""
    return stats.kstest(values, cdf, method="asymp").pvalue


def distribution_function(distribution):
    """Return SciPy's. Truncated ones use the normal's, which is ten times as fast."""
    if not isinstance(distribution, TruncatedNormal):
        return distribution.scipy().cdf
    # Mirrored if the interval is in the right tail, because shares near 1 are coarse.
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
    # The mean of a million values is normally distributed, and so is the mean of their squares.
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
def test_the_tails_of_a_normal_distribution(dtype):
    values = draw(Normal(), 4 * 10**6, seed=SEED, dtype=dtype)
    # The steps end at 4.5σ: on either side, only 1 value in 3.5 million is beyond 5σ.
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
def test_seeds_paths_chunks_and_neighbours_are_uncorrelated(distribution, dtype):
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
        # Their distances from the mean are uncorrelated, too.
        spread = np.corrcoef((a - distribution.mean) ** 2, (b - distribution.mean) ** 2)[0, 1]
        assert abs(spread) < correlation_bound(len(a))


def test_weights_share_values_only_by_chance():
    keys = list(itertools.product([0, 1, 2, 2**32 - 1], ["", "a", "b", "a/b"]))
    drawn = [draw(Normal(), 2000, seed=s, path=p, dtype="float64") for s, p in keys]
    # With 53 bits each, two of the 32,000 values are equal once in 10 million such draws.
    assert len(np.unique(drawn)) == len(keys) * 2000
    narrow = [draw(Uniform(-1.0, 1.0), 2000, seed=s, path=p) for s, p in keys]
    for a, b in itertools.combinations(narrow, 2):
        # At least 2**24 numbers are equally likely, so about 0.24 of 2000 values are shared.
        assert len(np.intersect1d(a, b)) < 8


def test_seed_and_path_are_never_confused():
    values = {draw(Normal(), (), seed=s, path=p).item() for s in (1, 11) for p in ("", "1", "11")}
    assert len(values) == 6
