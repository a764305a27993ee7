"""Writes the dialogue model's folder (F16 weights, tokenizer, chat template) and its figures, from the F16 weights."""

import json
import math
import os
import shutil
import tempfile
from pathlib import Path

import torch
from transformers import GPT2Config, GPT2LMHeadModel

import dialogue_samples
from dialogue_data import ASSISTANT, CONTROL, EMOTIONS, END, FIRST_EMOTION, NO_EMOTION, PERSONA, START, USER
from dialogue_fit import perplexity
from dialogue_model import gpt2_weights
from export import rounded

# Messages may carry "emotion": what a user's voice told, or what the assistant's reply had. The reply that is asked for
# takes the template's variable `emotion`. Whatever is not one of the model's emotions is <|no_emotion|>.
TEMPLATE = """\
{%- set emotions = EMOTIONS -%}
{{- bos_token -}}
{%- for message in messages -%}
{%- if message['role'] == 'system' -%}
{{- '<|persona|>' -}}
{%- else -%}
{%- if message['role'] == 'user' -%}{{- '<|user|>' -}}{%- else -%}{{- '<|assistant|>' -}}{%- endif -%}
{%- if message['emotion'] is defined and message['emotion'] in emotions -%}
{{- '<|' + message['emotion'] + '|>' -}}
{%- else -%}
{{- '<|no_emotion|>' -}}
{%- endif -%}
{%- endif -%}
{{- message['content'] | trim -}}
{{- '<|end|>' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}
{{- '<|assistant|>' -}}
{%- if emotion is defined and emotion in emotions -%}
{{- '<|' + emotion + '|>' -}}
{%- else -%}
{{- '<|no_emotion|>' -}}
{%- endif -%}
{%- endif -%}
""".replace("EMOTIONS", repr(EMOTIONS)).replace("\n", "")

SAMPLING = {"do_sample": True, "temperature": 0.7, "top_p": 0.9, "max_new_tokens": 48}


def config(shape):
    return GPT2Config(
        vocab_size=shape["vocab"], n_positions=shape["context"], n_embd=shape["width"], n_layer=shape["layers"],
        n_head=shape["heads"], activation_function="gelu_new", resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0,
        bos_token_id=START, eos_token_id=END, pad_token_id=START, tie_word_embeddings=True,
        task_specific_params=None)


def limbic():
    """How the control tokens are called, by id."""
    return {"persona": PERSONA, "user": USER, "assistant": ASSISTANT, "end": END, "no_emotion": NO_EMOTION,
            "emotions": {e: FIRST_EMOTION + i for i, e in enumerate(EMOTIONS)}}


def tokenizer_config(context):
    return {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": context, "add_prefix_space": False,
            "clean_up_tokenization_spaces": False, "bos_token": CONTROL[START], "eos_token": CONTROL[END],
            "pad_token": CONTROL[START],
            "additional_special_tokens": CONTROL[PERSONA:] + [f"<|{e}|>" for e in EMOTIONS],
            "chat_template": TEMPLATE}


def figures(model, at, held, teller, bytes_held):
    result = {"parameters": sum(p.numel() for p in model.parameters()), "training": at}
    for source, found in held.items():
        value, count = perplexity(model, found, teller)
        result[f"{source}_perplexity"], result[f"{source}_tokens"] = value, count
        if source in bytes_held:
            result[f"{source}_bits_per_byte"] = math.log2(value) * count / bytes_held[source]
    value, count = perplexity(model, held["topical_chat"], teller, only_replies=True)
    result["topical_chat_replies_perplexity"], result["topical_chat_replies_tokens"] = value, count
    result["topical_chat_replies_perplexity_no_emotion"] = perplexity(
        model, held["topical_chat"], teller, only_replies=True, silent=True)[0]
    return result


def write(model, tokenizer, at, held, teller, bytes_held, folder, log=print):
    """Replaces `folder` in one move."""
    folder = Path(folder)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    os.chmod(temporary, 0o755)
    model = rounded(model)
    exported = GPT2LMHeadModel(config(model.shape))
    missing, unexpected = exported.load_state_dict(gpt2_weights(model), strict=False)
    assert set(missing) <= {"lm_head.weight"} and not unexpected, (missing, unexpected)
    exported.tie_weights()
    exported.half().save_pretrained(temporary)
    text = json.loads((temporary / "config.json").read_text())
    text.update(torch_dtype="float16", limbic=limbic())
    (temporary / "config.json").write_text(json.dumps(text, indent=2) + "\n")
    (temporary / "generation_config.json").write_text(json.dumps(
        {"bos_token_id": START, "eos_token_id": END, "pad_token_id": START, **SAMPLING}, indent=2) + "\n")
    tokenizer.save(str(temporary / "tokenizer.json"), pretty=False)
    (temporary / "tokenizer_config.json").write_text(json.dumps(tokenizer_config(model.shape["context"]), indent=2)
                                                     + "\n")
    metrics = figures(model, at, held, teller, bytes_held)
    chat = dialogue_samples.Chat(temporary, SAMPLING)
    agree(model, chat)
    metrics["steering"] = dialogue_samples.steering(chat, held["topical_chat"], folder.parent / "emotion-bert", log)
    (temporary / "reference.json").write_text(json.dumps(
        {"metrics": metrics, "greedy": chat.greedy(), "samples": chat.samples()}, ensure_ascii=False, indent=1) + "\n",
        encoding="utf-8")
    for file in temporary.iterdir():
        os.chmod(file, 0o644)
    old = folder.with_name(f".{folder.name}-old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    temporary.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
    log(json.dumps(metrics, indent=1))


@torch.no_grad()
def agree(model, chat):
    """transformers, reading the folder, computes what the trained model does."""
    ids = torch.tensor([chat.prompt([{"role": "user", "content": "Did you see the game?"}], "joy")])
    torch.testing.assert_close(chat.model(ids).logits, model(ids), atol=2e-3, rtol=1e-3)
