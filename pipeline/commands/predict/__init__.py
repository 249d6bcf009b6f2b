"""The champion on picture files of any size."""
