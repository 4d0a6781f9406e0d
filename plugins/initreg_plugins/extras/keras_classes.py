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

    EinsumDense copies a `VarianceScaling`, and passes the axes of its kernel to the copy. So this
    is one, and passes the axes on to its base, if that is one, too.
    """

    seed = None  # the base has the seed; EinsumDense passes this to the copy

    def __init__(
        self,
        base: Any,
        factor: float,
        seed: None = None,
        input_axes: Any = None,
        output_axes: Any = None,
    ) -> None:
        self.base = keras.initializers.get(base)
        self.factor = factor
        if input_axes is not None:
            self.input_axes, self.output_axes = input_axes, output_axes

    @property
    def input_axes(self) -> Any:
        """The axes of the base; not None, if it takes none, so that EinsumDense passes none."""
        return getattr(self.base, "input_axes", ())

    @input_axes.setter
    def input_axes(self, axes: Any) -> None:
        self.base = copy(self.base)
        self.base.input_axes = axes

    @property
    def output_axes(self) -> Any:
        """The axes of the base, as in `input_axes`."""
        return getattr(self.base, "output_axes", ())

    @output_axes.setter
    def output_axes(self, axes: Any) -> None:
        self.base = copy(self.base)
        self.base.output_axes = axes

    def __call__(self, shape: Any, dtype: Any = None, **options: Any) -> Any:
        """Return a tensor of that shape and dtype."""
        dtype = keras.backend.standardize_dtype(dtype)
        values = self.base(shape, dtype=_wide(dtype), **options)
        return keras.ops.cast(values * self.factor, dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments for an equal initializer."""
        return {"base": _written(self.base), "factor": self.factor}


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
