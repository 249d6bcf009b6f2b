from __future__ import annotations

from hypothesis import settings

# scipy is imported at its first use: the first example of a test may take a second.
settings.register_profile("slow imports", deadline=None, parent=settings.get_profile("default"))
settings.load_profile("slow imports")
