"""Makes the golden directories for pictures: tiny models with random weights, and what PyTorch computes with them.

    pip install torch torchvision transformers safetensors scikit-image    # made with torch 2.15, transformers 5.24
    python make_vision_golden.py [--out ../resources/golden-vision] [NAME ...]

Each directory is a model folder (config.json, weights, preprocessor_config.json), and beside it expected.safetensors. Pictures
and hidden states have their channels last.
  pictures      u8 [N, h, w, C], of the model's size; of a video [N, T, h, w, C]
  pixel_values  f32 [N, h, w, C], as transformers' image processor makes them of the pictures (not of detectors)
  hidden.0 ...  f32, the output of each of the layers that `layers` names: [N, h', w', C'], of a ViT [N, tokens, H]
  features      f32 [N, F], what the last linear layer reads
  logits        f32 [N, L]
A video has features [N, T, F], logits [N, T, L], state.h [layers, N, H] (and state.c) after the last frame. A detector has its
map f32 [N, S, S, 5 · anchors] instead of features and logits, and the boxes in it: boxes f32 [B, 5] of all pictures (left, top,
right, bottom, score; shares of the square picture) and box_counts i64 [N].
face-expression and face-finder have no model: they are figures of the starter models of that name. face-finder has photo-0.png to
photo-2.png too, with the boxes found in each after Pillow's scaling as boxes.photo-0 to boxes.photo-2; a face fills the last.

Pictures are computed together, in f32, from the weights as stored. Seeds are fixed.
"""

import json
import sys
import zlib
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn
from transformers import (AutoImageProcessor, ConvNextConfig, ConvNextForImageClassification, EfficientNetConfig,
                          EfficientNetForImageClassification, EfficientNetImageProcessor, ResNetConfig,
                          ResNetForImageClassification, ViTConfig, ViTForImageClassification, ViTImageProcessor)
from transformers.utils import logging

from make_golden import EKMAN, labelled, main

MODELS = Path(__file__).resolve().parents[3]
sys.path.append(str(MODELS / "training"))
import vision_nets  # noqa: E402

logging.set_verbosity_error()

FER = ["neutral", "happy", "sad", "angry", "fearful", "disgusted", "surprised"]
PLAIN = ["tabby cat", "rocket", "coffee mug"]
NORMS = (nn.BatchNorm2d, nn.LayerNorm)


def pictures(count, height, width, channels, seed=0):
    """Soft shapes with noise: neighbours are alike, as in photographs, and corners differ, so that a shifted window is seen."""
    random = np.random.default_rng(zlib.crc32(f"{count} {height} {width} {channels} {seed}".encode()))
    y, x = np.mgrid[:height, :width, ] / max(height, width)
    result = np.empty((count, height, width, channels))
    for i in range(count):
        for c in range(channels):
            a, b, phase, slope = random.uniform(3, 12), random.uniform(3, 12), random.uniform(0, 6), random.uniform(-1, 1)
            result[i, :, :, c] = 128 + 70 * np.sin(a * x + b * y + phase) + 50 * slope * (x - y)
    return torch.from_numpy(np.clip(result + random.normal(0, 22, result.shape), 0, 255).astype(np.uint8))


def head(net):
    """The last linear layer, if there is one."""
    classifier = getattr(net, "classifier", None)
    return classifier[-1] if isinstance(classifier, nn.Sequential) else classifier


def randomise(net, x):
    """Weights at which each layer matters, running statistics near those of the data, and logits that differ from picture to picture by 1.5."""
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, NORMS):
                module.weight.copy_(1 + 0.2 * torch.randn_like(module.weight))
                module.bias.copy_(0.2 * torch.randn_like(module.bias))
            elif isinstance(module, (nn.Conv2d, nn.Linear)):
                fan_in = module.weight[0].numel()
                module.weight.copy_(1.4 * torch.randn_like(module.weight) / fan_in ** 0.5)
                if module.bias is not None:
                    module.bias.copy_(0.2 * torch.randn_like(module.bias))
            elif isinstance(module, nn.RNNBase):
                for p in module.parameters():
                    p.copy_((2.5 if p.dim() == 2 else 0.3) * torch.randn_like(p) / (p.shape[-1] ** 0.5 if p.dim() == 2 else 1))
        for name, p in net.named_parameters():
            if any(part in name for part in ("cls_token", "position_embeddings")):
                p.copy_(0.7 * torch.randn_like(p))
            elif "layer_scale" in name:
                p.copy_(0.6 + 0.4 * torch.rand_like(p))
            elif any(part in name for part in ("q_proj", "k_proj", "query", "key")) and p.dim() == 2:
                p.mul_(1.6)  # attention has favourites
        batch_norms = [m for m in net.modules() if isinstance(m, nn.BatchNorm2d)]
        for norm in batch_norms:
            norm.train()
            norm.usual, norm.momentum = norm.momentum, 1.0
        net(x)
        for norm in batch_norms:
            norm.momentum = norm.usual
            norm.eval()
            spread = norm.running_var.sqrt()
            norm.running_mean += 0.3 * spread * torch.randn_like(spread)
            norm.running_var.clamp_(min=0.02).mul_(torch.exp(0.4 * torch.randn_like(spread)))
            norm.num_batches_tracked.fill_(7)
        if head(net) is not None:
            logits = net(x)
            logits = logits[0] if isinstance(logits, tuple) else getattr(logits, "logits", logits)
            head(net).weight.mul_(1.5 / logits.flatten(0, -2).std(0).mean())


