"""The numbers of `let`: what is valid, what they come to, and every mistake with its place."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from initreg.rules.let import MAX_COUNTS, Count, read_let
from initreg.rules.names import MAX_NAMES, TAKEN


def mistakes(let):
    faults = read_let(let)[1]
    assert all(fault.path[0] == "let" for fault, _ in faults)
    return [(fault.path[1], fault.message, fault.column, fault.end) for fault, _ in faults]


def test_numbers_arithmetic_and_counts():
    let, faults = read_let(
        {
            "layers": r"count(block_(\d+)/)",
            "width": 768,
            "gain": "sqrt(2)",
            "half": "width / 2",
            "depth": "2*layers",
            "both": "half + depth",
        }
    )
    assert faults == []
    assert let.meanings["layers"] == Count(r"block_(\d+)/")
    assert let.numbers == {
        "layers": None,
        "width": 768,
        "gain": math.sqrt(2),
        "half": 384.0,
        "depth": None,
        "both": None,
    }
    assert let.counted == {"layers": "layers", "depth": "layers", "both": "layers"}
    assert let.needed(["depth"]) == ["layers", "depth"]
    assert let.needed(["both", "size"]) == ["layers", "width", "half", "depth", "both"]
    assert let.needed([]) == []


@pytest.mark.parametrize("nothing", [None, {}])
def test_no_numbers(nothing):
    let, faults = read_let(nothing)
    assert (dict(let.numbers), faults) == ({}, [])


EARLIER = "Move it up: let computes with earlier names only."
KINDS = "a number, arithmetic such as 2*layers, or count(pattern)"
OTHER_NAME = "means something else in rules. Choose another name."
NO_NAME = "can't be the name of a number. Use letters, digits and _, a letter first."


@pytest.mark.parametrize(
    ("let", "problem", "place"),
    [
        ({"a": True}, f"a must be {KINDS}, not True.", None),
        ({"a": None}, f"a must be {KINDS}, not None.", None),
        ({"a": [1]}, f"a must be {KINDS}, not [1].", None),
        ({"a": math.inf}, "a must be a finite number, not inf.", None),
        ({"a": math.nan}, "a must be a finite number, not nan.", None),
        ({"a": "1/0"}, "This divides by zero.", (0, 3)),
        ({"a": 0, "b": "1 + 1/a"}, "This divides by zero.", (4, 7)),
        ({"a": "log(-1)"}, "log() takes a number above 0, not -1.", (0, 7)),
        ({"a": "2*b", "b": 1}, f"'b' is defined below. {EARLIER}", (2, 3)),
        ({"a": "a"}, "'a' can't be computed from itself.", (0, 1)),
        (
            {"layers": 1, "b": "2*layer"},
            "No number is called 'layer'. Did you mean 'layers'? Defined above are layers.",
            (2, 7),
        ),
        ({"a": "2*b"}, "No number is called 'b'. No name is defined above.", (2, 3)),
        (
            {"a": "fan_in/2"},
            "'fan_in' differs between weights, and let holds for all. Use it in a rule.",
            (0, 6),
        ),
        ({"1a": 1}, f"'1a' {NO_NAME}", None),
        ({"for": 1}, f"'for' {NO_NAME}", None),
        ({"ä": 1}, f"'ä' {NO_NAME}", None),
        ({5: 1}, f"5 {NO_NAME}", None),
        *(({name: 1}, f"{name!r} {OTHER_NAME}", None) for name in TAKEN),
        (
            {"a": "count((x)"},
            "Invalid regular expression: missing ), unterminated subpattern.",
            (6, None),
        ),
        (
            {"a": 'count("x")'},
            r"Write a pattern without quotes, such as count(block_(\d+)/).",
            (6, 9),
        ),
        (
            {"a": "count()"},
            r"Write a pattern of the names to count, such as count(block_(\d+)/).",
            (6, 7),
        ),
        (
            {"a": "2*count(x)"},
            "A count must stand alone: give it a name, and compute with the name.",
            (2, 7),
        ),
        (
            {"a": "count(x) + count(y)"},
            "A count must stand alone: give it a name, and compute with the name.",
            (0, 5),
        ),
        (
            {"a": r"count(block_(\d+)/)*2"},
            "A count must stand alone: give it a name, and compute with the name.",
            (0, 5),
        ),
        ({"a": r"b'\x'"}, "Bytes are not allowed in arithmetic.", (1, 5)),
        ({"a": "1 # one"}, "Comments are not allowed in arithmetic.", (2, 3)),
        ({"a": "[1][0]"}, "A subscript is not allowed in arithmetic.", (0, 6)),
        (
            {"a": "+".join("1" * 18)},
            "Arithmetic nests at most 16 levels deep, and each operator in a row is a level. "
            "Write fewer terms.",
            (0, 1),
        ),
        ({"a": ""}, "This is empty. Write a number, or arithmetic such as 2*layers.", (0, 1)),
        (
            {"a": "2*"},
            "This is not a valid formula: invalid syntax. "
            "Write a number, or arithmetic such as 2*layers.",
            (2, 3),
        ),
    ],
    ids=str,
)
def test_mistakes(let, problem, place):
    *_, (_, message, column, end) = mistakes(let)
    assert message == problem
    assert (column, end) == (place or (None, None))


def test_all_mistakes_at_once_and_none_of_them_twice():
    let = {"a": "1/0", "b": "2*a", "c": "2*aa", "d": "c+b", "e": True}
    assert [name for name, *_ in mistakes(let)] == ["a", "c", "e"]


@pytest.mark.parametrize("let", [5, "layers", ["layers"]])
def test_only_a_dict_has_names(let):
    (fault, _), *_ = read_let(let)[1]
    assert fault.message.startswith("let must be a dict of names and numbers, not ")


def test_limits():
    let = {f"a{at}": at for at in range(MAX_NAMES)}
    assert read_let(let)[1] == []
    chain = {"a0": 1} | {f"a{at}": f"a{at - 1} + 1" for at in range(1, MAX_NAMES)}
    assert read_let(chain)[0].numbers[f"a{MAX_NAMES - 1}"] == MAX_NAMES
    (fault, _), *_ = read_let({f"a{at}": at for at in range(10_000)})[1]
    assert fault.message == "let has at most 200 names, not 10,000."
    assert "a9999" in read_let({5: 1} | {f"a{at}": at for at in range(10_000)})[0].numbers
    counts = {f"a{at}": f"count({at})" for at in range(MAX_COUNTS + 2)}
    assert [fault.message for fault, _ in read_let(counts)[1]] == [
        "let has at most 100 counts."
    ] * 2


def test_doubling_a_thousand_times_overflows_and_says_where():
    let = {"a0": 2} | {f"a{at}": f"a{at - 1}**2" for at in range(1, 50)}
    name, message, *_ = mistakes(let)[0]
    assert (name, message) == ("a10", "This number is too large and overflows to infinity.")


@given(
    st.dictionaries(
        st.text(max_size=4) | st.integers(),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        max_size=5,
    )
)
def test_anything_is_read_or_explained(let):
    read, faults = read_let(let)
    assert {str(name) for name in let} <= {
        *map(str, read.meanings),
        *(f.path[1] for f, _ in faults),
    }
