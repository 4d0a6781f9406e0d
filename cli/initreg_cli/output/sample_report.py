"""A sample for people, with statistics beside theory and a histogram, and as data."""

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from initreg_cli.output import render
from initreg_cli.output.histogram import print_histogram

if TYPE_CHECKING:
    import numpy as np

    from initreg import Sample

PLOT_BINS = 60
_BINS = 17  # odd, so that the mean of a symmetric distribution is in the middle of a bin
_WHOLE = 24  # the most values that a preview shows completely


def print_sample(sample: "Sample", seed_was_given: bool) -> None:
    """Print where the values come from, a preview, their statistics and their histogram."""
    sizes = " × ".join(map(str, sample.shape)) or "scalar"
    about = {
        "spec": sample.spec,
        "backend": f"{sample.backend} ({versions(sample)})",
        "seed": _seed_text(sample, seed_was_given),
        "shape": f"{sizes}, {counted(sample.count)} of {sample.dtype}",
    }
    render.print_pairs(about)
    render.print_text("")
    render.print_text(preview(sample.values))
    if lost := sample.count - sample.finite.size:
        render.print_note(f"{lost:,} of {counted(sample.count)} are not finite in {sample.dtype}.")
    if not sample.statistics:
        return
    _print_statistics(sample)
    # A preview of few values shows all of them, and equal values have no shape to look at.
    if sample.count <= _WHOLE or sample.statistics["min"] == sample.statistics["max"]:
        return
    edges, counts = sample.histogram(_BINS)
    if edges:
        render.print_text("")
        print_histogram(edges, counts, expected_counts(sample, edges))


def as_json(sample: "Sample") -> dict[str, Any]:
    """Return a sample as data: everything that is printed, except the values."""
    edges, counts = sample.histogram(PLOT_BINS)
    return {
        "spec": sample.spec,
        "seed": sample.seed,
        "backend": sample.backend,
        "versions": sample.versions,
        "shape": list(sample.shape),
        "dtype": sample.dtype,
        "count": sample.count,
        "finite": int(sample.finite.size),
        "statistics": render.finite(sample.statistics),
        "expected": render.finite(sample.expected),
        "histogram": {"edges": edges, "counts": counts},
    }


def counted(count: int) -> str:
    """Write a number of values."""
    return "1 value" if count == 1 else f"{count:,} values"


def versions(sample: "Sample") -> str:
    """Write the versions of the packages that the values depend on."""
    return ", ".join(f"{name} {version}" for name, version in sample.versions.items())


def preview(values: "np.ndarray[Any, Any]") -> str:
    """Write the corners of an array. If it has more than two axes, write those of one matrix."""
    import numpy as np

    if values.ndim > 2 and values.size > _WHOLE:
        first = (0,) * (values.ndim - 2)
        return f"{[*first, ':', ':']} =\n{preview(values[first])}".replace("'", "")
    return np.array2string(
        values,
        threshold=_WHOLE,
        edgeitems=3,
        max_line_width=render.width(),
        precision=6,
        suppress_small=False,
    )


def expected_counts(sample: "Sample", edges: list[float]) -> list[float]:
    """Return how many values theory expects in each bin; nothing if theory is unknown."""
    theory = sample.distribution
    if theory is None or theory.stddev == 0:
        return []
    low, high = theory.support
    expected = []
    for left, right in pairwise(edges):
        # Simpson's rule over the part of the bin that is within the support.
        left, right = max(left, low), min(right, high)
        width = max(0.0, right - left)
        middle = theory.pdf(left + width / 2)
        mass = width / 6 * (theory.pdf(left) + 4 * middle + theory.pdf(right)) if width else 0.0
        expected.append(mass * sample.finite.size)
    return expected


def _seed_text(sample: "Sample", seed_was_given: bool) -> str:
    if sample.seed is None:
        return "none, because the values are not random"
    # `with_seed` returns the config itself if no seed is open.
    if seed_was_given or sample.config.with_seed(sample.seed) is sample.config:
        return str(sample.seed)
    return f"{sample.seed} (random; --seed {sample.seed} repeats the draw)"


def _print_statistics(sample: "Sample") -> None:
    digits = _digits(sample.statistics)
    columns = {"drawn": sample.statistics, "expected": sample.expected}
    columns = {head: column for head, column in columns.items() if column}
    rows = [
        (name, *(f"{column[name]:.{digits.get(name, 6)}g}" for column in columns.values()))
        for name in sample.statistics
    ]
    render.print_text("")
    render.print_table(("", *columns), rows, right=True)


def _digits(statistics: dict[str, float]) -> dict[str, int]:
    """Return the digits for each statistic: more if the values are close together, far from 0."""
    largest = max(abs(statistics["min"]), abs(statistics["max"]))
    spread = statistics["stddev"]
    if not 0 < spread < largest < math.inf:
        return {}
    digits = min(17, max(6, 4 + math.floor(math.log10(largest / spread))))
    return {name: digits for name in statistics if name != "stddev"}
