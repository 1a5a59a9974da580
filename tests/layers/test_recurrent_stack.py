"""RNN, LSTM and GRU as layers: the protocol, PyTorch's packed sequences, states, directions and dropout."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from protocol import check_layer, compare_layer, normal, torch_or_skip

from chainrule.layers import GRU, LSTM, RNN, Layer, Linear, MSELoss, Sequential, manual_seed, randomness
from chainrule.training import Adam

LENGTHS = np.array([3, 4, 1])
X = normal(3, 4, 5)  # (batch, time, features)
every_layer = pytest.mark.parametrize("layer_type", [RNN, LSTM, GRU])
every_form = pytest.mark.parametrize(
    "options",
    [{}, {"num_layers": 3}, {"bidirectional": True}, {"num_layers": 2, "bidirectional": True}],
    ids=["one layer", "three layers", "two directions", "two layers, two directions"],
)


def state_of(layer: Layer, batch: int = 3) -> Any:
    """A random initial state."""
    shape = (layer.num_layers * layer.directions, batch, layer.hidden_size)
    h, c = normal(*shape, seed=1), normal(*shape, seed=2)
    return (h, c) if isinstance(layer, LSTM) else h


def torch_layer(layer_type: type[Layer], *args: Any, **options: Any) -> Any:
    theirs = getattr(torch_or_skip().nn, layer_type.__name__)
    return theirs(*args, batch_first=True, **options)


def packed(module: Any, x: Any, state: Any, lengths: Any) -> Any:
    """PyTorch's way to pass a ragged batch."""
    rnn = torch_or_skip().nn.utils.rnn
    rows = rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    output, state_n = module(rows, state)
    return rnn.pad_packed_sequence(output, batch_first=True)[0], state_n


# ---------------------------------------------------------------- the protocol


@every_layer
@pytest.mark.parametrize("ragged", [True, False], ids=["ragged, with a state", "full, without"])
def test_the_protocol_holds(layer_type: type[Layer], ragged: bool) -> None:
    layer = layer_type(5, 2, 2, bidirectional=True, dtype="float64")
    state, lengths = (state_of(layer), LENGTHS) if ragged else (None, None)
    check_layer(layer, X, state, lengths, limit=20)


@every_layer
def test_the_protocol_holds_with_one_layer_and_one_direction(layer_type: type[Layer]) -> None:
    layer = layer_type(5, 2, dtype="float64")
    check_layer(layer, X, state_of(layer), LENGTHS, limit=20)


@every_layer
def test_the_protocol_holds_with_dropout_and_without_bias(layer_type: type[Layer]) -> None:
    layer = layer_type(5, 4, 3, bias=False, dropout=0.3, dtype="float64")
    check_layer(layer, X, state_of(layer), LENGTHS, limit=20)


def test_the_protocol_holds_with_relu() -> None:
    layer = RNN(5, 6, 2, nonlinearity="relu", bidirectional=True, dtype="float64")
    check_layer(layer, X, state_of(layer), LENGTHS, limit=20)


@every_layer
def test_none_stands_for_zero_anywhere_in_the_upstream(layer_type: type[Layer]) -> None:
    layer = layer_type(5, 2, 2, bidirectional=True, dtype="float64")
    state = state_of(layer)
    (output, state_n), cache = layer.forward(X, state, LENGTHS)
    doutput, dstate = normal(*output.shape, seed=3), state_of(layer)
    is_lstm = layer_type is LSTM
    zeros = tuple(np.zeros_like(part) for part in state_n) if is_lstm else np.zeros_like(state_n)
    pairs = [((None, dstate), (0 * doutput, dstate)), ((doutput, None), (doutput, zeros))]
    if is_lstm:
        pairs += [((doutput, (None, dstate[1])), (doutput, (zeros[0], dstate[1])))]
        pairs += [((doutput, (dstate[0], None)), (doutput, (dstate[0], zeros[1])))]
    for with_none, with_zeros in pairs:
        dx, dstate0, dlengths = layer.backward(with_none, cache)
        expected = layer.backward(with_zeros, cache)
        np.testing.assert_array_equal(dx, expected[0])
        np.testing.assert_array_equal(np.array(dstate0), np.array(expected[1]))
        assert dlengths is None
        assert dx.any()


# ---------------------------------------------------------------- PyTorch


@every_layer
@every_form
def test_pytorch_agrees(layer_type: type[Layer], options: dict[str, Any]) -> None:
    layer = layer_type(5, 2, **options)
    compare_layer(layer, torch_layer(layer_type, 5, 2, **options), X, state_of(layer))


@every_layer
@every_form
def test_pytorchs_packed_sequences_agree(layer_type: type[Layer], options: dict[str, Any]) -> None:
    layer, theirs = layer_type(5, 2, **options), torch_layer(layer_type, 5, 2, **options)
    compare_layer(layer, theirs, X, state_of(layer), LENGTHS, call=packed)


