"""``optimizer-study quiz``: guess a ranking first, then see what was measured."""
