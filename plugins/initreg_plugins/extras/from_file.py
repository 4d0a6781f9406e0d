"""Values from a file of NumPy's."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Never

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from initreg import ConfigError, Fault, InitializerConfig, Shape, hookimpl

if TYPE_CHECKING:
    import numpy as np


def _is_of_numpy(path: str) -> str:
    if not path.endswith((".npy", ".npz")):
        raise PydanticCustomError("path", "must be the path of a .npy or .npz file")
    if "://" in path or path.startswith(("//", "\\\\")):  # Windows would log in to that server
        raise PydanticCustomError("path", "must be the path of a file on this machine")
    return path


NumpyPath = Annotated[
    str,
    Field(strict=True, json_schema_extra={"pattern": r"\.np[yz]$"}),
    AfterValidator(_is_of_numpy),
]


class FromFile(InitializerConfig, name="from_file", examples=("from_file('weights.npy')",)):
    """Set the weight to the values of a .npy file, or of one array in a .npz file.

    The file is read when a weight is made, never to check a config, and never as pickle. Its shape
    is the weight's. A path that is not absolute counts from the working directory. A saved model
    holds the path alone, and Keras fills weights before it reads the saved ones: so the file is
    needed to load the model, too.
    """

    path: NumpyPath = Field(description="Path of a .npy or .npz file.")
    key: str | None = Field(None, description="Name of the array in a .npz file of several.")

    def draw(self, shape: Shape, seed: int, path: str = "") -> "np.ndarray[Any, Any]":
        values = self._read()
        if values.shape != shape:
            self._refuse(f"it holds the shape {list(values.shape)}, not {list(shape)}")
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
                found = np.load(file, allow_pickle=False)
                if self.path.endswith(".npz"):
                    if isinstance(found, np.ndarray):
                        self._refuse("it is no .npz file, but holds one array, as a .npy file does")
                    found = found[self._key_among(found.files)]
                elif self.key is not None:
                    self._refuse("a .npy file holds one array, which has no key")
        except ConfigError:  # a ValueError, too
            raise
        except OSError as error:
            self._refuse(f"{error.strerror or error}")
        except (ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            # NumPy takes what it does not know for pickle, and says so.
            problem = "it holds Python objects, or nothing of NumPy's, and pickle is not read"
            self._refuse(problem if "pickle" in str(error) else str(error))
        if not isinstance(found, np.ndarray) or found.dtype.kind not in "fiu":
            kind = getattr(found, "dtype", type(found).__name__)
            self._refuse(f"it holds values of {kind}, and no numbers that a weight can have")
        values = found.astype(np.float64)
        if not np.isfinite(values).all():
            self._refuse("it holds infinity or NaN")
        return values

    def _key_among(self, keys: list[str]) -> str:
        if self.key is None and len(keys) == 1:
            return keys[0]
        if self.key is None or self.key not in keys:
            about = "needs a key" if self.key is None else f"has no key {self.key!r}"
            self._refuse(f"it {about}. It has {', '.join(keys) or 'none'}")
        return self.key

    def _refuse(self, problem: str) -> Never:
        raise ConfigError([Fault(f"{self.path}: {problem}.")])


@hookimpl
def initreg_initializers() -> list[type[InitializerConfig]]:
    return [FromFile]
