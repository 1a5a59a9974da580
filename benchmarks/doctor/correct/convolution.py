"""Convolutions: 1-D, 2-D, grouped, dilated, transposed, depthwise, channels first or last. All correct."""
import numpy as np


class Conv2D:
    """Explicit loops over output positions; NCHW, weight (out, in, kh, kw)."""

    def __init__(self, c_in, c_out, k, stride=1, padding=0, rng=None):
        rng = rng or np.random.default_rng(0)
        kh, kw = (k, k) if isinstance(k, int) else k
        self.W = rng.normal(size=(c_out, c_in, kh, kw)) * np.sqrt(2 / (c_in * kh * kw))
        self.b = rng.normal(size=c_out) * 0.1
        self.stride, self.padding = stride, padding

    def forward(self, x):
        p, s = self.padding, self.stride
        self.x_shape = x.shape
        self.xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        c_out, _, kh, kw = self.W.shape
        n, _, h, w = self.xp.shape
        oh, ow = (h - kh) // s + 1, (w - kw) // s + 1
        y = np.zeros((n, c_out, oh, ow))
        for i in range(oh):
            for j in range(ow):
                patch = self.xp[:, :, i * s:i * s + kh, j * s:j * s + kw]
                y[:, :, i, j] = np.tensordot(patch, self.W, axes=([1, 2, 3], [1, 2, 3])) + self.b
        return y

    def backward(self, dy):
        p, s = self.padding, self.stride
        _, _, kh, kw = self.W.shape
        dxp = np.zeros_like(self.xp)
        self.dW = np.zeros_like(self.W)
        self.db = dy.sum(axis=(0, 2, 3))
        for i in range(dy.shape[2]):
            for j in range(dy.shape[3]):
                patch = self.xp[:, :, i * s:i * s + kh, j * s:j * s + kw]
                self.dW += np.tensordot(dy[:, :, i, j], patch, axes=([0], [0]))
                dxp[:, :, i * s:i * s + kh, j * s:j * s + kw] += np.tensordot(dy[:, :, i, j], self.W, axes=1)
        h, w = self.x_shape[2:]
        return dxp[:, :, p:p + h, p:p + w]


def case_loops_padding_one():
    rng = np.random.default_rng(1)
    return {"subject": Conv2D(2, 3, 3, padding=1), "inputs": (rng.normal(size=(2, 2, 5, 4)),)}


def case_loops_stride_two_with_rest():
    """Stride 2 with a last row and column that no window reaches: their gradient is zero, and right."""
    rng = np.random.default_rng(2)
    return {"subject": Conv2D(2, 2, (3, 2), stride=2), "inputs": (rng.normal(size=(2, 2, 6, 5)),)}


def case_stride_larger_than_kernel():
    """Pixels between the windows have no influence at all."""
    rng = np.random.default_rng(3)
    return {"subject": Conv2D(1, 3, 2, stride=3), "inputs": (rng.normal(size=(2, 1, 8, 5)),)}


def im2col(x, kh, kw, stride=1, pad=0):
    n, c, h, w = x.shape
    oh, ow = (h + 2 * pad - kh) // stride + 1, (w + 2 * pad - kw) // stride + 1
    img = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)], "constant")
    col = np.zeros((n, c, kh, kw, oh, ow), dtype=x.dtype)
    for i in range(kh):
        for j in range(kw):
            col[:, :, i, j] = img[:, :, i:i + stride * oh:stride, j:j + stride * ow:stride]
    return col.transpose(0, 4, 5, 1, 2, 3).reshape(n * oh * ow, -1)


def col2im(col, shape, kh, kw, stride=1, pad=0):
    n, c, h, w = shape
    oh, ow = (h + 2 * pad - kh) // stride + 1, (w + 2 * pad - kw) // stride + 1
    col = col.reshape(n, oh, ow, c, kh, kw).transpose(0, 3, 4, 5, 1, 2)
    img = np.zeros((n, c, h + 2 * pad + stride - 1, w + 2 * pad + stride - 1), dtype=col.dtype)
    for i in range(kh):
        for j in range(kw):
            img[:, :, i:i + stride * oh:stride, j:j + stride * ow:stride] += col[:, :, i, j]
    return img[:, :, pad:pad + h, pad:pad + w]


