"""The initializers that layers have of their own, as configs."""

from typing import Any

from initreg.backend import load_keras
from initreg.config.base import InitializerConfig
from initreg.errors import ConfigError, UnknownInitializerError
from initreg.registry.registry import default_registry


def own_config(initializer: Any, layer: Any, *, keep_axes: bool) -> InitializerConfig | None:
    """Return the config of a layer's own initializer, or None if no spec describes it.

    What Keras added to a copy of it is left out: the seed and, unless `keep_axes` is set, the axes.
    """
    config = _config_of(initializer)
    original = None if config is None else _original_of(initializer, layer)
    if config is None or original is None:
        return config
    return _as_in_layer(config, original, keep_axes=keep_axes)


def _original_of(initializer: Any, layer: Any) -> Any:
    """Return the initializer of the layer that Keras copied, or None if this one isn't a copy.

    EinsumDense, and so attention, passes on a copy of the layer's initializer, with axes and with
    the seed that Keras generated for the original.
    """
    seed = getattr(initializer, "seed", None)
    if type(seed) is not int:
        return None
    return next(
        (
            own
            for own in vars(layer).values()
            if type(own) is type(initializer) and own is not initializer and own.seed == seed
        ),
        None,
    )


def _as_in_layer(config: InitializerConfig, original: Any, *, keep_axes: bool) -> InitializerConfig:
    """Return the config of a copy, without what Keras added to it and the user didn't write."""
    written = original.get_config()
    added = ("seed",) if keep_axes else ("seed", "input_axes", "output_axes")
    fields = [
        config.parameter_fields[name]
        for name in added
        if name in config.parameter_fields and written.get(name) is None
    ]
    return config.model_copy(update=dict.fromkeys(fields)) if fields else config


def _config_of(initializer: Any) -> InitializerConfig | None:
    """Return the config of an initializer, or None if no spec describes it."""
    keras = load_keras()
    if isinstance(initializer, keras.initializers.Constant) and not isinstance(
        initializer.value, int | float
    ):
        return None  # an array, which Keras handles better than a spec
    try:
        if isinstance(getattr(initializer, "seed", None), keras.random.SeedGenerator):
            known = type(initializer).from_config({**initializer.get_config(), "seed": 0})
            return _unseeded(default_registry().config_of(known))
        return default_registry().config_of(initializer)
    except (UnknownInitializerError, ConfigError):
        return None


def _unseeded(config: InitializerConfig) -> InitializerConfig:
    return config.model_copy(update={config.parameter_fields["seed"]: None})
