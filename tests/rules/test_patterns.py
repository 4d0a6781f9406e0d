"""No pattern that is let through can take long; those that people write are let through."""

import contextlib
import re
import signal
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from initreg.rules import ambiguity
from initreg.rules.patterns import PatternError, compile_pattern

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
    r"(\d{8}_?)*",
    r"\bkernel\b",
    r"(?i)DENSE.*kernel",
    r"(?m)^kernel$",
    r"(?:.|\n)*x",
    r"(?x) kernel  # of any layer",
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
]

EXPONENTIAL = {
    # The pattern, and the part that is to blame.
    "(a+)+$": "(a+)+",
    "(a+)+": "(a+)+",
    "(a|a)*x": "(a|a)*",
    "(a|ab|b)*c": "(a|ab|b)*",
    "(.*)*": "(.*)*",
    "(.*/)*kernel": "(.*/)*",
    r"encoder/(\w+/?)*kernel": r"(\w+/?)*",
    r"([\w-]+|\d)*x": r"([\w-]+|\d)*",
    "(a?b?)*": "(a?b?)*",
    "((a?)*x)*y": "((a?)*x)*",
    "(a*?)*?b": "(a*?)*?",
    "(a+?){2,}b": "(a+?){2,}",
    "(?:a|(?:b|c)*)*d": "(?:a|(?:b|c)*)*",
    "(?i:(?:ax|A[x])*c)": "(?i:(?:ax|A[x])*c)",
    r"[)\](](a+)+": "(a+)+",
    "(?=(a+)+b)": "(a+)+",
    "x(?!(a+)+b)": "(a+)+",
    "(?>(a+)+b)": "(a+)+",
    "((a+)+b)*+": "(a+)+",
    r"(?>(a+)+\b)": "(a+)+",
    "(?:(?>ab|a)|a|b)*c": "(?:(?>ab|a)|a|b)*",
    r"(\w|é|[à-ÿ]+)*x": r"(\w|é|[à-ÿ]+)*",
}


@pytest.mark.parametrize("text", USUAL)
def test_usual_patterns_pass(text):
    assert compile_pattern(text) is compile_pattern(text)
    assert compile_pattern(text).pattern == text


@pytest.mark.parametrize(("text", "part"), EXPONENTIAL.items(), ids=EXPONENTIAL)
def test_exponential_patterns_are_refused_with_the_part_that_is_to_blame(text, part):
    with pytest.raises(PatternError) as caught:
        compile_pattern(text)
    error = caught.value
    assert str(error) == error.problem
    assert error.problem.startswith(f"This pattern could take exponential time: '{part}' can ")
    assert error.problem.endswith(r"with a mark of its own, as in (block\d+/)*.")
    assert text[error.column : error.end] == part


@pytest.mark.parametrize(
    ("text", "problem", "column"),
    [
        ("dense(", "This is no regular expression: missing ), unterminated subpattern.", 5),
        ("*x", "This is no regular expression: nothing to repeat.", 0),
        ("a{99999999999}", "This is no regular expression: the repetition number is too large.", 0),
        (r"(a)x\1", "A reference to a group is refused: it could take exponential time.", 4),
        ("(?P<n>a)(?P=n)", "A reference to a group is refused", 8),
        ("(a)?(?(1)b|c)", "A reference to a group is refused", 4),
        ("a" * 1001, "A pattern has at most 1,000 characters, not 1,001.", 1000),
        ("a{1001}", "This pattern is too large: with its repetitions written out", None),
        ("(a{100}){100}", "This pattern is too large", None),
        ("(((){1000}){1000}){1000}", "This pattern is too large", None),
        ("((?=a{1000})b){1000}", "This pattern is too large", None),
        (".*.*.*.*.*.*x", "This pattern could take over 1,000,000,000 steps on a path", None),
        ("(a|a){40}x", "This pattern could take over", None),
        ("a?" * 40, "This pattern could take over", None),
        ("(|){40}x", "This pattern could take over", None),
        ("(.{0,9}/){0,9}", "This pattern could take over", None),
        ("(?=(a|a){40})", "This pattern could take over", None),
        # Behind the character with the most ways at one step, nothing may follow.
        (r"(?:(?:\w*)?){0,8}/kernel", "This pattern could take over", None),
        (r"(?:(?:\w*){0,3}){0,3}/kernel", "This pattern could take over", None),
        (r"(?:(?:\w?){0,20}){0,20}/k", "This pattern could take over", None),
        (r"(?:\w*|){0,7}/", "This pattern could take over", None),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_else_is_refused(text, problem, column):
    start = time.perf_counter()
    with pytest.raises(PatternError) as caught:
        compile_pattern(text)
    assert caught.value.problem.startswith(problem)
    if "repetition number" not in problem:  # Python 3.12 and later know its place
        assert caught.value.column == column
    assert time.perf_counter() - start < 30  # a second, where no one else computes


def test_a_long_part_is_shown_in_part():
    with pytest.raises(PatternError, match=re.escape("aaa…' can match")):
        compile_pattern(f"(({'a' * 100})+)+")


def test_no_warning_is_shown():
    assert compile_pattern("[[a]").search("[")  # Python warns of a set inside a set


def test_what_nests_too_deeply_is_refused(monkeypatch):
    def check_tree(tree):
        raise RecursionError  # how deep that is, depends on Python and on who calls

    monkeypatch.setattr("initreg.rules.patterns.check_tree", check_tree)
    with pytest.raises(PatternError, match="This pattern nests too deeply"):
        compile_pattern("((never compiled before))")


def test_an_operation_of_a_later_python_is_refused(monkeypatch):
    monkeypatch.setattr("initreg.rules.automata._REPEATS", ())
    with pytest.raises(PatternError, match="max_repeat can't be read here"):
        compile_pattern("never_compiled_before*")


# Against the engine -----------------------------------------------------------------------------

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
TEXTS = ["a" * 30, "ab" * 15, "aab" * 10, "b" * 30]


@contextlib.contextmanager
def seconds(limit):
    """Stop the engine, which looks for signals as it goes."""

    def stop(*_):
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, limit)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="signals of POSIX")
@given(PATTERNS, st.sampled_from(TEXTS))
def test_what_passes_is_fast(text, path):
    whole = f"(?:{text})!"
    try:
        compile_pattern(whole)
    except PatternError:
        return
    with seconds(20):
        assert re.search(whole, path) is None


@given(PATTERNS)
def test_a_lookahead_and_a_repetition_are_no_safer(text):
    try:
        compile_pattern(text)
    except PatternError as refused:
        for around in ("(?={})", "(?:{}/)*"):
            with pytest.raises(PatternError):
                compile_pattern(around.format(text))
        assert refused.problem


@given(st.text(alphabet="ab.*+?|()[]{}\\^$,01-!<=>:iPdwk", max_size=25))
def test_any_text_is_a_pattern_or_an_error(text):
    try:
        assert isinstance(compile_pattern(text), re.Pattern)
    except PatternError as error:
        assert error.problem.endswith(".")
        assert error.column is None or 0 <= error.column <= len(text)


def test_the_work_is_bounded():
    with pytest.raises(ambiguity.TooLargeError):
        ambiguity.Work(3).spend(4)
