"""Images read like texts: patches are the words (ViT: Dosovitskiy et al. 2021, figure 1).

    image -> patches -> linear + positions -> encoder -> mean of all patches, or a token -> linear -> logits

No convolution slides here: the one below steps by the size of its kernel, so each patch is seen once, by one
linear layer. All else is TransformerClassifier's; which patch is whose neighbor has to be learned from the
positions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from chainrule.functions.arrays import Array
from chainrule.layers import Conv2d, Dropout, Layer, LearnedPositionalEncoding, Linear

from .all_to_one import AllToOne

if TYPE_CHECKING:
    from chainrule.functions.arrays import Float


class VisionTransformerCache(NamedTuple):
    patches: Any
    grid: tuple[int, ...]                                                    # (batch, d_model, rows, cols)
    positions: Any
    encoder: Any
    dropout: Any
    output: Any


class VisionTransformer(Layer):
    """Reads images (batch, in_channels, size, size), gives logits (batch, classes).

    patch: how many pixels a patch is high and wide; it must divide size. pooling: "mean", or "first", a
    learned token (see `all_to_one.py`). More options, such as attention_dropout, are those of
    TransformerEncoder.
    """

    def __init__(
        self,
        in_channels: int = 1,
        size: int = 28,
        classes: int = 10,
        patch: int = 4,
        d_model: int = 64,
        nhead: int = 4,
        num_layers: int = 3,
        dim_feedforward: int | None = None,
        dropout: float = 0.1,
        *,
        pooling: str = "mean",
        norm_first: bool = True,
        activation: str | Layer = "gelu",
        **options: Any,
    ) -> None:
        if patch < 1 or size < patch or size % patch:
            raise ValueError(
                f"VisionTransformer: patches of {patch} x {patch} do not fill images of {size} x {size}: "
                "choose a patch that divides size"
            )
        self.size = size
        self.patches = Conv2d(in_channels, d_model, patch, stride=patch)
        self.positions = LearnedPositionalEncoding((size // patch) ** 2, d_model)
        self.encoder = AllToOne(
            d_model, nhead, num_layers, pooling, norm_first=norm_first, activation=activation,
            dim_feedforward=4 * d_model if dim_feedforward is None else dim_feedforward, dropout=dropout,
            **options,
        )
        self.dropout = Dropout(dropout)
        self.output = Linear(d_model, classes)

    def forward(
        self, images: Float[Array, "batch channels size size"]
    ) -> tuple[Float[Array, "batch classes"], VisionTransformerCache]:
        """Raises ValueError for images of another size."""
        if images.shape[2:] != (self.size, self.size):
            raise ValueError(
                f"VisionTransformer expects images (batch, channels, {self.size}, {self.size}), got "
                f"{tuple(images.shape)}"
            )
        grid, patches_cache = self.patches.forward(images)                   # (batch, d_model, rows, cols)
        x = grid.reshape(*grid.shape[:2], -1).swapaxes(1, 2)                 # (batch, rows x cols, d_model)
        x, positions_cache = self.positions.forward(x)
        y, encoder_cache = self.encoder.forward(x)                           # (batch, d_model)
        y, dropout_cache = self.dropout.forward(y)
        logits, output_cache = self.output.forward(y)                        # (batch, classes)
        return logits, VisionTransformerCache(
            patches_cache, grid.shape, positions_cache, encoder_cache, dropout_cache, output_cache
        )

    def backward(
        self, dlogits: Float[Array, "batch classes"], cache: VisionTransformerCache
    ) -> Float[Array, "batch channels size size"]:
        dy = self.output.backward(dlogits, cache.output)
        dy = self.dropout.backward(dy, cache.dropout)
        dx, _ = self.encoder.backward(dy, cache.encoder)
        dx = self.positions.backward(dx, cache.positions)
        dgrid = dx.swapaxes(1, 2).reshape(cache.grid)                        # the inverse: numbers move
        dimages: Array = self.patches.backward(dgrid, cache.patches)
        return dimages
