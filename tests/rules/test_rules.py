"""Rules match weights, within a time limit."""

import pickle

import pytest

import initreg
from initreg import RulesError
from initreg.rules import rules as rules_module
from initreg.rules.patterns import PatternError
from initreg.rules.rules import Matcher, Rule

SLOW = "(a|a)*x"
PATH = "net/" + "a" * 60 + "/x"


def test_a_rule_matches_if_all_its_parts_match():
    rule = Rule("dense_[0-9]+/", None, layer="Dense", weight="kernel")
    assert rule.matches("a/dense_1/kernel", "Dense", "kernel")
    assert not rule.matches("a/dense/kernel", "Dense", "kernel")
    assert not rule.matches("a/dense_1/kernel", "MyDense", "kernel")
    assert not rule.matches("a/dense_1/bias", "Dense", "bias")
    assert Rule("", None).matches("any", "Any", "any")


def test_a_rule_that_was_never_read_can_have_an_invalid_pattern():
    with pytest.raises(PatternError, match="missing"):
        Rule("dense(", None).matches("a", "Dense", "kernel")


def test_a_slow_rule_is_an_error_that_names_rule_line_and_path(monkeypatch):
    monkeypatch.setattr(rules_module, "_ONE_SEARCH", 0.05)
    rule = Rule(SLOW, None, number=3, line=7)
    with pytest.raises(RulesError) as caught:
        Matcher("init.yaml").matches(rule, PATH, "Dense", "kernel")
    assert str(caught.value).split("\n") == [
        f"$.rules[2].match: Rule 3 (init.yaml:7) takes too long to match the path '{PATH[:56]}…. "
        "Let a repetition match the same text in one way only: write a+ for (a+)+, or end each "
        r"repetition with a separator, as in (block\d+/)*.",
        "    (a|a)*x",
        "    ^^^^^^^",
    ]
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    with pytest.raises(RulesError, match="Rule 3 takes too long"):
        rule.matches(PATH, "Dense", "kernel")


@pytest.mark.parametrize(
    ("pattern", "path"), [("(x*x*x*x*x*x*)$", "x" * 300 + "!"), ("(.*a){20}$", "a" * 300 + "!")]
)
def test_bombs_are_errors(pattern, path, monkeypatch):
    monkeypatch.setattr(rules_module, "_ONE_SEARCH", 0.05)
    with pytest.raises(RulesError, match="Rule 1 takes too long to match the path"):
        Rule(pattern, None).matches(path, "Dense", "kernel")


@pytest.mark.keras
def test_a_slow_rule_changes_no_weight_and_ends_a_build(monkeypatch, tmp_path):
    import keras
    import numpy as np

    monkeypatch.setattr(rules_module, "_ONE_SEARCH", 0.05)
    file = tmp_path / "init.yaml"
    file.write_text(f"- {{match: bias, init: ones}}\n- {{match: {SLOW}, init: zeros}}\n")
    name = PATH.replace("/", "_")
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, name=name)])
    before = model.get_weights()
    with pytest.raises(RulesError, match=r"Rule 2 \(.*init\.yaml:2\) takes too long"):
        initreg.apply(model, file)
    assert all(map(np.array_equal, before, model.get_weights()))
    with pytest.raises(RulesError, match="Rule 2"), initreg.scope(file):
        keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, name=name)])


def test_a_slow_rule_is_not_searched_if_the_layer_differs():
    assert not Rule(SLOW, None, layer="Dense").matches(PATH, "Conv2D", "kernel")


class Searches:
    """Searches that take the seconds in the path, and never find anything."""

    def __init__(self, monkeypatch):
        monkeypatch.setattr(rules_module, "timed_search", lambda _, path, __: (False, float(path)))


def test_all_searches_together_have_a_limit(monkeypatch):
    Searches(monkeypatch)
    matcher = Matcher()
    slow, fast = Rule("slow", None, number=1), Rule("fast", None, number=2)
    for _ in range(5):
        assert not matcher.matches(slow, "0.9", "Dense", "kernel")
    with pytest.raises(RulesError, match=r"Rule 1 takes too long to match the path '0\.9'"):
        for _ in range(20):
            matcher.matches(fast, "0.1", "Dense", "kernel")


def test_usual_searches_never_reach_the_limit(monkeypatch):
    Searches(monkeypatch)
    matcher = Matcher()
    for _ in range(200_000):
        assert not matcher.matches(Rule("a", None), "0.00004", "Dense", "kernel")
