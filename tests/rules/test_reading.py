"""Rules are read from files and objects. All mistakes are reported at once, with their places."""

import copy
import dataclasses
import json
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator as Validator

from initreg import UnreadableError, check_file, check_text, json_schema, validate
from initreg.errors import InitregError, RulesError
from initreg.rules import data
from initreg.rules.reading import read_rules
from initreg.rules.rules import Rule, Rules
from tests.support.processes import python

RULES = {
    "seed": 42,
    "rules": [
        {"match": "embedding", "init": "keep"},
        {"match": r"block\d+/", "init": "he_normal", "layer": "Dense", "weight": "kernel"},
        {"match": "", "init": {"type": "random_normal", "stddev": 0.5}},
    ],
}
READ = Rules(
    (
        Rule("embedding", None),
        Rule(r"block\d+/", validate("he_normal"), "Dense", "kernel", number=2),
        Rule("", validate("random_normal(stddev=0.5)"), number=3),
    ),
    seed=42,
)
YAML = r"""
seed: 42
rules:
  - match: embedding
    init: keep

  - {match: block\d+/, init: he_normal, layer: Dense, weight: kernel}
  - match: ""
    init:
      type: random_normal
      stddev: 0.5
"""
TOML = r"""
seed = 42
[[rules]]
match = "embedding"
init = "keep"
[[rules]]
match = 'block\d+/'
init = "he_normal"
layer = "Dense"
weight = "kernel"
[[rules]]
match = ""
init = {type = "random_normal", stddev = 0.5}
"""
FILES = {
    "rules.yaml": (YAML, [4, 7, 8]),
    "rules.toml": (TOML, [3, 6, 11]),
    "rules.json": (json.dumps(RULES), [1, 1, 1]),
}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def error_of(rules):
    with pytest.raises(RulesError) as caught:
        read_rules(rules)
    return caught.value


def findings(text, language="yaml"):
    return check_text(text, language=language, form="rules").findings


def places(text, language="yaml"):
    return [(each.line, each.column, each.code) for each in findings(text, language)]


# Reading ------------------------------------------------------------------------------------------


def test_a_mapping_and_a_list():
    assert read_rules(RULES) == READ
    assert read_rules(RULES["rules"]) == dataclasses.replace(READ, seed=None)
    assert read_rules(tuple(RULES["rules"])).rules == READ.rules
    assert read_rules({"rules": [], "seed": None}) == read_rules([]) == read_rules(None) == Rules()
    assert read_rules(READ) is READ
    assert [rule.line for rule in read_rules(RULES).rules] == [None] * 3


@pytest.mark.parametrize("kind", [str, Path])
@pytest.mark.parametrize(("name", "text", "lines"), [(n, *f) for n, f in FILES.items()])
def test_a_file(name, text, lines, kind):
    Path(name).write_text(text)
    read = read_rules(kind(name))
    assert read == READ
    assert read.source == name
    assert [rule.line for rule in read.rules] == lines
    report = check_file(name, form="rules")
    assert (report.checked, report.findings) == (3, ())


def test_a_list_alone_in_a_file():
    Path("rules.yaml").write_text("- {match: a, init: keep}\n- {match: b, init: zeros}\n")
    read = read_rules("rules.yaml")
    assert [(rule.match, rule.number, rule.line) for rule in read.rules] == [
        ("a", 1, 1),
        ("b", 2, 2),
    ]


def test_a_config_is_taken_as_it_is():
    config = validate("he_normal(seed=1)")
    assert read_rules([{"match": "a", "init": config}]).rules[0].init is config


@pytest.mark.parametrize("seed", [0, 2**32 - 1, 3.0])
def test_seeds(seed):
    assert read_rules({"seed": seed, "rules": []}).seed == seed


@pytest.mark.parametrize("seed", [-1, 2**32, 0.5, True, "1", [1], float("nan"), float("inf")])
def test_invalid_seeds(seed):
    (fault,) = error_of({"seed": seed, "rules": []}).faults
    assert fault.location == "$.seed"
    assert fault.message.startswith("seed must be a whole number, 0 … 4294967295, not ")


