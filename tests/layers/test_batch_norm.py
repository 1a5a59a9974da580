from __future__ import annotations

import numpy as np
import pytest
from protocol import cast_layer, check_layer, compare_layer, torch_or_skip

from chainrule.layers import BatchNorm1d, BatchNorm2d, Conv2d, Flatten, Linear, ReLU, Sequential

CASES = [(BatchNorm1d, (4, 3)), (BatchNorm1d, (3, 2, 5)), (BatchNorm2d, (2, 3, 4, 5))]
STATE = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]


def randomize(layer, rng):
    """Scales, shifts and statistics that are not 1 and 0."""
    for _, below in layer.named_layers():
        for name in ("weight", "bias", "running_mean"):
            if getattr(below, name, None) is not None:
                holder = getattr(below, name)
                holder.data[...] = rng.normal(size=holder.shape) + 0.5
        if getattr(below, "running_var", None) is not None:
            below.running_var.data[...] = rng.uniform(0.5, 2, below.running_var.shape)
            below.num_batches_tracked.data[...] = 3
    return layer


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("options", [{}, {"affine": False}, {"track_running_stats": False, "eps": 0.1}])
@pytest.mark.parametrize(("kind", "shape"), CASES)
def test_protocol(kind, shape, options, training, rng):
    layer = randomize(kind(shape[1], **options), rng).train(training)
    check_layer(layer, rng.normal(size=shape) + 1)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("options", [{"eps": 0.01}, {"momentum": None}, {"affine": False, "momentum": 0.3}])
@pytest.mark.parametrize(("kind", "shape"), CASES)
def test_pytorch(kind, shape, options, training, rng):
    torch = torch_or_skip()
    theirs = getattr(torch.nn, kind.__name__)(shape[1], **options)
    ours = randomize(kind(shape[1], **options), rng)
    theirs.load_state_dict({name: torch.tensor(value) for name, value in ours.state_dict().items()})
    compare_layer(ours.train(training), theirs, rng.normal(size=shape) + 1)


@pytest.mark.parametrize("training", [True, False])
def test_pytorch_without_running_statistics(training, rng):
    torch = torch_or_skip()
    theirs = torch.nn.BatchNorm2d(3, track_running_stats=False)
    ours = BatchNorm2d(3, track_running_stats=False)
    assert ours.running_mean is ours.running_var is ours.num_batches_tracked is None
    compare_layer(ours.train(training), theirs, rng.normal(size=(2, 3, 4, 5)))


def small_model():
    return Sequential(
        Conv2d(2, 3, 2, bias=False), BatchNorm2d(3), ReLU(),          # (batch, 3, 4, 5)
        Flatten(), Linear(60, 4), BatchNorm1d(4, momentum=None),
    )  # fmt: skip


def small_torch_model(torch):
    nn = torch.nn
    return nn.Sequential(
        nn.Conv2d(2, 3, 2, bias=False), nn.BatchNorm2d(3), nn.ReLU(),
        nn.Flatten(), nn.Linear(60, 4), nn.BatchNorm1d(4, momentum=None),
    )  # fmt: skip


def test_twenty_steps_of_descent_as_in_pytorch(rng):
    torch = torch_or_skip()
    ours = cast_layer(randomize(small_model(), rng), "float64")
    theirs = small_torch_model(torch).double()
    start = ours.state_dict()
    theirs.load_state_dict({name: torch.tensor(value) for name, value in start.items()})
    for _ in range(20):
        x, dy = rng.normal(size=(5, 2, 5, 6)) * 2 + 1, rng.normal(size=(5, 4))
        ours.zero_grad()
        _, cache = ours.forward(x)
        ours.backward(dy, cache)
        theirs.zero_grad()
        theirs(torch.tensor(x)).backward(torch.tensor(dy))
        for parameter, theirs_parameter in zip(ours.parameters(), theirs.parameters(), strict=True):
            parameter.data[...] -= 0.01 * parameter.grad
            theirs_parameter.data -= 0.01 * theirs_parameter.grad
        ours.update_running_statistics()
    state = ours.state_dict()
    for name, tensor in theirs.state_dict().items():
        np.testing.assert_allclose(state[name], tensor.numpy(), rtol=1e-8, atol=1e-11, err_msg=name)
        # (a weight before a norm may move little, a bias there not at all)
        assert name == "4.bias" or not np.allclose(state[name], start[name], rtol=1e-3)
    x = rng.normal(size=(5, 2, 5, 6))
    np.testing.assert_allclose(ours.eval()(x), theirs.eval()(torch.tensor(x)).detach().numpy(), rtol=1e-8)


@pytest.mark.parametrize("momentum", [0.1, 1.0, None])
def test_parts_of_a_batch_add_up_to_its_statistics(momentum, rng):
    x = rng.normal(size=(7, 3, 4, 5)) * 3 + 50
    whole = cast_layer(BatchNorm2d(3, momentum=momentum), "float64")
    parts = cast_layer(whole, "float64")
    for layer, cuts in ((whole, [slice(0, 7)]), (parts, [slice(0, 2), slice(2, 3), slice(3, 7)])):
        for rows in cuts:
            y, cache = layer.forward(x[rows])
            layer.backward(np.ones_like(y), cache)
        layer.update_running_statistics()
    for name, value in whole.state_dict().items():
        np.testing.assert_allclose(parts.state_dict()[name], value, rtol=1e-11, err_msg=name)
    share = 0.1 if momentum == 0.1 else 1
    unbiased = x.var((0, 2, 3), ddof=1)
    np.testing.assert_allclose(whole.running_mean.data, share * x.mean((0, 2, 3)))
    np.testing.assert_allclose(whole.running_var.data, (1 - share) + share * unbiased)


