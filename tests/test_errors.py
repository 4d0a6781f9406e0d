"""Each error is also the built-in that callers expect, can be pickled, and shows the place."""

import ast
import copy
import pickle
from pathlib import Path
from typing import get_args

import pytest

import initreg
from initreg import (
    FAULT_CODES,
    AmbiguousInitializerError,
    BackendError,
    ConfigError,
    Fault,
    InitregError,
    PlanError,
    PluginError,
    RulesError,
    SpecSyntaxError,
    UnknownFormatError,
    UnknownInitializerError,
    UnreadableError,
    default_registry,
    errors,
)
from initreg.carets import point_at

ERRORS = [
    (SpecSyntaxError("This is invalid.", "f(é, x)", 2), ValueError),
    (UnknownInitializerError("There is no such initializer.", "f"), LookupError),
    (UnknownInitializerError("There is no such initializer.", "f", " f(1)", 1), LookupError),
    (AmbiguousInitializerError("There are two.", "f", "f"), LookupError),
    (ConfigError([Fault("No.", ("a", 1)), Fault("No!", ("b",), 2, 4)], "f(a, b)"), ValueError),
    (UnreadableError("It is not YAML.", "a.yaml", 3, 4), ValueError),
    (UnreadableError("It is missing.", "a.yaml"), ValueError),
    (UnknownFormatError("Its extension is unknown.", "a.ini"), ValueError),
    (RulesError([Fault("No.", ("rules", 0, "match"), 0, 1)], texts=["("]), ValueError),
    (PlanError("It is for another model."), ValueError),
    (BackendError("It is missing."), LookupError),
    (PluginError("It fails."), ValueError),
]


@pytest.mark.parametrize(("error", "builtin"), ERRORS, ids=lambda value: type(value).__name__)
def test_errors_are_built_ins_and_pickle(error, builtin):
    assert isinstance(error, InitregError)
    assert isinstance(error, builtin)
    for again in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error)):
        assert type(again) is type(error)
        assert str(again) == str(error)
        assert vars(again) == vars(error)


@pytest.mark.parametrize(
    ("spec", "faults"),
    [
        ("he_normal(*)", [("$", 11, "syntax")]),
        ("he_norml(seed=1)", [("$", 0, "unknown-initializer")]),
        ({"type": "he_norml"}, [("$.type", None, "unknown-initializer")]),
        ({"class_name": "HeNorml"}, [("$.class_name", None, "unknown-initializer")]),
        (
            "he_normal(sed=1, seed=-1)",
            [("$.sed", 10, "unknown-parameter"), ("$.seed", 22, "wrong-value")],
        ),
        ("ones(1)", [("$[0]", 5, "unknown-parameter")]),
        ("random_uniform(1, 0)", [("$.minval", 15, "conflict")]),
        ({"typ": "ones"}, [("$", None, "form")]),
        (3, [("$", None, "form")]),
    ],
    ids=str,
)
def test_each_error_of_a_spec_has_faults(spec, faults):
    with pytest.raises(InitregError) as caught:
        default_registry().validate(spec)
    assert [(f.location, f.column, f.code) for f in caught.value.faults] == faults


def codes_in(source):
    """Yield the codes of faults that a module writes: ``code="…"`` in a call, or as a value."""
    for node in ast.walk(ast.parse(source)):
        is_default = isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "code"
        is_argument = isinstance(node, ast.keyword) and node.arg == "code"
        if (is_argument or is_default) and isinstance(node.value, ast.Constant):
            yield node.value.value


def test_each_code_in_the_sources_is_described_and_each_described_code_is_used():
    folder = Path(initreg.__file__).parent
    used = {code for file in folder.rglob("*.py") for code in codes_in(file.read_text("utf-8"))}
    assert used == set(FAULT_CODES) == set(get_args(errors.Code))


def test_the_tree_in_the_documentation_is_the_tree():
    for error, builtin in ERRORS:
        name = type(error).__name__
        line = next(line for line in errors.__doc__.splitlines() if f" {name} " in line)
        assert f"({builtin.__name__})" in line
    assert {type(error) for error, _ in ERRORS} == {
        error
        for error in vars(errors).values()
        if isinstance(error, type) and issubclass(error, InitregError)
    } - {InitregError, errors._NameError}


@pytest.mark.parametrize(
    ("text", "start", "end", "shown"),
    [
        ("abc", 1, 2, "abc\n ^"),
        ("abc", 0, 3, "abc\n^^^"),
        ("abc", 3, 4, "abc\n   ^"),
        ("abc", 1, 1, "abc\n ^"),
        ("abc", 1, 99, "abc\n ^^"),
        ("", 0, 1, "\n^"),
        ("a\nbcd\ne", 3, 4, "bcd\n ^"),
        ("a\r\nbcd\r\ne", 4, 5, "bcd\n ^"),
        ("a\rbcd", 3, 4, "bcd\n ^"),
        ("ab\ncd", 1, 5, "ab\n ^"),
        ("中中x", 2, 3, "中中x\n    ^"),
        ("x中中", 1, 3, "x中中\n ^^^^"),
        ("e\u0301x", 2, 3, "e\u0301x\n ^"),
        ("a\tb", 2, 3, "a b\n  ^"),
        ("a\x1b[0mb", 1, 2, "a\N{REPLACEMENT CHARACTER}[0mb\n ^"),
        ("'a\u2028b', x", 7, 8, "'a\N{REPLACEMENT CHARACTER}b', x\n       ^"),
        ("a\fbc", 2, 3, "a\N{REPLACEMENT CHARACTER}bc\n  ^"),
        ("\ud800x", 1, 2, "\N{REPLACEMENT CHARACTER}x\n ^"),
        ("a" * 100, 0, 1, "a" * 96 + "…\n^"),
        ("a" * 100 + "b", 100, 101, "…" + "a" * 48 + "b\n" + " " * 49 + "^"),
    ],
)
def test_the_carets_are_under_the_place(text, start, end, shown):
    assert point_at(text, start, end) == shown


def test_a_fault_has_a_location():
    assert Fault("No.").location == "$"
    assert Fault("No.", ("value", 1, 2)).location == "$.value[1][2]"
    assert Fault("No.", ("seed",)).below("inner", 0).location == "$.inner[0].seed"


def test_a_config_error_lists_all_faults():
    faults = [Fault("One.", ("a",)), Fault("Two."), Fault("Three.", ("c", 0))]
    assert str(ConfigError(faults)) == "$.a: One.\nTwo.\n$.c[0]: Three."
    pointed = [Fault("One.", ("a",), 2, 3), Fault("Two.", ("b",), 5)]
    assert str(ConfigError(pointed, "f(a, b)")) == (
        "One.\n    f(a, b)\n      ^\nTwo.\n    f(a, b)\n         ^"
    )
