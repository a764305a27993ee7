"""Conversations for the dialogue model: reading, the emotion of each turn, tokens, and rows for training.

A conversation is told as
    <|endoftext|> [<|persona|> text <|end|>] (<|user|> or <|assistant|>  emotion  text <|end|>) ...
with one emotion token a turn, or <|no_emotion|>.
"""

import csv
import gzip
import io
import json
import tarfile
import unicodedata
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import yaml
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from dialogue_model import IGNORE

EMOTIONS = ["neutral", "joy", "sadness", "anger", "fear", "surprise", "disgust", "curious"]
CONTROL = ["<|endoftext|>", "<|end|>", "<|persona|>", "<|user|>", "<|assistant|>", "<|no_emotion|>"]
START, END, PERSONA, USER, ASSISTANT, NO_EMOTION = range(len(CONTROL))
FIRST_EMOTION = len(CONTROL)
TOPICAL = {"Neutral": "neutral", "Happy": "joy", "Sad": "sadness", "Angry": "anger", "Fearful": "fear",
           "Surprised": "surprise", "Disgusted": "disgust", "Curious to dive deeper": "curious"}
LONGEST_TURN = 120  # tokens
OVERLAP = 1  # turns that a part of a long conversation repeats from the part before, for context
PERSONAS = ["I like to talk about {}.", "I am a friendly person who likes {}.", "I know a lot about {}."]
BOT = "I am a chat bot."
QUOTES = str.maketrans("\u2018\u2019\u201c\u201d\u00b4`", "''\"\"''")


@dataclass
class Conversation:
    source: str
    name: str  # decides which split it belongs to
    topic: str  # "" where none is known
    turns: list  # of text, later of token ids
    emotions: list  # names, or None where nobody has told

    @property
    def held_out(self):
        """One conversation in 25, for ever the same."""
        return zlib.crc32(f"{self.source}/{self.name}".encode()) % 25 == 0


def clean(text):
    return " ".join(unicodedata.normalize("NFC", text).translate(QUOTES).split())


def topical_chat(data, files=""):
    for path in sorted((Path(data) / "topical_chat").glob(f"{files}*.json.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as stream:
            for name, conversation in json.load(stream).items():
                turns, emotions, last = [], [], None
                for turn in conversation["content"]:
                    if turn["agent"] == last:  # two messages of one speaker: one turn, with the later feeling
                        turns[-1] = clean(turns[-1] + " " + turn["message"])
                        emotions[-1] = TOPICAL[turn["sentiment"]]
                    else:
                        turns.append(clean(turn["message"]))
                        emotions.append(TOPICAL[turn["sentiment"]])
                    last = turn["agent"]
                yield Conversation("topical_chat", name, "", turns, emotions)


def self_dialogue(data):
    with tarfile.open(Path(data) / "self_dialogue/self_dialogue_corpus.tar.gz") as archive:
        members = sorted((m for m in archive.getmembers() if m.isfile()), key=lambda m: m.name)
        blocked = next(m for m in members if m.name.endswith("blocked_workers.txt"))
        blocked = set(archive.extractfile(blocked).read().decode().split())
        for member in members:
            if not member.name.endswith(".csv"):
                continue
            topic = member.name.split("/")[-2].removeprefix("transition_").replace("_", " ")
            stream = io.TextIOWrapper(archive.extractfile(member), encoding="utf-8", errors="replace", newline="")
            for row in csv.DictReader(stream):
                if row["WorkerId"] in blocked:
                    continue
                said = sorted((int(k.removeprefix("Answer.sentence")), clean(v)) for k, v in row.items()
                              if k and k.startswith("Answer.sentence") and v)
                turns = [text for _, text in said if text]
                if len(turns) > 1:
                    yield Conversation("self_dialogue", row["AssignmentId"], topic, turns, [None] * len(turns))


def chatterbot(data):
    """Questions, each with one or several answers; only `conversations` goes on turn by turn."""
    for path in sorted((Path(data) / "chatterbot_english/chatterbot_corpus/data/english").glob("*.yml")):
        for turns in yaml.safe_load(path.read_text(encoding="utf-8"))["conversations"]:
            turns = [str(t) for t in turns if t is not None]
            told = [turns] if path.stem == "conversations" else [[turns[0], answer] for answer in turns[1:]]
            for pair in told:
                if not any("```" in t or "\n\n" in t or len(t.split()) > 60 for t in pair):
                    yield Conversation("chatterbot_english", clean(turns[0]), "", [clean(t) for t in pair],
                                       [None] * len(pair))


def conversations(data):
    seen, result = set(), []
    for source in (topical_chat, self_dialogue, chatterbot):
        for conversation in source(data):
            key = tuple(t.lower() for t in conversation.turns)
            if key not in seen and all(key):
                seen.add(key)
                result.append(conversation)
    return result


def train_tokenizer(texts, size):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=size, special_tokens=CONTROL + [f"<|{e}|>" for e in EMOTIONS], min_frequency=2,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False))
    return tokenizer


