"""Seeds are checked; derived seeds never change, and differ for different names."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from initreg import ConfigError, derive_seed
from initreg.draws.seeds import MAX_SEED, checked_seed, random_seed
from tests.support.processes import python

names = st.lists(st.text(st.characters(exclude_categories=())) | st.integers(), max_size=4)


# Saved configs and trained models depend on these values, so they never change.
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
def test_different_lists_of_names_give_different_seeds(one, other):
    assert derive_seed(42, *one) != derive_seed(42, *other)


def test_another_process_derives_the_same_seed():
    code = "from initreg import derive_seed; print(derive_seed(42, 'encoder', 'dense'))"
    for hash_seed in ("0", "1"):
        done = python(code, variables={"PYTHONHASHSEED": hash_seed})
        assert int(done.stdout) == 1350510807


@pytest.mark.parametrize("seed", [None, 1.0, "1", b"1"])
def test_only_whole_numbers_have_derived_seeds(seed):
    with pytest.raises(TypeError):
        derive_seed(seed, "conv")


def test_true_and_1_derive_the_same_seed():
    assert derive_seed(True, "conv") == derive_seed(1, "conv")


def test_the_number_2_and_the_text_2_derive_different_seeds():
    assert derive_seed(1, 2) != derive_seed(1, "2")


@pytest.mark.parametrize("seed", [0, 7, MAX_SEED, np.int64(7), np.uint32(MAX_SEED)], ids=repr)
def test_a_seed_becomes_a_plain_int(seed):
    assert checked_seed(seed) == seed
    assert type(checked_seed(seed)) is int


@pytest.mark.parametrize(
    ("seed", "shown"),
    [
        *((-1, "-1"), (MAX_SEED + 1, "4294967296"), (True, "True"), (None, "None")),
        *(("7", "'7'"), (1.5, "1.5"), (-1.0, "-1.0"), (1e300, "1e+300")),
        *((float("nan"), "nan"), (float("inf"), "inf")),
    ],
)
@pytest.mark.parametrize("allow_float", [False, True])
def test_anything_else_is_not_a_seed(seed, shown, allow_float):
    with pytest.raises(ConfigError) as caught:
        checked_seed(seed, allow_float=allow_float)
    assert str(caught.value) == f"seed must be a whole number, 0 … 4294967295, not {shown}."


def test_a_whole_float_is_a_seed_if_allowed():
    assert checked_seed(42.0, allow_float=True) == 42
    assert type(checked_seed(42.0, allow_float=True)) is int
    with pytest.raises(ConfigError, match=r"not 42\.0\.$"):
        checked_seed(42.0)


def test_a_random_seed_is_a_new_seed():
    seeds = [random_seed() for _ in range(100)]
    assert [checked_seed(seed) for seed in seeds] == seeds
    assert len(set(seeds)) > 95
