"""A file of rules that is searched as a config: specs that compute are valid, and stay."""

import pytest

from initreg import check_text, collapse_file, expand_file

RULES = r"""
let: {layers: 12}
rules:
  - match: block_(?P<i>\d+)/
    init: random_normal(stddev=0.02/sqrt(2*layers))
  - {match: "(?P<i>x)", init: constant(i)}
  - {match: x, init: constant(layers)}
  - {match: x, init: "variance_scaling(fan_in, mode=fan_in)"}
  - {match: x, init: keep}
  - {match: x, init: zeros}
"""


def findings(text):
    return [(found.line, found.message) for found in check_text(text).findings]


def test_specs_that_compute_are_valid():
    assert check_text(RULES).checked == 5
    assert findings(RULES) == []


def test_the_mistakes_are_those_of_rules():
    text = RULES.replace("*layers", "*layer").replace("constant(i)", "'constant(i, 2)'")
    assert findings(text) == [
        (
            5,
            "No number is called 'layer'. Did you mean 'layers'? "
            "This rule has fan_in, fan_out, size, i, layers.",
        ),
        (6, "constant takes at most 1 parameter. It takes value."),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "init: constant(layers)",
        "a: {init: constant(2*fan_in)}",
        "- {match: 3, init: constant(2*i)}",
    ],
)
def test_elsewhere_they_are_not(text):
    assert len(findings(text)) == 1


def test_they_are_never_rewritten(tmp_path):
    file = tmp_path / "rules.yaml"
    file.write_text(RULES)
    expanded = expand_file(file)
    assert expanded.startswith(RULES.partition("zeros")[0])
    assert "Zeros" in expanded
    assert collapse_file(file) == RULES
