"""What rnn, lstm and gru promise alike: padding, causality, cuts in time, and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from protocol import normal

from .recurrent_cases import KINDS, LENGTHS, Kind, assert_close

every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
both_ways = pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])


def upstream(kind: Kind, batch: int = 4, time: int = 5) -> tuple[np.ndarray, ...]:
    return normal(batch, time, 2, seed=8), *(normal(batch, 2, seed=9 + i) for i in range(kind.states))


def run(kind: Kind, arrays: list[Any], dy: Any, lengths: Any = None, **options: Any) -> tuple[Any, Any]:
    forward, backward = kind.sequence
    y, cache = forward(*arrays, lengths, **options)
    return y, backward(dy, cache)


# ---------------------------------------------------------------- ragged batches


@every_kind
@both_ways
def test_each_sample_of_a_ragged_batch_is_as_it_would_be_alone(kind: Kind, reverse: bool) -> None:
    """Outputs, final states and gradients; those of the weights add up."""
    arrays, dy = kind.arrays(), upstream(kind)
    y, gradients = run(kind, arrays, dy, LENGTHS, reverse=reverse)
    summed = [np.zeros_like(weight) for weight in arrays[1 + kind.states :]]
    for n, length in enumerate(LENGTHS):
        one = slice(n, n + 1)
        alone = [arrays[0][one, :length], *(state[one] for state in arrays[1 : 1 + kind.states])]
        dalone = dy[0][one, :length], *(d[one] for d in dy[1:])
        own, own_gradients = run(kind, [*alone, *arrays[1 + kind.states :]], dalone, reverse=reverse)
        assert_close([y[0][one, :length], *(state[one] for state in y[1:])], own)
        assert_close([gradients[0][one, :length]], own_gradients[:1])
        assert_close([g[one] for g in gradients[1 : 1 + kind.states]], own_gradients[1 : 1 + kind.states])
        summed = [s + g for s, g in zip(summed, own_gradients[1 + kind.states : -1], strict=True)]
    assert_close(gradients[1 + kind.states : -1], summed)


@every_kind
@both_ways
@pytest.mark.parametrize("rubbish", [77.0, np.inf, np.nan])
def test_what_stands_in_the_padding_changes_nothing(kind: Kind, reverse: bool, rubbish: float) -> None:
    padding = np.arange(5) >= LENGTHS[:, None]  # (batch, time)
    arrays, dy = kind.arrays(), upstream(kind)
    y, gradients = run(kind, arrays, dy, LENGTHS, reverse=reverse)
    spoiled, dspoiled = arrays[0].copy(), dy[0].copy()
    spoiled[padding] = dspoiled[padding] = rubbish
    again, gradients_again = run(kind, [spoiled, *arrays[1:]], (dspoiled, *dy[1:]), LENGTHS, reverse=reverse)
    for a, b in zip((*y, *gradients[:-1]), (*again, *gradients_again[:-1]), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not y[0][padding].any()
    assert not gradients[0][padding].any()
    assert y[0][~padding].all()
    assert gradients[0][~padding].all()


@every_kind
@both_ways
def test_more_padding_changes_nothing(kind: Kind, reverse: bool) -> None:
    arrays, dy = kind.arrays(), upstream(kind)
    y, gradients = run(kind, arrays, dy, LENGTHS, reverse=reverse)
    longer = np.concatenate([arrays[0], normal(4, 3, 3, seed=7)], axis=1)
    dlonger = np.concatenate([dy[0], normal(4, 3, 2, seed=7)], axis=1)
    again, more = run(kind, [longer, *arrays[1:]], (dlonger, *dy[1:]), LENGTHS, reverse=reverse)
    assert_close([again[0][:, :5], *again[1:]], y)
    assert_close([more[0][:, :5], *more[1:-1]], gradients[:-1])


@every_kind
@both_ways
def test_lengths_that_are_all_the_whole_time_are_no_lengths(kind: Kind, reverse: bool) -> None:
    arrays, dy = kind.arrays(), upstream(kind)
    y, gradients = run(kind, arrays, dy, np.full(4, 5), reverse=reverse)
    without, without_gradients = run(kind, arrays, dy, None, reverse=reverse)
    assert_close((*y, *gradients), (*without, *without_gradients))


@every_kind
def test_the_final_state_is_the_output_of_the_last_valid_step(kind: Kind) -> None:
    (output, h_n, *_), _ = kind.sequence[0](*kind.arrays(), LENGTHS)
    np.testing.assert_array_equal(h_n, output[np.arange(4), LENGTHS - 1])
    (output, h_n, *_), _ = kind.sequence[0](*kind.arrays(), LENGTHS, reverse=True)
    np.testing.assert_array_equal(h_n, output[:, 0])


@every_kind
@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "uint64"])
def test_lengths_may_be_integers_of_any_kind(kind: Kind, dtype: str) -> None:
    y, _ = kind.sequence[0](*kind.arrays(), LENGTHS.astype(dtype))
    assert_close(y, kind.sequence[0](*kind.arrays(), LENGTHS)[0])


# ---------------------------------------------------------------- time


@every_kind
@both_ways
def test_an_output_depends_on_its_own_step_and_those_before(kind: Kind, reverse: bool) -> None:
    arrays = kind.arrays()
    (output, *_), _ = kind.sequence[0](*arrays, reverse=reverse)
    moved = arrays[0].copy()
    moved[:, 2] += 1
    (moved_output, *_), _ = kind.sequence[0](moved, *arrays[1:], reverse=reverse)
    changed = (output != moved_output).any((0, 2))
    assert changed.tolist() == ([True] * 3 + [False] * 2 if reverse else [False] * 2 + [True] * 3)


@every_kind
def test_a_cut_sequence_with_the_state_carried_over_is_the_whole_one(kind: Kind) -> None:
    """Forward, and backward where the gradient is handed back as well: full BPTT in two pieces."""
    arrays, dy = kind.arrays(), upstream(kind)
    x, states, weights = arrays[0], arrays[1 : 1 + kind.states], arrays[1 + kind.states :]
    forward, backward = kind.sequence
    y, gradients = run(kind, arrays, dy)
    (first, *between), first_cache = forward(x[:, :2], *states, *weights)
    (second, *final), second_cache = forward(x[:, 2:], *between, *weights)
    assert_close([np.concatenate([first, second], axis=1), *final], y)
    dx2, *back = backward((dy[0][:, 2:], *dy[1:]), second_cache)
    dx1, *back1 = backward((dy[0][:, :2], *back[: kind.states]), first_cache)
    assert_close([np.concatenate([dx1, dx2], axis=1), *back1[: kind.states]], gradients[: 1 + kind.states])
    summed = [a + b for a, b in zip(back[kind.states : -1], back1[kind.states : -1], strict=True)]
    assert_close(summed, gradients[1 + kind.states : -1])


@every_kind
def test_the_cache_shows_every_step(kind: Kind) -> None:
    arrays = kind.arrays()
    y, cache = kind.sequence[0](*arrays)
    sequences = {"rnn": "h", "lstm": "i f g o c tanh_c h", "gru": "r z m n h"}[kind.name].split()
    assert all(getattr(cache, name).shape == (4, 5, 2) for name in sequences)
    _, cell_cache = kind.cell[0](arrays[0][:, 0], *arrays[1:])
    if kind.name != "rnn":
        for name in set(sequences) - {"h", "c"}:
            np.testing.assert_allclose(getattr(cache, name)[:, 0], getattr(cell_cache.step, name))
    np.testing.assert_array_equal(cache.h, y[0])


# ---------------------------------------------------------------- wrong input is met at the border, by name


@every_kind
@pytest.mark.parametrize(
    ("error", "lengths", "message"),
    [
        (
            ValueError,
            np.array([3, 0, 1, 2]),
            r"must be from 1 to 5, .* got 0 for sample 1: input \(batch 4, time",
        ),
        (ValueError, np.array([3, 5, 1, 6]), "got 6 for sample 3"),
        (ValueError, np.array([3, 5, -1, 4]), "got -1 for sample 2"),
        (ValueError, np.array([3, 5, 1]), r"expects one length per sample, \(4,\), got \(3,\): input"),
        (TypeError, np.array([3.0, 5, 1, 2]), "expects lengths as an array of integers, got float64"),
        (TypeError, [3, 5, 1, 2], "expects lengths as an array of integers, got list"),
    ],
)
def test_wrong_lengths(kind: Kind, error: type[Exception], lengths: Any, message: str) -> None:
    with pytest.raises(error, match=f"^{kind.name}.*{message}"):
        kind.sequence[0](*kind.arrays(), lengths)


@every_kind
@pytest.mark.parametrize("step", [True, False], ids=["cell", "sequence"])
def test_wrong_shapes(kind: Kind, step: bool) -> None:
    name = f"{kind.name}_cell" if step else kind.name
    forward = (kind.cell if step else kind.sequence)[0]
    right = kind.cell_arrays() if step else kind.arrays()
    rows, hidden = kind.gates * 2, "hidden" if kind.gates == 1 else f"{kind.gates} hidden"

    def wrong(place: int, array: np.ndarray) -> list[Any]:
        return [*right[:place], array, *right[place + 1 :]]

    axes = "batch, features" if step else "batch, time, features"
    state, weights = "h" if step else "h0", 1 + kind.states
    with pytest.raises(ValueError, match=rf"^{name} expects an input \({axes}\), got input \(3,\)"):
        forward(*wrong(0, np.zeros(3)))
    with pytest.raises(ValueError, match=rf"^{name} expects 3 input features, got 7: input \(batch 4, "):
        forward(*wrong(0, np.zeros((*right[0].shape[:-1], 7))))
    with pytest.raises(
        ValueError, match=rf"^{name} expects {state} \(batch 4, hidden 2\), got \(2, 4\).*reshape"
    ):
        forward(*wrong(1, np.zeros((2, 4))))
    with pytest.raises(ValueError, match=rf"^{name} expects a weight_ih \({hidden} = {rows}, features\)"):
        forward(*wrong(weights, np.zeros((rows + 1, 3))))
    with pytest.raises(ValueError, match=rf"^{name} expects a weight_ih"):
        forward(*wrong(weights, np.zeros(rows)))
    with pytest.raises(ValueError, match=rf"^{name} expects a weight_hh \({hidden}, hidden\), got"):
        forward(*wrong(weights + 1, np.zeros((rows, 3))))
    with pytest.raises(ValueError, match=rf"^{name} expects a weight_hh"):
        forward(*wrong(weights + 1, np.zeros(rows)))
    for i, bias in enumerate(("bias_ih", "bias_hh")):
        with pytest.raises(ValueError, match=rf"^{name} expects a {bias} \({hidden} = {rows},\), got"):
            forward(*wrong(weights + 2 + i, np.zeros(rows + 1)))


@every_kind
@pytest.mark.parametrize("place", [0, 1, "weight_ih"])
def test_mixed_dtypes(kind: Kind, place: Any) -> None:
    for forward, arrays in ((kind.cell[0], kind.cell_arrays()), (kind.sequence[0], kind.arrays())):
        which = 1 + kind.states if place == "weight_ih" else place
        arrays[which] = arrays[which].astype("float32")
        with pytest.raises(TypeError, match="dtype"):
            forward(*arrays)


@every_kind
def test_an_empty_sequence_is_an_error(kind: Kind) -> None:
    arrays = kind.arrays()
    with pytest.raises(ValueError, match=rf"{kind.name}: there is nothing to read: input \(batch 4, time 0"):
        kind.sequence[0](arrays[0][:, :0], *arrays[1:])
