"""Pre-training on masked tokens, and training or distilling a classifier."""

import copy
import math
import time

import numpy as np
import torch
from torch import nn

from data import MASK, SEP, equal_length_batches, tensor
from models import MaskedHead


def schedule(optimizer, steps, warmup):
    def factor(step):
        if step < warmup:
            return (step + 1) / warmup
        return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warmup) / max(1, steps - warmup))))
    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


def optimizer_for(modules, rate, decay):
    with_decay, without = [], []
    for module in modules:
        for p in module.parameters():
            (with_decay if p.dim() > 1 else without).append(p)
    return torch.optim.AdamW([{"params": with_decay, "weight_decay": decay}, {"params": without, "weight_decay": 0}],
                             lr=rate, fused=True)


def pretrain(model, ids, epochs, rate, tokens=2048, seed=0, minutes=None, log=print):
    """Masked-token pre-training: 15 % of the tokens (80 % [MASK], 10 % a random token, 10 % unchanged)."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    vocab, size = model.embedding.weight.shape
    width = model.encode(torch.tensor([[2, 3]]))[0].shape[-1]
    head = MaskedHead(width, size, vocab)
    optimizer = optimizer_for([model, head], rate, 0.01)
    steps = epochs * len(equal_length_batches(ids, tokens))
    scheduler = schedule(optimizer, steps, max(1, min(1000, steps // 20)))
    model.train()
    started, step, total, seen = time.time(), 0, 0.0, 0
    for _ in range(epochs):
        for batch in equal_length_batches(ids, tokens, rng):
            x = tensor(ids, batch)
            chosen = (torch.rand(x.shape) < 0.15) & (x > MASK)
            if chosen.any():
                kind = torch.rand(x.shape)
                y = torch.where(chosen & (kind < 0.8), MASK, x)
                y = torch.where(chosen & (kind > 0.9), torch.randint(MASK + 1, vocab, x.shape), y)
                with torch.autocast("cpu", torch.bfloat16):
                    states = model.encode(y)[0]
                    logits = head(states[chosen], model.embedding.weight)
                loss = nn.functional.cross_entropy(logits.float(), x[chosen])
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_([p for m in (model, head) for p in m.parameters()], 1.0)
                optimizer.step()
                total, seen = total + loss.item(), seen + 1
            scheduler.step()
            step += 1
            if step % 500 == 0:
                log(f"  mask step {step}/{steps} loss {total / seen:.3f} {time.time() - started:.0f} s")
                total, seen = 0.0, 0
    model.eval()
    return model


def class_weights(targets, power=0.5):
    positive = targets.sum(0)
    return torch.tensor(((len(targets) - positive) / positive) ** power, dtype=torch.float32)


def fit(model, ids, targets, epochs, rate, weights, soft=None, hard_share=1.0, batch=64, decay=0.01, seed=0,
        mask_words=0.1, average=0.999, limit=64, check=None, log=print):
    """Multi-label training with a moving average of the weights, which is what is returned.

    targets: 0/1 labels; a row of NaN has no label (then only `soft` counts).
    soft: a teacher's probabilities; loss = hard_share * labels + (1 - hard_share) * teacher.
    check: called with the averaged model after each epoch, its result is logged."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    ids = [t if len(t) <= limit else t[:limit - 1] + [SEP] for t in ids]
    goal = torch.tensor(targets, dtype=torch.float32)
    if soft is not None:
        soft = torch.tensor(soft, dtype=torch.float32)
        unlabelled = torch.isnan(goal[:, :1])
        goal = torch.where(unlabelled, soft, hard_share * goal + (1 - hard_share) * soft)
    def plan(generator=None):
        return equal_length_batches(ids, 10 ** 9, generator, batch)
    optimizer = optimizer_for([model], rate, decay)
    steps = epochs * len(plan())
    scheduler = schedule(optimizer, steps, max(1, steps // 20))
    averaged = copy.deepcopy(model).eval()
    pairs = list(zip(averaged.parameters(), model.parameters()))
    started, step = time.time(), 0
    for epoch in range(epochs):
        model.train()
        total = 0.0
        for members in plan(rng):
            x = tensor(ids, members)
            if mask_words:
                x = torch.where((torch.rand(x.shape) < mask_words) & (x > MASK), MASK, x)
            with torch.autocast("cpu", torch.bfloat16):
                logits = model(x)
            loss = nn.functional.binary_cross_entropy_with_logits(
                logits.float(), goal[members], pos_weight=weights) * (len(members) / batch)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
            step += 1
            total += loss.item()
            keep = min(average, (step + 1) / (step + 10))
            with torch.no_grad():
                torch._foreach_lerp_([a for a, _ in pairs], [b for _, b in pairs], 1 - keep)
        log(f"  epoch {epoch + 1}/{epochs} loss {total / len(ids) * batch:.4f} {time.time() - started:.0f} s "
            f"{check(averaged) if check else ''}")
    return averaged


@torch.no_grad()
def predict(model, ids, tokens=8192):
    """Logits of every text, in f32 and without padding."""
    model.eval()
    result = None
    for batch in equal_length_batches(ids, tokens):
        logits = model(tensor(ids, batch)).numpy()
        if result is None:
            result = np.zeros((len(ids), logits.shape[1]), dtype=np.float32)
        result[batch] = logits
    return result
