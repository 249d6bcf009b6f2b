"""``optimizer-study reproduce``: whether the recorded results come out here as well."""