class Convolution:
    def __init__(self, W, b, stride=1, pad=0):
        self.W, self.b = W, b
        self.stride, self.pad = stride, pad
        self.x = self.col = self.col_W = None
        self.dW = self.db = None

    def forward(self, x):
        fn, c, fh, fw = self.W.shape
        n, c, h, w = x.shape
        oh = 1 + (h + 2 * self.pad - fh) // self.stride
        ow = 1 + (w + 2 * self.pad - fw) // self.stride
        col = im2col(x, fh, fw, self.stride, self.pad)
        col_W = self.W.reshape(fn, -1).T
        out = np.dot(col, col_W) + self.b
        self.x, self.col, self.col_W = x, col, col_W
        return out.reshape(n, oh, ow, -1).transpose(0, 3, 1, 2)

    def backward(self, dout):
        fn, c, fh, fw = self.W.shape
        dout = dout.transpose(0, 2, 3, 1).reshape(-1, fn)
        self.db = np.sum(dout, axis=0)
        self.dW = np.dot(self.col.T, dout).transpose(1, 0).reshape(fn, c, fh, fw)
        dcol = np.dot(dout, self.col_W.T)
        return col2im(dcol, self.x.shape, fh, fw, self.stride, self.pad)


def case_im2col():
    """W is cached a second time as a matrix (col_W), which is a view of it."""
    rng = np.random.default_rng(4)
    W, b = rng.normal(size=(3, 2, 3, 2)) * 0.4, rng.normal(size=3)
    return {"subject": Convolution(W, b, stride=2, pad=1), "inputs": (rng.normal(size=(2, 2, 5, 6)),)}


class ConvNHWC:
    """Channels last, kernel (kh, kw, in, out), windows by stride tricks, 'same' padding at stride 1."""

    def __init__(self, kh, kw, cin, cout, seed=5):
        g = np.random.default_rng(seed)
        self.kernel = g.standard_normal((kh, kw, cin, cout)) * 0.3
        self.bias = g.standard_normal(cout) * 0.1

    def forward(self, x):
        kh, kw = self.kernel.shape[:2]
        self.top, self.left = (kh - 1) // 2, (kw - 1) // 2
        xp = np.pad(x, ((0, 0), (self.top, kh - 1 - self.top), (self.left, kw - 1 - self.left), (0, 0)))
        self.windows = np.lib.stride_tricks.sliding_window_view(xp, (kh, kw), axis=(1, 2))
        return np.einsum("nhwcij,ijco->nhwo", self.windows, self.kernel) + self.bias

    def backward(self, grad):
        kh, kw = self.kernel.shape[:2]
        self.grad_kernel = np.einsum("nhwcij,nhwo->ijco", self.windows, grad)
        self.grad_bias = grad.sum((0, 1, 2))
        flipped = self.kernel[::-1, ::-1]
        gp = np.pad(grad, ((0, 0), (kh - 1 - self.top, self.top), (kw - 1 - self.left, self.left), (0, 0)))
        gw = np.lib.stride_tricks.sliding_window_view(gp, (kh, kw), axis=(1, 2))
        return np.einsum("nhwoij,ijco->nhwc", gw, flipped)


def case_channels_last_same_padding():
    rng = np.random.default_rng(6)
    return {"subject": ConvNHWC(3, 2, 2, 3), "inputs": (rng.normal(size=(2, 4, 5, 2)),)}


class Conv1d:
    """(batch, channels, length), with dilation."""

    def __init__(self, n_in, n_out, width, dilation=1, rng=None):
        self.weight = rng.normal(size=(n_out, n_in, width)) / np.sqrt(n_in * width)
        self.bias = rng.normal(size=(n_out,))
        self.dilation = dilation
        self.grads = {}

    def forward(self, x):
        self.x = x
        k, d = self.weight.shape[2], self.dilation
        length = x.shape[2] - d * (k - 1)
        out = np.zeros((x.shape[0], self.weight.shape[0], length))
        for t in range(k):
            out += np.einsum("oi,bil->bol", self.weight[:, :, t], x[:, :, t * d:t * d + length])
        return out + self.bias[None, :, None]

    def backward(self, dout):
        k, d, length = self.weight.shape[2], self.dilation, dout.shape[2]
        dx, dw = np.zeros_like(self.x), np.empty_like(self.weight)
        for t in range(k):
            seg = slice(t * d, t * d + length)
            dw[:, :, t] = np.einsum("bol,bil->oi", dout, self.x[:, :, seg])
            dx[:, :, seg] += np.einsum("oi,bol->bil", self.weight[:, :, t], dout)
        self.grads = {"weight": dw, "bias": dout.sum(axis=(0, 2))}
        return dx


