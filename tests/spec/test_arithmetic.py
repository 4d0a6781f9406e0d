"""Arithmetic in specs: it equals Python's, with names or without, and says why it has no result."""

import math
import operator

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from initreg import ConfigError, SpecSyntaxError, parse, validate
from initreg.spec.arithmetic import Name, NoResultError, Operation, compute, evaluate, names_in
from initreg.spec.grammar import parse_formula, parse_template

NUMBERS = {"layers": 12, "width": 768.0, "half": 0.5, "none": 0, "less": -3}

# Python's own operations. A formula is a number, a name, or a tuple of a symbol and operands.
PYTHON = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": operator.pow,
    "negative": operator.neg,
    "sqrt": math.sqrt,
    "log": math.log,
    "exp": math.exp,
    "abs": abs,
    "min": min,
    "max": max,
}
LEAVES = (
    st.integers(0, 10**6)
    | st.floats(0, 1e6, allow_subnormal=False)
    | st.sampled_from(sorted(NUMBERS))
)


def operations(formulas):
    return (
        st.tuples(st.sampled_from(["+", "-", "*", "/", "**", "min", "max"]), formulas, formulas)
        | st.tuples(st.sampled_from(["negative", "sqrt", "log", "exp", "abs"]), formulas)
        | st.tuples(st.just("max"), formulas, formulas, formulas)
    )


FORMULAS = st.recursive(LEAVES, operations, max_leaves=8)


def written(formula, numbers=None):
    """Write a formula as a person would, with names, or with their `numbers`."""
    if isinstance(formula, str) and numbers is not None:
        formula = numbers[formula]
        return f"({formula})" if formula < 0 else repr(formula)
    if not isinstance(formula, tuple):
        return formula if isinstance(formula, str) else repr(formula)
    symbol, *operands = formula
    texts = [written(operand, numbers) for operand in operands]
    if symbol == "negative":
        return f"(-{texts[0]})"
    if symbol.isalpha():
        return f"{symbol}({', '.join(texts)})"
    return f"({texts[0]} {symbol} {texts[1]})"


def depth(formula):
    return 1 + max(map(depth, formula[1:])) if isinstance(formula, tuple) else 1


def in_python(formula):
    """Compute a formula with Python, each result rounded to a float if it is a large integer."""
    if isinstance(formula, str):
        return NUMBERS[formula]
    if not isinstance(formula, tuple):
        return formula
    symbol, *operands = formula
    values = [in_python(operand) for operand in operands]
    if symbol == "**" and abs(values[1]) > 64:
        raise OverflowError
    result = PYTHON[symbol](*values)
    if isinstance(result, int) and abs(result) > 2**63:
        result = float(result)
    if isinstance(result, complex) or not math.isfinite(result):
        raise OverflowError
    return result


@given(FORMULAS)
def test_arithmetic_equals_python_s(formula):
    assume(depth(formula) < 12)
    try:
        expected = in_python(formula)
    except (ArithmeticError, ValueError):  # such as the logarithm of 0
        expected = None
    try:
        found = evaluate(parse_formula(written(formula)), NUMBERS)
    except (NoResultError, SpecSyntaxError):
        found = None
    assert found == expected
    try:
        plain = parse(f"f({written(formula, NUMBERS)})").arguments[0].value
    except SpecSyntaxError:
        plain = None
    assert plain == expected


@given(FORMULAS)
def test_names_have_their_places(formula):
    assume(depth(formula) < 12)
    text = written(formula)
    try:
        read = parse_formula(text)
    except SpecSyntaxError:
        return
    names = [*names_in(read)]
    assert [text[name.column : name.end] for name in names] == [name.word for name in names]
    assert sum(text.count(word) for word in NUMBERS) == len(names)


@given(st.text(max_size=60))
def test_any_text_is_read_or_rejected(text):
    for read in (parse_formula, parse_template):
        try:
            read(text)
        except SpecSyntaxError as error:
            assert 0 <= error.column <= len(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("sqrt(2)", math.sqrt(2)),
        ("log(99)", math.log(99)),
        ("-log((1-0.01)/0.01)", -math.log(99)),
        ("exp(-1)", math.exp(-1)),
        ("min(3, 1, 2)", 1),
        ("max(1, 2.5)", 2.5),
        ("abs(-3)", 3),
        ("abs(3)", 3),
        ("2*pi", 2 * math.pi),
        ("sqrt(log(exp(4)))", 2.0),
        ("exp(-1000)", 0.0),
    ],
)
def test_functions_in_a_plain_spec(text, value):
    found = parse(f"constant({text})").arguments[0].value
    assert found == value
    assert type(found) is type(value)
    assert parse_formula(text) == value


