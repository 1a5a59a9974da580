"""What is said about a model that writes: samples and figures at the end of its training, figures later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.markup import escape

from .console import console, say
from .training import shown

if TYPE_CHECKING:
    from chainrule.training import Run


def say_written(result: dict[str, Any], run: Run) -> None:
    """At the end of a training: two samples, the figures of the test part, and how to go on."""
    from chainrule.recipes.writers import example_prompt, samples

    for text in samples(run, seed=run.config["seed"]):
        console.rule("a sample", style="dim")
        console.print(escape(text), highlight=False)
    console.rule(style="dim")
    say(
        f"\n{loss_of_text(result, 'bold green')}, {result['parameters']:,} parameters, "
        f"{result['seconds']:.1f} s of training"
    )
    say(f"picture: {shown(run)}/learning_curves.png")
    say(f'next: chainrule generate {shown(run)} --prompt "{escape(example_prompt(run))}"')


def loss_of_text(figures: dict[str, Any], style: str = "bold") -> str:
    """The same thing in three units."""
    part = "validation" if figures["test_is_validation"] else "test"
    return (
        f"{part} loss [{style}]{figures['test_loss']:.4f}[/] nats per character "
        f"({figures['bits_per_character']:.3f} bits, perplexity {figures['perplexity']:.2f})"
    )
