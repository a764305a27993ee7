"""Makes the golden files of prompts: what transformers renders from chat templates and does with tokens.

    pip install transformers tokenizers jinja2     # made with transformers 5.18, tokenizers 0.23, jinja2 3.1.6
    python make_prompt_golden.py [--out ../resources/golden-templates]

  templates.json   {"conversations", "templates": [{"name", "config", "cases": [{"conversation", "variables",
                   "add_generation_prompt"} with "text", "raised" (raise_exception's message) or "failed": true]}]};
                   config is a tokenizer_config.json with the template
  snippets.json    {"variables", "snippets": [{"source"} with one of the same three]}: one for each rule of the language
  NAME/            tokenizer.json and tokenizer_config.json of a tiny tokeniser, and
  NAME/texts.json  [{"text", "ids", "with_special", "decoded", "continued"}]: decoded without special tokens, and what the
                   text adds when it is decoded after "x"
Running it again with the same versions gives the same files.
"""

import argparse
import json
import shutil
from pathlib import Path

import jinja2
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast
from transformers.utils.chat_template_utils import _cached_compile_jinja_template

from chat_templates import CONFIGS, CONVERSATIONS
from template_snippets import VARIABLES, snippets

CORPUS = [
    "I can't believe we won! This is the best day of my life.", "why would you do that to me? I am so angry right now",
    "The night was quiet and I was afraid of the noise behind the door.", "the meeting starts at nine and ends at ten",
    "Der Himmel über Köln war grau, être ou ne pas être, niño, smörgåsbord", "我今天很高兴 привет мир مرحبا بالعالم",
] * 3

TEXTS = [
    "", " ", "  ", "Hello", " Hello", "  Hello  ", "I can't believe we won!", "the night was quiet", "\n", "\n\nthe\n", "a\tb",
    "我今天很高兴", "高 兴", "😂", "a😂b 👩‍👩‍👧‍👦 👍🏽", "über Köln", "e\u0301 ﬁ", "▁under▁", " ▁", "<0x0A>", "Ġ Ċ", "x\u0000y\u007f", "\ufffd",
    "<s>", "</s> after", "a<s>b", "<s> <s>", "[INST] the [/INST]", "<|user|>Hello<|end|>", "<|im_start|>user\nthe<|im_end|>\n",
    "<|begin_of_text|>the day", "<|sad|>", "word " * 20, "été\r\n", "1234567890", "\u2028\u00a0\u3000x",
]

STARTER_TOKENS = ["<|endoftext|>", "<|end|>", "<|persona|>", "<|user|>", "<|assistant|>", "<|no_emotion|>", "<|neutral|>",
                  "<|joy|>", "<|sadness|>", "<|anger|>", "<|fear|>", "<|surprise|>", "<|disgust|>", "<|curious|>"]


def outcome(render):
    try:
        return {"text": render()}
    except Exception as e:  # raise_exception raises the base class, the language's own errors are its subclasses
        return {"raised": e.message} if type(e) is jinja2.TemplateError else {"failed": True}


def bare(token):
    return AddedToken(**{k: v for k, v in token.items() if k != "__type"}) if isinstance(token, dict) else token


def templates():
    result = []
    for name, config in CONFIGS.items():
        tokens = {k: bare(v) for k, v in config.items() if k.endswith("_token") and v is not None}
        tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.BPE()), **tokens)
        template = config["chat_template"]
        if isinstance(template, list):
            template = next(t["template"] for t in template if t["name"] == "default")
        cases = []
        for conversation, messages in enumerate(CONVERSATIONS):
            for prompt in (False, True):
                variables = {"date_string": "26 Jul 2024"}
                if conversation % 3 == 0:
                    variables |= {"emotion": "joy", "enable_thinking": False}
                cases.append({"conversation": conversation, "variables": variables, "add_generation_prompt": prompt,
                              **outcome(lambda: tokenizer.apply_chat_template(
                                  messages, chat_template=template, tokenize=False, add_generation_prompt=prompt,
                                  **variables))})
        result.append({"name": name, "config": config, "cases": cases})
        counts = [sum(key in case for case in cases) for key in ("text", "raised", "failed")]
        print(f"{name:20} {counts[0]:3} rendered, {counts[1]:2} raised, {counts[2]:2} failed")
    return {"conversations": CONVERSATIONS, "templates": result}


