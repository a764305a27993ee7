"""Training of the CNN and of the GRU over its features, in turns with other work on the machine where that is asked for."""

import contextlib
import copy
import fcntl
import time

import numpy as np
import torch
from torch import nn

from fit import optimizer_for, schedule


class Turns:
    """A lock on a file that other work waits for too; given back at least every `seconds`. Without a path, no lock."""

    def __init__(self, path=None, seconds=270):
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
    """Mirrored, moved, other colours and contrast, blurred or noisy as in clips, a piece missing."""
    n = len(x)
    flip = torch.from_numpy(rng.random(n) < .5)
    x = torch.where(flip[:, None, None, None], x.flip(3), x)
    dy, dx = rng.integers(-4, 5, 2)
    x = torch.roll(x, (int(dy), int(dx)), (2, 3))
    gain = torch.from_numpy(rng.normal(1, .12, (n, 1, 1, 1)) * rng.normal(1, .07, (n, 3, 1, 1))).float()
    x = x * gain + torch.from_numpy(rng.normal(0, .1, (n, 1, 1, 1))).float()
    grey = torch.from_numpy(rng.random(n) < .1)
    x = torch.where(grey[:, None, None, None], x.mean(1, keepdim=True), x)
    swap = torch.from_numpy(rng.random(n) < .05)
    x = torch.where(swap[:, None, None, None], x[:, list(rng.permutation(3))], x)
    blurred = torch.from_numpy(rng.random(n) < .08)
    x = torch.where(blurred[:, None, None, None], nn.functional.avg_pool2d(x, 3, 1, 1, count_include_pad=False), x)
    noisy = torch.from_numpy((rng.random(n) < .15) * rng.uniform(.02, .25, n)).float()
    x = x + noisy[:, None, None, None] * torch.randn_like(x)
    for k in np.flatnonzero(rng.random(n) < .08):
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


