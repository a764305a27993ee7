"""Makes the golden directories of generation: tiny random models, and what transformers computes with them.

    pip install torch transformers safetensors tokenizers     # made with transformers 5.18, those of odd folders with 5.24
    python make_dialogue_golden.py [--out ../resources/golden-generation] [NAME ...]

Each directory is what save_pretrained writes (config.json, generation_config.json, weights), and beside it
  expected.safetensors  input_ids i64 [T], the prompt; logits f32 [T, V], of the prompt, computed at once;
                        greedy_ids i64 [32]; step_logits f32 [32, V], computed one token at a time through the cache:
                        greedy_ids[0] is the best of logits[T-1], row k of step_logits is computed from greedy_ids[k],
                        and greedy_ids[k+1] is the best of row k
  text.json             {"prompt", "greedy"}, where the directory has a tokeniser
All is computed in f32 from the weights as stored. The best logit of each step leads by MARGIN at least, so greedy ids
are the same on any device. Ends of text do not stop the continuation. Some config.json are in the older writing
(rope_theta and rope_scaling beside each other) that most published models have.
Seeds are fixed: running it again with the same versions gives the same files.
"""

import json
import zlib

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (AutoModelForCausalLM, GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM,
                          MistralConfig, MistralForCausalLM, PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM)

from make_golden import byte_pairs, main

STEPS = 32
MARGIN = 0.02
VOCAB = 101
PROMPT = 19  # tokens
TEXT = "I can't believe we won! Why? 😂"


def randomise(model):
    """Attention with favourites, norms that are not 1, biases that are not 0, and logits that differ by about 2."""
    with torch.no_grad():
        for name, p in model.named_parameters():
            if ("norm" in name or "ln_" in name) and name.endswith("weight"):
                p.copy_(1 + 0.2 * torch.randn_like(p))
            elif p.dim() == 1:
                p.copy_(0.3 * torch.randn_like(p))
            elif "wte" in name or "embed_tokens" in name:
                p.copy_((2.2 / p.shape[1] ** 0.5) * torch.randn_like(p))
            elif "wpe" in name:
                p.copy_(0.4 * torch.randn_like(p))
            else:
                inputs = p.shape[0] if isinstance(model, GPT2LMHeadModel) and "lm_head" not in name else p.shape[1]
                favourite = any(part in name for part in ("c_attn", "q_proj", "k_proj", "lm_head"))
                p.copy_((2.0 if favourite else 1.2) * torch.randn_like(p) / inputs ** 0.5)


@torch.no_grad()
def outputs(model, prompt):
    """The prompt's logits, the greedy continuation and the logits of its steps; None where two tokens are too close."""
    whole = model(prompt[None], use_cache=True)
    logits, cache = whole.logits[0], whole.past_key_values
    last, ids, steps = logits[-1], [], []
    for _ in range(STEPS + 1):
        best = last.topk(2)
        if best.values[0] - best.values[1] < MARGIN:
            return None
        if len(ids) == STEPS:
            break
        ids.append(best.indices[0].item())
        last = model(torch.tensor([[ids[-1]]]), past_key_values=cache, use_cache=True).logits[0, -1]
        steps.append(last)
    steps = torch.stack(steps)
    at_once = model(torch.cat([prompt, torch.tensor(ids)])[None], use_cache=False).logits[0, len(prompt):]
    torch.testing.assert_close(steps, at_once, atol=2e-4, rtol=1e-4)
    return logits, torch.tensor(ids), steps


def older_writing(file, kind="rope_type"):
    """rope_parameters as rope_theta and, but for the default, rope_scaling."""
    config = json.loads(file.read_text())
    rope = config.pop("rope_parameters")
    config["rope_theta"] = rope.pop("rope_theta")
    rope_type = rope.pop("rope_type")
    config["rope_scaling"] = None if rope_type == "default" else {kind: rope_type, **rope}
    config["torch_dtype"] = config.pop("dtype")
    file.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


def edit(folder, config=lambda c: None, weights=lambda w: w):
    """Changes config.json and renames or adds tensors: folders that people have and save_pretrained does not write."""
    file = folder / "config.json"
    changed = json.loads(file.read_text())
    config(changed)
    file.write_text(json.dumps(changed, indent=2, sort_keys=True) + "\n")
    file = folder / "model.safetensors"
    save_file({k: v.contiguous() for k, v in weights(load_file(file)).items()}, file, metadata={"format": "pt"})


def without(prefix):
    """Names as a model has them that was saved without its head, and tied: lm_head is the embedding's."""
    return lambda w: {k.removeprefix(prefix): v for k, v in w.items()}


def with_masks(weights):
    """The buffers of old GPT-2 files, as bytes and as truth values."""
    layers = sorted({k[:k.index(".attn.")] for k in weights if ".attn." in k})
    kinds = (torch.uint8, torch.bool)
    masks = {f"{layer}.attn.bias": torch.ones(64, 64, dtype=kinds[i % 2]).tril()[None, None]
             for i, layer in enumerate(layers)}
    return {**weights, **masks, **{f"{layer}.attn.masked_bias": torch.tensor(-1e4) for layer in layers}}


