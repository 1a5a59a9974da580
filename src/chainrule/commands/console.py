"""Where all commands print."""

from rich.console import Console

console = Console()


def say(text: str) -> None:
    """Prints a sentence that may be longer than a line; only our own marks color it."""
    console.print(text, highlight=False, soft_wrap=True)
