"""Specs that compute: which words are numbers, what is checked early, and what they come to."""

import pytest

from initreg import InitializerConfig, InitregError, Registry, validate
from initreg.registry.registry import default_registry
from initreg.rules.names import Known, as_number
from initreg.rules.templates import Template, read_template

KNOWN = Known({"width": 768, "layers": None, "zero": 0}, ("block", "kind"))


def read(text, known=KNOWN):
    return read_template(text, known, default_registry())


def messages(text, known=KNOWN):
    with pytest.raises(InitregError) as caught:
        read(text, known)
    return [(fault.message, fault.column, fault.end) for fault in caught.value.faults]


@pytest.mark.parametrize(
    "text",
    [
        "he_normal",
        "variance_scaling(mode=fan_in)",
        "variance_scaling(scale=2, mode=fan_out, distribution=uniform)",
        "random_normal(stddev=0.02/sqrt(2*12))",
        "constant(-log(99))",
        "scaled(he_normal, 0.5)",
        "he_normal(seed=7)",
    ],
)
def test_a_spec_without_numbers_of_rules_is_a_config(text):
    assert read(text) == validate(text)


@pytest.mark.parametrize(
    ("text", "numbers", "spec"),
    [
        ("random_normal(stddev=0.02/sqrt(2*layers))", {"layers": 8}, "random_normal(stddev=0.005)"),
        ("constant(layers)", {"layers": 3}, "constant(3)"),
        ("constant([layers, width])", {"layers": 3, "width": 4}, "constant([3, 4])"),
        ("scaled(he_normal, block)", {"block": 2}, "scaled(he_normal, 2)"),
        (
            "scaled(random_normal(stddev=1/block), block)",
            {"block": 2},
            "scaled(random_normal(stddev=0.5), 2)",
        ),
        (
            "variance_scaling(2/layers, fan_in)",
            {"layers": 4},
            "variance_scaling(0.5, mode=fan_in)",
        ),
        (
            "variance_scaling(scale=fan_in, mode=fan_in)",
            {"fan_in": 4},
            "variance_scaling(scale=4, mode=fan_in)",
        ),
        ("he_normal(seed=block)", {"block": 7}, "he_normal(seed=7)"),
        ("constant(-zero)", {"zero": 0}, "constant(0)"),
        ("constant(max(block, 2, fan_in)*pi)", {"block": 1, "fan_in": 0}, "constant(2*pi)"),
    ],
)
def test_what_a_spec_comes_to(text, numbers, spec):
    template = read(text)
    assert isinstance(template, Template)
    assert template.variables == numbers.keys()
    assert template.written == str(template) == text
    assert template.config(numbers, default_registry()) == validate(spec)


def test_a_word_that_the_parameter_takes_as_text_stays_text():
    class Named(InitializerConfig, name="named", builds="keras.initializers:Zeros"):
        """A config with a text, and a number."""

        label: str = ""
        gain: float = 1.0

    registry = Registry()
    registry.add(Named)
    template = read_template("named(block, gain=block)", KNOWN, registry)
    config = template.config({"block": 3}, registry)
    assert (config.label, config.gain) == ("block", 3.0)
    quoted = read_template("named(gain=2*block, label='layers')", KNOWN, registry)
    assert quoted.variables == {"block"}
    assert quoted.config({"block": 3}, registry).label == "layers"


def test_quoted_text_is_never_a_number():
    assert messages("constant('layers')") == [
        ("value must be a finite number, or a nested list of them, not 'layers'.", 9, 17)
    ]


