"""A finding about a forward: where it stands, and the line, where that is known."""

from __future__ import annotations

from typing import Any

from ...case import source_place
from ...report import Finding
from .moments import Moment
from .scene import Scene


def finding(
    code: str,
    scene: Scene,
    detail: str,
    evidence: dict[str, Any],
    *,
    target: str = "",
    at: Moment | None = None,
    spot: tuple[str, int] | None = None,
    backward: bool = False,
) -> Finding:
    """at: the value with which the fault begins. backward: it stands there, not in forward.

    spot: its file and line, where these are known otherwise.
    """
    file, line = source_place(scene.face.backward_function if backward else scene.face.forward_function)
    file, line = spot or (file, line)
    trail = []
    if at is not None:
        file, line = at.site.file, at.site.line
        trail = [f"line {line}: {at.site.statement}"]
    return Finding(
        code,
        target=target,
        where=scene.path,
        verified=True,
        evidence=evidence,
        detail=detail,
        file=file,
        line=line,
        subject=scene.face.name,
        trail=trail,
    )
