"""Compares random legal classifiers with transformers: tiny models of random shape, saved as people save them.

    pip install torch transformers safetensors             # run with torch 2.15, transformers 5.24
    ./limbic models && mvn -q test-compile -pl models -am  # builds; JAVA_HOME names a JDK 25
    python sweep_encoders.py [--cases 200] [--seed 0] [--work DIR]

Each case is a folder DIR/NNN with weights, configuration and tokeniser, in which odd but legal things were done: other
files of the tokeniser, other settings beside it, label maps that are missing or half filled, tensors of other heads, names of
old versions, half precision. transformers' AutoTokenizer, model and text-classification rule give the reference, FolderAnswers
(Java) the other side. A table says what agreed, what was refused and why, and what was wrong. A refusal is an error unless it
is one of REFUSED. A case that fails goes to ../resources/golden-odd, as small as it can be, before it is mended.
"""

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from safetensors.torch import load_file, save_file
from transformers import (AutoModelForSequenceClassification, AutoTokenizer, BertConfig, BertForSequenceClassification,
                          DistilBertConfig, DistilBertForSequenceClassification, RobertaConfig,
                          RobertaForSequenceClassification, XLMRobertaConfig, XLMRobertaForSequenceClassification)

from transformers.utils import logging

from make_golden import TEXTS, byte_pairs, pieces, randomise, vocab_txt, words

logging.set_verbosity_error()
logging.disable_progress_bar()

ROOT = Path(__file__).resolve().parents[4]
LABELS = [["joy", "anger", "sadness", "surprise", "neutral"], ["NEGATIVE", "POSITIVE"], ["toxic"],
          ["valence", "arousal", "dominance"], ["others", "joy", "sadness", "anger", "surprise", "disgust", "fear"]]
ACTIVATIONS = ["gelu", "gelu_new", "gelu_pytorch_tanh", "gelu_fast", "gelu_python", "gelu_python_tanh", "gelu_accurate",
               "relu", "silu", "swish", "tanh", None]
MORE_TEXTS = ["WHY Would You Do that to me, Élise? naïve CAFÉ", "  two  spaces ", "我今天very高兴", "won't <mask> it [MASK] </s>",
              "12 34 don't", "<new> word<new>", "été"]

# What is refused on purpose: a pattern of the message by the odd thing that brings it about.
REFUSED = {
    "type_ids_mixed": "expected one token type for a whole text",
    "japanese": "key 'tokenizer_class'",
    "extra_layer": "surplus",
    "split_special": "key 'split_special_tokens'",
    "no class": "by the tokeniser's class",  # BPE made of the pieces of another model
    "no tokenizer_config": "by the tokeniser's class",
    "truncate_left": "key 'truncation_side'",
}


class Case:
    """One folder and what was done to it."""

    def __init__(self, folder, seed):
        self.folder = folder
        self.random = random.Random(seed)
        self.done = []
        self.expected = None

    @classmethod
    def make(cls, work, number):
        """The case of that number, with an empty folder."""
        folder = work / f"{number:04}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return cls(folder, number)

    def expect(self, reference):
        """Writes what transformers gives, or why it refuses: then nothing is to be equal to."""
        try:
            self.expected = reference(self)
        except Exception as error:
            self.expected = f"{type(error).__name__}: {error}".splitlines()[0]
        self.folder.joinpath("expected.json").write_text(json.dumps(self.expected))

    def chance(self, share, name=None):
        hit = self.random.random() < share
        if hit and name:
            self.done.append(name)
        return hit

    def edit(self, name, change):
        file = self.folder / name
        content = json.loads(file.read_text()) if file.exists() else {}
        change(content)
        file.write_text(json.dumps(content, indent=1))

    def shape(self):
        heads = self.random.choice([1, 2, 3, 5])
        return heads, heads * self.random.choice([4, 6, 7, 8, 16])

    def labels(self):
        labels = self.random.choice(LABELS)
        problem = self.random.choice([None, None, "single_label_classification", "multi_label_classification", "regression"])
        if problem == "single_label_classification" and len(labels) == 1:
            problem = None  # transformers refuses that
        return {"id2label": dict(enumerate(labels)), "label2id": {l: i for i, l in enumerate(labels)},
                "problem_type": problem}