HAS = "This rule has fan_in, fan_out, size, block, kind, width, layers, zero."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "constant(2*layer)",
            [(f"No number is called 'layer'. Did you mean 'layers'? {HAS}", 11, 16)],
        ),
        (
            "constant(2*fanin)",
            [(f"No number is called 'fanin'. Did you mean 'fan_in'? {HAS}", 11, 16)],
        ),
        (
            "constant(layer)",
            [
                (
                    "value must be a finite number, or a nested list of them, not 'layer'. "
                    "Did you mean 'layers'?",
                    9,
                    14,
                )
            ],
        ),
        (
            "random_normal(stddev=2*layers, sed=1)",
            [
                (
                    "random_normal has no parameter 'sed'. Did you mean 'seed'? "
                    "It takes mean, stddev, seed.",
                    31,
                    34,
                )
            ],
        ),
        (
            "random_normal(mean=x, stddev=1/layers)",
            [("mean must be a number, not 'x'.", 19, 20)],
        ),
        ("random_normal(stddev=-width)", [("stddev must be 0 or more, not -768.", 21, 27)]),
        ("constant(layers/zero + 1/zero)", [("This divides by zero.", 23, 29)]),
        (
            "constant(1/zero + 2*foo)",
            [("This divides by zero.", 9, 15), ("No number is called 'foo'. " + HAS, 20, 23)],
        ),
        (
            "random_normal(mean=1/zero, stddev=2*foo, sed=1)",
            [
                ("This divides by zero.", 19, 25),
                ("No number is called 'foo'. " + HAS, 36, 39),
                (
                    "random_normal has no parameter 'sed'. Did you mean 'seed'? "
                    "It takes mean, stddev, seed.",
                    41,
                    44,
                ),
            ],
        ),
        (
            "randm_normal(stddev=2*layers)",
            [
                (
                    "There is no initializer 'randm_normal'. Did you mean 'random_normal'? "
                    "`initreg list` shows all.",
                    0,
                    12,
                )
            ],
        ),
        (
            "he_normal(layers",
            [
                (
                    "This is not a valid spec: '(' was never closed. A spec is a name, "
                    "or a name with arguments: random_normal(stddev=0.05).",
                    9,
                    10,
                )
            ],
        ),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_mistakes_that_need_no_model(text, expected):
    assert messages(text) == expected


def test_the_value_of_a_number_that_only_a_model_shows_is_checked_later():
    template = read("random_normal(stddev=layers-9)")
    with pytest.raises(InitregError) as caught:
        template.config({"layers": 3}, default_registry())
    assert str(caught.value) == (
        "stddev must be 0 or more, not -6.\n"
        "    random_normal(stddev=layers-9)\n"
        "                         ^^^^^^^^"
    )
    with pytest.raises(InitregError) as caught:
        read("random_normal(mean=1/layers, stddev=log(layers))").config(
            {"layers": 0}, default_registry()
        )
    assert [fault.message for fault in caught.value.faults] == [
        "This divides by zero.",
        "log() takes a number above 0, not 0.",
    ]


@pytest.mark.parametrize("text", ["constant(pi)", "constant(2*pi/layers)"])
def test_a_group_with_the_name_of_pi_is_ambiguous(text):
    known = Known({"layers": 3}, ("pi",))
    (message, *place) = messages(text, known)[0]
    assert message == "'pi' is 3.14…, and also a group of this rule's pattern. Rename the group."
    assert text[slice(*place)] == "pi"
    assert read("he_normal", known) == validate("he_normal")


def test_a_group_with_the_name_of_a_weight_s_number_is_ambiguous():
    known = Known({}, ("size",))
    (message, *place) = messages("constant(2*size)", known)[0]
    assert message == (
        "'size' is a number of the weight, and also a group of this rule's pattern. "
        "Give the group another name."
    )
    assert place == [11, 15]
    assert len(messages("constant(size)", known)) == 1
    assert read("he_normal", known) == validate("he_normal")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7", 7),
        ("007", 7),
        ("-3", -3),
        ("0.5", 0.5),
        ("2.0", 2),
        (None, None),
        ("", None),
        ("-", None),
        ("1e9", None),
        (".5", None),
        ("1.", None),
        ("1_0", None),
        ("٣", None),
        ("²", None),
        ("nan", None),
        ("block", None),
        ("9" * 33, None),
        ("9" * 32, 1e32),
    ],
)
def test_numbers_of_groups(text, number):
    assert as_number(text) == number