def write(folder, make, dtype=torch.float32, tokenizer=None, older=None, plain=None, config=None, weights=None):
    """`plain`: the model's config without what this directory is about; its logits must differ, or nothing is tested.
    `config` and `weights`: what is changed in the saved files, see edit()."""
    prompt = torch.randint(3, VOCAB, (PROMPT,))
    if tokenizer is not None:
        tokenizer.save_pretrained(folder)
        prompt = torch.tensor(tokenizer(TEXT)["input_ids"])
    for attempt in range(200):
        torch.manual_seed(zlib.crc32(f"{folder.name}/{attempt}".encode()))
        model = make().eval()
        randomise(model)
        with torch.no_grad():
            for p in model.parameters():  # not the rotary frequencies, which are never stored
                p.copy_(p.to(dtype))
        result = outputs(model, prompt)
        if result is not None and len(set(result[1].tolist())) >= 8:
            break
    else:
        raise RuntimeError(f"{folder.name}: no weights with clear choices")
    model.to(dtype).save_pretrained(folder)
    if older:
        older_writing(folder / "config.json", older)
    if config or weights:
        edit(folder, config or (lambda c: None), weights or (lambda w: w))
    again = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    for mine, theirs in zip(outputs(again, prompt), result):
        torch.testing.assert_close(mine, theirs, atol=1e-4, rtol=1e-4)
    logits, ids, steps = result
    difference = ""
    if plain is not None:
        other = type(again)(plain).eval()
        other.load_state_dict(again.state_dict())
        with torch.no_grad():
            gap = (other(prompt[None]).logits[0] - logits).abs().max().item()
        assert gap > 0.05, gap
        difference = f", differs from the plain model by {gap:.2f}"
    save_file({"input_ids": prompt, "logits": logits.contiguous(), "greedy_ids": ids, "step_logits": steps},
              folder / "expected.safetensors")
    if tokenizer is not None:
        folder.joinpath("text.json").write_text(json.dumps(
            {"prompt": TEXT, "greedy": tokenizer.decode(ids)}, indent=1) + "\n")
    for file in folder.iterdir():
        file.chmod(0o644)
    print(f"{folder.name:22} {sum(p.numel() for p in model.parameters()):6} parameters, "
          f"{sum(f.stat().st_size for f in folder.iterdir()) // 1024:4} KiB, logits spread {logits.std():.2f}, "
          f"{len(set(ids.tolist())):2} different of {STEPS}, attempt {attempt}{difference}")


def byte_tokenizer(size=300):
    vocab, merges = byte_pairs(size)
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=[tuple(m) for m in merges]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", pad_token="<pad>")


def gpt2(folder, dtype=torch.float32, tokenizer=None, plain=None, edits=None, **shape):
    def config(**changes):
        return GPT2Config(**{"vocab_size": len(tokenizer) if tokenizer else VOCAB, "n_positions": 64, "n_embd": 36,
                             "n_layer": 3, "n_head": 3, "resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0,
                             "bos_token_id": 0, "eos_token_id": 2, **shape, **changes})
    write(folder, lambda: GPT2LMHeadModel(config()), dtype, tokenizer, plain=config(**plain) if plain else None,
          **edits or {})


