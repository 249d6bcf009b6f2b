"""The prepared examples: their format, and how to read them."""
