"""What the user's code raised, and what cannot be checked at all."""

from __future__ import annotations

import re
import traceback
from pathlib import Path

HERE = str(Path(__file__).parent)
SPECIMENS = tuple(str(Path(HERE, name)) for name in ("museum", "tour"))  # code under test
CALLING = re.compile(r"positional argument|keyword argument|required.*argument|takes no arguments")


class NotASubject(TypeError):
    """What was handed in cannot be checked: it has no forward and backward, or `loss=` gives no gradient."""


class TooLarge(RuntimeError):
    """There are too many numbers to ask each one for its gradient."""


class AutogradError(RuntimeError):
    """What PyTorch's engine would say of a user's backward, which the doctor calls without it."""


class SubjectError(Exception):
    """The user's code failed: in which pass, and how. What the doctor says of an argument is not wrapped."""

    def __init__(self, phase: str, error: BaseException) -> None:
        if isinstance(error, NotASubject):
            raise error
        super().__init__(f"{phase} raised {type(error).__name__}: {error}")
        self.phase, self.error = phase, error

    @property
    def is_ours(self) -> bool:
        """Whether the doctor itself failed on odd code: no finding then.

        That a function does not take what it is called with is the user's, although it arises in the call.
        """
        if isinstance(self.error, AutogradError):
            return False
        if isinstance(self.error, TypeError) and CALLING.search(str(self.error)):
            return False
        files = [frame.filename for frame in traceback.extract_tb(self.error.__traceback__)]
        files = [file for file in files if "site-packages" not in file]
        return bool(files) and files[-1].startswith(HERE) and not files[-1].startswith(SPECIMENS)
