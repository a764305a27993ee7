"""Holds converted EfficientNets against timm's own answers, with random weights. Run by hand.

    python test_convert_timm.py
"""

import tempfile
from pathlib import Path

import timm
import torch
from transformers import AutoImageProcessor, EfficientNetForImageClassification

from convert_timm_efficientnet import convert


def difference(name, size, labels=8):
    """Largest difference of logits between the model of timm and what transformers reads from the converted folder."""
    torch.manual_seed(size)
    net = timm.create_model(name, num_classes=labels).train()
    shown = torch.randint(0, 256, (2, 3, size, size), dtype=torch.uint8)
    mean, std = (torch.tensor(net.default_cfg[key]).view(3, 1, 1) for key in ("mean", "std"))
    x = (shown / 255 - mean) / std
    with torch.no_grad():
        for norm in (m for m in net.modules() if isinstance(m, torch.nn.BatchNorm2d)):
            norm.momentum = 1.0
            norm.weight.uniform_(0.7, 1.3)
            norm.bias.normal_(0, 0.2)
        net(x)
        net.eval()
        expected = net(x)
        state = net.state_dict()
        if size == 224:  # as HSEmotion names it
            state = {name.replace("classifier.", "classifier.0."): tensor for name, tensor in state.items()}
        with tempfile.TemporaryDirectory() as folder:
            convert(state, Path(folder), size, [f"label {i}" for i in range(labels)])
            read = EfficientNetForImageClassification.from_pretrained(folder).eval()
            pixels = AutoImageProcessor.from_pretrained(folder)(list(shown), return_tensors="pt").pixel_values
        found = read(pixels).logits
    print(f"{name:16} {size}: pixels differ by {(pixels - x).abs().max():.1e}, logits by {(found - expected).abs().max():.1e} "
          f"(they spread by {expected.std():.2f}), symmetric blocks {read.config.depthwise_padding}")
    assert (found - expected).abs().max() < 1e-4


if __name__ == "__main__":
    for model, side in (("tf_efficientnet_b0", 224), ("tf_efficientnet_b2", 260), ("tf_efficientnet_b0", 150), ("tf_efficientnet_b1", 240)):
        difference(model, side)
