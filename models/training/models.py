"""The two architectures: a bidirectional LSTM with pooling, and a small BERT."""

import numpy as np
import torch
from sklearn.utils.extmath import randomized_svd
from torch import nn
from transformers import BertConfig, BertForSequenceClassification

from data import MAX_TOKENS, PAD


class RecurrentClassifier(nn.Module):
    """embedding -> (Bi)LSTM -> pooled outputs -> classifier. Batches must hold texts of equal length (no padding)."""

    def __init__(self, vocab, labels, embedding=160, hidden=160, layers=2, pooling=("max", "attention"),
                 dropout=0.0):
        super().__init__()
        self.pooling = pooling
        self.embedding = nn.Embedding(vocab, embedding)
        nn.init.normal_(self.embedding.weight, std=0.5)
        self.rnn = nn.LSTM(embedding, hidden, layers, batch_first=True, bidirectional=True, dropout=dropout)
        width = 2 * hidden
        self.attention = nn.Linear(width, 1, bias=False)
        self.classifier = nn.Linear(width * len(pooling), labels)
        self.drop_in = nn.Dropout(dropout)
        self.drop_out = nn.Dropout(min(0.5, dropout * 1.5))

    def encode(self, ids):
        x = self.embedding(ids)
        if self.training:  # one mask for all time steps
            x = x * self.drop_in(torch.ones_like(x[:, :1]))
        return self.rnn(x)

    def forward(self, ids):
        states, (final, _) = self.encode(ids)
        states = states.float()
        parts = []
        for kind in self.pooling:
            if kind == "last":
                parts.append(torch.cat([final[-2], final[-1]], dim=-1).float())
            elif kind == "mean":
                parts.append(states.mean(1))
            elif kind == "max":
                parts.append(states.amax(1))
            else:
                weights = torch.softmax(self.attention(states).float(), dim=1)
                parts.append((weights * states).sum(1))
        return self.classifier(self.drop_out(torch.cat(parts, dim=-1))).float()


class BertClassifier(nn.Module):
    """A thin cover over transformers' BERT, with the interface of RecurrentClassifier."""

    def __init__(self, vocab, labels, hidden=256, layers=4, heads=4, intermediate=768, dropout=0.1):
        super().__init__()
        self.bert = BertForSequenceClassification(BertConfig(
            vocab_size=vocab, hidden_size=hidden, num_hidden_layers=layers, num_attention_heads=heads,
            intermediate_size=intermediate, max_position_embeddings=MAX_TOKENS, num_labels=labels, pad_token_id=PAD,
            hidden_dropout_prob=dropout, attention_probs_dropout_prob=dropout,
            problem_type="multi_label_classification"))

    @property
    def embedding(self):
        return self.bert.bert.embeddings.word_embeddings

    def encode(self, ids):
        return self.bert.bert(input_ids=ids).last_hidden_state, None

    def forward(self, ids):
        return self.bert(input_ids=ids).logits.float()


class MaskedHead(nn.Module):
    """Predicts masked tokens with the model's own embedding matrix; used in pre-training only."""

    def __init__(self, width, embedding, vocab):
        super().__init__()
        self.transform = nn.Sequential(nn.Linear(width, embedding), nn.GELU(), nn.LayerNorm(embedding))
        self.bias = nn.Parameter(torch.zeros(vocab))

    def forward(self, states, matrix):
        return self.transform(states) @ matrix.t() + self.bias


def cooccurrence_vectors(ids, vocab, size, window=5, seed=0):
    """Word vectors without gradient descent: positive pointwise mutual information, then a truncated SVD."""
    gap = np.full(window, vocab, dtype=np.int64)  # keeps texts apart
    stream = np.concatenate([part for text in ids for part in (np.asarray(text[1:-1], dtype=np.int64), gap)])
    counts = np.zeros((vocab, vocab), dtype=np.float32)
    for distance in range(1, window + 1):
        left, right = stream[:-distance], stream[distance:]
        inside = (left < vocab) & (right < vocab)
        pairs = np.bincount(left[inside] * vocab + right[inside], minlength=vocab * vocab).reshape(vocab, vocab)
        counts += pairs.astype(np.float32) / distance
    counts += counts.T.copy()
    context = counts.sum(0) ** 0.75
    context /= context.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        table = np.log(counts / counts.sum(1, keepdims=True) / context)
    table[~np.isfinite(table)] = 0
    np.maximum(table, 0, out=table)
    left, strength, _ = randomized_svd(table, size, n_iter=4, random_state=seed)
    vectors = left * np.sqrt(strength)
    vectors = vectors / (np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-6) * np.sqrt(size) * 0.5
    return torch.tensor(vectors, dtype=torch.float32)
