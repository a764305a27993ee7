"""Draws avatars with expressions and trains two starter models on them: a CNN for pictures and a GRU over its features.

    python models/training/avatars.py --out models/starter --work WORK

Stages, in order (each leaves its result in WORK and can be run alone):
  render      the pictures
  cnn         the CNN, on pictures
  clips       sequences of frames, as features of the CNN
  gru         the GRU, on clips
  export      both folders
Besides: sheet (a picture to look at), folder (held-out pictures as DIR/<label>/<n>.png).
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch

import avatar_data
from avatar_fit import Turns, fit_pictures, logits_of
from avatar_models import MiniXception
from avatar_units import LABELS

SETS = {"train": (64_000, 4), "dev": (3_500, 7), "test": (7_000, 7), "grey": (1_400, 7)}


def log(*words):
    print(time.strftime("%H:%M:%S"), *words, flush=True)


class Run:
    def __init__(self, options):
        self.o = options
        self.work, self.out = Path(options.work), Path(options.out)
        self.work.mkdir(parents=True, exist_ok=True)
        self.turns = Turns(options.lock)

    def render(self):
        for split, (count, each) in SETS.items():
            with self.turns.held():
                images, rows = avatar_data.pictures(split, count // self.o.fraction, each, self.o.threads)
            np.save(self.work / f"{split}.npy", images)
            np.save(self.work / f"{split}-rows.npy", rows)
            log(f"{split}: {len(images)} pictures")

    def load(self, split):
        return np.load(self.work / f"{split}.npy"), np.load(self.work / f"{split}-rows.npy")

    def cnn(self):
        images, rows = self.load("train")
        dev, dev_rows = self.load("dev")
        gold = avatar_data.column(dev_rows, "label")

        def check(model):
            return f"dev accuracy {(logits_of(model, dev).argmax(1) == gold).mean():.4f}"
        torch.manual_seed(3)
        model = fit_pictures(MiniXception(len(LABELS)), images, rows, self.o.epochs, self.turns, seed=3, check=check, log=log)
        torch.save(model.state_dict(), self.work / "cnn.pt")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default="models/starter")
    parser.add_argument("--work", default="build/avatars")
    parser.add_argument("--stages", nargs="+", default=["render", "cnn", "clips", "gru", "export"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--fraction", type=int, default=1, help="sets this many times smaller, to try things out")
    parser.add_argument("--lock", help="a file to lock while computing, where machines are shared")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    run = Run(options)
    for stage in options.stages:
        getattr(run, stage)()


if __name__ == "__main__":
    main()
