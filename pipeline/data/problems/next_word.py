"""The next word of a text that everybody has: the docstrings of a part of SymPy, which PyTorch brings along.

The source files are read, never imported. Of each docstring the paragraphs that begin with ``>>>`` are left out (they
are code). What remains becomes lower-case words (letters a to z), numbers and single punctuation marks; whatever else
there is separates them, so that neither indentation nor the Unicode tables of a Python version change a token.
148,791 tokens, 4,015 different ones. The vocabulary is that of the training part: its 999 most frequent tokens, and
`UNKNOWN` for all others, 5.6 % of the tokens. The entropy of the single tokens is 4.98 nats: that is the loss of a
network that knows how frequent each word is, and nothing else (a thousand equally frequent words: 6.91).

`validation_fraction` 0.2015 leaves 3,200 blocks for training: an epoch of 200 steps of 16 blocks.
"""

from __future__ import annotations

import ast
import hashlib
import re
import warnings
from collections import Counter
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline.data import splits
from pipeline.prepared.examples import Examples, LabelledData
from pipeline.project.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.prepared.reader import Task

TITLE = "Next word"
DESCRIPTION = "Which of 1,000 words follows, 32 times in each of 4,508 pieces of the documentation of SymPy."
ARCHIVE: str | None = None
TASK: Task = "next_token"

UNKNOWN = "<unknown>"

_PACKAGE, _VERSION = "sympy", "1.14.0"
_FOLDERS = ("core", "logic", "sets", "solvers")
_SHA256 = "1f474d9e8a559bfc6f9d385a5b300a08b61ed4df485f6fdc02150d08bec015e1"
_WORDS = 1000
_LENGTH = 32
_TEST_BLOCKS = 500
_SEED = 0

_TOKEN = re.compile(r"[A-Za-z]+|[0-9]+|[!-/:-@\[-`{-~]")
_BLANK_LINE = re.compile(r"\n\s*\n")


def load(raw: Path) -> LabelledData:
    """Read the docstrings: 4,008 training and 500 test blocks of 32 words, each with the words that follow.

    Raises
    ------
    DataError
        Where the installed package is another version.
    """
    tokens = list(_tokens(_FOLDERS))
    if hashlib.sha256(" ".join(tokens).encode()).hexdigest() != _SHA256:
        raise DataError(
            f"next_word is made of the docstrings of {_PACKAGE} {_VERSION}; those of the installed {_PACKAGE} "
            f"{version(_PACKAGE)} differ: install the versions of requirements.lock, or {_PACKAGE}=={_VERSION}."
        )
    return _blocks(tokens, _WORDS, _TEST_BLOCKS)


def tiny() -> LabelledData:
    """Return the smallest folder alone, with 200 words; a test block in ten."""
    tokens = list(_tokens(("sets",)))
    return _blocks(tokens, 200, len(tokens) // (_LENGTH + 1) // 10)


def _tokens(folders: Sequence[str]) -> Iterator[str]:
    """Yield the tokens of the docstrings, file by file in the order of their paths."""
    # without importing it
    found = find_spec(_PACKAGE)
    root = Path(str(found.origin)).parent if found else Path()
    files = (path for folder in folders for path in (root / folder).rglob("*.py") if "tests" not in path.parts)
    for path in sorted(files, key=lambda path: path.relative_to(root).as_posix()):
        for text in _docstrings(path):
            prose = (part for part in _BLANK_LINE.split(text) if not part.lstrip().startswith(">>>"))
            for part in prose:
                yield from (token.lower() for token in _TOKEN.findall(part))


def _docstrings(path: Path) -> Iterator[str]:
    with warnings.catch_warnings():
        # about escapes in the package's own strings
        warnings.simplefilter("ignore")
        tree = ast.parse(path.read_bytes())
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node, clean=False) or ""


def _blocks(tokens: Sequence[str], words: int, test_blocks: int) -> LabelledData:
    """Cut tokens into blocks, draw those for the test at random, and number the words of the others."""
    size = _LENGTH + 1
    whole = np.array(tokens[: len(tokens) // size * size]).reshape(-1, size)
    train_rows, test_rows = splits.random(len(whole), test_blocks, _SEED)
    counts = Counter(whole[train_rows].ravel().tolist())
    frequent = sorted(counts, key=lambda word: (-counts[word], word))[: words - 1]
    vocabulary = (UNKNOWN, *frequent)
    number = {word: place for place, word in enumerate(vocabulary)}
    ids = np.array([number.get(word, 0) for word in whole.ravel().tolist()], dtype=np.int64).reshape(whole.shape)
    train, test = (Examples(ids[rows, :-1], ids[rows, 1:]) for rows in (train_rows, test_rows))
    return LabelledData(train, test, vocabulary)
