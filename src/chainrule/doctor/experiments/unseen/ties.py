"""Who gets the gradient where several inputs share the maximum?

At a tie a maximum has a kink, but not along the directions that keep the tie: if all tied inputs move
alike, so does the maximum. Along such a direction the gradient must agree with the numbers; a gradient
handed to every tied input is too large there by their number.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

import numpy as np

from ...case import Case, source_place
from ...errors import SubjectError
from ...numeric import Numeric
from ...probe import Probe
from ...report import Finding
from ...source.reach import reached
from ...source.read import source_tree
from ...subject import NotASubject, Subject
from .names import calls, functions_of, identifiers, own_names, says
from .said import finding
from .scene import Scene

TAKES_MAXIMUM = ("max", "amax", "maximum", "nanmax", "argmax", "min", "amin", "reduce")


def pool_ties(case: Case, scene: Scene) -> Iterator[Finding]:
    """Right without ties, wrong with them."""
    if scene.y.ndim == 0 or not functions_of(scene):
        return
    if not calls(scene, *TAKES_MAXIMUM) and not says(own_names(scene) | identifiers(scene), r"max|pool"):
        return
    try:
        probe = (
            case.probe
            if scene.path == case.path
            else Probe(Subject(scene.face.owner, scene.inputs, scene.kwargs))
        )
    except (SubjectError, NotASubject):
        return
    try:
        yield from _asked(scene, probe)
    finally:
        if probe is not case.probe:
            probe.close()
        case.probe.state.restore()


def _asked(scene: Scene, probe: Probe) -> Iterator[Finding]:
    for index in scene.data():
        name = probe.subject.input_names[index]
        x = probe.inputs[index]
        if not isinstance(x, np.ndarray) or name not in probe.names or x.dtype.kind != "f" or x.size < 3:
            continue
        upstream = {n: 0.5 + np.abs(g) for n, g in probe.upstream.items()}
        if not _agrees(probe, name, x, np.asarray(scene.rng.normal(size=x.shape)), upstream)[0]:
            continue  # wrong without ties: other experiments say why
        for tied, direction, how in _ties(x, scene.rng):
            right, slope, gradient = _agrees(probe, name, tied, direction, upstream)
            if right or not abs(slope) < abs(gradient) * 0.999 + 1e-12:
                continue
            if not _agrees(probe, name, tied, 0.5 * direction, upstream)[0]:
                found = finding(
                    "pool-ties-duplicated",
                    scene,
                    f"where {how}, moving what is tied together changes the output by {slope:.5g}, the "
                    "gradient says"
                    f" {gradient:.5g}: {gradient / slope:.3g} times as much. Without ties it is right"
                    if slope
                    else f"where {how}, the gradient is wrong; without ties it is right",
                    {"numerical": slope, "gradient": gradient, "ties": how},
                    target=name,
                    backward=True,
                )
                found.file, found.line = _comparison(probe.subject) or (found.file, found.line)
                yield found
                return


def _comparison(subject: Subject) -> tuple[str, int] | None:
    """The statement that finds the maxima by comparing with them: in backward, or where forward does."""
    for start in (subject.backward_function, subject.forward_function):
        for function in reached(start, subject.owner):
            tree = source_tree(function)
            for node in ast.walk(tree) if tree is not None else ():
                if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.Eq, ast.GtE, ast.LtE)):
                    sides = (node.left, *node.comparators)
                    if not any(isinstance(s, ast.Constant) or "shape" in ast.unparse(s) for s in sides):
                        return source_place(function)[0], node.lineno
    return None


def _ties(x: np.ndarray, rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray, str]]:
    """Points with ties, and a direction that keeps them: few levels; equal slices along an axis."""
    size = float(np.abs(x).max()) or 1.0
    signs = np.ones(3) if np.all(x > 0) else np.array([1, -1, 1])
    levels: np.ndarray = np.sort(rng.uniform(0.3, 1.0, 3)) * size * signs
    steps: np.ndarray = rng.uniform(0.5, 1.5, 3)
    which = rng.integers(0, 3, size=x.shape)
    yield levels[which], steps[which], "inputs have a few levels only"
    for axis in range(1, x.ndim):
        if x.shape[axis] > 2:
            place = np.concatenate([[0, 1], rng.integers(0, 2, size=x.shape[axis] - 2)])
            d = rng.uniform(0.5, 1.5, size=x.shape).take(place, axis)
            yield x.take(place, axis), d, f"slices along axis {axis} are repeated"
    yield from _uniform(x, rng)


def _uniform(x: np.ndarray, rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray, str]]:
    """The same numbers all along one axis or two: what a convolution makes of them is tied, too."""
    long = [axis for axis in range(1, x.ndim) if x.shape[axis] > 2]
    for axes in [*((a,) for a in long), *itertools.combinations(long, 2)]:
        first = tuple(slice(1) if axis in axes else slice(None) for axis in range(x.ndim))
        d = rng.uniform(0.5, 1.5, size=x[first].shape)
        said = " and ".join(map(str, axes))
        yield (
            np.broadcast_to(x[first], x.shape).copy(),
            np.broadcast_to(d, x.shape).copy(),
            f"inputs are the same along axis {said}",
        )


def _agrees(
    probe: Probe, name: str, x: np.ndarray, direction: np.ndarray, upstream: dict[str, np.ndarray]
) -> tuple[bool, float, float]:
    """Whether slope and gradient agree along a direction, and both."""
    own = probe.inputs
    index = probe.subject.input_names.index(name)
    try:
        probe.inputs = (*own[:index], x, *own[index + 1 :])
        gradient = probe.run(upstream).gradients.get(name)
        slope, kink = Numeric(probe).along(name, direction, upstream)
    except SubjectError:
        return True, 0.0, 0.0
    finally:
        probe.inputs = own
    if kink or not isinstance(gradient, np.ndarray) or gradient.shape != x.shape or not np.isfinite(slope):
        return True, slope, 0.0
    product = float(np.vdot(gradient, direction))
    return abs(slope - product) <= 1e-5 * (abs(slope) + abs(product)) + 1e-9, slope, product