def test_what_omegaconf_holds():
    omegaconf = pytest.importorskip("omegaconf")
    assert read_rules(omegaconf.OmegaConf.create(RULES)) == READ


def test_reading_imports_no_keras():
    script = (
        "import sys, initreg.rules.reading as rules\n"
        "rules.read_rules([{'match': 'a', 'init': 'he_normal'}])\n"
        "assert 'keras' not in sys.modules and 'numpy' not in sys.modules"
    )
    python(script)


# Writing ------------------------------------------------------------------------------------------

SPECS = st.sampled_from(
    [
        "keep",
        "zeros",
        "he_normal(seed=1)",
        {"type": "constant", "value": [0.5, 1]},
        {"type": "constant", "value": [0.125] * 1500},  # no text can be so long
        {"class_name": "RandomNormal", "config": {"stddev": 0.5}},
    ]
)
A_RULE = st.fixed_dictionaries(
    {"match": st.sampled_from(["", "kernel$", r"(block\d+/)*"]), "init": SPECS},
    optional={"layer": st.text(max_size=3), "weight": st.text(max_size=3)},
)
SOME = st.fixed_dictionaries(
    {"rules": st.lists(A_RULE, max_size=4)},
    optional={
        "seed": st.none() | st.integers(0, 2**32 - 1),
        "fans": st.sampled_from([None, True, "true", "keras"]),
    },
)


@pytest.mark.slow
@given(SOME)
def test_what_is_written_reads_back(rules):
    read = read_rules(rules)
    written = read.as_dict()
    assert read_rules(written) == read
    assert read_rules(json.loads(json.dumps(written))) == read
    assert Validator(json_schema("rules")).is_valid(written)


@pytest.mark.parametrize(
    "init",
    [
        "random_normal(stddev=0.02/sqrt(2*layers))",
        " scaled( he_normal, gain ) ",
        "constant([block, fan_in, size])",
        "constant(-log(99))",
    ],
)
def test_specs_that_compute_are_written_as_they_are(init):
    rules = {
        "fans": "keras",
        "let": {"layers": "count(a)", "gain": 0.5, "depth": "2*layers"},
        "rules": [{"match": r"(?P<block>\d+)", "init": init}],
    }
    read = read_rules(rules)
    written = read.as_dict()
    assert read_rules(json.loads(json.dumps(written))) == read
    assert pickle.loads(pickle.dumps(read)) == read
    assert copy.deepcopy(read) == read
    assert hash(read) == hash(read_rules(rules))
    if read.rules[0].computes:
        assert written == rules
    assert Validator(json_schema("rules")).is_valid(rules)


@pytest.mark.parametrize(
    ("written", "fans"),
    [("true", "true"), ('"true"', "true"), ("keras", "keras"), ("null", None)],
)
def test_fans(written, fans):
    Path("rules.yaml").write_text(f"fans: {written}\nrules: []\n")
    assert read_rules("rules.yaml").fans == fans


def test_what_is_written_is_short():
    assert READ.as_dict() == {
        "seed": 42,
        "rules": [*RULES["rules"][:2], {"match": "", "init": "random_normal(stddev=0.5)"}],
    }
    assert Rules().as_dict() == {"rules": []}


# Mistakes -----------------------------------------------------------------------------------------

