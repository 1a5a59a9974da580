"""LSTM with coupled input and forget gate and a peephole; one dictionary per time step.

Symptom: at sequence length 2 nearly right, at 20 the early inputs get no gradient.
Repair: dc starts from the cell gradient of the later step.
"""
import numpy as np
CODES = ("cell-gradient-dropped",)
PLACES = ("x", "dx", "Wf", "Wg", "Rf", "Rg", "pf", "Wo", "Ro", "")


class CoupledLSTM:
    def __init__(self, inp=4, hid=3):
        rng = np.random.default_rng(96)
        m = lambda *s: rng.normal(scale=0.6, size=s)
        self.theta = {"Wf": m(inp, hid), "Wg": m(inp, hid), "Wo": m(inp, hid),
                      "Rf": m(hid, hid), "Rg": m(hid, hid), "Ro": m(hid, hid), "pf": m(hid)}

    def forward(self, x):                    # (time, batch, inp)
        w, hid = self.theta, self.theta["pf"].size
        s = lambda a: 1 / (1 + np.exp(-a))
        h = c = np.zeros((x.shape[1], hid))
        self.steps, out = [], []
        for xt in x:
            k = {"x": xt, "h": h, "c_old": c}
            k["f"] = s(xt @ w["Wf"] + h @ w["Rf"] + w["pf"] * c)
            k["g"] = np.tanh(xt @ w["Wg"] + h @ w["Rg"])
            k["o"] = s(xt @ w["Wo"] + h @ w["Ro"])
            c = k["f"] * c + (1 - k["f"]) * k["g"]
            k["tc"] = np.tanh(c)
            h = k["o"] * k["tc"]
            self.steps.append(k)
            out.append(h)
        return np.stack(out)

    def backward(self, dout):
        w = self.theta
        self.dtheta = {n: np.zeros_like(v) for n, v in w.items()}
        dh_later, dc_later, dx = 0.0, 0.0, []
        for k, d in zip(self.steps[::-1], dout[::-1]):
            dh = d + dh_later
            dc = dh * k["o"] * (1 - k["tc"] ** 2)  # FAULT
            raw = {"o": dh * k["tc"] * k["o"] * (1 - k["o"]),
                   "f": dc * (k["c_old"] - k["g"]) * k["f"] * (1 - k["f"]),
                   "g": dc * (1 - k["f"]) * (1 - k["g"] ** 2)}
            for n, r in raw.items():
                self.dtheta["W" + n] += k["x"].T @ r
                self.dtheta["R" + n] += k["h"].T @ r
            self.dtheta["pf"] += (raw["f"] * k["c_old"]).sum(0)
            dx.append(sum(r @ w["W" + n].T for n, r in raw.items()))
            dh_later = sum(r @ w["R" + n].T for n, r in raw.items())
            dc_later = dc * k["f"] + raw["f"] * w["pf"]
        return np.stack(dx[::-1])


class CoupledLSTMRepaired:
    def __init__(self, inp=4, hid=3):
        rng = np.random.default_rng(96)
        m = lambda *s: rng.normal(scale=0.6, size=s)
        self.theta = {"Wf": m(inp, hid), "Wg": m(inp, hid), "Wo": m(inp, hid),
                      "Rf": m(hid, hid), "Rg": m(hid, hid), "Ro": m(hid, hid), "pf": m(hid)}

    def forward(self, x):                    # (time, batch, inp)
        w, hid = self.theta, self.theta["pf"].size
        s = lambda a: 1 / (1 + np.exp(-a))
        h = c = np.zeros((x.shape[1], hid))
        self.steps, out = [], []
        for xt in x:
            k = {"x": xt, "h": h, "c_old": c}
            k["f"] = s(xt @ w["Wf"] + h @ w["Rf"] + w["pf"] * c)
            k["g"] = np.tanh(xt @ w["Wg"] + h @ w["Rg"])
            k["o"] = s(xt @ w["Wo"] + h @ w["Ro"])
            c = k["f"] * c + (1 - k["f"]) * k["g"]
            k["tc"] = np.tanh(c)
            h = k["o"] * k["tc"]
            self.steps.append(k)
            out.append(h)
        return np.stack(out)

    def backward(self, dout):
        w = self.theta
        self.dtheta = {n: np.zeros_like(v) for n, v in w.items()}
        dh_later, dc_later, dx = 0.0, 0.0, []
        for k, d in zip(self.steps[::-1], dout[::-1]):
            dh = d + dh_later
            dc = dh * k["o"] * (1 - k["tc"] ** 2) + dc_later
            raw = {"o": dh * k["tc"] * k["o"] * (1 - k["o"]),
                   "f": dc * (k["c_old"] - k["g"]) * k["f"] * (1 - k["f"]),
                   "g": dc * (1 - k["f"]) * (1 - k["g"] ** 2)}
            for n, r in raw.items():
                self.dtheta["W" + n] += k["x"].T @ r
                self.dtheta["R" + n] += k["h"].T @ r
            self.dtheta["pf"] += (raw["f"] * k["c_old"]).sum(0)
            dx.append(sum(r @ w["W" + n].T for n, r in raw.items()))
            dh_later = sum(r @ w["R" + n].T for n, r in raw.items())
            dc_later = dc * k["f"] + raw["f"] * w["pf"]
        return np.stack(dx[::-1])


def faulty():
    return {"subject": CoupledLSTM(), "inputs": (np.random.default_rng(97).normal(size=(5, 2, 4)),)}


def correct():
    return {"subject": CoupledLSTMRepaired(), "inputs": (np.random.default_rng(97).normal(size=(5, 2, 4)),)}
