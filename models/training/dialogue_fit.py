"""Training that can be stopped and continued, and held-out perplexity."""

import math
import os
import time

import numpy as np
import torch
from torch import nn

from dialogue_data import ASSISTANT, END, FIRST_EMOTION, EMOTIONS, USER, batch, rows
from dialogue_model import IGNORE, sight
from fit import optimizer_for


def rate_factor(share, warmup=0.02, last=0.02):
    """Linear warm-up, then a cosine from 1 to `last`; share: how much of the training is done."""
    if share < warmup:
        return max(share / warmup, 0.01)
    return last + (1 - last) * 0.5 * (1 + math.cos(math.pi * min(1.0, (share - warmup) / (1 - warmup))))


def epoch_rows(conversations, teller, seed, epoch):
    rng = np.random.default_rng([seed, epoch])
    order = rng.permutation(len(conversations))
    parts = [part for i in order for part in teller.train(conversations[i], rng)]
    packed = rows(parts, teller.context)
    return [packed[i] for i in rng.permutation(len(packed))]


class Training:
    """State: weights, optimizer, place in the data, tokens and seconds so far. Saved whole, so a run goes on exactly."""

    def __init__(self, model, rate, file, log):
        self.model, self.rate, self.file, self.log = model, rate, file, log
        self.optimizer = optimizer_for([model], rate, 0.1)
        for group in self.optimizer.param_groups:
            group["betas"] = (0.9, 0.98)
        self.at = {"epoch": 0, "row": 0, "steps": 0, "tokens": 0, "seconds": 0.0}
        if file.exists():
            kept = torch.load(file)
            model.load_state_dict(kept["model"])
            self.optimizer.load_state_dict(kept["optimizer"])
            self.at = kept["at"]
            log(f"goes on after {self.at['steps']} steps, {self.at['tokens']} tokens, {self.at['seconds']:.0f} s")

    def save(self):
        temporary = self.file.with_suffix(".new")
        torch.save({"model": self.model.state_dict(), "shape": self.model.shape,
                    "optimizer": self.optimizer.state_dict(), "at": self.at}, temporary)
        os.replace(temporary, self.file)

    def share(self, tokens, minutes):
        """How much is done: of the tokens or of the minutes, whichever is further."""
        by_time = self.at["seconds"] / 60 / minutes if minutes else 0.0
        return max(self.at["tokens"] / tokens, by_time)

    def run(self, conversations, teller, tokens, minutes, rows_a_step, seed, save_every, check):
        """Until `tokens` tokens are seen or `minutes` are over, all runs together."""
        model, at = self.model, self.at
        started, saved, told = time.time() - at["seconds"], time.time(), (at["tokens"], time.time())
        total, count = 0.0, 0
        model.train()
        while self.share(tokens, minutes) < 1:
            packed = epoch_rows(conversations, teller, seed, at["epoch"])
            self.log(f"epoch {at['epoch'] + 1}: {len(packed)} rows")
            while at["row"] < len(packed) and self.share(tokens, minutes) < 1:
                ids, positions, segments, labels = batch(packed[at["row"]:at["row"] + rows_a_step], teller.context)
                for group in self.optimizer.param_groups:
                    group["lr"] = self.rate * rate_factor(self.share(tokens, minutes))
                with torch.autocast("cpu", torch.bfloat16):
                    loss = model.losses(ids, positions, sight(segments), labels).mean()
                self.optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                self.optimizer.step()
                total, count = total + loss.item(), count + 1
                at["row"] += rows_a_step
                at["steps"] += 1
                at["tokens"] += int((labels != IGNORE).sum())
                at["seconds"] = time.time() - started
                if at["steps"] % 50 == 0:
                    speed = (at["tokens"] - told[0]) / (time.time() - told[1])
                    self.log(f"step {at['steps']} tokens {at['tokens']} loss {total / count:.3f} "
                             f"{speed:.0f} tokens/s, {100 * self.share(tokens, minutes):.1f} %")
                    total, count, told = 0.0, 0, (at["tokens"], time.time())
                if time.time() - saved > save_every:
                    self.save()
                    self.log(f"saved; {check(model)}")
                    model.train()
                    saved = time.time()
            if at["row"] >= len(packed):
                at["epoch"], at["row"] = at["epoch"] + 1, 0
        self.save()


def replies(ids, labels):
    """Labels of the assistant's turns alone."""
    result, role = [], None
    for token, label in zip(ids, labels):
        role = token if token in (USER, ASSISTANT) else role
        result.append(label if role == ASSISTANT else IGNORE)
    return result


def texts(labels):
    """Labels of words and ends of turns: roles and emotions are given, not guessed."""
    return [t if t == END or t >= FIRST_EMOTION + len(EMOTIONS) else IGNORE for t in labels]


@torch.no_grad()
def perplexity(model, conversations, teller, only_replies=False, silent=False, most=None):
    """exp of the mean loss a token (f32), and the tokens counted. `silent`: without the emotion tokens."""
    parts = [p for c in conversations[:most] for p in teller.evaluate(c, silent)]
    parts = [(i, texts(replies(i, l) if only_replies else l)) for i, l in parts]
    parts = [p for p in parts if any(t != IGNORE for t in p[1])]
    model.eval()
    total, count = 0.0, 0
    packed = rows(parts, teller.context)
    for k in range(0, len(packed), 16):
        ids, positions, segments, labels = batch(packed[k:k + 16], teller.context)
        losses = model.losses(ids, positions, sight(segments), labels)
        total, count = total + losses.double().sum().item(), count + len(losses)
    return math.exp(total / count), count
