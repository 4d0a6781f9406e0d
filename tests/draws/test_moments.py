"""Moments of values that are added part by part."""

import math
import threading

import numpy as np
import pytest

from initreg import Constant, Normal, draw
from initreg.draws.filling import draw_distribution
from initreg.draws.moments import Moments
from initreg.draws.streams import CHUNK
from tests.support.drawing import ALL, SEED, each_dtype


@each_dtype
@pytest.mark.parametrize("size", [1, 2, 3, 100, 4097, CHUNK - 1, CHUNK + 1, 1_000_003])
def test_moments_agree_with_numpy(size, dtype):
    for distribution in (*ALL, Normal(3.0, 1e-3), Normal(0.0, 1e-25), Normal(0.0, 1e25)):
        moments = Moments()
        values = draw_distribution(distribution, (size,), dtype, 7, moments=moments)
        exact = values.astype(np.float64)
        if not np.isfinite(exact).all():
            continue
        largest = abs(exact).max()  # a sum is rounded to the digits of its largest term
        if isinstance(distribution, Constant):
            exact = exact[:1]
        assert moments.mean == pytest.approx(exact.mean(), rel=1e-5, abs=1e-6 * largest)
        assert moments.stddev == pytest.approx(exact.std(), rel=1e-5, abs=1e-6 * largest)


def test_moments_of_nothing():
    assert math.isnan(Moments().mean)
    assert math.isnan(Moments().stddev)
    moments = Moments()
    draw_distribution(Normal(), (0, 3), "float32", 7, moments=moments)
    assert math.isnan(moments.mean)


@pytest.mark.parametrize("value", [0.0, -0.0, 0.1, 1e30, math.inf, -math.inf])
def test_a_constant_has_the_moments_of_its_values(value):
    constant, values = Moments(), Moments()
    constant.add_constant(value)
    with np.errstate(invalid="ignore"):
        values.add(np.full(1, value))
    assert str((constant.mean, constant.stddev)) == str((values.mean, values.stddev))


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