@every_layer
def test_pytorch_agrees_without_bias(layer_type: type[Layer]) -> None:
    layer, theirs = layer_type(5, 2, bias=False), torch_layer(layer_type, 5, 2, bias=False)
    compare_layer(layer, theirs, X, state_of(layer))


def test_pytorch_agrees_with_relu_and_at_evaluation_with_dropout() -> None:
    options = {"num_layers": 2, "nonlinearity": "relu", "dropout": 0.4}
    layer = RNN(5, 2, **options).eval()
    compare_layer(layer, torch_layer(RNN, 5, 2, **options), X, state_of(layer))


@every_layer
def test_twenty_steps_end_where_pytorchs_do(layer_type: type[Layer]) -> None:
    """A ragged many-to-one regression by Adam: the weights of both stay the same."""
    torch = torch_or_skip()
    ours = layer_type(5, 4, 2, bidirectional=True, dtype="float64")
    head = Linear(8, 3, dtype="float64")
    theirs, their_head = (
        torch_layer(layer_type, 5, 4, num_layers=2, bidirectional=True),
        torch.nn.Linear(8, 3),
    )
    pairs = ((ours, theirs.double()), (head, their_head.double()))
    for mine, other in pairs:
        other.load_state_dict({name: torch.tensor(value) for name, value in mine.state_dict().items()})
    model, loss = Sequential(ours, head), MSELoss()  # a container for the parameters
    optimizer = Adam(model.parameters(), lr=0.02)
    their_optimizer = torch.optim.Adam([*theirs.parameters(), *their_head.parameters()], lr=0.02)
    for step in range(20):
        x, target = normal(3, 4, 5, seed=step), normal(3, 3, seed=step)
        (_, state_n), cache = ours.forward(x, None, LENGTHS)
        h_n = state_n[0] if layer_type is LSTM else state_n  # (layers x directions, batch, hidden)
        last = np.concatenate([h_n[-2], h_n[-1]], axis=-1)
        y, head_cache = head.forward(last)
        _, count, loss_cache = loss.forward(y, target)
        dy, _ = loss.backward(1 / count, loss_cache)
        model.zero_grad()
        dlast = head.backward(dy, head_cache)
        dh_n = np.zeros_like(h_n)
        dh_n[-2], dh_n[-1] = np.split(dlast, 2, axis=-1)
        ours.backward((None, (dh_n, None) if layer_type is LSTM else dh_n), cache)
        optimizer.step()

        _, their_state = packed(theirs, torch.tensor(x), None, LENGTHS)
        their_h = their_state[0] if layer_type is LSTM else their_state
        their_y = their_head(torch.cat([their_h[-2], their_h[-1]], dim=-1))
        their_optimizer.zero_grad()
        torch.nn.functional.mse_loss(their_y, torch.tensor(target)).backward()
        their_optimizer.step()
    for mine, other in pairs:
        for name, value in other.state_dict().items():
            np.testing.assert_allclose(mine.state_dict()[name], value.numpy(), rtol=1e-8, atol=1e-10)


# ---------------------------------------------------------------- states


@every_layer
def test_no_batch_hears_of_the_batch_before(layer_type: type[Layer]) -> None:
    layer = layer_type(5, 2, 2)
    x = X.astype("float32")
    first, _ = layer(x)
    layer(x[:2] + 1)
    again, _ = layer(x)
    np.testing.assert_array_equal(first, again)


@every_layer
def test_samples_do_not_hear_of_each_other(layer_type: type[Layer]) -> None:
    layer = layer_type(5, 2, 2, bidirectional=True, dtype="float64")
    together, _ = layer(X)
    for n in range(3):
        np.testing.assert_allclose(layer(X[n : n + 1])[0], together[n : n + 1], rtol=1e-12)


@every_layer
def test_without_a_state_it_begins_with_zeros_and_returns_no_gradient_for_it(layer_type: type[Layer]) -> None:
    layer = layer_type(5, 2, 2, dtype="float64")
    zeros = np.zeros((2, 3, 2))
    state = (zeros, zeros) if layer_type is LSTM else zeros
    (without, _), cache = layer.forward(X)
    (given, _), given_cache = layer.forward(X, state)
    np.testing.assert_array_equal(without, given)
    dx, dstate, _ = layer.backward((normal(*without.shape), None), cache)
    given_dx, given_dstate, _ = layer.backward((normal(*without.shape), None), given_cache)
    assert dstate is None
    assert np.array(given_dstate).any()
    np.testing.assert_array_equal(dx, given_dx)


@every_layer
def test_a_carried_state_makes_one_sequence_of_two(layer_type: type[Layer]) -> None:
    layer = layer_type(5, 2, 2, dtype="float64")
    whole, final = layer(X)
    first, between = layer(X[:, :1])
    second, last = layer(X[:, 1:], between)
    np.testing.assert_allclose(np.concatenate([first, second], axis=1), whole, rtol=1e-12)
    np.testing.assert_allclose(np.array(last), np.array(final), rtol=1e-12)


