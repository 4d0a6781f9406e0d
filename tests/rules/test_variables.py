"""The numbers of a model: counts, groups, fans and sizes, and the configs that rules come to."""

import re

import pytest

from initreg import Fans, Registry, RulesError, read_rules, validate
from initreg.rules import variables
from initreg.rules.rules import Rule, Rules
from initreg.rules.variables import Numbers, together

FANS = Fans(8, 4)
PATHS = [
    (f"net/{kind}_{at}/{name}",)
    for kind, count in (("block", 3), ("decoder", 2))
    for at in range(count)
    for name in ("kernel", "bias")
]


def numbers_of(let, init="constant([{}])", paths=PATHS, match="kernel$", **more):
    init = init.format(", ".join(let))
    rules = read_rules({"let": let, "rules": [{"match": match, "init": init}], **more})
    return Numbers(rules, paths), rules.rules[0]


def error_of(call, *args):
    with pytest.raises(RulesError) as caught:
        call(*args)
    return str(caught.value)


# Counts -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "count"),
    [
        (r"block_(\d+)/", 3),
        (r"block_\d+/", 3),
        (r"(block|decoder)_(\d+)/", 5),
        (r"(block|decoder)_\d+/", 2),
        (r"(?P<kind>block|decoder)_\d+/", 2),
        (r"(block)?(decoder)?_\d", 2),
        (r"(kernel|bias)$", 2),
        ("no such layer", 0),
    ],
)
def test_a_count_is_of_different_groups(pattern, count):
    numbers, _ = numbers_of({"n": f"count({pattern})"})
    assert numbers.let == {"n": count}


def test_a_count_uses_the_real_names_if_one_matches_and_otherwise_the_paths():
    paths = [
        ("net/dense_7/kernel", "net/dense/kernel"),
        ("net/dense_8/kernel", "net/dense_1/kernel"),
    ]
    assert numbers_of({"n": r"count(dense_(\d+))"}, paths=paths)[0].let == {"n": 2}
    assert numbers_of({"n": "count(dense_7)"}, paths=paths)[0].let == {"n": 1}
    assert numbers_of({"n": "count(dense_1)"}, paths=paths)[0].let == {"n": 1}
    assert numbers_of({"n": "count(dense/)"}, paths=paths)[0].let == {"n": 1}


def test_only_what_rules_use_is_computed():
    let = {"n": "count(block)", "unused": "count(decoder)", "twice": "2*n", "half": "1/(n-1)"}
    numbers, _ = numbers_of(let, "constant(twice)")
    assert numbers.let == {"n": 1, "twice": 2}
    assert numbers_of(let, "zeros")[0].let == {}


def test_arithmetic_without_a_result_shows_what_was_counted():
    error = error_of(numbers_of, {"n": "count(q)", "a": "2*n", "b": "1 + 1/a"})
    assert error == ("b in let: This divides by zero, with a = 0.\n    1 + 1/a\n        ^^^")


def test_a_slow_count_ends():
    paths = [("a" * 60 + "!",)]
    error = error_of(lambda: numbers_of({"n": "count((a|aa)+$)"}, paths=paths))
    assert error.startswith("n in let: This takes too long in the path 'aaaa")
    assert error.endswith("    count((a|aa)+$)\n    ^^^^^^^^^^^^^^^")


def test_all_counts_together_have_a_limit(monkeypatch):
    monkeypatch.setattr(variables, "ALL_SEARCHES", 0.0)
    monkeypatch.setattr(variables, "FREE", 0.0)
    assert "takes too long" in error_of(numbers_of, {"n": "count(block)"})


