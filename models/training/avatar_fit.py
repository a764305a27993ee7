"""Training of the two networks of avatars.py, in turns with other work on the machine where that is asked for."""

import contextlib
import copy
import fcntl
import time

import numpy as np
import torch
from torch import nn

from avatar_data import targets
from fit import optimizer_for, schedule


class Turns:
    """A lock on a file that other work waits for too; given back at least every `seconds`. Without a path, no lock."""

    def __init__(self, path=None, seconds=240):
        self.path, self.seconds, self.file, self.since = path, seconds, None, 0.0

    @contextlib.contextmanager
    def held(self):
        self.take()
        try:
            yield self
        finally:
            self.give()

    def take(self):
        if self.path:
            self.file = open(self.path, "a")
            fcntl.flock(self.file, fcntl.LOCK_EX)
        self.since = time.time()

    def give(self):
        if self.file:
            self.file.close()
            self.file = None

    def breathe(self):
        if self.path and time.time() - self.since > self.seconds:
            self.give()
            time.sleep(1)
            self.take()


def standard(images):
    """u8 [n, 64, 64, 3] -> f32 [n, 3, 64, 64] from -1 to 1, as preprocessor_config.json says."""
    return torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float().mul(1 / 127.5).sub(1)


def disturb(x, rng):
    """Mirrored, moved, other colours and contrast, a piece missing."""
    n = len(x)
    flip = torch.from_numpy(rng.random(n) < .5)
    x = torch.where(flip[:, None, None, None], x.flip(3), x)
    dy, dx = rng.integers(-4, 5, 2)
    x = torch.roll(x, (int(dy), int(dx)), (2, 3))
    gain = torch.from_numpy(rng.normal(1, .12, (n, 1, 1, 1)) * rng.normal(1, .07, (n, 3, 1, 1))).float()
    x = x * gain + torch.from_numpy(rng.normal(0, .1, (n, 1, 1, 1))).float()
    grey = torch.from_numpy(rng.random(n) < .1)
    x = torch.where(grey[:, None, None, None], x.mean(1, keepdim=True), x)
    swap = torch.from_numpy(rng.random(n) < .1)
    x = torch.where(swap[:, None, None, None], x[:, list(rng.permutation(3))], x)
    for k in np.flatnonzero(rng.random(n) < .15):
        h, w = rng.integers(6, 20, 2)
        y0, x0 = rng.integers(0, 64 - h), rng.integers(0, 64 - w)
        x[k, :, y0:y0 + h, x0:x0 + w] = float(rng.uniform(-1, 1))
    return x.clamp(-1, 1)


def averages(model):
    average = copy.deepcopy(model).eval()
    pairs = [(a, b) for a, b in zip(average.state_dict().values(), model.state_dict().values())
             if a.dtype.is_floating_point]
    return average, pairs


def follow(pairs, keep):
    with torch.no_grad():
        torch._foreach_lerp_([a for a, _ in pairs], [b for _, b in pairs], 1 - keep)


def fit_pictures(model, images, rows, epochs, turns, rate=2e-3, decay=.02, batch=128, smoothing=.05, seed=0, check=None,
                 log=print):
    """-> the moving average of the weights (.998)."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    goal = torch.from_numpy(targets(rows, smoothing))
    model.to(memory_format=torch.channels_last)
    optimizer = optimizer_for([model], rate, decay)
    steps = epochs * (len(images) // batch)
    scheduler = schedule(optimizer, steps, steps // 20)
    average, pairs = averages(model)
    step = 0
    with turns.held():
        for epoch in range(epochs):
            model.train()
            started, total, busy = time.time(), 0.0, 0.0
            order = rng.permutation(len(images))
            for begin in range(0, len(order) - batch + 1, batch):
                t = time.time()
                chosen = np.sort(order[begin:begin + batch])
                x = disturb(standard(images[chosen]), rng).contiguous(memory_format=torch.channels_last)
                with torch.autocast("cpu", torch.bfloat16):
                    logits = model(x)
                loss = nn.functional.cross_entropy(logits.float(), goal[chosen])
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(model.parameters(), 2.0)
                optimizer.step()
                scheduler.step()
                step += 1
                total += loss.item()
                follow(pairs, min(.998, (step + 1) / (step + 10)))
                busy += time.time() - t
                turns.breathe()
            log(f"epoch {epoch + 1}/{epochs} loss {total / (len(images) // batch):.4f} {busy:.0f} s of "
                f"{time.time() - started:.0f} {check(average) if check else ''}")
    return average


@torch.no_grad()
def logits_of(model, images, features=False, batch=256):
    """f32 logits, or (logits, features), of u8 pictures."""
    model.eval()
    found, seen = [], []
    for begin in range(0, len(images), batch):
        f = model.features(standard(images[begin:begin + batch]).contiguous(memory_format=torch.channels_last))
        found.append(model.classifier(f).numpy())
        seen.append(f.numpy())
    found = np.concatenate(found).astype(np.float32)
    return (found, np.concatenate(seen).astype(np.float32)) if features else found
