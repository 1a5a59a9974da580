"""One place in the source where a value is used or comes into being."""

from __future__ import annotations

from dataclasses import dataclass

Key = tuple[int, int]  # a site, by its id, and which of its executions


@dataclass(eq=False)
class Site:
    """One place in the source where a value is used or comes into being."""

    id: int
    kind: str  # "use" of a name, attribute or element; "call" result; "assign"ed value; "return"; "product"
    text: str  # as it stands in the source
    name: str  # of the variable
    line: int
    file: str
    function: str
    statement: str
    parents: tuple[str, ...]  # the kinds of syntax around it, innermost first: "Add", "MatMult", "Call:tanh"
    loop: tuple[int, ...]  # the lines of the loops around it
    carried: bool  # the variable is assigned in that loop, too: it may come from the step before
    other: str = ""  # the other operand, where the site is an operand
    stored: tuple[int, str] | None = None  # a buffer that statements fill piece by piece: the last of them

    @property
    def made_at(self) -> int:
        """The line that makes the value: of a buffer, where it is filled."""
        return self.stored[0] if self.stored else self.line

    @property
    def place(self) -> tuple[str, int]:
        """The file, and the line that makes the value."""
        return self.file, self.made_at

    @property
    def made_by(self) -> str:
        """The statement that makes the value."""
        return self.stored[1] if self.stored else self.statement
