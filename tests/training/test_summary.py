"""summary: what a model is made of, counted by hand once."""

from __future__ import annotations

import numpy as np
import pytest
from training.small_tasks import assert_same_numbers, small_model

import chainrule
from chainrule.layers import (
    LSTM,
    Conv2d,
    Flatten,
    GRUCell,
    Layer,
    Linear,
    Parameter,
    ReLU,
    Residual,
    Sequential,
    TransformerDecoder,
)
from chainrule.models import RecurrentClassifier, keras_convnet


@pytest.fixture(scope="module")
def keras() -> chainrule.training.summary.Summary:
    return chainrule.summary(keras_convnet(), np.zeros((1, 1, 28, 28), np.float32))


def test_shapes_and_kinds(keras: chainrule.training.summary.Summary) -> None:
    assert [(row.name, row.kind, row.output_shape) for row in keras.rows] == [
        ("0", "Conv2d", (1, 32, 26, 26)),
        ("1", "ReLU", (1, 32, 26, 26)),
        ("2", "MaxPool2d", (1, 32, 13, 13)),
        ("3", "Conv2d", (1, 64, 11, 11)),
        ("4", "ReLU", (1, 64, 11, 11)),
        ("5", "MaxPool2d", (1, 64, 5, 5)),
        ("6", "Flatten", (1, 1600)),
        ("7", "Dropout", (1, 1600)),
        ("8", "Linear", (1, 10)),
    ]
    assert keras.input_shape == (1, 1, 28, 28)


def test_parameters(keras: chainrule.training.summary.Summary) -> None:
    counts = {row.name: row.parameters for row in keras.rows if row.parameters}
    assert counts == {"0": 32 * 9 + 32, "3": 64 * 32 * 9 + 64, "8": 1600 * 10 + 10}
    assert keras.parameters == keras.trainable == 34_826


def test_multiply_adds(keras: chainrule.training.summary.Summary) -> None:
    # every output of a convolution is a sum over the kernel's area and the channels below
    counts = {row.name: row.multiply_adds for row in keras.rows if row.multiply_adds}
    assert counts == {"0": 32 * 26 * 26 * 9, "3": 64 * 11 * 11 * (32 * 9), "8": 10 * 1600}
    assert keras.multiply_adds == 2_440_960


def test_a_batch_costs_as_much_as_its_images_but_has_no_more_parameters() -> None:
    model = small_model()
    one, five = (chainrule.summary(model, np.zeros((batch, 1, 7, 6), np.float32)) for batch in (1, 5))
    assert five.multiply_adds == 5 * one.multiply_adds
    assert five.parameters == one.parameters


def test_the_table_is_for_people(keras: chainrule.training.summary.Summary) -> None:
    text = str(keras)
    assert "1 x 32 x 26 x 26" in text
    assert "18,496" in text
    assert "input 1 x 1 x 28 x 28; 34,826 parameters, 139.3 KB in float32; 2,440,960 multiply-adds" in text
    assert "frozen" not in text


def test_a_shared_layer_has_two_rows_and_one_set_of_parameters() -> None:
    shared = Linear(6, 6)
    got = chainrule.summary(Sequential(shared, ReLU(), shared), np.zeros((2, 6), np.float32))
    assert [row.parameters for row in got.rows] == [42, 0, 0]
    assert [row.multiply_adds for row in got.rows] == [72, 0, 72]  # it works twice
    assert got.parameters == 42


def test_tied_weights_are_counted_once() -> None:
    first, second = Linear(6, 6), Linear(6, 6)
    second.weight = first.weight
    got = chainrule.summary(Sequential(first, second), np.zeros((2, 6), np.float32))
    assert [row.parameters for row in got.rows] == [42, 6]
    assert got.parameters == 48


def test_frozen_parameters_are_told_apart() -> None:
    model = Sequential(Conv2d(1, 2, 3), Flatten(), Linear(24, 4))
    model[0].requires_grad_(False)
    got = chainrule.summary(model, np.zeros((1, 1, 5, 6), np.float32))
    assert (got.parameters, got.trainable) == (120, 100)
    assert "120 parameters (20 of them frozen)" in str(got)


def test_recurrent_layers_are_listed_with_what_they_put_out_at_every_step() -> None:
    lstm = LSTM(3, 5, 2, bidirectional=True, dropout=0.2)
    got = chainrule.summary(lstm, np.zeros((2, 7, 3), np.float32))
    assert [(row.name, row.kind, row.output_shape) for row in got.rows] == [
        ("", "LSTM", (2, 7, 10)),  # called first, though the dropout between its layers ends before it
        ("dropout", "Dropout", (2, 7, 10)),
    ]
    matrices = 2 * 4 * 5 * (3 + 5) + 2 * 4 * 5 * (10 + 5)  # per layer: two directions, four gates
    assert [row.multiply_adds for row in got.rows] == [2 * 7 * matrices, 0]  # at each step of each sample
    assert got.rows[0].parameters == got.parameters == matrices + 2 * 2 * 4 * 5 * 2