def layers(net):
    """The modules whose outputs are shown."""
    if isinstance(net, ResNetForImageClassification):
        return [net.resnet.embedder, *net.resnet.encoder.stages]
    if isinstance(net, ViTForImageClassification):
        return [net.vit.embeddings, *net.vit.layers]
    if isinstance(net, EfficientNetForImageClassification):
        return [net.efficientnet.embeddings, *net.efficientnet.encoder.blocks]
    if isinstance(net, ConvNextForImageClassification):
        return [net.convnext.embeddings, *net.convnext.encoder.stages]
    return []


def last(x):
    """Channels last."""
    return x.permute(0, 2, 3, 1) if x.dim() == 4 else x


def outputs(net, x):
    """Hidden states, features and logits of a classifier."""
    hidden, features = [], []
    hooks = [layer.register_forward_hook(lambda _, __, out: hidden.append(last(out))) for layer in layers(net)]
    hooks.append(head(net).register_forward_hook(lambda _, inputs, __: features.append(inputs[0])))
    with torch.no_grad():
        out = net(x)
        if not layers(net):
            hidden = [last(h) for h in net.hidden(x)]
    for hook in hooks:
        hook.remove()
    return hidden, features[0], getattr(out, "logits", out)


def show(folder, net, expected):
    save_file({name: tensor.contiguous() for name, tensor in expected.items()}, folder / "expected.safetensors")
    for file in folder.iterdir():
        file.chmod(0o644)
    size = sum(f.stat().st_size for f in folder.iterdir()) // 1024
    logits = expected.get("logits", expected.get("map"))
    print(f"{folder.name:26} {sum(p.numel() for p in net.parameters()):7} parameters, {size:4} KiB, "
          f"logits differ by {logits.flatten(0, -2).std(0).mean():.2f}")
    assert size < 300, "too large to be checked in"


def transformers_golden(kind, config, size, processor=None, dtype=torch.float32, count=3):
    """A model of transformers; `size` is (height, width) or a side."""
    def make(folder):
        height, width = (size, size) if isinstance(size, int) else size
        processor_ = processor or ViTImageProcessor(image_mean=[0.5, 0.45, 0.4], image_std=[0.25, 0.22, 0.3])
        processor_.size = {"height": height, "width": width}
        processor_.save_pretrained(folder)
        net = kind(config).eval()
        shown = pictures(count, height, width, config.num_channels)
        x = AutoImageProcessor.from_pretrained(folder)(list(shown.permute(0, 3, 1, 2)), return_tensors="pt").pixel_values
        assert x.shape == (count, config.num_channels, height, width) and x.dtype == torch.float32
        randomise(net, x)
        net.to(dtype).save_pretrained(folder)
        net = kind.from_pretrained(folder, dtype=torch.float32).eval()
        hidden, features, logits = outputs(net, x)
        show(folder, net, {"pictures": shown, "pixel_values": last(x), "features": features, "logits": logits,
                           **{f"hidden.{k}": h for k, h in enumerate(hidden)}})
    return make


def normalised(shown, preprocessor):
    """[…, h, w, C] bytes to [N, C, h, w], in f32."""
    x = shown.float() * preprocessor["rescale_factor"] - torch.tensor(preprocessor["image_mean"])
    return (x / torch.tensor(preprocessor["image_std"])).flatten(0, -4).permute(0, 3, 1, 2)


