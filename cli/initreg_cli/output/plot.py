"""The picture of a histogram under its theoretical density: the one module of matplotlib."""

import textwrap
from itertools import pairwise
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from initreg import Sample


def write(drawn: "Sample", bins: int, file: IO[bytes], kind: str) -> None:
    """Write the picture, ``png`` or ``svg``."""
    import matplotlib as mpl

    # The same values give the same file: no date, no random identifiers.
    options: dict[str, Any] = {"metadata": {"Date": None}} if kind == "svg" else {}
    # Text stays text.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "initreg"}):
        draw(drawn, bins).savefig(file, format=kind, dpi=150, **options)


def draw(drawn: "Sample", bins: int) -> "Figure":
    """Draw the density of the values, and the one that theory expects."""
    from matplotlib.figure import Figure

    edges, counts = drawn.histogram(bins)
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.add_subplot()
    if edges:
        shares = [count / drawn.finite.size for count in counts]
        density = [share / (b - a) for share, (a, b) in zip(shares, pairwise(edges), strict=True)]
        axes.stairs(density, edges, fill=True, label="drawn", alpha=0.6)
        theory = drawn.distribution
        if theory is not None and theory.stddev > 0:
            low, high = axes.get_xlim()
            points = [low + (high - low) * i / 400 for i in range(401)]
            axes.plot(points, [theory.pdf(x) for x in points], label="expected", linewidth=2)
        axes.legend()
    else:
        axes.text(0.5, 0.5, "nothing to show", ha="center", transform=axes.transAxes)
    seed = "" if drawn.seed is None else f"seed {drawn.seed}, "
    about = f"{drawn.backend}, {' × '.join(map(str, drawn.shape)) or 'scalar'}, {drawn.dtype}"
    # A spec can be long, and can hold the dollar signs of a formula.
    title = "\n".join([*textwrap.wrap(drawn.spec, 80, break_on_hyphens=False), seed + about])
    axes.set_title(title, fontsize="medium", parse_math=False)
    axes.set_xlabel("value")
    axes.set_ylabel("density")
    return figure