WRONG = r"""sed: 42
rules:
  - {match: "block{}$", init: keep}
  - match: dense(
    init: random_normal(stdev=1, seed=-1)
    lyer: Dense
  - 3
  - init: {type: he_normal, sed: 1}
    layer:
    weight: 3
  - {match: 1, init: , match: x}
  - {match: x, init: he_norml}
  - {match: x}
"""
SHOWN = r"""
rules.yaml:1:1: Unknown key 'sed'. Did you mean 'seed'? The keys are seed, fans, let, rules.
    sed: 42
    ^^^
rules.yaml:3:19: Write \{ for a brace that is not a repetition.
      - {match: "block{}$", init: keep}
                      ^
rules.yaml:4:17: Invalid regular expression: missing ), unterminated subpattern.
      - match: dense(
                    ^
rules.yaml:5:25: random_normal has no parameter 'stdev'. Did you mean 'stddev'? It takes mean, stddev, seed.
        init: random_normal(stdev=1, seed=-1)
                            ^^^^^
rules.yaml:5:39: seed must be 0 or more, not -1.
        init: random_normal(stdev=1, seed=-1)
                                          ^^
rules.yaml:6:5: Unknown key 'lyer'. Did you mean 'layer'? The keys are match, init, layer, weight.
        lyer: Dense
        ^^^^
rules.yaml:7:5: A rule must be a dict with match and init, not 3.
      - 3
        ^
rules.yaml:8:5: A rule needs 'match', a regular expression for the weights' paths.
      - init: {type: he_normal, sed: 1}
        ^^^^
rules.yaml:8:29: he_normal has no parameter 'sed'. Did you mean 'seed'? It takes seed, input_axes, output_axes.
      - init: {type: he_normal, sed: 1}
                                ^^^
rules.yaml:9:11: layer must be text, the name of the layer's class, not None.
        layer:
              ^
rules.yaml:10:13: weight must be text, the name of the variable, not 3.
        weight: 3
                ^
rules.yaml:11:21: init must be an initializer, or keep to leave the weights unchanged, not None.
      - {match: 1, init: , match: x}
                        ^
rules.yaml:11:24: Duplicate key 'match'; parsers disagree on which one wins.
      - {match: 1, init: , match: x}
                           ^^^^^
rules.yaml:12:22: There is no initializer 'he_norml'. Did you mean 'he_normal'? `initreg list` shows all.
      - {match: x, init: he_norml}
                         ^^^^^^^^
rules.yaml:13:6: A rule needs 'init', an initializer, or keep to leave the weights unchanged.
      - {match: x}
         ^^^^^
"""  # noqa: E501


def test_all_mistakes_of_a_file_are_reported_with_their_places():
    Path("rules.yaml").write_text(WRONG)
    error = error_of("rules.yaml")
    assert str(error) == SHOWN.strip("\n")
    assert len(error.faults) == len(error.findings) == 15
    for fault, finding in zip(error.faults, error.findings, strict=True):
        assert (fault.code, fault.location) == (finding.code, finding.path)
    report = check_file("rules.yaml", form="rules")
    assert report.findings == error.findings
    assert report.checked == 7


def test_all_mistakes_of_an_object_are_reported_with_their_paths():
    rules = [
        {"match": "block{}", "init": "he_norml(1"},
        {"match": "x", "init": "he_normal(sed=1)", "layer": None},
        {"match": "x", "init": {"type": "ones", "x": 1}, 3: 4},
        {},
    ]
    error = error_of({"seed": -1, "rules": rules})
    assert error.findings == ()
    assert str(error).split("\n") == [
        "$.seed: seed must be a whole number, 0 … 4294967295, not -1.",
        r"$.rules[0].match: Write \{ for a brace that is not a repetition.",
        "    block{}",
        "         ^",
        "$.rules[0].init: This is not a valid spec: '(' was never closed. "
        "A spec is a name, or a name with arguments: random_normal(stddev=0.05).",
        "    he_norml(1",
        "            ^",
        "$.rules[1].layer: layer must be text, the name of the layer's class, not None.",
        "$.rules[1].init.sed: he_normal has no parameter 'sed'. Did you mean 'seed'? "
        "It takes seed, input_axes, output_axes.",
        "    he_normal(sed=1)",
        "              ^^^",
        "$.rules[2].3: Unknown key 3. The keys are match, init, layer, weight.",
        "$.rules[2].init.x: ones has no parameter 'x'. It takes no parameters.",
        "$.rules[3]: A rule needs 'match', a regular expression for the weights' paths.",
        "$.rules[3]: A rule needs 'init', an initializer, or keep to leave the weights unchanged.",
    ]
    assert str(error_of(rules)).startswith("$[0].match: ")


