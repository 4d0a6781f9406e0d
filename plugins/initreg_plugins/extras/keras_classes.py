"""Keras classes for `scaled` and `per_gate`. Importing this module imports Keras."""

from collections.abc import Iterable
from copy import copy
from typing import Any

import keras

from initreg_plugins.extras.forget_gates import demand_all_gates


def _wide(dtype: str) -> str:
    """Return the dtype to compute in: float32 for half precisions.

    Values may overflow a half before they are multiplied by a small factor, and no backend makes
    orthogonal matrices in all half precisions.
    """
    return dtype if dtype == "float64" else "float32"


def _written(initializer: Any) -> Any:
    """Serialize an initializer, with the parameters that its own config leaves out.

    Keras's `Identity` leaves out its gain (Keras 3.15).
    """
    form = keras.initializers.serialize(initializer)
    if isinstance(initializer, keras.initializers.Identity):
        form["config"] = {"gain": initializer.gain, **form["config"]}
    return form


@keras.saving.register_keras_serializable(package="initreg")
class Scaled(keras.initializers.VarianceScaling):  # type: ignore[misc]
    """Multiply the values of another initializer by a factor.

    EinsumDense copies a `VarianceScaling`, with its seed and with the axes of the kernel. So this
    is one. The seed is the base's, and the axes are passed on to a base that has none.
    """

    def __init__(
        self,
        base: Any,
        factor: float,
        seed: Any = None,
        input_axes: Any = None,
        output_axes: Any = None,
    ) -> None:
        self.base = keras.initializers.get(base)
        self.factor = factor
        self.input_axes = input_axes
        self.output_axes = output_axes
        if seed is not None:
            self.seed = seed

    @property
    def seed(self) -> Any:
        """The seed of the base, drawn or given."""
        return getattr(self.base, "seed", None)

    @seed.setter
    def seed(self, seed: Any) -> None:
        self.base = copy(self.base)
        self.base.seed = seed

    def __call__(self, shape: Any, dtype: Any = None, **options: Any) -> Any:
        """Return a tensor of that shape and dtype."""
        dtype, base = keras.backend.standardize_dtype(dtype), self.base
        takes_axes = isinstance(base, keras.initializers.VarianceScaling)
        if takes_axes and self.input_axes is not None and base.input_axes is None:
            base = copy(base)
            base.input_axes, base.output_axes = self.input_axes, self.output_axes
        values = base(shape, dtype=_wide(dtype), **options)
        return keras.ops.cast(values * self.factor, dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments for an equal initializer."""
        config = {"base": _written(self.base), "factor": self.factor}
        if self.input_axes is not None:
            config |= {"input_axes": self.input_axes, "output_axes": self.output_axes}
        return config


@keras.saving.register_keras_serializable(package="initreg")
class PerGate(keras.initializers.Initializer):  # type: ignore[misc]
    """Fill equal parts of the last axis, each with its own initializer."""

    def __init__(self, initializers: Iterable[Any]) -> None:
        self.initializers = [keras.initializers.get(value) for value in initializers]

    def __call__(self, shape: Any, dtype: Any = None, **options: Any) -> Any:
        """Return a tensor of that shape and dtype."""
        demand_all_gates()
        shape, count = tuple(shape), len(self.initializers)
        if not shape or shape[-1] % count:
            raise ValueError(f"The last axis of {list(shape)} can't be divided into {count} gates.")
        gate = (*shape[:-1], shape[-1] // count)
        dtype = keras.backend.standardize_dtype(dtype)
        parts = [draw(gate, dtype=_wide(dtype), **options) for draw in self.initializers]
        return keras.ops.cast(keras.ops.concatenate(parts, axis=-1), dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments for an equal initializer."""
        return {"initializers": [_written(value) for value in self.initializers]}
