"""Replies of an exported dialogue model, and how far the emotion asked for is the emotion heard."""

from collections import Counter

import torch
from tokenizers import Tokenizer
from transformers import AutoTokenizer, BertForSequenceClassification, GPT2LMHeadModel

from data import EKMAN, encode, equal_length_batches, tensor
from dialogue_data import EMOTIONS

CHATS = [
    [{"role": "user", "content": "Hello! How are you doing today?"}],
    [{"role": "user", "content": "I watched a horror movie last night."}],
    [{"role": "user", "content": "My team lost the game again."}],
    [{"role": "system", "content": "I like to talk about music."},
     {"role": "user", "content": "What did you do this weekend?"}],
]
ASKED = [None, *EMOTIONS]


class Chat:
    def __init__(self, folder, sampling):
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.model = GPT2LMHeadModel.from_pretrained(folder, dtype=torch.float32).eval()
        self.sampling = sampling

    def prompt(self, messages, emotion):
        return self.tokenizer.apply_chat_template(messages, add_generation_prompt=True, emotion=emotion,
                                                  return_dict=False)

    def generate(self, messages, seed, **settings):
        """One reply for each emotion asked for, without first; the prompts are of one length."""
        prompts = torch.tensor([self.prompt(messages, emotion) for emotion in ASKED])
        torch.manual_seed(seed)
        out = self.model.generate(prompts, attention_mask=torch.ones_like(prompts), **{**self.sampling, **settings})
        return prompts, out[:, prompts.shape[1]:]

    def text(self, ids):
        return self.tokenizer.decode([int(i) for i in ids], skip_special_tokens=True)

    def samples(self, seeds=(0, 1)):
        """Unedited replies, by conversation and emotion."""
        result = []
        for messages in CHATS:
            told = {emotion or "no_emotion": [] for emotion in ASKED}
            for seed in seeds:
                for emotion, ids in zip(told, self.generate(messages, seed)[1]):
                    told[emotion].append(self.text(ids))
            result.append({"messages": messages, "seeds": list(seeds), "replies": told})
        return result

    def greedy(self, tokens=32):
        """Prompt ids, the greedy continuation, and the ten best logits (f32, of the F16 weights) after the prompt."""
        result = []
        for messages in CHATS:
            prompts, replies = self.generate(messages, 0, do_sample=False, temperature=None, top_p=None,
                                             min_new_tokens=tokens, max_new_tokens=tokens)
            with torch.no_grad():
                best = self.model(prompts).logits[:, -1].topk(10)
            for k, emotion in enumerate(ASKED):
                result.append({"messages": messages, "emotion": emotion, "input_ids": prompts[k].tolist(),
                               "greedy_ids_without_end": replies[k].tolist(), "top_ids": best.indices[k].tolist(),
                               "top_logits": [round(v, 5) for v in best.values[k].tolist()]})
        return result


@torch.no_grad()
def labels_heard(texts, folder):
    """The label with the highest logit of the classifier that did not label the training turns."""
    model = BertForSequenceClassification.from_pretrained(folder, dtype=torch.float32).eval()
    ids = encode(Tokenizer.from_file(str(folder / "tokenizer.json")), texts)
    result = [None] * len(texts)
    for batch in equal_length_batches(ids, 4096):
        for i, best in zip(batch, model(input_ids=tensor(ids, batch)).logits.argmax(1).tolist()):
            result[i] = model.config.id2label[best]
    return result


def heard(texts, folder):
    """The emotion of the label heard."""
    return ["curious" if label == "curiosity" else next(e for e, m in EKMAN.items() if label in m)
            for label in labels_heard(texts, folder)]


def steering(chat, held, folder, log, contexts=60):
    """For the emotions asked for: share of replies in which it is heard, and the same share of unsteered replies."""
    texts = []
    for seed, conversation in enumerate(held[:contexts]):
        ids = conversation.turns[2 * (seed % 5)]
        messages = [{"role": "user", "content": chat.text(ids)}]
        texts.append([chat.text(reply) for reply in chat.generate(messages, seed)[1]])
    emotions = iter(heard([t for row in texts for t in row], folder))
    rows = [[next(emotions) for _ in ASKED] for _ in texts]
    unsteered = Counter(row[0] for row in rows)
    result = {e: {"steered": sum(row[k] == e for row in rows) / len(rows), "unsteered": unsteered[e] / len(rows)}
              for k, e in enumerate(ASKED) if e}
    mean = {way: sum(r[way] for r in result.values()) / len(result) for way in ("steered", "unsteered")}
    log(f"steering, mean of {len(result)} emotions: {mean}")
    return {"contexts": len(rows), "classifier": folder.name, "mean": mean, **result}
