"""The report of a sample."""

import numpy as np
import pytest

import initreg
from initreg_cli.output.sample_report import expected_counts, preview

pytestmark = pytest.mark.keras


def test_a_preview_shows_the_corners_of_many_values() -> None:
    assert "..." not in preview(np.zeros(24))
    assert "..." in preview(np.zeros(25))


@pytest.mark.slow
def test_expected_counts_add_up_to_the_values() -> None:
    for spec in ("random_normal", "random_uniform", "truncated_normal"):
        drawn = initreg.sample(spec, (100, 100), seed=1)
        edges, counts = drawn.histogram(17)
        expected = expected_counts(drawn, edges)
        assert sum(expected) == pytest.approx(10_000, rel=0.01)
        far = [abs(a - b) / max(b, 1) ** 0.5 for a, b in zip(counts, expected, strict=True)]
        assert max(far) < 6
