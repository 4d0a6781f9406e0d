"""The paths of the weights of a model."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from initreg.backend import load_keras
from initreg.models.identity_map import IdentityMap
from initreg.models.keras_internals import is_functional, layers_held_by, layers_of
from initreg.models.layer_names import Numbering, names_in_model, names_in_scopes

_NUMBER = re.compile(r"#\d+$")
_UNNAMED = re.compile(r"(?:[a-z]+_)?variable(?:_\d+)?")  # the backend's class, in snake case

# The paths of weights that were made in a scope, with and without `#1`, `#2`, …
_paths: IdentityMap[tuple[str, str]] = IdentityMap()


class Weight(NamedTuple):
    """A weight of a model: its variable, the layer that owns it, and its path.

    `counted` is the path before ``#1``, ``#2``, … are added. `literal` uses the layers' real
    names, except those a scope knows were automatic.
    """

    variable: Any
    layer: Any
    path: str
    counted: str
    literal: str


def weights_of(model: Any) -> list[Weight]:
    """List the weights of a built model, each with its path.

    Weights with the same path get ``#1``, ``#2``, … in their order.
    """
    layers = layers_of(model)
    owners = owners_of(layers)
    holders = _holders(layers)
    literal_names = names_in_scopes(layers)
    counted_names = literal_names | names_in_model(layers)
    numbering = Numbering()
    taken: set[str] = set()
    weights = []
    for variable in model.weights:
        layer = owners.get(id(variable), model)
        if (known := _paths.get(variable)) is not None:
            path, counted = known
            weights.append(Weight(variable, layer, unique(path, taken), counted, counted))
            continue
        *parents, name = variable.path.split("/")
        parents = _whole(parents, holders, layer)
        parent = _joined(parents, counted_names)
        if _UNNAMED.fullmatch(name):
            name = numbering.next("variable", parent)
        counted = f"{parent}/{name}".lstrip("/")
        literal = f"{_joined(parents, literal_names)}/{name}".lstrip("/")
        weights.append(Weight(variable, layer, unique(counted, taken), counted, literal))
    return weights


def unique(path: str, taken: set[str]) -> str:
    """Return a path that is not taken yet, with ``#1``, ``#2``, … if needed, and take it."""
    free = path
    number = 0
    while free in taken:
        number += 1
        free = f"{path}#{number}"
    taken.add(free)
    return free


def without_number(path: str) -> str:
    """Return the path without the ``#1``, ``#2``, … that `unique` adds."""
    return _NUMBER.sub("", path)


def variable_in(path: str) -> str:
    """Return the name of the variable, the last part of a path without a number.

    >>> variable_in("net/block_0/query/kernel")
    'kernel'
    """
    return path.rpartition("/")[2]


def remember_path(variable: Any, path: str, counted: str) -> None:
    """Remember the path of a weight that was made in a scope, with and without ``#1``, ``#2``, …"""
    _paths[variable] = (path, counted)


def owners_of(layers: Sequence[Any]) -> dict[int, Any]:
    """Return the layer that made each variable, by the variable's id.

    A layer also lists the weights of the layers that it holds. Those may be elsewhere in the model,
    too: an output layer may hold the embedding whose table it uses. So a variable belongs to a
    layer that lists it, and that holds no layer that does. If there are several, it belongs to the
    one that it is named after, otherwise to the last.
    """
    weights = {id(layer): layer.weights for layer in layers}
    owners: dict[int, Any] = {}
    for layer in layers:
        below = {
            id(variable) for held in layers_held_by(layer) for variable in weights.get(id(held), ())
        }
        for variable in weights[id(layer)]:
            at = id(variable)
            if at not in below and (at not in owners or owners[at].name != _parent(variable)):
                owners[at] = layer
    return owners


def _parent(variable: Any) -> Any:
    """Return the name of the layer that a variable is named after."""
    return variable.path.rpartition("/")[0].rpartition("/")[2]


def _holders(layers: Iterable[Any]) -> dict[int, Any]:
    """Return the layer that holds each layer, by its id: the outermost, if there are several."""
    holders: dict[int, Any] = {}
    for layer in layers:
        for held in layers_held_by(layer):
            holders.setdefault(id(held), layer)
    return holders


def _whole(parents: list[str], holders: Mapping[int, Any], owner: Any) -> list[str]:
    """Return the names above a weight, including those that Keras drops from a copied model.

    When Keras loads or clones a model, it builds each layer alone, so the layers around it are
    missing from the path. They are added again, up to a functional model, which is built after its
    layers. A path that starts with a model is unchanged: a model may have been built before
    anything held it.
    """
    chain = [owner]
    while (holder := holders.get(id(chain[0]))) is not None and not is_functional(holder):
        chain.insert(0, holder)
    names = [layer.name for layer in chain]
    cut = len(names) - len(parents)
    if cut <= 0 or names[cut:] != parents:
        return parents
    starts_with_model = bool(parents) and isinstance(chain[cut], load_keras().Model)
    return parents if starts_with_model else names


def _joined(parts: Iterable[str], names: Mapping[str, str]) -> str:
    return "/".join(names.get(part, part) for part in parts)
