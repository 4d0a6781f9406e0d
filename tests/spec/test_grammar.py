"""Any text either parses or raises SpecSyntaxError, which points at the place."""

import math
import warnings

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from initreg import Pairs, Spec, SpecSyntaxError, parse
from initreg.spec.grammar import MAX_LENGTH

characters = st.characters(exclude_categories=())
pieces = st.sampled_from(
    [
        *"()[]{}'\"\\,=*:#.;@%~!&|^<>+-/`$?",
        *("**", "//", "'''", '"""', "\\\n", "\\'", "\\x4", "\\N{DASH}", "\\400", "\\d"),
        *("\n", "\r", "\r\n", "\t", "\f", "\0", "\x1a", "\ufeff", "\u2028", " ", "  "),
        *("f", "a", "sqrt", "pi", "None", "True", "lambda", "if", "or", "in", "for", "await"),
        *("0", "1", "1or", "0x1f", "0xfor", "1e", "1e999", "1j", "0777", "1_", "9" * 5000, ".5if"),
        *("é", "中", "ｓ", "ſ", "\ud800", "😀", "\u0301"),
        *(
            "f'",
            "b'",
            "rb'",
            "u'",
            "f'{1or 2}'",
            "f'{x",
            "(" * 300,
            "[" * 40,
            "-" * 1000,
            "a." * 900,
        ),
    ]
)
garbage = st.one_of(
    st.text(characters, max_size=60),
    st.lists(pieces, max_size=25).map("".join),
    st.lists(pieces, max_size=25).map(lambda parts: f"f({''.join(parts)})"),
    st.lists(pieces, max_size=25).map(lambda parts: f"f(a={','.join(parts)})"),
)


@pytest.mark.slow
@settings(max_examples=800)
@given(garbage)
@example("f(" + "(" * 4000)
@example("f(" + "-" * 4000 + "1)")
@example("a" + ".a" * 2000)
@example("f(" + "1+" * 2000 + "1)")
@example("f(" + "9" * 4000 + ")")
@example("f(" + "\n1," * 1300 + ")")
@example("f(1or 2)")
@example("f(f'{1or 2}')")
@example("f('1or', 0xfor)")
@example("f(.5if x else y)")
@example("f(1jor 2)")
@example("f('\\400')")
@example("\u20281or")  # whitespace that is not ASCII
@example("f(1\\\n)")
@example("f(\x0c1\n,é)")
@example("f('a\r\nb', \n1j)")
@example("é\nf")
@example("#'''\n0if")
@example("A\u0300")  # a letter and its accent, which Python folds into one
def test_any_text_parses_or_raises_spec_syntax_error(text):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            spec = parse(text)
        except SpecSyntaxError as error:
            assert 0 <= error.column <= len(text)
            assert error.column < error.end
            assert str(error).startswith(f"{error.problem}\n")
        else:
            assert parse(str(spec)) == spec
    assert not seen


whitespace = st.sampled_from(["", " ", "\n", "\r\n", "\r", "\t ", "\\\n"])
written = st.sampled_from(
    [
        *("1", "-2.5e-3", "word", "1+pi", "None", "[1, 'ü']", "{a: 1}", "g(x=1)"),
        *("'é中'", '"😀\\n"', "'''two\nlines'''", "'#'"),
    ]
)


@given(st.lists(st.tuples(st.booleans(), written, whitespace, whitespace), max_size=6), whitespace)
def test_columns_lead_to_the_arguments(parts, lead):
    parts.sort(key=lambda part: part[0])  # positional ones first
    if lead == "\\\n":
        lead = " "
    arguments = [
        f"{before}{f'a{i}={after}' if named else ''}{value}{after}"
        for i, (named, value, before, after) in enumerate(parts)
    ]
    text = f"{lead}f({','.join(arguments)})"
    spec = parse(text)
    assert text[spec.column :].startswith("f(")
    assert len(spec.arguments) == len(parts)
    for argument, (_, value, _, _) in zip(spec.arguments, parts, strict=True):
        assert text[argument.value_column : argument.end] == value
        if argument.name is not None:
            assert text[argument.column :].startswith(f"{argument.name}=")
        else:
            assert argument.column == argument.value_column


