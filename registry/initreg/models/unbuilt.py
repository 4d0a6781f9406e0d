"""The layers that were created in a scope and are not built by its end."""

import gc
from collections.abc import Sequence
from typing import Any
from weakref import ref

from initreg.backend import load_keras
from initreg.wording import listed


def unbuilt_text(references: Sequence[ref[Any]]) -> str:
    """Return a sentence about the layers that have not made their weights yet, or nothing."""
    if not _unbuilt(references):
        return ""
    gc.collect()  # layers are in reference cycles, so unused ones are still there
    layers = _unbuilt(references)
    if not layers:
        return ""
    names = [f"{layer.name} ({type(layer).__name__})" for layer in layers]
    return (
        "Created in the scope but never built, so Keras will initialize them without the "
        f"scope: {listed(names, 5)}. Call the model once on an input inside the scope, "
        "or use initreg.apply after it is built."
    )


def _unbuilt(references: Sequence[ref[Any]]) -> list[Any]:
    keras = load_keras()
    merging = keras.layers.Add, keras.layers.Concatenate, keras.layers.Dot
    without_weights = [
        layer_class.build for layer_class in (keras.layers.Layer, keras.Model, *merging)
    ]
    alive = [layer for layer in (reference() for reference in references) if layer is not None]
    return [
        layer
        for layer in alive
        # A layer whose creation failed has no `built`. A wrapped layer is in the list itself.
        if not getattr(layer, "built", True)
        and type(layer).build not in without_weights
        and not isinstance(layer, keras.layers.Wrapper)
    ]