def own_preprocessor(side, channels, **more):
    grey = {"do_grayscale": True} if channels == 1 else {}
    return {**grey, "do_resize": True, "size": {"height": side, "width": side}, "resample": 2, **more, "do_rescale": True,
            "rescale_factor": 1 / 255, "do_normalize": True, "image_mean": [0.5, 0.45, 0.4][:channels],
            "image_std": [0.25, 0.22, 0.3][:channels]}


def own_golden(kind, config, dtype=torch.float32, count=3):
    """A classifier of docs/vision-format.md."""
    def make(folder):
        side, channels = config["image_size"], config["num_channels"]
        preprocessor = own_preprocessor(side, channels)
        shown = pictures(count, side, side, channels)
        x = normalised(shown, preprocessor)
        net = kind(config).eval()
        randomise(net, x)
        vision_nets.save(net, folder, preprocessor, dtype)
        net = vision_nets.load(folder)
        hidden, features, logits = outputs(net, x)
        show(folder, net, {"pictures": shown, "pixel_values": last(x), "features": features, "logits": logits,
                           **{f"hidden.{k}": h for k, h in enumerate(hidden)}})
    return make


def detections(net, x, shown):
    """What a detector gives for square pictures."""
    with torch.no_grad():
        hidden, out = net.hidden(x), net(x)
    side = x.shape[-1]
    boxes = [net.boxes(map_, side, side).float() for map_ in out]
    return {"pictures": shown, "map": out, "boxes": torch.cat(boxes),
            "box_counts": torch.tensor([len(b) for b in boxes])}, hidden


def detector(folder):
    config = {"model_type": "tiny_face_detector", "image_size": 96, "num_channels": 3, "hidden_sizes": [5, 6, 9, 11, 14, 19],
              "leaky_slope": 0.1, "anchors": [[0.6, 0.9], [1.4, 1.1], [2.2, 2.6]], "score_threshold": 0.25, "iou_threshold": 0.12}
    preprocessor = own_preprocessor(96, 3)
    preprocessor |= {"size": {"max_height": 96, "max_width": 96}, "do_pad": True, "pad_size": {"height": 96, "width": 96}}
    shown = pictures(2, 96, 96, 3)
    x = normalised(shown, preprocessor)
    net = vision_nets.TinyFaceDetector(config).eval()
    randomise(net, x)
    with torch.no_grad():
        net.head.weight.mul_(2.0 / net(x).std())
    vision_nets.save(net, folder, preprocessor)
    expected, hidden = detections(vision_nets.load(folder), x, shown)
    above = (expected["map"].unflatten(-1, (3, 5))[..., 4].sigmoid() > config["score_threshold"]).flatten(1).sum(1)
    assert min(expected["box_counts"]) > 1 and len(expected["boxes"]) < above.sum() < 54, "boxes that stay and boxes that go"
    show(folder, net, expected | {f"hidden.{k}": last(h) for k, h in enumerate(hidden) if k})


def clips(count, frames, side, channels):
    """Films whose frames change little from one to the next, as faces do."""
    ends = [pictures(count, side, side, channels, seed).float() for seed in (1, 2)]
    share = torch.linspace(0, 1, frames).view(1, -1, 1, 1, 1)
    return (ends[0][:, None] * (1 - share) + ends[1][:, None] * share).round().to(torch.uint8)


def video_golden(frame_config, frame, side, channels, feature_size, **shape):
    """A recurrent classifier over the features of a small frame model; `frame` makes that from its config."""
    def make(folder):
        preprocessor = own_preprocessor(side, channels)
        shown = clips(2, 5, side, channels)
        x = normalised(shown, preprocessor).unflatten(0, shown.shape[:2])
        config = {"model_type": "limbic_video", "frame": frame_config, **shape, "frames_per_second": 15, **labelled(EKMAN, False)}
        net = vision_nets.VideoClassifier(config, frame(), feature_size).eval()
        randomise(net, x)
        vision_nets.save(net, folder, preprocessor)
        with torch.no_grad():
            logits, state = net(x)
            features = net.frame.features(x.flatten(0, 1)).unflatten(0, x.shape[:2])
        h, c = state if isinstance(state, tuple) else (state, None)
        show(folder, net, {"pictures": shown, "pixel_values": x.permute(0, 1, 3, 4, 2), "features": features, "logits": logits,
                           "state.h": h} | ({} if c is None else {"state.c": c}))
    return make


class ResNetFeatures(nn.Module):
    """A ResNet of transformers as the frame model of a video."""

    def __init__(self, config):
        super().__init__()
        self.resnet = ResNetForImageClassification(config).resnet

    def features(self, x):
        return self.resnet(x).pooler_output.flatten(1)


