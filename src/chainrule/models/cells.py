"""The recurrent layers by name."""

from __future__ import annotations

from typing import Any

from chainrule.layers import GRU, LSTM, RNN

CELLS: dict[str, type[RNN] | type[LSTM] | type[GRU]] = {"rnn": RNN, "lstm": LSTM, "gru": GRU}


def check_cell(cell: str) -> None:
    """Raises ValueError, listing all names, if no cell has this one."""
    if cell not in CELLS:
        raise ValueError(f"no cell is called {cell!r}: choose one of {', '.join(CELLS)}")


def recurrent(
    cell: str, features: int, hidden: int, layers: int, dropout: float, **options: Any
) -> RNN | LSTM | GRU:
    """The recurrent layer of this name; dropout stands between its layers, if there are several."""
    check_cell(cell)
    between = dropout if layers > 1 else 0.0
    return CELLS[cell](features, hidden, layers, dropout=between, **options)
