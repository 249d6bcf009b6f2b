"""A language model: a causal transformer of one layer, in plain PyTorch.

Pre-norm, as in GPT-2 (Radford et al. 2019), with learned positions and four heads. The head is a matrix of its own, not
the embedding's transpose. Queries, keys and values are three matrices, so that an optimizer of whole matrices (Muon)
sees each by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its name in all of PyTorch's documentation

from pipeline.prepared.refusal import Refusal

if TYPE_CHECKING:
    from pipeline.training.record import Convolution

WIDTH = 64
HEADS = 4
LAYERS = 1
_SMALL = 0.02  # standard deviation of the initial embeddings


class Block(nn.Module):
    """Attention to the token itself and to earlier ones, then a dense layer; each is added to what came in."""

    def __init__(self) -> None:
        super().__init__()
        self.norm_attention = nn.LayerNorm(WIDTH)
        self.query, self.key, self.value = (nn.Linear(WIDTH, WIDTH) for _ in range(3))
        self.mix = nn.Linear(WIDTH, WIDTH)
        self.norm_dense = nn.LayerNorm(WIDTH)
        self.widen = nn.Linear(WIDTH, 4 * WIDTH)
        self.narrow = nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        """Return float32 (batch, length, width), the shape of what comes in."""
        normed = self.norm_attention(x)
        query, key, value = (_heads(layer(normed)) for layer in (self.query, self.key, self.value))
        attended = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        x = x + self.mix(attended.transpose(1, 2).flatten(2))
        summed: Tensor = x + self.narrow(F.gelu(self.widen(self.norm_dense(x))))
        return summed


class CausalTransformer(nn.Module):
    """Token ids in; out, for each, logits of the token that follows it, from it and from earlier ones alone."""

    def __init__(self, length: int, words: int) -> None:
        super().__init__()
        self.words = nn.Embedding(words, WIDTH)
        self.positions = nn.Embedding(length, WIDTH)
        self.blocks = nn.Sequential(*(Block() for _ in range(LAYERS)))
        self.norm = nn.LayerNorm(WIDTH)
        self.head = nn.Linear(WIDTH, words)
        for embedding in (self.words, self.positions):
            nn.init.normal_(embedding.weight, std=_SMALL)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return logits, float32 (batch, length, words), from ids, int64 (batch, length)."""
        places = torch.arange(tokens.shape[1], device=tokens.device)
        x = self.words(tokens) + self.positions(places)
        logits: Tensor = self.head(self.norm(self.blocks(x)))
        return logits


def _heads(x: Tensor) -> Tensor:
    """Split (batch, length, width) into (batch, heads, length, width of a head)."""
    batch, length, _ = x.shape
    return x.view(batch, length, HEADS, -1).transpose(1, 2)


def build(shape: tuple[int, ...], outputs: int, convolution: Convolution) -> CausalTransformer:
    """Return the model for sequences of up to `shape[0]` tokens and a vocabulary of `outputs` words."""
    if len(shape) != 1:
        raise Refusal("no_tokens", shape=shape)
    return CausalTransformer(shape[0], outputs)
