"""The conformance kit, and the values of these initializers."""

from collections.abc import Callable

import numpy as np
import pytest
from initreg import ConfigError, Fans, InitregWarning, Uniform, draw, validate
from initreg.testing import parametrize

from initreg_example.low_rank import LowRank
from initreg_example.siren import Siren


@parametrize(Siren, "siren(first=True)", LowRank, "low_rank(rank=100)")
def test_conformance(check: Callable[[], object]) -> None:
    check()


def test_the_first_layer_of_a_siren_has_its_own_bound() -> None:
    shape, fans = (600, 10), Fans(fan_in=600, fan_out=10)
    assert Siren(omega=30).distribution(shape, fans) == Uniform(-0.1 / 30, 0.1 / 30)
    assert Siren(first=True).distribution(shape, fans) == Uniform(-1 / 600, 1 / 600)


def test_the_old_name_of_a_parameter_emits_a_warning() -> None:
    with pytest.warns(InitregWarning, match="omega"):
        assert validate("siren(w0=20)") == Siren(omega=20)


def test_rank_and_standard_deviation() -> None:
    matrix = draw("low_rank(rank=5, stddev=0.1)", (400, 300), seed=1, dtype="float64")
    assert np.linalg.matrix_rank(matrix) == 5
    assert matrix.std() == pytest.approx(0.1, rel=0.1)


def test_an_invalid_value_is_reported_with_its_parameter() -> None:
    with pytest.raises(ConfigError, match="rank must be"):
        validate("low_rank(rank=0)")
