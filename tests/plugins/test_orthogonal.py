"""Orthogonal matrices, drawn with NumPy."""

import numpy as np
import pytest
from scipy import stats

from initreg import Normal, draw, resolve, validate
from tests.support.drawing import ALPHA, SEED, run_python


@pytest.mark.parametrize("gain", [1.0, -1.4, 0.0])
@pytest.mark.parametrize(
    "shape",
    [(64, 32), (32, 64), (48, 48), (3, 3, 4, 20), (3, 3, 4, 50), (5, 1), (1, 5), (1, 1)],
    ids=str,
)
def test_the_columns_are_orthogonal_or_the_rows_if_there_are_fewer(shape, gain):
    config = validate({"type": "orthogonal", "gain": gain})
    matrix = draw(config, shape, seed=SEED, dtype="float64").reshape(-1, shape[-1])
    if matrix.shape[0] < matrix.shape[1]:
        matrix = matrix.T
    product = matrix.T @ matrix
    np.testing.assert_allclose(product, gain**2 * np.eye(len(product)), atol=1e-14)


@pytest.mark.keras
@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (2, 0, 3)], ids=str)
def test_a_matrix_without_values(shape):
    assert draw("orthogonal", shape, seed=1).shape == shape
    assert tuple(resolve("orthogonal", seed=1)(shape).shape) == shape


def test_it_is_the_q_of_a_qr_factorization_whose_r_has_a_positive_diagonal():
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


@pytest.mark.slow
@pytest.mark.parametrize("entry", [(0, 0), (2, 1), (3, 2)], ids=str)
def test_each_entry_follows_the_distribution_of_a_random_rotation(entry):
    drawn = [draw("orthogonal", (4, 3), seed=s, dtype="float64")[entry] for s in range(1000)]
    # A column is a random unit vector of 4 numbers. The square of one follows Beta(1/2, 3/2).
    assert stats.kstest(np.square(drawn), stats.beta(0.5, 1.5).cdf).pvalue > ALPHA
    assert stats.binomtest(int(np.sum(np.array(drawn) > 0)), 1000).pvalue > ALPHA


SCRIPT = """\
import sys
import numpy as np
from initreg import draw
shapes = [(64, 32), (32, 64), (300, 300), (3, 3, 64, 128)]
drawn = [draw("orthogonal", shape, seed=3, dtype="float64").ravel() for shape in shapes]
np.save(sys.argv[1], np.concatenate(drawn))
"""


@pytest.mark.slow
def test_kernels_of_blas_change_the_last_digits_only(tmp_path):
    drawn = []
    for number, (kernel, threads) in enumerate(
        [("Haswell", "1"), ("Haswell", "2"), ("SkylakeX", "1"), ("Nehalem", "1")]
    ):
        path = tmp_path / f"{number}.npy"
        try:
            run_python(*(SCRIPT, str(path)), OPENBLAS_CORETYPE=kernel, OPENBLAS_NUM_THREADS=threads)
        except AssertionError:  # instructions that this processor lacks
            continue
        drawn.append(np.load(path))
    assert drawn
    for other in drawn[1:]:
        assert abs(other - drawn[0]).max() < 1e-12
        # None of the 172,032 values differed when this was measured.
        assert np.sum(other.astype(np.float32) != drawn[0].astype(np.float32)) < 10
