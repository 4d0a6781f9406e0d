"""The floats that weights are drawn in: one table of all that the code knows about them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from initreg.errors import ConfigError, Fault

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class Float:
    """One dtype: its size, its reach, and the dtypes it is drawn in and kept in.

    - `bytes`: size of one value;
    - `largest`: the largest finite value;
    - `drawn_in`: the dtype that distributions fill; the values are then cast to this one;
    - `kept_in`: NumPy's own dtype that holds every value, for statistics and files;
    - `digits`: decimal digits that give every value of `kept_in` back exactly.
    """

    bytes: int
    largest: float
    drawn_in: str
    kept_in: str
    digits: int


FLOATS = {
    "float16": Float(bytes=2, largest=65504.0, drawn_in="float32", kept_in="float16", digits=5),
    "bfloat16": Float(
        bytes=2, largest=3.3895313892515355e38, drawn_in="float32", kept_in="float32", digits=9
    ),
    "float32": Float(
        bytes=4, largest=3.4028234663852886e38, drawn_in="float32", kept_in="float32", digits=9
    ),
    "float64": Float(
        bytes=8, largest=1.7976931348623157e308, drawn_in="float64", kept_in="float64", digits=17
    ),
}


def checked_dtype(dtype: str) -> str:
    """Return the name of a float. Raises `ConfigError` for any other dtype."""
    if dtype not in FLOATS:
        raise ConfigError([Fault(f"dtype must be one of {', '.join(FLOATS)}, not {dtype!r}.")])
    return dtype


def as_dtype(dtype: str) -> "np.dtype[Any]":
    """Return NumPy's dtype for the name of a float. Raises `ConfigError` for any other name."""
    import numpy as np

    if FLOATS[checked_dtype(dtype)].kept_in != dtype:
        import ml_dtypes  # noqa: F401  # makes its name known to NumPy

    return np.dtype(dtype)
