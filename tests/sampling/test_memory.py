"""A shape that needs more memory than is available is rejected."""

import pytest

from initreg import ConfigError, sample
from initreg.sampling import memory


@pytest.mark.parametrize("shape", [(10**7, 10**7), (10**30,), (2**62, 4)], ids=str)
def test_a_shape_that_is_too_large_is_rejected_before_keras_is_called(shape):
    with pytest.raises(ConfigError, match="is too large") as caught:
        sample("random_normal", shape)
    assert "values of float32 are" in str(caught.value)


def test_the_error_says_how_much_memory_is_needed_and_available(monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: 3 * 2**20)
    with pytest.raises(ConfigError) as caught:
        sample("random_normal", (1024, 1024))
    assert str(caught.value) == (
        "The shape [1024, 1024] is too large: 1,048,576 values of float32 are 4.0 MiB, and "
        "drawing them takes about 48.0 MiB. 3.0 MiB are available."
    )


def test_the_available_memory_of_this_machine_is_plausible():
    assert 2**20 < memory.available_memory() < 2**50
