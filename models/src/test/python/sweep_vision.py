"""Compares random legal picture classifiers with transformers: tiny models of random shape, saved as people save them.

    pip install torch torchvision transformers safetensors pillow    # run with torch 2.15, transformers 5.24
    ./limbic models && mvn -q test-compile -pl models -am            # builds; JAVA_HOME names a JDK 25
    python sweep_vision.py [--cases 200] [--seed 0] [--work DIR] [--make]

Each case is a folder DIR/NNNN with weights, configuration, preprocessor_config.json and pictures (0.png, 1.png, ...), in which odd
but legal things were done: other settings, keys that are missing, names of old versions, tensors of other heads, half precision.
transformers' image processor and model give expected.json (`labels`, and `logits` and `probabilities` a picture), the Java
class that `--answers` names gives answers.json of the same form, or `refused` with the message. `--make` makes folders alone.

Most pictures have the size that the model sees. Those that are scaled on the way ("scaled") may differ by 1/255 a pixel from
what Pillow makes of them, so their logits are compared loosely. A refusal is an error unless it is one of REFUSED.
"""

import argparse
import json
import os
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import (AutoImageProcessor, AutoModelForImageClassification, ConvNextConfig, ConvNextForImageClassification,
                          EfficientNetConfig, EfficientNetForImageClassification, ResNetConfig,
                          ResNetForImageClassification, ViTConfig, ViTForImageClassification)
from transformers.models.efficientnet.modeling_efficientnet import round_filters
from transformers.utils import logging

from make_vision_golden import pictures, randomise
from sweep_encoders import ACTIVATIONS, Case, class_path, compare, difference, run_java

logging.set_verbosity_error()
logging.disable_progress_bar()

# What is refused on purpose: a pattern of the message by the odd thing that brings it about.
REFUSED = {
    "not resized": "expected one size for all pictures",
    "oblong patches": "key 'patch_size': expected a square, or patches that fill the picture",
    "extra layer": "surplus",
    "wrong size": "pixels",
}


class Pictures(Case):
    """One folder, what was done to it, and the size of its pictures."""

    size = (0, 0)

    def side(self):
        return self.random.randrange(32, 56)

    def sides(self):
        side = self.side()
        return (side, side if self.random.random() < 0.5 else self.side())

    def activation(self):
        picked = self.random.choice(ACTIVATIONS)
        return {} if picked is None else {"hidden_act": picked}


def resnet(case):
    pick = case.random.choice
    stages, kind = pick([1, 2, 3, 4]), pick(["basic", "bottleneck"])
    case.size = case.sides()
    return ResNetForImageClassification(ResNetConfig(
        num_channels=case.channels, embedding_size=pick([3, 8, 11]), layer_type=kind,
        hidden_sizes=[pick([5, 8, 12, 17]) for _ in range(stages)], depths=[pick([1, 2]) for _ in range(stages)],
        downsample_in_first_stage=pick([True, False]), downsample_in_bottleneck=pick([True, False]), **case.activation(),
        **case.labels()))


