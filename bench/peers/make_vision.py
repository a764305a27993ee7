"""Writes the networks that peers are compared on: random weights as a Hugging Face folder and, of the same net, as ONNX.

    pip install -r bench/peers/requirements.txt    # in a virtual environment outside the tree
    python bench/peers/make_vision.py DIR [NAME ...]

About two minutes and 1.3 GB. DIR/NAME is a model folder, with beside it
  pictures.u8        16 pictures, [16, side, side, C]; x = (sample / 255 - 0.5) / 0.5, as preprocessor_config.json says
  f32.onnx           as PyTorch exports it; input "pixels" f32 [batch, C, side, side], output "logits" f32 [batch, L]
  f32-fused.onnx     of the transformer: attention and norms put together by ONNX Runtime's own optimiser for transformers
  openvino.xml, .bin as OpenVINO's PyTorch frontend reads the net
  int8-dynamic.onnx  products with 8-bit weights and activations measured as they come, by ONNX Runtime's quantiser
  int8-static.onnx   convolutions and products in 8 bits, calibrated on four pictures: pairs of quantise and dequantise
Those that cannot be made, or compute nonsense, are named and left out. Seeds are fixed.
"""

import argparse
import json
import logging
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import openvino
import torch
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from onnxruntime.transformers import optimizer
from torch import nn
from transformers import (EfficientNetConfig, EfficientNetForImageClassification, ResNetConfig,
                          ResNetForImageClassification, ViTConfig, ViTForImageClassification)

MODELS = Path(__file__).resolve().parents[2] / "models"
sys.path += [str(MODELS / "src/test/python"), str(MODELS / "training")]
import vision_nets  # noqa: E402
from make_vision_golden import FER, head, pictures  # noqa: E402

PICTURES = 16
CALIBRATION = 4
LABELS = 1000


def mini_xception():
    return vision_nets.MiniXception({
        "model_type": "mini_xception", "image_size": 64, "num_channels": 1, "stem_sizes": [8, 8], "stem_strides": [1, 1],
        "stem_padding": 0, "hidden_sizes": [16, 32, 64, 128], "hidden_act": "relu", "batch_norm_eps": 1e-3,
        "id2label": dict(enumerate(FER)), "problem_type": "single_label_classification"})


# Name: what makes the net, side and channels of its pictures.
NETS = {
    "mini-xception": (mini_xception, 64, 1),
    "resnet-50": (lambda: ResNetForImageClassification(ResNetConfig(num_labels=LABELS)), 224, 3),
    "vit-b16": (lambda: ViTForImageClassification(ViTConfig(num_labels=LABELS)), 224, 3),
    "efficientnet-b0": (lambda: EfficientNetForImageClassification(EfficientNetConfig(
        num_labels=LABELS, image_size=224, width_coefficient=1.0, depth_coefficient=1.0, hidden_dim=1280)), 224, 3),
}


def settle(net, x):
    """Initial weights, with running statistics of the data: a net that keeps rounding small, as trained ones do."""
    norms = [module for module in net.modules() if isinstance(module, nn.BatchNorm2d)]
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, (nn.BatchNorm2d, nn.LayerNorm)):
                module.weight.copy_(0.5 + 0.2 * torch.rand_like(module.weight))
                module.bias.copy_(0.1 * torch.randn_like(module.bias))
        for norm in norms:
            norm.train()
            norm.momentum = 1.0
        Logits(net)(x)
        for norm in norms:
            norm.eval()
        head(net).weight.div_(Logits(net)(x).std())


