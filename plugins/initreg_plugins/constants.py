"""Initializers that draw nothing: Zeros, Ones, Constant, Identity, STFT."""

from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    StrictBool,
    TypeAdapter,
    ValidationError,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from initreg import Constant as ConstantDistribution
from initreg import Distribution, InitializerConfig, Number, Shape, hookimpl

if TYPE_CHECKING:
    import numpy as np


class Zeros(
    InitializerConfig,
    name="zeros",
    aliases=("zero",),
    builds="keras.initializers:Zeros",
    examples=("zeros",),
    also_known_as=("torch.nn.init.zeros_", "jax.nn.initializers.zeros"),
):
    """Set every value to 0; Keras's default for biases."""

    def distribution(self, shape: Shape) -> Distribution:
        return ConstantDistribution(0.0)


class Ones(
    InitializerConfig,
    name="ones",
    aliases=("one",),
    builds="keras.initializers:Ones",
    examples=("ones",),
    also_known_as=("torch.nn.init.ones_", "jax.nn.initializers.ones"),
):
    """Set every value to 1."""

    def distribution(self, shape: Shape) -> Distribution:
        return ConstantDistribution(1.0)


_MAX_RANK = 14  # a spec nests at most 16 levels deep
_ARRAYS = ("__numpy__", "__tensor__")  # what Keras calls an array that it writes


@cache
def _number() -> TypeAdapter[float]:
    return TypeAdapter(Number)


def _read(value: Any, depth: int = 0) -> Any:
    """Read a number, or a nested list of numbers in which all lists of a level are of one length.

    Also what Keras writes for an array.
    """
    if not depth and isinstance(value, dict) and value.get("class_name") in _ARRAYS:
        config = value.get("config")
        value = config.get("value") if isinstance(config, dict) else None
    if not hasattr(value, "tolist") and hasattr(value, "numpy"):  # a tensor of TensorFlow
        value = value.numpy()
    if hasattr(value, "tolist"):  # an array
        value = value.tolist()
    if not isinstance(value, list | tuple):
        try:
            return _number().validate_python(value)
        except ValidationError:
            problem = "must be a finite number, or a nested list of them"
            raise PydanticCustomError("constant", problem) from None
    if depth == _MAX_RANK or not value:
        problem = "must not be empty" if not value else f"must not nest over {_MAX_RANK} levels"
        raise PydanticCustomError("constant", problem)
    items = tuple(_read(item, depth + 1) for item in value)
    if len({_shape(item) for item in items}) > 1:
        raise PydanticCustomError("constant", "must have lists of one length on each level")
    return items


def _shape(value: Any) -> tuple[int, ...]:
    return (len(value), *_shape(value[0])) if isinstance(value, tuple) else ()


class _Values:
    """A number, a nested list of numbers, or what Keras writes for an array."""

    def __get_pydantic_json_schema__(
        self, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        number = _number().json_schema()
        values = number
        for _ in range(_MAX_RANK):
            lists = {"type": [*number["type"], "array"], "minItems": 1, "items": values}
            values = number | lists
        array = {
            "type": "object",
            "required": ["class_name", "config"],
            "properties": {
                "class_name": {"enum": list(_ARRAYS)},
                "config": {
                    "type": "object",
                    "required": ["value"],
                    "properties": {"value": values},
                },
            },
        }
        return {"anyOf": [values, array]}


class Constant(
    InitializerConfig,
    name="constant",
    builds="keras.initializers:Constant",
    examples=("constant(0.1)", "constant([0, 0, 1])"),
    also_known_as=("torch.nn.init.constant_", "jax.nn.initializers.constant"),
):
    """Set every value to one number, or the weight to the values of a nested list.

    A list is broadcast to the weight's shape, as NumPy does.
    """

    value: Annotated[Any, BeforeValidator(_read), _Values()] = Field(
        0.0, description="The value: a number, or a nested list of numbers."
    )

    def distribution(self, shape: Shape) -> Distribution | None:
        return None if isinstance(self.value, tuple) else ConstantDistribution(self.value)

    def draw(self, shape: Shape, seed: int, path: str = "") -> "np.ndarray[Any, Any]":
        import numpy as np

        return np.broadcast_to(np.array(self.value, np.float64), shape)

    def example_shape(self) -> Shape:
        return _shape(self.value) or super().example_shape()


class Identity(
    InitializerConfig,
    name="identity",
    aliases=("identity_initializer", "eye"),
    builds="keras.initializers:Identity",
    examples=("identity", "identity(gain=0.5)"),
    also_known_as=("torch.nn.init.eye_",),
):
    """Set a matrix to the identity. Needs two axes.

    Keras 3.15 leaves the gain out of what it saves: an initializer that is loaded or cloned has 1.
    Weights that are saved are as they were.
    """

    gain: Number = Field(1.0, description="Factor of the identity.")

    def draw(self, shape: Shape, seed: int, path: str = "") -> "np.ndarray[Any, Any]":
        import numpy as np

        if len(shape) != 2:
            raise ValueError("an identity needs two axes")
        return self.gain * np.eye(*shape)

    def serialize(self) -> dict[str, Any]:
        """Leave out a gain of 1, as Keras does with any gain."""
        whole = super().serialize()
        return whole if self.gain != 1 else {**whole, "config": {}}


# The windows of `scipy.signal.get_window` that need no parameter of their own.
Window = Literal[
    "barthann",
    "bartlett",
    "blackman",
    "blackmanharris",
    "bohman",
    "boxcar",
    "cosine",
    "exponential",
    "flattop",
    "hamming",
    "hann",
    "lanczos",
    "nuttall",
    "parzen",
    "taylor",
    "triang",
    "tukey",
]


class STFT(
    InitializerConfig,
    name="stft",
    aliases=("stft_initializer",),
    builds="keras.initializers:STFT",
    examples=("stft", "stft(side=imag, window=hamming)"),
):
    """Set the kernel of a short-time Fourier transform, for a convolution over time.

    The weight's shape is (frame length, 1, FFT length // 2 + 1). Windows come from SciPy.
    """

    side: Literal["real", "imag"] = Field("real", description="The part of the transform.")
    window: Window | Annotated[tuple[Number, ...], Field(min_length=1)] | None = Field(
        "hann", description="Name of a SciPy window, its values, or None for no window."
    )
    scaling: Literal["density", "spectrum"] | None = Field(
        "density", description="Scale the window by its L2 or its L1 norm; None leaves it."
    )
    periodic: StrictBool = Field(False, description="Whether the window is a periodic one.")

    def example_shape(self) -> Shape:
        frame = len(self.window) if isinstance(self.window, tuple) else 256
        return (frame, 1, 129)


@hookimpl
def initreg_initializers() -> list[type[InitializerConfig]]:
    return [Zeros, Ones, Constant, Identity, STFT]
