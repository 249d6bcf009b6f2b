"""Data: where bytes come from, which bytes are right, what they mean, how they are split and batched."""
