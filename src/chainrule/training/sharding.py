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

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from functools import cache
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np

from chainrule.functions.arrays import Array
from chainrule.layers.layer import Layer
from chainrule.layers.randomness import current, randomness

from .memory import keep_freed_memory
from .step import Loss, check_count

T = TypeVar("T")


def sharded_gradients(
    model: Layer, loss: Loss, x: Any, target: Array, threads: int
) -> tuple[Array, float, float]:
    """forward, loss and backward of one batch on `threads` threads; returns (prediction, sum, count).

    The model's gradients become those of the mean. x is an array (batch, ...), or a tuple of such arrays; the
    prediction is an array (batch, ...). An exception in any thread is raised here, after all have ended their
    work. Raises ValueError in front of batch norm: its statistics are those of the whole batch.
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

    def forward(i: int) -> tuple[Any, Any, float, float, Any, int]:
        with randomness(here.seed, here.step, here.first_sample + parts[i].start) as mine:
            mine.draws = here.draws
            prediction, cache = models[i].forward(_part(x, parts[i]))
            total, count, loss_cache = loss.forward(prediction, target[parts[i]])
            return prediction, cache, float(total), float(count), loss_cache, mine.draws

    with one_blas_thread(), ThreadPoolExecutor(max(1, len(parts) - 1)) as others:
        predictions, caches, totals, counts, loss_caches, draws = zip(
            *_on_all(others, forward, len(parts)), strict=True
        )
        here.draws = draws[0]  # every part made the same draws
        count = sum(counts)
        check_count(count)

        def backward(i: int) -> None:
            dloss = np.asarray(1 / count, dtype=predictions[i].dtype)
            dprediction, *_ = loss.backward(dloss, loss_caches[i])
            models[i].backward(dprediction, caches[i])

        _on_all(others, backward, len(parts))
        for replica in models[1:]:
            model.add_gradients_of(replica)
    return np.concatenate(predictions), sum(totals), count


def _on_all(others: ThreadPoolExecutor, work: Callable[[int], T], count: int) -> list[T]:
    """work(0) in this thread, the rest in others, all with this thread's settings (backend, errstate)."""
    futures = [others.submit(copy_context().run, work, i) for i in range(1, count)]
    return [work(0), *(future.result() for future in futures)]


def _part(x: Any, part: slice) -> Any:
    return tuple(array[part] for array in x) if isinstance(x, tuple) else x[part]


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
