"""Simple neural network from scratch (sigmoid everywhere, squared error).

Symptom: the output saturates at 0 or 1 quickly, training is jumpy.
Repair: the output delta needs the derivative of the sigmoid as well.
"""
import numpy as np

CODES = ("activation-derivative-missing",)
PLACES = ("weights2", "bias2", "weights1", "bias1", "x", "")


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def sigmoid_derivative(out):
    return out * (1 - out)


def squared_error(out, y):
    return 0.5 * np.sum((out - y) ** 2)


def squared_error_prime(out, y):
    return out - y


class NeuralNetwork:
    def __init__(self, inputs, hidden, outputs):
        np.random.seed(1)
        self.weights1 = np.random.normal(0, 0.7, (inputs, hidden))
        self.bias1 = np.random.normal(0, 0.1, (1, hidden))
        self.weights2 = np.random.normal(0, 0.7, (hidden, outputs))
        self.bias2 = np.random.normal(0, 0.1, (1, outputs))

    def feed_forward(self, x):
        self.input = x
        self.layer1 = sigmoid(np.dot(self.input, self.weights1) + self.bias1)
        self.output = sigmoid(np.dot(self.layer1, self.weights2) + self.bias2)
        return self.output

    def backprop(self, output_error, learning_rate):
        delta2 = output_error  # FAULT
        error1 = np.dot(delta2, self.weights2.T)
        delta1 = error1 * sigmoid_derivative(self.layer1)
        input_error = np.dot(delta1, self.weights1.T)
        self.weights2 -= learning_rate * np.dot(self.layer1.T, delta2)
        self.bias2 -= learning_rate * np.sum(delta2, axis=0, keepdims=True)
        self.weights1 -= learning_rate * np.dot(self.input.T, delta1)
        self.bias1 -= learning_rate * np.sum(delta1, axis=0, keepdims=True)
        return input_error


class NeuralNetworkRepaired:
    def __init__(self, inputs, hidden, outputs):
        np.random.seed(1)
        self.weights1 = np.random.normal(0, 0.7, (inputs, hidden))
        self.bias1 = np.random.normal(0, 0.1, (1, hidden))
        self.weights2 = np.random.normal(0, 0.7, (hidden, outputs))
        self.bias2 = np.random.normal(0, 0.1, (1, outputs))

    def feed_forward(self, x):
        self.input = x
        self.layer1 = sigmoid(np.dot(self.input, self.weights1) + self.bias1)
        self.output = sigmoid(np.dot(self.layer1, self.weights2) + self.bias2)
        return self.output

    def backprop(self, output_error, learning_rate):
        delta2 = output_error * sigmoid_derivative(self.output)
        error1 = np.dot(delta2, self.weights2.T)
        delta1 = error1 * sigmoid_derivative(self.layer1)
        input_error = np.dot(delta1, self.weights1.T)
        self.weights2 -= learning_rate * np.dot(self.layer1.T, delta2)
        self.bias2 -= learning_rate * np.sum(delta2, axis=0, keepdims=True)
        self.weights1 -= learning_rate * np.dot(self.input.T, delta1)
        self.bias1 -= learning_rate * np.sum(delta1, axis=0, keepdims=True)
        return input_error


def _data():
    r = np.random.RandomState(5)
    return {"inputs": (r.rand(4, 3),), "target": (r.rand(4, 2) > 0.5).astype(float),
            "loss": (squared_error, squared_error_prime)}


def faulty():
    return dict(_data(), subject=NeuralNetwork(3, 5, 2))


def correct():
    return dict(_data(), subject=NeuralNetworkRepaired(3, 5, 2))
