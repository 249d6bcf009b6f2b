"""``optimizer-study recommend``: what to use."""
