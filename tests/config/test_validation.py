"""All faults of a spec are reported together, each with a message and its position."""

from typing import Literal

import pytest
from pydantic import Field, model_validator

from initreg import ConfigError, InitializerConfig, UnknownInitializerError, conflict, validate
from initreg.near_names import did_you_mean
from initreg.wording import shown

NORMAL = "It takes mean, stddev, seed."
WINDOWS = (
    "'barthann', 'bartlett', 'blackman', 'blackmanharris', 'bohman', 'boxcar', 'cosine', "
    "'exponential', 'flattop', 'hamming', 'hann', 'lanczos', 'nuttall', 'parzen', 'taylor', "
    "'triang' or 'tukey'"
)

# Each text with the line of carets under it, and the message.
ONE_FAULT = [
    (
        "random_normal(mean=0, stdev=0.05)",
        "                      ^^^^^",
        f"random_normal has no parameter 'stdev'. Did you mean 'stddev'? {NORMAL}",
    ),
    (
        "normal(std=1)",
        "       ^^^",
        f"random_normal has no parameter 'std'. Did you mean 'stddev'? {NORMAL}",
    ),
    (
        "random_normal(xyzzy=1)",
        "              ^^^^^",
        f"random_normal has no parameter 'xyzzy'. {NORMAL}",
    ),
    ("zeros(seed=1)", "      ^^^^", "zeros has no parameter 'seed'. It takes no parameters."),
    ("zeros(1)", "      ^", "zeros takes no parameters."),
    (
        "random_normal(0, 1, 2, 3)",
        "                       ^",
        f"random_normal takes at most 3 parameters. {NORMAL}",
    ),
    (
        "random_normal(0, mean=1)",
        "                 ^^^^^^",
        "The parameter 'mean' is given twice, first by position.",
    ),
    ("random_normal(a)", "              ^", "mean must be a number, not 'a'."),
    ("random_normal([1])", "              ^^^", "mean must be a number, not [1]."),
    ("random_normal(None)", "              ^^^^", "mean must be a number, not None."),
    ("random_normal(f())", "              ^^^", "mean must be a number, not f."),
    ("random_normal({a: 1})", "              ^^^^^^", "mean must be a number, not {'a': 1}."),
    ("random_normal(nan)", "              ^^^", "mean must be a finite number, not 'nan'."),
    ("random_normal('-inf')", "              ^^^^^^", "mean must be a finite number, not '-inf'."),
    (
        "random_normal(stddev=True)",
        "                     ^^^^",
        "stddev must be a number, not True.",
    ),
    ("random_normal(stddev=-1)", "                     ^^", "stddev must be 0 or more, not -1."),
    ("random_normal(seed=1.5)", "                   ^^^", "seed must be a whole number, not 1.5."),
    ("random_normal(seed=x)", "                   ^", "seed must be a whole number, not 'x'."),
    (
        "random_normal(seed=True)",
        "                   ^^^^",
        "seed must be a whole number, not True.",
    ),
    ("random_normal(seed=-1)", "                   ^^", "seed must be 0 or more, not -1."),
    (
        "random_normal(seed=2**32)",
        "                   ^^^^^",
        "seed must be 4294967295 or less, not 4294967296.",
    ),
    ("variance_scaling(0)", "                 ^", "scale must be greater than 0, not 0."),
    (
        "variance_scaling(mode=fan)",
        "                      ^^^",
        "mode must be 'fan_in', 'fan_out' or 'fan_avg', not 'fan'. Did you mean 'fan_in'?",
    ),
    (
        "variance_scaling(distribution=gauss)",
        "                              ^^^^^",
        "distribution must be 'truncated_normal', 'untruncated_normal' or 'uniform', not 'gauss'.",
    ),
    (
        "variance_scaling(kind=uniform)",  # the name of the field, not of the parameter
        "                 ^^^^",
        "variance_scaling has no parameter 'kind'. "
        "It takes scale, mode, distribution, seed, input_axes, output_axes.",
    ),
    (
        "he_normal(input_axes=0, output_axes=[1])",
        "                     ^",
        "input_axes must be a list, not 0.",
    ),
    (
        "he_normal(input_axes=[0.5], output_axes=[1])",
        "                     ^^^^^",
        "input_axes[0] must be a whole number, not 0.5.",
    ),
    (
        "he_normal(input_axes=[0, 0], output_axes=[1])",
        "                     ^^^^^^",
        "input_axes must name each axis once, not [0, 0].",
    ),
    (
        "he_normal(input_axes=[0])",
        "                     ^^^",
        "output_axes is needed with input_axes: give both or neither.",
    ),
    (
        "he_normal(output_axes=[0])",
        "                      ^^^",
        "input_axes is needed with output_axes: give both or neither.",
    ),
    ("random_uniform(1, -1)", "               ^", "minval must not be above maxval: 1 > -1."),
    (
        "random_uniform(maxval=-1)",
        "                      ^^",
        "minval must not be above maxval: -0.05 > -1.",
    ),
    (
        "constant([1, [2]])",
        "         ^^^^^^^^",
        "value must have lists of one length on each level, not [1, [2]].",
    ),
    ("constant([])", "         ^^", "value must not be empty, not []."),
    (
        "constant([1, True])",
        "         ^^^^^^^^^",
        "value must be a finite number, or a nested list of them, not [1, True].",
    ),
    ("stft(side=both)", "          ^^^^", "side must be 'real' or 'imag', not 'both'."),
    ("stft(periodic=1)", "              ^", "periodic must be True or False, not 1."),
    (
        "stft(window=hanning)",
        "            ^^^^^^^",
        f"window must be {WINDOWS} or a list, not 'hanning'. Did you mean 'hann'?",
    ),
    ("stft(window=[1, x])", "            ^^^^^^", "window[1] must be a number, not 'x'."),
    (
        "stft(scaling=none)",
        "             ^^^^",
        "scaling must be 'density' or 'spectrum', not 'none'.",
    ),
]


