"""GPT-2 for training: rows hold several conversations, which do not see each other."""

import torch
from torch import nn
from torch.nn.functional import cross_entropy, gelu, scaled_dot_product_attention

IGNORE = -100  # a label that is not learnt


class Block(nn.Module):
    """x + attention(norm(x)), then x + mlp(norm(x)); the names are those of GPT2LMHeadModel."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.ln_1 = nn.LayerNorm(width)
        self.c_attn = nn.Linear(width, 3 * width)
        self.c_proj = nn.Linear(width, width)
        self.ln_2 = nn.LayerNorm(width)
        self.c_fc = nn.Linear(width, 4 * width)
        self.mlp_proj = nn.Linear(4 * width, width)

    def forward(self, x, mask):
        b, t, h = x.shape
        q, k, v = (y.view(b, t, self.heads, h // self.heads).transpose(1, 2)
                   for y in self.c_attn(self.ln_1(x)).split(h, dim=2))
        y = scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=mask is None)
        x = x + self.c_proj(y.transpose(1, 2).reshape(b, t, h))
        return x + self.mlp_proj(gelu(self.c_fc(self.ln_2(x)), approximate="tanh"))


class Gpt(nn.Module):
    """Token and position embeddings, blocks, norm; the head is the token embedding."""

    def __init__(self, vocab, width, layers, heads, context):
        super().__init__()
        self.shape = {"vocab": vocab, "width": width, "layers": layers, "heads": heads, "context": context}
        self.wte = nn.Embedding(vocab, width)
        self.wpe = nn.Embedding(context, width)
        self.h = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.ln_f = nn.LayerNorm(width)
        for name, p in self.named_parameters():
            if p.dim() > 1:
                nn.init.normal_(p, std=0.02 / (2 * layers) ** 0.5 if "proj" in name else 0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(p)

    def states(self, ids, positions=None, mask=None):
        """[B, T] -> [B, T, H]. mask [B, 1, T, T]: which tokens each token sees; causal when there is none."""
        if positions is None:
            positions = torch.arange(ids.shape[1])
        x = self.wte(ids) + self.wpe(positions)
        for block in self.h:
            x = block(x, mask)
        return self.ln_f(x)

    def forward(self, ids, positions=None, mask=None):
        return self.states(ids, positions, mask) @ self.wte.weight.t()

    def losses(self, ids, positions, mask, labels):
        """The loss of every token that has a label, [N]; the head is computed for those alone."""
        chosen = labels != IGNORE
        logits = self.states(ids, positions, mask)[chosen] @ self.wte.weight.t()
        return cross_entropy(logits.float(), labels[chosen], reduction="none")


def sight(segments):
    """[B, T] numbers of the conversations in a row -> [B, 1, T, T]: itself and what came before, in its conversation."""
    t = segments.shape[1]
    same = segments[:, None, :, None] == segments[:, None, None, :]
    return same & torch.ones(t, t, dtype=torch.bool).tril()


def gpt2_weights(model):
    """The state dict of GPT2LMHeadModel, whose linear layers hold [in, out]."""
    places = {"c_attn": "attn.c_attn", "c_proj": "attn.c_proj", "c_fc": "mlp.c_fc", "mlp_proj": "mlp.c_proj"}
    weights = {}
    for name, value in model.state_dict().items():
        parts = name.split(".")
        if parts[0] == "h" and parts[2] in places:
            name = ".".join(parts[:2] + [places[parts[2]]] + parts[3:])
            value = value.t() if parts[3] == "weight" else value
        weights["transformer." + name] = value.contiguous()
    return weights