@pytest.mark.parametrize("kind", ["file", "object"])
def test_the_error_is_a_value_error_and_pickles(kind):
    Path("rules.yaml").write_text(WRONG)
    error = error_of("rules.yaml" if kind == "file" else [{"match": "(", "init": "he_norml"}])
    assert isinstance(error, InitregError)
    assert isinstance(error, ValueError)
    for again in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error)):
        assert str(again) == str(error)
        assert vars(again) == vars(error)


WRITE = "Write rules: [{match: …, init: …}]."
WHOLES = {
    "a number": (3, f"$: Rules must be a list, or a dict with one, not 3. {WRITE}"),
    "bytes": (b"x", f"$: Rules must be a list, or a dict with one, not b'x'. {WRITE}"),
    "nothing": ({}, f"$: The key 'rules' is missing. {WRITE}"),
    "one rule": (
        {"match": "x", "init": "keep"},
        f"$: This is a single rule; a list is expected. {WRITE}",
    ),
    "None": ({"rules": None}, f"$.rules: rules must be a list, not None. {WRITE}"),
    "text": ({"rules": "x"}, f"$.rules: rules must be a list, not 'x'. {WRITE}"),
}


@pytest.mark.parametrize(("rules", "text"), WHOLES.values(), ids=WHOLES)
def test_what_is_not_a_list_of_rules(rules, text):
    assert str(error_of(rules)) == text


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", (1, 1, "missing-parameter")),
        ("# nothing", (1, 1, "missing-parameter")),
        ("---\n", (1, 1, "missing-parameter")),
        ("null", (1, 1, "missing-parameter")),
        ("{}", (1, 1, "missing-parameter")),
        ("rules:\n", (1, 7, "form")),
        ("rules: {match: a, init: zeros}", (1, 9, "form")),
        ("seed: 1\nmatch: a\ninit: zeros", (1, 1, "form")),
        ("kernel", (1, 1, "form")),
        ("rules: &r [*r]", (1, 11, "form")),
        ("rules: []\n---\nrules: []", (3, 1, "form")),
        ("rules: []\nrules: []", (2, 1, "duplicate-key")),
        ("rules: [&a {match: (, init: zeros}, *a]", (1, 20, "wrong-value")),
        ("rules: [{match: a, init: &a {type: constant, value: *a}}]", (1, 36, "form")),
        ("rules: [{match: a, init: !mine x}]", (1, 32, "form")),
        ("rules: [{match: a, init: '${x}'}]", (1, 27, "syntax")),
        ("rules: [{match: a, init: Keep}]", (1, 26, "unknown-initializer")),
        (r"rules: [{match: '(a)''\2', init: keep}]", (1, 24, "wrong-value")),
        ("rules: [{match: a, init: keep, [1]: 2}]", (1, 10, "unknown-parameter")),
        (f"rules: [{{match: {'a' * 1001}, init: keep}}]", (1, 1017, "wrong-value")),
    ],
)
def test_each_mistake_of_a_document_has_its_place(text, place):
    assert places(text) == [place]


def test_an_empty_table_is_reported():
    assert places("", "toml") == [(1, 1, "missing-parameter")]


def test_a_spec_that_yaml_cuts_at_a_comma_is_explained():
    first, second = findings("- {match: x, init: he_normal(seed=1, input_axes=0)}")
    assert "Put the spec in quotes" in first.message
    assert second.code == "unknown-parameter"


def test_a_file_that_cannot_be_read():
    with pytest.raises(UnreadableError, match="No such file"):
        read_rules("missing.yaml")
    Path("rules").touch()
    with pytest.raises(UnreadableError, match="It has no file extension"):
        read_rules("rules")
    with pytest.raises(UnreadableError):
        findings("rules: [")


def test_invalid_arguments():
    with pytest.raises(ValueError, match="keys can only be used with form='config'"):
        check_text("rules: []", form="rules", keys=["start"])
    with pytest.raises(ValueError, match="form must be 'config' or 'rules', not 'rule'"):
        check_text("rules: []", form="rule")


