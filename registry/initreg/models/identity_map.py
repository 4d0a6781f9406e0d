"""A dictionary whose keys are held weakly and compared by identity."""

from typing import Any, Generic, TypeVar
from weakref import ref

T = TypeVar("T")


class IdentityMap(Generic[T]):
    """Values for objects that can't be hashed, such as variables and some layers.

    An entry is dropped when its key is garbage-collected.
    """

    def __init__(self) -> None:
        self._items: dict[int, tuple[ref[Any], T]] = {}

    def __setitem__(self, key: Any, value: T) -> None:
        number = id(key)
        self._items[number] = (ref(key, lambda _: self._items.pop(number, None)), value)

    def get(self, key: Any) -> T | None:
        """Return the value of this very object, or None."""
        held, value = self._items.get(id(key), (None, None))
        return value if held is not None and held() is key else None
