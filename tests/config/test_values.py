"""The walk over values keeps unchanged values, and the type of changed ones."""

from typing import NamedTuple

from initreg.config.values import leaves, map_leaves


class Pair(NamedTuple):
    """Two values."""

    first: object
    second: object


def double(leaf, path):
    return leaf * 2 if isinstance(leaf, int) else leaf


def test_a_container_keeps_its_type():
    value = {"a": [1, (2, "x")], "b": Pair(3, None)}
    assert map_leaves(value, double) == {"a": [2, (4, "x")], "b": Pair(6, None)}
    assert type(map_leaves(value, double)["b"]) is Pair


def test_what_does_not_change_stays_the_same_object():
    value = {"same": ["x", Pair("y", {})], "other": 1}
    changed = map_leaves(value, double)
    assert changed["same"] is value["same"]
    assert map_leaves(value["same"], double) is value["same"]
    assert map_leaves("x", double) == "x"


def test_each_leaf_has_its_path():
    value = {"a": [1, (2,)], 3: 4}
    paths = map_leaves(value, lambda leaf, path: path, ("root",))
    assert paths == {"a": [("root", "a", 0), (("root", "a", 1, 0),)], 3: ("root", "3")}


def test_leaves_are_listed_in_order():
    assert leaves({"a": [1, (2, {"b": 3})], "c": []}) == [1, 2, 3]
    assert leaves("abc") == ["abc"]