def test_a_model_that_is_built_can_not_be_counted():
    let = {"layers": "count(block)", "depth": "2*layers"}
    rules = [{"match": "", "init": "constant(depth)"}]
    error = error_of(Numbers, read_rules({"let": let, "rules": rules}))
    assert error == (
        "layers in let: A scope can't count the weights of a model that is not built yet. Give "
        "layers a number, or use initreg.apply after the model is built.\n"
        "    count(block)\n    ^^^^^^^^^^^^"
    )
    unused = [{"match": "", "init": "constant(width)"}]
    known = read_rules({"let": {**let, "width": 3}, "rules": unused})
    assert Numbers(known).let == {"width": 3}


def test_rules_made_by_hand_are_checked():
    template = read_rules({"let": {"a": 1}, "rules": [{"match": "", "init": "constant(a)"}]})
    rules = Rules(template.rules, let=(("a", "1/0"),))
    assert error_of(Numbers, rules, PATHS).startswith("$.let.a: This divides by zero.")


# Configs ------------------------------------------------------------------------------------------


def config_of(init, path, match=r"_(?P<i>\d+)(?P<frac>\.\d+)?(?P<word>[a-z]+)?/", let=None):
    rules = read_rules({"let": let or {}, "rules": [{"match": match, "init": init}]})
    return Numbers(rules, PATHS).config_for(rules.rules[0], (path,), FANS, 32)


@pytest.mark.parametrize(
    ("init", "path", "spec"),
    [
        ("constant(i)", "block_3/kernel", "constant(3)"),
        ("constant(fan_in/fan_out)", "block_3/kernel", "constant(2)"),
        ("constant(size)", "block_3/kernel", "constant(32)"),
        (
            "random_normal(stddev=sqrt(2/fan_in)/(i+1))",
            "block_0/kernel",
            "random_normal(stddev=0.5)",
        ),
        ("random_normal(stddev=sqrt(2/fan_in)/(i+1))", "b_1/kernel", "random_normal(stddev=0.25)"),
        ("he_normal", "block_3/kernel", "he_normal"),
    ],
)
def test_the_numbers_of_a_weight(init, path, spec):
    assert config_of(init, path) == validate(spec)


def test_whole_fans_are_whole_numbers():
    rules = read_rules([{"match": "", "init": "he_normal(seed=fan_in)"}])
    config = Numbers(rules).config_for(rules.rules[0], ("a",), Fans(9.0, 2.25), 4)
    assert config == validate("he_normal(seed=9)")


def test_groups_are_those_of_the_name_that_matches():
    rules = read_rules([{"match": r"dense_(?P<i>\d+)/", "init": "constant(i)"}])
    numbers, (rule,) = Numbers(rules), rules.rules
    assert numbers.config_for(rule, ("dense_7/k", "dense_1/k"), FANS, 1) == validate("constant(7)")
    assert numbers.config_for(rule, ("dense/k", "dense_1/k"), FANS, 1) == validate("constant(1)")


def test_a_config_is_made_once_for_the_same_numbers():
    numbers, rule = numbers_of({"a": 2}, "constant(a*fan_in)")
    one = numbers.config_for(rule, ("x",), FANS, 32)
    assert numbers.config_for(rule, ("y",), FANS, 99) is one
    assert numbers.config_for(rule, ("y",), Fans(2, 4), 99) is not one