# Slow patterns -----------------------------------------------------------------------------------

SLOW = r"""
- {match: (block\d+/)*kernel$, init: he_normal}
- {match: "(a|a)*x", init: keep}
- {match: bias, init: zeros}
"""


def test_a_slow_pattern_is_found_without_a_model():
    (finding,) = findings(SLOW)
    assert (finding.line, finding.column, finding.code) == (3, 11, "wrong-value")
    assert finding.path == "$[1].match"
    assert finding.message == (
        "This pattern takes too long on a path such as "
        f"'{'a' * 56}…. "
        "Let a repetition match the same text in one way only: write a+ for (a+)+, or end each "
        r"repetition with a separator, as in (block\d+/)*."
    )


def test_patterns_are_tried_by_the_check_alone():
    rules = [{"match": "(a|a)*x", "init": "keep"}]
    assert read_rules(rules).rules[0].match == "(a|a)*x"


@pytest.mark.slow
def test_the_trials_of_a_file_end(monkeypatch):
    monkeypatch.setattr(data, "_TRIALS", 0.1)
    assert 1 <= len(findings("- {match: (a|a)*x, init: keep}\n" * 1000)) < 10


def test_the_compilation_of_a_file_ends(monkeypatch):
    monkeypatch.setattr(data, "_COMPILING", 0.01)
    rules = [{"match": "(?:a|b){500}" + "x" * i, "init": "keep"} for i in range(500)]
    (fault,) = error_of(rules).faults
    assert fault.message.startswith("The patterns up to here take too long to compile.")
    assert fault.location.endswith(".match")


# Rules that compute -------------------------------------------------------------------------------

COMPUTING = r"""
fans: tru
let:
  layers: count(block_(\d+)/)
  pi: 3
  depth: 2*layer
rules:
  - match: block_(?P<layers>\d+)/
    init: zeros
  - match: block_(?P<i>\d+)/
    init: "random_normal(stddev=1/sqrt(2*layer), sed=1)"
  - match: x
    init: {type: random_normal, stddev: 2*depth}
"""
COMPUTING_SHOWN = """
rules.yaml:2:7: fans must be true, for the true fans of each weight, or keras, for those that \
Keras would use, not 'tru'. Did you mean 'true'?
    fans: tru
          ^^^
rules.yaml:5:3: 'pi' means something else in rules. Choose another name.
      pi: 3
      ^^
rules.yaml:6:12: No number is called 'layer'. Did you mean 'layers'? Defined above are layers.
      depth: 2*layer
               ^^^^^
rules.yaml:8:12: The group 'layers' is also a name of let. Give one another name.
      - match: block_(?P<layers>\\d+)/
               ^^^^^^^^^^^^^^^^^^^^^^
rules.yaml:11:42: No number is called 'layer'. Did you mean 'layers'? This rule has fan_in, \
fan_out, size, i, layers, depth.
        init: "random_normal(stddev=1/sqrt(2*layer), sed=1)"
                                             ^^^^^
rules.yaml:11:50: random_normal has no parameter 'sed'. Did you mean 'seed'? It takes mean, \
stddev, seed.
        init: "random_normal(stddev=1/sqrt(2*layer), sed=1)"
                                                     ^^^
rules.yaml:13:41: stddev must be a number, not '2*depth'. To compute, write the whole spec as \
text: random_normal(stddev=2*width).
        init: {type: random_normal, stddev: 2*depth}
                                            ^^^^^^^
"""


def test_all_mistakes_of_rules_that_compute_have_their_places():
    Path("rules.yaml").write_text(COMPUTING)
    assert str(error_of("rules.yaml")) == COMPUTING_SHOWN.strip("\n")


