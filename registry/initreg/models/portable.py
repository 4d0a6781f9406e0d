"""The Keras initializer of a portable draw.

Importing this module imports Keras, so that a saved model finds the class by its name.
"""

import random
from collections.abc import Callable
from functools import wraps
from typing import Any

from initreg.backend import load_keras
from initreg.config.base import InitializerConfig
from initreg.draws.seeds import MAX_SEED, checked_seed
from initreg.draws.shapes import Shape
from initreg.models.tensors import concrete
from initreg.models.weights import make_tensor
from initreg.registry.registry import default_registry

keras = load_keras()


@keras.saving.register_keras_serializable(package="initreg")
class Portable(keras.initializers.Initializer):  # type: ignore[misc,name-defined]
    """Fill a weight with values that depend on the seed, the path and the shape alone.

    >>> initializer = Portable("random_normal(stddev=0.02)", seed=42)
    >>> tuple(initializer((2, 3), dtype="float32").shape)
    (2, 3)

    `spec` is what `validate` takes. Without a `seed`, one is drawn from Python's generator, which
    `keras.utils.set_random_seed` sets; so each instance differs, and each clone. A seed in the spec
    takes its place. `path` tells the weights of one seed apart.

    Called again for the same shape, it gives the same values. An initializer that has neither a
    distribution nor a draw of its own is built and called with a seed derived from these: its
    values are those of the backend.
    """

    def __init__(self, spec: object, seed: int | None = None, path: str = "") -> None:
        self._config = default_registry().validate(spec)
        self._given = None if seed is None else checked_seed(seed)
        self._seed = random.randint(0, MAX_SEED) if self._given is None else self._given  # noqa: S311
        self._path = path

    def __call__(self, shape: Shape, dtype: Any = None, layout: Any = None) -> Any:
        """Return a tensor; where Keras gives a `layout`, only this process's shards are drawn."""
        shape = tuple(int(size) for size in shape)
        dtype = keras.backend.standardize_dtype(dtype)
        sharding = None if layout is None else concrete(layout)
        return make_tensor(self._config, shape, dtype, self._seed, self._path, sharding=sharding)

    @property
    def config(self) -> InitializerConfig:
        """What it draws, with the seed that it was given, if any."""
        return self._config if self._given is None else self._config.with_seed(self._given)

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal initializer."""
        spec = default_registry().write(self._config)
        return {"spec": spec, "seed": self._given, "path": self._path}


def keeping_shards(original: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    """Wrap the method by which a variable of Keras on JAX is filled, for portable draws.

    By itself, Keras hands over an abstract layout and copies what comes back: a second set of
    shards for a moment, and a function that JAX compiles for each shape.
    """

    @wraps(original)
    def _initialize_with_initializer(self: Any, initializer: Any) -> None:
        if isinstance(initializer, Portable):
            self._initialize_layout()
            layout = getattr(self._layout, "backend_layout", self._layout)
            if layout is not None:
                self._value = initializer(self._shape, dtype=self._dtype, layout=layout)
                return
        original(self, initializer)

    return _initialize_with_initializer
