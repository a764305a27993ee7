"""Trains the starter dialogue model: a small GPT-2 with a control token for the emotion of each turn.

    python models/training/dialogue.py --data DATA --out models/starter --work WORK

Stages, in order (each leaves its result in WORK and can be run alone):
  prepare     reads the conversations, labels turns without an emotion with starter/emotion-lstm, tokenizer, token ids
  train       until --tokens or --minutes; a later run with higher limits goes on where this one stopped
  export      the model folder, its held-out perplexity and its sample replies
"""

import argparse
import pickle
import time
from collections import Counter
from pathlib import Path

import torch
from tokenizers import Tokenizer

import dialogue_data as data
from dialogue_model import Gpt

STAGES = ["prepare", "train", "export"]


def log(*words):
    print(time.strftime("%H:%M:%S"), *words, flush=True)


class Run:
    def __init__(self, options):
        self.o = options
        self.work, self.out = Path(options.work), Path(options.out)
        self.work.mkdir(parents=True, exist_ok=True)

    def prepare(self):
        import dialogue_labels

        found = data.conversations(self.o.data)
        for source, n in Counter(c.source for c in found).items():
            held = [c for c in found if c.source == source and c.held_out]
            log(f"{source}: {n} conversations, {len(held)} of them held out")
        log(f"{dialogue_labels.fill(found, self.out / 'emotion-lstm')} turns labelled by emotion-lstm")
        for source in ("topical_chat", "self_dialogue", "chatterbot_english"):
            log(f"{source}:", dict(Counter(e for c in found if c.source == source for e in c.emotions)))
        tokenizer = data.train_tokenizer(
            [t for c in found if not c.held_out for t in c.turns] + data.personas(found), self.o.vocabulary)
        tokenizer.save(str(self.work / "dialogue-tokenizer.json"))
        bytes_held = {s: sum(len(t.encode()) for c in found if c.held_out and c.source == s for t in c.turns)
                      for s in ("topical_chat", "self_dialogue")}
        persona_ids = data.encode(tokenizer, found)
        with open(self.work / "dialogue.pkl", "wb") as stream:
            pickle.dump((found, persona_ids, bytes_held), stream)
        log(f"{sum(len(t) for c in found for t in c.turns)} tokens of text in {sum(len(c.turns) for c in found)} turns")

    def load(self):
        with open(self.work / "dialogue.pkl", "rb") as stream:
            self.found, persona_ids, self.bytes_held = pickle.load(stream)
        self.tokenizer = Tokenizer.from_file(str(self.work / "dialogue-tokenizer.json"))
        self.teller = data.Teller(persona_ids, self.o.context)
        self.held = {s: [c for c in self.found if c.held_out and c.source == s]
                     for s in ("topical_chat", "self_dialogue", "chatterbot_english")}

    def lessons(self):
        """Training conversations; those with feelings that are rare count twice, and the short chatterbot ones more."""
        result = []
        for c in self.found:
            if not c.held_out:
                rare = any(e in self.o.rare for e in c.emotions)
                result += [c] * (4 if c.source == "chatterbot_english" else 2 if rare else 1)
        return result

    def train(self):
        from dialogue_fit import Training, perplexity

        self.load()
        torch.manual_seed(21)
        model = Gpt(self.tokenizer.get_vocab_size(), self.o.width, self.o.layers, self.o.heads, self.o.context)
        lessons = self.lessons()
        log(f"{sum(p.numel() for p in model.parameters())} parameters, {len(lessons)} conversations")

        def check(model):
            return ", ".join(f"{s} perplexity {perplexity(model, self.held[s], self.teller, most=12)[0]:.2f}"
                             for s in ("topical_chat", "self_dialogue"))

        training = Training(model, self.o.rate, self.work / "dialogue.pt", log)
        training.run(lessons, self.teller, self.o.tokens, self.o.minutes, self.o.rows, 21, self.o.save_every, check)
        log(f"done: {training.at}; {check(model)}")

    def export(self):
        import dialogue_export

        self.load()
        kept = torch.load(self.work / "dialogue.pt")
        shape = kept["shape"]
        model = Gpt(shape["vocab"], shape["width"], shape["layers"], shape["heads"], shape["context"])
        model.load_state_dict(kept["model"])
        dialogue_export.write(model, self.tokenizer, kept["at"], self.held, self.teller, self.bytes_held,
                              self.out / "dialogue-gpt", log)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="folder that holds topical_chat, self_dialogue, ...")
    parser.add_argument("--out", default="models/starter", help="where the model folders are (default: %(default)s)")
    parser.add_argument("--work", default="build/training", help="intermediate files (default: %(default)s)")
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=STAGES, metavar="STAGE",
                        help=f"any of: {' '.join(STAGES)} (default: all)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--vocabulary", type=int, default=6144)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--context", type=int, default=256)
    parser.add_argument("--rows", type=int, default=8, help="rows of `context` tokens a step")
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--tokens", type=float, default=1e7, help="stop after so many, all runs together")
    parser.add_argument("--minutes", type=float, help="stop after so many, all runs together; the rate follows")
    parser.add_argument("--save-every", type=float, default=420, help="seconds between checkpoints")
    parser.add_argument("--rare", nargs="*", choices=data.EMOTIONS, default=["fear", "disgust"],
                        help="conversations with these count twice")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    run = Run(options)
    for stage in options.stages:
        log("stage", stage)
        getattr(run, stage)()


if __name__ == "__main__":
    main()
