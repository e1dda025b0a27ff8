"""Models and data as users have them: trained at test time on public data, by tools that are not the project's."""

import shutil
import warnings
from functools import cache

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

from harness.models.frontends.writer import Writer
from harness.paths import shipped

IRIS = ("setosa", "versicolor", "virginica")


@cache
def digits():
    """(train x, train y, test x, test y); images [N, 8, 8, 1] in 0..1."""
    x, y = load_digits(return_X_y=True)
    x = (x / 16).astype(np.float32).reshape(-1, 8, 8, 1)
    return x[:1347], y[:1347], x[1347:], y[1347:]


@cache
def iris():
    """(x [150, 4], y)."""
    x, y = load_iris(return_X_y=True)
    return x.astype(np.float32), y


@cache
def digits_classifier():
    """With a layer of tanh: it minds the scale of its inputs."""
    x, y, _, _ = digits()
    with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):  # good enough it is
        return MLPClassifier((24,), activation="tanh", alpha=0.1, max_iter=60, random_state=0).fit(flat(x), y)


def flat(x):
    return x.reshape(len(x), -1)


@cache
def iris_classifier():
    return LogisticRegression(max_iter=300).fit(*iris())


def network(path, layers, shape):
    """A float32 .tflite of dense layers (weights [out, in], bias) with tanh between them, on inputs [1, *shape]."""
    writer = Writer()
    source = index = writer.tensor("x", [1, *shape])
    if len(shape) > 1:
        size = layers[0][0].shape[1]
        index = writer.operator("RESHAPE", [source, writer.integers("flat", [1, size])], [1, size], "rows")
    for number, (weights, bias) in enumerate(layers):
        if number:
            index = writer.operator("TANH", [index], writer.shape(index), "tanh")
        parts = [writer.constant("w", weights.astype(np.float32)), writer.constant("b", bias.astype(np.float32))]
        options = {"options": "FullyConnectedOptions", "fusedActivationFunction": 0}
        index = writer.operator("FULLY_CONNECTED", [index, *parts], [1, len(bias)], "dense", **options)
    index = writer.operator("SOFTMAX", [index], writer.shape(index), "y", "SoftmaxOptions", beta=1.0)
    path.write_bytes(writer.content({"x": source}, {"y": index}))
    return path


def digits_layers():
    fitted = digits_classifier()
    return [(weights.T, bias) for weights, bias in zip(fitted.coefs_, fitted.intercepts_, strict=True)]


def digits_model(path):
    return network(path, digits_layers(), (8, 8, 1))


def int8_model(path):
    """The one here that is not trained at test time: int8, for inputs of 0..1."""
    shutil.copy(shipped("fixtures") / "models" / "digits_cnn_int8" / "digits_cnn_int8.tflite", path)
    return path


def digits_npz(path, n=None, factor=1.0, **more):
    _, _, x, y = digits()
    np.savez(path, x=x[:n] * np.float32(factor), y=y[:n], **more)
    return path


def images_of_digits(folder, n, size=(8, 8), word=""):
    """A folder for each digit, with grey images."""
    _, _, x, y = digits()
    for index in range(n):
        place = folder / f"{word}{y[index]}"
        place.mkdir(parents=True, exist_ok=True)
        grey = Image.fromarray(np.round(x[index, ..., 0] * 255).astype(np.uint8))
        grey.resize(size, Image.Resampling.NEAREST).save(place / f"{index}.png")
    return folder


def iris_model(path, order=None):
    fitted, rows = iris_classifier(), list(order or range(3))
    return network(path, [(fitted.coef_[rows], fitted.intercept_[rows])], (4,))


def iris_csv(path):
    x, y = iris()
    rows = [f"{IRIS[label]},{','.join(f'{value:g}' for value in row)}" for row, label in zip(x, y, strict=True)]
    path.write_text("species,sepal length,sepal width,petal length,petal width\n" + "\n".join(rows) + "\n")
    return path
