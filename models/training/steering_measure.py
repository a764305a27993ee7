"""How far the word weights of steering.py move a dialogue model that is told no emotion, and what they cost."""

import json
from pathlib import Path

import numpy as np
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from transformers import LogitsProcessor, LogitsProcessorList

from data import EKMAN
from dialogue_data import topical_chat
from dialogue_samples import Chat, labels_heard
from steering_words import EMOTIONS, token_biases

XED = {"1": "anger", "3": "disgust", "4": "fear", "5": "joy", "6": "sadness", "7": "surprise"}
CONTEMPT = ["annoyance", "disapproval"]  # the labels that hold contempt in the server's taxonomy, disgust aside


class Bias(LogitsProcessor):
    """Adds a row of biases [V] to the logits of each reply."""

    def __init__(self, rows):
        self.rows = rows

    def __call__(self, input_ids, scores):
        return scores + self.rows


def ways(scales):
    """(scale, emotion) of each reply to a context; the first is unsteered."""
    return [(0.0, None)] + [(s, e) for s in scales for e in EMOTIONS]


def biases(weights, tokenizer, scale, size):
    """[V] for one emotion at intensity 1."""
    def encode(text):
        return tokenizer.encode(text, add_special_tokens=False)

    row = torch.zeros(size)
    for token, bias in token_biases(weights, scale, encode).items():
        row[token] = bias
    return row


@torch.no_grad()
def replies(chat, contexts, rows):
    """Per context: one reply for each row of biases, and how surprised the unbiased model is by it, in nats a token."""
    result = []
    for seed, text in enumerate(contexts):
        prompt = torch.tensor([chat.prompt([{"role": "user", "content": text}], None)] * len(rows))
        torch.manual_seed(seed)
        out = chat.model.generate(prompt, attention_mask=torch.ones_like(prompt), **chat.sampling,
                                  logits_processor=LogitsProcessorList([Bias(rows)]))
        said = out[:, prompt.shape[1]:]
        logits = chat.model(out).logits[:, prompt.shape[1] - 1:-1].log_softmax(-1)
        nats = -logits.gather(2, said[:, :, None])[:, :, 0]
        end = chat.tokenizer.eos_token_id
        result.append([(chat.text(ids), n[ids != end].double().numpy())
                       for ids, n in zip(torch.where(ended(said, end), end, said), nats)])
    return result


def ended(ids, end):
    """Whether a place is the end or after it."""
    return (ids == end).cumsum(1) > 0


def is_heard(label, emotion):
    """Whether a label of GoEmotions is one of the emotion's; curiosity is no surprise here."""
    return label in CONTEMPT if emotion == "contempt" else label != "curiosity" and label in EKMAN[emotion]


class Stranger:
    """A classifier that has seen none of the data of the weights: words of XED's subtitles, one emotion a line."""

    def __init__(self, data):
        folder = Path(data) / "xed_en/AnnotatedData"
        told = [line.split("\t") for line in (folder / "en-annotated.tsv").read_text(encoding="utf-8").splitlines()]
        pairs = [(text, XED[e]) for text, e in told if e in XED]
        pairs += [(line.split("\t")[-1], "neutral")
                  for line in (folder / "neu_en.txt").read_text(encoding="utf-8").splitlines()[:2500]]
        texts, emotions = zip(*sorted(set(pairs)))
        held = np.arange(len(texts)) % 10 == 0
        self.features = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
        x, y = self.features.fit_transform(texts), np.array(emotions)
        self.model = LogisticRegression(C=3, max_iter=300, class_weight="balanced").fit(x[~held], y[~held])
        self.accuracy = float((self.model.predict(x[held]) == y[held]).mean())

    def heard(self, texts):
        return self.model.predict(self.features.transform(texts)).tolist()


def distinct_2(texts):
    pairs = [pair for t in texts for words in [t.lower().split()] for pair in zip(words, words[1:])]
    return len(set(pairs)) / max(1, len(pairs))


def figures(told):
    """Quality of the replies of one way: (text, nats) pairs."""
    texts, nats = [t for t, _ in told], np.concatenate([n for _, n in told])
    return {"distinct_2": distinct_2(texts), "words": float(np.mean([len(t.split()) for t in texts])),
            "perplexity": float(np.exp(nats.mean()))}


def measure(options, log=print):
    weights = json.loads(Path(options.out).read_text())["emotions"]
    chat = Chat(options.model, {"do_sample": True, "temperature": 0.7, "top_p": 0.9, "top_k": 0, "max_new_tokens": 48})
    held = [c for c in topical_chat(options.data) if c.held_out][:options.contexts]
    contexts = [" ".join(c.turns[2 * (k % 5)].split()[:80]) for k, c in enumerate(held)]
    plan = ways(options.scales)
    size = chat.model.config.vocab_size
    rows = torch.stack([torch.zeros(size) if e is None else biases(weights[e], chat.tokenizer, s, size)
                        for s, e in plan])
    told = replies(chat, contexts, rows)
    texts = [text for row in told for text, _ in row]
    labels = np.array(labels_heard(texts, Path(options.classifier))).reshape(len(told), len(plan))
    stranger = Stranger(options.data)
    second = np.array(stranger.heard(texts)).reshape(labels.shape)
    result = {"contexts": len(told), "stranger_accuracy": stranger.accuracy, "ways": []}
    for k, (scale, emotion) in enumerate(plan):
        way = {"scale": scale, "emotion": emotion, **figures([row[k] for row in told])}
        for e in EMOTIONS if emotion is None else [emotion]:
            way.setdefault("heard", {})[e] = float(np.mean([is_heard(x, e) for x in labels[:, k]]))
            if e != "contempt":  # XED does not know it
                way.setdefault("stranger", {})[e] = float((second[:, k] == e).mean())
        way["samples"] = [row[k][0] for row in told[:3]]
        result["ways"].append(way)
    table(result, options.scales, log)
    return result


def table(result, scales, log):
    for judge in ("heard", "stranger"):
        for scale in [0.0, *scales]:
            heard = {e: share for w in result["ways"] if w["scale"] == scale for e, share in w.get(judge, {}).items()}
            log(judge, scale, " ".join(f"{e} {share:.2f}" for e, share in heard.items()),
                f"mean {np.mean(list(heard.values())):.3f}")
    for scale in [0.0, *scales]:
        own = [w for w in result["ways"] if w["scale"] == scale]
        log("quality", scale, " ".join(f"{key} {np.mean([w[key] for w in own]):.3f}"
                                       for key in ("distinct_2", "words", "perplexity")),
            "worst perplexity", max((w["perplexity"], w["emotion"]) for w in own))