def tokenizer_files(case, kind):
    """Writes a tokeniser of the kind with its class's settings, then does odd things to it. Returns entries of its vocabulary."""
    from transformers import BertTokenizer, DistilBertTokenizer, RobertaTokenizer, XLMRobertaTokenizer
    pick = case.random.choice
    limit = 40
    if kind == "wordpiece":
        lower = pick([True, False])
        vocab = words(lowercase=lower, pad_last=pick([True, False]))
        tokenizer = pick([BertTokenizer, DistilBertTokenizer])(
            vocab=vocab, do_lower_case=lower, strip_accents=pick([None, True, False]),
            tokenize_chinese_chars=pick([True, False]), model_max_length=limit)
    elif kind == "bytes":
        vocab, merges = byte_pairs()
        tokenizer = RobertaTokenizer(vocab=vocab, merges=[tuple(m) for m in merges], add_prefix_space=pick([True, False]),
                                     model_max_length=limit)
    else:
        vocab = pieces()
        tokenizer = XLMRobertaTokenizer(vocab=vocab, add_prefix_space=pick([True, False]), model_max_length=limit)
    tokenizer.save_pretrained(case.folder)
    size = len(tokenizer)
    if case.chance(0.2, "added_token"):
        tokenizer.add_tokens(["<new>"])
        tokenizer.save_pretrained(case.folder)
        size += 1
    elif kind == "wordpiece" and case.chance(0.3, "vocab.txt"):
        case.folder.joinpath("vocab.txt").write_text(vocab_txt(vocab))
        case.folder.joinpath("tokenizer.json").unlink()
    elif kind == "bytes" and case.chance(0.4, "vocab.json+merges.txt"):
        case.folder.joinpath("vocab.json").write_text(json.dumps(vocab))
        case.folder.joinpath("merges.txt").write_text("#version: 0.2\n" + "".join(" ".join(m) + "\n" for m in merges))
        case.folder.joinpath("tokenizer.json").unlink()
    settings = {"wordpiece": ["do_lower_case", "strip_accents", "tokenize_chinese_chars"]}.get(kind, ["add_prefix_space"])
    for key in settings:
        if case.chance(0.3, key):
            value = pick([True, False])
            case.edit("tokenizer_config.json", lambda c: c.update({key: value}))
        elif case.chance(0.1, "no " + key):
            case.edit("tokenizer_config.json", lambda c: c.pop(key, None))
    if case.chance(0.1, "general class") and case.folder.joinpath("tokenizer.json").exists():
        case.edit("tokenizer_config.json", lambda c: c.update(tokenizer_class="PreTrainedTokenizerFast"))
        if case.chance(0.5, "mask not added"):
            case.edit("tokenizer.json", lambda c: c.update(
                added_tokens=[t for t in c["added_tokens"] if "mask" not in t["content"].lower()]))
    elif case.chance(0.15, "no class"):
        case.edit("tokenizer_config.json", lambda c: c.pop("tokenizer_class"))
    elif case.chance(0.1, "older class name"):
        case.edit("tokenizer_config.json", lambda c: c.update(tokenizer_class=c["tokenizer_class"] + "Fast"))
    elif case.chance(0.03, "japanese"):
        case.edit("tokenizer_config.json", lambda c: c.update(tokenizer_class="BertJapaneseTokenizer"))
    if case.chance(0.1, "max_length"):
        case.edit("tokenizer_config.json", lambda c: c.update(model_max_length=pick([9, 17, 10 ** 30])))
    if case.chance(0.1, "padding_left"):
        case.edit("tokenizer_config.json", lambda c: c.update(padding_side="left"))
    if case.chance(0.02, "truncate_left"):
        case.edit("tokenizer_config.json", lambda c: c.update(truncation_side="left"))
    if case.chance(0.02, "split_special"):
        case.edit("tokenizer_config.json", lambda c: c.update(split_special_tokens=True))
    if case.chance(0.1, "mask lstrip"):
        token = {"__type": "AddedToken", "content": "[MASK]" if kind == "wordpiece" else "<mask>", "lstrip": True,
                 "rstrip": False, "normalized": False, "single_word": False, "special": True}
        case.edit("tokenizer_config.json", lambda c: c.update(mask_token=token))
    if case.folder.joinpath("tokenizer.json").exists():
        if case.chance(0.1, "json lowercase"):
            case.edit("tokenizer.json", lambda c: c.update(normalizer={"type": "Lowercase"}))
        if case.chance(0.1, "json truncation"):
            case.edit("tokenizer.json", lambda c: c.update(
                truncation={"direction": "Right", "max_length": 12, "strategy": "LongestFirst", "stride": 0}))
        if case.chance(0.15, "type_ids"):
            mixed = case.chance(0.3, "type_ids_mixed")
            case.edit("tokenizer.json", lambda c: token_types(c["post_processor"], mixed))
    if case.chance(0.1, "input names"):
        names = pick([["input_ids", "attention_mask"], ["input_ids", "token_type_ids", "attention_mask"]])
        case.edit("tokenizer_config.json", lambda c: c.update(model_input_names=names))
    if case.chance(0.05, "no tokenizer_config"):
        case.folder.joinpath("tokenizer_config.json").unlink()
    return size


