"""Derived seeds never change, and differ for different names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from initreg import derive_seed
from tests.support.processes import python

names = st.lists(st.text(st.characters(exclude_categories=())) | st.integers(), max_size=4)


# These values are a promise: saved configs and trained models depend on them.
@pytest.mark.parametrize(
    ("arguments", "derived"),
    [
        ((0,), 1772620455),
        ((42, "encoder", "dense"), 1350510807),
        ((42, "encoder/dense"), 715391961),
        ((7, "kernel", 0), 336611154),
        ((2**32 - 1, "é中😀"), 3976289921),
        ((2**100, "x"), 183504215),
        ((-1, ""), 1150878384),
    ],
    ids=str,
)
def test_golden_values(arguments, derived):
    assert derive_seed(*arguments) == derived


@given(st.integers(), names)
def test_a_derived_seed_is_a_seed(seed, path):
    assert 0 <= derive_seed(seed, *path) < 2**32
    assert derive_seed(seed, *path) == derive_seed(seed, *path)


def test_a_thousand_paths_give_a_thousand_seeds():
    derived = {derive_seed(seed, "layer", i) for seed in range(10) for i in range(100)}
    assert len(derived) == 1000


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a", "b"), ("ab",)),
        (("a", "b"), ("b", "a")),
        (("a/b",), ("a", "b")),
        (("a", ""), ("a",)),
        (("1", "2"), ("12",)),
        ((), ("",)),
    ],
    ids=str,
)
def test_paths_never_read_alike(one, other):
    assert derive_seed(42, *one) != derive_seed(42, *other)


def test_another_process_derives_the_same():
    code = "from initreg import derive_seed; print(derive_seed(42, 'encoder', 'dense'))"
    for hash_seed in ("0", "1"):
        done = python(code, variables={"PYTHONHASHSEED": hash_seed})
        assert int(done.stdout) == 1350510807


@pytest.mark.parametrize("seed", [None, 1.0, "1", b"1"])
def test_a_seed_is_a_whole_number(seed):
    with pytest.raises(TypeError):
        derive_seed(seed, "conv")


def test_a_boolean_is_the_number_that_it_equals():
    assert derive_seed(True, "conv") == derive_seed(1, "conv")


def test_a_number_is_not_the_text_that_it_is_written_as():
    assert derive_seed(1, 2) != derive_seed(1, "2")
