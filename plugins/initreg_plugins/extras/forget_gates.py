"""Notice an LSTM that sets the bias of its forget gate itself."""

import sys
from types import FrameType
from typing import Any


def demand_all_gates() -> None:
    """Raise `ValueError` if an LSTM asks for the bias of some of its gates.

    With `unit_forget_bias`, an LSTM asks its initializer for the bias of the first gate, and then
    for that of the last two. The shapes don't show it: four gates of two units look like one gate
    of eight. So this looks for the function of Keras that asks: `bias_initializer` of a cell, in
    keras/src/layers/rnn/lstm.py and conv_lstm.py. If Keras renames it, nothing is noticed. Test:
    blocks, test_an_lstm_that_asks_for_some_gates_only_gets_an_error.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_name == "bias_initializer":
            cell: Any = frame.f_locals.get("self")
            if getattr(cell, "unit_forget_bias", False):
                raise ValueError(
                    f"{cell.name} sets the bias of its forget gate itself, and asks for the other "
                    "gates only. Set unit_forget_bias=False."
                )
        frame = frame.f_back