def encode(tokenizer, found):
    """Replaces the texts by ids. A turn that spells a control token is not one: it is encoded as plain text."""
    tokenizer.encode_special_tokens = True
    ids = iter(tokenizer.encode_batch([t for c in found for t in c.turns] + personas(found)))
    for conversation in found:
        conversation.turns = [np.array(next(ids).ids[:LONGEST_TURN], dtype=np.uint16) for _ in conversation.turns]
    tokenizer.encode_special_tokens = False
    return {text: np.array(e.ids, dtype=np.uint16) for text, e in zip(personas(found), ids)}


def personas(found):
    return [BOT] + [p.format(t) for t in sorted({c.topic for c in found if c.topic}) for p in PERSONAS]


class Teller:
    """Tells conversations as token ids: random roles, personas and silences of the control tokens for training."""

    def __init__(self, persona_ids, context):
        self.persona_ids, self.context = persona_ids, context

    def persona(self, conversation, rng):
        if rng.random() < 0.5:
            return []
        if conversation.source == "chatterbot_english":
            text = BOT
        elif conversation.topic:
            text = PERSONAS[rng.integers(len(PERSONAS))].format(conversation.topic)
        else:
            return []
        return [PERSONA, *self.persona_ids[text].tolist(), END]

    def train(self, conversation, rng):
        user_first = conversation.source == "chatterbot_english" or rng.random() < 0.5
        silent = {USER: rng.random() < 0.5, ASSISTANT: rng.random() < 0.1}
        turns = self.turns(conversation, user_first, silent)
        return self.parts([START, *self.persona(conversation, rng)], turns)

    def evaluate(self, conversation, silent=False):
        turns = self.turns(conversation, True, {USER: silent, ASSISTANT: silent})
        return self.parts([START], turns)

    @staticmethod
    def turns(conversation, user_first, silent):
        for i, (ids, emotion) in enumerate(zip(conversation.turns, conversation.emotions)):
            role = USER if (i % 2 == 0) == user_first else ASSISTANT
            known = emotion is not None and not silent[role]
            yield [role, FIRST_EMOTION + EMOTIONS.index(emotion) if known else NO_EMOTION, *ids.tolist(), END]

    def parts(self, opening, turns):
        """Lists (ids, labels) of at most `context` inputs. What an earlier part has taught is context, not lesson."""
        result, ids, labels, kept = [], list(opening), list(opening), []
        for turn in turns:
            if len(ids) + len(turn) > self.context + 1:
                result.append((ids, labels))
                ids, kept = [START], kept[-OVERLAP:]
                while kept and sum(map(len, kept)) + len(turn) > self.context:
                    kept = kept[1:]
                for old in kept:
                    ids = ids + old
                labels = [IGNORE] * len(ids)
            ids, labels, kept = ids + turn, labels + turn, kept + [turn]
        result.append((ids, labels))
        return [(i[:-1], l[1:]) for i, l in result]


def rows(parts, context):
    """Packs parts into rows, each into the first row of the last 64 with room: (ids, positions, segments, labels)."""
    open_rows, full = [], []
    for part in parts:
        size = len(part[0])
        home = next((row for row in open_rows if row[0] + size <= context), None)
        if home is None:
            home = [0, []]
            open_rows.append(home)
        home[0] += size
        home[1].append(part)
        if home[0] > context - 12:
            open_rows.remove(home)
            full.append(home[1])
        elif len(open_rows) > 64:
            full.append(open_rows.pop(0)[1])
    return full + [row[1] for row in open_rows]


def batch(members, context):
    """Tensors ids, positions, segments, labels, all [B, context], of packed rows; filling is a segment of its own."""
    ids = np.zeros((len(members), context), dtype=np.int64)
    positions, segments = np.zeros_like(ids), np.full_like(ids, -1)
    labels = np.full_like(ids, IGNORE)
    for r, parts in enumerate(members):
        at = 0
        for k, (inputs, targets) in enumerate(parts):
            here = slice(at, at + len(inputs))
            ids[r, here], labels[r, here], segments[r, here] = inputs, targets, k
            positions[r, here] = np.arange(len(inputs))
            at += len(inputs)
    return [torch.from_numpy(x) for x in (ids, positions, segments, labels)]
