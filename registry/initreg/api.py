"""The verbs over the default registry: validate, resolve, describe."""

from typing import Any

from initreg.config import InitializerConfig
from initreg.registry import default_registry


def validate(spec: object) -> InitializerConfig:
    """Check a spec, and return its config.

    >>> validate("random_normal(stddev=0.02)") == validate(
    ...     {"class_name": "RandomNormal", "config": {"stddev": "0.02"}}
    ... )
    True
    >>> print(validate("RandomNormal(0.0, 0.05, seed=7)"))
    random_normal(seed=7)

    `spec` is text, a `Spec`, ``{"type": name, **parameters}``, Keras's ``{"class_name": …,
    "config": …}`` or a config, which comes back as it is. Needs no Keras.

    Raises `SpecSyntaxError` for text that is no spec, `UnknownInitializerError` or
    `AmbiguousInitializerError` for a name, and `ConfigError` with all faults of the parameters.
    """
    return default_registry().validate(spec)


def resolve(spec: object, seed: int | None = None) -> Any:
    """Make the Keras initializer of a spec: a fresh one each call.

    >>> resolve("random_normal(mean=0,stddev=0.05)", seed=42).get_config()
    {'seed': 42, 'mean': 0.0, 'stddev': 0.05}

    It takes all that `validate` takes, and what `keras.initializers.get` takes beside: None,
    initializers (returned as they are, or copied to fill an open seed), classes, callables and
    arrays, and the names of custom objects. The result of a built-in name is Keras's own class, so
    a model saved with it loads without initreg.

    `seed`, 0 … 2³²−1, fills a seed that the spec leaves open; initializers nested in it get seeds
    derived from it (see `derive_seed`). A seed that the spec gives is kept.

    Raises the errors of `validate`, `BackendError` where Keras's backend is missing, and
    `PluginError` where the plugin can't build what its schema took.
    """
    return default_registry().resolve(spec, seed)


def describe(initializer: Any) -> str:
    """Write a Keras initializer as the shortest spec.

    >>> import keras
    >>> describe(keras.initializers.RandomNormal(stddev=0.02, seed=7))
    'random_normal(stddev=0.02, seed=7)'

    It takes what `validate` takes, too. Raises `UnknownInitializerError` for a class that no
    installed plugin builds, and `ConfigError` for what is no initializer, or holds what no spec
    can say (such as a `SeedGenerator`).
    """
    return default_registry().describe(initializer)
