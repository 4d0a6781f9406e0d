"""A shape that needs more memory than there is, is rejected."""

import pytest

from initreg import ConfigError, sample
from initreg.sampling import memory


@pytest.mark.parametrize("shape", [(10**7, 10**7), (10**30,), (2**62, 4)], ids=str)
def test_a_shape_too_large_is_refused_before_keras_sees_it(shape):
    with pytest.raises(ConfigError, match="is too large") as caught:
        sample("random_normal", shape)
    assert "values of float32 are" in str(caught.value)


def test_the_size_is_told(monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: 3 * 2**20)
    with pytest.raises(ConfigError) as caught:
        sample("random_normal", (1024, 1024))
    assert str(caught.value) == (
        "The shape [1024, 1024] is too large: 1,048,576 values of float32 are 4.0 MiB, and "
        "drawing them takes about 48.0 MiB. 3.0 MiB are available."
    )


def test_this_machine_s_memory_is_known():
    assert 2**20 < memory.available_memory() < 2**50
