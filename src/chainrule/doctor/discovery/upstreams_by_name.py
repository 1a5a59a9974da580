"""A backward that takes the gradients of several outputs in another order than forward returns them:

def cell_forward(xt, a_prev, parameters): ... return a_next, zt, cache
def cell_backward(dzt, da_from_next, cache, parameters): ...

Where their names tell, they are handed over by name.
"""

from __future__ import annotations

import inspect
from typing import Any

from ..calling import positional, read_backward
from ..naming import belongs
from ..source.read import returned_names
from .adapters import Pair, wearing


def in_order_of_outputs(forward: Any, backward: Any) -> Pair:
    """The pair, its backward with the gradients in forward's order; as it is, where names do not tell."""
    outputs = (returned_names(forward) or [])[:-1]
    inputs = [p.name for p in positional(forward)]
    roles = read_backward(backward, inputs, True, True, outputs[:1]).roles
    upstreams = [name for role, name in roles if role == "upstream"]
    order = _order(upstreams, outputs)
    if order == upstreams:
        return forward, backward
    parameters = list(inspect.signature(backward).parameters.values())
    turned = dict(zip(upstreams, order, strict=True))
    by_name = {p.name: p for p in parameters}
    asked = [by_name[turned.get(p.name, p.name)] for p in parameters]

    def handed(*arguments: Any, **keywords: Any) -> Any:
        given = dict(zip((p.name for p in asked), arguments, strict=False)) | keywords
        return backward(**given)

    return forward, wearing(handed, backward, inspect.Signature(asked))


def _order(upstreams: list[str], outputs: list[str]) -> list[str]:
    """The names in the order of the outputs to which they belong; at most one may belong to none by name."""
    if len(upstreams) != len(outputs) or len(outputs) < 2:
        return upstreams
    own = [[u for u in upstreams if belongs(u, output) == 3] for output in outputs]
    left = [u for u in upstreams if not any(u in found for found in own)]
    missing = [i for i, found in enumerate(own) if not found]
    if any(len(found) > 1 for found in own) or len(missing) > 1 or len(left) != len(missing):
        return upstreams
    return [found[0] if found else left[0] for found in own]
