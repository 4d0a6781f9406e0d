"""Config files as data, with the position of each value: YAML, JSON, TOML and Keras archives.

Nothing here knows about initializers. The rest of the library uses the names exported below.
"""

from initreg.documents.document import Document
from initreg.documents.node import Items, Node, Pairs, Scalar
from initreg.documents.reading import Source, read, read_file
from initreg.documents.slot import Path, Slot

__all__ = [
    "Document",
    "Items",
    "Node",
    "Pairs",
    "Path",
    "Scalar",
    "Slot",
    "Source",
    "read",
    "read_file",
]
