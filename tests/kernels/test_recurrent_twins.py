"""The twins of rnn, lstm and gru against the references in float64, and when they step aside."""

from __future__ import annotations

import threading
from typing import Any, NamedTuple

import numpy as np
import pytest

pytest.importorskip("numba")

from chainrule import backend, functions, kernels
from chainrule.kernels import recurrent


class Kind(NamedTuple):
    gates: int
    states: int
    options: dict[str, Any]


KINDS = {
    "lstm": ("lstm", Kind(4, 2, {})),
    "gru": ("gru", Kind(3, 1, {})),
    "rnn tanh": ("rnn", Kind(1, 1, {"nonlinearity": "tanh"})),
    "rnn relu": ("rnn", Kind(1, 1, {"nonlinearity": "relu"})),
}
SIZES = {  # batch, time, features, hidden
    "odd": (5, 7, 9, 11),
    "one sample": (1, 6, 5, 7),
    "one step": (6, 1, 5, 7),
    "all ones": (1, 1, 1, 1),
    "whole tiles": (8, 3, 16, 32),
    "a long sum": (3, 4, 5, 300),
}
TOLERANCE = 3e-6


@pytest.fixture(autouse=True)
def small_work_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recurrent, "SMALL_WORK", 0)


class Case:
    """The arguments of one call, an upstream for it, and both ways to compute it."""

    def __init__(self, kind: str, sizes: str = "odd", lengths: bool = False, seed: int = 0) -> None:
        self.name, (gates, states, self.options) = KINDS[kind]
        batch, time, features, hidden = SIZES[sizes]
        rng = np.random.default_rng(seed)

        def normal(*shape: int) -> np.ndarray:
            return rng.normal(size=shape).astype(np.float32)

        rows = gates * hidden
        self.arrays: list[Any] = [
            normal(batch, time, features),
            *(normal(batch, hidden) for _ in range(states)),
            normal(rows, features) / features**0.5,
            normal(rows, hidden) / hidden**0.5,
            normal(rows),
            normal(rows),
        ]
        self.options = dict(self.options)
        if lengths:
            self.options["lengths"] = rng.integers(1, time + 1, size=batch)
        self.upstream: list[Any] = [
            normal(batch, time, hidden),
            *(normal(batch, hidden) for _ in range(states)),
        ]

    def run(self) -> tuple[list[Any], list[Any], Any]:
        """(outputs, gradients, cache), by whatever the dispatch chooses."""
        y, cache = getattr(functions, self.name)(*self.arrays, **self.options)
        return list(y), list(getattr(functions, f"{self.name}_backward")(tuple(self.upstream), cache)), cache

    def expected(self) -> list[Any]:
        """Outputs and gradients by the reference, in float64."""
        wide = Case.__new__(Case)
        wide.name, wide.options = self.name, self.options
        wide.arrays, wide.upstream = (
            [None if a is None else a.astype(np.float64) for a in arrays]
            for arrays in (self.arrays, self.upstream)
        )
        y, gradients, cache = wide.run()
        assert "Compiled" not in type(cache).__name__
        return y + gradients

    def check(self) -> None:
        before = [None if a is None else a.copy() for a in (*self.arrays, *self.upstream)]
        y, gradients, cache = self.run()
        assert "Compiled" in type(cache).__name__
        assert_equal([*y, *gradients], self.expected())
        for array, old in zip((*self.arrays, *self.upstream), before, strict=True):
            np.testing.assert_array_equal(array, old)


def outputs_and_gradients(case: Case) -> list[Any]:
    y, gradients, _ = case.run()
    return y + gradients


def assert_equal(found: list[Any], expected: list[Any]) -> None:
    """None where None is expected; elsewhere float32, the same shape, and near."""
    for ours, theirs in zip(found, expected, strict=True):
        if theirs is None:
            assert ours is None
            continue
        assert (ours.dtype, ours.shape) == (np.float32, theirs.shape)
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=TOLERANCE * np.abs(theirs).max())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("lengths", [False, True])
@pytest.mark.parametrize("reverse", [False, True])
def test_outputs_and_gradients_are_the_references(
    kind: str, sizes: str, lengths: bool, reverse: bool
) -> None:
    case = Case(kind, sizes, lengths)
    case.options["reverse"] = reverse
    case.check()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("missing", [[-2], [-1], [-2, -1]])
def test_missing_biases(kind: str, missing: list[int]) -> None:
    case = Case(kind)
    for place in missing:
        case.arrays[place] = None
    case.check()


