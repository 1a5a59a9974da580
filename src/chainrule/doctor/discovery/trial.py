"""One try: does the code run with these arguments, and how far?"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import numpy as np

from ..arrays_inside import places
from ..errors import NotASubject
from ..objects import forward_of
from ..structure import is_array, is_real, leaves
from ..subject import Subject
from .limits import TimeUp, reseed, time_limit

TRY_SECONDS = 1.0
BUILT, FORWARD, USELESS, BACKWARD, WORKS = 0, 1, 2, 3, 4
Place = tuple[int, int, int, int]


@dataclass
class Outcome:
    """stage: where it failed (BUILT: not even built; WORKS: nowhere). lines: where the exception went through
    the file. places: the same, to the column. penalty: what does not fit although it works. error: the
    exception in a line.
    """

    stage: int
    lines: tuple[int, ...] = ()
    places: tuple[Place, ...] = ()
    penalty: float = 0.0
    error: str = ""
    output: tuple[int, ...] | None = None
    slow: bool = False  # it was stopped
    refused: bool = False  # by the doctor, and by no exception of the code
    misfits: frozenset[str] = frozenset()  # the inputs whose gradients have another shape than they

    @functools.cached_property
    def rank(self) -> tuple[Any, ...]:
        """Smaller for what came further."""
        return (-self.stage, tuple(tuple(-n for n in place) for place in self.places), self.penalty)

    @property
    def cost(self) -> float:
        return {WORKS: 0.0, BACKWARD: 7.0, USELESS: 25.0, FORWARD: 50.0, BUILT: 100.0}[
            self.stage
        ] + self.penalty


def failure(stage: int, error: BaseException, file: str) -> Outcome:
    """What an exception tells: the lines of the file that it went through."""
    lines, places_, trace = [], [], error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            lines.append(trace.tb_lineno)
            places_.append(_place(trace))
        trace = trace.tb_next
    if isinstance(error, TimeUp):
        said = f"still running after {TRY_SECONDS:.0f} second"
    else:
        kind = "" if isinstance(error, NotASubject) else f"{type(error).__name__}: "
        said = f"{kind}{error}".splitlines()[0]
    where = f"line {lines[-1]}: " if lines else ""
    return Outcome(stage, tuple(lines), tuple(places_), 0.0, where + said, slow=isinstance(error, TimeUp))


def _place(trace: TracebackType) -> Place:
    """Where on its line: what is evaluated later ends later, or begins earlier."""
    positions = list(trace.tb_frame.f_code.co_positions())
    first, last, start, end = positions[trace.tb_lasti // 2]
    return (last or trace.tb_lineno, end or 0, -(first or 0), -(start or 0))


def attempt(
    make: Callable[[], Any], inputs: tuple[Any, ...], kwargs: dict[str, Any], file: str, misfit: float = 2.0
) -> Outcome:
    """Forward, and backward with a random upstream of the output's shape. Call inside of `muted`.

    misfit: what a gradient of another shape than what it belongs to costs.
    """
    stage = BUILT
    try:
        with time_limit(TRY_SECONDS), np.errstate(all="ignore"):
            reseed()
            subject = make()
            stage = FORWARD
            # most tries end here, before anything is read from the source
            ahead = (
                subject[0]
                if isinstance(subject, tuple)
                else getattr(subject, forward_of(subject) or "forward")
            )
            ahead(*(_own(v) for v in inputs), **kwargs)
            reseed()
            subject = make()
            face = Subject(subject, tuple(_own(v) for v in inputs), kwargs)
            before = {p.path: np.array(p.get(), dtype=float) for p in places(subject)} if face.owner else {}
            first = face.forward(face.inputs)
            face.learn_conventions(first)
            forward = face.forward(face.inputs) if face.returns_cache else first
            stage = USELESS
            useless = _useless(forward.leaves)
            if useless:
                return Outcome(USELESS, error=useless)
            outputs = {n: np.array(v, dtype=float) for n, v in forward.leaves.items()}
            stage = BACKWARD
            penalty, misfits = _backward(face, forward, outputs, before, misfit)
            penalty += 3.0 * _is_constant(outputs) + 3.0 * _one_window(inputs, outputs) + unequal(inputs)
            penalty += 4.0 * _grown(inputs, outputs, 1 if misfits else 2)
            shape = next(iter(outputs.values())).shape
            return Outcome(WORKS, penalty=penalty, output=shape, misfits=misfits)
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        refused = isinstance(error, NotASubject) and stage == BACKWARD
        found = failure(USELESS if refused else stage, error, file)
        found.refused = refused
        if found.stage == BACKWARD:
            found.output = next(iter(outputs.values())).shape
        return found


def attempt_step(make: Callable[[], Any], name: str, inputs: tuple[Any, ...], file: str) -> Outcome:
    """A whole training step of a model that offers nothing else."""
    stage = BUILT
    try:
        with time_limit(TRY_SECONDS), np.errstate(all="ignore"):
            reseed()
            subject = make()
            stage = FORWARD
            before = {p.path: np.array(p.get(), dtype=float) for p in places(subject)}
            loss = getattr(subject, name)(*(_own(v) for v in inputs))
            value = loss[0] if isinstance(loss, tuple) and loss else loss
            if not (is_real(value) or is_array(value)) or not np.all(np.isfinite(value)):
                return Outcome(USELESS, error=f"{name}() returned no finite loss")
            after = {p.path: np.shape(p.get()) for p in places(subject)}
            grown = any(after.get(path, v.shape) != v.shape for path, v in before.items())
            return Outcome(WORKS, penalty=2.0 * grown + (2.0 if np.ndim(value) else 0.0) + unequal(inputs))
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        return failure(stage, error, file)


def _backward(
    face: Subject, forward: Any, outputs: dict[str, np.ndarray], before: dict[str, np.ndarray], misfit: float
) -> tuple[float, frozenset[str]]:
    """Runs backward; what of its gradients does not fit, and the inputs to which these belong."""
    rng = np.random.default_rng(1)
    upstream = {n: np.ones_like(v) if face.is_loss else rng.normal(size=v.shape) for n, v in outputs.items()}
    kept = {p.path: np.array(p.get(), dtype=float) for p in places(face.owner)} if face.owner else {}
    returned = face.backward(forward, upstream, face.inputs, 0.01)
    penalty, misfits = 0.0, frozenset[str]()
    try:
        after = {p.path: np.array(p.get(), dtype=float) for p in places(face.owner)} if face.owner else {}
        penalty += 2.0 * any(after[path].shape != v.shape for path, v in before.items() if path in after)
        found, rest = face.input_gradients(returned, face.inputs)
        wanted = {
            n: np.shape(v)
            for i, value in enumerate(face.inputs)
            if face.differentiable(i, value)
            for n, v in leaves(value, face.input_names[i])
        }
        misfits = frozenset(
            n for n, g in found.items() if n in wanted and g is not None and np.shape(g) != wanted[n]
        )
        penalty += min(2 * misfit, misfit * len(misfits))
        if face.owner:
            moved = {
                p for p, v in kept.items() if p in after and not np.array_equal(v, after[p], equal_nan=True)
            }
            face.discover(before, moved)
            gradients = face.parameter_gradients(rest, before, 0.01)
            # one number everywhere: summed over all axes, because there is one too few
            penalty += 1.0 * any(
                g is not None and np.size(g) > 2 and np.ptp(np.asarray(g)) == 0 and np.any(g)
                for n, g in gradients.items()
            )
            kept_at = {p.name: p.place.path for p in face.parameters}
            shapes = {n: before[path].shape for n, path in kept_at.items() if path in before}
            penalty += min(
                1.5 * misfit,
                sum(
                    misfit
                    for n, g in gradients.items()
                    if n in shapes and g is not None and np.shape(g) != shapes[n]
                ),
            )
    except Exception:  # then nobody knows how they fit
        penalty += 0.5
    return penalty, misfits


def _useless(found: dict[str, Any]) -> str:
    if not found:
        return "forward returned no floating numbers"
    if not any(np.size(v) for v in found.values()):
        return "forward returned an empty array"
    if not all(np.all(np.isfinite(v)) for v in found.values()):
        return "forward returned NaN or infinity"
    return ""


def unequal(inputs: tuple[Any, ...]) -> float:
    """One label for each sample: their number must be that of rows or of columns."""
    arrays = [np.shape(v) for v in inputs if isinstance(v, np.ndarray)]
    labels = [v for v in inputs[1:] if isinstance(v, np.ndarray) and v.ndim == 1 and v.dtype.kind == "i"]
    if not labels or not arrays or len(arrays[0]) < 2:
        return 0.0
    ends = {length for shape in arrays if len(shape) > 1 for length in (shape[0], shape[-1])}
    return 4.0 * (len(labels[0]) not in ends)


def _is_constant(outputs: dict[str, np.ndarray]) -> bool:
    """A softmax over one class, or a loss of one sample, tells nothing."""
    first = next(iter(outputs.values()))
    return bool(first.size > 1 and math.isclose(float(first.max()), float(first.min()), rel_tol=1e-12))


def _one_window(inputs: tuple[Any, ...], outputs: dict[str, np.ndarray]) -> bool:
    """An image so small that the kernel fits into it once: nothing overlaps, nothing adds up."""
    image = next((v for v in inputs if isinstance(v, np.ndarray) and v.ndim), None)
    if image is None or max(sorted(image.shape)[-2:]) > 5:
        return False
    shape = next(iter(outputs.values())).shape
    if image.ndim == 1:
        return shape == (1,) and image.size <= 3
    return shape.count(1) >= 2 or (image.ndim == 2 and len(shape) == 3 and 1 in shape)


def _grown(inputs: tuple[Any, ...], outputs: dict[str, np.ndarray], axes: int) -> bool:
    """So many axes more come out than went in: features times a mask (batch, channel, 1, 1)."""
    real = [v for v in inputs if isinstance(v, np.ndarray) and v.ndim]
    if len(real) != 1 or real[0].dtype.kind != "f":
        return False
    return max(v.ndim for v in outputs.values()) >= real[0].ndim + axes


def _own(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value
