"""Figures of the avatar models: accuracy, F1, confusion, calibration; the emoji as faces of a style never seen."""

import csv
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.metrics import f1_score

from avatar_canvas import SIZE
from avatar_data import column
from avatar_identity import STYLES
from avatar_units import LABELS

EMOJI = {"joy": "happy", "sadness": "sad", "anger": "angry", "fear": "fearful", "disgust": "disgusted",
         "surprise": "surprised", "neutral": "neutral"}


def softmax(logits, temperature=1.0):
    z = np.asarray(logits, dtype=np.float64) / temperature
    z = np.exp(z - z.max(-1, keepdims=True))
    return z / z.sum(-1, keepdims=True)


def loss(logits, gold, temperature):
    return float(-np.log(softmax(logits, temperature)[np.arange(len(gold)), gold] + 1e-12).mean())


def best_temperature(logits, gold):
    """The divisor of the logits with the least cross-entropy, to .01."""
    return float(min(np.arange(.2, 3, .01).round(2), key=lambda t: loss(logits, gold, t)))


def calibration_error(probability, gold, bins=15):
    """Expected calibration error of the top label (Guo et al. 2017)."""
    sure, right = probability.max(1), probability.argmax(1) == gold
    place = np.minimum((sure * bins).astype(int), bins - 1)
    return float(sum(abs(sure[place == b].mean() - right[place == b].mean()) * (place == b).mean() for b in np.unique(place)))


def figures(logits, gold, temperature=1.0):
    chosen = logits.argmax(1)
    confusion = np.zeros((len(LABELS), len(LABELS)), int)
    np.add.at(confusion, (gold, chosen), 1)
    return {"examples": len(gold), "accuracy": float((chosen == gold).mean()),
            "macro_f1": float(f1_score(gold, chosen, average="macro", labels=range(len(LABELS)), zero_division=0)),
            "f1": dict(zip(LABELS, map(float, f1_score(gold, chosen, average=None, labels=range(len(LABELS)), zero_division=0)))),
            "calibration_error": calibration_error(softmax(logits, temperature), gold),
            "calibration_error_without_temperature": calibration_error(softmax(logits), gold),
            "cross_entropy": loss(logits, gold, temperature), "confusion": confusion.tolist()}


def parts(logits, rows):
    """Accuracy by style, by intensity, and with and without what makes it hard."""
    right = logits.argmax(1) == column(rows, "label")
    intensity = column(rows, "intensity")
    felt = column(rows, "label") > 0

    def of(chosen):
        return {"examples": int(chosen.sum()), "accuracy": float(right[chosen].mean())}
    result = {"style": {s: of(column(rows, "style") == k) for k, s in enumerate(STYLES)}, "intensity": {}}
    result["intensity"]["neutral, 0"] = of(~felt & (intensity == 0))
    result["intensity"]["neutral, to .1"] = of(~felt & (intensity > 0))
    for low, high in ((.35, .45), (.45, .55), (.55, .7), (.7, .85), (.85, 1.01)):
        result["intensity"][f"{low:.2f} to {min(high, 1):.2f}"] = of(felt & (intensity >= low) & (intensity < high))
    for name in ("hidden", "speech"):
        result[name] = {word: of(column(rows, name) == value) for word, value in (("with", 1), ("without", 0))}
    return result


def grey_zone(logits, rows, steps=(.1, .15, .2, .25, .3, .35)):
    """Between the rule's bounds: the share of pictures called by the emotion, neutral, and another."""
    chosen, label, intensity = logits.argmax(1), column(rows, "label"), column(rows, "intensity")
    result = {}
    for low, high in zip(steps, steps[1:]):
        mine = (intensity >= low) & (intensity < high)
        emotion, calm = (chosen == label)[mine].mean(), (chosen == 0)[mine].mean()
        result[f"{low:.2f} to {high:.2f}"] = {"examples": int(mine.sum()), "emotion": float(emotion), "neutral": float(calm),
                                              "another": float(1 - emotion - calm)}
    return result


