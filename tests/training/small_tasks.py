"""What the tests of training share: a task that is learned within a second, and ways to compare runs."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.data import ArrayBatches
from chainrule.layers import (
    BatchNorm2d,
    Conv2d,
    CrossEntropyLoss,
    Dropout,
    Flatten,
    Layer,
    Linear,
    MaxPool2d,
    ReLU,
    Sequential,
    manual_seed,
)
from chainrule.training import Adam, CosineAnnealingLR

HEIGHT, WIDTH, CLASSES = 7, 6, 3


def bright_bars(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Noisy images (count, 1, 7, 6) with a bright bar on top, in the middle or below; and which, (count,)."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, CLASSES, count)
    images = rng.normal(0, 0.3, (count, 1, HEIGHT, WIDTH)).astype(np.float32)
    images[np.arange(count), 0, 3 * labels] += 1.0
    return images, labels


def small_model(seed: int = 0, dropout: float = 0.3) -> Sequential:
    """Convolution, batch norm, pooling, dropout, linear: everything that has a state or draws numbers."""
    manual_seed(seed)
    return Sequential(
        Conv2d(1, 4, 3, padding=1, bias=False), BatchNorm2d(4), ReLU(), MaxPool2d(2),  # (batch, 4, 3, 3)
        Flatten(), Dropout(dropout), Linear(36, CLASSES),
    )  # fmt: skip


def small_training(count: int = 25, batch_size: int = 4, epochs: int = 3, seed: int = 0) -> dict[str, Any]:
    """Fresh arguments of `fit`: shuffled batches (the last is smaller), dropout, a falling learning rate."""
    model = small_model(seed)
    train = ArrayBatches(*bright_bars(count, seed=1), batch_size=batch_size, seed=seed)
    return {
        "model": model,
        "loss": CrossEntropyLoss(),
        "optimizer": Adam(model.parameters(), lr=0.02),
        "train": train,
        "validation": ArrayBatches(*bright_bars(11, seed=2), batch_size=5),
        "epochs": epochs,
        "schedule": CosineAnnealingLR(0.02, epochs * len(train)),
        "seed": seed,
    }


def everything(arguments: dict[str, Any]) -> dict[str, np.ndarray]:
    """All numbers that a step may change: weights, running statistics and the optimizer's state."""
    model: Layer = arguments["model"]
    return model.state_dict() | {f"optimizer.{n}": a for n, a in arguments["optimizer"].state_dict().items()}


def assert_same_numbers(got: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    """Bit by bit."""
    assert got.keys() == expected.keys()
    for name, array in expected.items():
        assert got[name].dtype == array.dtype
        np.testing.assert_array_equal(got[name], array, err_msg=name)


def without_clock(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Records without what depends on how fast the machine is."""
    return [{k: v for k, v in r.items() if k not in ("seconds", "samples_per_second")} for r in records]
