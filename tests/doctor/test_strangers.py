"""Files as strangers write them: what was learned from code by people who had not seen the doctor."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from chainrule.doctor.check import check
from chainrule.doctor.discovery import discover
from chainrule.doctor.discovery.conventions import second_opinion
from chainrule.doctor.report import Report


def reports(folder: Path, code: str) -> dict[str, Report]:
    """What `chainrule check` says of each thing in a file."""
    path = folder / "mine.py"
    path.write_text("import numpy as np\n" + dedent(code))
    discovered = discover(path)
    assert not discovered.not_started, discovered.not_started
    found = {f.name: (f, check(f.subject, *f.inputs, **f.kwargs)) for f in discovered}
    return {name: second_opinion(f, report) for name, (f, report) in found.items()}


def plant(code: str, right: str, wrong: str) -> str:
    assert right in code
    return code.replace(right, wrong)


SCRIPT = """
    rng = np.random.default_rng(0)
    symbols, units = 9, 6
    Wx, Wh, Wy = (0.3 * rng.normal(size=s) for s in ((units, symbols), (units, units), (symbols, units)))
    bh, by = np.zeros((units, 1)), np.zeros((symbols, 1))

    def loss_and_gradients(inputs, targets, h):
        hs, ps, loss = {-1: h}, {}, 0.0
        for t in range(len(inputs)):
            hs[t] = np.tanh(Wx[:, [inputs[t]]] + Wh @ hs[t - 1] + bh)
            z = Wy @ hs[t] + by
            ps[t] = np.exp(z - z.max()) / np.exp(z - z.max()).sum()
            loss -= np.log(ps[t][targets[t], 0])
        dWx, dWh, dWy = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(Wy)
        dbh, dby, dnext = np.zeros_like(bh), np.zeros_like(by), np.zeros((units, 1))
        for t in reversed(range(len(inputs))):
            dz = ps[t].copy()
            dz[targets[t]] -= 1
            dWy += dz @ hs[t].T
            dby += dz
            draw = (Wy.T @ dz + dnext) * (1 - hs[t] ** 2)
            dbh += draw
            dWx[:, [inputs[t]]] += draw
            dWh += draw @ hs[t - 1].T
            dnext = Wh.T @ draw
        return loss, dWx, dWh, dWy, dbh, dby, hs[len(inputs) - 1]
"""


def test_a_script_whose_function_gives_loss_and_gradients_of_its_arrays(tmp_path: Path) -> None:
    assert reports(tmp_path, SCRIPT)["loss_and_gradients"].ok


def test_a_fault_in_it_is_found_in_its_line(tmp_path: Path) -> None:
    wrong = plant(SCRIPT, "dnext = Wh.T @ draw", "dnext = Wh @ draw")
    finding = reports(tmp_path, wrong)["loss_and_gradients"].findings[0]
    assert finding.code == "transpose-missing"
    line = (tmp_path / "mine.py").read_text().splitlines()[finding.line - 1]
    assert "dnext = Wh @ draw" in line


NETWORK = """
    def sigma(z):
        return 1 / (1 + np.exp(-z))

    class Perceptron:
        '''One example at a time, as a column vector.'''

        def __init__(self, sizes):
            self.weights = [np.random.randn(n, m) for m, n in zip(sizes, sizes[1:])]
            self.biases = [np.random.randn(n, 1) for n in sizes[1:]]

        def feedforward(self, a):
            for w, b in zip(self.weights, self.biases):
                a = sigma(w @ a + b)
            return a

        def cost(self, x, y):
            return 0.5 * np.sum((self.feedforward(x) - y) ** 2)

        def backprop(self, x, y):
            activations = [x]
            for w, b in zip(self.weights, self.biases):
                activations.append(sigma(w @ activations[-1] + b))
            nabla_w, nabla_b = [], []
            delta = activations[-1] - y
            for w, a, below in zip(self.weights[::-1], activations[:0:-1], activations[-2::-1]):
                delta = delta * a * (1 - a)
                nabla_w.insert(0, delta @ below.T)
                nabla_b.insert(0, delta)
                delta = w.T @ delta
            return nabla_w, nabla_b
