"""A spec is a value: its canonical text gives it back, and it compares by what it means."""

import copy
import keyword
import pickle

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from initreg import Argument, Pairs, Spec, parse
from initreg.spec.grammar import MAX_LENGTH

identifiers = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True).filter(
    lambda word: not keyword.iskeyword(word) and word not in ("sqrt", "__debug__")
)
names = st.lists(identifiers, min_size=1, max_size=3).map(".".join)
any_character = st.characters(exclude_categories=())  # lone surrogates and controls, too
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | identifiers
    | st.text(any_character, max_size=8)
)


def specs_of(values):
    named = st.dictionaries(identifiers, values, max_size=3).map(
        lambda given: [Argument(name, value) for name, value in given.items()]
    )
    positional = st.lists(values, max_size=3).map(
        lambda given: [Argument(None, value) for value in given]
    )
    return st.builds(lambda name, a, b: Spec(name, (*a, *b)), names, positional, named)


values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(any_character, max_size=5), inner, max_size=3).map(
            lambda pairs: Pairs(pairs.items())
        )
        | specs_of(inner)
    ),
    max_leaves=8,
)
specs = specs_of(values)


@pytest.mark.slow
@given(specs)
def test_the_canonical_text_gives_the_spec_back(spec):
    assume(len(str(spec)) <= MAX_LENGTH)
    again = parse(str(spec))
    assert again == spec
    assert hash(again) == hash(spec)
    assert str(again) == str(spec)


@pytest.mark.slow
@given(specs, st.randoms())
def test_the_order_of_named_arguments_does_not_count(spec, random):
    positional = [a for a in spec.arguments if a.name is None]
    named = [a for a in spec.arguments if a.name is not None]
    random.shuffle(named)
    shuffled = Spec(spec.name, (*positional, *named))
    assert shuffled == spec
    assert hash(shuffled) == hash(spec)


@pytest.mark.slow
@given(specs)
def test_copies_are_equal(spec):
    assert copy.deepcopy(spec) == spec
    assert pickle.loads(pickle.dumps(spec)) == spec


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("f(a=1, b=2)", "f( b=2,a=1 )"),
        ("f(0.05)", "f(5e-2)"),
        ("f(1)", "f(1.0)"),
        ("f(2*3)", "f(6)"),
        ("f(word)", "f('word')"),
        ("f((1, 2))", "f([1, 2])"),
        ("f({a: 1, b: 2})", "f({'b': 2, 'a': 1})"),
        ("f()", "f"),
        ("f(g(a=1, b=2))", "f(g(b=2, a=1))"),
    ],
)
def test_what_means_the_same_is_equal(one, other):
    assert parse(one) == parse(other)
    assert hash(parse(one)) == hash(parse(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("f", "g"),
        ("f(1)", "f(2)"),
        ("f(1)", "f(a=1)"),
        ("f(1, 2)", "f(2, 1)"),
        ("f(True)", "f(1)"),
        ("f([True])", "f([1])"),
        ("f({a: False})", "f({a: 0})"),
        ("f(None)", "f('None')"),
        ("f('1')", "f(1)"),
        ("f(g)", "f(g())"),
        ("f([])", "f({})"),
        ("F", "f"),
    ],
)
def test_what_means_another_thing_is_not_equal(one, other):
    assert parse(one) != parse(other)


def test_a_spec_is_no_text():
    assert parse("f") != "f"


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("random_normal( mean=0,stddev = 5e-2, )", "random_normal(mean=0, stddev=0.05)"),
        ("f()", "f"),
        ("f(1.0, 1e-05, 1e22, 1_000)", "f(1, 1e-5, 1e22, 1000)"),
        ("f(pi, 'pi', 'if', 'a b', '')", "f(3.141592653589793, 'pi', 'if', 'a b', '')"),
        ("f((1, 'x'), {'a b': None, c: True})", "f([1, x], {'a b': None, c: True})"),
        ("f(g(), acme.h(1))", "f(g(), acme.h(1))"),
        ("f(2**64)", "f(1.8446744073709552e19)"),
    ],
)
def test_the_canonical_spelling(text, canonical):
    assert str(parse(text)) == canonical


def test_a_spec_is_frozen_and_its_repr_leaves_the_source_out():
    spec = parse(" f(1)")
    with pytest.raises(AttributeError):
        spec.name = "g"
    assert (spec.column, spec.source) == (1, " f(1)")
    assert "source" not in repr(spec)
