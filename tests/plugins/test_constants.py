"""Values that are not random, drawn with NumPy, are those of Keras."""

import keras
import numpy as np
import pytest

from initreg import draw, resolve
from initreg.draws.dtypes import as_dtype

pytestmark = pytest.mark.keras


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
    # On NumPy, Keras's Identity returns float32 for bfloat16, which the variable then casts.
    expected = np.asarray(keras.ops.convert_to_numpy(tensor)).astype(as_dtype(dtype))
    np.testing.assert_array_equal(
        draw(spec, shape, seed=1, dtype=dtype).astype(np.float32), expected.astype(np.float32)
    )