def token_types(processor, mixed):
    for i, piece in enumerate(processor.get("single", [])):
        next(iter(piece.values()))["type_id"] = 0 if mixed and i == 0 else 1


def build(case):
    pick = case.random.choice
    heads, hidden = case.shape()
    architecture = pick(["bert", "bert", "distilbert", "roberta", "xlm-roberta"])
    kind = pick({"bert": ["wordpiece"], "distilbert": ["wordpiece"], "roberta": ["bytes", "bytes", "pieces"],
                 "xlm-roberta": ["pieces", "pieces", "bytes"]}[architecture])
    case.done.append(architecture)
    size = tokenizer_files(case, kind) + pick([0, 0, 3])
    activation = pick(ACTIVATIONS)
    act = {} if activation is None else {"activation" if architecture == "distilbert" else "hidden_act": activation}
    layers, intermediate = pick([1, 2, 3]), pick([1, 13, 48, 50])
    torch.manual_seed(case.random.randrange(1 << 30))
    if architecture == "distilbert":
        config = DistilBertConfig(vocab_size=size, dim=hidden, n_heads=heads, n_layers=layers, hidden_dim=intermediate,
                                  max_position_embeddings=40, sinusoidal_pos_embds=pick([True, False]), **act, **case.labels())
        model = DistilBertForSequenceClassification(config)
    else:
        pad = pick([0, 1, 5])
        shape = dict(vocab_size=size, hidden_size=hidden, num_attention_heads=heads, num_hidden_layers=layers,
                     intermediate_size=intermediate, type_vocab_size=pick([1, 2, 3] if architecture != "bert" else [2, 3]),
                     layer_norm_eps=pick([1e-12, 1e-5, 1e-3]), pad_token_id=pad, **act, **case.labels())
        if architecture == "bert":
            model = BertForSequenceClassification(BertConfig(max_position_embeddings=40, **shape))
        else:
            kinds = {"roberta": (RobertaConfig, RobertaForSequenceClassification),
                     "xlm-roberta": (XLMRobertaConfig, XLMRobertaForSequenceClassification)}[architecture]
            model = kinds[1](kinds[0](max_position_embeddings=41 + pad, **shape))
    model.eval()
    ids = [torch.tensor([i % size for i in range(2, 9)]), torch.tensor([i * 7 % size for i in range(2, 9)])]
    randomise(model, ids)
    model.to(pick([torch.float32, torch.float32, torch.float16, torch.bfloat16]))
    model.save_pretrained(case.folder, **({"max_shard_size": "20KB"} if case.chance(0.1, "shards") else {}))
    if case.folder.joinpath("model.safetensors").exists():
        odd_weights(case, architecture, hidden)
    odd_config(case)