def emoji(folder, rounds=5, seed=0):
    """Emoji on plain backgrounds of chance. -> pictures u8 [n · rounds, 64, 64, 3], emotions and names of each (n)"""
    folder, rng = Path(folder), np.random.default_rng(seed)
    pictures, emotions, names = [], [], []
    with open(folder / "emotion_map.csv", encoding="utf-8") as stream:
        table = list(csv.DictReader(stream))
    for kind, prefix in (("noto_128", "emoji_u"), ("emojitwo_128", "")):
        for row in table:
            file = next((f for f in (folder / kind / f"{p}{row['codepoint']}.png" for p in (prefix, "")) if f.exists()), None)
            if file is None:
                continue
            face = Image.open(file).convert("RGBA")
            emotions.append(row["emotion"])
            names.append(f"{kind.split('_')[0]} {row['unicode_name']}")
            for _ in range(rounds):
                side = int(rng.integers(50, SIZE + 1))
                ground = Image.new("RGBA", (SIZE, SIZE), (*map(int, rng.integers(0, 256, 3)), 255))
                at = tuple(map(int, rng.integers(0, SIZE - side + 1, 2)))
                ground.alpha_composite(face.resize((side, side), Image.LANCZOS), at)
                pictures.append(np.asarray(ground.convert("RGB")))
    return np.stack(pictures), emotions, names


def emoji_figures(logits, emotions, rounds, temperature=1.0):
    """Of the emoji whose emotion is a label; what the others are taken for is counted beside it."""
    known = np.repeat([e in EMOJI for e in emotions], rounds)
    gold = np.repeat([LABELS.index(EMOJI[e]) if e in EMOJI else -1 for e in emotions], rounds)
    result = figures(logits[known], gold[known], temperature)
    result["recall"] = {name: float((logits[gold == k].argmax(1) == k).mean()) for k, name in enumerate(LABELS)}
    result["pictures"] = int(known.sum() // rounds)
    result["compositions"] = rounds
    taken = {}
    for e in sorted(set(emotions) - set(EMOJI)):
        mine = logits[np.repeat([x == e for x in emotions], rounds)].argmax(1)
        taken[e] = {LABELS[k]: int((mine == k).sum()) for k in np.unique(mine)}
    result["without_a_class"] = taken
    return result


def memory(frame_logits, linear_logits, video_logits, hard, averaged):
    """Clips [N, T, L] against labels [N, T] (-1: not counted): single frames, an average over time, and the GRU.
    averaged: share of the new frame, chosen on other clips."""
    smooth = running_average(frame_logits, averaged)
    result = {"frames": int((hard >= 0).sum()), "average_share": averaged}
    for name, logits in (("frame", frame_logits), ("frame_refitted", linear_logits), ("average", smooth), ("gru", video_logits)):
        counted = hard >= 0
        chosen = np.nan_to_num(logits, nan=-1e9).argmax(-1)
        both = counted[:, 1:] & counted[:, :-1]
        result[name] = {"accuracy": float((chosen == hard)[counted].mean()),
                        "macro_f1": float(f1_score(hard[counted], chosen[counted], average="macro", zero_division=0)),
                        "changes": float((chosen[:, 1:] != chosen[:, :-1])[both].mean())}
    return result


def running_average(logits, share):
    probability = softmax(np.nan_to_num(logits))
    state, result = probability[:, 0], [probability[:, 0]]
    for t in range(1, probability.shape[1]):
        state = (1 - share) * state + share * probability[:, t]
        result.append(state)
    return np.stack(result, 1)


def best_share(frame_logits, hard):
    counted = hard >= 0
    return float(max((.1, .15, .2, .3, .4, .5, .6, .8, 1.0), key=lambda s: (
        (running_average(frame_logits, s).argmax(-1) == hard)[counted].mean())))
