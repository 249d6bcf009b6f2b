"""Addresses of servers and databases, without what nobody else may read."""

from __future__ import annotations

import re
from urllib.parse import unquote

_HIDDEN = "***"
# a password may hold any sign, even / and a blank: all between :// and the last @ is taken for a name and a password,
# unless it begins like a host alone
_USER = re.compile(r"(?<=://)(?=[^/?#]*[:@]).*@", re.DOTALL)
_VALUE = re.compile(r"(?<==)[^&;#]*")
_IN_TEXT = re.compile(r"\w[\w+.-]*://[^\s'\"<>]+")
# the header that a library quotes where a token has a line end
_HEADER = re.compile(r"(?<=Bearer ).*", re.DOTALL)
_SHORTEST = 3  # characters; a shorter secret is no secret, and would be found in any word


def shown(address: str) -> str:
    """Return an address without user, password, or any value of its query; a path stays as it is."""
    if "://" not in address:
        return address
    start, question, query = _USER.sub(f"{_HIDDEN}@", address).partition("?")
    hidden = _VALUE.sub(_HIDDEN, query) if "=" in query else _HIDDEN
    return f"{start}?{hidden}" if question else start


def as_link(address: str) -> str:
    """Return an address for a browser, which asks for the user itself and would take a hidden one for a name."""
    return shown(_USER.sub("", address)) if "://" in address else address


def without_secrets(text: str, *known: str) -> str:
    """Return a text, such as a library's error, without the secrets of addresses in it.

    Parameters
    ----------
    known
        Addresses whose secrets are looked for as they are and decoded, also where the text has no whole address.
    """
    for address in known:
        text = text.replace(address, shown(address))
    for secret in sorted({secret for address in known for secret in _secrets(address)}, key=len, reverse=True):
        text = text.replace(secret, _HIDDEN)
    return _IN_TEXT.sub(lambda found: shown(found[0]), _HEADER.sub(_HIDDEN, text))


def _secrets(address: str) -> set[str]:
    if "://" not in address:
        return set()
    user = _USER.search(address)
    password = user[0][:-1].partition(":")[2] if user else ""
    values = _VALUE.findall(_USER.sub("", address).partition("?")[2])
    found = {password, *values}
    return {one for one in found | set(map(unquote, found)) if len(one) >= _SHORTEST}