class Logits(nn.Module):
    """Tensor in, tensor out."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, pixels):
        out = self.net(pixels)
        return getattr(out, "logits", out)


class Calibration(CalibrationDataReader):
    """Pictures, one at a time."""

    def __init__(self, x):
        self.rest = [{"pixels": x[i:i + 1]} for i in range(len(x))]

    def get_next(self):
        return self.rest.pop() if self.rest else None


def save(net, folder, side, channels):
    preprocessor = {
        "image_processor_type": "ViTImageProcessor", "do_resize": True, "size": {"height": side, "width": side},
        "resample": 2, "do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True,
        "image_mean": [0.5] * channels, "image_std": [0.5] * channels}
    if isinstance(net, vision_nets.MiniXception):
        vision_nets.save(net, folder, preprocessor)
    else:
        net.save_pretrained(folder)
        folder.joinpath("preprocessor_config.json").write_text(json.dumps(preprocessor, indent=1) + "\n")


def export(net, x, file):
    """One file, weights inside, any number of pictures."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(Logits(net), (x[:2],), input_names=["pixels"], output_names=["logits"], dynamo=True,
                                    dynamic_shapes=({0: torch.export.Dim("batch", min=1, max=64)},), verbose=False)
    program.save(file, external_data=False)


def convert(net, x, file):
    model = openvino.convert_model(Logits(net), example_input=x[:1], input=[-1, *x.shape[1:]])
    openvino.save_model(model, file, compress_to_fp16=False)


def fuse(source, target, config):
    model = optimizer.optimize_model(str(source), model_type="vit", num_heads=config.num_attention_heads,
                                     hidden_size=config.hidden_size, opt_level=0, use_gpu=False)
    print("    fused:", {name: count for name, count in model.get_fused_operator_statistics().items() if count})
    model.save_model_to_file(str(target))


def quantise(source, folder, x):
    with tempfile.TemporaryDirectory() as work:
        ready = Path(work) / "ready.onnx"
        quant_pre_process(str(source), str(ready), skip_symbolic_shape=True)
        quantize_dynamic(str(ready), str(folder / "int8-dynamic.onnx"), weight_type=QuantType.QInt8, per_channel=True,
                         op_types_to_quantize=["MatMul", "Gemm"])
        quantize_static(str(ready), str(folder / "int8-static.onnx"), Calibration(x[:CALIBRATION]), quant_format=QuantFormat.QDQ,
                        per_channel=True, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)


def check(file, x, expected):
    """Prints how far its logits are from PyTorch's; whether they are of any use."""
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    logits = session.run(None, {"pixels": x})[0]
    away = float(np.sqrt(np.mean((logits - expected) ** 2) / np.mean(expected ** 2)))
    same = int((logits.argmax(1) == expected.argmax(1)).sum())
    print(f"    {file.name}: {file.stat().st_size / 1e6:.1f} MB, off by {away:.1e} of the logits' size, "
          f"{same} of {len(x)} pictures named alike")
    return away < 0.5


def make(name, folder):
    build, side, channels = NETS[name]
    torch.manual_seed(1)
    net = build().eval()
    samples = pictures(PICTURES, side, side, channels, seed=3)
    x = ((samples.permute(0, 3, 1, 2).float() / 255 - 0.5) / 0.5).contiguous()
    settle(net, x)
    print(f"{name}: {sum(p.numel() for p in net.parameters()) / 1e6:.2f} million weights")
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.onnx"):
        old.unlink()
    save(net, folder, side, channels)
    folder.joinpath("pictures.u8").write_bytes(samples.numpy().tobytes())
    with torch.no_grad():
        expected = Logits(net)(x).numpy()
    if isinstance(net, EfficientNetForImageClassification):
        net.efficientnet.pooler = nn.AdaptiveAvgPool2d(1)  # the same mean, in words that exporters and peers know
    convert(net, x, folder / "openvino.xml")
    export(net, x, folder / "f32.onnx")
    fastest = folder / "f32.onnx"
    if isinstance(net, ViTForImageClassification):
        fuse(fastest, folder / "f32-fused.onnx", net.config)
        fastest = folder / "f32-fused.onnx"
    quantise(fastest, folder, x.numpy())
    for file in sorted(folder.glob("*.onnx")):
        if not check(file, x.numpy(), expected):
            print(f"    {file.name} is left out")
            file.unlink()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dir", type=Path)
    parser.add_argument("names", nargs="*", default=list(NETS), help=", ".join(NETS))
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    for name in arguments.names:
        if name not in NETS:
            parser.error(f"no net is called {name}; there are {', '.join(NETS)}")
        make(name, arguments.dir / name)


if __name__ == "__main__":
    main()
