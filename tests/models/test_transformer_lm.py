"""The Transformer as a language model: the protocol, PyTorch, causal order, one id at a time."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from layers.attention_cases import shaken, shaken_torch, tensor
from protocol import check_layer, compare_layer, torch_or_skip

import chainrule
from chainrule.generation import generate
from chainrule.layers import CrossEntropyLoss, default_dtype, manual_seed
from chainrule.models import TransformerLM
from chainrule.training import Adam

IDS = np.array([[3, 0, 3, 1], [2, 4, 4, 4], [0, 1, 2, 3]])  # (batch, time), with repeated ids
VOCABULARY, CONTEXT, D_MODEL, HEADS, LAYERS, FEED_FORWARD = 5, 8, 6, 2, 3, 7
every_kind = pytest.mark.parametrize(
    "options",
    [{}, {"positions": "sinusoidal", "norm_first": False}, {"positions": "rotary", "d_k": 4}],
    ids=str,
)


def model_of(**options: Any) -> TransformerLM:
    manual_seed(8)
    options = {"context": CONTEXT, "dropout": 0.0, "dim_feedforward": FEED_FORWARD} | options
    with default_dtype("float64"):
        return shaken(TransformerLM(VOCABULARY, d_model=D_MODEL, nhead=HEADS, num_layers=LAYERS, **options))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"tied": False, "dropout": 0.2, "bias": False},
        {"positions": "sinusoidal", "scale_embedding": True, "norm_first": False, "activation": "relu"},
        {"positions": "rotary", "d_k": 4, "tied": False, "output_bias": True},
    ],
    ids=str,
)
def test_the_protocol_holds(options: dict[str, Any]) -> None:
    check_layer(model_of(context=4, **options), IDS, limit=8)


# ---------------------------------------------------------------- PyTorch


def torch_lm(tied: bool) -> Any:
    """GPT-2's shape around torch.nn.TransformerEncoder."""
    torch = torch_or_skip()
    nn = torch.nn

    class Positions(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(CONTEXT, D_MODEL))

    class Model(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            table = nn.Embedding(VOCABULARY, D_MODEL)
            self.input = nn.ModuleDict({"embedding": table, "positions": Positions()})
            layer = nn.TransformerEncoderLayer(
                D_MODEL, HEADS, FEED_FORWARD, 0.0, "gelu", norm_first=True, batch_first=True
            )
            norm = nn.LayerNorm(D_MODEL)
            self.transformer = nn.TransformerEncoder(layer, LAYERS, norm, enable_nested_tensor=False)
            self.output = nn.Linear(D_MODEL, VOCABULARY, bias=False)
            if tied:
                self.output.weight = table.weight

        def forward(self, ids: Any) -> Any:
            time = ids.shape[1]
            x = self.input["embedding"](ids) + self.input["positions"].weight[:time]
            later = torch.ones(time, time, dtype=torch.bool).triu(1)
            return self.output(self.transformer(x, mask=later))

    return shaken_torch(Model())


@pytest.mark.parametrize("tied", [True, False])
def test_pytorch_agrees(tied: bool) -> None:
    compare_layer(model_of(tied=tied), torch_lm(tied), IDS)


def test_twenty_steps_are_those_of_pytorch() -> None:
    torch = torch_or_skip()
    ours, theirs = model_of(), torch_lm(tied=True).double()
    ours.load_state_dict({name: value.numpy() for name, value in theirs.state_dict().items()})
    loss, optimizer = CrossEntropyLoss(axis=-1), Adam(list(ours.parameters()), 0.01)
    adam = torch.optim.Adam(theirs.parameters(), 0.01)
    ids, targets = IDS[:, :-1], IDS[:, 1:]
    for _ in range(20):
        logits, cache = ours.forward(ids)
        total, count, loss_cache = loss.forward(logits, targets)
        ours.zero_grad()
        ours.backward(loss.backward(1 / count, loss_cache)[0], cache)
        optimizer.step()

        their_logits = theirs(tensor(ids)).flatten(0, 1)
        their_loss = torch.nn.functional.cross_entropy(their_logits, tensor(targets).flatten())
        adam.zero_grad()
        their_loss.backward()
        adam.step()
        assert total / count == pytest.approx(their_loss.item(), rel=1e-8)
    for name, weight in ours.state_dict().items():
        expected = theirs.state_dict()[name].numpy()
        np.testing.assert_allclose(weight, expected, rtol=1e-5, atol=1e-8, err_msg=name)


# ---------------------------------------------------------------- order and steps


@every_kind
@pytest.mark.parametrize("t", range(3))
def test_a_logit_depends_on_no_later_id(options: dict[str, Any], t: int) -> None:
    model = model_of(**options)
    changed = IDS.copy()
    changed[:, t + 1 :] = (changed[:, t + 1 :] + 1) % VOCABULARY
    before, after = model(IDS), model(changed)
    np.testing.assert_array_equal(before[:, : t + 1], after[:, : t + 1])
    assert (before[:, t + 1 :] != after[:, t + 1 :]).all()


@every_kind
@pytest.mark.parametrize("first", [1, 3])
def test_steps_give_what_recomputing_gives(options: dict[str, Any], first: int) -> None:
    model = model_of(**options).eval()
    whole = model(IDS)
    logits, state = model.step(IDS[:, :first])
    np.testing.assert_allclose(logits, whole[:, first - 1], rtol=1e-10)
    for t in range(first, 4):
        kept = state.ids
        logits, state = model.step(IDS[:, t : t + 1], state)
        np.testing.assert_allclose(logits, whole[:, t], rtol=1e-10)
        np.testing.assert_array_equal(kept, IDS[:, :t])  # the state that was given is not changed


@every_kind
def test_a_step_looks_back_no_further_than_the_context(options: dict[str, Any]) -> None:
    """With a context of 4: of a fifth id, and the four before it, the last two are read as a beginning."""
    model = model_of(context=4, **options).eval()
    _, state = model.step(IDS)
    new = np.array([[1], [0], [4]])
    logits, state = model.step(new, state)
    window = np.concatenate([IDS[:, 3:], new], axis=1)
    np.testing.assert_array_equal(state.ids, window)
    np.testing.assert_allclose(logits, model(window)[:, -1], rtol=1e-10)

    longer = np.concatenate([IDS, new], axis=1)  # so is a prompt that does not fit
    np.testing.assert_allclose(model.step(longer)[0], logits, rtol=1e-10)


def test_a_context_of_one_is_a_bigram_model() -> None:
    model = model_of(context=1).eval()
    first, second = model.step(IDS)[0], model.step(IDS[:, -1:])[0]
    np.testing.assert_array_equal(first, second)


def test_generation_goes_on_beyond_the_context() -> None:
    model = model_of().eval()
    drawn = np.array(list(itertools.islice(generate(model, IDS, seed=1), 3 * CONTEXT)))
    assert drawn.shape == (3 * CONTEXT, 3)
    greedy = np.array(list(generate(model, IDS, 4, temperature=0))).T
    ids = IDS
    for _ in range(4):  # as if nothing was kept
        ids = np.concatenate([ids, model(ids)[:, -1:].argmax(-1)], axis=1)
    np.testing.assert_array_equal(greedy, ids[:, 4:])


# ---------------------------------------------------------------- sizes, beginnings, errors


def test_gpt2_has_as_many_parameters_as_gpt2() -> None:
    """By hand, for one layer: tables, in_proj, out_proj, feed-forward part, three norms."""
    manual_seed(0)
    model = TransformerLM(50, 20, 12, 3, 1)
    by_hand = 50 * 12 + 20 * 12 + (36 * 12 + 36) + (12 * 12 + 12) + (48 * 12 + 48 + 12 * 48 + 12) + 3 * 24
    assert sum(parameter.size for parameter in model.parameters()) == by_hand


def test_weights_begin_as_in_gpt2() -> None:
    manual_seed(0)
    model = TransformerLM(300, 100, 64, 4, 8)
    spread = {name: parameter.data.std() for name, parameter in model.named_parameters()}
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            assert not parameter.data.any(), name
    residual = 0.02 / math.sqrt(16)
    assert spread["input.embedding.weight"] == pytest.approx(0.02, rel=0.05)
    assert spread["transformer.layers.7.self_attn.in_proj_weight"] == pytest.approx(0.02, rel=0.05)
    assert spread["transformer.layers.7.self_attn.out_proj.weight"] == pytest.approx(residual, rel=0.05)
    assert spread["transformer.layers.0.linear2.weight"] == pytest.approx(residual, rel=0.05)
    assert (model.transformer.norm.weight.data == 1).all()


def test_a_tied_table_is_one_parameter() -> None:
    names = [name for name, _ in model_of().named_parameters()]
    assert "input.embedding.weight" in names
    assert "output.weight" not in names
    assert "output.weight" in model_of().state_dict()
    assert "output.weight" in [name for name, _ in model_of(tied=False).named_parameters()]


def test_errors() -> None:
    model = model_of(context=3)
    with pytest.raises(ValueError, match="has the positions 0 to 2, got 0 to 3"):
        model(IDS)
    with pytest.raises(IndexError, match=r"id 5 at .* has no row: there are 5, 0 to 4"):
        model(IDS[:, :3] + 1)
    with pytest.raises(ValueError, match="at least one per sample"):
        model(IDS[:, :0])
    with pytest.raises(ValueError, match="TransformerLM: context must be at least 1, got 0"):
        model_of(context=0)


def test_other_positions_have_no_end() -> None:
    for positions in ("sinusoidal", "rotary", "none"):
        assert model_of(context=3, positions=positions, d_k=4)(IDS).shape == (3, 4, VOCABULARY)


def test_the_doctor_is_silent() -> None:
    manual_seed(8)
    model = TransformerLM(VOCABULARY, 4, 4, 2, 1, 5)
    report = chainrule.check(model, IDS)
    assert report.ok, report
