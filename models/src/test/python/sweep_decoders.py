"""Makes random legal folders of GPT-2, Llama, Qwen2 and Mistral and compares what we compute with transformers.

    pip install torch transformers safetensors tokenizers
    python sweep_decoders.py [--cases 200] [--seed 1] [--out FOLDER] [--maven mvn]

Each case is a tiny model with random weights as save_pretrained writes it, then changed as people's folders differ from
that (names without prefix, older keys, keys left out, a second head), with a random generation_config.json, a prompt and a
number of tokens. transformers computes the prompt's logits and generates; FolderSweepTest, which this runs with Maven,
writes what we make of the same folder. Both in f32. Printed are the cases that differ, those that only one side refuses,
and the counts. A case stays in its folder (NAME/case.json says what was drawn) and is drawn again with the same seed.

Two known differences are not drawn: a file without eos_token_id, and windows of one token, which transformers computes
otherwise through its cache than without it. Sampling is compared where it leaves one token (top_k 1, top_p 0). Where tokens differ, the case is a tie if the two best
scores of transformers were closer than TIE at that place.
"""

import argparse
import json
import logging
import random
import shlex
import shutil
import subprocess
import tempfile
import warnings
import zlib
from collections import Counter
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import (AutoModelForCausalLM, GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, MistralConfig,
                          MistralForCausalLM, Qwen2Config, Qwen2ForCausalLM)

from make_dialogue_golden import older_writing, randomise, with_masks

ROOT = Path(__file__).resolve().parents[4]
VOCAB = 89
LOGITS = 5e-4
TIE = 2e-4


