"""Makes the golden directories: tiny models with random weights, and what PyTorch computes with them.

    pip install torch transformers safetensors        # made with torch 2.13, transformers 5.18, safetensors 0.8
    python make_golden.py [--out ../resources/golden] [NAME ...]

Each directory is what save_pretrained writes (config.json, weights, tokeniser), and beside it
  expected.safetensors  input_ids i64 [T] and cu_seqlens i64 [B+1] of a flat batch without padding, hidden.0 (embeddings)
                        and hidden.1 ... hidden.N (outputs of each layer), all f32 [T, H], pooled f32 [B, P] (what the last
                        linear layer reads) and logits f32 [B, L]
  texts.json            [{"text", "ids", "truncated"}]: the tokeniser's answers, with special tokens, at the model's limit
Every sequence is computed alone, in f32, from the weights as stored, so neither padding nor half precision is in the figures.
Seeds are fixed: running it again with the same versions gives the same files.
"""

import argparse
import json
import math
import shutil
import zlib
from collections import Counter
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from torch import nn
from transformers import (BertConfig, BertForSequenceClassification, BertTokenizer, DistilBertConfig,
                          DistilBertForSequenceClassification, RobertaConfig, RobertaForSequenceClassification,
                          RobertaTokenizer, XLMRobertaConfig, XLMRobertaForSequenceClassification,
                          XLMRobertaTokenizer)

LIMIT = 24  # tokens

CORPUS = [
    "I can't believe we won! This is the best day of my life.",
    "why would you do that to me? I am so angry right now",
    "The night was quiet and I was afraid of the noise behind the door.",
    "she smiled and said thank you, it means a lot to me",
    "he left without a word and I have been crying ever since",
    "that is disgusting, take it away from the table please",
    "What a surprise! I did not expect to see you here today",
    "the meeting starts at nine and ends at ten, bring the report",
    "Der Himmel über Köln war grau, être ou ne pas être, niño, smörgåsbord",
    "我今天很高兴 привет мир مرحبا بالعالم",
] * 3

TEXTS = [
    "", " ", "I", "I can't believe we won!", "WHY would you do that to me???", "naïve café — Ünïcödé",
    "tabs\tand\nnew\r\nlines  and   spaces ", "zero\u0000byte and bell\u0007 and replacement \ufffd",
    "我今天很高兴 and 高兴", "مرحبا بالعالم שלום", "👩‍👩‍👧‍👦 👍🏽 😂😂😂 ok", "a\u0301e\u0301 \u1e9b\u0323 ﬁne Ⅳ",
    "[CLS] hello [SEP] [MASK] [PAD]", "<s> hello </s> <mask> <pad>", "x" * 101, "word " * 60,
    "the night was quiet and I was afraid of the noise behind the door, and then it opened slowly and nobody was there",
    "don't won't I'm you're 3.14 1,000,000 $5 50% #tag @you http://x.y/z?a=b", "\u00a0\u2003\u3000wide\u200bspaces\u2028x",
]

EKMAN = ["anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise"]


def substrings(lowercase, first):
    """Parts of the corpus's words with their counts, most frequent first. (The trainers of WordPiece and Unigram break
    ties by chance, so the vocabularies are counted here.)"""
    normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    counts = Counter()
    for text in CORPUS:
        for word, _ in pre_tokenizers.BertPreTokenizer().pre_tokenize_str(normalizer.normalize_str(text)):
            for begin in range(len(word)):
                for end in range(begin + 1, len(word) + 1):
                    counts[(first if begin == 0 else "##") + word[begin:end]] += 1 if begin else 2
    return sorted(counts.items(), key=lambda c: (-c[1] * len(c[0].strip("#")), c[0]))


def words(lowercase=True, pad_last=False, size=240):
    """A WordPiece vocabulary of all characters and frequent parts of words; [PAD] is not id 0."""
    special = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"]
    counted = [token for token, _ in substrings(lowercase, "")]
    letters = sorted(t for t in counted if len(t.removeprefix("##")) == 1)
    frequent = [t for t in counted if len(t.removeprefix("##")) > 1]
    rest = (letters + frequent)[:size - len(special)]
    order = [t for t in special if t != "[PAD]"] + rest + ["[PAD]"] if pad_last else special + rest
    return {token: i for i, token in enumerate(order)}


def byte_pairs(size=420):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=size, special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"], show_progress=False,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet())))
    model = json.loads(tokenizer.to_str())["model"]
    return model["vocab"], model["merges"]


