"""An exception of the user's code: in which line and of which layer, which shapes met there, and which
reading of that line fits them.
"""

from __future__ import annotations

import ast
import re
import traceback
import types
from collections.abc import Iterator
from typing import Any

import numpy as np

from .allowance import Allowance
from .case import Case, source_place
from .errors import HERE, SPECIMENS, SubjectError
from .experiments.elsewhere import with_inputs
from .objects import is_leaf, layers_of, stored_attribute, stored_attributes
from .report import Finding
from .source.compiling import compiled
from .source.edited import editable
from .source.edits import Edit, Pool, edits
from .source.edits.fits import fits
from .source.edits.sums import axes
from .source.edits.transposes import transposes
from .source.reach import holders, instead, reached
from .subject import Subject

SECONDS = 1.5
SHAPES = 4  # so many arrays of the line are shown


def raised(face: Subject, problem: SubjectError, path: str = "", case: Case | None = None) -> Finding:
    """The exception as a finding; case: where backward could be tried with another reading of the line."""
    frames = _own_frames(face, problem)
    frame, line = frames[-1] if frames else (None, 0)
    file, first = source_place(
        face.backward_function if problem.phase == "backward" else face.forward_function
    )
    file, line = (frame.f_code.co_filename, line) if frame is not None else (file, first)
    error = problem.error
    detail = f"{problem.phase} raised {type(error).__name__}: {error}"
    statement = _text(file, line)
    if statement:
        detail += f"\nin line {line}: {statement}"
    inner = layer_that_failed(face, problem)
    where = ".".join(p for p in (path, inner) if p)
    evidence: dict[str, Any] = {
        "phase": problem.phase, "exception": type(error).__name__, "message": str(error),
    }  # fmt: skip
    shapes = _shapes(frame, statement) if frame is not None else {}
    if shapes:
        evidence["shapes"] = shapes
    finding = Finding(
        "backward-raises",
        where=where,
        subject=type(layers_of(face.owner)[inner]).__name__ if inner else face.name,
        verified=True,
        file=file,
        line=line,
        evidence=evidence,
        detail=detail,
    )
    if not isinstance(error, ValueError):
        finding.fix = _what_lacks(error)
    elif case is not None and problem.phase == "backward":
        _read_otherwise(case, finding, frames)
    return finding


def _what_lacks(error: BaseException) -> str:
    """Of an exception that is about no shapes: the repair for a name, a key or an argument that lacks."""
    if isinstance(error, AttributeError) and error.name:
        kind = "None" if error.obj is None else type(error.obj).__name__
        if stored_attributes(error.obj):
            return f"self.{error.name} = ...      # in {kind}'s forward, so that it is there"
        return f"# what stands before .{error.name} is {kind}: does forward keep it, and does it run first?"
    if isinstance(error, NameError) and error.name:
        return f"{error.name} = ...      # before this line: keep it in forward, or take it out of the cache"
    if isinstance(error, KeyError) and error.args:
        return f"cache[{error.args[0]!r}] = ...      # where the dict is filled"
    if isinstance(error, TypeError) and re.search(r"\bargument", str(error)):
        return "# call it with the arguments that its def line asks for"
    return ""


def layer_that_failed(face: Subject, problem: SubjectError) -> str:
    """The path of the innermost layer in whose methods it arose; "" for the subject itself."""
    owner = face.owner
    if owner is None:
        return ""
    paths = {id(layer): path for path, layer in layers_of(owner).items()}
    found = ""
    for frame, _ in traceback.walk_tb(problem.error.__traceback__):
        code = frame.f_code
        me = frame.f_locals.get(code.co_varnames[0]) if code.co_argcount else None
        found = paths.get(id(me), found)
    return found


def line_of_backward(face: Subject, problem: SubjectError) -> int:
    """The line of the subject's own backward from which it arose; 0 where that is not known."""
    function = getattr(face.backward_function, "__func__", face.backward_function)
    walk = traceback.walk_tb(problem.error.__traceback__)
    return next((line for frame, line in walk if frame.f_code is getattr(function, "__code__", None)), 0)


