"""Stable keyed seeds: the same on every machine, process and Python version."""

import operator

MAX_SEED = 2**32 - 1


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
    import hashlib  # takes longer to import than most of initreg

    digest = hashlib.blake2b(digest_size=4)
    for part in (str(operator.index(seed)), *names):
        written = str(part).encode("utf-8", "surrogatepass")
        # A number is not the text that it is written as: its length is marked.
        length = len(written) if isinstance(part, str) else len(written) | 1 << 63
        digest.update(length.to_bytes(8, "little") + written)
    return int.from_bytes(digest.digest(), "little")