@every_layer
def test_the_last_rows_of_the_final_state_are_what_the_sequence_comes_to(layer_type: type[Layer]) -> None:
    layer = layer_type(5, 2, 2, bidirectional=True, dtype="float64")
    output, state = layer(X, None, LENGTHS)
    h_n = state[0] if layer_type is LSTM else state
    np.testing.assert_array_equal(h_n[-2], output[np.arange(3), LENGTHS - 1, :2])  # read to the end
    np.testing.assert_array_equal(h_n[-1], output[:, 0, 2:])  # read to the beginning


@every_layer
def test_one_direction_is_causal_and_two_are_not(layer_type: type[Layer]) -> None:
    later = X.copy()
    later[:, 2] += 1
    for bidirectional in (False, True):
        layer = layer_type(5, 2, 2, bidirectional=bidirectional, dtype="float64")
        changed = (layer(later)[0] != layer(X)[0]).any((0, 2))
        assert changed.tolist() == [bidirectional, bidirectional, True, True]


@every_layer
def test_one_sample_and_one_step(layer_type: type[Layer]) -> None:
    layer = layer_type(5, 2, 2, bidirectional=True, dtype="float64")
    check_layer(layer, X[:1, :1], state_of(layer, batch=1), np.array([1]), limit=5)


# ---------------------------------------------------------------- dropout, construction, errors


@every_layer
def test_dropout_stands_between_layers_and_not_behind_the_last(layer_type: type[Layer]) -> None:
    with randomness(seed=0):
        layer, plain = layer_type(5, 6, 2, dropout=0.5), layer_type(5, 6, 2)
    plain.load_state_dict(layer.state_dict())
    x = X.astype("float32")
    with randomness(seed=1):
        (output, _), cache = layer.forward(x)
    assert len(cache.dropouts) == 1
    assert (cache.dropouts[0].mask == 0).any()
    np.testing.assert_array_equal(cache.runs[1].x == 0, cache.dropouts[0].mask == 0)
    assert output.all()  # behind the last layer nothing was dropped
    assert (output != plain(x)[0]).any()
    np.testing.assert_array_equal(layer.eval()(x)[0], plain(x)[0])


def test_dropout_with_a_single_layer_is_warned_about() -> None:
    with pytest.warns(UserWarning, match=r"LSTM: dropout=0.3 stands between layers, and there is only one"):
        LSTM(5, 2, dropout=0.3)


@pytest.mark.parametrize("wrong", [-0.1, 1.5])
def test_dropout_is_a_probability(wrong: float) -> None:
    with pytest.raises(ValueError, match="p is the probability"):
        GRU(5, 2, 2, dropout=wrong)


@every_layer
def test_it_begins_uniform_within_one_over_the_root_of_its_units(layer_type: type[Layer]) -> None:
    manual_seed(1)
    layer = layer_type(30, 100, 2, bidirectional=True)
    for name, parameter in layer.named_parameters():
        assert 0.09 < abs(parameter.data).max() <= 0.1, name
        assert abs(parameter.data.mean()) < 0.02, name


def test_repr_shows_what_is_not_the_default() -> None:
    assert repr(RNN(3, 4)) == "RNN(3, 4)"
    shown = "RNN(3, 4, num_layers=2, bias=False, bidirectional=True, nonlinearity='relu')"
    assert repr(RNN(3, 4, 2, "relu", False, bidirectional=True)) == shown
    assert repr(LSTM(3, 4, 2, dropout=0.2)) == "LSTM(3, 4, num_layers=2\n  (dropout): Dropout(p=0.2)\n)"


@every_layer
def test_errors(layer_type: type[Layer]) -> None:
    name = layer_type.__name__
    with pytest.raises(ValueError, match=f"{name}: num_layers must be at least 1, got 0"):
        layer_type(5, 2, 0)
    with pytest.raises(ValueError, match="sizes must be at least 1"):
        layer_type(5, 0)
    layer = layer_type(5, 2, 2, bidirectional=True, dtype="float64")
    wrong = np.zeros((2, 3, 2))
    message = rf"{name} expects h \(layers x directions 4, batch 3, hidden 2\), got \(2, 3, 2\)"
    with pytest.raises(ValueError, match=message):
        layer(X, (wrong, wrong) if layer_type is LSTM else wrong)
    with pytest.raises(ValueError, match=r"expects an input \(batch, time, features\), got input \(4, 5\)"):
        layer(X[0])
    with pytest.raises(ValueError, match="got 0 for sample 1"):
        layer(X, None, np.array([1, 0, 2]))


def test_an_lstms_state_is_a_pair() -> None:
    layer, state = LSTM(5, 2, dtype="float64"), np.zeros((1, 3, 2))
    with pytest.raises(ValueError, match=r"LSTM's state is \(h, c\), got ndarray"):
        layer(X, state)
    with pytest.raises(ValueError, match=r"LSTM's state is \(h, c\), got 3 of them"):
        layer(X, (state, state, state))


def test_another_nonlinearity_is_an_error() -> None:
    with pytest.raises(ValueError, match="RNN: nonlinearity must be 'tanh' or 'relu', got 'sin'"):
        RNN(5, 2, nonlinearity="sin")