def pieces(size=260):
    """A Unigram vocabulary, as SentencePiece would learn: pieces with the logarithm of their share."""
    counts = Counter({"\u2581": 50})
    for token, n in substrings(False, "\u2581"):
        counts[token.removeprefix("##")] += n
        if len(token) == 2 and token[0] == "\u2581":
            counts[token[1]] += n
    letters = sorted(t for t in counts if len(t) == 1)
    frequent = sorted((t for t in counts if len(t) > 1), key=lambda t: (-counts[t] * len(t), t))
    total = sum(counts.values())
    scored = [(t, round(math.log(counts[t] / total), 4)) for t in (letters + frequent)[:size - 5]]
    return [(t, 0.0) for t in ("<s>", "<pad>", "</s>", "<unk>")] + scored + [("<mask>", 0.0)]


class Recurrent(nn.Module):
    """The recurrent classifier: embedding, LSTM or GRU, pooling, dense with ReLU (if any), linear."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        rnn = nn.LSTM if config["cell"] == "lstm" else nn.GRU
        self.embedding = nn.Embedding(config["vocab_size"], config["embedding_size"])
        self.rnn = rnn(config["embedding_size"], config["hidden_size"], config["num_layers"],
                       bidirectional=config["bidirectional"])
        width = config["hidden_size"] * (2 if config["bidirectional"] else 1)
        if "attention" in config["pooling"]:
            self.attention = nn.Linear(width, 1, bias=False)
        features = width * len(config["pooling"])
        if config["dense_size"]:
            self.dense = nn.Linear(features, config["dense_size"])
        self.classifier = nn.Linear(config["dense_size"] or features, len(config["id2label"]))

    def layer(self, k):
        """Layer k of the stack as a module of its own."""
        single = type(self.rnn)(self.rnn.input_size if k == 0 else self.rnn.hidden_size * (1 + self.rnn.bidirectional),
                                self.rnn.hidden_size, bidirectional=self.rnn.bidirectional)
        single.load_state_dict({name.replace(f"_l{k}", "_l0"): value for name, value in self.rnn.state_dict().items()
                                if f"_l{k}" in name})
        return single

    def outputs(self, ids):
        states = self.embedding(ids)
        hidden = [states]
        for k in range(self.config["num_layers"]):
            states, final = self.layer(k)(states)
            hidden.append(states)
        whole, whole_final = self.rnn(hidden[0])
        torch.testing.assert_close(states, whole)
        final, whole_final = (f[0] if isinstance(f, tuple) else f for f in (final, whole_final))
        torch.testing.assert_close(final, whole_final[-final.shape[0]:])
        parts = {"last": lambda: final.flatten(), "mean": lambda: states.mean(0), "max": lambda: states.amax(0),
                 "attention": lambda: (torch.softmax(self.attention(states), 0) * states).sum(0)}
        pooled = torch.cat([parts[p]() for p in self.config["pooling"]])
        if self.config["dense_size"]:
            pooled = torch.relu(self.dense(pooled))
        return hidden, pooled, self.classifier(pooled)

    def save_pretrained(self, folder, max_shard_size=None):
        folder.joinpath("config.json").write_text(json.dumps(self.config, indent=2) + "\n")
        save_file(self.state_dict(), folder / "model.safetensors", metadata={"format": "pt"})


def transformer_outputs(model, ids):
    seen = []
    hook = model.classifier.out_proj if hasattr(model.classifier, "out_proj") else model.classifier
    handle = hook.register_forward_hook(lambda _, inputs, __: seen.append(inputs[0][0]))
    out = model(input_ids=ids[None], output_hidden_states=True)
    handle.remove()
    return [h[0] for h in out.hidden_states], seen[0], out.logits[0]


def outputs(model, ids):
    with torch.no_grad():
        return model.outputs(ids) if isinstance(model, Recurrent) else transformer_outputs(model, ids)


def gain(name):
    """Gates saturate and attention has favourites, as in trained models; else all sequences would look alike."""
    if name.startswith("rnn"):
        return 3.5
    return 2.5 if any(part in name for part in ("query", "key", "value", "q_lin", "k_lin", "v_lin")) else 1.3


def randomise(model, sequences):
    """Weights at which each layer matters, and logits that differ from text to text by about 1.5."""
    with torch.no_grad():
        for name, p in model.named_parameters():
            if "norm" in name.lower() and name.endswith("weight"):
                p.copy_(1 + 0.2 * torch.randn_like(p))
            elif p.dim() == 1:
                p.copy_(0.2 * torch.randn_like(p))
            elif "embedding" in name:
                p.copy_(0.7 * torch.randn_like(p))
            else:
                p.copy_(gain(name) * torch.randn_like(p) / p.shape[1] ** 0.5)
    head = model.classifier.out_proj if hasattr(model.classifier, "out_proj") else model.classifier
    across = torch.stack([outputs(model, s)[2] for s in sequences]).std(0).mean()
    with torch.no_grad():
        head.weight.mul_(1.5 / across)


def write(folder, model, tokenizer, dtype, texts=TEXTS, shard=None):
    tokens = []
    for text in texts:
        ids = tokenizer(text, truncation=True, max_length=LIMIT)["input_ids"]
        tokens.append({"text": text, "ids": ids, "truncated": len(tokenizer(text)["input_ids"]) > LIMIT})
    folder.joinpath("texts.json").write_text(json.dumps(tokens, indent=1) + "\n")
    assert {t["truncated"] for t in tokens} == {True, False}
    sequences = [torch.tensor(tokens[i]["ids"]) for i in (0, 2, 3, 5, 15, 16)]
    for n in (1, 2, 7, LIMIT):
        ids = torch.randint(len(tokenizer), (n,), generator=torch.Generator().manual_seed(n))
        # A RoBERTa counts no position for a padding token; no text of a chat has one.
        sequences.append(torch.where(ids == tokenizer.pad_token_id, ids + 4, ids) % len(tokenizer))
    model.eval()
    randomise(model, sequences)
    model.to(dtype)
    model.save_pretrained(folder, **({"max_shard_size": shard} if shard else {}))
    model.float()
    results = [outputs(model, s) for s in sequences]
    expected = {"input_ids": torch.cat(sequences),
                "cu_seqlens": torch.tensor([0] + [len(s) for s in sequences]).cumsum(0),
                "pooled": torch.stack([r[1] for r in results]), "logits": torch.stack([r[2] for r in results])}
    for k in range(len(results[0][0])):
        expected[f"hidden.{k}"] = torch.cat([r[0][k] for r in results])
    save_file({k: v.contiguous() for k, v in expected.items()}, folder / "expected.safetensors")
    for file in folder.iterdir():
        file.chmod(0o644)
    print(f"{folder.name:20} {sum(p.numel() for p in model.parameters()):7} parameters, "
          f"{sum(f.stat().st_size for f in folder.iterdir()) // 1024:4} KiB, "
          f"pooled differ by {expected['pooled'].std(0).mean():.2f}, logits by {expected['logits'].std(0).mean():.2f}")


def labelled(labels, multi):
    return {"id2label": dict(enumerate(labels)), "label2id": {label: i for i, label in enumerate(labels)},
            "problem_type": f"{'multi' if multi else 'single'}_label_classification"}


def only(folder, tokenizer, **files):
    """Leaves just the older kind of tokeniser files, and reads them back as transformers does."""
    folder.joinpath("tokenizer.json").unlink()
    for name, text in files.items():
        folder.joinpath(name.replace("_", ".")).write_text(text)
    return type(tokenizer).from_pretrained(folder)


def vocab_txt(vocab):
    return "".join(token + "\n" for token in sorted(vocab, key=vocab.get))


def bert(folder):
    vocab = words(pad_last=True)
    tokenizer = BertTokenizer(vocab=vocab, model_max_length=LIMIT)
    tokenizer.save_pretrained(folder)
    model = BertForSequenceClassification(BertConfig(
        vocab_size=len(vocab), hidden_size=36, num_hidden_layers=2, num_attention_heads=3, intermediate_size=50,
        max_position_embeddings=LIMIT, pad_token_id=tokenizer.pad_token_id, hidden_act="gelu",
        **labelled(["joy", "anger", "sadness", "surprise", "neutral"], True)))
    write(folder, model, tokenizer, torch.float32)


def bert_relu_single(folder):
    vocab = words(lowercase=False)
    tokenizer = BertTokenizer(vocab=vocab, do_lower_case=False, strip_accents=True, tokenize_chinese_chars=False,
                              model_max_length=LIMIT)
    tokenizer.save_pretrained(folder)
    tokenizer = only(folder, tokenizer, vocab_txt=vocab_txt(vocab))
    model = BertForSequenceClassification(BertConfig(
        vocab_size=len(vocab), hidden_size=28, num_hidden_layers=3, num_attention_heads=2, intermediate_size=33,
        max_position_embeddings=LIMIT, pad_token_id=tokenizer.pad_token_id, hidden_act="relu", type_vocab_size=3,
        layer_norm_eps=1e-5, **labelled(["sadness", "joy", "love", "anger", "fear", "surprise"], False)))
    write(folder, model, tokenizer, torch.float32, shard="40KB")


def distilbert(folder):
    vocab = words()
    tokenizer = BertTokenizer(vocab=vocab, model_max_length=LIMIT)
    tokenizer.backend_tokenizer.enable_truncation(5, stride=2)  # must be ignored
    tokenizer.backend_tokenizer.enable_padding(length=40)
    tokenizer.save_pretrained(folder)
    model = DistilBertForSequenceClassification(DistilBertConfig(
        vocab_size=len(vocab), dim=40, n_layers=2, n_heads=5, hidden_dim=70, max_position_embeddings=LIMIT,
        pad_token_id=tokenizer.pad_token_id, **labelled(EKMAN, False)))
    write(folder, model, BertTokenizer(vocab=vocab, model_max_length=LIMIT), torch.float16)


def roberta(folder):
    vocab, merges = byte_pairs()
    tokenizer = RobertaTokenizer(vocab=vocab, merges=[tuple(m) for m in merges], model_max_length=LIMIT)
    tokenizer.save_pretrained(folder)
    tokenizer = only(folder, tokenizer, vocab_json=json.dumps(vocab, ensure_ascii=False),
                     merges_txt="#version: 0.2\n" + "".join(" ".join(m) + "\n" for m in merges))
    model = RobertaForSequenceClassification(RobertaConfig(
        vocab_size=len(vocab), hidden_size=36, num_hidden_layers=2, num_attention_heads=3, intermediate_size=50,
        max_position_embeddings=LIMIT + 2, type_vocab_size=1, pad_token_id=1,
        **labelled(["optimism", "anger", "fear", "joy"], True)))
    write(folder, model, tokenizer, torch.float32)


def xlm_roberta(folder):
    vocab = pieces()
    tokenizer = XLMRobertaTokenizer(vocab=vocab, model_max_length=LIMIT)
    tokenizer.backend_tokenizer.normalizer = normalizers.NFKC()
    tokenizer.save_pretrained(folder)
    # Read back, as the class keeps no normaliser of tokenizer.json but SentencePiece's own.
    tokenizer = XLMRobertaTokenizer.from_pretrained(folder)
    model = XLMRobertaForSequenceClassification(XLMRobertaConfig(
        vocab_size=len(vocab), hidden_size=24, num_hidden_layers=2, num_attention_heads=4, intermediate_size=45,
        max_position_embeddings=LIMIT + 2, type_vocab_size=1, pad_token_id=1, hidden_act="gelu_new",
        **labelled(EKMAN, False)))
    write(folder, model, tokenizer, torch.bfloat16)


def recurrent(labels=EKMAN, multi=False, limbic=None, **shape):
    def make(folder):
        vocab = words(size=160)
        tokenizer = BertTokenizer(vocab=vocab, model_max_length=LIMIT)
        tokenizer.save_pretrained(folder)
        config = {"architectures": ["LimbicRecurrentClassifier"], "model_type": "limbic_recurrent",
                  "vocab_size": len(vocab), **shape, "max_position_embeddings": LIMIT,
                  "pad_token_id": tokenizer.pad_token_id, **labelled(labels, multi), "torch_dtype": "float32"}
        if limbic:
            config["limbic"] = limbic
        write(folder, Recurrent(config), tokenizer, torch.float32)
    return make


GOLDEN = {
    "bert": bert,
    "bert-relu-single": bert_relu_single,
    "distilbert": distilbert,
    "roberta": roberta,
    "xlm-roberta": xlm_roberta,
    "recurrent-lstm-bi": recurrent(
        ["admiration", "amusement", "grief", "neutral"], True,
        {"taxonomy": "goemotions-28", "temperature": 1.5, "thresholds": {"grief": 0.2}, "fallback": "argmax"},
        cell="lstm", embedding_size=20, hidden_size=17, num_layers=2, bidirectional=True,
        pooling=["last", "mean", "max", "attention"], dense_size=13),
    "recurrent-gru-uni": recurrent(cell="gru", embedding_size=16, hidden_size=21, num_layers=1, bidirectional=False,
                                   pooling=["last"], dense_size=0),
    "recurrent-lstm-3": recurrent(cell="lstm", embedding_size=12, hidden_size=19, num_layers=3, bidirectional=False,
                                  pooling=["mean", "attention"], dense_size=0),
}


def main(golden, description, folder):
    """Makes the directories named on the command line, or all. `golden`: what makes each directory, by name."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent.parent / "resources" / folder)
    parser.add_argument("names", nargs="*", metavar="NAME", help="some of: " + ", ".join(golden))
    args = parser.parse_args()
    torch.set_num_threads(1)
    for name in args.names or golden:
        folder = args.out / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        torch.manual_seed(zlib.crc32(name.encode()))
        golden[name](folder)


if __name__ == "__main__":
    main(GOLDEN, __doc__, "golden")
