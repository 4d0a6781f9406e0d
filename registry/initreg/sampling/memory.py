"""The memory that a sample needs, and the memory that is available."""

import math
import os
from pathlib import Path

from initreg.draws.dtypes import FLOATS
from initreg.draws.shapes import Shape
from initreg.errors import ConfigError, Fault

# A draw and its statistics hold at once: the values, copies of them, what the backend computes
# with, and arrays of float64. tests/benchmarks/sample_memory.py measures the peaks.
_COPIES = 4
_COPIES_OF_STRUCTURED = 6  # a factorization works on copies of its own
_WORKING_BYTES = 32


def bytes_per_value(dtype: str, *, structured: bool) -> int:
    """Estimate the memory that each value of a sample takes at the peak.

    `structured` is for values that depend on each other, such as those of an orthogonal matrix.
    """
    copies = _COPIES_OF_STRUCTURED if structured else _COPIES
    return copies * FLOATS[dtype].bytes + _WORKING_BYTES


def require_memory(shape: Shape, dtype: str, *, structured: bool) -> None:
    """Raise `ConfigError` if a sample needs more memory than is available."""
    count = math.prod(shape)
    needed = count * bytes_per_value(dtype, structured=structured)
    available = available_memory()
    if needed > available:
        problem = (
            f"The shape {list(shape)} is too large: {count:,} values of {dtype} are "
            f"{_readable(count * FLOATS[dtype].bytes)}, and drawing them takes about "
            f"{_readable(needed)}. {_readable(available)} are available."
        )
        raise ConfigError([Fault(problem)])


def available_memory() -> int:
    """Return the bytes of memory that this process may still take, or a large number if unknown."""
    limits = [2**63]
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        limits.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                limits.append(int(line.split()[1]) * 1024)
        group = Path("/sys/fs/cgroup")
        limit = int((group / "memory.max").read_text())
        limits.append(limit - int((group / "memory.current").read_text()))
    except (OSError, ValueError):  # not Linux, or no limit ("max")
        pass
    return min(limits)


def _readable(size: float) -> str:
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB"):
        if size < 1024 or unit == "PiB":
            return f"{size:,.0f} {unit}" if unit == "bytes" else f"{size:,.1f} {unit}"
        size /= 1024
    raise AssertionError
