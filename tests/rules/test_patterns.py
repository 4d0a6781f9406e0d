"""Usual patterns compile, and no pattern can take long to compile or to search."""

import re
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from initreg.rules import patterns
from initreg.rules.patterns import (
    PatternError,
    compile_pattern,
    quick_search,
    slow_path,
    timed_search,
)

USUAL = [
    "(?:)*+",
    "",
    "kernel",
    ".*attention.*",
    ".*.*x",
    ".*.*.*.*x",
    r"(block\d+/)*kernel$",
    r"^(encoder|decoder)/.*/(kernel|bias)$",
    r"dense(_\d+)?/kernel",
    r"layer_(1[0-9]|2[0-3])/",
    r"(?:^|/)(?:query|key|value)/kernel$",
    r"((^|/)\w+)*kernel",
    r"(\w+($|/))*kernel",
    r"(\w+/)*kernel",
    r"(?:[^/]+/){2}kernel",
    r"(.*/){2}kernel",
    r"(.*/){2}kernel$",
    r"(\d{8}_?)*",
    r"\bkernel\b",
    r"(?i)DENSE.*kernel",
    r"(?m)^kernel$",
    r"(?:.|\n)*x",
    r"dense(?#1 or 2)",
    r"(?!.*bias)dense",
    r"(?<!pre_)dense",
    r"(?<=/)kernel",
    r"[\w/-]+",
    r"(a?)*b",
    r"(a?){0,40}x",
    "(?:(?:a|b)c)*d",
    "(" + "|".join(f"layer{i}/" for i in range(100)) + ")*",
    "é[à-ÿ]+",
    "(?!)",
    # Lazy and possessive.
    r".*?attention.*?kernel",
    r"(?:block\d+?/)*?kernel$",
    r"(?:block\d++/)*+kernel$",
    r"(?:\w++/?)*kernel",
    r"(?>\w+/?)kernel",
    "(a++)+b",
    "(?>a+)+b",
    "(a+)*+$",
    "(?>(?:a|a)+)x",
    # References to groups.
    r"(\w+)/\1/kernel",
    r"(?P<name>\w+)/(?P=name)$",
    r"(pre_)?dense(?(1)/kernel|/bias)",
    # Braces and brackets that aren't syntax.
    r"\{a\}[{}][\[:][:/]",
    r"\N{DIGIT ONE}",
    r"[]a]{2}[^]a]{,3}",
]

SLOW = [
    "(a|a)*x",
    "(a|ab|b)*c",
    r"([\w-]+|\d)*x",
    "((a?)*x)*y",
    "(a*?)*?b",
    "(a+?){2,}b",
    "(?i:(?:ax|A[x])*c)",
    "(?:(?>ab|a)|a|b)*c",
    "(.*a){20}$",
    "(a|aa)+$",
    "(.{0,9}/){0,9}x",
]

# Some of these are fast, because `regex` avoids some repeated work.
HOSTILE = [
    *SLOW,
    "(x*x*x*x*x*x*)$",
    "^(([a-z])+.)+[A-Z]([a-z])+$",
    "(?:){0,4294967294}",
    "(?:a?){0,4294967294}",
    "a{0,4294967294}",
    "(a+)+$",
    "(.*)*",
    "(.*/)*kernel",
    r"encoder/(\w+/?)*kernel",
    "(a?b?)*",
    "(?:a|(?:b|c)*)*d",
    r"[)\](](a+)+",
    "(?=(a+)+b)",
    "x(?!(a+)+b)",
    "(?>(a+)+b)",
    "((a+)+b)*+",
    r"(?>(a+)+\b)",
    r"(\w|é|[à-ÿ]+)*x",
    "(.*a){20}",
    ".*.*.*.*.*.*x",
    "(a|a){40}x",
    "a?" * 40,
    "(|){40}x",
    "(?=(a|a){40})",
    r"(?:(?:\w*)?){0,8}/kernel",
    r"(?:(?:\w?){0,20}){0,20}/k",
    r"(\w+)*\1!",
    r"(.*)(.*)(.*)\3\2\1!",
    r"(a)?" * 20 + r"\1" * 20 + "!",
    "(?<=a)" * 100 + "(a|a)*x",
    "(?<!a|b)(a|aa)*x",
    "(?:a{2}|a{3}|a)*x",
    "((((((a*)*)*)*)*)*)*b",
]


@pytest.mark.parametrize("text", USUAL)
def test_usual_patterns_compile_and_are_fast(text):
    assert compile_pattern(text) is compile_pattern(text)
    assert compile_pattern(text).pattern == text
    assert slow_path(text) is None


@pytest.mark.slow
@pytest.mark.parametrize("text", SLOW)
def test_slow_patterns_are_found_without_a_model(text):
    path = slow_path(text)
    assert path is not None
    with pytest.raises(TimeoutError):
        timed_search(compile_pattern(text), path, 0.05)


