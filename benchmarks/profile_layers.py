"""Where the time of a training step goes, layer by layer. The layers are watched from outside."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from typing import Any

from common import Laps, Report, Spread, Table, alternate, main, milliseconds, same_threads
from sides import NETWORKS, ChainruleSide, Network

from chainrule.models import MODELS
from chainrule.training import train_step

# models without a comparison: what they are fed with
OTHERS = {
    "small": Network("ours, for 8 x 8", batch=64, shape=(1, 8, 8)),
    "fashion": Network("ours, for clothes", batch=64),
    "color": Network("56,549 parameters", batch=10, shape=(3, 32, 32), classes=5),
}


class Watch:
    """Exchanges methods of instances for ones that add their time to `laps`, and counts a whole step."""

    def __init__(self, side: ChainruleSide) -> None:
        self.side = side
        self.laps: Laps = {}
        named = side.model.named_layers()
        self.rows = {name: layer for name, layer in named if not list(layer.named_children())}
        for name, layer in [*self.rows.items(), ("loss", side.loss)]:
            for method in ("forward", "backward"):
                self.watch(layer, method, f"{name} {method}")
        self.watch(side.optimizer, "step", "optimizer")
        self.watch(side.model, "zero_grad", "zero_grad")

    def watch(self, owner: Any, method: str, lap: str) -> None:
        original: Callable[..., Any] = getattr(owner, method)

        def watched(*args: Any, **kwargs: Any) -> Any:
            begin = time.perf_counter()
            result = original(*args, **kwargs)
            self.laps[lap] = self.laps.get(lap, 0.0) + time.perf_counter() - begin
            return result

        setattr(owner, method, watched)

    def __call__(self) -> Laps:
        self.laps = {}
        x, target = next(self.side.data)
        begin = time.perf_counter()
        train_step(self.side.model, self.side.loss, self.side.optimizer, x, target)
        whole = time.perf_counter() - begin
        return self.laps | {"the rest": whole - sum(self.laps.values()), "whole step": whole}


def rows(watch: Watch, laps: dict[str, Spread]) -> Iterator[tuple[str, str, float | None, float | None]]:
    """name, description, forward and backward seconds, in the order of the forward pass."""
    for name, layer in [*watch.rows.items(), ("loss", watch.side.loss)]:
        yield name, repr(layer), laps[f"{name} forward"].median, laps[f"{name} backward"].median
    for name in ("zero_grad", "optimizer", "the rest", "whole step"):
        yield name, "", None, laps[name].median


def measure(arguments: argparse.Namespace) -> Report:
    NETWORKS.update(OTHERS)
    network = NETWORKS[arguments.model]
    with same_threads(arguments.threads):
        watch = Watch(ChainruleSide(arguments.model))
        laps = alternate({"step": watch}, rounds=1, burst=arguments.repeats, warm_up=3)["step"]
    whole = laps["whole step"].median
    table = Table(
        f"{arguments.model}, batch {network.batch}: milliseconds per step",
        ["", "layer", "forward", "backward", "share"],
        note="Medians, so that the rows add up only roughly. The rest: the gradients' norm, and calls.",
    )
    figures: dict[str, Any] = {}
    for name, words, forward, backward in rows(watch, laps):
        figures[name] = {"layer": words, "forward": forward, "backward": backward}
        shown = ["" if seconds is None else milliseconds(seconds) for seconds in (forward, backward)]
        table.add(name, words, *shown, f"{((forward or 0) + (backward or 0)) / whole:.0%}")
    return Report([table], {arguments.model: figures})


if __name__ == "__main__":
    main(__doc__, measure, 30, lambda p: p.add_argument("--model", choices=[*MODELS], default="keras"))
