"""The whole pipeline on data that needs no download."""
