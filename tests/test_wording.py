"""Phrases that many messages share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from initreg.wording import fold, listed, shown


@given(st.text())
def test_folding_twice_is_folding_once(name):
    assert fold(fold(name)) == fold(name)


def test_folding_merges_no_letters():
    assert fold("\N{KELVIN SIGN}") != fold("k")


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, ""), (1, "a"), (3, "a; b; c"), (4, "a; b; c and 1 more"), (20, "a; b; c and 17 more")],
)
def test_a_long_list_is_cut(count, text):
    assert listed("abcdefghijklmnopqrst"[:count], 3, "; ") == text


@pytest.mark.parametrize("value", [0.1, "text", [1, 2], None])
def test_a_short_value_is_shown_whole(value):
    assert shown(value) == repr(value)


def test_a_long_value_is_cut():
    assert len(shown("x" * 1000)) == 58
