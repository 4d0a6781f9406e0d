"""The errors of `initreg.draw`."""

import pytest

from initreg import ConfigError, Normal, UnknownInitializerError, draw


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"shape": (3, -1)}, "A shape must be whole numbers, 0 or more, not [3, -1]."),
        ({"shape": (3, 1.5)}, "A shape must be whole numbers, 0 or more, not [3, 1.5]."),
        ({"shape": 1.5}, "A shape must be whole numbers, 0 or more, not [1.5]."),
        ({"shape": None}, "A shape must be whole numbers, 0 or more, not [None]."),
        ({"shape": True}, "A shape must be whole numbers, 0 or more, not [True]."),
        ({"shape": (None, 3)}, "A shape must be whole numbers, 0 or more, not [None, 3]."),
        ({"shape": "3"}, "A shape must be whole numbers, 0 or more, not ['3']."),
        (
            {"dtype": "int32"},
            "dtype must be one of float16, bfloat16, float32, float64, not 'int32'.",
        ),
        ({"seed": True}, "seed must be a whole number, 0 … 4294967295, not True."),
        ({"seed": -1}, "seed must be a whole number, 0 … 4294967295, not -1."),
        ({"seed": 2**32}, "seed must be a whole number, 0 … 4294967295, not 4294967296."),
        ({"seed": 1.5}, "seed must be a whole number, 0 … 4294967295, not 1.5."),
        ({"seed": None}, "seed must be a whole number, 0 … 4294967295, not None."),
        (
            {"spec": "stft"},
            "stft can't be drawn without Keras: its class defines neither distribution() nor "
            "draw(). Use initreg.sample or initreg.resolve.",
        ),
        (
            {"spec": "orthogonal", "shape": 4},
            "orthogonal does not fit the shape [4]: an orthogonal matrix needs two axes or more",
        ),
        (
            {"spec": "identity", "shape": (2, 2, 2)},
            "identity does not fit the shape [2, 2, 2]: an identity needs two axes",
        ),
        (
            {"spec": "constant([1, 2])", "shape": (2, 3)},
            "constant(value=[1, 2]) does not fit the shape [2, 3]: operands could not be broadcast",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
@pytest.mark.parametrize("spec", ["normal", Normal()], ids=["a name", "a distribution"])
def test_errors(spec, changes, text):
    arguments = {"spec": spec, "shape": (2, 3), "seed": 1, "dtype": "float32", **changes}
    with pytest.raises(ConfigError) as caught:
        draw(**arguments)
    assert str(caught.value).startswith(text)


def test_an_unknown_name():
    with pytest.raises(UnknownInitializerError, match="Did you mean 'he_normal'"):
        draw("he_norml", (2, 3), seed=1)