def test_a_check_computes_what_needs_no_model_and_says_what_does():
    text = r"""
let: {gain: 3, layers: count(x)}
rules:
- {match: a, init: random_normal(stddev=gain-4)}
- {match: b, init: random_normal(stddev=layers-4)}
- {match: c, init: constant(gain*fan_in)}
- {match: d, init: constant(gain)}
- {match: e, init: he_normal}
"""
    report = check_text(text, form="rules")
    assert [finding.message for finding in report.findings] == ["stddev must be 0 or more, not -1."]
    assert report.notes == (
        "Rules 2, 3 compute with fan_in, layers of a model: initreg plan checks the results.",
    )
    assert check_text("- {match: e, init: he_normal}", form="rules").notes == ()


def test_a_check_notes_names_of_let_that_no_rule_uses():
    rules = "rules: [{match: a, init: constant(b)}]"
    text = f"let: {{a: 1, b: 2*a, c: count(x), d: 3}}\n{rules}"
    assert check_text(text, form="rules").notes == ("let has c, d, but no rule uses them.",)
    assert check_text(f"let: {{a: 1, b: 2*a}}\n{rules}", form="rules").notes == ()
    mistaken = text.replace("constant(b)", "constant(b, 2, 3)")  # the rule may use more
    assert check_text(mistaken, form="rules").notes == ()


def test_a_check_tries_the_pattern_of_a_count():
    (finding,) = findings("let: {n: count((a|a)*x)}\nrules: []")
    assert finding.message.startswith("This pattern takes too long on a path such as 'aaaa")
    assert (finding.line, finding.column) == (1, 10)


# The schema ---------------------------------------------------------------------------------------

VALUES = st.sampled_from(
    [
        *(None, True, 0, -1, 1.0, 0.5, [], {}),
        *("", "kernel", "keep", "Keep", "zeros", "he_norml", "${x}"),
        *({"type": "zeros"}, {"type": "nope"}, {"class_name": "Zeros"}),
        {"match": "a", "init": "keep"},
    ]
)
KEYS = st.sampled_from(["match", "init", "layer", "weight", "seed", "fans", "rules", "lyer", ""])
MAPPINGS = st.dictionaries(KEYS, VALUES, max_size=4)
RULE_LIKE = st.one_of(A_RULE, MAPPINGS, st.builds(lambda a, b: a | b, A_RULE, MAPPINGS), VALUES)
LISTS = st.lists(RULE_LIKE, max_size=3)
RULES_LIKE = st.one_of(
    LISTS,
    MAPPINGS,
    st.fixed_dictionaries({"rules": LISTS}, optional={"seed": VALUES}),
    st.builds(lambda rules, more: {"rules": rules} | more, LISTS, MAPPINGS),
    st.sampled_from([3, "", True]),
)


@pytest.mark.slow
@given(RULES_LIKE)
def test_the_schema_takes_what_is_read(rules):
    text = json.dumps(rules)
    is_read = not findings(text, "json")
    assert Validator(json_schema("rules")).is_valid(rules) is is_read
    if not isinstance(rules, str):  # the name of a file
        try:
            read_rules(rules)
        except RulesError as error:
            assert not is_read
            assert [fault.message for fault in error.faults]
        else:
            assert is_read


@pytest.mark.parametrize(
    ("let", "takes"),
    [
        ({"a": 1, "b": "2*a", "c": "count(x)"}, True),
        (None, True),
        ({}, True),
        ({"fan_in": 1}, False),
        ({"sqrt": 1}, False),
        ({"count": 1}, False),
        ({"for": 1}, False),
        ({"fan_in2": 1}, True),
        ({"1a": 1}, False),
        ({"a": True}, False),
        ({"a": ""}, False),
        ({"a": None}, False),
        ([], False),
        ({f"a{at}": at for at in range(201)}, False),
    ],
    ids=lambda value: str(value)[:30],
)
def test_the_schema_of_let(let, takes):
    rules = {"let": let, "rules": []}
    assert Validator(json_schema("rules")).is_valid(rules) is takes
    assert (not findings(json.dumps(rules), "json")) is takes


def test_what_a_schema_cannot_know():
    rules = [{"match": "dense(", "init": "keep"}]
    assert Validator(json_schema("rules")).is_valid(rules)
    assert "regular expression" in str(error_of(rules))
