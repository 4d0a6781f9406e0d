"""Stable keyed seeds: the same on every machine, process and Python version."""

import operator

from initreg.errors import ConfigError, Fault
from initreg.public import public
from initreg.wording import shown

MAX_SEED = 2**32 - 1


@public
def derive_seed(seed: int, *names: str | int) -> int:
    """Derive a seed for a part of something from the seed of the whole.

    >>> derive_seed(42, "encoder", "dense")
    1350510807
    >>> derive_seed(42, "encoder/dense") == derive_seed(42, "encoder", "dense")
    False

    `seed` is a whole number; the result lies in 0 … 2³²−1. It is the start of the BLAKE2b digest
    (RFC 7693) of the seed and the names, each preceded by its length, so that different lists of
    names never read alike. Raises `TypeError` for a seed that is no whole number, such as None.
    """
    return int.from_bytes(_digest(4, str(operator.index(seed)), *names), "little")


def derive_key(seed: int, *names: str | int) -> int:
    """Derive the key of a stream of random words: as `derive_seed`, of 128 bits.

    So many that no two weights of any model share one by chance.

    >>> derive_key(42, "dense/kernel") == derive_key(42, "dense/bias")
    False
    """
    return int.from_bytes(_digest(16, str(operator.index(seed)), *names), "little")


def _digest(size: int, *parts: str | int) -> bytes:
    import hashlib  # takes longer to import than most of initreg

    digest = hashlib.blake2b(digest_size=size)
    for part in parts:
        written = str(part).encode("utf-8", "surrogatepass")
        # A number is not the text that it is written as: its length is marked.
        length = len(written) if isinstance(part, str) else len(written) | 1 << 63
        digest.update(length.to_bytes(8, "little") + written)
    return digest.digest()


def checked_seed(seed: object) -> int:
    """Return a seed as a plain int, or refuse it."""
    try:
        whole = operator.index(seed)  # type: ignore[arg-type]
    except TypeError:
        whole = -1
    if isinstance(seed, bool) or not 0 <= whole <= MAX_SEED:
        problem = f"seed must be a whole number, 0 … {MAX_SEED}, not {shown(seed)}."
        raise ConfigError([Fault(problem)])
    return whole
