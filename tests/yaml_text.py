"""YAML for tests, read and written by the library that reads params.yaml."""

from __future__ import annotations

import copy
import io
from functools import lru_cache
from typing import Any

from ruamel.yaml import YAML


def load(text: str) -> Any:
    """The plain values of a YAML text, for the caller to change."""
    return copy.deepcopy(_loaded(text))


# params.yaml is read by hundreds of tests, and takes a tenth of a second
@lru_cache(maxsize=8)
def _loaded(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def dump(content: object) -> str:
    """Plain values as YAML, mappings in their own order."""
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.dump(content, stream := io.StringIO())
    return stream.getvalue()