def fit_pictures(model, images, goal, epochs, turns, rate=2e-3, decay=.02, batch=128, smoothing=.05, seed=0, keep=None,
                 check=None, log=print):
    """goal: soft labels [n, L]. keep: a file with the state after each epoch, from which a run that was stopped goes on.
    -> the moving average of the weights (.998)."""
    torch.manual_seed(seed)
    goal = torch.from_numpy(goal * (1 - smoothing) + smoothing / goal.shape[1])
    model.to(memory_format=torch.channels_last)
    optimizer = optimizer_for([model], rate, decay)
    steps = epochs * (len(images) // batch)
    scheduler = schedule(optimizer, steps, steps // 20)
    average, pairs = averages(model)
    parts = {"model": model, "average": average, "optimizer": optimizer, "scheduler": scheduler}
    first = 0
    if keep and keep.exists():
        state = torch.load(keep)
        first = state.pop("epoch")
        for name, part in parts.items():
            part.load_state_dict(state[name])
        log(f"goes on after epoch {first}")
    with turns.held():
        for epoch in range(first, epochs):
            rng = np.random.default_rng([seed, epoch])
            model.train()
            started, total, busy = time.time(), 0.0, 0.0
            order = rng.permutation(len(images))
            for begin in range(0, len(order) - batch + 1, batch):
                t = time.time()
                chosen = np.sort(order[begin:begin + batch])
                x = disturb(standard(images[chosen]), rng).contiguous(memory_format=torch.channels_last)
                with torch.autocast("cpu", torch.bfloat16):
                    logits = model.classifier(nn.functional.dropout(model.features(x), .2))
                loss = nn.functional.cross_entropy(logits.float(), goal[chosen])
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(model.parameters(), 2.0)
                optimizer.step()
                scheduler.step()
                total += loss.item()
                step = scheduler.last_epoch
                follow(pairs, min(.998, (step + 1) / (step + 10)))
                busy += time.time() - t
                turns.breathe()
            log(f"epoch {epoch + 1}/{epochs} loss {total / (len(images) // batch):.4f} {busy:.0f} s of "
                f"{time.time() - started:.0f} {check(average) if check else ''}")
            if keep:
                torch.save({"epoch": epoch + 1, **{n: part.state_dict() for n, part in parts.items()}}, keep)
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


def fit_clips(video, features, goal, epochs, turns, rate=2e-3, decay=.3, batch=32, smoothing=.05, seed=0, check=None,
              log=print):
    """Trains rnn and classifier of `video` on features [N, T, F] and soft labels [N, T, L] (NaN after a clip's end). The
    features are standardised for the training, and that is folded into the weights. Few avatars, many features: most of a
    clip's features are left out each time, and the others are noisy. -> the moving average (.98)."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    goal = torch.from_numpy(goal)
    counts = ~torch.isnan(goal[..., :1])
    known = torch.from_numpy(features)[counts[..., 0]]
    mean, std = known.mean(0), known.std(0) + 1e-3
    x = torch.nan_to_num((torch.from_numpy(features) - mean) / std)
    goal = torch.nan_to_num(goal) * (1 - smoothing) + smoothing / goal.shape[-1]
    model = nn.ModuleDict({"rnn": video.rnn, "classifier": video.classifier})
    optimizer = optimizer_for([model], rate, decay)
    steps = epochs * -(-len(x) // batch)
    scheduler = schedule(optimizer, steps, steps // 20)
    average, pairs = averages(model)
    step = 0
    with turns.held():
        for epoch in range(epochs):
            total, frames = 0.0, 0
            order = rng.permutation(len(x))
            for begin in range(0, len(order), batch):
                chosen = order[begin:begin + batch]
                clip = x[chosen]
                clip = clip * (torch.rand(len(chosen), 1, clip.shape[-1]) > .7) / .3 + .5 * torch.randn_like(clip)
                states = nn.functional.dropout(model["rnn"](clip)[0], .3)
                known = counts[chosen]
                loss = -(known * goal[chosen] * model["classifier"](states).log_softmax(-1)).sum() / known.sum()
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                scheduler.step()
                step += 1
                count = int(known.sum())
                total, frames = total + loss.item() * count, frames + count
                follow(pairs, min(.98, (step + 1) / (step + 10)))
                turns.breathe()
            if (epoch + 1) % 3 == 0:
                log(f"epoch {epoch + 1}/{epochs} loss {total / frames:.4f} "
                    f"{check(folded(average, mean, std)) if check else ''}")
    return folded(average, mean, std)


def folded(model, mean, std):
    """The same for features that are not standardised."""
    model = copy.deepcopy(model)
    with torch.no_grad():
        rnn = model["rnn"]
        rnn.weight_ih_l0.div_(std)
        rnn.bias_ih_l0.sub_(rnn.weight_ih_l0 @ mean)
    return model


@torch.no_grad()
def logits_of_clips(model, features):
    """f32 [N, T, L] of features [N, T, F]."""
    return model["classifier"](model["rnn"](torch.from_numpy(np.nan_to_num(features)))[0]).numpy()


def fit_frames(features, goal, epochs=20, rate=1e-2, seed=0):
    """A linear classifier of single frames, fitted to the clips as the GRU is: what the GRU gains beyond that is memory.
    -> function of features [N, T, F] to logits"""
    torch.manual_seed(seed)
    counts = ~np.isnan(goal[..., 0])
    x, y = torch.from_numpy(features[counts]), torch.from_numpy(goal[counts])
    mean, std = x.mean(0), x.std(0) + 1e-3
    x = (x - mean) / std
    linear = nn.Linear(x.shape[1], y.shape[1])
    optimizer = torch.optim.AdamW(linear.parameters(), lr=rate, weight_decay=.01)
    scheduler = schedule(optimizer, epochs * -(-len(x) // 1024), 10)
    for _ in range(epochs):
        for chosen in torch.randperm(len(x)).split(1024):
            loss = nn.functional.cross_entropy(linear(x[chosen]), y[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
    linear.requires_grad_(False)
    return lambda f: linear((torch.from_numpy(f) - mean) / std).numpy()
