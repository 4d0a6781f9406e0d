"""The paths of weights, with the names that Keras made up counted within the model.

Keras numbers such names over the whole process: the second model's first Dense is `dense_7`. What
is to be the same in each run can't depend on that.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Generic, NamedTuple, TypeVar
from weakref import ref

_NUMBER = re.compile(r"_[1-9]\d*$")
DIRECTIONS = ("forward_", "backward_")  # what Bidirectional puts before its layer's name
_UNNAMED = re.compile(r"(?:[a-z]+_)?variable(?:_\d+)?")  # the backend's class, in snake case

T = TypeVar("T")


class _ByIdentity(Generic[T]):
    """Values of objects that are held weakly and need no hash, which variables have not."""

    def __init__(self) -> None:
        self._held: dict[int, tuple[ref[Any], T]] = {}

    def __setitem__(self, key: Any, value: T) -> None:
        at = id(key)
        self._held[at] = (ref(key, lambda _: self._held.pop(at, None)), value)

    def get(self, key: Any) -> T | None:
        held, value = self._held.get(id(key), (None, None))
        return value if held is not None and held() is key else None


# What was made in a scope: it knows which names Keras made up, and counts them. Of a layer, the
# name within the scope; of a weight, its path there, and that without a number behind it.
_names: _ByIdentity[str] = _ByIdentity()
_paths: _ByIdentity[tuple[str, str]] = _ByIdentity()


class Weight(NamedTuple):
    """A weight of a model: its variable, the layer that made it, and its path.

    `counted` is the path without what tells it apart from another of the same path. `literal` is
    that with the names that the layers have, but for those that a scope knows to be made up.
    """

    variable: Any
    layer: Any
    path: str
    counted: str
    literal: str


def weights_of(model: Any) -> list[Weight]:
    """List the weights of a built model, each with its path.

    Two of one path are told apart by ``#1``, ``#2``, … in their order.
    """
    owners = {}
    layers = list(model._flatten_layers())  # from the outside in: the innermost owner stays
    for layer in layers:
        for variable in layer.weights:
            owners[id(variable)] = layer
    holders = _holders(layers)
    exact = {layer.name: name for layer in layers if (name := _names.get(layer)) is not None}
    guessed = exact | _guessed(layers)
    unnamed: Counter[str] = Counter()
    taken: set[str] = set()
    found = []
    for variable in model.weights:
        layer = owners.get(id(variable), model)
        if (known := _paths.get(variable)) is not None:
            path, counted = known
            found.append(Weight(variable, layer, repeated(path, taken), counted, counted))
            continue
        *parents, last = variable.path.split("/")
        parents = _whole(parents, holders, layer)
        parent = _joined(parents, guessed)
        if _UNNAMED.fullmatch(last):
            last = numbered("variable", unnamed[parent])
            unnamed[parent] += 1
        counted = f"{parent}/{last}".lstrip("/")
        literal = f"{_joined(parents, exact)}/{last}".lstrip("/")
        found.append(Weight(variable, layer, repeated(counted, taken), counted, literal))
    return found


def _holders(layers: Iterable[Any]) -> dict[int, Any]:
    """Return the layer that holds each layer, by its id: the outermost, if there are several."""
    holders: dict[int, Any] = {}
    for layer in layers:
        for held in layer._layers:
            holders.setdefault(id(held), layer)
    return holders


def _whole(parents: list[str], holders: Mapping[int, Any], owner: Any) -> list[str]:
    """Return the names above a weight with those that Keras drops where it loads or clones a model.

    It builds each layer of a config by itself then, so what holds it is no part of the path. Put
    back are all layers up to a functional model, which is built after its layers. A path that
    starts with a model is left alone: a model may have been built before anything held it.
    """
    chain = [owner]
    while (holder := holders.get(id(chain[0]))) is not None and not _is_a(holder, "Functional"):
        chain.insert(0, holder)
    names = [layer.name for layer in chain]
    cut = len(names) - len(parents)
    if cut <= 0 or names[cut:] != parents or (parents and _is_a(chain[cut], "Model")):
        return parents
    return names


def _is_a(layer: Any, name: str) -> bool:
    return any(kind.__name__ == name for kind in type(layer).__mro__)


def _joined(parts: Iterable[str], names: Mapping[str, str]) -> str:
    return "/".join(names.get(part, part) for part in parts)


def repeated(path: str, taken: set[str]) -> str:
    """Return a path that no weight before has, and take it."""
    free = path
    number = 0
    while free in taken:
        number += 1
        free = f"{path}#{number}"
    taken.add(free)
    return free


def numbered(base: str, number: int) -> str:
    """Write a name as Keras numbers it: the first without a number."""
    return f"{base}_{number}" if number else base


def automatic_base(name: str, class_name: str) -> str | None:
    """Return the part before the number if Keras could have made up `name`, else None."""
    base = _NUMBER.sub("", name)
    own = {_fold(class_name), *(_fold(each + class_name) for each in DIRECTIONS)}
    return next((each for each in (name, base) if _fold(each) in own), None)


def _fold(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()


def remember(layer: Any, name: str) -> None:
    """Keep the name that a layer has within its scope."""
    _names[layer] = name


def remembered(layer: Any) -> str | None:
    """Return the name that a layer has within the scope that it was made in, if any."""
    return _names.get(layer)


def remember_path(variable: Any, path: str, counted: str) -> None:
    """Keep the path that a weight has within its scope, and that without a number behind it."""
    _paths[variable] = (path, counted)


def _guessed(layers: Iterable[Any]) -> dict[str, str]:
    """Return the name within the model of each layer whose name Keras could have made up."""
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
    names: dict[str, str] = {}
    for base, found in numbers.items():
        free = (name for name in _count(base) if name not in taken)
        names |= {numbered(base, number): next(free) for number in sorted(found)}
    return names


def _count(base: str) -> Iterator[str]:
    number = 0
    while True:
        yield numbered(base, number)
        number += 1