def test_a_nested_spec_keeps_its_place_in_the_whole_text():
    text = "f('é', inner = g(1))"
    inner = parse(text).arguments[1].value
    assert inner.source == text
    assert text[inner.column :] == "g(1))"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-1", -1),
        ("+1.5", 1.5),
        ("1_000", 1000),
        ("0x10", 16),
        (str(2**63), 2**63),
        (str(2**63 + 1), float(2**63)),
        ("2**64", 2.0**64),
        ("0.02/sqrt(2*12)", 0.02 / math.sqrt(24)),
        ("-(1+2)*3", -9),
        ("pi/2", math.pi / 2),
        ("2**-1", 0.5),
        ("True", True),
        ("None", None),
        ("fan_in", "fan_in"),
        ("nan", "nan"),
        ("'a' 'b'", "ab"),
        (r"'\\d'", r"\d"),
        ("'#1or 2'", "#1or 2"),
        ("'ｓ'", "ｓ"),
        ("[1, [x]]", (1, ("x",))),
        ("(1,)", (1,)),
        ("()", ()),
        ("{a: 1, 'b c': [2]}", Pairs((("a", 1), ("b c", (2,))))),
        ("g", "g"),
        ("g()", Spec("g")),
        ("acme.g()", Spec("acme.g")),
    ],
    ids=lambda value: str(value)[:30],
)
def test_values(text, value):
    found = parse(f"f({text})").arguments[0].value
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("text", ["f", " f", "f()", "\n f ( ) \n", "f(\n)", "f (\t)"])
def test_space_and_empty_parentheses_do_not_count(text):
    assert parse(text) == Spec("f")


NO_CONTENT = "The spec is empty. Write the name of an initializer, such as random_normal."
NO_SPEC = "A spec is a name, or a name with arguments: random_normal(stddev=0.05)."
NUMBERS_ALONE = "Arithmetic takes only numbers, pi, sqrt, log, exp, min, max and abs."
OPERATORS = "Arithmetic supports only + - * / **, sqrt, log, exp, min, max and abs."
NO_FUNCTION = "There is no function 'g'. Arithmetic has sqrt, log, exp, min, max and abs."
NO_NAME = "Only rules can compute with names such as 'a'. Write a number."
NAME_ALONE = "Only a name can come before '('."
OVERFLOW = "This number is too large and overflows to infinity."
TOO_DEEP = "A spec nests at most 16 levels deep."


def quote(what):
    return f"{what} is not allowed in a spec. Quote it if you mean text."


