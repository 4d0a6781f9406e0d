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
    keras = load_keras()
    if isinstance(initializer, keras.initializers.Constant) and not isinstance(
        initializer.value, int | float
    ):
        return None  # an array, which Keras handles better than a spec
    try:
        added = _added_by_keras(initializer, layer, keep_axes=keep_axes)
        return default_registry().config_of(initializer, without=added)
    except (UnknownInitializerError, ConfigError):
        return None


def _added_by_keras(initializer: Any, layer: Any, *, keep_axes: bool) -> list[str]:
    """List the parameters that Keras set and the user didn't write."""
    if isinstance(getattr(initializer, "seed", None), load_keras().random.SeedGenerator):
        return ["seed"]
    original = _original_of(initializer, layer)
    if original is None:
        return []
    written = original.get_config()
    added = ["seed"] if keep_axes else ["seed", "input_axes", "output_axes"]
    return [name for name in added if written.get(name) is None]


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
