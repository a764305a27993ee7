"""Makes golden-rules: one tiny model, and what transformers writes with it by many generation configurations.

    pip install torch transformers safetensors tokenizers     # made with transformers 5.24
    python make_rules_golden.py [--out ../resources/golden-rules]

  cases.json  [{"name", "generation_config", "prompt", "most", "tokens"}]: tokens is the greedy text without the stop token
              that ends it. Each key changes the text that comes without it, or its case would test nothing; the two best
              tokens are never closer than MARGIN, but for those that are forced.
"""

import argparse
import json
import logging
import shutil
import warnings
from pathlib import Path

import torch
import transformers
from transformers import LlamaConfig, LlamaForCausalLM

from make_dialogue_golden import randomise
from sweep_decoders import theirs

MARGIN = 0.004
BEGINNING = [5, 17, 33, 5, 17, 8]  # of the prompt; the rest is what the model says then, so that it repeats itself
MOST = 24


def cases(plain):
    """Generation configurations by name. `plain` is the text without any."""
    pair = plain[2:4]
    yield "plain", {}
    for n in (1, 2, 3):
        yield f"no_repeat_ngram_size {n}", {"no_repeat_ngram_size": n}
    yield "encoder_no_repeat_ngram_size", {"encoder_no_repeat_ngram_size": 1}
    yield "repetition_penalty", {"repetition_penalty": 1.6}
    yield "encoder_repetition_penalty", {"encoder_repetition_penalty": 3.0}
    yield "both penalties", {"encoder_repetition_penalty": 3.0, "repetition_penalty": 1.6}
    yield "suppress_tokens", {"suppress_tokens": plain[1:3]}
    yield "begin_suppress_tokens", {"begin_suppress_tokens": [plain[0]]}
    yield "bad_words_ids", {"bad_words_ids": [pair]}
    yield "bad_words_ids of one token, not of the stop token",  {
        "bad_words_ids": [plain[:1], [plain[4]]], "eos_token_id": plain[4]}
    yield "sequence_bias", {"sequence_bias": [[pair, -20.0], [[plain[5]], 3.0], [[40], 2.5], [plain[1:3], -1.0]]}
    yield "eos_token_id", {"eos_token_id": [plain[6], 3]}
    yield "min_new_tokens", {"eos_token_id": plain[2], "min_new_tokens": 9}
    yield "min_length", {"eos_token_id": plain[2], "min_length": 29}
    yield "min_new_tokens before min_length", {"eos_token_id": plain[2], "min_length": 29, "min_new_tokens": 4}
    yield "forced_eos_token_id", {"forced_eos_token_id": 61, "eos_token_id": 61}
    yield "forced_eos_token_id that is no stop token", {"forced_eos_token_id": [61, 44], "eos_token_id": 2}
    yield "top_p 0", {"do_sample": True, "top_p": 0.0, "temperature": 3.0, "no_repeat_ngram_size": 2}
    yield "top_k 1", {"do_sample": True, "top_k": 1, "suppress_tokens": plain[:1]}
    yield "all together", {"no_repeat_ngram_size": 2, "repetition_penalty": 1.1, "suppress_tokens": [plain[3]],
                           "bad_words_ids": [plain[:2]], "sequence_bias": [[[40], 1.0]], "min_new_tokens": 5,
                           "eos_token_id": plain[4], "encoder_repetition_penalty": 1.3, "forced_eos_token_id": 9}


def one_token(plain):
    """The same of a prompt of one token, after which forced_bos_token_id counts."""
    other = (plain[0] + 7) % 91
    yield "forced_bos_token_id", {"forced_bos_token_id": other}
    yield "forced_bos_token_id and begin_suppress_tokens", {
        "forced_bos_token_id": other, "begin_suppress_tokens": list(range(0, 90, 2))}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "../resources/golden-rules")
    out = parser.parse_args().out.resolve()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    for seed in range(2000):
        shutil.rmtree(out, ignore_errors=True)
        torch.manual_seed(seed)
        model = LlamaForCausalLM(LlamaConfig(
            vocab_size=91, hidden_size=20, num_attention_heads=2, num_key_value_heads=1, intermediate_size=30,
            num_hidden_layers=2, max_position_embeddings=48, bos_token_id=1, eos_token_id=2))
        randomise(model)
        model.to(torch.float16).save_pretrained(out)
        found = written(out)
        if found is not None:
            break
    else:
        raise RuntimeError("no weights with clear choices")
    (out / "generation_config.json").unlink()
    (out / "cases.json").write_text(json.dumps(found, indent=0) + "\n")
    for file in out.iterdir():
        file.chmod(0o644)
    print(f"{len(found)} cases, seed {seed}, {sum(f.stat().st_size for f in out.iterdir()) // 1024} KiB")


def written(folder):
    """All cases, or None where one has no clear choice or a key changes nothing."""
    found = []
    prompt = BEGINNING + plain_text(folder, BEGINNING)[:14]
    for prompt, make in ((prompt, cases), ([5], one_token)):
        plain = plain_text(folder, prompt)
        if len(set(plain)) < 5:
            return None
        for name, config in make(plain):
            (folder / "generation_config.json").write_text(json.dumps(config))
            _, tokens, margins = theirs(folder, prompt, MOST)
            if min(m or 1 for m in margins) < MARGIN or (config and tokens == plain):
                return None
            found.append({"name": name, "generation_config": config, "prompt": prompt, "most": MOST, "tokens": tokens})
    return found


def plain_text(folder, prompt):
    (folder / "generation_config.json").write_text("{}")
    return theirs(folder, prompt, MOST)[1]


if __name__ == "__main__":
    main()
