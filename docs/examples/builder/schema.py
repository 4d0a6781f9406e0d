"""The schema of models.yaml. It imports no Keras: a wrong config fails within milliseconds."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveInt,
    TypeAdapter,
    ValidationError,
    field_validator,
)
from ruamel.yaml import YAML

from initreg import InitializerField

Activation = Literal["linear", "relu", "softmax", "tanh"]


class Checked(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)  # a misspelt key is an error


class LayerConfig(Checked):
    name: str


class WeightLayerConfig(LayerConfig):
    activation: Activation = "linear"
    kernel_initializer: InitializerField = "glorot_uniform"
    bias_initializer: InitializerField = "zeros"


class Dense(WeightLayerConfig):
    type: Literal["dense"]
    units: PositiveInt


class Conv2D(WeightLayerConfig):
    type: Literal["conv2d"]
    filters: PositiveInt
    kernel_size: PositiveInt


class MaxPooling2D(LayerConfig):
    type: Literal["max_pooling2d"]
    pool_size: PositiveInt = 2


class Flatten(LayerConfig):
    type: Literal["flatten"]


Layer = Annotated[Dense | Conv2D | MaxPooling2D | Flatten, Field(discriminator="type")]


class ModelConfig(Checked):
    seed: int = Field(ge=0, lt=2**32, strict=True)
    input_shape: tuple[PositiveInt, ...]
    layers: list[Layer] = Field(min_length=1)

    @field_validator("layers")
    @classmethod
    def _names_differ(cls, layers: list[Layer]) -> list[Layer]:
        # Seeds are derived from the names: two layers of one name would get the same weights.
        names = [layer.name for layer in layers]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two layers are called {', '.join(twice)}")
        return layers


Models = TypeAdapter(dict[str, ModelConfig])


def read_models(path: Path) -> dict[str, ModelConfig]:
    """Read and check a file of models; raise `ValidationError` with all that is wrong."""
    return Models.validate_python(YAML(typ="safe", pure=True).load(path))


def explain(error: ValidationError) -> str:
    """Write each fault as its path in the file, with the message below it."""
    faults = error.errors(include_url=False)
    return "\n\n".join(f"{'.'.join(map(str, f['loc']))}\n{f['msg']}" for f in faults)
