"""The two sides of a comparison: a training step with chainrule, and the same with PyTorch.

Each side imports only its own library: `memory.py` measures them apart.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from typing import Any

from common import Laps


@dataclass
class Network:
    title: str
    batch: int
    shape: tuple[int, int, int] = (1, 28, 28)
    classes: int = 10


NETWORKS = {
    "keras": Network("Keras example, 34,826 parameters", batch=128),
    "lenet5": Network("LeNet-5, 61,706 parameters", batch=64),
    "pytorch": Network("PyTorch example, 1,199,882 parameters", batch=64),
}


def batches(network: Network, dtype: Any, count: int = 16, seed: int = 0) -> Iterator[tuple[Any, Any]]:
    """`count` batches of random images and classes, again and again."""
    import numpy as np

    generator = np.random.default_rng(seed)
    images = generator.normal(size=(count, network.batch, *network.shape)).astype(dtype)
    classes = generator.integers(network.classes, size=(count, network.batch))
    return cycle(zip(images, classes, strict=True))


class Side:
    """A network, its optimizer, its data: `step` is a training step, `laps` the same in three timed parts."""

    def forward(self) -> None: ...

    def backward(self) -> None: ...

    def update(self) -> None: ...

    def step(self) -> None: ...

    def laps(self) -> Laps:
        times = [time.perf_counter()]
        for part in (self.forward, self.backward, self.update):
            part()
            times.append(time.perf_counter())
        names = ("forward", "backward", "update")
        return {name: end - begin for name, begin, end in zip(names, times, times[1:], strict=False)}


class ChainruleSide(Side):
    def __init__(self, name: str, dtype: Any = "float32") -> None:
        from chainrule import default_dtype, manual_seed, models
        from chainrule.layers import CrossEntropyLoss
        from chainrule.training import Adam

        manual_seed(0)
        self.data = batches(NETWORKS[name], dtype)
        with default_dtype(dtype):
            self.model, self.loss = models.build(name), CrossEntropyLoss()
        self.optimizer = Adam(self.model.parameters())

    def forward(self) -> None:
        x, target = next(self.data)
        self.prediction, self.cache = self.model.forward(x)
        self.total, self.count, self.loss_cache = self.loss.forward(self.prediction, target)

    def backward(self) -> None:
        self.model.zero_grad()
        dprediction, *_ = self.loss.backward(self.prediction.dtype.type(1 / self.count), self.loss_cache)
        self.model.backward(dprediction, self.cache)

    def update(self) -> None:
        self.optimizer.step()

    def step(self) -> None:
        """What users run: it computes the gradients' norm as well."""
        from chainrule.training import train_step

        x, target = next(self.data)
        train_step(self.model, self.loss, self.optimizer, x, target)

    def loss_and_gradients(self) -> tuple[float, dict[str, Any]]:
        """Of the next batch, without dropout."""
        self.model.eval()
        self.forward()
        self.backward()
        self.model.train()
        gradients = {name: p.grad.copy() for name, p in self.model.named_parameters()}
        return float(self.total) / self.count, gradients


class TorchSide(Side):
    """fused: Adam in one kernel; channels_last: PyTorch's other memory layout. Both are off by default."""

    def __init__(
        self,
        name: str,
        state: dict[str, Any] | None = None,
        fused: bool = False,
        channels_last: bool = False,
        dtype: Any = "float32",
    ) -> None:
        import numpy as np
        import torch

        self.model = torch_network(name).to(getattr(torch, np.dtype(dtype).name))
        self.loss = torch.nn.CrossEntropyLoss()
        if state is not None:
            self.model.load_state_dict({key: torch.from_numpy(value) for key, value in state.items()})
        layout = torch.channels_last if channels_last else torch.contiguous_format
        self.model.to(memory_format=layout)
        self.data = (
            (torch.from_numpy(x).contiguous(memory_format=layout), torch.from_numpy(target))
            for x, target in batches(NETWORKS[name], dtype)
        )
        self.optimizer = torch.optim.Adam(self.model.parameters(), fused=fused)

    def forward(self) -> None:
        x, target = next(self.data)
        self.mean = self.loss(self.model(x), target)

    def backward(self) -> None:
        self.optimizer.zero_grad()
        self.mean.backward()

    def update(self) -> None:
        self.optimizer.step()

    def step(self) -> None:
        self.forward()
        self.backward()
        self.update()
        self.mean.item()

    def loss_and_gradients(self) -> tuple[float, dict[str, Any]]:
        """Of the next batch, without dropout."""
        self.model.eval()
        self.forward()
        self.backward()
        self.model.train()
        return self.mean.item(), {name: p.grad.numpy().copy() for name, p in self.model.named_parameters()}


def torch_network(name: str) -> Any:
    """The same layers under the same names as `chainrule.models`, so that a state dict fits both."""
    from torch.nn import Conv2d, Dropout, Flatten, Linear, MaxPool2d, ReLU, Sequential

    if name == "keras":
        return Sequential(
            Conv2d(1, 32, 3), ReLU(), MaxPool2d(2),
            Conv2d(32, 64, 3), ReLU(), MaxPool2d(2),
            Flatten(), Dropout(0.5), Linear(1600, 10),
        )  # fmt: skip
    if name == "lenet5":
        return Sequential(
            Conv2d(1, 6, 5, padding=2), ReLU(), MaxPool2d(2),
            Conv2d(6, 16, 5), ReLU(), MaxPool2d(2),
            Flatten(), Linear(400, 120), ReLU(), Linear(120, 84), ReLU(), Linear(84, 10),
        )  # fmt: skip
    return Sequential(
        Conv2d(1, 32, 3), ReLU(),
        Conv2d(32, 64, 3), ReLU(), MaxPool2d(2), Dropout(0.25),
        Flatten(), Linear(9216, 128), ReLU(), Dropout(0.5), Linear(128, 10),
    )  # fmt: skip
