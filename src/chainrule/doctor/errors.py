"""What the user's code raised."""

from __future__ import annotations


class SubjectError(Exception):
    """The user's code failed: in which pass, and how."""

    def __init__(self, phase: str, error: BaseException) -> None:
        super().__init__(f"{phase} raised {type(error).__name__}: {error}")
        self.phase, self.error = phase, error
