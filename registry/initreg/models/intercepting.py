"""Replace the methods of Keras that a scope has to see, while any scope is open."""

import threading
from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol

from initreg.backend import load_keras
from initreg.models.keras_internals import FILL, class_that_fills, fill_with_layout


class Watcher(Protocol):
    """The methods that are called when a layer is created or makes a weight."""

    def created(self, layer: Any, *, named: bool) -> None:
        """Note a layer that was created; `named` if the user chose its name."""

    def add_weight(
        self,
        original: Callable[..., Any],
        layer: Any,
        args: tuple[Any, ...],
        options: dict[str, Any],
    ) -> Any:
        """Make a weight in place of `Layer.add_weight`."""

    def assigned(self, variable: Any) -> None:
        """Note a variable that got a new value."""


class Interception:
    """The replaced methods; `active` returns the watcher of the current thread or task, if any."""

    def __init__(self, active: Callable[[], Watcher | None]) -> None:
        self._active = active
        self._lock = threading.Lock()
        self._users = 0
        self._installs = 0
        self._replaced: list[tuple[type, str, Any, Any]] = []

    def install(self) -> None:
        """Replace the methods, unless another scope has done so."""
        with self._lock:
            if not self._users:
                keras = load_keras()
                self._installs += 1
                self._replace(keras.layers.Layer, "add_weight", self._watching_weights)
                self._replace(keras.Operation, "__init__", self._watching_layers)
                holder = next(base for base in keras.Variable.__mro__ if "assign" in vars(base))
                self._replace(holder, "assign", self._watching_assignments)
                if keras.config.backend() == "jax" and (fills := class_that_fills(keras.Variable)):
                    self._replace(fills, FILL, _drawing_shards)
            self._users += 1

    def remove(self) -> None:
        """Restore the original methods when the last scope closes."""
        with self._lock:
            self._users -= 1
            while not self._users and self._replaced:
                holder, name, original, ours = self._replaced.pop()
                if holder.__dict__[name] is ours:  # otherwise another wrapper now wraps ours
                    setattr(holder, name, original)

    def _replace(self, holder: type, name: str, wrap: Callable[[Any], Any]) -> None:
        original = holder.__dict__[name]
        ours = wrap(original)
        setattr(holder, name, ours)
        self._replaced.append((holder, name, original, ours))

    def _watcher(self, number: int) -> Watcher | None:
        """Return the active watcher, for the wrappers of an installation.

        Another wrapper can keep ours after it was removed. Only the newest one counts.
        """
        return self._active() if number == self._installs else None

    def _watching_weights(self, original: Callable[..., Any]) -> Callable[..., Any]:
        interception, number = self, self._installs

        @wraps(original)
        def add_weight(self: Any, *args: Any, **options: Any) -> Any:
            watcher = interception._watcher(number)
            if watcher is None:
                return original(self, *args, **options)
            return watcher.add_weight(original, self, args, options)

        return add_weight

    def _watching_assignments(self, original: Callable[..., Any]) -> Callable[..., Any]:
        active = self._active

        @wraps(original)
        def assign(self: Any, value: Any) -> Any:
            result = original(self, value)
            if (watcher := active()) is not None:
                watcher.assigned(self)
            return result

        return assign

    def _watching_layers(self, original: Callable[..., None]) -> Callable[..., None]:
        interception, number = self, self._installs
        layer_class = load_keras().layers.Layer

        # The same parameters: Keras inspects them for a class without an __init__ of its own.
        def __init__(self: Any, name: str | None = None) -> None:  # noqa: N807
            original(self, name)
            watcher = interception._watcher(number)
            if watcher is not None and isinstance(self, layer_class):
                watcher.created(self, named=name is not None)

        return wraps(original)(__init__)


def _drawing_shards(original: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    """Wrap the method that fills a variable on JAX, so that portable draws place their own shards.

    Keras passes an abstract layout and copies the result. That needs a second set of shards for a
    moment, and a function that JAX compiles for each shape.
    """
    from initreg.models.portable import Portable  # imports Keras

    @wraps(original)
    def _initialize_with_initializer(self: Any, initializer: Any) -> None:
        if not (isinstance(initializer, Portable) and fill_with_layout(self, initializer)):
            original(self, initializer)

    return _initialize_with_initializer
