"""What `gradient_flow` found: numbers for programs, a text, a sentence, a plot."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from .growth import Growth
from .radii import RecurrentMatrix


@dataclass(frozen=True)
class LayerFlow:
    """One layer: the norms of ∂L/∂y that arrives at its output, of ∂L/∂x that leaves at its input, and of its
    own weights' gradients, taken together. None: it has none, or none that was found.
    """

    path: str
    kind: str
    arriving: float | None
    leaving: float | None
    weights: float | None


@dataclass(frozen=True)
class TimeFlow:
    """One layer whose output is a sequence: a norm per time step. The more there is to know, the better `of`:

    "state"   ∂L/∂h[t], the whole gradient of the recurrent state (of an LSTM: of h and c together). Exact
    "input"   ∂L/∂x[t], what leaves at the layer's input. For a recurrent layer a stand-in for the state's,
              through the input's weights, which are the same at every step: much the same rate
    "output"  ∂L/∂y[t], what arrives from above: all that can be had of an embedding
    """

    path: str
    kind: str
    arriving: tuple[float, ...] | None
    leaving: tuple[float, ...] | None
    state: tuple[float, ...] | None
    growth: Growth | None  # of `norms`, from the loss back in time

    @property
    def of(self) -> Literal["state", "input", "output"]:
        return "state" if self.state else "input" if self.leaving else "output"

    @property
    def norms(self) -> tuple[float, ...]:
        """The best of the three, by time step."""
        return self.state or self.leaving or self.arriving or ()


@dataclass(frozen=True)
class GradientFlow:
    """`print(flow)` says it in words and tables, `flow.plot(path)` draws it, `to_dict()` is for programs."""

    name: str
    loss: float | None
    layers: tuple[LayerFlow, ...]  # in forward's order
    times: tuple[TimeFlow, ...]  # in forward's order
    recurrent: tuple[RecurrentMatrix, ...]
    depth_growth: Growth | None  # per layer, from the loss back, over the layers that hold weights
    notes: tuple[str, ...] = ()

    @property
    def time(self) -> TimeFlow | None:
        """The layer that the sentence speaks of: the one farthest from the loss, of those whose state's
        gradient is known, or (if there are none) of all.
        """
        fitted = [flow for flow in self.times if flow.growth is not None]
        return next((flow for flow in fitted if flow.of == "state"), fitted[0] if fitted else None)

    @property
    def time_growth(self) -> Growth | None:
        return None if self.time is None else self.time.growth

    @property
    def sentence(self) -> str:
        """Over time, if there is time in it; else over depth."""
        if self.time_growth is not None:
            return self.time_growth.sentence("step")
        return self.depth_sentence or "there is no rate: fewer than two gradients are finite and not 0"

    @property
    def depth_sentence(self) -> str:
        """Empty if there are fewer than two layers with weights."""
        return "" if self.depth_growth is None else self.depth_growth.sentence("layer")

    def to_dict(self) -> dict[str, Any]:
        """Everything as dicts, lists, numbers (some may be NaN) and texts."""
        return {**asdict(self), "sentence": self.sentence, "depth_sentence": self.depth_sentence}

    def plot(self, path: str | Path) -> None:
        """Writes a picture: norms over time and over depth, both on logarithmic axes. Needs matplotlib."""
        from .flow_plot import plot

        plot(self, path)

    def __str__(self) -> str:
        from .flow_text import text

        return text(self)
