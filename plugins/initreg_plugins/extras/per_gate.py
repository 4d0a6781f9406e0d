"""PerGate: each gate of a recurrent layer with its own initializer."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from initreg import Fans, InitializerConfig, InitializerField, Layout, Shape, draw, hookimpl
from initreg_plugins.extras.forget_gates import demand_all_gates

if TYPE_CHECKING:
    import numpy as np

Initializers = Annotated[tuple[InitializerField, ...], Field(min_length=1)]


class PerGate(
    InitializerConfig,
    name="per_gate",
    builds="initreg_plugins.extras.keras_classes:PerGate",
    examples=(
        "per_gate([zeros, ones, zeros, zeros])",
        "per_gate([orthogonal, orthogonal, orthogonal])",
    ),
):
    """Fill the gates of a recurrent layer, each in its own way.

    They are equal parts of the last axis; under a rule, the blocks that the layer has.

    The gates of Keras's LSTM are input, forget, candidate, output; those of its GRU are update,
    reset, candidate. PyTorch has them along the first axis, and those of GRU are reset, update,
    candidate.
    The first example sets the bias of an LSTM's forget gate to 1. As the initializer of a layer, it
    needs ``unit_forget_bias=False``. Otherwise Keras sets that gate itself, and asks the
    initializer for the other gates only, which is rejected.

    Sources: Gers et al. 2000, Jozefowicz et al. 2015.
    """

    fills_blocks: ClassVar[bool] = True

    initializers: Initializers = Field(description="One initializer for each gate, in order.")

    def draw(self, shape: Shape, fans: Fans, seed: int, path: str = "") -> "np.ndarray[Any, Any]":
        import numpy as np

        demand_all_gates()
        whole, axis = self._with_gates(shape, fans.layout)
        gate = (*whole[:axis], *whole[axis + 1 :])
        # Fans that are counted from the shape are those of all gates. Others are those of one.
        counted = fans == Fans.of_shape(shape)
        fans = Fans.of_shape(gate) if counted else Fans(fans.fan_in, fans.fan_out)
        gates = [
            draw(config, gate, seed=seed, path=f"{path}/{index}", dtype="float64", fans=fans)
            for index, config in enumerate(self.initializers)
        ]
        return np.stack(gates, axis).reshape(shape)

    def _with_gates(self, shape: Shape, layout: Layout | None) -> tuple[Shape, int]:
        """Return the shape with an axis for the gates, and that axis."""
        count = len(self.initializers)
        if layout is not None and layout.block_axes:
            if len(layout.block_axes) > 1 or layout.blocks != count:
                raise ValueError(f"it has {layout.blocks} blocks, not {count} gates")
            return layout.shape, layout.block_axes[0]
        if not shape or shape[-1] % count:
            raise ValueError(f"its last axis can't be divided into {count} gates")
        return (*shape[:-1], count, shape[-1] // count), len(shape) - 1

    def serialize(self) -> dict[str, Any]:
        return super().serialize() | {"registered_name": "initreg>PerGate"}

    def example_shape(self) -> Shape:
        *first, last = self.initializers[0].example_shape() or (32,)
        return (*first, last * len(self.initializers))


@hookimpl
def initreg_initializers() -> list[type[InitializerConfig]]:
    return [PerGate]
