"""Thresholds chosen on the dev split, and the F1 figures."""

import numpy as np
from sklearn.metrics import average_precision_score, f1_score

from data import EKMAN


def sigmoid(x):
    return 1 / (1 + np.exp(-np.asarray(x, dtype=np.float64)))


def best_cuts(scores, gold, weight):
    """F1 at every cut of one label's sorted scores: (cut values, F1). `weight` counts each example (bootstrap)."""
    order = np.argsort(-scores, kind="stable")
    found = np.cumsum((gold * weight)[order])
    taken = np.cumsum(weight[order])
    f1 = 2 * found / np.maximum(taken + (gold * weight).sum(), 1e-9)
    ordered = scores[order]
    cut = np.append((ordered[:-1] + ordered[1:]) / 2, ordered[-1])
    return cut, f1


def choose_thresholds(probability, gold, rounds=100, seed=0):
    """One threshold a label: the mean, on the logit scale, of the best cut in `rounds` bootstrap samples. The mean is
    steadier for rare labels than the single best cut."""
    rng = np.random.default_rng(seed)
    n, labels = gold.shape
    cuts = np.zeros((rounds, labels))
    for r in range(rounds):
        weight = np.bincount(rng.integers(0, n, n), minlength=n).astype(float) if rounds > 1 else np.ones(n)
        for k in range(labels):
            cut, f1 = best_cuts(probability[:, k], gold[:, k], weight)
            cuts[r, k] = cut[np.argmax(f1)]
    cuts = np.clip(cuts, 1e-4, 1 - 1e-4)
    return np.clip(sigmoid(np.log(cuts / (1 - cuts)).mean(0)), 0.02, 0.98)


def decide(probability, thresholds, fallback="none"):
    chosen = (probability >= thresholds).astype(int)
    if fallback == "argmax":
        empty = chosen.sum(1) == 0
        chosen[empty, probability[empty].argmax(1)] = 1
    return chosen


def group(rows, labels):
    """0/1 rows of the 28 labels -> 0/1 rows of the Ekman labels."""
    return np.stack([rows[:, [labels.index(m) for m in members]].max(1) for members in EKMAN.values()], axis=1)


def macro(gold, chosen):
    return f1_score(gold, chosen, average="macro", zero_division=0)


def micro(gold, chosen):
    return f1_score(gold, chosen, average="micro", zero_division=0)


def cross_fitted(probability, gold, rounds=30, folds=2, fallback="none", seed=0):
    """Macro-F1 on dev with each fold decided by thresholds from the other folds."""
    part = np.random.default_rng(seed).integers(0, folds, len(gold))
    chosen = np.zeros(gold.shape, dtype=int)
    for f in range(folds):
        thresholds = choose_thresholds(probability[part != f], gold[part != f], rounds)
        chosen[part == f] = decide(probability[part == f], thresholds, fallback)
    return macro(gold, chosen)


def precision(probability, gold):
    """Mean average precision over the labels: needs no threshold, so it is the steadiest figure on dev."""
    return average_precision_score(gold, probability, average="macro")


def brief(probability, gold):
    thresholds = choose_thresholds(probability, gold, 1)
    return (f"dev: AP {precision(probability, gold):.4f} F1 {macro(gold, decide(probability, thresholds)):.4f} "
            f"cross-fitted {cross_fitted(probability, gold, 5):.4f}")
