"""Networks as people build them, in every form that TensorFlow's converter gives: what nobody here wrote, for the engine."""

from __future__ import annotations

import numpy as np

FORMS = ("float32", "float16", "dynamic", "int8", "int8 with float ends", "uint8 ends", "16x8")
NETWORKS = ("images", "gates", "attention", "words", "upsampling")
# The converter itself has no 16x8 form of these.
NOT_CONVERTED = {("attention", "16x8"), ("words", "16x8"), ("upsampling", "16x8")}
PAIRS = [(n, f) for n in NETWORKS for f in FORMS if (n, f) not in NOT_CONVERTED]


def built(keras, name):
    """(model, shape of a sample); batch 1, random weights from a fixed seed."""
    layers = keras.layers
    match name:
        case "images":
            shape = (10, 10, 3)
            source = keras.Input(batch_shape=(1, *shape))
            x = layers.Conv2D(6, 3, padding="same", activation="relu")(source)
            x = layers.Conv2D(6, 1)(layers.DepthwiseConv2D(3, activation="relu6")(x))
            x = layers.Add()([x, layers.Conv2D(6, 1)(x)])
            x = layers.Flatten()(layers.AveragePooling2D(2)(layers.MaxPooling2D()(x)))
            x = layers.Dense(5, activation="softmax")(layers.Dense(40, activation="relu")(x))
        case "gates":
            shape = (48,)
            source = keras.Input(batch_shape=(1, *shape))
            x = layers.Dense(48, activation="tanh")(source)
            y = layers.Dense(48, activation="sigmoid")(x)
            x = layers.Dense(3)(layers.Concatenate()([layers.Multiply()([x, y]), y]))
        case "attention":
            shape = (8, 6)
            source = keras.Input(batch_shape=(1, *shape))
            x = layers.Dense(8)(source)
            x = layers.LayerNormalization()(x + layers.MultiHeadAttention(2, 4)(x, x))
            x = layers.GlobalAveragePooling1D()(layers.Dense(8, activation="gelu")(x))
            x = layers.Dense(4, activation="softmax")(x)
        case "words":
            shape = (6,)
            source = keras.Input(batch_shape=(1, *shape), dtype="int32")
            x = layers.GlobalAveragePooling1D()(layers.Embedding(20, 8)(source))
            x = layers.Dense(3, activation="softmax")(x)
        case "upsampling":
            shape = (8, 8, 3)
            source = keras.Input(batch_shape=(1, *shape))
            x = layers.PReLU(shared_axes=[1, 2])(layers.Conv2D(8, 3, strides=2, padding="same")(source))
            x = layers.LeakyReLU()(
                layers.Conv2D(4, 3, padding="same")(layers.UpSampling2D(2, interpolation="bilinear")(x))
            )
            x = layers.Conv2DTranspose(2, 2, strides=2)(layers.UpSampling2D(2)(x))
    model = keras.Model(source, x)
    random = np.random.default_rng(len(name))
    for weights in model.weights:
        weights.assign(random.normal(0, 0.3, weights.shape).astype(np.float32))
    return model, shape


def converted(tf, name, form):
    """The .tflite of a network in a form."""
    model, shape = built(tf.keras, name)
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    random = np.random.default_rng(7)

    def samples():
        for _ in range(50):
            whole = random.integers(0, 20, (1, *shape)).astype(np.int32)
            yield [whole if name == "words" else random.normal(0, 1, (1, *shape)).astype(np.float32)]

    if form != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if form == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if form in ("int8", "int8 with float ends", "uint8 ends", "16x8"):
        converter.representative_dataset = samples
        sets = tf.lite.OpsSet
        wide = sets.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
        converter.target_spec.supported_ops = [wide if form == "16x8" else sets.TFLITE_BUILTINS_INT8]
        ends = {"int8": tf.int8, "uint8 ends": tf.uint8, "16x8": tf.int16}.get(form)
        if ends is not None:
            converter.inference_output_type = ends
            if name != "words":
                converter.inference_input_type = ends
    return converter.convert()
