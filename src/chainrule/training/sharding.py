"""One step on several cores: the batch is cut, each thread takes a part, the gradients add up.

The gradient of a sum is the sum of gradients, so a batch may be cut into parts ("shards") anywhere:

    ∂/∂w Σ loss[n] over all n  =  ∂/∂w Σ loss[n] over the first half  +  ∂/∂w Σ loss[n] over the second half

Each thread runs the whole network on its part. It has a replica of the model: the same weights, gradients of
its own. Results are those of one thread, up to rounding: losses are sums, with the count beside; random
numbers are keyed by the sample's place in the whole batch.

**Why not threads inside of the matrix products?** They are there already: NumPy's BLAS has some. But between
two products all cores but one wait, and each product begins and ends with a meeting. Here the threads meet
twice in a step. NumPy and compiled kernels release Python's lock while they compute; BLAS gets one thread in
the meantime, because two sets of threads on the same cores keep each other waiting.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from functools import cache
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np

import chainrule.kernels as kernels
from chainrule.functions.arrays import Array
from chainrule.layers.layer import Layer
from chainrule.layers.randomness import current, randomness

from .memory import keep_freed_memory
from .step import Gradients, Loss, answer, check_count, right_answers, upstream

T = TypeVar("T")


def sharded_gradients(
    model: Layer, loss: Loss, x: Any, target: Array, threads: int, state: Any = None
) -> Gradients:
    """forward, loss and backward of one batch on `threads` threads.

    The model's gradients become those of the mean. x is an array (batch, ...), or a tuple of such arrays; the
    prediction is an array (batch, ...), and a state holds arrays (layers, batch, ...). An exception in any
    thread is raised here, after all have ended their work. Raises ValueError in front of batch norm: its
    statistics are those of the whole batch.
    """
    for path, layer in model.named_layers():
        if layer.training and type(layer).add_statistics_of is not Layer.add_statistics_of:
            raise ValueError(
                f"threads={threads}: {path} ({type(layer).__name__}) needs the whole batch at once, for its "
                "mean and variance; train with threads=1"
            )
    cuts = np.linspace(0, len(target), min(threads, len(target)) + 1).astype(int)
    parts = [slice(int(start), int(stop)) for start, stop in pairwise(cuts)]
    keep_freed_memory()
    model.zero_grad()
    # the first part uses the model itself; made anew, replicas know who is frozen and in which mode
    models = [model, *(model.replica() for _ in parts[1:])]
    here = current()

    def forward(i: int) -> tuple[Any, Any, float, float, int | None, Any, int]:
        with randomness(here.seed, here.step, here.first_sample + parts[i].start) as mine:
            mine.draws = here.draws
            mine_of_state = None if state is None else _part_of_state(state, parts[i])
            answered, cache = answer(models[i], _part(x, parts[i]), mine_of_state)
            total, count, loss_cache = loss.forward(answered.prediction, target[parts[i]])
            right = right_answers(answered.prediction, target[parts[i]])
            return answered, cache, float(total), float(count), right, loss_cache, mine.draws

    with one_blas_thread(), ThreadPoolExecutor(max(1, len(parts) - 1)) as others:
        answers, caches, totals, counts, rights, loss_caches, draws = zip(
            *_on_all(others, forward, len(parts)), strict=True
        )
        here.draws = draws[0]  # every part made the same draws
        count = sum(counts)
        check_count(count)

        def backward(i: int) -> None:
            prediction, state_n = answers[i]
            dloss = np.asarray(1 / count, dtype=prediction.dtype)
            dprediction, *_ = loss.backward(dloss, loss_caches[i])
            models[i].backward(upstream(dprediction, state_n), caches[i])

        _on_all(others, backward, len(parts))
        for replica in models[1:]:
            model.add_gradients_of(replica)
    predictions = tuple(part.prediction for part in answers)
    right = None if rights[0] is None else sum(rights)
    return Gradients(predictions, sum(totals), count, right, _joined([part.state for part in answers]))


def _on_all(others: ThreadPoolExecutor, work: Callable[[int], T], count: int) -> list[T]:
    """work(0) in this thread, the rest in others, all with this thread's settings (backend, errstate)."""
    futures = [others.submit(copy_context().run, work, i) for i in range(1, count)]
    return [work(0), *(future.result() for future in futures)]


def _part(x: Any, part: slice) -> Any:
    return tuple(array[part] for array in x) if isinstance(x, tuple) else x[part]


def _part_of_state(state: Any, part: slice) -> Any:
    """Of a recurrent network's state, (layers, batch, hidden) or a tuple of such arrays, some samples."""
    return tuple(array[:, part] for array in state) if isinstance(state, tuple) else state[:, part]


def _joined(states: list[Any]) -> Any:
    """The states of all parts side by side."""
    if states[0] is None:
        return None
    if isinstance(states[0], tuple):
        return tuple(np.concatenate(arrays, axis=1) for arrays in zip(*states, strict=True))
    return np.concatenate(states, axis=1)


def usual_threads(batch_size: int) -> int:
    """One thread per core where compiled kernels do the work; NumPy's own threads suffice elsewhere."""
    if not kernels.available():
        return 1
    return max(
        1,
        min(
            len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
            batch_size,
        ),
    )


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Inside the block, NumPy's BLAS uses one thread per call. This holds for the whole process."""
    with _thread_pools().limit(limits=1, user_api="blas"):
        yield


@cache
def _thread_pools() -> Any:
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError as error:
        raise ImportError(
            "threads= needs the package threadpoolctl: pip install 'chainrule[train]'"
        ) from error
    return ThreadpoolController()
