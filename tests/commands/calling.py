"""Commands, called as a person calls them, in this process."""

from __future__ import annotations

from typing import Any

from typer.testing import CliRunner

from chainrule.cli import app


def chainrule(*arguments: object) -> Any:
    return CliRunner().invoke(app, list(map(str, arguments)))


def said(*arguments: object) -> str:
    """What a command that succeeds prints."""
    result = chainrule(*arguments)
    assert result.exit_code == 0, (result.output, result.exception)
    return str(result.output)


def refused(*arguments: object) -> str:
    """The error of a command that fails."""
    result = chainrule(*arguments)
    assert result.exit_code == 1
    assert isinstance(result.exception, ValueError | OSError)
    return str(result.exception)
