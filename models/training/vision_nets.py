"""The networks of docs/vision-format.md in PyTorch: what the converter and the trainers write, and what golden figures come from.

Each is made from its config.json as a dictionary, its state dict has the names of the document, `features` gives what the
classifier reads, and `forward` the logits (the detector: the map of its last layer).
"""

import json

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional

ACTIVATIONS = {"relu": nn.ReLU, "silu": nn.SiLU}


class Separable(nn.Module):
    """A 3 × 3 convolution of each channel, then one across the channels."""

    def __init__(self, inputs, outputs, bias, norm_eps=None):
        super().__init__()
        self.depthwise = nn.Conv2d(inputs, inputs, 3, padding=1, groups=inputs, bias=False)
        self.pointwise = nn.Conv2d(inputs, outputs, 1, bias=bias)
        if norm_eps is not None:
            self.norm = nn.BatchNorm2d(outputs, norm_eps)

    def forward(self, x):
        x = self.pointwise(self.depthwise(x))
        return self.norm(x) if hasattr(self, "norm") else x


class MiniXception(nn.Module):
    architecture = "MiniXceptionForImageClassification"

    class Stem(nn.Module):
        def __init__(self, inputs, outputs, stride, padding, eps):
            super().__init__()
            self.conv = nn.Conv2d(inputs, outputs, 3, stride, padding, bias=False)
            self.norm = nn.BatchNorm2d(outputs, eps)

        def forward(self, x):
            return self.norm(self.conv(x))

    class Block(nn.Module):
        def __init__(self, inputs, outputs, act, eps):
            super().__init__()
            self.shortcut = nn.ModuleDict({"conv": nn.Conv2d(inputs, outputs, 1, 2, bias=False),
                                           "norm": nn.BatchNorm2d(outputs, eps)})
            self.conv0 = Separable(inputs, outputs, False, eps)
            self.act = act
            self.conv1 = Separable(outputs, outputs, False, eps)

        def forward(self, x):
            y = self.conv1(self.act(self.conv0(x)))
            return functional.max_pool2d(y, 3, 2, 1) + self.shortcut["norm"](self.shortcut["conv"](x))

    def __init__(self, config):
        super().__init__()
        self.config = config
        eps, stem, hidden = config["batch_norm_eps"], config["stem_sizes"], config["hidden_sizes"]
        self.act = ACTIVATIONS[config["hidden_act"]]()
        before = [config["num_channels"], *stem, *hidden]
        self.stem = nn.ModuleList(self.Stem(before[i], size, stride, config["stem_padding"], eps)
                                  for i, (size, stride) in enumerate(zip(stem, config["stem_strides"], strict=True)))
        self.blocks = nn.ModuleList(self.Block(before[len(stem) + k], size, self.act, eps) for k, size in enumerate(hidden))
        self.classifier = nn.Linear(hidden[-1], len(config["id2label"]))

    def hidden(self, x):
        """After the stem and after each block."""
        for stem in self.stem:
            x = self.act(stem(x))
        states = [x]
        for block in self.blocks:
            states.append(block(states[-1]))
        return states

    def features(self, x):
        return self.hidden(x)[-1].mean((2, 3))

    def forward(self, x):
        return self.classifier(self.features(x))


