"""Clips of one avatar whose expression comes, stays and goes, filmed badly: blinks, speech, a hand before the face, motion
blur, heavy noise. Each frame has an intensity, and a label by the same rule as a picture."""

import copy
import math
from multiprocessing import get_context

import numpy as np

from avatar_data import FIRST_SEED
from avatar_identity import identity
from avatar_scene import render, scene
from avatar_units import CALM, FELT, LABELS, speaking

FRAMES = 64


def course(rng, frames, rate):
    """Which emotion and how strong, frame by frame: calm, then one or two emotions that rise, hold and fall. -> label [T],
    intensity [T], and the number of the emotion's turn [T]"""
    label, intensity, turn = np.zeros(frames, int), np.zeros(frames), np.zeros(frames, int)
    at = rng.uniform(-.5, 1.2) * rate
    number = 0
    while at < frames:
        emotion = int(rng.integers(1, len(LABELS)))
        rise, hold, fall = rng.uniform(.15, .7) * rate, rng.uniform(.5, 2.5) * rate, rng.uniform(.2, .9) * rate
        peak = rng.uniform(FELT, 1)
        t = np.arange(frames)
        level = np.clip(np.minimum((t - at) / rise, (at + rise + hold + fall - t) / fall), 0, 1)
        level = peak * (.5 - .5 * np.cos(math.pi * level))
        mine = level > intensity
        label[mine], intensity[mine], turn[mine] = emotion, level[mine], number
        at += rise + hold + fall + rng.uniform(-.2, 1.0) * rate
        number += 1
    return label, intensity, turn


def talking(rng, frames, rate):
    """Speech in stretches, a new mouth shape four to eight times a second; None where silent."""
    shapes = [None] * frames
    if rng.random() < .5:
        begin, end = sorted(rng.integers(0, frames + 1, 2))
        shape, left = None, 0.0
        for t in range(begin, end):
            if left <= 0:
                shape, left = speaking(rng), rate / rng.uniform(4, 8)
            shapes[t], left = shape, left - 1
    return shapes


def blinking(rng, frames, rate):
    closed = np.zeros(frames)
    at = rng.uniform(0, 3) * rate
    while at < frames:
        half = rng.uniform(.06, .12) * rate
        closed = np.maximum(closed, np.clip(1.3 - np.abs(np.arange(frames) - at) / max(half, .6), 0, 1))
        at += rng.uniform(1.2, 4) * rate
    return closed


def hidden(rng, frames):
    """For some frames something comes before the face. -> kind by frame"""
    kinds = [None] * frames
    for _ in range(rng.integers(0, 3)):
        begin, length = int(rng.integers(0, frames)), int(rng.integers(3, 14))
        kind = ["hand", "bar", "visor", "mic"][rng.integers(4)]
        kinds[begin:begin + length] = [kind] * len(kinds[begin:begin + length])
    return kinds


def clip(split, number):
    """-> pictures u8 [T, 64, 64, 3], label [T] (the emotion, whatever its strength; 0 without), intensity [T], rate"""
    rng = np.random.default_rng([13, FIRST_SEED[split], number])
    i = identity(FIRST_SEED[split] + number)
    frames, rate = int(rng.integers(24, FRAMES + 1)), int(rng.integers(12, 31))
    label, intensity, turn = course(rng, frames, rate)
    patterns = {}
    shapes, closed, kinds = talking(rng, frames, rate), blinking(rng, frames, rate), hidden(rng, frames)
    base = scene(rng, i.style, 0)
    noisy, pace = rng.uniform(4, 34), rng.uniform(.3, 1.2)
    drift = np.zeros(6)
    pictures = []
    for t in range(frames):
        s = copy.copy(base)
        drift = .9 * drift + pace / math.sqrt(rate) * rng.normal(0, 1, 6) * (.12, .08, .08, .012, .03, .03)
        s.yaw, s.pitch = float(np.clip(s.yaw + drift[0], -.6, .6)), float(np.clip(s.pitch + drift[1], -.35, .35))
        s.roll, s.scale = s.roll + drift[2], s.scale * (1 + drift[3])
        s.dx, s.dy = s.dx + drift[4] * .5, s.dy + drift[5] * .5
        s.gamma = base.gamma * math.exp(rng.normal(0, .05))
        s.hidden = kinds[t]
        s.noise, s.noise_seed = noisy * rng.uniform(.6, 1.4), int(rng.integers(1 << 30))
        if base.background == "noise":
            s.background = "gradient"
        s.blur = rng.uniform(.4, 1.6) if rng.random() < .3 else 0.0
        s.motion = int(rng.integers(3, 10)) if rng.random() < .25 else 0
        s.low = int(rng.integers(16, 40)) if rng.random() < .15 else 0
        s.jpeg = int(rng.integers(12, 70)) if rng.random() < .4 else 0
        if turn[t] not in patterns:
            patterns[turn[t]] = i.expressor.pattern(LABELS[label[t]], rng)
        face = i.expressor.face(patterns[turn[t]] if label[t] else np.zeros_like(i.expressor.rest), intensity[t], shapes[t], closed[t])
        pictures.append(render(i, face, s, LABELS[label[t]], intensity[t]))
    return np.stack(pictures), label, intensity, rate


def one(job):
    return clip(*job)


def clips(split, count, processes=2):
    """-> pictures u8 [M, 64, 64, 3] of all clips one after another; rows f32 [M, 3]: clip, label, intensity"""
    pictures, rows = [], []
    with get_context("fork").Pool(processes) as pool:
        for n, (frames, label, intensity, _) in enumerate(pool.imap(one, ((split, n) for n in range(count)), 4)):
            pictures.append(frames)
            rows.append(np.stack([np.full(len(frames), n), label, intensity], 1))
    return np.concatenate(pictures), np.concatenate(rows).astype(np.float32)


def by_clip(rows, values):
    """[M, ...] of all frames -> [N, FRAMES, ...], NaN after a clip's end"""
    number = rows[:, 0].astype(int)
    start = np.searchsorted(number, np.arange(number[-1] + 1))
    result = np.full((number[-1] + 1, FRAMES, *values.shape[1:]), np.nan, np.float32)
    result[number, np.arange(len(number)) - start[number]] = values
    return result


def hard_labels(rows):
    """[M]; -1 in the grey zone, where there is no right answer."""
    return np.where(rows[:, 2] >= FELT, rows[:, 1], np.where(rows[:, 2] <= CALM, 0, -1)).astype(int)
