"""Images read row by row: the protocol, PyTorch, and what a row is."""

from __future__ import annotations

from typing import Any

import numpy as np
from protocol import check_layer, compare_layer, normal, torch_or_skip

from chainrule.layers import default_dtype, manual_seed
from chainrule.models import RowClassifier, build
from chainrule.models.row_classifier import rows, rows_backward

IMAGES = normal(3, 2, 4, 5)  # (batch, channels, height, width)


def classifier(**options: Any) -> RowClassifier:
    manual_seed(3)
    with default_dtype("float64"):
        return RowClassifier(in_channels=2, size=5, classes=4, hidden=3, **options)


def test_the_protocol_holds() -> None:
    check_layer(classifier(), IMAGES, limit=20)
    check_layer(classifier(layers=2, cell="gru", dropout=0.3, bidirectional=True), IMAGES, limit=20)


def test_a_step_is_a_row_with_all_its_channels() -> None:
    steps = rows(IMAGES)
    assert steps.shape == (3, 4, 2 * 5)
    for t in range(4):
        np.testing.assert_array_equal(steps[:, t, :5], IMAGES[:, 0, t])
        np.testing.assert_array_equal(steps[:, t, 5:], IMAGES[:, 1, t])
    np.testing.assert_array_equal(rows_backward(steps, IMAGES.shape), IMAGES)  # it only moves numbers


def test_the_last_row_is_read_last() -> None:
    """Without memory, a network knows nothing but the last row: with all gates shut to the past."""
    model = classifier(cell="rnn")
    model.encoder.rnn.weight_hh_l0.data[...] = 0
    changed = IMAGES.copy()
    changed[:, :, :-1] += 1
    np.testing.assert_array_equal(model(changed), model(IMAGES))
    changed[:, :, -1] += 1
    assert (model(changed) != model(IMAGES)).all()


def test_pytorch_agrees() -> None:
    torch = torch_or_skip()

    class Encoder(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.rnn = torch.nn.LSTM(10, 3, batch_first=True)

    class Rows(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.encoder, self.decoder = Encoder(), torch.nn.Linear(3, 4)

        def forward(self, images: Any) -> Any:
            steps = torch.cat([images[:, channel] for channel in range(2)], dim=-1)
            _, (h_n, _) = self.encoder.rnn(steps)
            return self.decoder(h_n[-1])

    compare_layer(classifier(), Rows(), IMAGES)


def test_it_is_a_model_for_images_as_the_others_are() -> None:
    model = build("lstm", in_channels=1, size=28, classes=10)
    assert sum(p.size for p in model.parameters()) == 4 * 128 * (28 + 128 + 2) + 128 * 10 + 10
    assert model(np.zeros((2, 1, 28, 28), np.float32)).shape == (2, 10)
