"""The recurrent language model: the protocol, PyTorch's numbers, ties, and one step at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from protocol import check_layer, normal, torch_or_skip

import chainrule
from chainrule.layers import CrossEntropyLoss, manual_seed
from chainrule.layers.new import default_dtype
from chainrule.models import RecurrentLM
from chainrule.training import Adam

IDS = np.array([[3, 0, 3, 1], [2, 4, 4, 4], [0, 1, 2, 3]])  # (batch, time), with repeated ids
every_cell = pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])


def model_of(cell: str, **options: Any) -> RecurrentLM:
    manual_seed(4)
    with default_dtype("float64"):
        return RecurrentLM(5, cell=cell, **{"embedding": 3, "hidden": 4, "layers": 2, **options})


def state_of(cell: str) -> Any:
    h, c = normal(2, 3, 4, seed=1), normal(2, 3, 4, seed=2)
    return (h, c) if cell == "lstm" else h


@every_cell
@pytest.mark.parametrize("tied", [False, True])
def test_the_protocol_holds(cell: str, tied: bool) -> None:
    model = model_of(cell, tied=tied, embedding=4 if tied else 3, dropout=0.3)
    check_layer(model, IDS, state_of(cell), limit=20)


@every_cell
def test_twenty_steps_are_those_of_pytorch(cell: str) -> None:
    torch = torch_or_skip()
    ours = model_of(cell)
    embedding, decoder = torch.nn.Embedding(5, 3), torch.nn.Linear(4, 5)
    recurrent = getattr(torch.nn, cell.upper())(3, 4, 2, batch_first=True)
    theirs = torch.nn.ModuleDict({"embedding": embedding, "rnn": recurrent, "decoder": decoder}).double()
    theirs.load_state_dict({name: torch.from_numpy(a.copy()) for name, a in ours.state_dict().items()})
    loss, optimizer = CrossEntropyLoss(axis=-1), Adam(list(ours.parameters()), 0.01)
    adam = torch.optim.Adam(theirs.parameters(), 0.01)
    targets = (IDS + 2) % 5
    state, their_state = None, None
    for _ in range(20):  # the state is carried on, the gradient is not
        (logits, state), cache = ours.forward(IDS, state)
        total, count, loss_cache = loss.forward(logits, targets)
        ours.zero_grad()
        ours.backward((loss.backward(1 / count, loss_cache)[0], None), cache)
        optimizer.step()

        hidden, their_state = recurrent(embedding(torch.from_numpy(IDS)), their_state)
        their_loss = torch.nn.functional.cross_entropy(
            decoder(hidden).flatten(0, 1), torch.from_numpy(targets).flatten()
        )
        adam.zero_grad()
        their_loss.backward()
        adam.step()
        parts = their_state if isinstance(their_state, tuple) else (their_state,)
        their_state = tuple(part.detach() for part in parts)
        their_state = their_state if cell == "lstm" else their_state[0]
        assert total / count == pytest.approx(their_loss.item(), rel=1e-9)
    for name, weight in ours.state_dict().items():
        np.testing.assert_allclose(weight, theirs.state_dict()[name].numpy(), rtol=1e-6, err_msg=name)


@every_cell
def test_one_character_at_a_time_gives_the_same_logits(cell: str) -> None:
    model = model_of(cell).eval()
    logits, _ = model(IDS)
    state = None
    for t in range(IDS.shape[1]):
        at_t, state = model.step(IDS[:, t : t + 1], state)
        np.testing.assert_allclose(at_t, logits[:, t], rtol=1e-12)


def test_a_logit_depends_on_no_later_character() -> None:
    model = model_of("lstm").eval()
    changed = IDS.copy()
    changed[:, 2] = (changed[:, 2] + 1) % 5
    before, after = model(IDS)[0], model(changed)[0]
    np.testing.assert_array_equal(before[:, :2], after[:, :2])
    assert (before[:, 2:] != after[:, 2:]).all()


def test_a_tied_table_is_one_parameter() -> None:
    model = model_of("gru", tied=True, embedding=4)
    names = [name for name, _ in model.named_parameters()]
    assert "embedding.weight" in names
    assert "decoder.weight" not in names
    assert "decoder.weight" in model.state_dict()
    with pytest.raises(ValueError, match="as large as the state, got 3 and 4"):
        model_of("gru", tied=True)


def test_an_unknown_cell_is_named() -> None:
    with pytest.raises(ValueError, match="no cell is called 'LSTM': choose one of rnn, lstm, gru"):
        RecurrentLM(5, cell="LSTM")


@every_cell
def test_the_doctor_is_silent(cell: str) -> None:
    report = chainrule.check(model_of(cell, layers=1), IDS)
    assert report.ok, report