def test_a_replicas_statistics_are_added_too(rng):
    x, dy = rng.normal(size=(5, 3)), rng.normal(size=(5, 3))
    whole, split = BatchNorm1d(3), BatchNorm1d(3)
    whole.backward(dy, whole.forward(x)[1])
    first, second = split.replica(), split.replica()
    for replica, rows in ((first, slice(0, 2)), (second, slice(2, 5))):
        replica.backward(dy[rows], replica.forward(x[rows])[1])
    assert split.pending.m == 0
    split.add_gradients_of(first)
    split.add_gradients_of(second)
    whole.update_running_statistics()
    split.update_running_statistics()
    np.testing.assert_allclose(split.running_mean.data, whole.running_mean.data, rtol=1e-6)
    np.testing.assert_allclose(split.running_var.data, whole.running_var.data, rtol=1e-6)
    assert split.num_batches_tracked.data == 1
    # the buffers are shared, not copied
    assert first.running_mean.data is split.running_mean.data


def test_one_norm_in_two_places_is_updated_once_with_both_batches(rng):
    norm = BatchNorm1d(3, momentum=1.0)
    model = Sequential(norm, Linear(3, 3, dtype="float64"), norm)
    y, cache = model.forward(rng.normal(size=(5, 3)))
    model.backward(np.ones_like(y), cache)
    assert norm.pending.m == 10
    twin = model.replica()
    y, cache = twin.forward(rng.normal(size=(4, 3)))
    twin.backward(np.ones_like(y), cache)
    model.add_gradients_of(twin)
    assert norm.pending.m == 18
    model.update_running_statistics()
    assert norm.num_batches_tracked.data == 1


def test_forward_leaves_no_trace_and_zero_grad_clears(rng):
    norm = BatchNorm1d(3)
    model = Sequential(Sequential(norm))
    before = model.state_dict()
    x = rng.normal(size=(5, 3))
    y, cache = model.forward(x)
    model.update_running_statistics()
    assert norm.num_batches_tracked.data == 0
    model.backward(np.ones_like(y), cache)
    model.zero_grad()
    model.update_running_statistics()
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[name])
    # sums were thrown away and none was ever taken in: evaluation would use a mean of 0 and a variance of 1
    with pytest.raises(RuntimeError, match=r"call model.update_running_statistics\(\) after optimizer.step"):
        model.eval().forward(x)


def test_evaluation_leaves_no_statistics(rng):
    norm, x = BatchNorm1d(3).eval(), rng.normal(size=(5, 3))
    y, cache = norm.forward(x)
    norm.backward(np.ones_like(y), cache)  # mean and variance were constants: this backward sees no batch
    assert norm.pending.m == 0


def test_a_constant_channel_has_no_negative_variance():
    norm = BatchNorm1d(2, momentum=1.0)
    x = np.full((3, 2), 1e5 / 3, np.float32)
    norm.backward(x, norm.forward(x)[1])
    norm.update_running_statistics()
    assert (norm.running_var.data >= 0).all()


def test_forgotten_update_is_found_at_evaluation(rng):
    model = Sequential(Linear(2, 3), BatchNorm1d(3))
    x = rng.normal(size=(5, 2)).astype(np.float32)
    model.eval()(x)  # never trained: fine, the statistics are those it was made or loaded with
    y, cache = model.train().forward(x)
    model.backward(y, cache)
    message = r"BatchNorm1d was trained, .*call model.update_running_statistics\(\) after optimizer.step\(\)"
    with pytest.raises(RuntimeError, match=message):
        model.eval()(x)
    model.update_running_statistics()
    model(x)
    # later, pending sums are no sign of forgetting: perhaps this is between backward and the step
    model.backward(y, model.train().forward(x)[1])
    model.eval()(x)


def test_state_and_repr():
    assert list(BatchNorm2d(3).state_dict()) == STATE
    assert list(BatchNorm2d(3, affine=False).state_dict()) == STATE[2:]
    assert list(BatchNorm2d(3, track_running_stats=False).state_dict()) == STATE[:2]
    state = BatchNorm2d(3).state_dict()
    assert [state[name].tolist() for name in STATE] == [[1] * 3, [0] * 3, [0] * 3, [1] * 3, 0]
    assert state["num_batches_tracked"].dtype == np.int64
    assert [name for name, _ in BatchNorm2d(3).named_parameters()] == ["weight", "bias"]
    expected = "BatchNorm1d(3, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)"
    assert repr(BatchNorm1d(3)) == expected


def test_errors():
    message = r"BatchNorm2d expects \(batch, channels, height, width\), got input \(4, 3\)"
    with pytest.raises(ValueError, match=message):
        BatchNorm2d(3)(np.zeros((4, 3)))
    message = r"expects \(batch, channels\) or \(batch, channels, length\), got input \(2, 3, 4, 5\)"
    with pytest.raises(ValueError, match=message):
        BatchNorm1d(3)(np.zeros((2, 3, 4, 5)))
    message = r"BatchNorm1d expects 3 channels, got 4: input \(batch 2, channels 4\)"
    with pytest.raises(ValueError, match=message):
        BatchNorm1d(3, affine=False)(np.zeros((2, 4)))
    with pytest.raises(ValueError, match="needs more than 1 value per channel"):
        BatchNorm1d(3)(np.zeros((1, 3)))
    BatchNorm1d(3).eval()(np.zeros((1, 3)))  # evaluation knows no batch
