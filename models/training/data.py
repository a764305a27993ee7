"""Reading the data sets, the WordPiece tokenizer, and batches of equal length."""

import csv
import gzip
import io
import json
import tarfile
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing
from tokenizers.trainers import WordPieceTrainer

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PAD, UNK, CLS, SEP, MASK = range(5)
MAX_TOKENS = 128  # the token limit of the models, [CLS] and [SEP] included

# The grouping published with GoEmotions.
EKMAN = {
    "anger": ["anger", "annoyance", "disapproval"],
    "disgust": ["disgust"],
    "fear": ["fear", "nervousness"],
    "joy": ["joy", "amusement", "approval", "excitement", "gratitude", "love", "optimism", "relief", "pride",
            "admiration", "desire", "caring"],
    "sadness": ["sadness", "disappointment", "embarrassment", "grief", "remorse"],
    "surprise": ["surprise", "realization", "confusion", "curiosity"],
    "neutral": ["neutral"],
}


def goemotions_labels(data):
    return (Path(data) / "goemotions/data/original/labels.txt").read_text().split()


def goemotions(data, split, grouping="original"):
    """Texts and a 0/1 label matrix of one split (train, dev or test)."""
    folder = Path(data) / "goemotions/data" / grouping
    labels = (folder / "labels.txt").read_text().split()
    texts, rows = [], []
    for line in (folder / f"{split}.tsv").read_text(encoding="utf-8").splitlines():
        text, ids, _ = line.split("\t")
        row = np.zeros(len(labels), dtype=np.float32)
        row[[int(i) for i in ids.split(",")]] = 1
        texts.append(text)
        rows.append(row)
    return texts, np.stack(rows)


def unlabelled(data):
    """Further English texts for pre-training and distillation; their own annotations are not read."""
    data = Path(data)
    texts = []
    with tarfile.open(data / "self_dialogue/self_dialogue_corpus.tar.gz") as archive:
        for member in sorted(archive.getmembers(), key=lambda m: m.name):
            if not member.name.endswith(".csv"):
                continue
            stream = io.TextIOWrapper(archive.extractfile(member), encoding="utf-8", errors="replace", newline="")
            for row in csv.DictReader(stream):
                texts += [v for k, v in row.items() if k and k.startswith("Answer.sentence") and v]
    for path in sorted((data / "topical_chat").glob("*.json.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as stream:
            for conversation in json.load(stream).values():
                texts += [turn["message"] for turn in conversation["content"]]
    for line in (data / "xed_en/AnnotatedData/en-annotated.tsv").read_text(encoding="utf-8").splitlines():
        texts.append(line.split("\t")[0])
    for line in (data / "xed_en/AnnotatedData/neu_en.txt").read_text(encoding="utf-8").splitlines():
        texts.append(line.split("\t")[-1])
    seen = dict.fromkeys(" ".join(t.split()) for t in texts)
    return [t for t in seen if t]


def train_tokenizer(texts, size):
    tokenizer = Tokenizer(WordPiece(unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = BertPreTokenizer()
    trainer = WordPieceTrainer(vocab_size=size, special_tokens=SPECIAL, min_frequency=2, limit_alphabet=300,
                               show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", CLS), ("[SEP]", SEP)])
    return tokenizer


def encode(tokenizer, texts, limit=MAX_TOKENS):
    """Token ids, cut to `limit` with the closing [SEP] kept (what transformers' truncation does)."""
    result = []
    for encoding in tokenizer.encode_batch(texts):
        ids = encoding.ids
        result.append(ids if len(ids) <= limit else ids[:limit - 1] + [SEP])
    return result


def equal_length_batches(ids, tokens, rng=None, largest=128):
    """Index lists whose texts have the same number of tokens, so nothing is ever padded; shuffled when rng is given.
    A batch holds about `tokens` tokens and at most `largest` texts."""
    groups = {}
    order = np.arange(len(ids)) if rng is None else rng.permutation(len(ids))
    for i in order:
        groups.setdefault(len(ids[i]), []).append(i)
    batches = []
    for length, members in groups.items():
        size = max(1, min(largest, tokens // length))
        batches += [members[k:k + size] for k in range(0, len(members), size)]
    if rng is not None:
        rng.shuffle(batches)
    return batches


def tensor(ids, batch):
    return torch.tensor([ids[i] for i in batch], dtype=torch.long)
