"""Whether the installed initreg is one that a plugin's distribution asks for."""

import re
from collections.abc import Iterable

from initreg.version import __version__

# `initreg` with something to compare before the marker: a distribution that takes any version costs
# no import.
_COMPARED = re.compile(r"\s*initreg(?![\w.-])[^;@]*[<>=!~]", re.IGNORECASE)


def misfit(requires: Iterable[str], distribution: str, installed: str = __version__) -> str | None:
    """Say what `distribution` requires and the installed initreg is not, or return None.

    `requires` are the lines of its metadata. Those of its extras do not count, and what can't be
    read is left to pip.

    >>> misfit(["numpy", "initreg>=2"], "acme-inits", installed="1.4.0")
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
        except Exception:  # noqa: S112  # packaging has no base for its errors
            continue
        if not applies or needed.specifier.contains(installed, prereleases=True):
            continue
        remedy = "pip install --upgrade initreg"
        for each in needed.specifier:
            if each.contains(installed, prereleases=True):
                continue
            try:
                bound = Version(each.version.removesuffix(".*"))
            except InvalidVersion:  # after ===, anything can stand
                bound = Version(installed)
            if each.operator != ">" and Version(installed) >= bound:
                remedy = f"install a version of {distribution} that fits"
        return f"it needs initreg{needed.specifier}, and {installed} is installed: {remedy}"
    return None