@pytest.mark.parametrize("kind", KINDS)
def test_where_nothing_comes_from_above(kind: str) -> None:
    for place in range(len(Case(kind).upstream)):
        case = Case(kind, lengths=True)
        case.upstream = [d if i == place else None for i, d in enumerate(case.upstream)]
        case.check()


@pytest.mark.parametrize("kind", KINDS)
def test_any_memory_order_and_read_only_arrays(kind: str) -> None:
    case = Case(kind)
    for arrays in (case.arrays, case.upstream):
        for place, array in enumerate(arrays):
            arrays[place] = np.asfortranarray(array) if place % 2 else np.repeat(array, 2, axis=-1)[..., ::2]
            arrays[place].flags.writeable = False
    case.check()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("reverse", [False, True])
def test_what_stands_in_the_padding_reaches_nothing(kind: str, reverse: bool) -> None:
    case = Case(kind, lengths=True)
    case.options["reverse"] = reverse
    padding = np.arange(7) >= case.options["lengths"][:, None]
    assert padding.any()
    y, gradients, _ = case.run()
    case.arrays[0][padding] = np.nan
    case.upstream[0][padding] = np.nan
    y_nan, gradients_nan, _ = case.run()
    for clean, dirty in zip(y + gradients, y_nan + gradients_nan, strict=True):
        np.testing.assert_array_equal(clean, dirty)
    assert (y[0][padding] == 0).all()
    assert (gradients[0][padding] == 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_repeated_symbols_as_of_an_embedding(kind: str) -> None:
    case = Case(kind, lengths=True)
    table = np.random.default_rng(3).normal(size=(3, 9)).astype(np.float32)
    case.arrays[0] = table[np.random.default_rng(4).integers(3, size=(5, 7))]
    case.check()
    assert case.run()[2].given.repeated is not None


@pytest.mark.parametrize("kind", KINDS)
def test_two_calls_alive_at_once_and_backward_twice(kind: str) -> None:
    first, second = Case(kind, seed=1), Case(kind, seed=2)
    expected = [case.run()[1] for case in (first, second)]
    backward = getattr(functions, f"{first.name}_backward")
    caches = [getattr(functions, c.name)(*c.arrays, **c.options)[1] for c in (first, second)]
    for _ in range(2):
        for case, cache, gradients in zip((first, second), caches, expected, strict=True):
            for ours, theirs in zip(backward(tuple(case.upstream), cache), gradients, strict=True):
                np.testing.assert_array_equal(ours, theirs)


def test_threads_do_not_meet() -> None:
    cases = [Case("lstm", "whole tiles", seed=seed) for seed in range(4)]
    expected = [outputs_and_gradients(case) for case in cases]
    found: list[Any] = [None] * len(cases)

    def work(i: int) -> None:
        for _ in range(20):
            found[i] = outputs_and_gradients(cases[i])

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(cases))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for ours, theirs in zip(found, expected, strict=True):
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(a, b)


# ------------------------------------------------------------ when they step aside


def cache_of(case: Case) -> str:
    return type(getattr(functions, case.name)(*case.arrays, **case.options)[1]).__name__


def test_small_work_and_the_reference_backend_run_the_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case("lstm")
    assert cache_of(case) == "CompiledLstmCache"
    with backend("reference"):
        assert cache_of(case) == "LstmCache"
    monkeypatch.setattr(recurrent, "SMALL_WORK", 2**20)
    assert cache_of(case) == "LstmCache"


def test_without_numba_the_reference_runs_in_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {"gru", "lstm", "rnn"} < set(kernels.available())
    for module in (recurrent, kernels):
        monkeypatch.setattr(module, "compiler_is_installed", lambda: False)
    assert cache_of(Case("lstm")) == "LstmCache"
    assert kernels.available() == ()


def test_other_kinds_of_arrays_are_left_to_the_reference() -> None:
    class Special(np.ndarray):
        pass

    case = Case("gru")
    case.arrays[0] = case.arrays[0].view(Special)
    assert cache_of(case) == "GruCache"


@pytest.mark.parametrize("kind", KINDS)
def test_mistakes_are_named_as_by_the_reference(kind: str) -> None:
    case = Case(kind)
    case.arrays[1] = case.arrays[1].T
    with pytest.raises(ValueError, match=rf"{case.name} expects h0 \(batch 5, hidden 11\)"):
        case.run()
    case = Case(kind)
    case.options["lengths"] = np.array([1, 2, 3, 4, 8])
    with pytest.raises(ValueError, match="lengths must be from 1 to 7"):
        case.run()