def test_attention_projects_compares_and_takes_means() -> None:
    decoder = TransformerDecoder(6, 2, 1, dim_feedforward=5, d_k=4, d_v=3)
    x, memory = np.zeros((2, 7, 6), np.float32), np.zeros((2, 5, 6), np.float32)
    counts = {row.name: row.multiply_adds for row in chainrule.summary(decoder, (x, memory)).rows}
    of_itself, of_memory = "layers.0.self_attn", "layers.0.multihead_attn"
    # two heads: queries and keys of 4, values of 3
    assert counts[of_itself] == 2 * (7 * 6 * 8 + 7 * 6 * 8 + 7 * 6 * 6) + 2 * 2 * 7 * 7 * (4 + 3)
    assert counts[of_memory] == 2 * (7 * 6 * 8 + 5 * 6 * 8 + 5 * 6 * 6) + 2 * 2 * 7 * 5 * (4 + 3)
    assert counts[of_itself + ".out_proj"] == counts[of_memory + ".out_proj"] == 2 * 7 * 6 * 6


def test_long_paths_are_shown_whole() -> None:
    text = str(chainrule.summary(TransformerDecoder(4, 1, 1), (np.zeros((1, 2, 4), np.float32),) * 2))
    assert "layers.0.multihead_attn.out_proj" in text
    assert "…" not in text


def test_a_cell_works_once() -> None:
    got = chainrule.summary(GRUCell(3, 5), np.zeros((2, 3), np.float32))
    assert [(row.output_shape, row.multiply_adds) for row in got.rows] == [((2, 5), 2 * 3 * 5 * (3 + 5))]


def test_of_several_inputs_all_are_handed_over() -> None:
    model = RecurrentClassifier(9, 4, embedding=3, hidden=5, cell="rnn")
    got = chainrule.summary(model, (np.zeros((2, 7), np.int64), np.array([3, 7])))
    assert [row.name for row in got.rows] == ["embedding", "encoder.rnn", "dropout", "decoder"]
    assert got.input_shape == (2, 7)


def test_a_layer_with_layers_inside_and_a_parameter_of_its_own_is_listed_too() -> None:
    class Scaled(Layer):
        def __init__(self) -> None:
            self.scale, self.body = Parameter(np.ones(4, np.float32)), Linear(3, 4)

        def forward(self, x: np.ndarray) -> tuple[np.ndarray, None]:
            return self.body.forward(x)[0] * self.scale.data, None

    got = chainrule.summary(Sequential(Scaled()), np.zeros((2, 3), np.float32))
    assert [(row.name, row.parameters) for row in got.rows] == [("0", 4), ("0.body", 16)]


def test_what_forward_keeps_is_counted_once_however_many_hold_it() -> None:
    # a linear layer keeps its input, 4 x 3 numbers of 4 bytes; its weight is a parameter: no extra memory
    x = np.zeros((4, 3), np.float32)
    got = chainrule.summary(Sequential(Linear(3, 5)), x)
    assert got.cache_bytes == x.nbytes
    # flattening makes a view, and both linear layers keep the same x
    twice = chainrule.summary(Residual(Sequential(Flatten(), Linear(3, 5)), Linear(3, 5)), x)
    assert twice.cache_bytes == x.nbytes
    assert [row.name for row in twice.rows] == ["body.0", "body.1", "shortcut"]


@pytest.mark.parametrize("training", [True, False])
def test_the_model_is_left_as_it_was(training: bool) -> None:
    model = small_model().train(training)
    before, attributes = model.state_dict(), [dict(vars(layer)) for _, layer in model.named_layers()]
    chainrule.summary(model, np.ones((2, 1, 7, 6), np.float32))
    assert_same_numbers(model.state_dict(), before)
    assert [dict(vars(layer)) for _, layer in model.named_layers()] == attributes
    assert all(layer.training == training for _, layer in model.named_layers())
    assert not any(p.grad.any() for p in model.parameters())


def test_an_input_that_does_not_fit_is_an_error_and_leaves_nothing_behind() -> None:
    model: Layer = small_model()
    with pytest.raises(ValueError, match="channels"):
        chainrule.summary(model, np.ones((2, 3, 7, 6), np.float32))
    assert all("forward" not in vars(layer) for _, layer in model.named_layers())
