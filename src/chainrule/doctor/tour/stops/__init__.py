"""The stops of the tour, in order. Each file holds the data, the faulty code, its twin, the training."""

from ..stop import Stop
from .decoder import STOP as DECODER
from .dense import STOP as DENSE
from .early import STOP as EARLY
from .explosion import STOP as EXPLOSION
from .initialization import STOP as INITIALIZATION
from .kernel import STOP as KERNEL
from .residual import STOP as RESIDUAL
from .state import STOP as STATE

STOPS: tuple[Stop, ...] = (KERNEL, DENSE, INITIALIZATION, STATE, EARLY, DECODER, RESIDUAL, EXPLOSION)

__all__ = ["STOPS"]
