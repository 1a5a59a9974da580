"""Code that starts in another way than with one array: lists of steps, several gradients from above, a loss
of the input alone, nested parameters, a function that builds the model.
"""

from __future__ import annotations

from pathlib import Path

from whole_files import Checked

STEPS = """
class Recurrent:
    def __init__(self, nx, nh, rng):
        self.nh = nh
        self.Wx, self.Wh = rng.normal(size=(nh, nx)), rng.normal(size=(nh, nh))
    def forward(self, xs):
        h = np.zeros((self.nh, xs[0].shape[1]))
        self.kept, hs = [], []
        for x in xs:
            new = np.tanh(self.Wx @ x + self.Wh @ h)
            self.kept.append((x, h, new))
            hs.append(new)
            h = new
        return hs
    def backward(self, dhs):
        self.dWx, self.dWh = np.zeros_like(self.Wx), np.zeros_like(self.Wh)
        dxs, later = [], 0.0
        for dh, (x, h, new) in zip(dhs[::-1], self.kept[::-1]):
            da = (dh + later) * (1 - new**2)
            self.dWx += da @ x.T
            self.dWh += da @ h.T
            dxs.append(self.Wx.T @ da)
            later = self.Wh.T @ da
        return dxs[::-1]
"""


def test_a_sequence_may_be_a_list_of_matrices(tmp_path: Path) -> None:
    said = Checked(tmp_path, STEPS)
    assert said.findings == {}
    assert said.tested["Recurrent"][-2:] == ["Wx", "Wh"]
    wrong = Checked(tmp_path, STEPS.replace("(dh + later)", "dh"))
    assert [code for code, _ in wrong.findings["Recurrent"]] == ["hidden-gradient-dropped"]


CELL = """
def cell_forward(x, h, W, V):
    h_next = np.tanh(x @ W + h)
    z = h_next @ V
    return h_next, z, (x, W, V, h_next)

def cell_backward(dz, dh_from_later, cache):
    x, W, V, h_next = cache
    da = (dz @ V.T + dh_from_later) * (1 - h_next**2)
    return da @ W.T, da, x.T @ da, h_next.T @ dz
"""


def test_gradients_from_above_are_handed_over_by_name(tmp_path: Path) -> None:
    said = Checked(tmp_path, CELL)
    assert said.findings == {}
    assert said.tested == {"cell_forward": ["x", "h", "W", "V"]}
    wrong = Checked(tmp_path, CELL.replace("h_next.T @ dz", "-h_next.T @ dz"))
    assert [code for code, _ in wrong.findings["cell_forward"]] == ["sign-flipped"]


AUTOENCODER = """
class Autoencoder:
    def __init__(self, n_in=6, n_code=3, seed=0):
        self.rng = np.random.default_rng(seed)
        self.params = {"We": self.rng.normal(size=(n_in, n_code)), "Wd": self.rng.normal(size=(n_code, n_in))}
        self.grads = {}
    def forward(self, x):
        self.x, self.code = x, np.tanh(x @ self.params["We"])
        self.noisy = self.code + 0.1 * self.rng.normal(size=self.code.shape)
        return self.noisy @ self.params["Wd"]
    def loss(self, x):
        self.rest = self.forward(x) - x
        return 0.5 * np.sum(self.rest**2) / len(x)
    def backward(self):
        d = self.rest / len(self.x)
        self.grads["Wd"] = self.noisy.T @ d
        self.grads["We"] = self.x.T @ ((d @ self.params["Wd"].T) * (1 - self.code**2))
        return self.grads
"""


def test_a_loss_that_asks_for_the_input_alone(tmp_path: Path) -> None:
    said = Checked(tmp_path, AUTOENCODER)
    assert said.findings == {}
    assert said.tested == {"Autoencoder": ["params.We", "params.Wd"]}
    wrong = Checked(tmp_path, AUTOENCODER.replace("self.noisy.T @ d", "-self.noisy.T @ d"))
    assert [code for code, _ in wrong.findings["Autoencoder"]] == ["sign-flipped"]


NESTED = """
def init_dense(rng, n_in, n_out):
    return {"w": rng.normal(size=(n_in, n_out)), "b": np.zeros(n_out)}

def init_params(rng, n_in=6, n_code=3):
    return {"encoder": init_dense(rng, n_in, n_code), "decoder": init_dense(rng, n_code, n_in)}

def forward(params, x):
    code = np.tanh(x @ params["encoder"]["w"] + params["encoder"]["b"])
    return code @ params["decoder"]["w"] + params["decoder"]["b"], (x, code)

def backward(params, kept, g):
    x, code = kept
    decoder = {"w": code.T @ g, "b": g.sum(axis=0)}
    g = g @ params["decoder"]["w"].T * (1 - code**2)
    encoder = {"w": x.T @ g, "b": g.sum(axis=0)}
    return {"encoder": encoder, "decoder": decoder}, g @ params["encoder"]["w"].T
"""


def test_dicts_inside_of_dicts_are_made_by_the_files_own_function(tmp_path: Path) -> None:
    said = Checked(tmp_path, NESTED)
    assert said.findings == {}
    assert len(said.tested["forward"]) == 5
    wrong = Checked(tmp_path, NESTED.replace(".T * (1 - code**2)", ".T"))
    assert [code for code, _ in wrong.findings["forward"]] == ["activation-derivative-missing"]


BUILT = """
class Scaled:
    def __init__(self, units):
        self.units, self.weights, self.grads = units, {}, {}
    def build(self, n, rng):
        self.weights["kernel"] = rng.normal(size=(n, self.units))
    def call(self, x):
        self.x = x
        return np.tanh(x @ self.weights["kernel"])
    def backprop(self, dy):
        dz = dy * (1 - np.tanh(self.x @ self.weights["kernel"]) ** 2)
        self.grads = {"kernel": self.x.T @ dz}
        return dz @ self.weights["kernel"].T

class Stack:
    def __init__(self, layers, n, seed=0):
        self.layers, rng = layers, np.random.default_rng(seed)
        for layer in layers:
            layer.build(n, rng)
            n = layer.units
    def forward(self, x):
        for layer in self.layers:
            x = layer.call(x)
        return x
    def backward(self, dy):
        for layer in self.layers[::-1]:
            dy = layer.backprop(dy)
        return dy

def build_model(features=3, units=5, classes=4):
    return Stack([Scaled(units), Scaled(classes)], features)
"""


def test_the_files_own_function_puts_the_layers_together(tmp_path: Path) -> None:
    said = Checked(tmp_path, BUILT)
    assert said.findings == {}
    assert len(said.tested["build_model"]) == 3
    wrong = Checked(tmp_path, BUILT.replace("self.x.T @ dz}", "self.x.T @ dy}"))
    assert [code for code, _ in wrong.findings["build_model"]] == ["activation-derivative-missing"]