@pytest.mark.slow
@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("path", ["a" * 300, "ab" * 150, "aab" * 100 + "!", "x" * 300 + "!"])
def test_every_search_ends(text, path):
    try:
        found, _ = timed_search(compile_pattern(text), path, 0.05)
    except TimeoutError:
        return
    assert found in (True, False)


@pytest.mark.parametrize(
    ("text", "problem", "column"),
    [
        ("dense(", "Invalid regular expression: missing ), unterminated subpattern.", 5),
        ("*x", "Invalid regular expression: nothing to repeat.", 0),
        ("a{99999999999}", "Invalid regular expression: the repetition number is too large.", 0),
        (r"(a)\2", "Invalid regular expression: invalid group reference 2.", 4),
        # Syntax of `regex` that `re` does not have.
        (r"\p{L}", r"Invalid regular expression: bad escape \p.", 0),
        ("(?R)", "Invalid regular expression: unknown extension ?R.", 1),
        ("(?|a|b)", "Invalid regular expression: unknown extension ?|.", 1),
        (r"\L<words>", r"Invalid regular expression: bad escape \L.", 0),
        ("(?<=a*)b", "Invalid regular expression: look-behind requires fixed-width pattern.", None),
        # What the two read differently.
        ("a{e<=1}", r"Write \{ for a brace that is not a repetition.", 1),
        ("block{}", r"Write \{ for a brace that is not a repetition.", 5),
        ("a{,}", r"Write \{ for a brace that is not a repetition.", 1),
        ("x[[:alpha:]]", r"Write \[ for a bracket inside a set.", 1),
        ("(?x) kernel  # of any layer", "The flag x is not supported in a pattern.", 0),
        ("a(?i-x:b)", "The flag x is not supported in a pattern.", 1),
        # What would compile to too much.
        ("a" * 1001, "A pattern has at most 1,000 characters, not 1,001.", 1000),
        ("a{2001}", "This pattern is too large: with its repetitions written out", None),
        ("(?:){4294967294}", "This pattern is too large", None),
        ("a{4294967294}", "This pattern is too large", None),
        ("(a{100}){100}", "This pattern is too large", None),
        ("((a{1000}){1000}){1000}", "This pattern is too large", None),
        ("(((){1000}){1000}){1000}", "This pattern is too large", None),
        ("((?=a{1000})b){1000}", "This pattern is too large", None),
        ("(?<=(?:a{100}){100})b", "This pattern is too large", None),
        ("(?P<name>a{2}){1001}", "This pattern is too large", None),
        (r"(?:[a\]{2}]{2}\({2}){999}", "This pattern is too large", None),
        ("(?>a{9}" * 90 + "a" + ")+" * 90, "This pattern is too large", None),
        ("(?:" * 100 + "a" + "){2}" * 100, "This pattern is too large", None),
        ("(?:a" * 30 + "b)+" * 30, "This pattern is too large", None),
        ("(?:a" * 30 + "b)++" * 30, "This pattern is too large", None),
        ("(?:a" * 30 + "b){1,}" * 30, "This pattern is too large", None),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_rejected(text, problem, column):
    with pytest.raises(PatternError) as caught:
        compile_pattern(text)
    assert str(caught.value) == caught.value.problem
    assert caught.value.problem.startswith(problem)
    if "repetition number" not in problem:  # Python 3.12 and later know its place
        assert caught.value.column == column


def test_a_fault_ends_where_the_token_ends():
    with pytest.raises(PatternError) as caught:
        compile_pattern("x[[:alpha:]]")
    assert (caught.value.column, caught.value.end) == (1, 11)


@pytest.mark.parametrize(
    "text",
    [
        "a" * 1000,
        "(a{100}){10}",
        "(?P<a_name>a){2000}",
        "(?:a" * 8 + "b)+" * 8,
        "(?:a" * 60 + "b){0,9}" * 60,
        r"(\d{8}_?){100}",
        "(?:a|b){500}",
        "[a{9}]{999}",
    ],
)
def test_what_is_large_enough(text):
    assert compile_pattern(text)


def test_no_warning_is_shown():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert compile_pattern("[[a]").search("[")  # Python warns about a set inside a set


def test_what_nests_too_deeply_is_rejected(monkeypatch):
    def compile_(*_, **__):
        raise RecursionError  # the depth depends on Python, and on the caller

    monkeypatch.setattr(patterns.regex, "compile", compile_)
    with pytest.raises(PatternError, match="This pattern nests too deeply"):
        compile_pattern("((never compiled before))")


class Clock:
    """A clock of this thread, and a compiled pattern whose searches take time of other threads."""

    def __init__(self, others):
        self.now = 0.0
        self.others = others  # seconds that other threads take for each second of ours
        self.limits = []

    def search(self, path, pos, endpos, concurrent, partial, timeout):
        self.limits.append(timeout)
        self.now += min(0.3, timeout / self.others)
        if timeout / self.others < 0.3:
            raise TimeoutError


def test_a_busy_process_does_not_fail_a_search(monkeypatch):
    clock = Clock(others=10)
    monkeypatch.setattr(patterns.time, "thread_time", lambda: clock.now)
    assert timed_search(clock, "path", 1.0) == (False, pytest.approx(0.3))
    assert clock.limits == [1, 2, 4]


def test_a_search_that_takes_too_long_ends_in_a_busy_process(monkeypatch):
    clock = Clock(others=10)
    monkeypatch.setattr(patterns.time, "thread_time", lambda: clock.now)
    with pytest.raises(TimeoutError):
        timed_search(clock, "path", 0.1)
    assert clock.now < 0.2


# Without a time limit -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "longest"),
    [
        ("", 1000),
        ("kernel$", 1000),
        (r"(?:^|/)(?:query|key|value)/kernel$", 1000),
        (r"dense(_\d+)/(?P<name>kernel|bias)$", 1000),
        (r"^(encoder|decoder)/.*/(kernel|bias)$", 1000),
        (r"block_\d+/.*kernel$", 244),
        (r"layer_\d+/.*attention\w*/kernel$", 81),
        (".*.*.*.*x", 61),
        ("a?" * 19, 11),
        (".*" * 40, 4),
        ("a{3,}" * 40, 4),
        ("a{1000}|b" + "a?" * 10, 1000),
        ("(a{1000}|a)" + "a?" * 20, 2),
        # A search could take too long in any path.
        ("a?" * 40, -1),
        ("(a|a)" * 40, -1),
        ("(a|(b|a))" * 40, -1),
        ("a{0,1}" * 40, -1),
        ("a{,9}" * 40, -1),
        # Repeated groups, whatever is in them.
        (r"(block\d+/)*kernel$", -1),
        (r"dense(_\d+)?/kernel", -1),
        ("(a|a)+?x", -1),
        ("(a){2}", -1),
        # References, and what looks around or sets flags.
        (r"(\w)\1", -1),
        (r"(?P<a>\w)(?P=a)", -1),
        ("(a)?(?(1)b|c)", -1),
        ("(?=a)b", -1),
        ("(?<!a)b", -1),
        ("(?>a)b", -1),
        ("(?i)KERNEL", -1),
        ("(?i:a)", -1),
    ],
    ids=lambda value: str(value)[:30],
)
def test_the_longest_path_that_needs_no_time_limit(text, longest):
    assert quick_search(text).longest == longest


@pytest.mark.slow
@pytest.mark.parametrize(
    "text", [*USUAL, *HOSTILE, r"\w+\w+\d", ".*?.*?.*?x", "a*?a*?x", "(a|aa|a?)(a*|a?)(a*|a)a*x"]
)
@pytest.mark.parametrize("path", ["a", "aab/", "x", "1", "kernel/", "a_"])
def test_a_search_without_a_time_limit_is_fast(text, path):
    search, longest = quick_search(text)
    if longest > 0:
        path = (path * longest)[: longest - 1] + "!"
        start = patterns.time.thread_time()
        search(path)
        assert (
            patterns.time.thread_time() - start < 1.0
        )  # of CPU time: five times as long as on a slow machine


# Against re ---------------------------------------------------------------------------------------

ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\w", "aa", "^", "$", r"\b", "(?=a)"])
QUANTIFIERS = st.sampled_from(["*", "+", "?", "{2}", "{0,3}", "{2,}", "*?", "+?", "*+", "++", "?+"])


def combined(inner):
    return st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda two: f"(?:{two[0]}|{two[1]})"),
        st.tuples(inner, QUANTIFIERS).map(lambda two: f"(?:{two[0]}){two[1]}"),
        inner.map(lambda one: f"(?>{one})"),
    )


PATTERNS = st.recursive(ATOMS, combined, max_leaves=8)


@given(PATTERNS, st.text("ab/_", max_size=8))
def test_a_search_finds_what_re_finds(text, path):
    found, _ = timed_search(compile_pattern(text), path, 5.0)
    assert found is (re.search(text, path) is not None)
    search, longest = quick_search(text)
    assert len(path) > longest or found is (search(path) is not None)


@given(st.text("ab.*+?|()[]{}\\^$,01-!<=>:iPdwkxN#", max_size=25), st.text("ab/_", max_size=8))
def test_any_text_means_what_re_means_or_is_an_error(text, path):
    try:
        compiled = compile_pattern(text)
    except PatternError as error:
        assert error.problem.endswith(".")
        assert error.column is None or 0 <= error.column <= len(text)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert timed_search(compiled, path, 5.0)[0] is (re.search(text, path) is not None)
