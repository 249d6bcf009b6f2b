"""What a person sees while work runs. An observer: no result depends on it."""
