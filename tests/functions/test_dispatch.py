"""The registry: a twin takes over where it applies, and backward follows the cache."""

from __future__ import annotations

import threading
from typing import Any, NamedTuple

import numpy as np
import pytest

from chainrule.functions import backend, pair, register_twin


class SquareCache(NamedTuple):
    x: Any


class FastSquareCache(NamedTuple):
    x: Any


def square(x: Any, scale: float = 1.0) -> Any:
    """scale · x²."""
    return "reference", SquareCache(x)


def square_backward(dy: Any, cache: Any) -> Any:
    return "reference backward"


def fast_square(x: Any, scale: float = 1.0) -> Any:
    """Applies to float32 only."""
    return ("fast", FastSquareCache(x)) if x.dtype == np.float32 else NotImplemented


def fast_square_backward(dy: Any, cache: Any) -> Any:
    return "fast backward"


SMALL, LARGE = np.ones(2, dtype=np.float32), np.ones(2, dtype=np.float64)


@pytest.fixture
def exported() -> tuple[Any, Any]:
    """A pair of its own, so that no test meets the twins of another."""
    forward, backward = pair(square, square_backward)
    register_twin(forward, fast_square, FastSquareCache, fast_square_backward)
    return forward, backward


def test_without_a_twin_the_reference_runs() -> None:
    forward, backward = pair(square, square_backward)
    y, cache = forward(SMALL)
    assert (y, backward(SMALL, cache)) == ("reference", "reference backward")


def test_a_twin_takes_over_where_it_applies(exported: Any) -> None:
    forward, backward = exported
    y, cache = forward(SMALL, scale=2.0)
    assert (y, backward(SMALL, cache)) == ("fast", "fast backward")


def test_where_a_twin_does_not_apply_the_reference_runs(exported: Any) -> None:
    forward, backward = exported
    y, cache = forward(LARGE)
    assert (y, backward(LARGE, cache)) == ("reference", "reference backward")


def test_the_reference_can_be_asked_for(exported: Any) -> None:
    forward, _ = exported
    with backend("reference"):
        assert forward(SMALL)[0] == "reference"
    assert forward(SMALL)[0] == "fast"


def test_backward_follows_the_cache_and_not_the_switch_of_the_moment(exported: Any) -> None:
    forward, backward = exported
    _, fast = forward(SMALL)
    with backend("reference"):
        _, plain = forward(SMALL)
        assert backward(SMALL, fast) == "fast backward"
    assert backward(SMALL, plain) == "reference backward"


def test_the_switch_is_put_back_after_an_error(exported: Any) -> None:
    forward, _ = exported
    with pytest.raises(RuntimeError, match="stop"), backend("reference"):
        raise RuntimeError("stop")
    assert forward(SMALL)[0] == "fast"


def test_the_switch_of_one_thread_is_not_that_of_another(exported: Any) -> None:
    forward, _ = exported
    seen = []
    with backend("reference"):
        thread = threading.Thread(target=lambda: seen.append(forward(SMALL)[0]))
        thread.start()
        thread.join()
        assert forward(SMALL)[0] == "reference"
    assert seen == ["fast"]


def test_the_newest_twin_is_asked_first_and_can_be_taken_away_again(exported: Any) -> None:
    forward, backward = exported

    class NewestCache(NamedTuple):
        x: Any

    unregister = register_twin(
        forward, lambda x: ("newest", NewestCache(x)), NewestCache, lambda dy, c: "newest backward"
    )
    y, cache = forward(LARGE)
    assert (y, backward(LARGE, cache)) == ("newest", "newest backward")
    unregister()
    assert forward(SMALL)[0] == "fast"
    assert forward(LARGE)[0] == "reference"


def test_the_exported_function_shows_the_references_name_and_docstring(exported: Any) -> None:
    forward, backward = exported
    assert forward.__name__ == "square"
    assert forward.__doc__ == "scale · x²."
    assert backward.__name__ == "square_backward"


def test_an_unknown_backend_is_named_with_those_that_exist() -> None:
    with (
        pytest.raises(ValueError, match="no backend is called 'fast': choose one of 'auto', 'reference'"),
        backend("fast"),
    ):
        pass
