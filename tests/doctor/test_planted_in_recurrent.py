"""The classical faults of back-propagation through time, planted in our own code: each is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest
from planted import planted
from protocol import normal

import chainrule
from chainrule.layers import GRU, LSTM, RNN, Layer

X = normal(2, 4, 3)  # (batch, time, features)
GATES = {"rnn": 1, "lstm": 4, "gru": 3, "lstm_cell": 4}


class Fault(NamedTuple):
    code: str
    function: str
    right: str
    wrong: str


FAULTS = [
    Fault(
        "hidden-gradient-dropped", "rnn",
        "dstate = np.where(valid[:, t], da[:, t] @ weight_hh, dh)", "dstate = np.where(valid[:, t], 0, dh)",
    ),
    Fault(
        "hidden-gradient-dropped", "lstm",
        "dstate = np.where(valid[:, t], da_t @ weight_hh, dh)", "dstate = np.where(valid[:, t], 0, dh)",
    ),
    Fault(
        "cell-gradient-dropped", "lstm",
        "dcell = np.where(valid[:, t], dc, dcell)", "dcell = np.where(valid[:, t], 0, dcell)",
    ),
    Fault(
        "last-step-only", "lstm",
        "da_rows.T @ h_before.reshape(-1, h.shape[-1])", "da[:, -1].T @ h_before[:, -1]",
    ),
    Fault(
        "time-step-misaligned", "rnn",
        "before = previous_states(h, h0, reverse)", "before = h",
    ),
    Fault(
        "time-step-misaligned", "lstm",
        "h_before = previous_states(h, h0, reverse)", "h_before = h",
    ),
    Fault(
        "gate-order-permuted", "lstm_cell",
        "[da_i, da_f, da_g, da_o]", "[da_i, da_f, da_o, da_g]",
    ),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=[f"{f.code} in {f.function}" for f in FAULTS])
def test_a_fault_in_our_functions_is_named(fault: Fault, tmp_path: Path) -> None:
    rows = 4 * GATES[fault.function]
    states = [normal(2, 4, seed=seed) for seed in range(2 if "lstm" in fault.function else 1)]
    weights = [normal(rows, 3), normal(rows, 4), normal(rows), normal(rows, seed=1)]
    x = X[:, 0] if "cell" in fault.function else X
    with planted(tmp_path, f"functions/{fault.function}", (fault.right, fault.wrong)) as library:
        names = fault.function, f"{fault.function}_backward"
        report = chainrule.check(
            tuple(getattr(library.functions, name) for name in names), x, *states, *weights
        )
    assert not report.ok
    assert report.findings[0].code == fault.code, report


def leaky(layer_type: type[Layer]) -> type[Layer]:
    """The layer, but it goes on where the last call ended."""

    class Leaky(layer_type):  # type: ignore[misc, valid-type]
        kept: Any = None

        def forward(self, x: Any) -> Any:
            (output, self.kept), cache = super().forward(x, self.kept)
            return output, cache

        def backward(self, dy: Any, cache: Any) -> Any:
            return super().backward((dy, None), cache)[0]

    return Leaky


@pytest.mark.parametrize("layer_type", [RNN, LSTM, GRU])
def test_a_state_that_leaks_into_the_next_call_is_named(layer_type: type[Layer]) -> None:
    report = chainrule.check(leaky(layer_type)(3, 4), X)
    assert report.findings[0].code == "state-carried-over", report