def rope(rng, positions):
    """Parameters of rotary positions, of every kind that there is."""
    theta = rng.choice([10000.0, 500000.0, 100.0, 1e6])
    kind = rng.choice(["default"] * 4 + ["linear", "dynamic", "llama3", "llama3", "yarn", "yarn", "yarn", "longrope"])
    found = {"rope_type": kind, "rope_theta": theta}
    if kind != "default":
        found["factor"] = rng.choice([1.0, 1.5, 2.0, 4.0, 32.0])
    if kind == "llama3":
        found |= {"low_freq_factor": rng.choice([1.0, 0.5]), "high_freq_factor": rng.choice([4.0, 2.0])}
    if kind in ("llama3", "yarn") and rng.random() < 0.8:
        found["original_max_position_embeddings"] = rng.choice([8, 16, positions // 2, positions])
    if kind == "llama3":
        found.setdefault("original_max_position_embeddings", positions)
    if kind == "yarn":
        for key, values in (("mscale", [0.707, 1.0, 1.3]), ("mscale_all_dim", [0.5, 1.0, 2.0]), ("beta_fast", [8.0, 32.0]),
                            ("beta_slow", [0.5, 1.0, 4.0]), ("attention_factor", [0.8, 1.2]), ("truncate", [True, False])):
            if rng.random() < 0.35:
                found[key] = rng.choice(values)
    return found


def shape(rng):
    """A class of models, a configuration and the changes that the saved folder is given."""
    positions = rng.choice([48, 64, 96, 128])
    base = {"vocab_size": VOCAB, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
    edits = []
    if rng.random() < 0.25:
        heads, size = rng.randint(1, 7), rng.randint(1, 13)
        base |= {"n_embd": heads * size, "n_head": heads, "n_layer": rng.randint(1, 3), "n_positions": positions,
                 "activation_function": rng.choice(["gelu_new", "gelu", "relu", "silu", "gelu_pytorch_tanh", "tanh"]),
                 "layer_norm_epsilon": rng.choice([1e-5, 1e-3]), "tie_word_embeddings": rng.random() < 0.7,
                 "resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0}
        for key in ("scale_attn_by_inverse_layer_idx", "reorder_and_upcast_attn"):
            if rng.random() < 0.2:
                base[key] = True
        if rng.random() < 0.2:
            base["scale_attn_weights"] = False
        if rng.random() < 0.4:
            base["n_inner"] = rng.randint(3, 70)
        edits = [e for e in ("bare", "masks", "general keys", "no defaults") if rng.random() < 0.3]
        return GPT2LMHeadModel, GPT2Config(**base), edits, "transformer."
    kind, config_kind = rng.choice([(LlamaForCausalLM, LlamaConfig), (Qwen2ForCausalLM, Qwen2Config),
                                    (MistralForCausalLM, MistralConfig)])
    keys = rng.choice([1, 1, 2, 3, 4])
    heads, size = keys * rng.choice([1, 2, 3, 5]), 2 * rng.randint(1, 9)
    base |= {"hidden_size": heads * size, "num_attention_heads": heads, "num_key_value_heads": keys,
             "intermediate_size": rng.randint(5, 60), "num_hidden_layers": rng.randint(1, 4),
             "max_position_embeddings": positions, "rms_norm_eps": rng.choice([1e-6, 1e-5, 1e-2]),
             "tie_word_embeddings": rng.random() < 0.5, "rope_parameters": rope(rng, positions)}
    if rng.random() < 0.3:
        base["head_dim"] = 2 * rng.randint(1, 9)
        if kind is not LlamaForCausalLM:
            base["hidden_size"] = rng.randint(5, 60)
    if base["rope_parameters"]["rope_type"] == "longrope":
        pairs = base.get("head_dim", size) // 2
        base["rope_parameters"] |= {"short_factor": [1.0] * pairs, "long_factor": [2.0] * pairs,
                                    "original_max_position_embeddings": positions // 2}
    if rng.random() < 0.15:
        base["original_max_position_embeddings"] = rng.choice([9, 30])
    if kind is LlamaForCausalLM:
        base |= {"attention_bias": rng.random() < 0.3, "mlp_bias": rng.random() < 0.3}
    elif kind is Qwen2ForCausalLM and rng.random() < 0.6:
        base |= {"use_sliding_window": True, "sliding_window": rng.choice([2, 3, 8, 17, 40, 4096]),
                 "max_window_layers": rng.randint(0, 4)}
        if rng.random() < 0.4:
            base["layer_types"] = [rng.choice(["full_attention", "sliding_attention"])
                                   for _ in range(base["num_hidden_layers"])]
    elif kind is MistralForCausalLM:
        base["sliding_window"] = rng.choice([None, 2, 5, 16, 33, 4096])
    edits = [e for e in ("bare", "older", "no defaults", "swish") if rng.random() < 0.25]
    edits += ["partial"] if rng.random() < 0.1 else []
    return kind, config_kind(**base), edits, "model."


def change(folder, edits, prefix, rng):
    """Makes of a saved folder one that people have."""
    file = folder / "config.json"
    if "older" in edits:
        older_writing(file, rng.choice(["rope_type", "type"]))
    config = json.loads(file.read_text())
    weights = load_file(folder / "model.safetensors")
    if "bare" in edits:
        weights = {k.removeprefix(prefix): v for k, v in weights.items()}
    if "masks" in edits:
        weights = with_masks(weights)
    if "general keys" in edits:
        for own, general in (("n_embd", "hidden_size"), ("n_head", "num_attention_heads"), ("n_layer", "num_hidden_layers")):
            config[general] = config.pop(own)
    if "no defaults" in edits:
        defaults = {"rms_norm_eps": 1e-6, "hidden_act": "silu", "activation_function": "gelu_new", "sliding_window": 4096,
                    "layer_norm_epsilon": 1e-5, "attention_bias": False, "mlp_bias": False, "max_window_layers": 28,
                    "scale_attn_weights": True, "use_sliding_window": False}
        for key, value in defaults.items():
            if config.get(key) == value:
                config.pop(key, None)
    if "partial" in edits:
        config["partial_rotary_factor"] = 0.5
    if "swish" in edits and config.get("hidden_act") == "silu":
        config["hidden_act"] = "swish"
    # Heads and embeddings that do not fit what the configuration says of them.
    embedding = next(k for k in weights if k.endswith(("embed_tokens.weight", "wte.weight")))
    if config.get("tie_word_embeddings", "wte" in embedding):
        drawn = rng.random()
        if drawn < 0.1:
            weights["lm_head.weight"] = weights[embedding].clone()
        elif drawn < 0.2:
            weights["lm_head.weight"] = weights.pop(embedding)
    elif rng.random() < 0.15:
        config["tie_word_embeddings"] = True
    for key, value in (("use_cache", False), ("pretraining_tp", 1), ("attention_dropout", 0.1), ("motto", "odd but legal")):
        if rng.random() < 0.1:
            config[key] = value
    file.write_text(json.dumps(config, indent=1) + "\n")
    save_file({k: v.contiguous() for k, v in weights.items()}, folder / "model.safetensors", metadata={"format": "pt"})


def generation(rng, plain, prompt):
    """A generation configuration that bears on the text `plain`, which comes without one."""
    found = {}
    text = prompt + plain
    pairs = [text[i:i + rng.choice([1, 2, 2, 3])] for i in range(len(text))]

    def some(p, key, value):
        if rng.random() < p:
            found[key] = value()

    # Without one we take that of config.json and transformers goes on.
    found["eos_token_id"] = rng.choice([[2], rng.sample(range(3, VOCAB), rng.choice([1, 2, 9]))])
    some(0.3, "no_repeat_ngram_size", lambda: rng.randint(1, 4))
    some(0.15, "encoder_no_repeat_ngram_size", lambda: rng.randint(1, 4))
    some(0.3, "repetition_penalty", lambda: rng.choice([0.7, 1.1, 1.8]))
    some(0.15, "encoder_repetition_penalty", lambda: rng.choice([0.7, 1.3, 2.5]))
    some(0.3, "bad_words_ids", lambda: [rng.choice(pairs) for _ in range(rng.randint(1, 5))] + [[2]])
    some(0.25, "sequence_bias", lambda: [[w, rng.choice([-9.0, -1.0, 1.5, 4.0])]
                                         for w in {tuple(rng.choice(pairs)) for _ in range(4)}])
    some(0.25, "suppress_tokens", lambda: rng.sample(range(VOCAB), 5) + plain[3:4])
    some(0.25, "begin_suppress_tokens", lambda: rng.sample(range(VOCAB), 3) + plain[:1])
    some(0.25, "min_new_tokens", lambda: rng.randint(1, 12))
    some(0.25, "min_length", lambda: rng.randint(1, 40))
    some(0.25, "forced_eos_token_id", lambda: rng.choice([2, 5, [7, 4]]))
    some(0.25, "forced_bos_token_id", lambda: rng.randint(0, VOCAB - 1))
    some(0.1, "max_length", lambda: rng.randint(50, 90))
    some(0.03, "num_beams", lambda: rng.choice([1, 3]))
    some(0.03, "exponential_decay_length_penalty", lambda: [2, 1.1])
    some(0.03, "guidance_scale", lambda: rng.choice([1.0, 1.5]))
    for key, value in (("renormalize_logits", True), ("remove_invalid_values", True), ("early_stopping", True),
                       ("use_cache", True), ("length_penalty", 0.5), ("typical_p", 0.5), ("temperature", 0.3)):
        some(0.05, key, lambda: value)
    if rng.random() < 0.2:
        found |= {"do_sample": True, "temperature": rng.choice([0.3, 1.0, 3.0]),
                  **rng.choice([{"top_k": 1}, {"top_p": 0.0}, {"top_p": 1e-9, "top_k": 0}])}
        found.pop("typical_p", None)
    return found


@torch.no_grad()
def theirs(folder, prompt, most):
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    ids = torch.tensor([prompt])
    logits = model(ids, use_cache=False).logits[0]
    out = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=most, output_scores=True,
                         return_dict_in_generate=True)
    tokens = out.sequences[0, len(prompt):].tolist()
    # Beams have scores of their own.
    margins = [] if hasattr(out, "beam_indices") else [
        (best[0] - best[1]).item() if best.shape[0] > 1 else 9e9 for best in
        (s[0][s[0] > -1e30].topk(min(2, int((s[0] > -1e30).sum()))).values for s in out.scores)]
    stops = model.generation_config.eos_token_id
    stops = [stops] if isinstance(stops, int) else stops or []
    if tokens and tokens[-1] in stops:
        tokens.pop()
    return logits, tokens, margins


def make(folder, name, seed):
    rng = random.Random(f"{seed}/{name}")
    folder.mkdir(parents=True)
    torch.manual_seed(zlib.crc32(f"{seed}/{name}".encode()))
    kind, config, edits, prefix = shape(rng)
    model = kind(config).eval()
    randomise(model)
    model.to(rng.choice([torch.float32, torch.float16, torch.bfloat16])).save_pretrained(folder)
    change(folder, edits, prefix, rng)
    positions = getattr(config, "max_position_embeddings")
    prompt = [rng.randrange(3, VOCAB) for _ in range(rng.choice([1, 2, rng.randint(3, 45)]))]
    most = rng.randint(1, min(40, positions - len(prompt) - 1))
    file = folder / "generation_config.json"
    file.write_text('{"eos_token_id": 2}')
    case = {"prompt": prompt, "most": most, "kind": kind.__name__, "edits": edits}
    try:
        plain = theirs(folder, prompt, most)[1]
        drawn = rng.random()
        if drawn < 0.08:
            # Folders of old: no file, and the keys where the model's are.
            file.unlink()
            model_file = folder / "config.json"
            model_file.write_text(json.dumps(json.loads(model_file.read_text()) | {
                "do_sample": False, "no_repeat_ngram_size": 2, "suppress_tokens": plain[:1]}))
        elif drawn < 0.9:
            file.write_text(json.dumps(generation(rng, plain, prompt)))
        result = theirs(folder, prompt, most)
    except Exception as failure:  # whatever it is, the folder is not legal
        case["failed"] = f"{type(failure).__name__}: {failure}"[:150]
        result = None
    (folder / "case.json").write_text(json.dumps(case))
    return case, result


def compare(folder, case, result):
    """The outcome in a word, and what there is to say of it."""
    ours = json.loads((folder / "ours.json").read_text())
    if result is None:
        return ("both refuse" if "refused" in ours else "ONLY THEY REFUSE"), case["failed"] + " | " + ours.get("refused", "")
    if "refused" in ours:
        return "only we refuse", ours["refused"].replace(str(folder), "")
    logits, tokens, margins = result
    gap = (torch.tensor(ours["logits"]).reshape(logits.shape) - logits).abs().max().item()
    if not gap < LOGITS * max(1.0, logits.abs().max().item() / 10):
        return "LOGITS DIFFER", f"by {gap:.5f}"
    if ours["tokens"] != tokens:
        first = next((i for i, (a, b) in enumerate(zip(ours["tokens"], tokens)) if a != b),
                     min(len(tokens), len(ours["tokens"])))
        if first < len(margins) and margins[first] < TIE:
            return "tie", f"margin {margins[first]:.6f} at {first}"
        return "TOKENS DIFFER", f"at {first}: ours {ours['tokens']}, theirs {tokens}"
    return "equal", ""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--maven", default="mvn")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(1)
    out = args.out or Path(tempfile.mkdtemp(prefix="sweep-"))
    shutil.rmtree(out, ignore_errors=True)
    cases = {f"{i:04}": make(out / f"{i:04}", f"{i:04}", args.seed) for i in range(args.cases)}
    subprocess.run([*shlex.split(args.maven), "-q", "test", "-pl", "models", "-am", "-Dtest=FolderSweepTest",
                    "-Dsurefire.failIfNoSpecifiedTests=false", f"-Dlimbic.sweep={out}"], cwd=ROOT, check=True)
    outcomes = {name: compare(out / name, *case) for name, case in cases.items()}
    for name, (outcome, said) in outcomes.items():
        if outcome not in ("equal", "both refuse"):
            print(f"{name} {cases[name][0]['kind']:20} {outcome:18} {said}")
    print(f"{len(cases)} cases in {out}, transformers {transformers.__version__}:",
          ", ".join(f"{n} {outcome}" for outcome, n in Counter(o for o, _ in outcomes.values()).most_common()))


if __name__ == "__main__":
    main()