@pytest.mark.parametrize(
    ("init", "path", "error"),
    [
        (
            "constant(1+word)",
            "b_3x/kernel",
            """\
Rule 1 for b_3x/kernel: The group 'word' is 'x', so it is not a number.
    constant(1+word)
               ^^^^""",
        ),
        (
            "constant(word)",
            "b_3/kernel",
            """\
Rule 1 for b_3/kernel: The group 'word' takes no part in the match, so it is not a number.
    constant(word)
             ^^^^""",
        ),
        (
            "constant(i + 1/(i-3))",
            "b_3/kernel",
            """\
Rule 1 for b_3/kernel, with i = 3: This divides by zero.
    constant(i + 1/(i-3))
                 ^^^^^^^""",
        ),
        (
            "random_normal(mean=fan_in, stddev=2-i)",
            "b_3/kernel",
            """\
Rule 1 for b_3/kernel, with fan_in = 8, i = 3: stddev must be 0 or more, not -1.
    random_normal(mean=fan_in, stddev=2-i)
                                      ^^^""",
        ),
        (
            "variance_scaling(mode=2*i)",
            "b_3/kernel",
            """\
Rule 1 for b_3/kernel, with i = 3: mode must be 'fan_in', 'fan_out' or 'fan_avg', not 6.
    variance_scaling(mode=2*i)
                          ^^^""",
        ),
        (
            "constant(1/none)",
            "b_3/kernel",
            """\
Rule 1 for b_3/kernel, with none = 0: This divides by zero. none is 0 because no path of a weight \
matches 'q'.
    constant(1/none)
             ^^^^^^""",
        ),
    ],
)
def test_what_is_wrong_for_a_weight(init, path, error):
    match, let = r"_(?P<i>\d+)(?P<word>[a-z]+)?/", {"none": "count(q)"}
    shown = error_of(config_of, init, path, match, let)
    assert shown == error


def test_an_error_says_where_the_rule_is(tmp_path):
    file = tmp_path / "rules.yaml"
    file.write_text(
        "rules:\n  - {match: x, init: keep}\n  - {match: a, init: constant(1/(size-1))}\n"
    )
    rules = read_rules(file)
    error = error_of(Numbers(rules).config_for, rules.rules[1], ("a/b",), FANS, 1)
    assert error.startswith(f"Rule 2 ({file}:3) for a/b, with size = 1: This div")


def test_the_errors_of_many_weights_are_one():
    rules = read_rules(
        [
            {"match": "a", "init": "constant(1/(size-1))"},
            {"match": "b", "init": "constant(log(-size))"},
        ]
    )
    numbers, errors = Numbers(rules), []
    for at, rule in ((0, 0), (1, 0), (2, 0), (3, 1), (4, 1)):
        with pytest.raises(RulesError) as caught:
            numbers.config_for(rules.rules[rule], (f"w{at}",), FANS, 1)
        errors.append(caught.value)
    lines = str(together(errors)).splitlines()
    assert [line for line in lines if line.startswith("Rule")] == [
        "Rule 1 for w0, with size = 1: This divides by zero. "
        "2 more weights fail at the same place.",
        "Rule 2 for w3, with size = 1: log() takes a number above 0, not -1. "
        "1 more weight fails at the same place.",
    ]


def test_the_search_for_groups_has_a_limit(monkeypatch):
    rules = read_rules([{"match": r"(?P<i>\d+)", "init": "constant(i)"}])
    numbers = Numbers(rules)
    monkeypatch.setattr(variables, "FREE", -10.0)
    error = error_of(numbers.config_for, rules.rules[0], ("a_1",), FANS, 1)
    assert re.match(r"Rule 1 for a_1: The pattern takes too long", error)


def test_the_registry_is_the_default_one_unless_it_is_given():
    rules = read_rules([{"match": "", "init": "constant(size)"}])
    with pytest.raises(RulesError, match="There is no initializer 'constant'"):
        Numbers(rules, registry=Registry()).config_for(rules.rules[0], ("a",), FANS, 1)


# Rules --------------------------------------------------------------------------------------------


def test_a_rule_says_what_it_computes_with():
    computing, usual, keep = read_rules(
        [
            {"match": r"(?P<i>\d+)", "init": " random_normal(stddev=1/sqrt(fan_in*i))"},
            {"match": "", "init": "he_normal"},
            {"match": "", "init": "keep"},
        ]
    ).rules
    assert (computing.computes, usual.computes, keep.computes) == (True, False, False)
    assert computing.variables == {"fan_in", "i"}
    assert computing.written == " random_normal(stddev=1/sqrt(fan_in*i))"
    assert (usual.variables, usual.written, keep.written) == (frozenset(), None, None)
    assert hash(computing) == hash(Rule(computing.match, computing.init))