"""


def test_a_network_whose_backprop_takes_input_and_target(tmp_path: Path) -> None:
    assert reports(tmp_path, NETWORK)["Perceptron"].ok
    wrong = plant(NETWORK, "delta = delta * a * (1 - a)", "delta = delta * (1 - a)")
    assert not reports(tmp_path, wrong)["Perceptron"].ok


def test_without_a_loss_the_usual_ones_are_tried(tmp_path: Path) -> None:
    report = reports(tmp_path, plant(NETWORK, "def cost(self", "def distance(self"))["Perceptron"]
    assert report.ok
    assert report.assumed == ["it tells no loss: compared with half the squared error, summed"]


def test_a_softmax_whose_backward_expects_the_gradient_of_one_label(tmp_path: Path) -> None:
    code = """
        class Output:
            def __init__(self, n_in, n_out):
                self.W = np.random.randn(n_in, n_out)

            def forward(self, x):
                self.x = x
                e = np.exp(x @ self.W)
                self.p = e / e.sum()
                return self.p

            def backward(self, dp, learn_rate):
                for k, g in enumerate(dp):
                    if g == 0:
                        continue
                    dz = -g * self.p[k] * self.p
                    dz[k] += g * self.p[k]
                    dx = self.W @ dz
                    self.W -= learn_rate * np.outer(self.x, dz)
                    return dx
    """
    assert reports(tmp_path, code)["Output"].ok
    assert not reports(tmp_path, plant(code, "dz[k] += g * self.p[k]", "dz[k] += g"))["Output"].ok


def test_a_parameter_object_may_be_called_g(tmp_path: Path) -> None:
    code = """
        class Value:
            def __init__(self, data):
                self.data, self.grad = data, np.zeros_like(data)

        class Norm:
            def __init__(self, dim):
                self.g, self.b = Value(np.ones(dim)), Value(np.zeros(dim))

            def forward(self, x):
                self.r = 1 / np.sqrt(x.var(-1, keepdims=True) + 1e-6)
                self.n = (x - x.mean(-1, keepdims=True)) * self.r
                return self.n * self.g.data + self.b.data

            def backward(self, dy):
                self.g.grad += (dy * self.n).sum((0, 1))
                self.b.grad += dy.sum((0, 1))
                dn = dy * self.g.data
                m1, m2 = dn.mean(-1, keepdims=True), (dn * self.n).mean(-1, keepdims=True)
                return self.r * (dn - m1 - self.n * m2)
    """
    report = reports(tmp_path, code)["Norm"]
    assert report.ok, report
    assert set(report.tested) == {"x", "g", "b"}


def test_ids_repeat(tmp_path: Path) -> None:
    code = """
        class Table:
            def __init__(self, vocab_size, dim):
                self.W = np.random.randn(vocab_size, dim)

            def forward(self, ids):
                self.ids = ids
                return self.W[ids]

            def backward(self, dy):
                self.dW = np.zeros_like(self.W)
                self.dW[self.ids] += dy

    """
    finding = reports(tmp_path, code)["Table"].findings[0]
    assert finding.code == "duplicate-index-lost"


def test_a_state_that_a_loop_hands_to_a_cell_elsewhere(tmp_path: Path) -> None:
    code = """
        def sigma(z):
            return 1 / (1 + np.exp(-z))

        class Memory:
            def __init__(self, n_in, n_out):
                self.Wf, self.Wg = np.random.randn(n_in, n_out), np.random.randn(n_in, n_out)

            def cell(self, x, c_prev):
                f, g = sigma(x @ self.Wf), np.tanh(x @ self.Wg)
                c_next = f * c_prev + g
                return c_next, (x, c_prev, f, g)

            def cell_backward(self, dc, cache):
                x, c_prev, f, g = cache
                df, dg = dc * c_prev * f * (1 - f), dc * (1 - g ** 2)
                self.dWf += x.T @ df
                self.dWg += x.T @ dg
                return df @ self.Wf.T + dg @ self.Wg.T, dc * f

            def forward(self, x):
                '''x (batch, time, n_in)'''
                c, self.caches, cs = np.zeros((len(x), self.Wf.shape[1])), [], []
                for t in range(x.shape[1]):
                    c, cache = self.cell(x[:, t], c)
                    cs.append(c)
                    self.caches.append(cache)
                return np.stack(cs, 1)

            def backward(self, dy):
                self.dWf, self.dWg = np.zeros_like(self.Wf), np.zeros_like(self.Wg)
                dx, dc = [], 0
                for t in reversed(range(dy.shape[1])):
                    d, dc = self.cell_backward(dy[:, t] + dc, self.caches[t])
                    dx.insert(0, d)
                return np.stack(dx, 1)
    """
    assert reports(tmp_path, code)["Memory"].ok
    wrong = plant(code, "self.cell_backward(dy[:, t] + dc,", "self.cell_backward(dy[:, t],")
    assert reports(tmp_path, wrong)["Memory"].findings[0].code == "cell-gradient-dropped"


def test_running_statistics_in_a_dict_of_settings(tmp_path: Path) -> None:
    code = """
        def norm_forward(x, gamma, beta, settings):
            mean, centered = x.mean(0), x - x.mean(0)
            var = np.mean(centered ** 2, axis=0)
            r = 1 / np.sqrt(var + settings.get("eps", 1e-5))
            settings["running_mean"] = 0.9 * settings.get("running_mean", 0) + 0.1 * mean
            n = centered * r
            return gamma * n + beta, (n, r, gamma)

        def norm_backward(dy, cache):
            n, r, gamma = cache
            dn = dy * gamma
            dx = r * (dn - dn.mean(0) - n * (dn * n).mean(0))
            return dx, (dy * n).sum(0), dy.sum(0)
    """
    assert reports(tmp_path, code)["norm_forward"].ok
    wrong = plant(code, " - n * (dn * n).mean(0))", ")")
    assert reports(tmp_path, wrong)["norm_forward"].findings[0].code == "statistics-treated-constant"
