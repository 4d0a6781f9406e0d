"""Rules match weights, within a time limit."""

import pickle

import pytest

import initreg
from initreg import RulesError
from initreg.rules import rules as rules_module
from initreg.rules.patterns import PatternError
from initreg.rules.rules import Matcher, Rule, Target

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
    monkeypatch.setattr(rules_module, "ONE_SEARCH", 0.05)
    rule = Rule(SLOW, None, number=3, line=7)
    with pytest.raises(RulesError) as caught:
        Matcher("init.yaml").matches(rule, PATH, "Dense", "kernel")
    assert str(caught.value).split("\n") == [
        f"Rule 3 (init.yaml:7) takes too long to match the path '{PATH[:56]}…. "
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
    monkeypatch.setattr(rules_module, "ONE_SEARCH", 0.05)
    with pytest.raises(RulesError, match="Rule 1 takes too long to match the path"):
        Rule(pattern, None).matches(path, "Dense", "kernel")


@pytest.mark.keras
def test_a_slow_rule_changes_no_weight_and_ends_a_build(monkeypatch, tmp_path):
    import keras
    import numpy as np

    monkeypatch.setattr(rules_module, "ONE_SEARCH", 0.05)
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
        self.now = 0.0
        monkeypatch.setattr(rules_module.time, "thread_time", lambda: self.now)
        monkeypatch.setattr(rules_module, "quick_search", lambda _: (self.quick, 10))
        monkeypatch.setattr(rules_module, "timed_search", self.timed)

    def quick(self, path):
        self.now += float(path)

    def timed(self, _, path, __):
        self.now += float(path)
        return False, float(path)


QUICK, LONG = "{}", "{}0000000000"  # below and above the length that needs a time limit


@pytest.mark.parametrize("path", [QUICK, LONG])
def test_all_searches_together_have_a_limit(path, monkeypatch):
    Searches(monkeypatch)
    matcher = Matcher()
    slow, fast = Rule("slow", None, number=1), Rule("fast", None, number=2)
    for _ in range(5):
        assert not matcher.matches(slow, path.format("0.9"), "Dense", "kernel")
    with pytest.raises(RulesError, match=r"Rule 1 takes too long to match the path '0\.9"):
        for _ in range(20):
            matcher.matches(fast, path.format("0.1"), "Dense", "kernel")


@pytest.mark.parametrize("path", [QUICK, LONG])
def test_usual_searches_never_reach_the_limit(path, monkeypatch):
    Searches(monkeypatch)
    matcher = Matcher()
    for _ in range(200_000):
        assert not matcher.matches(Rule("a", None), path.format("0.00004"), "Dense", "kernel")


def targets(*paths):
    return [Target(path, "Dense", path.rpartition("/")[2]) for path in paths]


def test_the_limit_counts_searches_that_are_measured_together(monkeypatch):
    Searches(monkeypatch)
    rule = Rule("a", None, number=4)
    paths = ["0.1"] * 40 + ["0.2"] + ["0.1"] * 40
    with pytest.raises(RulesError, match=r"Rule 4 takes too long to match the path '0\.2'"):
        Matcher().matching(rule, targets(*paths))
    rules = [Rule("fast", None, number=number) for number in range(1, 100)]
    with pytest.raises(RulesError, match=r"Rule \d+ takes too long to match the path '0\.3'"):
        Matcher().first(rules, *targets("0.3"))


def test_a_batch_has_the_results_of_its_searches():
    paths = [f"block_{n}/{name}" for n in range(40) for name in ("kernel", "bias", "x" * 2000)]
    rules = [
        Rule(r"block_\d+/kernel$", None),
        Rule(r"(block_\d/)+kernel$", None),
        Rule("9/", None, weight="bias"),
        Rule("9/", None, layer="Conv2D"),
        Rule("x$", None),
    ]
    for rule in rules:
        hits = Matcher().matching(rule, targets(*paths))
        assert hits == [Matcher().matches(rule, *target) for target in targets(*paths)]
        assert any(hits) == (rule.layer is None)
    for target in targets(*paths):
        expected = next((rule for rule in rules if rule.matches(*target)), None)
        assert Matcher().first(rules, target) is expected
    assert Matcher().first([], target) is None
    assert Matcher().matching(rules[0], []) == []


@pytest.mark.parametrize(
    ("pattern", "path", "is_match"),
    [(r"^\w+$", "e\u0301", True), (r"^\w+$", "x\u00b2", False), (r"^\w+$", "\u00e9t\u00e9", True)],
    ids=["accent", "square", "letter"],
)
def test_letters_outside_ascii_are_those_of_regex(pattern, path, is_match):
    assert Rule(pattern, None).matches(path, "Dense", "kernel") is is_match


def test_a_rule_after_the_first_match_is_not_searched():
    rules = [Rule("kernel", None)] * 30 + [Rule("a", None, number=2), Rule(SLOW, None, number=3)]
    assert Matcher().first(rules, Target(PATH, "Dense", "x")) is rules[30]


def test_usual_searches_read_the_clock_once_for_many(monkeypatch):
    readings = []
    monkeypatch.setattr(rules_module.time, "thread_time", lambda: readings.append(1) or 0.0)
    Matcher().matching(Rule(r"block_\d+/.*kernel$", None), targets(*["block_1/kernel"] * 1000))
    assert len(readings) <= 100
