"""The emotion of turns that nobody has labelled, as the starter classifier emotion-lstm hears it."""

import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer

from data import EKMAN, encode
from fit import predict
from models import RecurrentClassifier


def classifier(folder):
    folder = Path(folder)
    config = json.loads((folder / "config.json").read_text())
    model = RecurrentClassifier(config["vocab_size"], len(config["id2label"]), config["embedding_size"],
                                config["hidden_size"], config["num_layers"], config["pooling"])
    model.load_state_dict({k: v.float() for k, v in load_file(folder / "model.safetensors").items()})
    names = [config["id2label"][str(i)] for i in range(len(config["id2label"]))]
    thresholds = np.array([config["limbic"]["thresholds"][n] for n in names])
    return model.eval(), Tokenizer.from_file(str(folder / "tokenizer.json")), names, thresholds


def emotion_of(label):
    if label == "curiosity":
        return "curious"
    return next(group for group, members in EKMAN.items() if label in members)


def label(texts, folder):
    """The emotion of each text: the label that most exceeds its threshold (on the logit scale), None if none does."""
    model, tokenizer, names, thresholds = classifier(folder)
    margin = predict(model, encode(tokenizer, texts)) - np.log(thresholds / (1 - thresholds))
    best = margin.argmax(1)
    emotions = [emotion_of(n) for n in names]
    return [emotions[b] if margin[i, b] > 0 else None for i, b in enumerate(best)]


@torch.no_grad()
def fill(conversations, folder):
    """Gives every turn without an emotion the classifier's; returns how many turns that were."""
    places = [(c, i) for c in conversations for i, e in enumerate(c.emotions) if e is None]
    for (c, i), emotion in zip(places, label([c.turns[i] for c, i in places], folder)):
        c.emotions[i] = emotion
    return len(places)
