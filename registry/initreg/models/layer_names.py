"""The names of layers, with those that Keras made up counted within a scope or a model.

Keras numbers such names over the whole process: the first Dense of a second model is `dense_7`.
Seeds must be the same in each run, so they can't depend on such names.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Any

from initreg.backend import load_keras
from initreg.models.identity_map import IdentityMap
from initreg.models.keras_internals import name_scopes

_NUMBER = re.compile(r"_[1-9]\d*$")
_DIRECTIONS = ("forward_", "backward_")  # Bidirectional puts these before its layer's name

# The names of layers within the scope that they were created in. The scope knows which are
# automatic.
_names: IdentityMap[str] = IdentityMap()


class Numbering:
    """Numbers names as Keras does: `dense`, `dense_1`, `dense_2`; skips names that are taken."""

    def __init__(self, taken: Collection[str] = ()) -> None:
        self._taken = taken
        self._next: Counter[tuple[str, str]] = Counter()

    def next(self, base: str, parent: str = "") -> str:
        """Return the next name for `base`; each parent has numbers of its own."""
        while True:
            name = _numbered(base, self._next[base, parent])
            self._next[base, parent] += 1
            if name not in self._taken:
                return name


class ScopeNames:
    """The names of the layers of one scope, and the paths of the weights that they make."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}  # by the name of the layer in Keras
        self._automatic: set[str] = set()
        self._numbering = Numbering()

    def add(self, layer: Any, *, named: bool) -> None:
        """Name a layer that is created in the scope; `named` if the user chose its name."""
        automatic = not named or any(
            layer.name.startswith(prefix) and layer.name.removeprefix(prefix) in self._automatic
            for prefix in _DIRECTIONS
        )
        self._name(layer, automatic_base(layer.name, type(layer).__name__) if automatic else None)

    def _name(self, layer: Any, base: str | None) -> None:
        name = layer.name
        if base is not None:
            self._automatic.add(name)
            name = self._numbering.next(base)
        if base is not None or layer.name not in self._automatic:
            self._names[layer.name] = name
        _names[layer] = name

    def path_of(self, layer: Any, name: str | None) -> tuple[str, str]:
        """Return the path of a new weight, with counted names and as Keras writes it."""
        keras_parent, callers = name_scopes(layer)
        for caller in callers:
            if isinstance(caller, load_keras().layers.Layer):
                self._meet(caller)
        names = keras_parent.split("/")
        counted = [self._names.get(name, name) for name in names]
        # Two layers can have one name. The layers being built are known, so ask them first.
        for at, caller in enumerate(reversed(callers[-len(names) :]), 1):
            if getattr(caller, "name", None) != names[-at]:
                break
            counted[-at] = _names.get(caller) or counted[-at]
        parent = "/".join(counted)
        if name is None:
            name = self._numbering.next("variable", parent)
        return f"{parent}/{name}", f"{keras_parent}/{name}"

    def _meet(self, layer: Any) -> None:
        """Name a layer that was created before the scope, when it first makes a weight."""
        if (name := _names.get(layer)) is None:
            self._name(layer, automatic_base(layer.name, type(layer).__name__))
        else:
            self._names.setdefault(layer.name, name)


def names_in_scopes(layers: Iterable[Any]) -> dict[str, str]:
    """Map the names of layers in Keras to those within the scopes that they were created in."""
    return {layer.name: name for layer in layers if (name := _names.get(layer)) is not None}


def names_in_model(layers: Iterable[Any]) -> dict[str, str]:
    """Map the names in Keras that look automatic to names that are counted within a model.

    The numbers keep their order. Layers that were created in a scope keep their names.
    """
    numbers: defaultdict[str, set[int]] = defaultdict(set)
    taken = set()
    for layer in layers:
        base = automatic_base(layer.name, type(layer).__name__)
        if (known := _names.get(layer)) is not None:
            taken.add(known)
        elif base is None:
            taken.add(layer.name)
        else:
            numbers[base].add(int(layer.name[len(base) + 1 :] or 0))
    numbering = Numbering(taken)
    return {
        _numbered(base, number): numbering.next(base)
        for base, used in numbers.items()
        for number in sorted(used)
    }


def automatic_base(name: str, class_name: str) -> str | None:
    """Return the part before the number if Keras could have made up `name`, else None."""
    base = _NUMBER.sub("", name)
    automatic = {_fold(class_name), *(_fold(prefix + class_name) for prefix in _DIRECTIONS)}
    return next((part for part in (name, base) if _fold(part) in automatic), None)


def _numbered(base: str, number: int) -> str:
    return f"{base}_{number}" if number else base


@lru_cache(maxsize=1024)  # a model has few classes of layers
def _fold(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()
