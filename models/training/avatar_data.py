"""Sets of rendered pictures and clips. Everything follows from seeds; identities of different sets never meet."""

from multiprocessing import get_context

import numpy as np

from avatar_canvas import SIZE
from avatar_identity import STYLES, identity
from avatar_scene import render, scene
from avatar_units import CALM, FELT, LABELS, speaking

FIRST_SEED = {"train": 0, "dev": 1_000_000, "test": 2_000_000, "grey": 3_000_000, "clips-train": 4_000_000,
              "clips-dev": 5_000_000, "clips-test": 6_000_000}
COLUMNS = ["label", "intensity", "style", "hidden", "speech", "toward"]
# label: place in LABELS, the emotion felt if there is a grey zone; toward: for neutral, the trace of what emotion


def picture(split, number, each):
    """One picture of a set and its row of COLUMNS. `each` pictures show one identity, with the labels in turn."""
    seed = FIRST_SEED[split] + number // each
    rng = np.random.default_rng([11, FIRST_SEED[split], number])
    i = identity(seed)
    label = (number + seed) % len(LABELS) if each % len(LABELS) == 0 else int(rng.integers(len(LABELS)))
    toward = label if label else int(rng.integers(1, len(LABELS)))
    if label == 0:
        intensity = 0.0 if rng.random() < .5 else rng.uniform(0, CALM)
    else:
        intensity = rng.uniform(FELT, 1)
    if split == "grey" or (split == "train" and rng.random() < .1):
        label, intensity = toward, rng.uniform(CALM, FELT)
    speech = speaking(rng) if rng.random() < .25 else None
    closed = rng.uniform(.5, 1) if rng.random() < .06 else 0.0
    pattern = i.expressor.pattern(LABELS[toward], rng)
    s = scene(rng, i.style)
    pixels = render(i, i.expressor.face(pattern, intensity, speech, closed), s, LABELS[label], intensity)
    return pixels, (label, intensity, STYLES.index(i.style), s.hidden is not None, speech is not None, toward)


def one(job):
    return picture(*job)


def pictures(split, count, each, processes=2):
    """-> u8 [count, 64, 64, 3], f32 [count, COLUMNS]"""
    images = np.zeros((count, SIZE, SIZE, 3), dtype=np.uint8)
    rows = np.zeros((count, len(COLUMNS)), dtype=np.float32)
    with get_context("fork").Pool(processes) as pool:
        jobs = ((split, n, each) for n in range(count))
        for n, (pixels, row) in enumerate(pool.imap(one, jobs, 64)):
            images[n], rows[n] = pixels, row
    return images, rows


def column(rows, name):
    return rows[:, COLUMNS.index(name)]


def soft_labels(label, intensity):
    """f32 [n, 7]: between CALM and FELT the emotion shares with neutral."""
    label = label.astype(int)
    felt = np.where(label > 0, np.clip((intensity - CALM) / (FELT - CALM), 0, 1), 0)
    result = np.zeros((len(label), len(LABELS)), dtype=np.float32)
    result[np.arange(len(label)), label] = felt
    result[:, 0] += 1 - felt
    return result


def sheet(people=6, first=50):
    """A picture to look at: avatars of all styles by expressions, each strong and weak. -> u8 [h, w, 3]"""
    lines = []
    for k in range(people):
        rng = np.random.default_rng([17, k])
        i = identity(first + k, STYLES[k % len(STYLES)])
        line = []
        for label in LABELS:
            for intensity in (1.0, .5) if label != LABELS[0] else (0.0,):
                s = scene(rng, i.style, .4)
                pattern = i.expressor.pattern(label, rng)
                line.append(render(i, i.expressor.face(pattern, intensity), s, label, intensity))
        lines.append(np.concatenate(line, 1))
    return np.concatenate(lines)
