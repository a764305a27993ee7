"""Compares the converted nets with the package that they come from, picture by picture. Run by hand.

    pip install torch safetensors numpy pillow
    npm install @vladmandic/face-api@1.7.15 @tensorflow/tfjs@4.22.0 @tensorflow/tfjs-backend-wasm@4.22.0
    python check_face_api.py --modules node_modules --models ../starter PICTURE ...

Each picture, and each face that the original finds in it, goes through both: probabilities of the expression net, and boxes and
scores of the detector at 224, 416 and 608 pixels (from a score of .1). The original's own way of scaling is
rebuilt here (`original_pixels`), so that differences are those of the nets.
"""

import argparse
import json
import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import vision_nets

SIZES, THRESHOLD = (224, 416, 608), 0.1


def original_pixels(picture, side, centred):
    """Black around the picture to make it square, then bilinear sampling from pixel corners, without a filter."""
    height, width = picture.shape[:2]
    both = abs(height - width)
    after = int(both / 2 + 0.5) if centred else both  # half up, as JavaScript rounds
    padding = [(0, 0), (0, 0), (0, 0)]
    padding[1 if height > width else 0] = (both - after, after)
    square = np.pad(picture, padding).astype(np.float32)
    if len(square) == side:
        return square
    at = np.arange(side, dtype=np.float32) * (np.float32(len(square)) / np.float32(side))
    low = np.floor(at).astype(int)
    high, share = np.minimum(low + 1, len(square) - 1), (at - low).astype(np.float32)[:, None]
    rows = square[low] + (square[high] - square[low]) * share[:, None]
    return rows[:, low] + (rows[:, high] - rows[:, low]) * share


def normalised(pixels, preprocessor):
    x = torch.from_numpy(pixels) * preprocessor["rescale_factor"] - torch.tensor(preprocessor["image_mean"])
    return (x / torch.tensor(preprocessor["image_std"])).permute(2, 0, 1)[None]


class Ours:
    def __init__(self, models):
        self.expression, self.finder = (vision_nets.load(models / name) for name in ("face-expression", "face-finder"))
        self.pixels = [json.loads(models.joinpath(name, "preprocessor_config.json").read_text())
                       for name in ("face-expression", "face-finder")]
        self.finder.config["score_threshold"] = THRESHOLD

    def answer(self, picture):
        with torch.no_grad():
            x = normalised(original_pixels(picture, 112, True), self.pixels[0])
            result = {"expression": self.expression(x).softmax(-1)[0].tolist()}
            for side in SIZES:
                scale = side / max(picture.shape[:2])
                height, width = (int(n * scale + 0.5) for n in picture.shape[:2])
                out = self.finder(normalised(original_pixels(picture, side, False), self.pixels[1]))[0]
                result[str(side)] = self.finder.boxes(out, width, height).tolist()
        return result


def original(pictures, modules):
    """What the package answers."""
    with tempfile.TemporaryDirectory() as folder:
        entries = []
        for i, picture in enumerate(pictures):
            file = Path(folder, f"{i}.rgb")
            file.write_bytes(picture.tobytes())
            entries.append({"file": str(file), "height": picture.shape[0], "width": picture.shape[1]})
        task = Path(folder, "task.json")
        task.write_text(json.dumps({"pictures": entries, "sizes": SIZES, "threshold": THRESHOLD}))
        subprocess.run(["node", str(Path(__file__).with_name("face_api_answers.cjs")), str(task)], check=True,
                       env={**os.environ, "NODE_PATH": str(modules.resolve())})
        return json.loads(task.with_suffix(".answers.json").read_text())


def faces(picture, answer):
    """The parts of a picture that the original boxed, best known first."""
    height, width = picture.shape[:2]
    for left, top, right, bottom, _ in answer["416"][:4]:
        part = picture[int(max(top, 0) * height):int(bottom * height), int(max(left, 0) * width):int(right * width)]
        if min(part.shape[:2]) > 0:
            yield np.ascontiguousarray(part)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--modules", type=Path, required=True)
    parser.add_argument("--models", type=Path, default=Path(__file__).parent.parent / "starter")
    parser.add_argument("pictures", nargs="+", type=Path)
    arguments = parser.parse_args()
    pictures = [np.array(Image.open(file).convert("RGB")) for file in arguments.pictures]
    names = [file.name for file in arguments.pictures]
    answers = original(pictures, arguments.modules)
    parts = [(f"{name} face {i}", part) for name, picture, answer in zip(names, pictures, answers)
             for i, part in enumerate(faces(picture, answer))]
    answers += original([part for _, part in parts], arguments.modules)
    ours, worst = Ours(arguments.models), dict.fromkeys(["probability", "box", "score"], 0.0)
    for name, picture, theirs in zip(names + [n for n, _ in parts], pictures + [p for _, p in parts], answers):
        mine = ours.answer(picture)
        differences = {"probability": np.abs(np.subtract(mine["expression"], theirs["expression"])).max()}
        for side in SIZES:
            a, b = np.array(mine[str(side)]).reshape(-1, 5), np.array(theirs[str(side)]).reshape(-1, 5)
            if len(a) != len(b):
                raise SystemExit(f"{name} at {side}: {len(a)} faces here, {len(b)} there")
            if len(a):
                differences["box"] = max(differences.get("box", 0), np.abs(a - b)[:, :4].max())
                differences["score"] = max(differences.get("score", 0), np.abs(a - b)[:, 4].max())
        print(f"{name:30}", "  ".join(f"{k} {v:.1e}" for k, v in differences.items()), f" {len(mine['416'])} faces")
        worst = {key: max(value, differences.get(key, 0)) for key, value in worst.items()}
    print(f"{len(answers)} pictures, most that differs:", "  ".join(f"{k} {v:.1e}" for k, v in worst.items()))
    raise SystemExit(int(max(worst.values()) > 1e-3))


if __name__ == "__main__":
    main()
