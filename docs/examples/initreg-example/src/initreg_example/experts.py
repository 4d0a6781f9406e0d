"""A layer with one matrix for each expert."""

from typing import Any

import keras


class Experts(keras.layers.Layer):
    """Multiply each expert's input by its own matrix: (…, experts, n) → (…, experts, units)."""

    def __init__(self, units: int, **options: Any) -> None:
        super().__init__(**options)
        self.units = units

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.bank = self.add_weight(name="bank", shape=(*input_shape[-2:], self.units))

    def call(self, inputs: Any) -> Any:
        return keras.ops.einsum("...ei,eio->...eo", inputs, self.bank)
