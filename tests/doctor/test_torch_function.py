"""A torch.autograd.Function as a subject; torch is not needed for anything else."""

import subprocess
import sys

import numpy as np
import pytest
from protocol.against_torch import torch_or_skip

import chainrule
from chainrule.doctor.tensors import refuse_tensors
from chainrule.doctor.torch_function import as_pair, is_torch_function

torch = torch_or_skip()
RNG = np.random.default_rng(5)


def tensor(*shape):
    return torch.from_numpy(RNG.normal(size=shape).astype("float32"))


class Affine(torch.autograd.Function):
    """The old style; the bias's gradient keeps its batch axis, and autograd sums it."""

    @staticmethod
    def forward(ctx, x, weight, bias):
        ctx.save_for_backward(x, weight)
        return x @ weight.t() + bias

    @staticmethod
    def backward(ctx, dy):
        x, weight = ctx.saved_tensors
        dx = dy @ weight if ctx.needs_input_grad[0] else None
        return dx, dy.t() @ x, dy


class Doubled(Affine):
    @staticmethod
    def backward(ctx, dy):
        x, weight = ctx.saved_tensors
        return dy @ weight, 2 * dy.t() @ x, dy.sum(0)


class InPlace(Affine):
    @staticmethod
    def backward(ctx, dy):
        x, weight = ctx.saved_tensors
        dx, dweight = dy @ weight, dy.t() @ x
        return dx, dweight, dy.mul_(1.5).sum(0) / 1.5


class TooFew(Affine):
    @staticmethod
    def backward(ctx, dy):
        x, weight = ctx.saved_tensors
        return dy @ weight, dy.t() @ x


class Tanh(torch.autograd.Function):
    """The new style: forward without a context."""

    @staticmethod
    def forward(x):
        return torch.tanh(x)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(output)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, dy):
        (y,) = ctx.saved_tensors
        return dy * (1 - y**2)


class WrongTanh(Tanh):
    @staticmethod
    def backward(ctx, dy):
        (y,) = ctx.saved_tensors
        return -dy * (1 - y**2)


class Scaled(torch.autograd.Function):
    """Plain attributes, a number among the inputs, two outputs of which one is not differentiable."""

    @staticmethod
    def forward(ctx, x, factor, ids):
        ctx.factor, ctx.ids, ctx.rows = factor, ids, x.shape[0]
        place = torch.zeros(x.shape[0]) + x.detach().sum()
        ctx.mark_non_differentiable(place)
        return x[ids] * factor, place

    @staticmethod
    def backward(ctx, dy, dplace):
        assert dplace is not None
        dx = torch.zeros(ctx.rows, dy.shape[1])
        dx.index_add_(0, ctx.ids, dy * ctx.factor)
        return dx, None, None


class Halves(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.set_materialize_grads(False)
        return x[:, :2] ** 2, x[:, 2:] * 3

    @staticmethod
    def backward(ctx, da, db):
        return torch.cat([da, 3 * db], 1)


def test_what_is_one() -> None:
    assert is_torch_function(Affine)
    assert not is_torch_function(torch.autograd.Function)
    assert not is_torch_function(torch.nn.Linear)
    assert not is_torch_function(Affine.forward)


@pytest.mark.parametrize(
    ("function", "inputs"),
    [
        (Affine, (tensor(4, 3), tensor(2, 3), tensor(2))),
        (Tanh, (tensor(4, 3),)),
        (Scaled, (tensor(4, 3), 1.7, torch.tensor([0, 2, 2, 1, 3, 0]))),
    ],
)
def test_right_ones_are_passed(function, inputs) -> None:
    report = chainrule.check(function, *inputs)
    assert report.ok, report
    assert report.tested
    kept = [i.clone() if hasattr(i, "clone") else i for i in inputs]
    assert all(np.array_equal(a, b) for a, b in zip(inputs, kept, strict=True))


def test_arrays_will_do_as_well() -> None:
    assert chainrule.check(Affine, RNG.normal(size=(4, 3)), RNG.normal(size=(2, 3)), np.ones(2)).ok


def test_the_fault_is_named_at_the_users_line() -> None:
    report = chainrule.check(Doubled, tensor(4, 3), tensor(2, 3), tensor(2))
    assert [(f.code, f.targets) for f in report.findings] == [("mean-sum-mismatch", ["weight"])]
    finding = report.findings[0]
    assert finding.file == __file__
    first = Doubled.backward.__code__.co_firstlineno
    assert first <= finding.line <= first + 3
    report = chainrule.check(WrongTanh, tensor(4, 3))
    assert [f.code for f in report.findings] == ["sign-flipped"]


def test_what_backward_changes_in_place_is_seen() -> None:
    report = chainrule.check(InPlace, tensor(4, 3), tensor(2, 3), tensor(2))
    assert "mutates-upstream" in [f.code for f in report.findings]


def test_a_gradient_too_few_is_autograds_error() -> None:
    report = chainrule.check(TooFew, tensor(4, 3), tensor(2, 3), tensor(2))
    assert [f.code for f in report.findings] == ["backward-raises"]
    assert "expected 3, got 2" in report.findings[0].detail


def test_the_pair() -> None:
    (forward, backward), (x,) = as_pair(Halves, (tensor(4, 5),))
    a, b, cache = forward(x)
    np.testing.assert_allclose(a, x[:, :2] ** 2)
    da, db = np.ones(a.shape), np.ones(b.shape)
    np.testing.assert_allclose(backward(da, db, cache), np.hstack([np.ones((4, 2)), np.full((4, 3), 3.0)]))
    assert torch.get_default_dtype() == torch.float32


def test_two_outputs_of_which_the_gradient_is_wrong() -> None:
    report = chainrule.check(Halves, tensor(4, 5))
    assert not report.ok
    assert report.findings[0].targets == ["x"]


def test_tensors_where_arrays_are_meant_are_a_clear_error() -> None:
    class Layer:
        def __init__(self):
            self.weights = {"W": tensor(3, 2)}

        def forward(self, x):
            return x @ self.weights["W"]

        def backward(self, dy):
            return dy @ self.weights["W"].T

    with pytest.raises(TypeError, match=r"Layer\.weights\.W is a torch tensor.*w\.detach\(\)\.numpy\(\)"):
        refuse_tensors(Layer(), (np.ones((4, 3)),))
    with pytest.raises(TypeError, match=r"input 0 is a torch tensor.*x\.detach\(\)\.numpy\(\)"):
        refuse_tensors((Tanh.forward, Tanh.backward), (tensor(4, 3),))
    with pytest.raises(TypeError, match=r"Linear is a torch.nn.Module.*like=module"):
        refuse_tensors(torch.nn.Linear(3, 2), (np.ones((4, 3)),))


def test_torch_is_not_imported() -> None:
    code = (
        "import sys, numpy as np, chainrule\n"
        "from chainrule import layers\n"
        "x = np.random.default_rng(0).normal(size=(4, 3))\n"
        "assert chainrule.check(layers.Linear(3, 2), x, like=layers.Linear(3, 2)).ok\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
