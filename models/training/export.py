"""Writes a model folder (F16 weights, tokenizer, config) and its reference.json, all figures from the F16 weights."""

import copy
import json
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from sklearn.metrics import f1_score

import scoring
from data import MAX_TOKENS, encode, goemotions
from fit import predict
from models import RecurrentClassifier

TEXTS = [
    "Thank you so much, this made my whole week!",
    "I can't believe they cancelled it again. What a joke.",
    "I miss my grandmother every single day.",
    "WHY WOULD YOU DO THAT???",
    "I AM SO HAPPY RIGHT NOW!!!",
    "",
    " ",
    ".",
    "😂😂😂",
    "❤️ love this 🥰",
    "ok",
    "The meeting starts at nine and ends at noon.",
    "I'm really nervous about the interview tomorrow, what if I forget everything?",
    "Sorry, that was completely my fault.",
    "Huh, I had no idea that whales could sing. How does that work?",
    "That smell is revolting, I feel sick.",
    "Je suis tellement content de te revoir, c'était une très belle journée.",
    "Das war eine herbe Enttäuschung für uns alle.",
    "今日はとても悲しいです。",
    "Ну ничего себе, вот это сюрприз!",
    "lol ur so funny 🤣 pls never change",
    "Visit https://example.org/a?b=c&d=e or mail me@example.org (it's 50% off – really).",
    "We finally won after ten years of trying and I am so proud of this team, "
    "even though my voice is gone and my hands are still shaking. " * 8,
    "I'm not angry, just disappointed. You promised you would call, and then you didn't.",
]


def rounded(model):
    """The model with its weights rounded to f16 and computing in f32, as a reader of the file sees it."""
    model = copy.deepcopy(model).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(parameter.half().float())
    return model


def write(model, tokenizer, labels, data, folder, fallback="argmax", log=print):
    """Chooses thresholds on dev, measures dev and test, and replaces `folder` in one move."""
    folder = Path(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    model = rounded(model)
    result = measure(model, tokenizer, labels, data, fallback)
    thresholds = result.pop("thresholds")
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    os.chmod(temporary, 0o755)
    tokenizer.save(str(temporary / "tokenizer.json"), pretty=False)
    (temporary / "tokenizer_config.json").write_text(json.dumps({
        "tokenizer_class": "BertTokenizer" if not isinstance(model, RecurrentClassifier) else
        "PreTrainedTokenizerFast", "do_lower_case": True, "model_max_length": MAX_TOKENS, "pad_token": "[PAD]",
        "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]"}, indent=2) + "\n")
    limbic = {"taxonomy": "goemotions-28", "temperature": 1.0, "fallback": fallback,
              "thresholds": dict(zip(labels, thresholds))}
    names = {"problem_type": "multi_label_classification", "id2label": {str(i): n for i, n in enumerate(labels)},
             "label2id": {n: i for i, n in enumerate(labels)}}
    if isinstance(model, RecurrentClassifier):
        config = {"architectures": ["LimbicRecurrentClassifier"], "model_type": "limbic_recurrent", "cell": "lstm",
                  "vocab_size": model.embedding.num_embeddings, "embedding_size": model.embedding.embedding_dim,
                  "hidden_size": model.rnn.hidden_size, "num_layers": model.rnn.num_layers, "bidirectional": True,
                  "pooling": list(model.pooling), "dense_size": 0, "max_position_embeddings": MAX_TOKENS,
                  "pad_token_id": 0, **names, "torch_dtype": "float16", "limbic": limbic}
        tensors = {k: v.half().contiguous() for k, v in model.state_dict().items()}
        if "attention" not in model.pooling:
            del tensors["attention.weight"]
        save_file(tensors, temporary / "model.safetensors", metadata={"format": "pt"})
    else:
        half = copy.deepcopy(model.bert).half()
        half.config.id2label = dict(enumerate(labels))
        half.config.label2id = names["label2id"]
        half.save_pretrained(temporary)
        config = json.loads((temporary / "config.json").read_text())
        config["torch_dtype"] = "float16"
        config["limbic"] = limbic
    (temporary / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    ids = encode(tokenizer, TEXTS)
    (temporary / "reference.json").write_text(json.dumps({
        "texts": TEXTS, "input_ids": ids, "logits": [[float(v) for v in row] for row in predict(model, ids)],
        "metrics": result}, ensure_ascii=False) + "\n", encoding="utf-8")
    for file in temporary.iterdir():
        os.chmod(file, 0o644)
    old = folder.with_name(f".{folder.name}-old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    temporary.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
    log(f"{folder.name}: " + ", ".join(f"{k} {v:.4f}" for k, v in result.items() if k != "per_label_f1"))
    return result


def measure(model, tokenizer, labels, data, fallback="argmax"):
    probability, gold = {}, {}
    for split in ("dev", "test"):
        texts, gold[split] = goemotions(data, split)
        probability[split] = scoring.sigmoid(predict(model, encode(tokenizer, texts)))
    thresholds = np.round(scoring.choose_thresholds(probability["dev"], gold["dev"]), 4)
    chosen = {s: scoring.decide(probability[s], thresholds, fallback) for s in gold}
    ekman_chosen, ekman_gold = (scoring.group(rows["test"], labels) for rows in (chosen, gold))
    each = f1_score(gold["test"], chosen["test"], average=None, zero_division=0)
    return {
        "thresholds": [float(t) for t in thresholds],
        "test_macro_f1_28": scoring.macro(gold["test"], chosen["test"]),
        "test_micro_f1_28": scoring.micro(gold["test"], chosen["test"]),
        "test_macro_f1_ekman": scoring.macro(ekman_gold, ekman_chosen),
        "test_micro_f1_ekman": scoring.micro(ekman_gold, ekman_chosen),
        "dev_macro_f1_28": scoring.macro(gold["dev"], chosen["dev"]),
        "dev_macro_f1_28_cross_fitted": scoring.cross_fitted(probability["dev"], gold["dev"], 100,
                                                             fallback=fallback),
        "per_label_f1": {n: float(v) for n, v in zip(labels, each)},
    }
