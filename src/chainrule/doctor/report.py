"""What the doctor says: findings, most certain first, and what could not be tested."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from .catalogue import CATALOGUE, RANK

HINTS = ("place", "cause", "fix")
NO_SPECIMEN = ("gradient-mismatch", "reference-mismatch")  # no faults of their own


@dataclass
class Finding:
    """One fault.

    code: its name in the catalogue (docs/doctor). where: the layer's path inside of what was checked, "" for
    itself; also: further layers that run the same faulty line. target: the parameter or input whose gradient
    is concerned. verified: whether a counterfactual proved the cause. evidence: the numbers of that proof.
    file, line: the statement concerned, where known.
    """

    code: str
    target: str = ""
    where: str = ""
    verified: bool = False
    evidence: dict[str, Any] = field(default_factory=dict)
    detail: str = ""  # the proof in words
    fix: str = ""
    hint: str = ""
    file: str = ""
    line: int = 0
    targets: list[str] = field(default_factory=list)  # all gradients that this cause explains
    subject: str = ""  # the name of the class or function
    also: list[str] = field(default_factory=list)  # further layers that run the same faulty line
    trail: list[str] = field(default_factory=list)  # last right and first wrong statement

    def __post_init__(self) -> None:
        self.fix = self.fix or CATALOGUE[self.code].repair
        self.hint = self.hint or _page(self.code)
        if not self.targets and self.target:
            self.targets = [self.target]

    def rename(self, code: str) -> None:
        """Another experiment knows the cause better: its page, and its repair if none was found here."""
        if self.fix == CATALOGUE[self.code].repair:
            self.fix = CATALOGUE[code].repair
        if self.hint == _page(self.code):
            self.hint = _page(code)
        self.code = code

    @property
    def harmless(self) -> bool:
        """Something is changed in place, and no gradient is wrong by it."""
        changed = self.evidence.get("changed in place", ())
        return self.code == "mutates-upstream" and set(self.targets) <= set(changed)

    @property
    def place(self) -> str:
        """Where, in words: `decoder.layers.1.norm (LayerNorm), gradient of gamma`."""
        where = ", ".join([self.where, *self.also[:3]] if self.where else [])
        where += f" and {len(self.also) - 3} more" if len(self.also) > 3 else ""
        parts = [f"{where} ({self.subject})" if where and self.subject else where or self.subject]
        if self.targets:
            parts.append(
                "gradient of " + ", ".join(self.targets[:5]) + (" ..." if len(self.targets) > 5 else "")
            )
        return ", ".join(p for p in parts if p)

    @property
    def message(self) -> str:
        """The cause in plain words, and where."""
        proved = "" if self.verified else " (likely, not proved)"
        place = f": {self.place}" if self.place else ""
        return f"{CATALOGUE[self.code].cause}{place}{proved}"

    def to_dict(self, hints: str = "fix") -> dict[str, Any]:
        found: dict[str, Any] = {
            "where": self.where,
            "target": self.target,
            "file": self.file,
            "line": self.line,
        }
        if hints in ("cause", "fix"):
            found |= {
                "code": self.code,
                "verified": self.verified,
                "message": self.message,
                "hint": self.hint,
                "targets": self.targets,
                "also": self.also,
                "evidence": {k: _plain(v) for k, v in self.evidence.items()},
                "detail": self.detail,
                "trail": self.trail,
            }
        if hints == "fix":
            found["fix"] = self.fix
        return found

    def order(self) -> tuple[Any, ...]:
        """Most certain first, then the most specific."""
        return (not self.verified, self.code == "gradient-mismatch", RANK[self.code])


@dataclass
class Report:
    """The outcome of `chainrule.check`: `ok`, `findings`, `not_tested`, `not_yet` (what has no gradient),
    `also_wrong` (gradients that no finding speaks of, beside a proved fault)."""

    name: str
    findings: list[Finding] = field(default_factory=list)
    not_tested: list[str] = field(default_factory=list)
    tested: list[str] = field(default_factory=list)
    tested_are: str = "gradients of"  # what the names in `tested` are
    not_yet: list[str] = field(default_factory=list)  # the gradients that backward does not compute (yet)
    also_wrong: list[str] = field(default_factory=list)  # beside a proved fault; no finding speaks of them
    on_purpose: list[str] = field(default_factory=list)  # the layers that change gradients on purpose
    assumed: list[str] = field(default_factory=list)
    sizes: list[str] = field(default_factory=list)  # the smaller ones that stand for those given
    seconds: float = 0.0
    hints: str = "fix"

    @property
    def ok(self) -> bool:
        return not self.findings

    def __bool__(self) -> bool:
        return self.ok

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain numbers, strings, lists and dicts (for JSON)."""
        return {
            "name": self.name,
            "ok": self.ok,
            "seconds": round(self.seconds, 3),
            "findings": [f.to_dict(self.hints) for f in self.findings],
            "not_tested": list(self.not_tested),
            "not_yet": list(self.not_yet),
            "also_wrong": list(self.also_wrong),
            "tested": list(self.tested),
            "sizes": list(self.sizes),
        }

    def __str__(self) -> str:
        from .printing import as_text

        return as_text(self)

    def __repr__(self) -> str:
        # what `assert check(layer, x).ok` shows
        from .printing import as_line

        return as_line(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))  # IPython without a notebook

    def _repr_html_(self) -> str:
        from .printing import as_html

        return as_html(self)


def _page(code: str) -> str:
    """Where to read on, on any machine on which the doctor runs."""
    return "" if code in NO_SPECIMEN else f"another one like it: chainrule museum {code}"


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def short_path(path: str) -> str:
    """A file as one would type it from here."""
    if not path:
        return ""
    relative = os.path.relpath(path)
    return path if relative.startswith(os.pardir) else relative
