"""Writes the two folders (F16 weights), their figures (of the weights as stored) and golden figures for the Java tests."""

import copy
import json

import numpy as np
import torch
from safetensors.torch import load_file, save_file

import avatar_clips
import avatar_scores as scores
import vision_nets
from avatar_data import soft_labels
from avatar_fit import fit_frames, logits_of, logits_of_clips
from avatar_units import LABELS

NAMES = {"id2label": {str(i): n for i, n in enumerate(LABELS)}, "label2id": {n: i for i, n in enumerate(LABELS)},
         "problem_type": "single_label_classification"}
FRAME = {"model_type": "mini_xception", "image_size": 64, "num_channels": 3, "stem_sizes": [24, 48], "stem_strides": [2, 2],
         "stem_padding": 1, "hidden_sizes": [96, 192, 320], "hidden_act": "relu", "batch_norm_eps": 1e-5, **NAMES}
VIDEO = {"model_type": "limbic_video", "cell": "gru", "hidden_size": 96, "num_layers": 1, "frames_per_second": 20, **NAMES}
PREPROCESSOR = {"do_resize": True, "size": {"height": 64, "width": 64}, "resample": 2, "do_rescale": True,
                "rescale_factor": 1 / 255, "do_normalize": True, "image_mean": [.5] * 3, "image_std": [.5] * 3}


def new_cnn():
    return vision_nets.MiniXception(copy.deepcopy(FRAME))


def new_video(cnn):
    config = {**VIDEO, "frame": {"architectures": [vision_nets.MiniXception.architecture], **FRAME}}
    return vision_nets.VideoClassifier(config, cnn, FRAME["hidden_sizes"][-1])


def stored(net):
    """The net with its weights rounded as they are stored, computing in f32."""
    net = copy.deepcopy(net).eval()
    with torch.no_grad():
        for tensor in (*net.parameters(), *net.buffers()):
            if tensor.dtype.is_floating_point:
                tensor.copy_(tensor.half().float())
    return net


def features_by_clip(load, split, cnn):
    """-> features [N, T, F] and logits [N, T, L] of single frames (NaN after the end), soft labels, hard labels (-1 too)"""
    images, rows = load(split)
    logits, features = logits_of(cnn, images, features=True)
    soft = soft_labels(rows[:, 1], rows[:, 2])
    hard = avatar_clips.by_clip(rows, avatar_clips.hard_labels(rows))
    return (avatar_clips.by_clip(rows, features), avatar_clips.by_clip(rows, logits), avatar_clips.by_clip(rows, soft),
            np.nan_to_num(hard, nan=-1).astype(int))


def write_pictures(run, cnn, folder):
    """-> figures"""
    cnn = stored(cnn)
    (dev, dev_rows), (test, test_rows), (grey, grey_rows) = map(run.load, ("dev", "test", "grey"))
    gold = {name: scores.column(rows, "label").astype(int) for name, rows in (("dev", dev_rows), ("test", test_rows))}
    temperature = scores.best_temperature(logits_of(cnn, dev), gold["dev"])
    logits = logits_of(cnn, test)
    result = {"temperature": temperature, "parameters": sum(p.numel() for p in cnn.parameters()),
              "dev": scores.figures(logits_of(cnn, dev), gold["dev"], temperature),
              "test": {**scores.figures(logits, gold["test"], temperature), **scores.parts(logits, test_rows)},
              "grey_zone": scores.grey_zone(logits_of(cnn, grey), grey_rows)}
    if run.o.emoji:
        pictures, emotions, _ = scores.emoji(run.o.emoji)
        result["emoji"] = scores.emoji_figures(logits_of(cnn, pictures), emotions, len(pictures) // len(emotions), temperature)
    cnn.config["limbic"] = {"taxonomy": "fer-7", "temperature": temperature}
    vision_nets.save(cnn, folder, PREPROCESSOR, torch.float16)
    return result


def write_video(run, video, folder):
    """-> figures"""
    video = stored(video)
    parts = torch.nn.ModuleDict({"rnn": video.rnn, "classifier": video.classifier})
    dev, dev_frames, _, dev_hard = features_by_clip(run.load, "clips-dev", video.frame)
    dev_logits = logits_of_clips(parts, dev)
    temperature = scores.best_temperature(dev_logits[dev_hard >= 0], dev_hard[dev_hard >= 0])
    train, _, soft, _ = features_by_clip(run.load, "clips-train", video.frame)
    linear = fit_frames(train, soft)
    test, frames, _, hard = features_by_clip(run.load, "clips-test", video.frame)
    logits = logits_of_clips(parts, test)
    result = {"temperature": temperature, "parameters": sum(p.numel() for p in video.parameters()) - sum(
                  p.numel() for p in video.frame.classifier.parameters()),
              "test": scores.figures(logits[hard >= 0], hard[hard >= 0], temperature),
              "memory": scores.memory(frames, linear(test), logits, hard, scores.best_share(dev_frames, dev_hard)),
              "step_by_step_differs": step_by_step(parts, test[:20], logits[:20])}
    video.config["limbic"] = {"taxonomy": "fer-7", "temperature": temperature}
    vision_nets.save(video, folder, PREPROCESSOR, torch.float16)
    return result


@torch.no_grad()
def step_by_step(parts, features, whole):
    """Largest difference of logits between frame after frame with the state carried over, and the whole clip at once."""
    x, state, differences = torch.from_numpy(np.nan_to_num(features)), None, []
    for t in range(x.shape[1]):
        states, state = parts["rnn"](x[:, t:t + 1], state)
        differences.append(np.abs(parts["classifier"](states)[:, 0].numpy() - whole[:, t]).max())
    return float(np.max(differences))  # NaN stays NaN


@torch.no_grad()
def golden(run, expression, video, folder):
    """expected.safetensors as models/src/test/python/make_vision_golden.py describes it, of the folders as written."""
    cnn = vision_nets.load(expression)
    images, _ = run.load("test")
    pictures = images[:len(LABELS)]
    x = standard(pictures)
    keep(folder / "avatar-expression", pictures=torch.from_numpy(pictures), features=cnn.features(x), logits=cnn(x))
    net = new_video(new_cnn())
    surplus = net.load_state_dict({k: v.float() for k, v in load_file(video / "model.safetensors").items()}, strict=False)
    if surplus.unexpected_keys:
        raise ValueError(f"{video}: {surplus.unexpected_keys}")
    net.eval()
    images, rows = run.load("clips-test")
    frames = np.flatnonzero(rows[:, 0] == 0)[::3][:12]
    x = standard(images[frames])[None]
    logits, state = net(x)
    keep(folder / "avatar-video", pictures=torch.from_numpy(images[frames])[None], features=net.frame.features(x[0])[None],
         logits=logits, **{"state.h": state})


def standard(pictures):
    """As preprocessor_config.json says."""
    return ((torch.from_numpy(pictures).permute(0, 3, 1, 2).double() / 255 - .5) / .5).float()


def keep(folder, **tensors):
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "expected.safetensors"
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, file)
    file.chmod(0o644)


def reference(folder, result):
    (folder / "reference.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