def vit(case):
    pick = case.random.choice
    heads, hidden = case.shape()
    patch = (pick([4, 5, 7, 8]), pick([4, 5, 7, 8])) if case.chance(0.3, "oblong patches") else pick([4, 5, 7, 8])
    side = case.side()
    case.size = (side, case.side()) if case.chance(0.3, "oblong picture") else (side, side)
    if case.chance(0.4, "filled"):
        rows, columns = patch if isinstance(patch, tuple) else (patch, patch)
        case.size = (case.size[0] // rows * rows, case.size[1] // columns * columns)
    return ViTForImageClassification(ViTConfig(
        num_channels=case.channels, image_size=list(case.size) if case.size[0] != case.size[1] or pick([True, False]) else case.size[0],
        patch_size=list(patch) if isinstance(patch, tuple) else patch, hidden_size=hidden, num_attention_heads=heads,
        num_hidden_layers=pick([1, 2, 3]), intermediate_size=pick([1, 13, 48, 50]), qkv_bias=pick([True, False]),
        layer_norm_eps=pick([1e-12, 1e-6, 1e-3]), **case.activation(), **case.labels()))


def efficientnet(case):
    pick = case.random.choice
    stages = pick([1, 2, 3, 4])
    case.size = case.sides()
    ends = [pick([16, 24, 40]) for _ in range(stages)]
    shape = dict(
        num_channels=case.channels, image_size=case.size[0], width_coefficient=pick([0.1, 0.25, 0.33]), depth_coefficient=pick([1.0, 1.3]),
        depth_divisor=pick([1, 2, 4, 8]), in_channels=[32, *ends[:-1]], out_channels=ends, kernel_sizes=[pick([3, 5, 7]) for _ in ends],
        strides=[pick([1, 2]) for _ in ends], num_block_repeats=[pick([1, 2]) for _ in ends],
        expand_ratios=[pick([1, 2, 6]) for _ in ends], depthwise_padding=case.random.sample(range(6), pick([0, 1, 3])),
        squeeze_expansion_ratio=pick([0.25, 0.5, 0.05]), batch_norm_eps=pick([1e-3, 1e-5, 1e-1]), **case.activation())
    shape["hidden_dim"] = round_filters(EfficientNetConfig(**shape), 1280)
    if case.chance(0.05, "max pooling"):
        shape["pooling_type"] = "max"
    return EfficientNetForImageClassification(EfficientNetConfig(**shape, **case.labels()))


def convnext(case):
    pick = case.random.choice
    stages = pick([1, 2, 3])
    case.size = case.sides()
    return ConvNextForImageClassification(ConvNextConfig(
        num_channels=case.channels, image_size=case.size[0], patch_size=pick([2, 3, 4]), num_stages=stages,
        hidden_sizes=[pick([6, 9, 9, 16]) for _ in range(stages)], depths=[pick([1, 2]) for _ in range(stages)],
        layer_scale_init_value=pick([1e-6, 0.0]), layer_norm_eps=pick([1e-12, 1e-6, 1e-2]), **case.activation(), **case.labels()))


ARCHITECTURES = {"resnet": resnet, "vit": vit, "efficientnet": efficientnet, "convnext": convnext}
PROCESSORS = {"resnet": ["ConvNextImageProcessor", "ViTImageProcessor"], "vit": ["ViTImageProcessor"],
              "efficientnet": ["EfficientNetImageProcessor", "ViTImageProcessor"],
              "convnext": ["ConvNextImageProcessor", "ViTImageProcessor"]}


def preprocessing(case, architecture):
    """Writes preprocessor_config.json, as one of the classes that models of the architecture come with."""
    pick = case.random.choice
    height, width = case.size
    square = height == width
    kind = pick(PROCESSORS[architecture]) if square or case.chance(0.2) else PROCESSORS[architecture][-1]
    config = {"image_processor_type": kind, "do_resize": True, "size": {"height": height, "width": width}, "resample": pick([2, 3]),
              "do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True,
              "image_mean": [0.485, 0.456, 0.406][:case.channels], "image_std": [0.229, 0.224, 0.225][:case.channels]}
    shown = case.size
    if kind == "ConvNextImageProcessor":
        if not square:  # this class knows one side only
            config["do_resize"] = False
            case.done.append("not resized")
        else:
            config |= {"size": {"shortest_edge": height}, "crop_pct": pick([0.875, 0.95, 1.0])}
            if int(height / config["crop_pct"]) != height:
                case.done.append("scaled")
            case.done.append("crop_pct")
    elif case.chance(0.2, "scaled"):
        shown = (case.side() + 9, case.side() + 4)
    elif case.chance(0.15, "crop"):
        config |= {"do_resize": False, "do_center_crop": True, "crop_size": {"height": height, "width": width}}
        shown = (height + pick([0, 1, 5]), width + pick([0, 3, 4]))
    elif square and case.chance(0.15, "size as a number"):
        config["size"] = height
    if kind == "EfficientNetImageProcessor":
        config |= {"include_top": pick([True, False]), "rescale_offset": pick([True, False])}
        for key in ("include_top", "rescale_offset"):
            if case.chance(0.2, f"no {key}"):
                del config[key]
    if case.chance(0.15, "older class"):
        config["feature_extractor_type"] = config.pop("image_processor_type").replace("ImageProcessor", "FeatureExtractor")
    elif case.chance(0.1, "fast class"):
        config["image_processor_type"] += "Fast"
    if case.chance(0.1, "not normalised"):
        config["do_normalize"] = False
        config.pop("image_mean"), config.pop("image_std")
    elif case.channels == 3 and case.chance(0.1, "usual mean"):
        config.pop("image_mean"), config.pop("image_std")
    if case.chance(0.1, "other factor"):
        config["rescale_factor"] = 1 / 127.5
    for key in ("do_resize", "do_rescale", "do_normalize", "rescale_factor", "resample"):
        if config.get(key) not in (False, 1 / 127.5) and case.chance(0.07, f"no {key}"):
            config.pop(key, None)
    case.folder.joinpath("preprocessor_config.json").write_text(json.dumps(config, indent=1))
    return shown


def build(case):
    pick = case.random.choice
    architecture = pick(sorted(ARCHITECTURES))
    case.done.append(architecture)
    case.channels = 1 if case.chance(0.15, "grey") else 3
    torch.manual_seed(case.random.randrange(1 << 30))
    net = ARCHITECTURES[architecture](case).eval()
    shown = preprocessing(case, architecture)
    made = pictures(4, *shown, case.channels, case.random.randrange(1 << 30)).numpy()
    made = [Image.fromarray(picture.squeeze(2) if case.channels == 1 else picture) for picture in made]
    for i, picture in enumerate(made[:2]):
        picture.save(case.folder / f"{i}.png")
    randomise(net, AutoImageProcessor.from_pretrained(case.folder)(made, return_tensors="pt").pixel_values)
    net.to(pick([torch.float32, torch.float32, torch.float16, torch.bfloat16]))
    net.save_pretrained(case.folder, **({"max_shard_size": "20KB"} if case.chance(0.1, "shards") else {}))
    if case.folder.joinpath("model.safetensors").exists():
        odd_weights(case, architecture)
    odd_config(case, net.config)


def odd_weights(case, architecture):
    file = case.folder / "model.safetensors"
    tensors = load_file(file)
    if case.chance(0.2, "nothing tracked"):
        tensors = {n: t for n, t in tensors.items() if not n.endswith("num_batches_tracked")}
    if architecture == "vit" and case.chance(0.3, "pooler"):
        hidden = len(tensors["vit.layernorm.weight"])
        tensors |= {"vit.pooler.dense.weight": torch.ones(hidden, hidden), "vit.pooler.dense.bias": torch.ones(hidden)}
    if case.chance(0.03, "extra layer"):
        name = {"resnet": "encoder.stages.7.layers.0.layer.0.convolution.weight", "vit": "encoder.layer.7.output.dense.bias",
                "efficientnet": "encoder.blocks.77.expansion.expand_bn.bias",
                "convnext": "encoder.stages.7.layers.0.dwconv.bias"}[architecture]
        tensors[f"{architecture}.{name}"] = torch.ones(3)
    save_file({n: t.contiguous() for n, t in tensors.items()}, file, metadata={"format": "pt"})


def odd_config(case, config):
    """Keys that are missing stand for the class's own values, so only those that have them are taken away."""
    usual = type(config)()
    content = json.loads(case.folder.joinpath("config.json").read_text())
    for key, value in content.items():
        if key not in ("architectures", "model_type", "dtype", "id2label", "label2id") and getattr(usual, key, None) == value:
            if case.chance(0.1, "no " + key):
                case.edit("config.json", lambda c: c.pop(key))
    if case.chance(0.1, "older keys"):
        case.edit("config.json", lambda c: c.update(torch_dtype=c.pop("dtype", "float32"), transformers_version="4.20.0"))


def reference(case):
    """What transformers gives for each picture alone."""
    processor = AutoImageProcessor.from_pretrained(case.folder)
    net = AutoModelForImageClassification.from_pretrained(case.folder, dtype=torch.float32).eval()
    config = net.config
    result = {"labels": [str(config.id2label[i]) for i in range(config.num_labels)], "logits": [], "probabilities": []}
    for file in sorted(case.folder.glob("*.png")):
        with torch.no_grad(), Image.open(file) as picture:
            logits = net(processor(picture, return_tensors="pt").pixel_values).logits[0]
        if config.problem_type == "regression":
            scores = torch.tensor([])
        elif config.problem_type == "multi_label_classification" or config.num_labels == 1:
            scores = logits.sigmoid()
        else:
            scores = logits.softmax(-1)
        result["logits"].append(logits.tolist())
        result["probabilities"].append(scores.tolist())
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--work", type=Path, default=Path("target/sweep-vision"))
    parser.add_argument("--classpath", default=class_path())
    parser.add_argument("--answers", default="dev.limbic.model.PictureAnswers")
    parser.add_argument("--make", action="store_true", help="make the folders and what is expected of them, and stop")
    arguments = parser.parse_args()
    cases = []
    for number in range(arguments.seed, arguments.seed + arguments.cases):
        case = Pictures.make(arguments.work, number)
        build(case)
        case.expect(reference)
        cases.append(case)
    if arguments.make:
        refused = sum(isinstance(case.expected, str) for case in cases)
        print(f"{len(cases)} folders in {arguments.work}, {refused} of them refused by transformers")
        return
    run_java(arguments.answers, cases, arguments.classpath)
    compare(cases, REFUSED, lambda case, found: difference(case.expected, found, 0.05 if "scaled" in case.done else 2e-4))


if __name__ == "__main__":
    main()
