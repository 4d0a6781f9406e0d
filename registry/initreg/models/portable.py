"""The Keras initializer of a portable draw.

Importing this module imports Keras. Saved models name the class by this module, so it can't move.
"""

import random
from collections.abc import Sequence
from typing import Any, Self

from initreg.backend import load_keras
from initreg.config.base import InitializerConfig
from initreg.config.drawing import Fitted, fit
from initreg.draws.fans import Fans
from initreg.draws.seeds import MAX_SEED, checked_seed
from initreg.draws.shapes import Shape
from initreg.models.additions import Addition
from initreg.models.tensors import concrete
from initreg.models.weights import make_tensor
from initreg.registry.registry import default_registry

keras = load_keras()


class _DrawnSeed(int):
    """A seed that was drawn because none was passed; a copy that EinsumDense makes gets it."""


@keras.saving.register_keras_serializable(package="initreg")
class Portable(keras.initializers.VarianceScaling):  # type: ignore[misc,name-defined]
    """Fill a weight with values that depend only on the seed, the path, the shape and the fans.

    >>> initializer = Portable("random_normal(stddev=0.02)", seed=42)
    >>> tuple(initializer((2, 3), dtype="float32").shape)
    (2, 3)

    `spec` is anything that `validate` accepts. Without a `seed`, one is drawn from Python's
    generator, which `keras.utils.set_random_seed` sets, so each instance and each clone differs. A
    seed in the spec replaces it. `path` distinguishes weights with the same seed.

    `input_axes` and `output_axes` say how to count the fans. EinsumDense, and so attention, passes
    the axes of its kernel to a copy of its initializer if that is a `VarianceScaling`. That is why
    this class is one, whatever its spec: a plugin's initializer may scale with the fans, too.

    Calls with the same shape return the same values. If an initializer has neither a distribution
    nor a `draw` of its own, its Keras class is called with a seed derived from seed and path, and
    the values depend on the backend.
    """

    _fitted: Fitted | None = None
    _addition: Addition | None = None

    def __init__(
        self,
        spec: object,
        seed: int | None = None,
        path: str = "",
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        self._config = default_registry().validate(spec)
        if seed is None:
            seed = _DrawnSeed(random.randint(0, MAX_SEED))  # noqa: S311
        self.seed = seed if isinstance(seed, _DrawnSeed) else checked_seed(seed)
        self._path = path
        self.input_axes = input_axes
        self.output_axes = output_axes

    @classmethod
    def of_weight(
        cls, fitted: Fitted, seed: int, path: str, addition: Addition | None = None
    ) -> Self:
        """Make the initializer of one weight, whose config is fitted to its shape already.

        `addition` is what the layer adds to the values.
        """
        initializer = cls(fitted.config, seed, path)
        initializer._fitted, initializer._addition = fitted, addition
        return initializer

    def __call__(self, shape: Shape, dtype: Any = None, layout: Any = None) -> Any:
        """Return a tensor; with a `layout` from Keras, draw only the shards of this process."""
        shape = tuple(int(size) for size in shape)
        fitted = self._fitted
        if fitted is None or fitted.shape != shape:
            fitted = fit(self._config, shape, self.fans_for(shape))
        dtype = keras.backend.standardize_dtype(dtype)
        sharding = None if layout is None else concrete(layout)
        return make_tensor(
            fitted, dtype, self.seed, self._path, sharding=sharding, addition=self._addition
        )

    def fans_for(self, shape: Shape) -> Fans:
        """Return the fans of a weight of this shape: by the axes, or as Keras counts them."""
        return Fans.of_shape(shape, self.input_axes, self.output_axes)

    @property
    def _given_seed(self) -> int | None:
        return None if isinstance(self.seed, _DrawnSeed) else self.seed

    @property
    def config(self) -> InitializerConfig:
        """The config that it draws, with the seed that was passed, if any."""
        if self._given_seed is None:
            return self._config
        return self._config.with_seed(self._given_seed)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of an equal initializer."""
        spec = default_registry().write(self._config)
        config: dict[str, Any] = {"spec": spec, "seed": self._given_seed, "path": self._path}
        if self.input_axes is not None:
            config |= {"input_axes": self.input_axes, "output_axes": self.output_axes}
        return config
