"""Keras's methods that a scope has to see, replaced while any scope is open, and put back."""

import threading
from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol

from initreg.backend import load_keras

_FILL = "_initialize_with_initializer"  # how a variable of Keras gets its first value


class Watcher(Protocol):
    """Who is told of layers that are created and weights that are made."""

    def made(self, layer: Any, *, named: bool) -> None:
        """Take note of a layer that was created."""

    def add_weight(
        self, original: Callable[..., Any], layer: Any, args: tuple[Any, ...], given: dict[str, Any]
    ) -> Any:
        """Make a weight in place of `Layer.add_weight`."""


class Hooks:
    """The replaced methods; `active` returns who watches in the thread or task that asks."""

    def __init__(self, active: Callable[[], Watcher | None]) -> None:
        self._active = active
        self._lock = threading.Lock()
        self._open = 0
        self._times = 0  # that the methods were replaced
        self._replaced: list[tuple[type, str, Any, Any]] = []

    def install(self) -> None:
        """Replace the methods, unless they are."""
        with self._lock:
            if not self._open:
                keras = load_keras()
                self._times += 1
                self._replace(keras.layers.Layer, "add_weight", self._with_scope)
                self._replace(keras.Operation, "__init__", self._noting)
                if keras.config.backend() == "jax":
                    from initreg.models.portable import keeping_shards  # imports Keras

                    for kind in keras.Variable.__mro__:
                        if _FILL in vars(kind):
                            self._replace(kind, _FILL, keeping_shards)
                            break
            self._open += 1

    def remove(self) -> None:
        """Put the methods back, if this was the last who needs them."""
        with self._lock:
            self._open -= 1
            while not self._open and self._replaced:
                holder, name, original, ours = self._replaced.pop()
                if holder.__dict__[name] is ours:  # else who has replaced it since holds ours
                    setattr(holder, name, original)

    def _replace(self, holder: type, name: str, wrap: Callable[[Any], Any]) -> None:
        original = holder.__dict__[name]
        ours = wrap(original)
        setattr(holder, name, ours)
        self._replaced.append((holder, name, original, ours))

    def _with_scope(self, original: Callable[..., Any]) -> Callable[..., Any]:
        hooks, times = self, self._times

        @wraps(original)
        def add_weight(self: Any, *args: Any, **given: Any) -> Any:
            # Somebody's own wrapper can keep ours alive; only the newest one counts.
            watcher = hooks._active() if times == hooks._times else None
            if watcher is None:
                return original(self, *args, **given)
            return watcher.add_weight(original, self, args, given)

        return add_weight

    def _noting(self, original: Callable[..., None]) -> Callable[..., None]:
        active, layer_class = self._active, load_keras().layers.Layer

        # The same parameters: Keras looks at them where a class has no __init__ of its own.
        def __init__(self: Any, name: str | None = None) -> None:  # noqa: N807
            original(self, name)
            watcher = active()
            if watcher is not None and isinstance(self, layer_class):
                watcher.made(self, named=name is not None)

        return wraps(original)(__init__)