def starter(name):
    """A starter model, and the bytes that it sees of the photograph."""
    net = vision_nets.load(MODELS / "starter" / name)
    return net, json.loads(MODELS.joinpath("starter", name, "preprocessor_config.json").read_text())


def photograph():
    """Eileen Collins, 1999 (NASA, public domain), as scikit-image has it."""
    from skimage.data import astronaut
    return Image.fromarray(astronaut())


def face_expression(folder):
    net, preprocessor = starter("face-expression")
    face = photograph().crop((168, 52, 280, 164))
    faces = [face, face.convert("L").rotate(35, Image.BILINEAR).convert("RGB"), face.crop((10, 5, 100, 75)).resize((112, 112), 2),
             face.transpose(Image.FLIP_TOP_BOTTOM)]
    shown = torch.from_numpy(np.stack([np.array(f) for f in faces]))
    with torch.no_grad():
        x = normalised(shown, preprocessor)
        features = net.features(x)
        logits = net.classifier(features)
    show(folder, net, {"pictures": shown, "features": features, "logits": logits, "probabilities": logits.softmax(-1)})


def found(net, preprocessor, photo):
    """The boxes of a photograph of any size, as the folder's preprocessing and docs/vision-format.md say."""
    side = net.config["image_size"]
    scale = side / max(photo.size)
    width, height = (int(n * scale + 0.5) for n in photo.size)
    square = Image.new("RGB", (side, side))
    square.paste(photo.resize((width, height), preprocessor["resample"]))
    picture, factor = np.array(square), net.config["coarse_factor"]
    boxes = boxes_in(net, preprocessor, picture, width, height)
    if len(boxes):
        return boxes
    means = picture.reshape(side // factor, factor, side // factor, factor, 3).sum((1, 3), dtype=int)
    black = np.zeros([net.config["coarse_size"]] * 2 + [3], np.uint8)
    black[:side // factor, :side // factor] = (means + factor ** 2 // 2) // factor ** 2
    return boxes_in(net, preprocessor, black, width / factor, height / factor)


def boxes_in(net, preprocessor, picture, width, height):
    with torch.no_grad():
        return net.boxes(net(normalised(torch.from_numpy(picture)[None], preprocessor))[0], width, height).float()


def face_finder(folder):
    net, preprocessor = starter("face-finder")
    photo = photograph()
    wide = photo.crop((30, 0, 350, 200)).resize((256, 160), 2)
    face = photo.crop((140, 20, 300, 190))
    tall = Image.new("RGB", (131, 237), (90, 120, 60))
    tall.paste(face.resize((98, 104), 2), (2, 5))
    tall.paste(face.transpose(Image.FLIP_LEFT_RIGHT).resize((118, 125), 2), (13, 112))
    small = torch.from_numpy(np.array(wide.crop((48, 0, 208, 160))))[None]
    expected, _ = detections(net, normalised(small, preprocessor), small)
    for i, picture in enumerate((wide, tall, photo.crop((164, 50, 284, 158)))):
        picture.save(folder / f"photo-{i}.png", optimize=True)
        expected[f"boxes.photo-{i}"] = found(net, preprocessor, picture)
    show(folder, net, expected)


XCEPTION = {"model_type": "mini_xception", "image_size": 48, "num_channels": 1, "stem_sizes": [7, 9], "stem_strides": [1, 1],
            "stem_padding": 0, "hidden_sizes": [11, 17, 23, 30], "hidden_act": "relu", "batch_norm_eps": 1e-3}

GOLDEN = {
    "resnet-basic": transformers_golden(ResNetForImageClassification, ResNetConfig(
        embedding_size=10, hidden_sizes=[10, 13, 18], depths=[2, 1, 2], layer_type="basic", downsample_in_first_stage=False,
        **labelled(EKMAN, False)), 45),
    "resnet-bottleneck": transformers_golden(ResNetForImageClassification, ResNetConfig(
        embedding_size=9, hidden_sizes=[12, 20, 28], depths=[1, 2, 2], layer_type="bottleneck", downsample_in_first_stage=True,
        downsample_in_bottleneck=True, hidden_act="gelu", **labelled(PLAIN, False)), (51, 38)),
    "resnet-usual-bf16": transformers_golden(ResNetForImageClassification, ResNetConfig(
        embedding_size=8, hidden_sizes=[16, 24], depths=[1, 2], layer_type="bottleneck", **labelled(FER, True)), 33,
        dtype=torch.bfloat16),
    "vit": transformers_golden(ViTForImageClassification, ViTConfig(
        hidden_size=36, num_hidden_layers=2, num_attention_heads=3, intermediate_size=50, image_size=37, patch_size=5,
        qkv_bias=False, hidden_act="gelu", layer_norm_eps=3e-3, **labelled(EKMAN, False)), 37),
    "vit-oblong-f16": transformers_golden(ViTForImageClassification, ViTConfig(
        hidden_size=20, num_hidden_layers=3, num_attention_heads=5, intermediate_size=45, image_size=[30, 44], patch_size=[6, 4],
        hidden_act="gelu_pytorch_tanh", **labelled(PLAIN, False)), (30, 44), dtype=torch.float16),
    "efficientnet": transformers_golden(EfficientNetForImageClassification, EfficientNetConfig(
        image_size=39, width_coefficient=0.2, depth_coefficient=1.2, depth_divisor=4, in_channels=[32, 25, 36, 52],
        out_channels=[25, 36, 52, 60], kernel_sizes=[3, 5, 3, 7], strides=[1, 2, 2, 1], num_block_repeats=[1, 2, 2, 1],
        expand_ratios=[1, 6, 4, 3], depthwise_padding=[5], hidden_dim=256, **labelled(EKMAN, False)), 39, count=2,
        processor=EfficientNetImageProcessor(image_mean=[0.5, 0.45, 0.4], image_std=[0.5, 0.7, 0.6])),
    "efficientnet-odd": transformers_golden(EfficientNetForImageClassification, EfficientNetConfig(
        image_size=46, width_coefficient=0.3, depth_coefficient=1.0, depth_divisor=2, in_channels=[32, 24, 40],
        out_channels=[24, 40, 40], kernel_sizes=[5, 3, 5], strides=[2, 2, 1], num_block_repeats=[1, 1, 2],
        expand_ratios=[1, 2, 6], squeeze_expansion_ratio=0.5, hidden_act="relu", hidden_dim=384, batch_norm_eps=1e-2,
        **labelled(PLAIN, False)), 46, count=2, processor=EfficientNetImageProcessor(rescale_offset=True, include_top=False)),
    "convnext": transformers_golden(ConvNextForImageClassification, ConvNextConfig(
        num_stages=3, hidden_sizes=[10, 14, 22], depths=[1, 2, 1], patch_size=3, image_size=47, layer_scale_init_value=1e-6,
        **labelled(EKMAN, False)), 47),
    "convnext-plain": transformers_golden(ConvNextForImageClassification, ConvNextConfig(
        num_stages=2, hidden_sizes=[13, 13], depths=[2, 1], patch_size=4, image_size=40, layer_scale_init_value=0.0,
        layer_norm_eps=1e-2, hidden_act="relu", **labelled(PLAIN, False)), 40),
    "mini-xception": own_golden(vision_nets.MiniXception, {**XCEPTION, **labelled(EKMAN, False)}, count=2),
    "mini-xception-colour": own_golden(vision_nets.MiniXception, {
        **XCEPTION, "image_size": 51, "num_channels": 3, "stem_sizes": [10], "stem_strides": [2], "stem_padding": 1,
        "hidden_sizes": [14, 14, 21], "hidden_act": "silu", "batch_norm_eps": 1e-5, **labelled(PLAIN, False)}, torch.float16),
    "face-expression-odd": own_golden(vision_nets.FaceExpressionNet, {
        "model_type": "face_expression_net", "image_size": 46, "num_channels": 3, "hidden_sizes": [6, 11, 19], "num_convs": 3,
        **labelled(FER, False)}),
    "face-expression": face_expression,
    "face-finder-odd": detector,
    "face-finder": face_finder,
    "video-gru": video_golden({"architectures": ["MiniXceptionForImageClassification"], **XCEPTION, "hidden_sizes": [11, 17, 23]},
                              lambda: vision_nets.MiniXception({**XCEPTION, "hidden_sizes": [11, 17, 23], "id2label": {0: "none"}}),
                              48, 1, 23, cell="gru", hidden_size=15, num_layers=2),
    "video-lstm": video_golden(
        {**ResNetConfig(embedding_size=8, hidden_sizes=[10, 15], depths=[1, 1], layer_type="basic").to_diff_dict(),
         "architectures": ["ResNetForImageClassification"]},
        lambda: ResNetFeatures(ResNetConfig(embedding_size=8, hidden_sizes=[10, 15], depths=[1, 1], layer_type="basic")),
        33, 3, 15, cell="lstm", hidden_size=13, num_layers=1),
}

if __name__ == "__main__":
    main(GOLDEN, __doc__, "golden-vision")