def odd_weights(case, architecture, hidden):
    file = case.folder / "model.safetensors"
    tensors = load_file(file)
    base = {"xlm-roberta": "roberta"}.get(architecture, architecture)
    if case.chance(0.2, "gamma/beta"):
        tensors = {re.sub(r"LayerNorm\.weight$", "LayerNorm.gamma", re.sub(r"LayerNorm\.bias$", "LayerNorm.beta", n)): t
                   for n, t in tensors.items()}
    if case.chance(0.3, "other heads"):
        names = {"bert": ["cls.predictions.bias", "cls.predictions.transform.dense.weight", "cls.seq_relationship.weight"],
                 "distilbert": ["vocab_transform.weight", "vocab_projector.bias"]}.get(
                     architecture, [f"{base}.pooler.dense.weight", "lm_head.dense.weight", "lm_head.bias"])
        tensors.update({name: torch.ones(hidden) for name in names})
    if case.chance(0.2, "position_ids"):
        tensors[f"{base}.embeddings.position_ids"] = torch.arange(40)[None]
    if case.chance(0.03, "extra_layer"):
        tensors[f"{base}.{'transformer' if base == 'distilbert' else 'encoder'}.layer.7.extra.weight"] = torch.ones(3)
    save_file({n: t.contiguous() for n, t in tensors.items()}, file, metadata={"format": "pt"})


def odd_config(case):
    config = json.loads(case.folder.joinpath("config.json").read_text())
    count = len(config.get("id2label", {0: 0, 1: 1}))
    usual = {f"LABEL_{i}": i for i in range(count)}
    if case.chance(0.15, "usual label2id"):
        case.edit("config.json", lambda c: c.update(label2id=usual))
    elif case.chance(0.1, "no label2id"):
        case.edit("config.json", lambda c: c.pop("label2id", None))
    elif count == 2 and case.chance(0.5, "no labels"):
        case.edit("config.json", lambda c: [c.pop(k, None) for k in ("id2label", "label2id")])
    elif case.chance(0.1, "num_labels alone"):
        case.edit("config.json", lambda c: [c.pop("id2label", None), c.pop("label2id", None), c.update(num_labels=count)])
    if case.chance(0.2, "no activation"):
        case.edit("config.json", lambda c: [c.pop("hidden_act", None), c.pop("activation", None)])
    if case.chance(0.1, "older keys"):
        case.edit("config.json", lambda c: c.update(torch_dtype="float32", gradient_checkpointing=False,
                                                    position_embedding_type="absolute", output_past=True))


