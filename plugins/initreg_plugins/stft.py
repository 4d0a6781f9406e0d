"""STFT."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool

from initreg import InitializerConfig, Number, Shape, hookimpl

# The windows of `scipy.signal.get_window` that have no parameters.
Window = Literal[
    "barthann",
    "bartlett",
    "blackman",
    "blackmanharris",
    "bohman",
    "boxcar",
    "cosine",
    "exponential",
    "flattop",
    "hamming",
    "hann",
    "lanczos",
    "nuttall",
    "parzen",
    "taylor",
    "triang",
    "tukey",
]


class STFT(
    InitializerConfig,
    name="stft",
    aliases=("stft_initializer",),
    builds="keras.initializers:STFT",
    examples=("stft", "stft(side=imag, window=hamming)"),
):
    """Set the kernel of a short-time Fourier transform, for a convolution over time.

    The shape of the weight is (frame length, 1, FFT length // 2 + 1). Windows come from SciPy.
    """

    side: Literal["real", "imag"] = Field("real", description="The part of the transform.")
    window: Window | Annotated[tuple[Number, ...], Field(min_length=1)] | None = Field(
        "hann", description="Name of a SciPy window, its values, or None for no window."
    )
    scaling: Literal["density", "spectrum"] | None = Field(
        "density", description="Scale the window by its L2 or its L1 norm; None does not scale."
    )
    periodic: StrictBool = Field(False, description="Make the window periodic.")

    def example_shape(self) -> Shape:
        frame = len(self.window) if isinstance(self.window, tuple) else 256
        return (frame, 1, 129)


@hookimpl
def initreg_initializers() -> list[type[InitializerConfig]]:
    return [STFT]
