"""Converts the expression net and the tiny face detector of face-api.js into model folders (docs/vision-format.md).

    pip install torch safetensors numpy
    python convert_face_api.py --source ../../../shared/data/face_api --out ../starter

Reads the files that npm's @vladmandic/face-api has in model/ (*-weights_manifest.json and *.bin beside it): tensors one behind the
other, bytes of which `value = byte · scale + min`, or f32. Filters turn from [height, width, in, out] to [out, in, height, width].
"""

import argparse
import json
import shutil
from math import prod
from pathlib import Path

import numpy as np
import torch

import vision_nets

LABELS = ["neutral", "happy", "sad", "angry", "fearful", "disgusted", "surprised"]
EXPRESSION = {"model_type": "face_expression_net", "image_size": 112, "num_channels": 3, "hidden_sizes": [32, 64, 128, 256],
              "num_convs": 4, "id2label": dict(enumerate(LABELS)), "label2id": {label: i for i, label in enumerate(LABELS)},
              "problem_type": "single_label_classification"}
DETECTOR = {"model_type": "tiny_face_detector", "image_size": 416, "num_channels": 3,
            "hidden_sizes": [16, 32, 64, 128, 256, 512], "leaky_slope": 0.1,
            "anchors": [[1.603231, 2.094468], [6.041143, 7.080126], [2.882459, 3.518061], [4.266906, 5.178857],
                        [9.041765, 10.66308]],
            "score_threshold": 0.5, "coarse_factor": 4, "coarse_size": 128, "iou_threshold": 0.4}


def tensors(source, name):
    """The tensors of one network by name, f32, as TensorFlow.js restores them."""
    group, = json.loads(source.joinpath(f"{name}-weights_manifest.json").read_text())
    data, at, result = source.joinpath(*group["paths"]).read_bytes(), 0, {}
    for entry in group["weights"]:
        quantization = entry.get("quantization")
        stored = np.frombuffer(data, "u1" if quantization else "<f4", prod(entry["shape"]), at)
        at += stored.nbytes
        if quantization:
            stored = (stored * quantization["scale"] + quantization["min"]).astype(np.float32)
        result[entry["name"]] = torch.from_numpy(stored.reshape(entry["shape"]).copy())
    if at != len(data):
        raise ValueError(f"{name}: the tensors need {at} bytes, the file has {len(data)}")
    return result


def renamed(source):
    """The same tensors, named and laid out as the document says."""
    result = {}
    for name, tensor in source.items():
        path = name.replace("conv8", "head").replace("fc/", "classifier/").split("/")
        kind = path.pop()
        if kind == "bias" and ".".join([*path, "pointwise", "weight"]) in result:
            path.append("pointwise")
        elif kind == "depthwise_filter":
            path, tensor = [*path, "depthwise"], tensor.permute(2, 3, 0, 1)
        elif kind == "pointwise_filter":
            path, tensor = [*path, "pointwise"], tensor.permute(3, 2, 0, 1)
        elif kind == "filters":
            tensor = tensor.permute(3, 2, 0, 1)
        elif kind == "weights":
            tensor = tensor.T
        result[".".join([*path, "bias" if kind == "bias" else "weight"])] = tensor.contiguous()
    return result


def pictures(mean, size, **more):
    return {"do_resize": True, "size": size, "resample": 2, **more, "do_rescale": True, "rescale_factor": 1 / 255,
            "do_normalize": True, "image_mean": [m / 255 for m in mean], "image_std": [1.0, 1.0, 1.0]}


def convert(source, kind, name, config):
    net = kind(config)
    net.load_state_dict(renamed(tensors(source, name)))
    return net.eval()


def expression(source):
    return (convert(source, vision_nets.FaceExpressionNet, "face_expression_model", EXPRESSION),
            pictures([122.782, 117.001, 104.298], {"height": 112, "width": 112}))


def detector(source):
    side = DETECTOR["image_size"]
    return (convert(source, vision_nets.TinyFaceDetector, "tiny_face_detector_model", DETECTOR),
            pictures([117.001, 114.697, 97.404], {"max_height": side, "max_width": side}, do_pad=True,
                     pad_size={"height": side, "width": side}))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    for name, (net, preprocessor) in {"face-expression": expression(arguments.source),
                                      "face-finder": detector(arguments.source)}.items():
        vision_nets.save(net, arguments.out / name, preprocessor)
        shutil.copyfile(arguments.source / "LICENSE", arguments.out / name / "LICENSE")
        print(name, sum(p.numel() for p in net.parameters()), "parameters")


if __name__ == "__main__":
    main()
