"""Seeds: their range, and seeds derived from others, the same on every machine and Python."""

import operator

from initreg.errors import ConfigError, Fault
from initreg.public import public
from initreg.wording import shown

MAX_SEED = 2**32 - 1
"""The largest seed. Every backend of Keras takes seeds up to here."""


def checked_seed(seed: object, *, allow_float: bool = False) -> int:
    """Return a seed as a plain int. Raises `ConfigError` if it isn't a whole number in range.

    With `allow_float`, 42.0 is a seed too: config files may hold a number in that form.
    """
    try:
        if allow_float and isinstance(seed, float) and seed.is_integer():
            whole = int(seed)
        else:
            whole = operator.index(seed)  # type: ignore[arg-type]
    except TypeError:
        whole = -1
    if isinstance(seed, bool) or not 0 <= whole <= MAX_SEED:
        problem = f"seed must be a whole number, 0 … {MAX_SEED}, not {shown(seed)}."
        raise ConfigError([Fault(problem)])
    return whole


def random_seed() -> int:
    """Return a seed from the system's randomness, unaffected by `random.seed` and the like."""
    import secrets  # takes longer to import than the rest of this module

    return secrets.randbelow(MAX_SEED + 1)


@public
def derive_seed(seed: int, *names: str | int) -> int:
    """Derive a seed for a part of something from the seed of the whole.

    >>> derive_seed(42, "encoder", "dense")
    1350510807
    >>> derive_seed(42, "encoder/dense") == derive_seed(42, "encoder", "dense")
    False

    `seed` is a whole number; the result is in 0 … 2³²−1. It is the start of the BLAKE2b digest
    (RFC 7693) of the seed and the names. Each of them is preceded by its length, so different lists
    of names never give the same input. Raises `TypeError` if `seed` isn't a whole number, such as
    None.
    """
    return int.from_bytes(_digest(4, str(operator.index(seed)), *names), "little")


def derive_key(seed: int, *names: str | int) -> int:
    """Derive the key of a stream of random words, like `derive_seed`, but with 128 bits.

    That is enough bits that no two weights get the same key by chance.

    >>> derive_key(42, "dense/kernel") == derive_key(42, "dense/bias")
    False
    """
    return int.from_bytes(_digest(16, str(operator.index(seed)), *names), "little")


def _digest(size: int, *parts: str | int) -> bytes:
    import hashlib  # takes longer to import than most of initreg

    digest = hashlib.blake2b(digest_size=size)
    for part in parts:
        text = str(part).encode("utf-8", "surrogatepass")
        # The top bit of the length marks a number, so that 2 and "2" give different seeds.
        length = len(text) if isinstance(part, str) else len(text) | 1 << 63
        digest.update(length.to_bytes(8, "little") + text)
    return digest.digest()
