"""Which variables of the environment lead a request through a proxy."""

from __future__ import annotations

import os
import urllib.request
from urllib.parse import urlsplit


def all_set(*names: str) -> list[str]:
    """Return the variables of the environment that are set, in lower or upper case, as they are spelled there."""
    spelled = (one for name in names for one in (name, name.upper()))
    return [one for one in spelled if os.environ.get(one)]


def way_to(url: str) -> str:
    """Return the variable whose proxy a request to an address takes; empty where it takes none."""
    try:
        address = urlsplit(url)
    except ValueError:
        # no address at all
        return ""
    named = all_set(f"{address.scheme}_proxy", "all_proxy")
    return named[0] if named and not urllib.request.proxy_bypass(address.hostname or "") else ""