def family(kind, config_kind, dtype=torch.float32, older=None, plain=None, edits=None, **shape):
    def config(**changes):
        return config_kind(**{"vocab_size": VOCAB, "num_hidden_layers": 2, "max_position_embeddings": 64,
                              "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0, **shape, **changes})
    return lambda folder: write(folder, lambda: kind(config()), dtype, older=older,
                                plain=config(**plain) if plain else None, **edits or {})


def llama(**shape):
    return family(LlamaForCausalLM, LlamaConfig, **{
        "hidden_size": 48, "num_attention_heads": 6, "num_key_value_heads": 2, "intermediate_size": 65,
        "tie_word_embeddings": False, **shape})


def qwen2(**shape):
    return family(Qwen2ForCausalLM, Qwen2Config, **{"use_sliding_window": False, "bos_token_id": None, **shape})


def small_llama(**shape):
    return llama(**{"hidden_size": 24, "num_attention_heads": 2, "num_key_value_heads": 2, "intermediate_size": 33,
                    "dtype": torch.float16, **shape})


def small_qwen2(**shape):
    return qwen2(hidden_size=28, num_attention_heads=7, num_key_value_heads=7, intermediate_size=33,
                 tie_word_embeddings=True, dtype=torch.float16, use_sliding_window=True,
                 plain={"use_sliding_window": False, "layer_types": None}, **shape)


def mistral(**shape):
    return family(MistralForCausalLM, MistralConfig, dtype=torch.float16, intermediate_size=35,
                  tie_word_embeddings=False, **shape)


def rope(kind, theta=10000.0, **values):
    return {"rope_type": kind, "rope_theta": theta, **values}


def rename_keys(config):
    """The names that other architectures have for the same."""
    for own, general in GPT2Config.attribute_map.items():
        config[own] = config.pop(general, config.get(own))
    config.pop("activation_function")


def silent(config):
    """What is not said has a default."""
    for key in ("sliding_window", "num_key_value_heads", "hidden_act", "rope_parameters"):
        config.pop(key)


PLAIN = {"rope_parameters": rope("default")}

GOLDEN = {
    "gpt2": lambda folder: gpt2(folder, tokenizer=byte_tokenizer(), n_layer=2),
    "gpt2-untied": lambda folder: gpt2(folder, torch.float16, n_embd=35, n_head=5, n_layer=2, n_inner=50,
                                       activation_function="relu", layer_norm_epsilon=1e-3,
                                       tie_word_embeddings=False),
    "gpt2-scaled": lambda folder: gpt2(folder, scale_attn_by_inverse_layer_idx=True, n_embd=40, n_head=1,
                                       activation_function="gelu", plain={"scale_attn_by_inverse_layer_idx": False}),
    "llama": llama(older="rope_type"),
    "llama-biased": llama(hidden_size=40, num_attention_heads=5, num_key_value_heads=1, head_dim=12,
                          attention_bias=True, mlp_bias=True, tie_word_embeddings=True, rms_norm_eps=1e-2,
                          num_hidden_layers=3, rope_parameters=rope("default", 500000.0), plain={"rms_norm_eps": 1e-6}),
    "llama-linear": llama(older="type", rope_parameters=rope("linear", factor=2.5), plain=PLAIN),
    "llama-dynamic": llama(older="type", rope_parameters=rope("dynamic", factor=2.0)),
    "llama-llama3": llama(older="rope_type", plain=PLAIN, dtype=torch.bfloat16, rope_parameters=rope(
        "llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=16)),
    "llama-yarn": llama(plain=PLAIN, rope_parameters=rope(
        "yarn", factor=4.0, original_max_position_embeddings=16)),
    "llama-yarn-set": llama(older="rope_type", plain=PLAIN, head_dim=16, rope_parameters=rope(
        "yarn", 5000.0, factor=3.0, original_max_position_embeddings=20, beta_fast=8.0, beta_slow=0.5,
        attention_factor=1.3)),
    "qwen2": qwen2(hidden_size=42, num_attention_heads=7, num_key_value_heads=1, intermediate_size=55,
                   tie_word_embeddings=True, dtype=torch.bfloat16, older="rope_type",
                   rope_parameters=rope("default", 1000000.0)),
    "qwen2-yarn": qwen2(hidden_size=48, num_attention_heads=6, num_key_value_heads=3, intermediate_size=67,
                        tie_word_embeddings=False, older="type", plain=PLAIN, num_hidden_layers=3,
                        rope_parameters=rope("yarn", factor=4.0, original_max_position_embeddings=16)),
    "mistral": family(MistralForCausalLM, MistralConfig, hidden_size=33, num_attention_heads=6, num_key_value_heads=3,
                      head_dim=10, intermediate_size=51, sliding_window=None, tie_word_embeddings=False,
                      dtype=torch.float16, rope_parameters=rope("default")),
    # What people have and save_pretrained does not write, or writes only when asked.
    "gpt2-bare": lambda folder: gpt2(folder, torch.float16, n_embd=24, n_head=4, n_layer=2, edits={
        "weights": lambda w: with_masks(without("transformer.")(w)), "config": rename_keys}),
    "llama-bare": small_llama(num_key_value_heads=1, tie_word_embeddings=True, edits={"weights": without("model.")}),
    "llama-two-heads": small_llama(edits={"config": lambda c: c.update(tie_word_embeddings=True)}),
    "llama-head-only": small_llama(tie_word_embeddings=True, edits={
        "weights": lambda w: {k.replace("model.embed_tokens", "lm_head"): v for k, v in w.items()}}),
    "llama-yarn-scales": small_llama(plain=PLAIN, rope_parameters=rope(
        "yarn", factor=4.0, original_max_position_embeddings=60, mscale=0.7, mscale_all_dim=1.9, beta_slow=2.0),
        original_max_position_embeddings=9, edits={
            "config": lambda c: c["rope_parameters"].update(original_max_position_embeddings=60)}),
    "llama-partial": small_llama(edits={"config": lambda c: c.update(partial_rotary_factor=0.5)}),
    "mistral-window": mistral(hidden_size=30, num_attention_heads=3, num_key_value_heads=1, sliding_window=7,
                              plain={"sliding_window": None}),
    "mistral-silent": mistral(hidden_size=32, num_attention_heads=16, edits={"config": silent}),
    "qwen2-window": small_qwen2(num_hidden_layers=4, sliding_window=5, max_window_layers=1,
                                edits={"config": lambda c: c.pop("layer_types")}),
    "qwen2-layers": small_qwen2(num_hidden_layers=3, sliding_window=9, layer_types=[
        "sliding_attention", "full_attention", "sliding_attention"]),
}


if __name__ == "__main__":
    main(GOLDEN, __doc__, "golden-generation")
