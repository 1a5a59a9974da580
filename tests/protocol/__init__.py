"""What the protocol promises, as checks for every pair of functions and every layer. See docs/design.md.

    check_function(conv2d, conv2d_backward, [x, weight, bias], kwargs={"stride": 2})
    check_layer(Conv2d(3, 4, 2, dtype="float64"), x)
    compare_function(conv2d, conv2d_backward, torch.nn.functional.conv2d, [x, weight, bias])
    compare_layer(Conv2d(3, 4, 2), torch.nn.Conv2d(3, 4, 2), x)

Sizes in a check should all be distinct, no matrix square, no batch 1: a transposed weight shows only where it
cannot fit.
"""

from .against_torch import cast_layer, compare_function, compare_layer, torch_or_skip
from .drawing import integers, normal, uniform
from .functions import check_function
from .layers import check_layer
from .memory import ORDERS
from .refusing import Refusing

__all__ = [
    "ORDERS", "Refusing", "cast_layer", "check_function", "check_layer", "compare_function", "compare_layer",
    "integers", "normal", "torch_or_skip", "uniform",
]  # fmt: skip
