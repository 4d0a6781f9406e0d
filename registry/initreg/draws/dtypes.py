"""The dtypes that weights are drawn in."""

from typing import TYPE_CHECKING, Any

from initreg.errors import ConfigError, Fault

if TYPE_CHECKING:
    import numpy as np


DTYPES = ("float16", "bfloat16", "float32", "float64")


def checked_dtype(dtype: str) -> str:
    """Return the name of a float; raises `ConfigError` for any other."""
    if dtype not in DTYPES:
        raise ConfigError([Fault(f"dtype must be one of {', '.join(DTYPES)}, not {dtype!r}.")])
    return dtype


def as_dtype(dtype: str) -> "np.dtype[Any]":
    """Return NumPy's dtype of a float; raises `ConfigError` for what is none."""
    import numpy as np

    kind: Any = checked_dtype(dtype)
    if kind == "bfloat16":
        from ml_dtypes import bfloat16 as kind
    found: np.dtype[Any] = np.dtype(kind)
    return found
