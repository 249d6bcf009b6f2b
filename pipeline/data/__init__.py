"""Data: where bytes come from, which bytes are right, what they mean, and how they are split."""
