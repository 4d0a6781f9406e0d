"""The names of layers within a scope: those that Keras made up are counted there."""

from collections import Counter
from typing import Any

from initreg.backend import load_keras, name_scopes
from initreg.models.paths import DIRECTIONS, automatic_base, numbered, remember, remembered


class Naming:
    """The names of the layers of one scope, and the paths of weights that come of them."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}  # by the name that a layer has in Keras
        self._made_up: set[str] = set()
        self._numbers: Counter[str] = Counter()
        self._unnamed: Counter[str] = Counter()

    def add(self, layer: Any, *, named: bool) -> None:
        """Name a layer that was created in the scope."""
        made_up = not named or any(
            layer.name.startswith(each) and layer.name.removeprefix(each) in self._made_up
            for each in DIRECTIONS
        )
        self._name(layer, automatic_base(layer.name, type(layer).__name__) if made_up else None)

    def _name(self, layer: Any, base: str | None) -> None:
        name = layer.name
        if base is not None:
            self._made_up.add(name)
            name = numbered(base, self._numbers[base])
            self._numbers[base] += 1
        if base is not None or layer.name not in self._made_up:
            self._names[layer.name] = name
        remember(layer, name)

    def path_of(self, layer: Any, name: str | None) -> tuple[str, str]:
        """Return the path of a weight to be made: with counted names, and as Keras will have it."""
        parents, callers = name_scopes(layer)
        for holder in callers:
            if isinstance(holder, load_keras().layers.Layer):
                self._meet(holder)
        parts = parents.split("/")
        counted = [self._names.get(part, part) for part in parts]
        # Two layers can have one name: those that are being built are known by themselves.
        for at, holder in enumerate(reversed(callers[-len(parts) :]), 1):
            if getattr(holder, "name", None) != parts[-at]:
                break
            counted[-at] = remembered(holder) or counted[-at]
        parent = "/".join(counted)
        if name is None:
            name = numbered("variable", self._unnamed[parent])
            self._unnamed[parent] += 1
        return f"{parent}/{name}", f"{parents}/{name}"

    def _meet(self, layer: Any) -> None:
        """Name a layer that was created before the scope, where it first makes a weight."""
        if (name := remembered(layer)) is None:
            self._name(layer, automatic_base(layer.name, type(layer).__name__))
        else:
            self._names.setdefault(layer.name, name)
