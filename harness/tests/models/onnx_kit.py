"""Small ONNX models, written with the onnx package's helpers; weights from a seeded generator."""

from __future__ import annotations

import numpy as np


class OnnxNet:
    """Nodes are appended; ``current`` is the name of the last value."""

    def __init__(self, shape, opset=17, seed=0):
        import onnx

        self.onnx, self.opset, self.random = onnx, opset, np.random.default_rng(seed)
        self.nodes, self.constants, self.current = [], [], "x"
        self.inputs = {"x": shape}

    def constant(self, values, dtype=np.float32):
        name = f"c{len(self.constants)}"
        self.constants.append(self.onnx.numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def normal(self, *shape, scale=None):
        fan_in = int(np.prod(shape[1:])) or 1
        return self.constant(self.random.normal(0, scale or fan_in**-0.5, shape))

    def integers(self, *values):
        return self.constant(values, np.int64)

    def node(self, op, *more, source=None, outputs=1, **attributes):
        names = [f"v{len(self.nodes)}_{i}" for i in range(outputs)]
        inputs = [self.current if source is None else source, *more]
        self.nodes.append(self.onnx.helper.make_node(op, inputs, names, name=f"{op}{len(self.nodes)}", **attributes))
        self.current = names[0]
        return names if outputs > 1 else names[0]

    def conv(self, channels_in, channels, kernel=(3, 3), group=1, bias=True, **attributes):
        weights = self.normal(channels, channels_in // group, *kernel)
        more = [self.normal(channels, scale=0.3)] if bias else []
        return self.node("Conv", weights, *more, group=group, **attributes)

    def norm(self, channels):
        parts = [self.random.uniform(0.5, 1.5, channels), self.random.normal(0, 1, channels)]
        parts += [self.random.normal(0, 1, channels), self.random.uniform(0.5, 2, channels)]
        return self.node("BatchNormalization", *(self.constant(p) for p in parts))

    def write(self, path, outputs=None):
        helper, float_type = self.onnx.helper, self.onnx.TensorProto.FLOAT
        graph = helper.make_graph(
            self.nodes,
            "net",
            [helper.make_tensor_value_info(n, float_type, s) for n, s in self.inputs.items()],
            [helper.make_empty_tensor_value_info(n) for n in outputs or [self.current]],
            self.constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)])
        model.ir_version = 8
        self.onnx.save(self.onnx.shape_inference.infer_shapes(model), str(path))
        return path
