"""A slot knows its value, its node, and the way from the root."""

from initreg.documents import Slot, read


def test_a_slot_has_the_path_that_leads_to_it():
    slot = read('{"a": [0, {"b": 1}]}', "json").documents[0].follow(("a", 1, "b"))
    assert (slot.path, slot.value) == (("a", 1, "b"), 1)
    assert [holder.path for holder in slot.holders()] == [("a", 1), ("a",), ()]


def test_a_path_that_ends_leads_to_the_last_slot():
    top = Slot({"a": [0], "b": "text"})
    for path, reached in [
        (("c",), ()),
        (("a", 1), ("a",)),
        (("a", "0"), ("a",)),
        (("b", 0), ("b",)),
        ((), ()),
    ]:
        assert top.follow(path).path == reached


def test_a_shared_value_has_several_slots_and_one_node():
    top = read("a: &x {b: 1}\nc: *x\n", "yaml").documents[0].top
    first, second = top.follow(("a",)), top.follow(("c",))
    assert first.node is second.node
    assert first.value is second.value
    assert first.path != second.path


def test_a_merged_key_leads_to_the_node_where_it_is_written():
    text = "a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}\n"
    top = read(text, "yaml").documents[0].top
    assert top.follow(("d", "b")).node is top.follow(("a", "b")).node
    assert top.follow(("d", "c")).node.start == text.index("3")


def test_containers_are_each_yielded_once_in_order():
    top = read("a: &x [{}]\nb: *x\nc: {d: []}\n", "yaml").documents[0].top
    paths = [slot.path for slot in top.containers()]
    assert paths == [(), ("a",), ("a", 0), ("c",), ("c", "d")]


def test_a_list_that_contains_itself_has_an_end():
    top = read("a: &a [*a]", "yaml").documents[0].top
    assert [slot.path for slot in top.containers()] == [(), ("a",)]
