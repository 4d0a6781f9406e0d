"""Keras classes for `scaled` and `per_gate`. Importing this module imports Keras."""

from collections.abc import Iterable
from typing import Any

import keras


def _wide(dtype: str) -> str:
    """Return the dtype to compute in: float32 for half precisions.

    Values may overflow a half before they are multiplied by a small factor, and no backend makes
    orthogonal matrices in all half precisions.
    """
    return dtype if dtype == "float64" else "float32"


@keras.saving.register_keras_serializable(package="initreg")
class Scaled(keras.initializers.Initializer):  # type: ignore[misc]
    """Multiply the values of another initializer by a factor."""

    def __init__(self, base: Any, factor: float) -> None:
        self.base = keras.initializers.get(base)
        self.factor = factor

    def __call__(self, shape: Any, dtype: Any = None, **options: Any) -> Any:
        """Return a tensor of that shape and dtype."""
        dtype = keras.backend.standardize_dtype(dtype)
        values = self.base(shape, dtype=_wide(dtype), **options)
        return keras.ops.cast(values * self.factor, dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments for an equal initializer."""
        return {"base": keras.initializers.serialize(self.base), "factor": self.factor}


@keras.saving.register_keras_serializable(package="initreg")
class PerGate(keras.initializers.Initializer):  # type: ignore[misc]
    """Fill equal parts of the last axis, each with its own initializer."""

    def __init__(self, initializers: Iterable[Any]) -> None:
        self.initializers = [keras.initializers.get(value) for value in initializers]

    def __call__(self, shape: Any, dtype: Any = None, **options: Any) -> Any:
        """Return a tensor of that shape and dtype."""
        shape, count = tuple(shape), len(self.initializers)
        if not shape or shape[-1] % count:
            raise ValueError(
                f"The last axis of {list(shape)} can't be divided into {count} gates. For the bias "
                "of an LSTM, set unit_forget_bias=False."
            )
        gate = (*shape[:-1], shape[-1] // count)
        dtype = keras.backend.standardize_dtype(dtype)
        parts = [draw(gate, dtype=_wide(dtype), **options) for draw in self.initializers]
        return keras.ops.cast(keras.ops.concatenate(parts, axis=-1), dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments for an equal initializer."""
        return {
            "initializers": [keras.initializers.serialize(value) for value in self.initializers]
        }