def case_conv1d():
    rng = np.random.default_rng(7)
    return {"subject": Conv1d(2, 4, 3, rng=rng), "inputs": (rng.normal(size=(3, 2, 7)),)}


def case_conv1d_dilated():
    rng = np.random.default_rng(8)
    return {"subject": Conv1d(3, 2, 3, dilation=2, rng=rng), "inputs": (rng.normal(size=(2, 3, 9)),)}


class CausalConv1d:
    """Time second, padded on the left only (WaveNet): y[t] sees x[t], x[t-1], ... only."""

    def __init__(self, features, filters, taps, rng):
        self.filters = rng.normal(size=(taps, features, filters)) * 0.4

    def forward(self, x):
        taps = len(self.filters)
        self.padded = np.concatenate([np.zeros((x.shape[0], taps - 1, x.shape[2])), x], axis=1)
        steps = x.shape[1]
        return sum(self.padded[:, j:j + steps] @ self.filters[j] for j in range(taps))

    def backward(self, dy):
        taps, steps = len(self.filters), dy.shape[1]
        dpadded = np.zeros_like(self.padded)
        self.filters_grad = np.zeros_like(self.filters)
        for j in range(taps):
            self.filters_grad[j] = np.tensordot(self.padded[:, j:j + steps], dy, axes=([0, 1], [0, 1]))
            dpadded[:, j:j + steps] += dy @ self.filters[j].T
        return dpadded[:, taps - 1:]


def case_causal_conv1d():
    rng = np.random.default_rng(9)
    return {"subject": CausalConv1d(3, 4, 3, rng),
            "inputs": (rng.normal(size=(2, 6, 3)),), "intent": {"causal"}}


