"""The Keras initializer of a portable draw.

Importing this module imports Keras, so that a saved model finds the class by its name.
"""

import random
from typing import Any

from initreg.backends import load_keras
from initreg.building import checked_seed
from initreg.models.weights import make_tensor
from initreg.parameters import Shape
from initreg.placing import concrete
from initreg.registry import default_registry
from initreg.seeds import MAX_SEED

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

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal initializer."""
        spec = default_registry().write(self._config)
        return {"spec": spec, "seed": self._given, "path": self._path}
