"""The whole study, from data to answer."""
