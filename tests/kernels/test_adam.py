"""Adam's compiled step is the plain one, and is taken where it pays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

from chainrule import backend
from chainrule.kernels import adam
from chainrule.kernels.adam import adam_step
from chainrule.layers import Parameter
from chainrule.training import Adam, AdamW, optimizers

RNG = np.random.default_rng(0)
OPTIONS: list[tuple[type[Adam], dict[str, Any]]] = [
    (Adam, {}),
    (Adam, {"weight_decay": 0.1, "betas": (0.5, 0.9), "eps": 1e-3}),
    (AdamW, {"lr": 0.1}),
]


def weights_after_steps(
    optimizer_type: type[Adam], options: dict[str, Any], dtype: Any = np.float32
) -> np.ndarray:
    rng = np.random.default_rng(1)
    parameter = Parameter(rng.normal(size=(7, 11)).astype(dtype))
    optimizer = optimizer_type([parameter], **options)
    for _ in range(5):
        parameter.grad[...] = rng.normal(size=(7, 11)).astype(np.float32)
        parameter.grad[0] = 0  # 0 / (0 + eps)
        optimizer.step()
    return parameter.data


@pytest.mark.parametrize(("optimizer_type", "options"), OPTIONS)
def test_five_steps_are_those_of_the_reference(
    optimizer_type: type[Adam], options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = weights_after_steps(optimizer_type, options)
    ran: list[bool] = []
    monkeypatch.setattr(adam, "SMALL", 0)
    monkeypatch.setattr(optimizers, "adam_step", lambda *args: ran.append(adam_step(*args)) or ran[-1])
    with backend("reference"):
        np.testing.assert_array_equal(weights_after_steps(optimizer_type, options), expected)
    compiled = weights_after_steps(optimizer_type, options)
    np.testing.assert_allclose(compiled, expected, rtol=0, atol=1e-6)
    assert ran == [False] * 5 + [True] * 5


def test_it_steps_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    def applies(*arrays: np.ndarray) -> bool:
        return adam_step(*arrays, lr=0.1, betas=(0.9, 0.999), eps=1e-8, t=1)

    def four(dtype: Any = np.float32) -> list[np.ndarray]:
        return [np.abs(RNG.normal(size=(6, 4))).astype(dtype) for _ in range(4)]

    assert not applies(*four())  # small
    monkeypatch.setattr(adam, "SMALL", 24)
    assert applies(*four())
    assert not applies(*four(np.float64))
    assert not applies(four()[0], four()[1].T.copy().T, *four()[2:])  # other memory orders
    with backend("reference"):
        assert not applies(*four())
    monkeypatch.setattr(adam, "compiler_is_installed", lambda: False)
    assert not applies(*four())
