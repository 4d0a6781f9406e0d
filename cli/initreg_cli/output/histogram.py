"""A histogram as text."""

import math
from collections.abc import Sequence

from initreg_cli.output import render

_EIGHTHS = "▏▎▍▌▋▊▉"


def print_histogram(
    edges: Sequence[float], counts: Sequence[int], expected: Sequence[float]
) -> None:
    """Print the count of each bin as a bar, with a mark where the expected count is."""
    unicode = render.is_unicode()
    labels = _labels(edges)
    indent = max(map(len, labels))
    room = max(10, min(render.width(), 100) - indent - 3)
    scale = room / max([*counts, *expected])
    mark = "┃" if unicode else "|"
    for index, (label, count) in enumerate(zip(labels, counts, strict=True)):
        bar = _bar(count * scale, unicode).ljust(room + 1)
        if expected:
            at = min(room, round(expected[index] * scale))
            bar = bar[:at] + mark + bar[at + 1 :]
        render.print_text(f"{label:>{indent}}  {bar.rstrip()}")
    if expected:
        render.print_text(f"{'':>{indent}}  {mark} expected")


def _labels(edges: Sequence[float]) -> list[str]:
    """Write the middle of each bin, with enough digits that no two are equal."""
    step = edges[1] - edges[0]
    middles = [left + step / 2 for left in edges[:-1]]
    largest = max(map(abs, edges))
    places = 1 - math.floor(math.log10(step))  # decimal places that a step needs
    if not 1e-4 <= largest < 1e6:
        digits = max(2, places + math.floor(math.log10(largest)))
        return [f"{middle:.{digits}e}" for middle in middles]
    places = max(0, places)
    # Rounding before the addition keeps the sign off a zero.
    return [f"{round(middle, places) + 0.0:.{places}f}" for middle in middles]


def _bar(length: float, unicode: bool) -> str:
    if not unicode:
        return "#" * round(length)
    whole, rest = divmod(length, 1)
    eighths = int(rest * 8)
    return "█" * int(whole) + (_EIGHTHS[eighths - 1] if eighths else "")
