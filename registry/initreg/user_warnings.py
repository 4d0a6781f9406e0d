"""Warn users at their own line of code."""

import sys
import warnings

from initreg.errors import InitregWarning

# Frames of these packages are between initreg and the user: a field of a Pydantic model calls
# initreg, and so do a resolver of OmegaConf and a saved model of Keras.
_SKIPPED = (
    *("initreg", "initreg_cli", "initreg_plugins"),
    *("antlr4", "keras", "omegaconf", "pydantic", "pydantic_settings"),
)


def warn_user(message: str, category: type[InitregWarning] = InitregWarning) -> None:
    """Emit a warning at the line of the user's code that called initreg.

    No fixed `stacklevel` can do this, because the number of frames between the user and initreg
    varies. `skip_file_prefixes` can, from Python 3.12 on.
    """
    frame = sys._getframe(1)
    while frame.f_back is not None and _package(frame.f_globals) in _SKIPPED:
        frame = frame.f_back
    warnings.warn_explicit(
        message,
        category,
        filename=frame.f_code.co_filename,
        lineno=frame.f_lineno,
        module=frame.f_globals.get("__name__"),
        registry=frame.f_globals.setdefault("__warningregistry__", {}),
    )


def _package(namespace: dict[str, object]) -> str:
    return str(namespace.get("__name__")).partition(".")[0]