# ---------------------------------------------------------------- where


def _own_frames(face: Subject, problem: SubjectError) -> list[tuple[types.FrameType, int]]:
    """The user's own, with the line of each, outermost first."""
    file = source_place(face.backward_function if problem.phase == "backward" else face.forward_function)[0]
    everything = list(traceback.walk_tb(problem.error.__traceback__))
    foreign = [f for f in everything if not _is_ours(f[0].f_code.co_filename)]
    written = [f for f in foreign if "site-packages" not in f[0].f_code.co_filename]
    return [f for f in written if f[0].f_code.co_filename == file] or written or foreign


def _is_ours(file: str) -> bool:
    return file.startswith(HERE) and not file.startswith(SPECIMENS)


def _text(file: str, line: int) -> str:
    import linecache

    return linecache.getline(file, line).strip()


def _shapes(frame: types.FrameType, statement: str) -> dict[str, tuple[int, ...]]:
    """Of the arrays that the line names."""
    try:
        tree = ast.parse(statement)
    except SyntaxError:  # one line of several
        return {}
    found: dict[str, tuple[int, ...]] = {}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load):
            value = _value(node, frame)
            if isinstance(value, np.ndarray):
                found[ast.unparse(node)] = value.shape
    return dict(list(found.items())[:SHAPES])


def _value(node: ast.expr, frame: types.FrameType) -> Any:
    """What a name or an attribute stands for; nothing of the user's runs."""
    if isinstance(node, ast.Name):
        return frame.f_locals.get(node.id, frame.f_globals.get(node.id))
    if isinstance(node, ast.Attribute):
        owner = _value(node.value, frame)
        return None if owner is None or is_leaf(owner) else stored_attribute(owner, node.attr)
    return None


# ---------------------------------------------------------------- another reading


def _read_otherwise(case: Case, finding: Finding, frames: list[tuple[types.FrameType, int]]) -> None:
    """A transpose, a sum or an axis in the line with which backward runs, and its gradients are right; else
    one with which it runs, and some are.
    """
    allowance = Allowance(SECONDS)
    best: list[str] = []
    said = finding.detail
    for frame, line in reversed(frames):
        for edit, right, wrong in _readings(case, frame.f_code, line, allowance):
            if len(right) <= len(best) or (wrong and best):
                continue
            best = right
            finding.fix = f"- {edit.before}\n+ {edit.after}"
            still = f"; {', '.join(wrong)}: still wrong" if wrong else ""
            names = f"gradient{'s' * (len(right) > 1)} of {', '.join(right[:6])}"
            are = "are" if len(right) > 1 else "is"
            finding.detail = f"{said}; {edit.how} it runs, and the {names} {are} right{still}"
            if not wrong:
                return


def _readings(
    case: Case, code: types.CodeType, line: int, allowance: Allowance
) -> Iterator[tuple[Edit, list[str], list[str]]]:
    """Edits of the line with which backward runs, and which gradients are right and wrong then."""
    face = case.probe.subject
    called = reached(face.backward_function, face.owner, abroad=True)
    function = next((f for f in called if f.__code__ is code), None)
    tree = editable(function) if function is not None else None
    if function is None or tree is None:
        return
    lines = [
        n.lineno
        for n in ast.walk(tree)
        if isinstance(n, ast.stmt) and not hasattr(n, "body") and n.lineno <= line <= (n.end_lineno or line)
    ]
    places = holders(function, face.owner, called, face.backward_function)
    for edit in edits(tree, Pool([], [], [], {}), lines, (transposes, fits, axes)):
        if allowance.spent():
            return
        new = compiled(function, tree)
        if new is None:
            continue
        with instead(face, "backward_function", function, new, places):
            if case.again() is None:
                continue
            # with a backward that runs, more gradients turn up
            with with_inputs(case, case.probe.inputs, case.probe.subject.target) as other:
                if other is not None and other.right:
                    yield edit, other.right, other.doubtful
