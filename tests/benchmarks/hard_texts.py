"""Parse texts of the maximum length that are hard to parse, and measure the processor time."""

import ast
import contextlib
import random
import time
from collections.abc import Callable

from measure import Table, readable, show

import initreg

LENGTH = 4096


def _filled(start: str, piece: str, end: str = "") -> str:
    return start + piece * ((LENGTH - len(start) - len(end)) // len(piece)) + end


def _hard_texts() -> dict[str, str]:
    numbered = "".join(f"a{count}={count}," for count in range(500))
    unique = "".join(f"'k{count}':{count}," for count in range(350))
    texts = {
        "(((… nested": "(" * LENGTH,
        "f(f(… nested": _filled("", "f("),
        "[[[… nested": _filled("f(", "["),
        "{0:{0:… nested": _filled("f(", "{0:"),
        "200 brackets, closed": f"f({'[' * 190}{']' * 190})",
        "- - - … 1": _filled("f(", "-", "1)"),
        "not not … 1": _filled("f(", "not ", "1)"),
        "1+1+1…": _filled("f(", "1+", "1)"),
        "2**2**2…": _filled("f(", "2**", "2)"),
        "9*9*9…": _filled("f(", "9*", "9)"),
        "1<1<1…": _filled("f(", "1<", "1)"),
        "1 if 1 else …": _filled("f(", "1 if 1 else ", "1)"),
        "lambda: lambda: …": _filled("f(", "lambda:", "1)"),
        "a.a.a…": _filled("", "a.", "a"),
        "f()()()…": _filled("f", "()"),
        "a digit 4,000 times": _filled("f(", "9", ")"),
        "a hexadecimal digit 4,000 times": _filled("f(0x", "f", ")"),
        "a fraction of 4,000 digits": _filled("f(0.", "3", ")"),
        "1_0_0_0…": _filled("f(1", "_0", ")"),
        "numbers, 2,000": _filled("f(", "1,", ")"),
        "texts, 1,000": _filled("f(", "'a',", ")"),
        "bare words, 2,000": _filled("f(", "a,", ")"),
        "texts beyond ASCII, 1,000": _filled("f(", "'é',", ")"),
        "wide texts beyond ASCII, 1,000": _filled("f(", "'𝔸',", ")"),
        "one number a line, 1,300": _filled("f(", "1,\n", ")"),
        "one text beyond ASCII a line": _filled("f(", "'é',\n", ")"),
        "carriage returns": _filled("f(", "1,\r", ")"),
        "empty lists, 1,300": _filled("f(", "[],", ")"),
        "calls, 1,000": _filled("f(", "g(),", ")"),
        "named parameters, 500": f"f({numbered})"[:LENGTH],
        "keys of a dict, 350": f"f({{{unique}}})"[:LENGTH],
        "escapes, 1,000": _filled("f('", r"\x41", "')"),
        "named escapes": _filled("f('", r"\N{DIGIT ONE}", "')"),
        "a wrong escape at the end": _filled("f('", r"\\", r"\q')"),
        "backslashes outside a text": _filled("f(", "\\\n", "1)"),
        "'' '' '' … joined": _filled("f(", "''", ")"),
        "quotes left open": _filled("f(", "'''"),
        "f-strings": _filled("f(", "f'{a}'", ")"),
        "comments": _filled("f(", "#\n", ")"),
        "# in a text": _filled("f('", "#", "')"),
        "null characters": _filled("f(", "\0", ")"),
        "lone surrogates": _filled("f('", "\ud800", "')"),
        "names beyond ASCII": _filled("f(", "é,", ")"),
        "spaces": _filled("f(", " ", ")"),
        "form feeds": _filled("f(", "\f", ")"),
        "tabs at the start": "\t" * (LENGTH - 3) + "f()",
        "sqrt(sqrt(…": _filled("f(", "sqrt("),
        "pi*pi*pi…": _filled("f(", "pi*", "pi)"),
        "a comprehension in each argument": _filled("f(", "[a for a in b],", ")"),
        "stars": _filled("f(", "*a,", ")"),
        "a text that needs quotes, 800": _filled("f(", "'a b',", ")"),
    }
    pieces = [
        "f(", ")", "[", "]", "{", "}", ",", "=", ":", "a", "b=", "1", "0.5", "-", "+", "**", "'x'",
        "'é'", " ", "\n", "sqrt(", "pi", "lambda:", " if ", " else ", "#", "\\", '"', "é", "1e9",
    ]  # fmt: skip
    draw = random.Random(1)
    for count in range(100):
        few = draw.sample(pieces, draw.randint(1, 6))
        texts[f"random pieces {count}"] = "f(" + "".join(draw.choices(few, k=LENGTH))[: LENGTH - 2]
    return texts


def _attempt(read: Callable[[str], object], text: str) -> float:
    started = time.process_time()
    with contextlib.suppress(ValueError, SyntaxError, RecursionError, MemoryError):
        read(text)
    return time.process_time() - started


def tables() -> list[Table]:
    texts = _hard_texts()
    times: dict[str, tuple[list[float], list[float]]] = {}
    for name, text in texts.items():
        own: list[float] = []
        peer: list[float] = []
        for _ in range(7):
            own.append(_attempt(initreg.parse, text))
            peer.append(_attempt(lambda text: ast.parse(text, mode="eval"), text))
        times[name] = own, peer
    worst = sorted(times, key=lambda name: -sorted(times[name][0])[3])[:5]
    made = []
    for name in worst:
        own, peer = (sorted(taken) for taken in times[name])
        ratio = f"{own[3] / peer[3]:.2f} ({own[0] / peer[0]:.2f})"
        against = "ast.parse of it; target < 10 ms"
        made.append((f"initreg.parse: {name}", readable(own[3]), readable(own[0]), ratio, against))
    title = f"The slowest five of {len(texts)} hard texts, up to {LENGTH:,} characters"
    return [Table(title, made)]


if __name__ == "__main__":
    show(tables())