# Each text with a caret line under it, as a person would see it, and the problem.
REFUSED = [
    ("", "^", NO_CONTENT),
    ("  ", "^", NO_CONTENT),
    ("1", "^", NO_SPEC),
    ("'f'", "^^^", NO_SPEC),
    ("None", "^^^^", NO_SPEC),
    ("[f]", "^^^", NO_SPEC),
    ("f(1)(2)", "^^^^", NAME_ALONE),
    ("f(g()())", "  ^^^", NAME_ALONE),
    ("f('a'(1))", "  ^^^", NAME_ALONE),
    ("f(a=1, a=2)", "       ^", "The parameter 'a' is given twice."),
    ("f(stddev=1, stddev=2)", "            ^^^^^^", "The parameter 'stddev' is given twice."),
    ("f(g(a=1, a=2))", "         ^", "The parameter 'a' is given twice."),
    ("f(*x)", "  ^^", "'*' is not allowed in a spec. Write the items out."),
    ("f([*x])", "   ^^", "'*' is not allowed in a spec. Write the items out."),
    ("f(**x)", "  ^^", "'**' is not allowed in a spec. Name each parameter."),
    ("f({**x})", "   ^^", "'**' is not allowed in a spec."),
    ("f(a.b)", "  ^^^", quote("A dotted name without '()'")),
    ("f(x[1])", "  ^^^^", quote("A subscript")),
    ("f(x[1:2])", "  ^^^^^^", quote("A subscript")),
    ("f(x for x in y)", " ^^^^^^^^^^^^^^", quote("A comprehension")),
    ("f([x for x in y])", "  ^^^^^^^^^^^^^^", quote("A comprehension")),
    ("f({x for x in y})", "  ^^^^^^^^^^^^^^", quote("A comprehension")),
    ("f({x: 1 for x in y})", "  ^^^^^^^^^^^^^^^^^", quote("A comprehension")),
    ("f(lambda: 1)", "  ^^^^^^^^^", quote("A lambda")),
    ("f(f'{x}')", "  ^^^^^^", quote("An f-string")),
    ("f(f'{1or 2}')", "   ^^^^^^^^^", "An f-string is not allowed in a spec."),
    ("f(b'a')", "  ^^^^", quote("A value of this kind (bytes, complex or '...')")),
    ("f(1j)", "  ^^", quote("A value of this kind (bytes, complex or '...')")),
    ("f(...)", "  ^^^", quote("A value of this kind (bytes, complex or '...')")),
    ("f({1, 2})", "  ^^^^^^", quote("A set")),
    ("f(a and b)", "  ^^^^^^^", quote("'and' or 'or'")),
    ("f(not a)", "  ^^^^^", quote("'not' or '~'")),
    ("f(~1)", "  ^^", quote("'not' or '~'")),
    ("f(1 < 2)", "  ^^^^^", quote("A comparison")),
    ("f(1 if a else 2)", "  ^^^^^^^^^^^^^", quote("'if'")),
    ("f((a := 1))", "   ^^^^^^", quote("':='")),
    ("f((yield))", "   ^^^^^", quote("'yield'")),
    ("f((yield from x))", "   ^^^^^^^^^^^^", quote("'yield'")),
    ("f(await x)", "  ^^^^^^^", quote("'await'")),
    ("f(1e999)", "  ^^^^^", OVERFLOW),
    ("f(-1e999)", "   ^^^^^", OVERFLOW),
    ("f(1e308*10)", "  ^^^^^^^^", OVERFLOW),
    ("f(1e300**2)", "  ^^^^^^^^", OVERFLOW),
    (f"f({'9' * 400})", "  " + "^" * 94, OVERFLOW),
    ("f(1/0)", "  ^^^", "This divides by zero."),
    ("f(0**-1)", "  ^^^^^", "This divides by zero."),
    ("f(2**65)", "     ^^", "An exponent is at most 64."),
    ("f(2**-65)", "     ^^^", "An exponent is at most 64."),
    ("f(9**9**9)", "     ^^^^", "An exponent is at most 64."),
    ("f((-8)**.5)", "  ^^^^^^^^", "The result is not a real number."),
    ("f(5 % 2)", "  ^^^^^", OPERATORS),
    ("f(5 // 2)", "  ^^^^^^", OPERATORS),
    ("f(1 + a)", "      ^", NO_NAME),
    ("f(-'a')", "   ^^^", NUMBERS_ALONE),
    ("f(1 + True)", "      ^^^^", NUMBERS_ALONE),
    ("f(2 * [1])", "      ^^^", NUMBERS_ALONE),
    (
        "f(2 * g(1))",
        "      ^",
        "There is no function 'g'. Arithmetic has sqrt, log, exp, min, max and abs.",
    ),
    ("f(sqrt(-1))", "  ^^^^^^^^", "sqrt() takes a number of 0 or more, not -1."),
    ("f(sqrt())", "  ^^^^^^", "sqrt() takes one number."),
    ("f(sqrt(1, 2))", "  ^^^^^^^^^^", "sqrt() takes one number."),
    ("f(sqrt(x=1))", "  ^^^^^^^^^", "sqrt() takes one number."),
    ("f(sqrt(a))", "       ^", NO_NAME),
    ("f({1: 2})", "   ^", "The keys of a dict are text."),
    ("f({a: 1, a: 2})", "         ^", "The key 'a' is given twice."),
    ("ｆ(1)", "^^", "The name 'ｆ' is not plain ASCII."),
    ("f(é=1)", "  ^", "The name 'é' is not plain ASCII."),
    ("f('é', é=1)", "       ^", "The name 'é' is not plain ASCII."),
    ("f('中中', ſ=1)", "          ^", "The name 'ſ' is not plain ASCII."),
    ("f(x1é)", "  ^^^", "The name 'x1é' is not plain ASCII."),
    ("f(1) # why", "     ^", "Comments are not allowed in a spec. Quote a '#' that is text."),
    ("f('\\d')", "   ^^", r"'\d' is not a valid escape. Write \\ for a backslash."),
    ("f('\\0')", "   ^^", r"'\0' is not a valid escape. Write \\ for a backslash."),
    ("f(1or 2)", "  ^^^", "'1or' is not a number."),
    ("f(0xfor 2)", "  ^^^^^", "'0xfor' is not a number."),
    ("f(" + "g(" * 17 + ")" * 18, " " * 34 + "^", TOO_DEEP),
    ("f(" + "[" * 17 + "]" * 17 + ")", " " * 18 + "^", TOO_DEEP),
]