class GroupedConv2d:
    """Each group of output channels sees its own group of inputs: weight (out, in / groups, kh, kw)."""

    def __init__(self, c_in, c_out, k, groups, rng):
        self.groups = groups
        self.weight = rng.normal(size=(c_out, c_in // groups, k, k)) * 0.3
        self.bias = rng.normal(size=c_out) * 0.1

    def forward(self, x):
        G, k = self.groups, self.weight.shape[-1]
        win = np.lib.stride_tricks.sliding_window_view(x, (k, k), axis=(2, 3))
        n, c, oh, ow = win.shape[:4]
        self.x_shape = x.shape
        self.win = win.reshape(n, G, c // G, oh, ow, k, k)
        w = self.weight.reshape(G, -1, c // G, k, k)
        out = np.einsum("ngchwij,gocij->ngohw", self.win, w)
        return out.reshape(n, -1, oh, ow) + self.bias[:, None, None]

    def backward(self, dout):
        G, k = self.groups, self.weight.shape[-1]
        n, c_out, oh, ow = dout.shape
        cg = self.x_shape[1] // G
        g = dout.reshape(n, G, c_out // G, oh, ow)
        self.dweight = np.einsum("ngchwij,ngohw->gocij", self.win, g).reshape(self.weight.shape)
        self.dbias = np.einsum("nohw->o", dout)
        w = self.weight.reshape(G, -1, cg, k, k)
        dx = np.zeros((n, G, cg) + self.x_shape[2:])
        for i in range(k):
            for j in range(k):
                dx[:, :, :, i:i + oh, j:j + ow] += np.einsum("ngohw,goc->ngchw", g, w[..., i, j])
        return dx.reshape(self.x_shape)


def case_grouped():
    rng = np.random.default_rng(10)
    return {"subject": GroupedConv2d(4, 6, 2, 2, rng), "inputs": (rng.normal(size=(2, 4, 3, 5)),)}


class DepthwiseConv2d:
    """One kernel (kh, kw) per channel on purpose: nothing crosses channels."""

    def __init__(self, channels, k, pad, rng):
        self.K = rng.normal(size=(channels, k, k)) * 0.5
        self.pad = pad

    def forward(self, x):
        p, k = self.pad, self.K.shape[1]
        self.xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        oh, ow = self.xp.shape[2] - k + 1, self.xp.shape[3] - k + 1
        y = np.zeros(x.shape[:2] + (oh, ow))
        for i in range(k):
            for j in range(k):
                y += self.K[:, i, j][None, :, None, None] * self.xp[:, :, i:i + oh, j:j + ow]
        return y

    def backward(self, dy):
        p, k = self.pad, self.K.shape[1]
        oh, ow = dy.shape[2:]
        self.dK = np.zeros_like(self.K)
        dxp = np.zeros_like(self.xp)
        for i in range(k):
            for j in range(k):
                self.dK[:, i, j] = (dy * self.xp[:, :, i:i + oh, j:j + ow]).sum(axis=(0, 2, 3))
                dxp[:, :, i:i + oh, j:j + ow] += self.K[:, i, j][None, :, None, None] * dy
        return dxp[:, :, p:dxp.shape[2] - p, p:dxp.shape[3] - p]


def case_depthwise():
    rng = np.random.default_rng(11)
    return {"subject": DepthwiseConv2d(3, 3, 1, rng), "inputs": (rng.normal(size=(2, 3, 4, 5)),)}


class PointwiseConv:
    """1x1 convolution as a matrix product over channels."""

    def __init__(self, cin, cout, rng):
        self.w = rng.normal(size=(cout, cin))
        self.b = rng.normal(size=cout)

    def forward(self, x):
        self.x = x
        return np.tensordot(self.w, x, axes=(1, 1)).transpose(1, 0, 2, 3) + self.b.reshape(1, -1, 1, 1)

    def backward(self, dy):
        self.grad_w = np.tensordot(dy, self.x, axes=([0, 2, 3], [0, 2, 3]))
        self.grad_b = dy.sum((0, 2, 3))
        return np.tensordot(self.w, dy, axes=(0, 1)).transpose(1, 0, 2, 3)


class SeparableConv:
    """Depthwise, then pointwise (MobileNet); a composite of the two above."""

    def __init__(self, cin, cout, rng):
        self.depthwise = DepthwiseConv2d(cin, 3, 1, rng)
        self.pointwise = PointwiseConv(cin, cout, rng)

    def forward(self, x):
        return self.pointwise.forward(self.depthwise.forward(x))

    def backward(self, dy):
        return self.depthwise.backward(self.pointwise.backward(dy))


def case_separable():
    rng = np.random.default_rng(12)
    return {"subject": SeparableConv(2, 5, rng), "inputs": (rng.normal(size=(2, 2, 4, 3)),)}


class ConvTranspose2d:
    """Weight (in, out, kh, kw), stride 2, cropped by the padding."""

    def __init__(self, c_in, c_out, k, stride, padding, rng):
        self.W = rng.normal(size=(c_in, c_out, k, k)) * 0.4
        self.b = rng.normal(size=c_out)
        self.stride, self.padding = stride, padding

    def forward(self, x):
        self.x = x
        s, p, k = self.stride, self.padding, self.W.shape[-1]
        n, _, h, w = x.shape
        full = np.zeros((n, self.W.shape[1], (h - 1) * s + k, (w - 1) * s + k))
        for i in range(h):
            for j in range(w):
                full[:, :, i * s:i * s + k, j * s:j * s + k] += np.tensordot(x[:, :, i, j], self.W, axes=1)
        return full[:, :, p:full.shape[2] - p, p:full.shape[3] - p] + self.b[None, :, None, None]

    def backward(self, dy):
        s, p, k = self.stride, self.padding, self.W.shape[-1]
        self.db = dy.sum(axis=(0, 2, 3))
        full = np.pad(dy, ((0, 0), (0, 0), (p, p), (p, p)))
        dx = np.zeros_like(self.x)
        self.dW = np.zeros_like(self.W)
        for i in range(self.x.shape[2]):
            for j in range(self.x.shape[3]):
                win = full[:, :, i * s:i * s + k, j * s:j * s + k]
                dx[:, :, i, j] = np.tensordot(win, self.W, axes=([1, 2, 3], [1, 2, 3]))
                self.dW += np.tensordot(self.x[:, :, i, j], win, axes=([0], [0]))
        return dx


def case_transposed_stride_two():
    rng = np.random.default_rng(13)
    return {"subject": ConvTranspose2d(3, 2, 3, 2, 1, rng), "inputs": (rng.normal(size=(2, 3, 3, 4)),)}


class ConvTranspose1d:
    """By zero insertion and an ordinary convolution with the flipped kernel."""

    def __init__(self, c_in, c_out, k, stride, rng):
        self.weight = rng.normal(size=(c_in, c_out, k)) * 0.5
        self.stride = stride

    def forward(self, x):
        self.x = x
        s, k = self.stride, self.weight.shape[2]
        b, c, n = x.shape
        up = np.zeros((b, c, (n - 1) * s + 1))
        up[:, :, ::s] = x
        self.up = np.pad(up, ((0, 0), (0, 0), (k - 1, k - 1)))
        length = self.up.shape[2] - k + 1
        w = self.weight[:, :, ::-1]
        return sum(np.einsum("bcl,co->bol", self.up[:, :, t:t + length], w[:, :, t]) for t in range(k))

    def backward(self, dy):
        s, k = self.stride, self.weight.shape[2]
        length = dy.shape[2]
        dw = np.stack([np.einsum("bcl,bol->co", self.up[:, :, t:t + length], dy) for t in range(k)], axis=2)
        self.weight_grad = dw[:, :, ::-1]
        dup = np.zeros_like(self.up)
        for t in range(k):
            dup[:, :, t:t + length] += np.einsum("bol,co->bcl", dy, self.weight[:, :, k - 1 - t])
        return dup[:, :, k - 1:dup.shape[2] - k + 1][:, :, ::s]


def case_transposed_1d_zero_insertion():
    """The stored weight gradient is a reversed view, and dx a strided one."""
    rng = np.random.default_rng(14)
    return {"subject": ConvTranspose1d(2, 3, 4, 3, rng), "inputs": (rng.normal(size=(2, 2, 4)),)}


class SingleImageConv:
    """One image (channels, height, width) at a time, nested loops, a true (flipped) convolution."""

    def __init__(self, depth, filters, size, rng):
        self.kernels = rng.normal(size=(filters, depth, size, size)) * 0.4
        self.biases = np.zeros(filters)

    def forward(self, image):
        self.image = image
        f, c, k, _ = self.kernels.shape
        h, w = image.shape[1] - k + 1, image.shape[2] - k + 1
        out = np.zeros((f, h, w))
        for o in range(f):
            for i in range(h):
                for j in range(w):
                    out[o, i, j] = np.sum(image[:, i:i + k, j:j + k] * self.kernels[o, :, ::-1, ::-1])
                    out[o, i, j] += self.biases[o]
        return out

    def backward(self, d_out):
        f, c, k, _ = self.kernels.shape
        d_kernels = np.zeros_like(self.kernels)
        d_image = np.zeros_like(self.image)
        for o in range(f):
            for i in range(d_out.shape[1]):
                for j in range(d_out.shape[2]):
                    d_kernels[o, :, ::-1, ::-1] += d_out[o, i, j] * self.image[:, i:i + k, j:j + k]
                    d_image[:, i:i + k, j:j + k] += d_out[o, i, j] * self.kernels[o, :, ::-1, ::-1]
        self.d_kernels = d_kernels
        self.d_biases = d_out.sum(axis=(1, 2))
        return d_image


def case_true_convolution_single_image():
    rng = np.random.default_rng(15)
    return {"subject": SingleImageConv(2, 3, 2, rng), "inputs": (rng.normal(size=(2, 5, 4)),)}


def conv_forward_naive(x, w, b, conv_param):
    stride, pad = conv_param["stride"], conv_param["pad"]
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    Ho, Wo = 1 + (H + 2 * pad - HH) // stride, 1 + (W + 2 * pad - WW) // stride
    x_pad = np.pad(x, ((0,), (0,), (pad,), (pad,)), mode="constant")
    out = np.zeros((N, F, Ho, Wo))
    for n in range(N):
        for f in range(F):
            for i in range(Ho):
                for j in range(Wo):
                    window = x_pad[n, :, i * stride:i * stride + HH, j * stride:j * stride + WW]
                    out[n, f, i, j] = np.sum(window * w[f]) + b[f]
    return out, (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    stride, pad = conv_param["stride"], conv_param["pad"]
    F, C, HH, WW = w.shape
    x_pad = np.pad(x, ((0,), (0,), (pad,), (pad,)), mode="constant")
    dx_pad, dw, db = np.zeros_like(x_pad), np.zeros_like(w), np.zeros_like(b)
    for n in range(dout.shape[0]):
        for f in range(F):
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    rows, cols = slice(i * stride, i * stride + HH), slice(j * stride, j * stride + WW)
                    db[f] += dout[n, f, i, j]
                    dw[f] += dout[n, f, i, j] * x_pad[n, :, rows, cols]
                    dx_pad[n, :, rows, cols] += dout[n, f, i, j] * w[f]
    return dx_pad[:, :, pad:pad + x.shape[2], pad:pad + x.shape[3]], dw, db


def case_naive_pair_with_conv_param():
    rng = np.random.default_rng(16)
    x, w, b = rng.normal(size=(2, 2, 4, 5)), rng.normal(size=(3, 2, 3, 3)), rng.normal(size=3)
    return {"subject": (conv_forward_naive, conv_backward_naive),
            "inputs": (x, w, b, {"stride": 1, "pad": 1})}


class SameConvBottleneck:
    """1x1, depthwise 3x3, 1x1 with a skip around all of them (an inverted residual without norms)."""

    def __init__(self, c, hidden, rng):
        self.layers = [PointwiseConv(c, hidden, rng), DepthwiseConv2d(hidden, 3, 1, rng),
                       PointwiseConv(hidden, c, rng)]

    def forward(self, x):
        h = x
        for layer in self.layers:
            h = layer.forward(h)
        return x + h

    def backward(self, dy):
        d = dy
        for layer in reversed(self.layers):
            d = layer.backward(d)
        return dy + d


def case_inverted_residual():
    rng = np.random.default_rng(17)
    return {"subject": SameConvBottleneck(2, 3, rng), "inputs": (rng.normal(size=(2, 2, 3, 4)),)}


class WeightStandardizedConv1d:
    """The kernel is normalized to zero mean and unit norm per filter before use; valid windows, no bias."""

    def __init__(self, cin, cout, k, rng):
        self.v = rng.normal(size=(cout, cin * k))
        self.k = k

    def forward(self, x):
        centered = self.v - self.v.mean(axis=1, keepdims=True)
        self.norm = np.linalg.norm(centered, axis=1, keepdims=True)
        self.w = centered / self.norm
        win = np.lib.stride_tricks.sliding_window_view(x, self.k, axis=2)
        self.x_shape = x.shape
        self.cols = win.transpose(0, 2, 1, 3).reshape(x.shape[0], win.shape[2], -1)
        return (self.cols @ self.w.T).transpose(0, 2, 1)

    def backward(self, dy):
        dy = dy.transpose(0, 2, 1)
        dw = np.einsum("blo,blk->ok", dy, self.cols)
        dcentered = (dw - self.w * np.sum(dw * self.w, axis=1, keepdims=True)) / self.norm
        self.v_grad = dcentered - dcentered.mean(axis=1, keepdims=True)
        dcols = (dy @ self.w).reshape(dy.shape[0], dy.shape[1], self.x_shape[1], self.k)
        dx = np.zeros(self.x_shape)
        for l in range(dy.shape[1]):
            dx[:, :, l:l + self.k] += dcols[:, l]
        return dx


def case_weight_standardized():
    rng = np.random.default_rng(18)
    return {"subject": WeightStandardizedConv1d(2, 3, 3, rng), "inputs": (rng.normal(size=(2, 2, 6)),)}