@pytest.mark.parametrize(
    ("text", "caret", "problem"),
    [
        ("log(0)", "^^^^^^", "log() takes a number above 0, not 0."),
        ("1 + log(-1)", "    ^^^^^^^", "log() takes a number above 0, not -1."),
        ("sqrt(-2)", "^^^^^^^^", "sqrt() takes a number of 0 or more, not -2."),
        ("exp(1e3)", "^^^^^^^^", "This number is too large and overflows to infinity."),
        ("log(1, 2)", "^^^^^^^^^", "log() takes one number."),
        ("exp()", "^^^^^", "exp() takes one number."),
        ("abs(x=1)", "^^^^^^^^", "abs() takes one number."),
        ("min(1)", "^^^^^^", "min() takes two numbers or more."),
        ("max()", "^^^^^", "max() takes two numbers or more."),
        (
            "2*sqr(2)",
            "  ^^^",
            "There is no function 'sqr'. Did you mean 'sqrt'? "
            "Arithmetic has sqrt, log, exp, min, max and abs.",
        ),
        (
            "np.log(2) + 1",
            "^^^^^^",
            "There is no function 'np.log'. Did you mean 'log'? "
            "Arithmetic has sqrt, log, exp, min, max and abs.",
        ),
        (
            "2*layers",
            "  ^^^^^^",
            "Only rules can compute with names such as 'layers'. Write a number.",
        ),
        (
            "1/pie",
            "  ^^^",
            "Only rules can compute with names such as 'pie'. Did you mean 'pi'? Write a number.",
        ),
        (
            "sqrt(2/fan_in)",
            "       ^^^^^^",
            "'fan_in' is a number in rules only. Here, variance_scaling scales with the fans: "
            "variance_scaling(scale=2, mode=fan_in).",
        ),
        ("1+i", "  ^", "Only rules can compute with names such as 'i'. Write a number."),
        (
            "2*count(blocks)",
            "  ^^^^^",
            "count belongs in let, in a file of rules. Compute with its name there.",
        ),
        (
            "+".join("1" * 18),
            "^",
            "Arithmetic nests at most 16 levels deep, and each operator in a row is a level. "
            "Write fewer terms.",
        ),
    ],
    ids=lambda value: value[:20],
)
def test_no_result_in_a_plain_spec(text, caret, problem):
    with pytest.raises(SpecSyntaxError) as caught:
        parse(f"constant({text})")
    assert str(caught.value) == f"{problem}\n    constant({text})\n             {caret}"


def test_a_misspelt_function_alone_is_reported_by_the_schema():
    with pytest.raises(ConfigError, match=r"not lgo\(2\)\. Did you mean 'log'\?"):
        validate("constant(lgo(2))")


def test_a_function_s_name_can_name_an_initializer_of_a_plugin_but_not_a_built_in_one():
    assert parse("log(2)").name == "log"  # the schema reports that no initializer has this name
    assert parse("f(acme.log(2))").arguments[0].value.name == "acme.log"


@pytest.mark.parametrize(
    ("text", "numbers", "place", "problem"),
    [
        ("1 + 2/none", NUMBERS, (4, 10), "This divides by zero"),
        ("2**layers**2", NUMBERS, (0, 12), "An exponent is at most 64"),
        ("exp(width)", NUMBERS, (0, 10), "This number is too large and overflows to infinity"),
        ("less**half", NUMBERS, (0, 10), "The result is not a real number"),
        ("log(less)", NUMBERS, (0, 9), "log() takes a number above 0, not -3"),
    ],
)
def test_no_result_of_a_formula(text, numbers, place, problem):
    with pytest.raises(NoResultError) as caught:
        evaluate(parse_formula(text), numbers)
    assert caught.value.problem == problem
    assert (caught.value.column, caught.value.end) == place


def test_a_template_keeps_names_and_computes_the_rest():
    spec = parse_template("f(2*3, word, 'text', 2*word, [word], {key: word}, g(word), +word, pi)")
    values = [argument.value for argument in spec.arguments]
    word = Name("word", 7, 11)
    assert values[:3] == [6, word, "text"]
    assert isinstance(values[3], Operation)
    assert values[3].operands == (2, Name("word", 23, 27))
    assert values[4] == (Name("word", 30, 34),)
    assert values[5] == (("key", Name("word", 43, 47)),)
    assert values[6].arguments[0].value == Name("word", 52, 56)
    assert isinstance(values[7], Operation)  # arithmetic, so it can't be text
    assert values[8] == math.pi


@pytest.mark.parametrize(
    "text",
    [
        "-" * 500 + "x",
        "x" + "+x" * 1000,
        "sqrt(" * 300 + "x" + ")" * 300,
        "x" * 5000,
        "9**9**9**9",
        "x.y",
        "__import__('os')",
        "x[0]",
        "x if x else x",
        "lambda: 1",
        "x; y",
        "x = 1",
        "1, 2",
        "'x'",
        "[x]",
        "True",
        "x\0",
        "",
        " ",
        "# x",
        "ｘ",
    ],
    ids=lambda text: text[:20],
)
def test_hostile_and_wrong_formulas_are_rejected(text):
    with pytest.raises(SpecSyntaxError):
        parse_formula(text)


@given(st.sampled_from(sorted(PYTHON)), st.lists(st.integers() | st.floats(), min_size=1))
def test_a_result_is_always_a_finite_number(symbol, operands):
    count = {"min": 2, "max": 2}.get(symbol, 2 if not symbol.isalpha() else 1)
    assume(len(operands) >= count)
    assume(all(math.isfinite(operand) and abs(operand) <= 2**63 for operand in operands))
    try:
        result = compute(symbol, *operands[:count])
    except NoResultError:
        return
    assert isinstance(result, int | float)
    assert math.isfinite(result)
    assert not isinstance(result, int) or abs(result) <= 2**63
