"""The models: the sizes that their originals are known for, and the answers that PyTorch gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.layers import Conv2d, Dropout, Linear, Sequential, default_dtype, manual_seed
from chainrule.models import MODELS, build, lenet5

COLOR = {"in_channels": 3, "size": 32, "classes": 5}


@pytest.mark.parametrize(
    ("name", "options", "count"),
    [
        ("keras", {}, 34_826),  # keras.io/examples/vision/mnist_convnet
        ("lenet5", {}, 61_706),
        ("pytorch", {}, 1_199_882),  # github.com/pytorch/examples/mnist
        ("color", COLOR, 56_549),
        ("fashion", {}, 83_050),
        ("small", {}, 30_634),
    ],
)
def test_parameter_counts(name: str, options: dict[str, Any], count: int) -> None:
    assert sum(p.size for p in build(name, **options).parameters()) == count


def test_the_model_for_clothes_stays_small() -> None:
    assert sum(p.size for p in build("fashion").parameters()) < 120_000


@pytest.mark.parametrize("name", MODELS)
def test_logits_for_other_channels_and_classes(name: str) -> None:
    model = build(name, in_channels=2, size=28, classes=7)
    x = np.random.default_rng(0).normal(size=(3, 2, 28, 28)).astype(np.float32)
    y, cache = model.forward(x)
    assert y.shape == (3, 7)
    assert y.dtype == np.float32
    assert model.backward(np.ones_like(y), cache).shape == x.shape


@pytest.mark.parametrize(
    ("name", "smallest"), [("keras", 10), ("pytorch", 6), ("color", 18), ("fashion", 8), ("small", 4)]
)
def test_images_may_be_small_but_not_too_small(name: str, smallest: int) -> None:
    model = build(name, in_channels=1, size=smallest)
    assert model(np.zeros((2, 1, smallest, smallest), np.float32)).shape[0] == 2
    for size in range(1, smallest):
        with pytest.raises(ValueError, match=f"images of {size} x {size} are too small for this model"):
            build(name, in_channels=1, size=size)


def test_odd_sizes_are_fine() -> None:
    for name in ("keras", "pytorch", "color", "fashion", "small"):
        assert build(name, in_channels=1, size=29, classes=4)(np.zeros((2, 1, 29, 29), np.float32)).shape == (
            2,
            4,
        )


def test_lenet5_has_one_size_and_says_so() -> None:
    with pytest.raises(ValueError, match="LeNet-5 takes images of 28 x 28, got 32 x 32"):
        build("lenet5", size=32)


def test_unknown_names_are_answered_with_the_known_ones() -> None:
    with pytest.raises(
        ValueError,
        match="no model is called 'resnet': there are small, keras, lenet5, pytorch, fashion, color",
    ):
        build("resnet")


@pytest.mark.parametrize("name", ["keras", "small", "fashion", "color"])
def test_weights_begin_glorot_uniform_and_biases_at_0(name: str) -> None:
    manual_seed(0)
    for layer in build(name, in_channels=1, size=28):
        if isinstance(layer, Conv2d | Linear):
            out, into, *kernel = layer.weight.shape
            area = int(np.prod(kernel))
            bound = np.sqrt(6 / ((into + out) * area))
            assert 0.9 * bound < np.abs(layer.weight.data).max() <= bound
            assert layer.bias is None or not layer.bias.data.any()


def test_the_seed_determines_the_weights() -> None:
    def weights(seed: int) -> np.ndarray:
        manual_seed(seed)
        return build("small").state_dict()["0.weight"]

    np.testing.assert_array_equal(weights(1), weights(1))
    assert (weights(1) != weights(2)).all()


# ------------------------------------------------------------ against PyTorch


def twin(torch: Any, name: str, options: dict[str, Any]) -> tuple[Sequential, Any]:
    """Our model and the equal torch.nn.Sequential with our weights, both float64 and without dropout."""
    nn = torch.nn
    theirs = {
        "keras": lambda: nn.Sequential(
            nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Dropout(0.0), nn.Linear(1600, 10),
        ),
        "lenet5": lambda: nn.Sequential(
            nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
        ),
        "pytorch": lambda: nn.Sequential(
            nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.0),
            nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Dropout(0.0), nn.Linear(128, 10),
        ),
        "color": lambda: nn.Sequential(
            nn.Conv2d(3, 16, 3), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3), nn.ReLU(),
            nn.Flatten(), nn.Linear(1024, 32), nn.ReLU(), nn.Linear(32, 5),
        ),
        "fashion": lambda: nn.Sequential(
            nn.Conv2d(1, 32, 3, padding="same", bias=False), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3, padding="same", bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(64, 96, 3, padding="same", bias=False), nn.BatchNorm2d(96), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Dropout(0.0), nn.Linear(864, 10),
        ),
        "small": lambda: nn.Sequential(
            nn.Conv2d(1, 32, 3, padding="same"), nn.ReLU(),
            nn.Conv2d(32, 32, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Dropout(0.0), nn.Linear(256, 10),
        ),
    }[name]().double()  # fmt: skip
    manual_seed(5)
    with default_dtype(np.float64):
        ours = build(name, **options)
    for layer in ours:
        if isinstance(layer, Dropout):
            layer.p = 0.0  # the two would draw different masks
    theirs.load_state_dict({key: torch.tensor(array) for key, array in ours.state_dict().items()})
    return ours, theirs


@pytest.mark.parametrize(
    ("name", "options", "shape"),
    [
        ("keras", {}, (3, 1, 28, 28)),
        ("lenet5", {}, (3, 1, 28, 28)),
        ("pytorch", {}, (2, 1, 28, 28)),
        ("color", COLOR, (3, 3, 32, 32)),
        ("fashion", {}, (3, 1, 28, 28)),
        ("small", {}, (5, 1, 8, 8)),
    ],
)
def test_the_same_logits_and_gradients_as_in_pytorch(
    name: str, options: dict[str, Any], shape: tuple[int, ...]
) -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    ours, theirs = twin(torch, name, options)
    rng = np.random.default_rng(0)
    x = rng.normal(size=shape)
    their_x = torch.tensor(x, requires_grad=True)
    y, cache = ours.forward(x)
    their_y = theirs(their_x)
    np.testing.assert_allclose(y, their_y.detach().numpy(), rtol=1e-9, atol=1e-10)

    dy = rng.normal(size=y.shape)
    their_y.backward(torch.tensor(dy))
    dx = ours.backward(dy, cache)
    gradients = {key: p.grad for key, p in ours.named_parameters()} | {"x": dx}
    expected = {key: p.grad.numpy() for key, p in theirs.named_parameters()} | {"x": their_x.grad.numpy()}
    assert gradients.keys() == expected.keys()
    for key, gradient in expected.items():
        np.testing.assert_allclose(gradients[key], gradient, rtol=1e-7, atol=1e-9, err_msg=key)


def test_lenet5_as_in_the_paper_bends_and_averages() -> None:
    model = lenet5(activation="tanh", pool="avg")
    assert [type(layer).__name__ for layer in model][:3] == ["Conv2d", "Tanh", "AvgPool2d"]
    assert sum(p.size for p in model.parameters()) == 61_706
    assert model(np.zeros((2, 1, 28, 28), np.float32)).shape == (2, 10)
