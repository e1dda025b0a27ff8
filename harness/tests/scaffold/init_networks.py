"""Run where TensorFlow and onnx are: networks and data as others make them, into the folder of the first argument."""

import os
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import onnx
import tensorflow as tf
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from sklearn.datasets import load_digits, load_iris
from sklearn.neural_network import MLPClassifier

IRIS = ("setosa", "versicolor", "virginica")
DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


def keras_net(x, y, seed):
    tf.keras.utils.set_random_seed(seed)
    layers = tf.keras.layers
    net = tf.keras.Sequential(
        [
            tf.keras.Input((8, 8, 1)),
            layers.Conv2D(8, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    net.compile("adam", "sparse_categorical_crossentropy")
    net.fit(x, y, epochs=15, verbose=0)
    return net


def onnx_net(path, x, y, seed):
    fitted = MLPClassifier((10,), max_iter=2000, random_state=seed).fit(x, y)
    constants = {
        "w0": fitted.coefs_[0],
        "b0": fitted.intercepts_[0],
        "w1": fitted.coefs_[1],
        "b1": fitted.intercepts_[1],
    }
    nodes = [
        helper.make_node("Gemm", ["x", "w0", "b0"], ["h"]),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("Gemm", ["r", "w1", "b1"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["y"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "iris",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3])],
        [numpy_helper.from_array(np.asarray(value, np.float32), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.save(model, str(path))


def main(folder):
    x, y = load_digits(return_X_y=True)
    x = (x / 16).astype(np.float32).reshape(-1, 8, 8, 1)
    for seed, name in enumerate(("first", "anew")):
        place = folder / name
        place.mkdir()
        net = keras_net(x[:1347], y[:1347], seed)
        net.save(place / "digits.keras")
        net.save(place / "digits.h5")
        (place / "digits.tflite").write_bytes(tf.lite.TFLiteConverter.from_keras_model(net).convert())
        flowers = load_iris(return_X_y=True)
        onnx_net(place / "iris.onnx", *flowers, seed)
    np.savez(folder / "test.npz", x=x[1347:], y=y[1347:])
    rows = [[*(f"{value:g}" for value in row), IRIS[label]] for row, label in zip(*flowers, strict=True)]
    head = "sepal length,sepal width,petal length,petal width,species"
    (folder / "flowers.csv").write_text("\n".join([head, *map(",".join, rows)]) + "\n")
    for index, (image, label) in enumerate(zip(x[1347:], y[1347:], strict=True)):
        place = folder / "images" / DIGITS[label]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.round(image[..., 0] * 255).astype(np.uint8)).save(place / f"{index}.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
