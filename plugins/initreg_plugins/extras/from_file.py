"""FromFile: values from a NumPy file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Never

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from initreg import ConfigError, Fans, Fault, InitializerConfig, Shape, hookimpl

if TYPE_CHECKING:
    import numpy as np


def _check_path(path: str) -> str:
    if not path.endswith((".npy", ".npz")):
        raise PydanticCustomError("path", "must be the path of a .npy or .npz file")
    if "://" in path or path.startswith(("//", "\\\\")):  # Windows would connect to that server
        raise PydanticCustomError("path", "must be the path of a file on this machine")
    return path


NumpyPath = Annotated[
    str,
    Field(strict=True, json_schema_extra={"pattern": r"\.np[yz]$"}),
    AfterValidator(_check_path),
]


class FromFile(InitializerConfig, name="from_file", examples=("from_file('weights.npy')",)):
    """Set the weight to the values of a .npy file, or of one array in a .npz file.

    The file is read when a weight is made, not when a config is checked, and never as pickle. Its
    shape must be the shape of the weight. A relative path starts at the working directory. A saved
    model contains only the path, and Keras fills weights before it reads the saved ones, so the
    file must exist when the model is loaded.
    """

    path: NumpyPath = Field(description="Path of a .npy or .npz file.")
    key: str | None = Field(None, description="Name of the array, if a .npz file has several.")

    def draw(self, shape: Shape, fans: Fans, seed: int, path: str = "") -> "np.ndarray[Any, Any]":
        values = self._read()
        if values.shape != shape:
            self._reject(f"it has the shape {list(values.shape)}, not {list(shape)}")
        return values

    def example_shape(self) -> Shape:
        shape: Shape = self._read().shape
        return shape

    def _read(self) -> "np.ndarray[Any, Any]":
        import zipfile
        import zlib

        import numpy as np

        try:
            with Path(self.path).open("rb") as file:
                array = np.load(file, allow_pickle=False)
                if self.path.endswith(".npz"):
                    if isinstance(array, np.ndarray):
                        self._reject("it contains a single array, so it is a .npy file, not .npz")
                    array = array[self._key_among(array.files)]
                elif self.key is not None:
                    self._reject("a .npy file has a single array, without a key")
        except ConfigError:  # which is also a ValueError
            raise
        except OSError as error:
            self._reject(f"{error.strerror or error}")
        except (ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            # NumPy takes files in other formats for pickle, and its message says so.
            problem = "it contains Python objects, which are never read, or isn't a NumPy file"
            self._reject(problem if "pickle" in str(error) else str(error))
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiu":
            dtype = getattr(array, "dtype", type(array).__name__)
            self._reject(f"its values must be integers or floats, not {dtype}")
        values = array.astype(np.float64)
        if not np.isfinite(values).all():
            self._reject("it contains infinity or NaN")
        return values

    def _key_among(self, keys: list[str]) -> str:
        if self.key is None and len(keys) == 1:
            return keys[0]
        if self.key is None or self.key not in keys:
            about = "needs a key" if self.key is None else f"has no key {self.key!r}"
            self._reject(f"it {about}. Its keys: {', '.join(keys) or 'none'}")
        return self.key

    def _reject(self, problem: str) -> Never:
        raise ConfigError([Fault(f"{self.path}: {problem}.")])


@hookimpl
def initreg_initializers() -> list[type[InitializerConfig]]:
    return [FromFile]
