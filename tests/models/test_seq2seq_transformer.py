"""The Transformer: the protocol, PyTorch, causal order, padding, ties, and a target read step by step."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest
from layers.attention_cases import shaken, shaken_torch, tensor
from protocol import check_layer, compare_layer, normal, torch_or_skip

import chainrule
from chainrule.layers import CrossEntropyLoss, default_dtype, manual_seed
from chainrule.models import Seq2SeqTransformer
from chainrule.training import Adam

D_MODEL, HEADS, FEED_FORWARD, ENCODER_LAYERS, DECODER_LAYERS = 6, 2, 7, 2, 3
SOURCE_IDS, TARGET_IDS = 7, 8  # two vocabularies; where tables are tied, both have 8
PAD = 0
# ragged, with repeated ids; 0 stands in the padding and nowhere else
SOURCE = np.array([[5, 2, 2, 6, 1], [4, 5, 0, 0, 0], [1, 3, 6, 3, 0]])
TARGET = np.array([[7, 3, 0, 0], [7, 2, 2, 5], [7, 1, 4, 0]])
SOURCE_LENGTHS, TARGET_LENGTHS = np.array([5, 2, 4]), np.array([2, 4, 3])
STEP = 2e-5  # so many norms in a row bend much: slopes are measured nearby
VALID = np.arange(4) < TARGET_LENGTHS[:, None]
ALL = ("source", "target", "output")
every_tie = pytest.mark.parametrize(
    "tied", [(), ("source", "target"), ("source", "output"), ("target", "output"), ALL], ids=str
)


def model_of(**options: Any) -> Seq2SeqTransformer:
    manual_seed(7)
    sizes = (D_MODEL, HEADS, ENCODER_LAYERS, DECODER_LAYERS, FEED_FORWARD)
    options = {"dropout": 0.0, "tied": ()} | options
    ids = TARGET_IDS if "source" in options["tied"] else SOURCE_IDS
    with default_dtype("float64"):
        return shaken(Seq2SeqTransformer(ids, TARGET_IDS, *sizes, **options))


# ---------------------------------------------------------------- the protocol


@pytest.mark.parametrize(
    "options",
    [
        {"output_bias": True},
        {"tied": ALL, "norm_first": True, "activation": "gelu"},
        {"dropout": 0.2, "positions": "learned", "max_length": 5, "activation": "gelu"},
        {"positions": "rotary", "d_k": 4, "d_v": 5, "scale_embedding": False},
        {"tied": ("target", "output"), "positions": "none", "bias": False},
    ],
    ids=str,
)
def test_the_protocol_holds(options: dict[str, Any]) -> None:
    inputs = (SOURCE, TARGET, SOURCE_LENGTHS, TARGET_LENGTHS)
    check_layer(model_of(**options), *inputs, step=STEP, limit=5)


def test_the_protocol_holds_with_a_padding_id() -> None:
    check_layer(model_of(pad_id=PAD, tied=("source", "target")), SOURCE, TARGET, step=STEP, limit=5)


# ---------------------------------------------------------------- PyTorch


def torch_model(tied: tuple[str, ...], **options: Any) -> Any:
    """The same around torch.nn.Transformer; it takes ids, 0 is padding."""
    torch = torch_or_skip()
    nn = torch.nn
    ids = TARGET_IDS if "source" in tied else SOURCE_IDS

    class Model(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.source = nn.ModuleDict({"embedding": nn.Embedding(ids, D_MODEL)})
            self.target = nn.ModuleDict({"embedding": nn.Embedding(TARGET_IDS, D_MODEL)})
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about its own fast path
                sizes = (D_MODEL, HEADS, ENCODER_LAYERS, DECODER_LAYERS, FEED_FORWARD)
                transformer = nn.Transformer(*sizes, dropout=0.0, batch_first=True, **options)
            self.encoder, self.decoder = transformer.encoder, transformer.decoder
            self.output = nn.Linear(D_MODEL, TARGET_IDS, bias=False)
            holders = [self.source["embedding"], self.target["embedding"], self.output]
            one, *others = [h for h, name in zip(holders, ALL, strict=True) if name in tied] or [self.output]
            for holder in others:
                holder.weight = one.weight

        def embed(self, table: Any, ids: Any) -> Any:
            x = table(ids) * math.sqrt(D_MODEL)
            position = torch.arange(ids.shape[1], dtype=x.dtype)[:, None]
            speed = torch.exp(torch.arange(0, D_MODEL, 2, dtype=x.dtype) * (-math.log(10000.0) / D_MODEL))
            turned = torch.stack([torch.sin(position * speed), torch.cos(position * speed)], dim=-1)
            return x + turned.flatten(1)

        def forward(self, source: Any, target: Any) -> Any:
            later = torch.ones(target.shape[1], target.shape[1], dtype=torch.bool).triu(1)
            memory = self.encoder(
                self.embed(self.source["embedding"], source), src_key_padding_mask=source == PAD
            )
            y = self.decoder(
                self.embed(self.target["embedding"], target),
                memory,
                tgt_mask=later,
                tgt_key_padding_mask=target == PAD,
                memory_key_padding_mask=source == PAD,
            )
            return self.output(y)

    return shaken_torch(Model())


@every_tie
def test_pytorch_agrees(tied: tuple[str, ...]) -> None:
    ours = model_of(tied=tied, pad_id=PAD, final_norm=True)
    compare_layer(ours, torch_model(tied), SOURCE, TARGET)


def test_pytorch_agrees_with_pre_norm() -> None:
    options: dict[str, Any] = {"norm_first": True, "activation": "gelu"}
    compare_layer(model_of(pad_id=PAD, **options), torch_model((), **options), SOURCE, TARGET)


def test_twenty_steps_are_those_of_pytorch() -> None:
    torch = torch_or_skip()
    ours, theirs = model_of(tied=ALL, pad_id=PAD, final_norm=True), torch_model(ALL).double()
    ours.load_state_dict({name: value.numpy() for name, value in theirs.state_dict().items()})
    loss = CrossEntropyLoss(ignore_index=PAD, label_smoothing=0.1, axis=-1)
    optimizer, adam = Adam(list(ours.parameters()), 0.01), torch.optim.Adam(theirs.parameters(), 0.01)
    target_in, target_out = TARGET[:, :-1], TARGET[:, 1:]  # shifted: the answer at t is the id after t
    for _ in range(20):
        logits, cache = ours.forward(SOURCE, target_in)
        total, count, loss_cache = loss.forward(logits, target_out)
        ours.zero_grad()
        ours.backward(loss.backward(1 / count, loss_cache)[0], cache)
        optimizer.step()

        their_loss = torch.nn.functional.cross_entropy(
            theirs(tensor(SOURCE), tensor(target_in)).flatten(0, 1),
            tensor(target_out).flatten(),
            ignore_index=PAD,
            label_smoothing=0.1,
        )
        adam.zero_grad()
        their_loss.backward()
        adam.step()
        assert total / count == pytest.approx(their_loss.item(), rel=1e-8)
    for name, weight in ours.state_dict().items():
        expected = theirs.state_dict()[name].numpy()
        np.testing.assert_allclose(weight, expected, rtol=1e-5, atol=1e-8, err_msg=name)


# ---------------------------------------------------------------- order and padding


@pytest.mark.parametrize("t", range(3))
def test_a_logit_depends_on_no_later_id_of_the_target(t: int) -> None:
    """What stands at target_in[t + 1] is the answer that is expected at t."""
    model = model_of()
    changed = TARGET.copy()
    changed[:, t + 1 :] = (changed[:, t + 1 :] + 1) % TARGET_IDS
    before, after = model(SOURCE, TARGET), model(SOURCE, changed)
    np.testing.assert_array_equal(before[:, : t + 1], after[:, : t + 1])
    assert (before[:, t + 1 :] != after[:, t + 1 :]).all()


def test_a_logit_depends_on_every_id_of_the_source() -> None:
    model = model_of()
    for s in range(SOURCE.shape[1]):
        changed = SOURCE.copy()
        changed[:, s] = (changed[:, s] + 1) % SOURCE_IDS
        assert (model(changed, TARGET) != model(SOURCE, TARGET)).all()


@pytest.mark.parametrize("options", [{}, {"norm_first": True, "positions": "rotary", "d_k": 4}], ids=str)
def test_padding_changes_nothing(options: dict[str, Any]) -> None:
    """Other ids in the padding, more of it, or each sample alone: the same logits and gradients."""
    model = model_of(**options)
    dlogits = normal(3, 4, TARGET_IDS, seed=1) * VALID[:, :, None]  # as a loss that ignores padding has it
    logits, cache = model.forward(SOURCE, TARGET, SOURCE_LENGTHS, TARGET_LENGTHS)
    model.backward(dlogits, cache)
    expected = {name: parameter.grad.copy() for name, parameter in model.named_parameters()}

    def assert_the_same_gradients() -> None:
        for name, parameter in model.named_parameters():
            np.testing.assert_allclose(parameter.grad, expected[name], rtol=1e-9, atol=1e-11, err_msg=name)
        model.zero_grad()

    model.zero_grad()
    source = np.where(np.arange(5) < SOURCE_LENGTHS[:, None], SOURCE, 4)
    longer_source = np.concatenate([source, np.full((3, 2), 6)], axis=1)
    longer_target = np.concatenate([np.where(VALID, TARGET, 3), np.full((3, 1), 4)], axis=1)
    again, cache = model.forward(longer_source, longer_target, SOURCE_LENGTHS, TARGET_LENGTHS)
    np.testing.assert_allclose(again[:, :4][VALID], logits[VALID], rtol=1e-10)
    model.backward(np.concatenate([dlogits, np.zeros((3, 1, TARGET_IDS))], axis=1), cache)
    assert_the_same_gradients()

    for n, (s, t) in enumerate(zip(SOURCE_LENGTHS, TARGET_LENGTHS, strict=True)):
        alone, cache = model.forward(SOURCE[n : n + 1, :s], TARGET[n : n + 1, :t])
        np.testing.assert_allclose(alone[0], logits[n, :t], rtol=1e-10)
        model.backward(dlogits[n : n + 1, :t], cache)
    assert_the_same_gradients()


def test_a_padding_id_says_the_same_as_lengths() -> None:
    by_id, by_lengths = model_of(pad_id=PAD), model_of()
    expected = by_lengths(SOURCE, TARGET, SOURCE_LENGTHS, TARGET_LENGTHS)
    np.testing.assert_array_equal(by_id(SOURCE, TARGET), expected)
    assert (by_lengths(SOURCE, TARGET) != expected).any()


# ---------------------------------------------------------------- ties


@every_tie
def test_a_tied_table_gets_the_gradients_of_all_its_uses(tied: tuple[str, ...]) -> None:
    names = {
        "source": "source.embedding.weight",
        "target": "target.embedding.weight",
        "output": "output.weight",
    }
    model = model_of(tied=tied)
    manual_seed(0)
    with default_dtype("float64"):
        ids = model.source.embedding.num_embeddings
        sizes = (D_MODEL, HEADS, ENCODER_LAYERS, DECODER_LAYERS, FEED_FORWARD)
        untied = Seq2SeqTransformer(ids, TARGET_IDS, *sizes, dropout=0.0, tied=())
    untied.load_state_dict(model.state_dict())
    for one in (model, untied):
        logits, cache = one.forward(SOURCE, TARGET, SOURCE_LENGTHS, TARGET_LENGTHS)
        one.backward(normal(*logits.shape, seed=1), cache)
    gradients = {name: parameter.grad for name, parameter in untied.named_parameters()}
    got = {name: parameter.grad for name, parameter in model.named_parameters()}
    assert len(got) == len(gradients) - max(0, len(tied) - 1)
    if tied:
        total = sum(gradients[names[name]] for name in tied)
        np.testing.assert_allclose(got[names[next(n for n in ALL if n in tied)]], total, rtol=1e-10)


def test_ties_that_cannot_be() -> None:
    sizes = (D_MODEL, HEADS, 1, 1, FEED_FORWARD)
    with pytest.raises(ValueError, match="one table for source and target needs one vocabulary, got 7 and 8"):
        Seq2SeqTransformer(7, 8, *sizes, tied=ALL)
    tied: Any
    for tied in (("source",), ("source", "outputs"), "source"):
        with pytest.raises(ValueError, match="tied: none, or at least two of source, target, output, got"):
            Seq2SeqTransformer(8, 8, *sizes, tied=tied)


# ---------------------------------------------------------------- decoding


@pytest.mark.parametrize(
    "options",
    [
        {"tied": ALL},
        {"norm_first": True, "positions": "learned", "max_length": 5},
        {"positions": "rotary", "d_k": 4},
    ],
    ids=str,
)
@pytest.mark.parametrize("first", [1, 2])
def test_steps_give_what_recomputing_gives(options: dict[str, Any], first: int) -> None:
    model = model_of(**options).eval()
    whole = model(SOURCE, TARGET, SOURCE_LENGTHS)
    state = model.start(SOURCE, SOURCE_LENGTHS)
    assert state.length == 0
    logits, state = model.step(TARGET[:, :first], state)
    np.testing.assert_allclose(logits, whole[:, first - 1], rtol=1e-10)
    for t in range(first, 4):
        kept = state
        logits, state = model.step(TARGET[:, t : t + 1], state)
        np.testing.assert_allclose(logits, whole[:, t], rtol=1e-10)
        assert (kept.length, state.length) == (t, t + 1)  # the state that was given is not changed


def test_rows_of_a_state_go_on_as_they_would() -> None:
    """As a beam search needs it. In every array of a state, the first axis is the batch."""
    model = model_of(tied=ALL).eval()
    _, state = model.step(TARGET[:, :1], model.start(SOURCE, SOURCE_LENGTHS))
    rows = np.array([2, 0, 0])

    def chosen(tree: Any) -> Any:
        if isinstance(tree, tuple):
            items = map(chosen, tree)
            return type(tree)(*items) if hasattr(tree, "_fields") else tuple(items)
        return None if tree is None else tree[rows]

    logits, _ = model.step(TARGET[rows, 1:2], chosen(state))
    np.testing.assert_allclose(logits, model.step(TARGET[:, 1:2], state)[0][rows], rtol=1e-10)


def test_the_cache_tells_who_looked_where() -> None:
    _, cache = model_of().forward(SOURCE, TARGET, SOURCE_LENGTHS)
    weights = cache.decoder.layers[-1].multihead_attn.body.weights
    assert weights.shape == (3, HEADS, 4, 5)
    np.testing.assert_allclose(weights.sum(-1), 1)
    for n, length in enumerate(SOURCE_LENGTHS):
        assert (weights[n, :, :, :length] > 0).all()
        assert not weights[n, :, :, length:].any()


def test_steps_begin_with_the_source() -> None:
    with pytest.raises(ValueError, match=r"read the source first: state = model\.start"):
        model_of().step(TARGET[:, :1], None)


def test_copying_is_learned() -> None:
    """Sequences of three ids, of which it has seen a part: greedy decoding copies all others, too."""
    manual_seed(1)
    model = Seq2SeqTransformer(8, 8, 16, 2, 1, 1, 32, dropout=0.0, norm_first=True, tied=ALL)
    rng, loss = np.random.default_rng(0), CrossEntropyLoss(axis=-1)
    optimizer = Adam(list(model.parameters()), 0.01)
    beginning, unseen = 7, np.array([[2, 5, 1], [6, 6, 3], [4, 0, 4]])
    for _ in range(150):
        ids = rng.integers(0, 7, (32, 3))
        ids = ids[~(ids[:, None] == unseen).all(-1).any(-1)]
        target_in = np.concatenate([np.full((len(ids), 1), beginning), ids[:, :-1]], axis=1)
        logits, cache = model.forward(ids, target_in)
        _, count, loss_cache = loss.forward(logits, ids)
        model.zero_grad()
        model.backward(loss.backward(1 / count, loss_cache)[0], cache)
        optimizer.step()
    model.eval()
    state, read, answer = model.start(unseen), np.full((3, 1), beginning), []
    for _ in range(3):
        logits, state = model.step(read, state)
        read = logits.argmax(-1)[:, None]
        answer.append(read)
    np.testing.assert_array_equal(np.concatenate(answer, axis=1), unseen)


# ---------------------------------------------------------------- sizes, beginnings, errors


def test_transformer_tiny_has_the_published_number_of_parameters() -> None:
    model = Seq2SeqTransformer(9712, 9712, 128, 4, 4, 4, 256, tied=ALL)  # Wu et al. 2021
    assert sum(parameter.size for parameter in model.parameters()) == 2_568_192


def test_weights_begin_as_the_docstring_says() -> None:
    manual_seed(0)
    model = Seq2SeqTransformer(90, 80, 64, 4, 1, 1, 32)
    assert model.target.embedding.weight.data.std() == pytest.approx(1 / 8, rel=0.05)
    assert model.output.weight is model.target.embedding.weight
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            assert not parameter.data.any(), name
    linear = model.decoder.layers[0].feed_forward.linear1
    assert 0.98 * math.sqrt(6 / 96) < np.abs(linear.weight.data).max() <= math.sqrt(6 / 96)


def test_dropout_falls_on_embeddings_and_not_on_an_evaluation() -> None:
    model = model_of(dropout=0.5)
    assert model.source.dropout.p == model.target.dropout.p == 0.5
    np.testing.assert_array_equal(model.eval()(SOURCE, TARGET), model_of()(SOURCE, TARGET))


def test_errors() -> None:
    model = model_of(positions="learned", max_length=4, pad_id=PAD)
    with pytest.raises(ValueError, match="has the positions 0 to 3, got 0 to 4"):
        model(SOURCE, TARGET)
    source = SOURCE[:, :4]
    with pytest.raises(IndexError, match=r"id 8 at \(0, 0\) has no row: there are 8, 0 to 7"):
        model(source, TARGET + 1)
    with pytest.raises(ValueError, match=r"target: lengths must be from 1 to 4, .* got 5 for sample 1"):
        model(source, TARGET, None, np.array([1, 5, 2]))
    with pytest.raises(ValueError, match=r"source: sample 1 is nothing but padding \(id 0\): leave it out"):
        model(np.array([[1, 2], [0, 0], [3, 0]]), TARGET)
    with pytest.raises(ValueError, match=r"expected ids \(batch, time\), at least one per sample, got ids"):
        model(source, TARGET[:, :0])
    with pytest.raises(ValueError, match="2 sources, but 3 targets: they are pairs"):
        model(source[:2], TARGET)
    with pytest.raises(ValueError, match="the state is that of 2 sources, and here are the ids of 3 targets"):
        model.step(TARGET[:, :1], model.start(source[:2]))
    with pytest.raises(ValueError, match=r"expected ids \(batch, time\), at least one per sample, got ids"):
        model_of()(SOURCE[0], TARGET)
    with pytest.raises(ValueError, match="no positions are called 'sine': choose one of sinusoidal, learned"):
        model_of(positions="sine")


def test_the_doctor_is_silent() -> None:
    manual_seed(7)
    model = Seq2SeqTransformer(7, 8, 4, 2, 1, 1, 5, pad_id=PAD)
    report = chainrule.check(model, SOURCE[:2], TARGET[:2])
    assert report.ok, report
