"""One walk over the value of a parameter, which may hold configs inside lists, tuples and dicts."""

from collections.abc import Callable
from typing import Any

from initreg.spec.spec import Pairs

Path = tuple[str | int, ...]


# What a walk makes of a container: the old one, and its new items in a list or dict --------------


def keep_type(container: Any, items: Any) -> Any:
    """Return the container itself if no item has changed, otherwise a new one of its type."""
    old = container.values() if isinstance(container, dict) else container
    new = items.values() if isinstance(items, dict) else items
    if all(one is other for one, other in zip(new, old, strict=True)):
        return container
    if isinstance(container, list | dict):
        return items
    make: Callable[[Any], Any] = getattr(container, "_make", tuple)  # of a named tuple
    return make(items)


def json_container(_: object, items: Any) -> list[Any] | dict[str, Any]:
    """Return the items with keys that are text."""
    return {str(key): item for key, item in items.items()} if isinstance(items, dict) else items


def spec_container(_: object, items: Any) -> tuple[Any, ...]:
    """Return the items as a spec holds them."""
    if isinstance(items, dict):
        return Pairs((str(key), item) for key, item in items.items())
    return tuple(items)


# The walk -----------------------------------------------------------------------------------------


def map_leaves(
    value: Any,
    change: Callable[[Any, Path], Any],
    path: Path = (),
    *,
    rebuild: Callable[[Any, Any], Any] = keep_type,
) -> Any:
    """Replace each leaf, which is anything but a list, tuple or dict, by ``change(leaf, path)``.

    >>> map_leaves({"a": [1, 2], "b": (3,)}, lambda leaf, path: leaf * 10)
    {'a': [10, 20], 'b': (30,)}
    >>> map_leaves([5, {"a": 6}], lambda leaf, path: path)
    [(0,), {'a': (1, 'a')}]

    `rebuild` makes the new container from the old one and its new items, a list or a dict.
    """
    match value:
        case dict():
            return rebuild(
                value,
                {
                    key: map_leaves(item, change, (*path, str(key)), rebuild=rebuild)
                    for key, item in value.items()
                },
            )
        case list() | tuple():
            return rebuild(
                value,
                [
                    map_leaves(item, change, (*path, index), rebuild=rebuild)
                    for index, item in enumerate(value)
                ],
            )
    return change(value, path)


def leaves(value: Any) -> list[Any]:
    """List the leaves of a value.

    >>> leaves([1, {"a": (2, 3)}])
    [1, 2, 3]
    """
    values: list[Any] = []
    map_leaves(value, lambda leaf, _: values.append(leaf), rebuild=lambda *_: None)
    return values


def plain_scalar(value: Any) -> bool | int | float | str | None:
    """Return the plain number or text, also of an enum or a NumPy scalar.

    Raises `TypeError` for a value of any other type.
    """
    if value is None or isinstance(value, bool):
        return value
    for plain_type in (int, float, str):
        if type(value) is plain_type:
            return value
        if isinstance(value, plain_type):
            return plain_type(getattr(value, "value", value))
    raise TypeError(f"a spec can't contain a {type(value).__name__}")
