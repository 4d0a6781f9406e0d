"""PerGate: each gate of a recurrent layer with its own initializer."""

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from initreg import Fans, InitializerConfig, InitializerField, Shape, draw, hookimpl

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
    """Fill equal parts of the last axis, the gates of a recurrent layer, each in its own way.

    The gates of Keras's LSTM are input, forget, candidate, output; those of its GRU are update,
    reset, candidate. PyTorch has them along the first axis, and those of GRU are reset, update,
    candidate.
    The first example sets the bias of an LSTM's forget gate to 1. Use it with
    ``unit_forget_bias=False``. Otherwise Keras sets that gate itself, and calls the initializer for
    the other gates only.

    Sources: Gers et al. 2000, Jozefowicz et al. 2015.
    """

    initializers: Initializers = Field(description="One initializer for each gate, in order.")

    def draw(self, shape: Shape, fans: Fans, seed: int, path: str = "") -> "np.ndarray[Any, Any]":
        import numpy as np

        count = len(self.initializers)
        if not shape or shape[-1] % count:
            raise ValueError(f"its last axis can't be divided into {count} gates")
        gate = (*shape[:-1], shape[-1] // count)
        # Fans that are counted from the shape are those of all gates. Others are those of one.
        if fans == Fans.of_shape(shape):
            fans = Fans.of_shape(gate)
        return np.concatenate(
            [
                draw(config, gate, seed=seed, path=f"{path}/{index}", dtype="float64", fans=fans)
                for index, config in enumerate(self.initializers)
            ],
            axis=-1,
        )

    def serialize(self) -> dict[str, Any]:
        return super().serialize() | {"registered_name": "initreg>PerGate"}

    def example_shape(self) -> Shape:
        *first, last = self.initializers[0].example_shape() or (32,)
        return (*first, last * len(self.initializers))


@hookimpl
def initreg_initializers() -> list[type[InitializerConfig]]:
    return [PerGate]
