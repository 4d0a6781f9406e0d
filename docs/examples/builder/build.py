"""Build a Keras model from its config."""

import keras

import initreg
from schema import Conv2D, Dense, Flatten, Layer, MaxPooling2D, ModelConfig


def build_model(config: ModelConfig) -> keras.Sequential:
    """Build the model. The same config gives the same weights, on the same backend."""
    layers = [build_layer(layer, config.seed) for layer in config.layers]
    return keras.Sequential([keras.Input(config.input_shape), *layers])


def build_layer(config: Layer, seed: int) -> keras.layers.Layer:
    """Build one layer, each of its weights with a seed that comes from the layer's name."""

    def initializer(weight: str, spec: initreg.InitializerConfig) -> keras.Initializer:
        return initreg.resolve(spec, seed=initreg.derive_seed(seed, config.name, weight))

    match config:
        case Dense():
            return keras.layers.Dense(
                config.units,
                activation=config.activation,
                kernel_initializer=initializer("kernel", config.kernel_initializer),
                bias_initializer=initializer("bias", config.bias_initializer),
                name=config.name,
            )
        case Conv2D():
            return keras.layers.Conv2D(
                config.filters,
                config.kernel_size,
                activation=config.activation,
                kernel_initializer=initializer("kernel", config.kernel_initializer),
                bias_initializer=initializer("bias", config.bias_initializer),
                name=config.name,
            )
        case MaxPooling2D():
            return keras.layers.MaxPooling2D(config.pool_size, name=config.name)
        case Flatten():
            return keras.layers.Flatten(name=config.name)
