"""Any part of a stream has the same words as in the whole stream, in any order of calls."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from initreg.draws.streams import Stream

LENGTH = 20_000  # long enough for gaps that are skipped with `advance()`
widths = st.booleans()
places = st.integers(0, LENGTH)
slices = st.tuples(places, places).map(sorted)
WHOLE = {wide: Stream(7, 3, wide=wide).words(0, LENGTH) for wide in (False, True)}

each_width = pytest.mark.parametrize("wide", [False, True], ids=["32 bits", "64 bits"])


@given(widths, st.lists(slices, max_size=8))
def test_slices_are_parts_of_the_whole_in_any_order(wide, parts):
    stream = Stream(7, 3, wide=wide)
    for start, stop in parts:
        words = stream.words(start, stop)
        assert words.dtype == (np.int64 if wide else np.int32)
        np.testing.assert_array_equal(words, WHOLE[wide][start:stop])


@given(widths, st.integers(1, 40), st.lists(st.integers(0, 6000), min_size=1, max_size=12), places)
def test_runs_are_slices_joined_in_order(wide, length, gaps, before):
    starts = np.cumsum([0, *(length + gap for gap in gaps)])
    starts = starts[starts + length <= LENGTH]
    stream = Stream(7, 3, wide=wide)
    stream.words(0, before)  # any position before
    words = stream.runs(starts, length)
    expected = [WHOLE[wide][start : start + length] for start in starts]
    np.testing.assert_array_equal(words, np.concatenate(expected))


@each_width
def test_the_caller_may_change_the_words(wide):
    stream = Stream(7, 3, wide=wide)
    words = stream.words(1, 9)
    words[:] = 0
    np.testing.assert_array_equal(stream.words(1, 9), WHOLE[wide][1:9])


def test_a_word_of_64_bits_is_two_of_32_bits_the_lower_half_first():
    np.testing.assert_array_equal(WHOLE[True].view("<i4")[:LENGTH], WHOLE[False])


@each_width
def test_streams_of_other_keys_and_chunks_share_no_words(wide):
    keys = [0, 1, 2, 2**32, 2**64, 2**128 - 1]
    streams = [
        Stream(key, chunk, wide=wide) for key, chunk in itertools.product(keys, [0, 1, 2**20])
    ]
    # 18 streams of 100 words: with 32 bits, two are equal by chance in 1 of 2,700 such tests.
    words = np.concatenate([stream.words(0, 100) for stream in streams])
    assert len(np.unique(words)) == len(words)


@each_width
def test_each_bit_is_set_in_half_of_the_words_and_independent_of_the_others(wide):
    # Each count is binomial, so it is more than 6 standard deviations off once in 5e8 tests.
    bits = np.unpackbits(WHOLE[wide].view(np.uint8)).reshape(LENGTH, -1)
    shares = bits.mean(axis=0)
    assert abs(shares - 0.5).max() < 6 * 0.5 / LENGTH**0.5
    together = np.corrcoef(bits, rowvar=False) - np.eye(bits.shape[1])
    assert abs(together).max() < 6 / LENGTH**0.5


# NumPy promises that PCG64DXSM never changes (NEP 19). Other words would change every weight.
def test_golden_words():
    assert Stream(7, 0).words(0, 4).tolist() == [-825443396, 1375934887, 1454508519, 1584540511]
    assert Stream(7, 0, wide=True).words(0, 2).tolist() == [
        5909595344559979452,
        6805549675386636775,
    ]
