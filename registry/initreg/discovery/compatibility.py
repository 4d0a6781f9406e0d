"""Check that the installed initreg is a version that a plugin's distribution requires."""

import re
from collections.abc import Iterable

from initreg.version import __version__

# A requirement of initreg that compares versions, before any marker. Without one, `packaging` is
# not imported.
_COMPARED = re.compile(r"\s*initreg(?![\w.-])[^;@]*[<>=!~]", re.IGNORECASE)


def incompatibility(
    requires: Iterable[str], distribution: str, installed: str = __version__
) -> str | None:
    """Explain why the installed initreg does not meet a requirement, or return None if it does.

    `requires` are the ``Requires-Dist`` lines of the distribution. Requirements of its extras, and
    lines that can't be read, are ignored.

    >>> incompatibility(["numpy", "initreg>=2"], "acme-inits", installed="1.4.0")
    'it needs initreg>=2, and 1.4.0 is installed: pip install --upgrade initreg'
    """
    compared = [line for line in requires if _COMPARED.match(line)]
    if not compared:
        return None
    from packaging.requirements import Requirement
    from packaging.version import InvalidVersion, Version

    for line in compared:
        try:
            needed = Requirement(line)
            applies = needed.marker is None or needed.marker.evaluate({"extra": ""})
        except Exception:  # noqa: S112  # the errors of packaging have no common base
            continue
        if not applies or needed.specifier.contains(installed, prereleases=True):
            continue
        remedy = "pip install --upgrade initreg"
        for clause in needed.specifier:
            if clause.contains(installed, prereleases=True):
                continue
            try:
                bound = Version(clause.version.removesuffix(".*"))
            except InvalidVersion:  # any text is valid after ===
                bound = Version(installed)
            if clause.operator != ">" and Version(installed) >= bound:
                remedy = f"install a version of {distribution} that fits"
        return f"it needs initreg{needed.specifier}, and {installed} is installed: {remedy}"
    return None
