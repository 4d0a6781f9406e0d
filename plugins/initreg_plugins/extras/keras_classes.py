"""The Keras initializers of what holds other initializers; importing this imports Keras."""

from collections.abc import Iterable
from typing import Any

import keras


def _wide(dtype: str) -> str:
    """Return the dtype to compute in.

    A half does not hold all that a factor may bring back into its range, and no backend makes an
    orthogonal matrix of all halves.
    """
    return dtype if dtype == "float64" else "float32"


@keras.saving.register_keras_serializable(package="initreg")
class Scaled(keras.initializers.Initializer):  # type: ignore[misc]
    """Multiply what another initializer gives by a factor."""

    def __init__(self, base: Any, factor: float) -> None:
        self.base = keras.initializers.get(base)
        self.factor = factor

    def __call__(self, shape: Any, dtype: Any = None, **options: Any) -> Any:
        """Return a tensor of that shape and dtype."""
        dtype = keras.backend.standardize_dtype(dtype)
        values = self.base(shape, dtype=_wide(dtype), **options)
        return keras.ops.cast(values * self.factor, dtype)

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal initializer."""
        return {"base": keras.initializers.serialize(self.base), "factor": self.factor}


@keras.saving.register_keras_serializable(package="initreg")
class PerGate(keras.initializers.Initializer):  # type: ignore[misc]
    """Fill equal parts of the last axis, each by its own initializer."""

    def __init__(self, initializers: Iterable[Any]) -> None:
        self.initializers = [keras.initializers.get(each) for each in initializers]

    def __call__(self, shape: Any, dtype: Any = None, **options: Any) -> Any:
        """Return a tensor of that shape and dtype."""
        shape, count = tuple(shape), len(self.initializers)
        if not shape or shape[-1] % count:
            raise ValueError(
                f"The last axis of {list(shape)} does not divide into {count} gates. An LSTM takes "
                "a bias per gate with unit_forget_bias=False alone."
            )
        gate = (*shape[:-1], shape[-1] // count)
        dtype = keras.backend.standardize_dtype(dtype)
        parts = [each(gate, dtype=_wide(dtype), **options) for each in self.initializers]
        return keras.ops.cast(keras.ops.concatenate(parts, axis=-1), dtype)

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal initializer."""
        return {"initializers": [keras.initializers.serialize(each) for each in self.initializers]}