@pytest.mark.parametrize(("text", "caret", "problem"), ONE_FAULT, ids=[f[0] for f in ONE_FAULT])
def test_a_fault(text, caret, problem):
    with pytest.raises(ConfigError) as caught:
        validate(text)
    assert str(caught.value) == f"{problem}\n    {text}\n    {caret}"
    assert len(caught.value.faults) == 1


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("random_normal(seed=-1, mean=nan, sed=3, stddev=-1)", [19, 28, 33, 47]),
        ("random_uniform(1, -1, seed=-1, x=2)", [15, 27, 31]),
        ("random_uniform(a, -1)", [15]),  # 'a' and -1 can't be compared
        ("random_normal(a, mean=1, sed=2)", [14, 17, 25]),
        ("random_normal(0, 1, -2, 3, 4)", [20, 24, 27]),
        ("variance_scaling(-1, input_axes=[0])", [17, 32]),
        ("variance_scaling(1, fan, input_axes=[0], output_axes=[1, 1])", [20, 53]),
        ("variance_scaling(input_axes=[0], output_axes=x)", [45]),
        ("he_normal(input_axes=[a, 1.5], output_axes=[True])", [21, 21, 43]),
    ],
)
def test_all_faults_are_reported_at_once_in_order(text, columns):
    with pytest.raises(ConfigError) as caught:
        validate(text)
    assert [fault.column for fault in caught.value.faults] == columns


def test_an_unknown_name_gets_a_caret():
    with pytest.raises(UnknownInitializerError) as caught:
        validate("  random_norml(stddev=-1)")
    assert str(caught.value) == (
        "There is no initializer 'random_norml'. Did you mean 'random_normal'? "
        "`initreg list` shows all.\n"
        "      random_norml(stddev=-1)\n      ^^^^^^^^^^^^"
    )


def test_a_fault_in_a_text_of_many_lines():
    with pytest.raises(ConfigError) as caught:
        validate("random_normal(\r\n  mean='中',\n  sed=1,\n)")
    assert str(caught.value) == (
        "mean must be a number, not '中'.\n      mean='中',\n           ^^^^\n"
        f"random_normal has no parameter 'sed'. Did you mean 'seed'? {NORMAL}\n"
        "      sed=1,\n      ^^^"
    )


class Checked(InitializerConfig, name="checked"):
    """Check parameters of many types."""

    low: int | None = None
    high: int | Literal["auto"] = "auto"
    table: dict[str, int] = Field(default_factory=dict)
    label: str = Field("", max_length=3)

    @model_validator(mode="after")
    def _check(self):
        if self.label == "bad":
            raise ValueError("the label is bad")
        if self.label == "low":
            raise conflict("is needed for this label", "low")
        return self


@pytest.mark.parametrize(
    ("text", "caret", "problem"),
    [
        ("checked(low=x)", "            ^", "low must be a whole number, not 'x'."),
        ("checked(high=x)", "             ^", "high must be a whole number or 'auto', not 'x'."),
        ("checked(table=1)", "              ^", "table must be a dict, not 1."),
        ("checked(label=[1])", "              ^^^", "label must be text, not [1]."),
        (
            "checked(label=long)",
            "              ^^^^",
            "label must have 3 or fewer characters, not 'long'.",
        ),
        ("checked(label=bad)", "^^^^^^^", "checked: the label is bad"),
        ("checked(label=low)", "^^^^^^^", "low is needed for this label."),
    ],
)
def test_faults_of_a_plugin_s_own_types(registry, text, caret, problem):
    registry.add(Checked)
    with pytest.raises(ConfigError) as caught:
        registry.validate(text)
    assert str(caught.value) == f"{problem}\n    {text}\n    {caret}"


def test_a_missing_parameter_is_reported(registry):
    with pytest.raises(ConfigError) as caught:
        registry.validate("need")
    assert str(caught.value) == "need needs the parameter 'value'.\n    need\n    ^^^^"
    with pytest.raises(ConfigError) as caught:
        registry.validate({"type": "need"})
    assert str(caught.value) == "$.value: need needs the parameter 'value'."


def test_did_you_mean_suggests_the_nearest_word():
    known = ["mean", "stddev", "Seed"]
    assert did_you_mean("sed", known) == " Did you mean 'Seed'?"
    assert did_you_mean("STDEV", known) == " Did you mean 'stddev'?"
    assert did_you_mean("x" * 10_000, known) == ""
    assert did_you_mean("", known) == ""
    assert did_you_mean("mean", []) == ""


class Mute:
    def __repr__(self):
        raise RuntimeError("no repr")


def test_any_value_can_be_formatted_for_a_message():
    assert shown("a" * 99) == "'" + "a" * 56 + "…"
    assert shown(Mute()) == "this Mute"
    assert shown(10**5000) == "this int"