def pad_same(x, stride):
    """TensorFlow's padding "same" for a 3 × 3 window: what is odd lies below and to the right."""
    both = [max((-(-side // stride) - 1) * stride + 3 - side, 0) for side in x.shape[2:]]
    return functional.pad(x, [both[1] // 2, both[1] - both[1] // 2, both[0] // 2, both[0] - both[0] // 2])


class FaceExpressionNet(nn.Module):
    architecture = "FaceExpressionNetForImageClassification"

    def __init__(self, config):
        super().__init__()
        self.config = config
        before = config["num_channels"]
        for k, size in enumerate(config["hidden_sizes"]):
            block = nn.ModuleDict()
            for j in range(config["num_convs"]):
                block[f"conv{j}"] = Separable(before, size, True) if (k, j) != (0, 0) else nn.Conv2d(before, size, 3)
                before = size
            setattr(self, f"dense{k}", block)
        self.classifier = nn.Linear(before, len(config["id2label"]))

    @staticmethod
    def block(block, x):
        x = pad_same(x, 2)
        first = block["conv0"]
        if isinstance(first, Separable):
            depthwise = first.depthwise
            a = first.pointwise(functional.conv2d(x, depthwise.weight, stride=2, groups=depthwise.groups))
        else:
            a = functional.conv2d(x, first.weight, first.bias, stride=2)
        total = a = functional.relu(a)
        for j in range(1, len(block)):
            total = total + block[f"conv{j}"](a if j == 1 else functional.relu(total))
        return functional.relu(total)

    def hidden(self, x):
        """After each block."""
        states = []
        for k in range(len(self.config["hidden_sizes"])):
            x = self.block(getattr(self, f"dense{k}"), x)
            states.append(x)
        return states

    def features(self, x):
        return self.hidden(x)[-1].mean((2, 3))

    def forward(self, x):
        return self.classifier(self.features(x))


class TinyFaceDetector(nn.Module):
    architecture = "TinyFaceDetector"

    def __init__(self, config):
        super().__init__()
        self.config = config
        sizes = config["hidden_sizes"]
        self.conv0 = nn.Conv2d(config["num_channels"], sizes[0], 3)
        for i in range(1, len(sizes)):
            setattr(self, f"conv{i}", Separable(sizes[i - 1], sizes[i], True))
        self.head = nn.Conv2d(sizes[-1], 5 * len(config["anchors"]), 1)

    def hidden(self, x):
        """After each convolution."""
        slope = self.config["leaky_slope"]
        states = [functional.leaky_relu(self.conv0(x), slope)]
        for i in range(1, len(self.config["hidden_sizes"])):
            x = functional.max_pool2d(states[-1], 2, 2, ceil_mode=True)
            states.append(functional.leaky_relu(getattr(self, f"conv{i}")(x), slope))
        return states

    def forward(self, x):
        """[N, side / 32, side / 32, 5 · anchors]"""
        x = functional.pad(self.hidden(x)[-1], [0, 1, 0, 1], value=float("-inf"))
        return self.head(functional.max_pool2d(x, 2, 1)).permute(0, 2, 3, 1)

    def boxes(self, out, width, height):
        """Faces in one picture's map, best first: rows of left, top, right, bottom and score, in shares of the picture, which
        lies in the `width` × `height` pixels at the upper left."""
        cells, anchors = out.shape[0], torch.tensor(self.config["anchors"], dtype=torch.float64)
        values = out.double().view(cells, cells, len(anchors), 5)
        row, column = torch.meshgrid(torch.arange(cells), torch.arange(cells), indexing="ij")
        centre = (torch.stack([column, row], -1)[:, :, None] + values[..., :2].sigmoid()) / cells
        half = values[..., 2:4].exp() * anchors / cells / 2
        scale = 32 * cells / torch.tensor([width, height], dtype=torch.float64)
        found = torch.cat([(centre - half) * scale, (centre + half) * scale, values[..., 4:].sigmoid()], -1).view(-1, 5)
        found = found[found[:, 4] > self.config["score_threshold"]]
        waiting = sorted(range(len(found)), key=lambda i: (found[i, 4], i))
        kept = []
        while waiting:
            best = waiting.pop()
            kept.append(best)
            waiting = [i for i in waiting if overlap(found[best], found[i]) <= self.config["iou_threshold"]]
        return found[kept]


def overlap(a, b):
    """Intersection over union of two boxes."""
    sides = (torch.minimum(a[2:4], b[2:4]) - torch.maximum(a[:2], b[:2])).clamp(min=0)
    shared = sides.prod()
    return shared / ((a[2:4] - a[:2]).prod() + (b[2:4] - b[:2]).prod() - shared)


class VideoClassifier(nn.Module):
    """Logits at each frame. `frame` is a classifier with `features` of the size `feature_size`."""

    architecture = "LimbicVideoClassifier"

    def __init__(self, config, frame, feature_size):
        super().__init__()
        self.config = config
        self.frame = frame
        rnn = nn.LSTM if config["cell"] == "lstm" else nn.GRU
        self.rnn = rnn(feature_size, config["hidden_size"], config["num_layers"], batch_first=True)
        self.classifier = nn.Linear(config["hidden_size"], len(config["id2label"]))

    def forward(self, x, state=None):
        """Pictures [N, T, C, h, w] and the state before them (None: zeros) to logits [N, T, L] and the state after them."""
        outputs, state = self.rnn(self.frame.features(x.flatten(0, 1)).unflatten(0, x.shape[:2]), state)
        return self.classifier(outputs), state


NETS = {net.architecture: net for net in (MiniXception, FaceExpressionNet, TinyFaceDetector)}


def weights(net):
    """Tensors as they are stored."""
    return {name: tensor.contiguous() for name, tensor in net.state_dict().items()
            if not name.endswith("num_batches_tracked") and not name.startswith("frame.classifier.")}


def save(net, folder, preprocessor, dtype=torch.float32):
    """Writes a model folder: config.json, preprocessor_config.json, model.safetensors."""
    folder.mkdir(parents=True, exist_ok=True)
    config = {"architectures": [net.architecture], **net.config, "torch_dtype": str(dtype).removeprefix("torch.")}
    folder.joinpath("config.json").write_text(json.dumps(config, indent=2) + "\n")
    folder.joinpath("preprocessor_config.json").write_text(json.dumps(preprocessor, indent=2) + "\n")
    file = folder / "model.safetensors"
    save_file({name: tensor.to(dtype) for name, tensor in weights(net).items()}, file, metadata={"format": "pt"})
    file.chmod(0o644)


def load(folder):
    """Reads back what `save` wrote, of a net that is not for video, in f32, ready for inference."""
    config = json.loads(folder.joinpath("config.json").read_text())
    net = NETS[config["architectures"][0]](config)
    stored = {name: tensor.float() for name, tensor in load_file(folder / "model.safetensors").items()}
    missing, surplus = net.load_state_dict(stored, strict=False)
    if surplus or any(not name.endswith("num_batches_tracked") for name in missing):
        raise ValueError(f"{folder}: surplus tensors {surplus}, missing {missing}")
    return net.eval()