@pytest.mark.parametrize(("text", "caret", "problem"), REFUSED, ids=lambda value: value[:30])
def test_rejected_texts(text, caret, problem):
    with pytest.raises(SpecSyntaxError) as caught:
        parse(text)
    shown = text.rstrip() if len(text) <= 96 else f"{text[:96]}…"
    below = f"    {shown}" if shown else ""
    assert str(caught.value) == f"{problem}\n{below}\n    {caret}"


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("f(", 1),
        ("f)", 1),
        ("f(1;2)", 3),
        ("f($)", 2),
        ("f(1 2)", 2),
        ("f(a=1, 2)", 8),
        ("f\ng", 2),
        ("f('a", 2),
        ("f(0777)", 2),
        ("f(,)", 2),
        ("x = 1", 2),
        ("import os", 0),
    ],
)
def test_invalid_python_is_rejected_with_the_words_of_python(text, column):
    with pytest.raises(SpecSyntaxError) as caught:
        parse(text)
    assert caught.value.problem.startswith("This is not a valid spec: ")
    assert abs(caught.value.column - column) <= 1  # Python's versions differ by one


def test_a_fault_in_a_later_line_is_shown_in_its_line():
    with pytest.raises(SpecSyntaxError) as caught:
        parse("f(\n  a='é',\r\n  b=1j,\n)")
    assert caught.value.column == 17
    assert str(caught.value).endswith("\n      b=1j,\n        ^^")


@pytest.mark.parametrize(
    ("text", "column", "problem"),
    [
        ("f(1)\0", 4, "A spec can't contain a null character."),
        ("f('\0')", 3, "A spec can't contain a null character."),
        (" f('\ud800')", 4, "A spec can't contain half a character (a lone surrogate)."),
        ("f(" + "-" * 3000 + "1)", None, TOO_DEEP),
        ("a" * 4097, 4096, "A spec is at most 4,096 characters long; this one has 4,097."),
        (
            "f(" + "x," * 2040 + ")",
            0,
            "Written in canonical form, this spec is over 4,096 characters long.",
        ),
    ],
    ids=["null", "null-in-text", "surrogate", "minus-signs", "too-long", "canonical-too-long"],
)
def test_limits(text, column, problem):
    with pytest.raises(SpecSyntaxError) as caught:
        parse(text)
    assert caught.value.problem == problem
    if column is not None:
        assert caught.value.column == column


def test_the_longest_text_and_the_deepest_nesting_are_taken():
    assert parse("a" * MAX_LENGTH) == Spec("a" * MAX_LENGTH)
    assert parse("f(" + "g(" * 16 + ")" * 17)
    assert parse("f(" + "[" * 16 + "]" * 16 + ")")


@pytest.mark.parametrize("value", [None, 1, b"f", ["f"], Spec("f")])
def test_only_text_is_parsed(value):
    with pytest.raises(TypeError, match=f"parse takes text, not {type(value).__name__}"):
        parse(value)


def test_nothing_is_evaluated(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for text in ["open('made', 'w')", "f(open('made', 'w'))", "os.mkdir('made')", "print(exit())"]:
        assert isinstance(parse(text), Spec)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "text",
    [
        "f(0x1, '''" + r"\a" * 2000,
        "f(0x1, " + r"\"" * 2000,
        "f(0x1, " + "'''" * 1300,
        "f(0x1, '" + "\\" * 4000,
    ],
    ids=["triple", "outside", "quotes", "backslashes"],
)
def test_strings_that_do_not_end_take_no_time(text):
    """Once, 26 escapes took 13 seconds, and each further one twice as long."""
    with pytest.raises(SpecSyntaxError):
        parse(text)


@pytest.mark.parametrize("text", [r"f(b'\N')", r"B'\u0041'", r"f(Rb'\d')", r"f(bR'''\U''')"])
def test_no_escape_in_bytes_warns(text):
    with pytest.raises(SpecSyntaxError, match=r"Bytes are not allowed in a spec\."):
        parse(text)