def reference(folder, texts):
    """What transformers gives, each text alone."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32).eval()
    config = model.config
    base = getattr(config, "max_position_embeddings")
    room = base - config.pad_token_id - 1 if "Roberta" in type(model).__name__ else base
    result = {"labels": [str(config.id2label[i]) for i in range(config.num_labels)], "ids": [], "logits": [],
              "probabilities": []}
    for text in texts:
        inputs = tokenizer(text, truncation=True, max_length=min(room, tokenizer.model_max_length), return_tensors="pt")
        if "DistilBert" in type(model).__name__:
            inputs.pop("token_type_ids", None)
        with torch.no_grad():
            logits = model(**inputs).logits[0]
        if config.problem_type == "regression":
            scores = torch.tensor([])
        elif config.problem_type == "multi_label_classification" or config.num_labels == 1:
            scores = logits.sigmoid()
        else:
            scores = logits.softmax(-1)
        result["ids"].append(inputs["input_ids"][0].tolist())
        result["logits"].append(logits.tolist())
        result["probabilities"].append(scores.tolist())
    return result


def difference(expected, found, tolerance=2e-4):
    """What is wrong, or None."""
    for key in ("labels", "ids"):
        if expected.get(key) != found.get(key):
            e, f = (list(side.get(key) or []) + [None] for side in (expected, found))
            at = next(i for i, (x, y) in enumerate(zip(e, f)) if x != y)
            return f"{key}[{at}]: expected {e[at]}, found {f[at]}"
    for key in ("logits", "probabilities"):
        e, f = torch.tensor(expected[key]), torch.tensor(found[key])
        if e.shape != f.shape or (e.numel() and not (e - f).abs().max() <= tolerance * max(1, e.abs().max())):
            return f"{key} differ by {(e - f).abs().max():.2e}" if e.shape == f.shape else f"{key}: {f.shape}, not {e.shape}"
    return None


def class_path():
    parts = [ROOT / "models/target/classes", ROOT / "models/target/test-classes", ROOT / "kernels/target/classes"]
    return os.pathsep.join([str(p) for p in parts] + [str(ROOT / "server/target/lib/*")])


def run_java(name, cases, classpath):
    """Runs the class with the folders of the cases as arguments; it writes answers.json into each."""
    java = Path(os.environ["JAVA_HOME"], "bin", "java") if "JAVA_HOME" in os.environ else "java"
    for begin in range(0, len(cases), 100):
        subprocess.run([java, "--enable-native-access=ALL-UNNAMED", "--add-modules", "jdk.incubator.vector", "-cp", classpath, name]
                       + [str(c.folder.resolve()) for c in cases[begin:begin + 100]], check=True)


def compare(cases, refused, difference):
    """Prints what agreed with what is expected and what did not, and ends with 1 where something is wrong."""
    counts, things, wrong = Counter(), {}, []
    for case in cases:
        found = json.loads(case.folder.joinpath("answers.json").read_text())
        if isinstance(case.expected, str):
            outcome = "both refuse" if "refused" in found else "only transformers refuses"
            note = case.expected
        elif "refused" in found:
            meant = any(thing in case.done and pattern in found["refused"] for thing, pattern in refused.items())
            outcome, note = "refused as meant" if meant else "REFUSED", found["refused"]
        else:
            note = difference(case, found)
            outcome = "equal" if note is None else "DIFFERENT"
        counts[outcome] += 1
        for thing in case.done:
            things.setdefault(thing, Counter())[outcome] += 1
        if outcome not in ("equal", "refused as meant"):
            wrong.append(f"{case.folder.name} {outcome}: {note}\n      {', '.join(case.done)}")
    for thing in sorted(things):
        print(f"{thing:24}", "  ".join(f"{o} {n}" for o, n in sorted(things[thing].items())))
    print("\n".join(wrong))
    print(f"{len(cases)} cases:", ", ".join(f"{o} {n}" for o, n in sorted(counts.items())))
    sys.exit(1 if counts["DIFFERENT"] + counts["REFUSED"] else 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--work", type=Path, default=Path("target/sweep"))
    parser.add_argument("--classpath", default=class_path())
    arguments = parser.parse_args()
    texts = TEXTS + MORE_TEXTS
    cases = []
    for number in range(arguments.seed, arguments.seed + arguments.cases):
        case = Case.make(arguments.work, number)
        build(case)
        case.folder.joinpath("inputs.json").write_text(json.dumps(texts))
        case.expect(lambda made: reference(made.folder, texts))
        cases.append(case)
    run_java("dev.limbic.model.FolderAnswers", cases, arguments.classpath)
    compare(cases, REFUSED, lambda case, found: difference(case.expected, found))


if __name__ == "__main__":
    main()