def byte_pairs(size, special, **model):
    tokenizer = Tokenizer(models.BPE(**model))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=size, special_tokens=special, show_progress=False,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet())))
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def byte_level():
    tokenizer = byte_pairs(340, ["<s>", "<pad>", "</s>"])
    tokenizer.add_tokens([AddedToken("[INST]", special=False, normalized=False), AddedToken("<|sad|>", special=False)])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", pad_token="<pad>")


def starter():
    tokenizer = byte_pairs(320, STARTER_TOKENS)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<|endoftext|>", eos_token="<|end|>",
                                   pad_token="<|endoftext|>", additional_special_tokens=STARTER_TOKENS[2:],
                                   add_prefix_space=False, chat_template=CONFIGS["starter"]["chat_template"])


def llama3():
    tokenizer = byte_pairs(320, [], ignore_merges=True)
    pattern = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|"
               r"\s*[\r\n]+|\s+(?!\S)|\s+")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pattern), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    special = ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>",
               "<|im_start|>", "<|im_end|>"]
    tokenizer.add_special_tokens(special)
    tokenizer.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=False),
        processors.TemplateProcessing(single="<|begin_of_text|> $A", special_tokens=[
            ("<|begin_of_text|>", tokenizer.token_to_id("<|begin_of_text|>"))])])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=special[0], eos_token=special[4])


def sentence_pieces(newer=False):
    """Llama 2's (a normaliser makes spaces visible) and the newer writing of it (a pre-tokeniser does)."""
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.Metaspace()
    trained.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=150, show_progress=False))
    learnt = json.loads(trained.to_str())["model"]
    tokens = ["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)]
    tokens += [t for t in sorted(learnt["vocab"], key=learnt["vocab"].get)]
    tokens += [t for t in ("▁▁",) if t not in tokens]
    tokenizer = Tokenizer(models.BPE(vocab={t: i for i, t in enumerate(tokens)}, byte_fallback=True, fuse_unk=True,
                                     merges=[tuple(m) for m in learnt["merges"]] + [("▁", "▁")], unk_token="<unk>"))
    if newer:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    else:
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(),
                                           decoders.Strip(" ", 1, 0)])
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return finished(tokenizer)


def unigram():
    """As T5's: Metaspace both ways."""
    letters = sorted({c for text in CORPUS for c in text if c != " "})
    scored = [("<unk>", 0.0), ("<s>", 0.0), ("</s>", 0.0), ("▁", -2.0), ("▁the", -3.0), ("day", -4.0), ("▁I", -3.5)]
    scored += [(c, -6.0 - 0.01 * i) for i, c in enumerate(letters)]
    tokenizer = Tokenizer(models.Unigram(scored, unk_id=0))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 2)])
    return finished(tokenizer)


def finished(tokenizer):
    tokenizer.add_special_tokens(["<unk>", "<s>", "</s>"])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", unk_token="<unk>")


TOKENIZERS = {
    "byte-level": byte_level, "starter": starter, "llama-3": llama3, "sentence-pieces": sentence_pieces,
    "sentence-pieces-newer": lambda: sentence_pieces(newer=True), "unigram": unigram,
}


def texts(tokenizer):
    before = tokenizer("x", add_special_tokens=False)["input_ids"]
    shown = {"skip_special_tokens": True, "clean_up_tokenization_spaces": False}
    for text in TEXTS:
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        yield {"text": text, "ids": ids, "with_special": tokenizer(text)["input_ids"],
               "decoded": tokenizer.decode(ids, **shown),
               "continued": tokenizer.decode(before + ids, **shown)[len(tokenizer.decode(before, **shown)):]}


def dump(file, value):
    file.write_text(json.dumps(value, ensure_ascii=False, indent=0) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "../resources/golden-templates")
    out = parser.parse_args().out.resolve()
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    dump(out / "templates.json", templates())
    results = [{"source": s, **outcome(lambda: _cached_compile_jinja_template(s).render(**VARIABLES))}
               for s in snippets()]
    print(f"{len(results)} snippets, {sum('failed' in r for r in results)} failed")
    dump(out / "snippets.json", {"variables": VARIABLES, "snippets": results})
    for name, make in TOKENIZERS.items():
        folder = out / name
        tokenizer = make()
        tokenizer.save_pretrained(folder)
        again = PreTrainedTokenizerFast.from_pretrained(folder)
        template = folder / "chat_template.jinja"
        dump(folder / "texts.json", list(texts(again)))
        print(f"{name:22} {len(tokenizer)} tokens, {sum(f.stat().st_size for f in folder.iterdir()) // 1024} KiB"
              + (", template in a file of its own" if template.exists() else ""))


if __name__ == "__main__":
    main()
