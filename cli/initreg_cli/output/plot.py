"""A histogram with its theoretical density as a picture: the one module that uses matplotlib."""

import textwrap
from itertools import pairwise
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from initreg import Sample


def write(sample: "Sample", bins: int, file: IO[bytes], format_: str) -> None:
    """Write the picture as ``png`` or ``svg``."""
    import matplotlib as mpl

    # Equal values give equal files: no date, no random identifiers.
    options: dict[str, Any] = {"metadata": {"Date": None}} if format_ == "svg" else {}
    # With the font type "none", text in an SVG is text rather than paths.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "initreg"}):
        draw(sample, bins).savefig(file, format=format_, dpi=150, **options)


def draw(sample: "Sample", bins: int) -> "Figure":
    """Draw the density of the values and the one that theory expects."""
    from matplotlib.figure import Figure

    edges, counts = sample.histogram(bins)
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.add_subplot()
    if edges:
        shares = [count / sample.finite.size for count in counts]
        density = [share / (b - a) for share, (a, b) in zip(shares, pairwise(edges), strict=True)]
        axes.stairs(density, edges, fill=True, label="drawn", alpha=0.6)
        theory = sample.distribution
        if theory is not None and theory.stddev > 0:
            low, high = axes.get_xlim()
            points = [low + (high - low) * i / 400 for i in range(401)]
            axes.plot(points, [theory.pdf(x) for x in points], label="expected", linewidth=2)
        axes.legend()
    else:
        axes.text(0.5, 0.5, "nothing to show", ha="center", transform=axes.transAxes)
    seed = "" if sample.seed is None else f"seed {sample.seed}, "
    about = f"{sample.backend}, {' × '.join(map(str, sample.shape)) or 'scalar'}, {sample.dtype}"
    # A spec can be long. It can also have dollar signs, which are not formulas.
    title = "\n".join([*textwrap.wrap(sample.spec, 80, break_on_hyphens=False), seed + about])
    axes.set_title(title, fontsize="medium", parse_math=False)
    axes.set_xlabel("value")
    axes.set_ylabel("density")
    return figure
