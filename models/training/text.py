"""Trains the starter text-emotion models from scratch: a BiLSTM and a small BERT over the 28 GoEmotions labels.

    python models/training/text.py --data DATA --out models/starter --work WORK

Stages, in order (each leaves its result in WORK and can be run alone):
  prepare     tokenizer, token ids, co-occurrence word vectors
  mask-bert   masked-token pre-training of the BERT
  teachers    one LSTM per fold; probabilities for the texts that it did not see, and for unlabelled texts
  lstm        the shipped LSTM, distilled from the teachers
  bert        the shipped BERT, distilled likewise
"""

import argparse
import pickle
import time
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

import export
import scoring
from data import encode, goemotions, goemotions_labels, train_tokenizer, unlabelled
from fit import class_weights, fit, predict, pretrain
from models import BertClassifier, RecurrentClassifier, cooccurrence_vectors

STAGES = ["prepare", "mask-bert", "teachers", "lstm", "bert"]


def log(*words):
    print(time.strftime("%H:%M:%S"), *words, flush=True)


class Run:
    def __init__(self, options):
        self.o = options
        self.data, self.work, self.out = Path(options.data), Path(options.work), Path(options.out)
        self.work.mkdir(parents=True, exist_ok=True)
        self.labels = goemotions_labels(self.data)

    def load(self):
        self.tokenizer = Tokenizer.from_file(str(self.work / "tokenizer.json"))
        with open(self.work / "ids.pkl", "rb") as stream:
            self.train_ids, self.other_ids = pickle.load(stream)
        self.gold = goemotions(self.data, "train")[1]
        texts, self.dev_gold = goemotions(self.data, "dev")
        self.dev_ids = encode(self.tokenizer, texts)

    def check(self, model):
        return scoring.brief(scoring.sigmoid(predict(model, self.dev_ids)), self.dev_gold)

    def new_lstm(self, dropout=0.3):
        model = RecurrentClassifier(self.o.vocabulary, len(self.labels), dropout=dropout)
        model.embedding.weight.data.copy_(torch.load(self.work / "vectors.pt"))
        return model

    def restore(self, model, name):
        model.load_state_dict(torch.load(self.work / name))

    def keep(self, model, name):
        torch.save(model.state_dict(), self.work / name)

    def prepare(self):
        texts = goemotions(self.data, "train")[0]
        others = unlabelled(self.data)
        log(f"{len(texts)} labelled and {len(others)} unlabelled texts")
        if self.o.tokenizer:
            tokenizer = Tokenizer.from_file(self.o.tokenizer)
        else:
            tokenizer = train_tokenizer(texts * 2 + others, self.o.vocabulary)
        tokenizer.save(str(self.work / "tokenizer.json"))
        ids, other_ids = encode(tokenizer, texts), encode(tokenizer, others, 64)
        with open(self.work / "ids.pkl", "wb") as stream:
            pickle.dump((ids, other_ids), stream)
        torch.save(cooccurrence_vectors(ids * 2 + other_ids, self.o.vocabulary, 160), self.work / "vectors.pt")
        log("tokenizer, token ids and word vectors written")

    def mask_bert(self):
        self.load()
        torch.manual_seed(1)
        model = BertClassifier(self.o.vocabulary, len(self.labels))
        pretrain(model, self.train_ids * 3 + self.other_ids, self.o.mask_epochs, 1e-3, seed=1, log=log)
        self.keep(model, "mask-bert.pt")

    def teachers(self):
        """Fold by fold, so that the teachers' opinion of a training text is never a memory of its label."""
        self.load()
        folds = self.folds()
        pool = [self.other_ids[i] for i in self.pool()]
        for fold in self.o.only_folds or range(self.o.folds):
            log(f"teacher {fold + 1} of {self.o.folds}")
            mine, held = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
            torch.manual_seed(100 + fold)
            model = fit(self.new_lstm(), [self.train_ids[i] for i in mine], self.gold[mine],
                        self.o.teacher_epochs, self.o.lstm_rate, class_weights(self.gold), seed=100 + fold,
                        check=self.check, log=log)
            self.keep(model, f"teacher-{fold}.pt")
            np.savez(self.work / f"teacher-{fold}.npz", dev=predict(model, self.dev_ids), pool=predict(model, pool),
                     held=predict(model, [self.train_ids[i] for i in held]))

    def folds(self):
        return np.random.default_rng(7).integers(0, self.o.folds, len(self.gold))

    def pool(self):
        """The unlabelled texts that the teachers read: short ones, a fixed random choice, and all subtitle lines."""
        short = np.array([i for i, ids in enumerate(self.other_ids) if 5 <= len(ids) <= 40])
        last = short[short >= len(self.other_ids) - 25000]  # XED comes last
        first = np.random.default_rng(8).choice(short[short < len(self.other_ids) - 25000], self.o.pool)
        return np.unique(np.concatenate([first, last]))

    def lessons(self):
        """Token ids, labels (NaN where there is none) and the teachers' probabilities, for distillation."""
        self.load()
        weights = class_weights(self.gold)
        parts = [np.load(self.work / f"teacher-{fold}.npz") for fold in range(self.o.folds)]
        log("all teachers together:",
            scoring.brief(scoring.sigmoid(np.mean([p["dev"] for p in parts], 0)), self.dev_gold))
        folds = self.folds()
        train = np.zeros_like(self.gold)
        for fold, part in enumerate(parts):
            train[folds == fold] = part["held"]
        # Class weights shift the teachers' logits by log(weight); the shift is taken out of what they teach.
        shift = np.log(weights.numpy())
        train = scoring.sigmoid(train - shift)
        others = scoring.sigmoid(np.mean([p["pool"] for p in parts], 0) - shift)
        log(f"teachers on held-out training texts: AP {scoring.precision(train, self.gold):.4f}")
        # Of the unlabelled texts, those with most feeling in them.
        chosen = np.argsort(-others[:, :-1].sum(1), kind="stable")[:self.o.chosen]
        pool = self.pool()
        ids = self.train_ids + [self.other_ids[pool[i]] for i in chosen]
        labels = np.concatenate([self.gold, np.full((len(chosen), self.gold.shape[1]), np.nan, dtype=np.float32)])
        return ids, labels, np.concatenate([train, others[chosen]]), weights

    def lstm(self):
        ids, labels, soft, weights = self.lessons()
        torch.manual_seed(11)
        model = fit(self.new_lstm(self.o.dropout), ids, labels, self.o.lstm_epochs,
                    self.o.lstm_rate, weights, soft, self.o.hard_share, seed=11, check=self.check, log=log)
        self.keep(model, "lstm.pt")
        export.write(model, self.tokenizer, self.labels, self.data, self.out / "emotion-lstm", log=log)

    def bert(self):
        ids, labels, soft, weights = self.lessons()
        model = BertClassifier(self.o.vocabulary, len(self.labels))
        self.restore(model, "mask-bert.pt")
        model = fit(model, ids, labels, self.o.bert_epochs, self.o.bert_rate, weights, soft, self.o.hard_share, seed=12,
                    check=self.check, log=log)
        self.keep(model, "bert.pt")
        export.write(model, self.tokenizer, self.labels, self.data, self.out / "emotion-bert", log=log)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="folder that holds goemotions, xed_en, self_dialogue, ...")
    parser.add_argument("--out", default="models/starter", help="where the model folders go (default: %(default)s)")
    parser.add_argument("--work", default="build/training", help="intermediate files (default: %(default)s)")
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=STAGES, metavar="STAGE",
                        help=f"any of: {' '.join(STAGES)} (default: all)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--vocabulary", type=int, default=8000)
    parser.add_argument("--tokenizer", help="use this tokenizer.json instead of training one")
    parser.add_argument("--mask-epochs", type=int, default=1)
    parser.add_argument("--folds", type=int, default=4, help="number of teachers (default: %(default)s)")
    parser.add_argument("--only-folds", type=int, nargs="+", help="train just these teachers, to run them side by side")
    parser.add_argument("--teacher-epochs", type=int, default=5)
    parser.add_argument("--pool", type=int, default=60000, help="unlabelled texts that the teachers read")
    parser.add_argument("--chosen", type=int, default=40000, help="how many of them the pupils see")
    parser.add_argument("--hard-share", type=float, default=0.6, help="share of the labels, against the teachers")
    parser.add_argument("--dropout", type=float, default=0.3)
    parser.add_argument("--lstm-epochs", type=int, default=8)
    parser.add_argument("--bert-epochs", type=int, default=6)
    parser.add_argument("--lstm-rate", type=float, default=2e-3)
    parser.add_argument("--bert-rate", type=float, default=5e-4)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    run = Run(options)
    for stage in options.stages:
        log("stage", stage)
        getattr(run, stage.replace("-", "_"))()


if __name__ == "__main__":
    main()
