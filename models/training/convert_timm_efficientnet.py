"""Converts timm's EfficientNet into a folder that transformers reads as EfficientNetForImageClassification.

    pip install torch torchvision safetensors transformers timm
    python convert_timm_efficientnet.py WEIGHTS --out DIR --size 224 --labels Anger Contempt Disgust Fear Happiness ...

WEIGHTS are of a `tf_efficientnet_b*` model of timm: a state dict, as .safetensors or as torch.save wrote it. HSEmotion's files are
whole pickled models; reading such a file runs code of its maker, which `--trust` allows. Labels are those of the classifier, in
its order; `--size` is the side of the square pictures that the model was trained on, an even number.

What differs between the two, and how it is settled here:
  - names and the order of the parts: the tables below
  - padding of strided convolutions: timm's tf_ models pad as TensorFlow does, by the size that comes in; transformers pads more
    below and right, or alike on both sides in the blocks of `depthwise_padding`, so that list is made for the one size given
  - other models of timm (`efficientnet_b0` without tf_) pad alike everywhere, which the stem of transformers cannot: their
    tensors have the same names, so nobody can warn
  - batch norm's eps, which no tensor tells: 1e-3, as all tf_ models have it
  - preprocessing: transformers divides by the standard deviation twice unless `include_top` is false
"""

import argparse
import re
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn
from transformers import EfficientNetConfig, EfficientNetForImageClassification, EfficientNetImageProcessor

STRIDES = [1, 2, 2, 2, 1, 2, 1]  # of the stages, as in transformers' configuration
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]

WIDENED = {"conv_pw": "expansion.expand_conv", "bn1": "expansion.expand_bn", "conv_dw": "depthwise_conv.depthwise_conv",
           "bn2": "depthwise_conv.depthwise_norm", "conv_pwl": "projection.project_conv", "bn3": "projection.project_bn"}
PLAIN = {"conv_dw": "depthwise_conv.depthwise_conv", "bn1": "depthwise_conv.depthwise_norm",
         "conv_pw": "projection.project_conv", "bn2": "projection.project_bn"}
SQUEEZE = {"se.conv_reduce": "squeeze_excite.reduce", "se.conv_expand": "squeeze_excite.expand"}
AROUND = {"conv_stem": "efficientnet.embeddings.convolution", "bn1": "efficientnet.embeddings.batchnorm",
          "conv_head": "efficientnet.encoder.top_conv", "bn2": "efficientnet.encoder.top_bn",
          "classifier": "classifier", "classifier.0": "classifier"}  # HSEmotion's classifier is a list of one


def blocks(state):
    """(stage, place in it) of the blocks, in order."""
    return sorted({tuple(map(int, match.groups())) for match in (re.match(r"blocks\.(\d+)\.(\d+)\.", n) for n in state) if match})


def wide(state, stage, place):
    return f"blocks.{stage}.{place}.conv_pwl.weight" in state


def symmetric(order, kernels, size):
    """Indices of the strided blocks that TensorFlow's padding treats alike on both sides, for pictures of that side."""
    if size % 2:
        raise ValueError(f"pictures of {size} pixels: transformers' first convolution pads as timm's only for an even side")
    side, found = size // 2, []
    for index, (stage, place) in enumerate(order):
        if place == 0 and STRIDES[stage] == 2:
            padding = (-(-side // 2) - 1) * 2 + kernels[stage] - side
            if padding % 2 == 0:
                found.append(index)
            side = -(-side // 2)
    return found


def config(state, size, labels):
    """transformers' description of the network that the tensors belong to."""
    order = blocks(state)
    stages = range(len(STRIDES))
    if [stage for stage in stages if (stage, 0) in order] != list(stages) or order[-1][0] >= len(STRIDES):
        raise ValueError(f"an EfficientNet has {len(STRIDES)} stages of blocks, found {sorted({stage for stage, _ in order})}")
    kernels = [state[f"blocks.{stage}.0.conv_dw.weight"].shape[-1] for stage in stages]
    ratios = []
    for stage in stages:
        out, into = state[f"blocks.{stage}.0.conv_pw.weight"].shape[:2]
        ratios.append(out // into if wide(state, stage, 0) else 1)
        after = state[f"blocks.{stage}.0.conv_pw{'l' if wide(state, stage, 0) else ''}.weight"].shape[0]
        if into == after and STRIDES[stage] == 1:
            raise ValueError(f"stage {stage} keeps {into} channels: timm adds the input of its first block, transformers does not")
    top = state["conv_head.weight"].shape[0]
    return EfficientNetConfig(
        image_size=size, num_channels=state["conv_stem.weight"].shape[1], width_coefficient=top / 1280, depth_coefficient=1.0,
        kernel_sizes=kernels, strides=STRIDES, num_block_repeats=[sum(s == stage for s, _ in order) for stage in stages],
        expand_ratios=ratios, depthwise_padding=symmetric(order, kernels, size), hidden_dim=top, batch_norm_eps=1e-3,
        id2label=dict(enumerate(labels)), label2id={label: i for i, label in enumerate(labels)})


def renamed(state):
    """The same tensors by transformers' names."""
    index = {block: i for i, block in enumerate(blocks(state))}
    result = {}
    for name, tensor in state.items():
        part, kind = name.rsplit(".", 1)
        match = re.match(r"blocks\.(\d+)\.(\d+)\.(.*)", part)
        if match:
            block = int(match[1]), int(match[2])
            table = {**(WIDENED if wide(state, *block) else PLAIN), **SQUEEZE}
            new = f"efficientnet.encoder.blocks.{index[block]}.{table.get(match[3])}" if match[3] in table else None
        else:
            new = AROUND.get(part)
        if new is None:
            raise ValueError(f"tensor {name}: not of a tf_efficientnet_b* model")
        result[f"{new}.{kind}"] = tensor
    return result


def convert(state, folder, size, labels, resample=2):
    """Writes the folder. Raises where the tensors are not those of such a model."""
    outputs = next(tensor.shape[0] for name, tensor in state.items() if re.fullmatch(r"classifier(\.0)?\.bias", name))
    if outputs != len(labels):
        raise ValueError(f"{len(labels)} labels for a classifier of {outputs} outputs")
    net = EfficientNetForImageClassification(config(state, size, labels))
    net.load_state_dict(renamed(state))
    net.save_pretrained(folder)
    EfficientNetImageProcessor(size={"height": size, "width": size}, resample=resample, image_mean=MEAN, image_std=STD,
                               do_center_crop=False, include_top=False).save_pretrained(folder)


def read(file, trust):
    if file.suffix == ".safetensors":
        return load_file(file)
    content = torch.load(file, map_location="cpu", weights_only=not trust)
    return content.state_dict() if isinstance(content, nn.Module) else content


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--size", type=int, required=True)
    parser.add_argument("--labels", nargs="+", required=True)
    parser.add_argument("--resample", type=int, choices=[2, 3], default=2, help="2: bilinear, as HSEmotion; 3: bicubic, as timm's own")
    parser.add_argument("--trust", action="store_true", help="read a pickled model, which runs its code")
    arguments = parser.parse_args()
    convert(read(arguments.weights, arguments.trust), arguments.out, arguments.size, arguments.labels,
            arguments.resample)


if __name__ == "__main__":
    main()
