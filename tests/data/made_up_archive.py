"""A small made-up archive, packed rightly and wrongly, and the folders of a fetch."""

from __future__ import annotations

import hashlib
import io
import random
import tarfile
import zipfile

import pytest

from pipeline.data.archives import Archive, Member
from pipeline.data.sources import Patience, fetch
from pipeline.project.errors import DataError

CONTENTS = {
    name: random.Random(name).randbytes(size)  # noqa: S311 - test data
    for name, size in [("batch_1", 9000), ("batch_2", 7000), ("meta", 90)]
}
WRONG = CONTENTS | {"batch_2": bytes(7000)}


def digest(content):
    return hashlib.sha256(content).hexdigest()


def member_of(name, content):
    return Member(name, len(content), digest(content))


def archive_of(contents):
    members = tuple(member_of(name, content) for name, content in contents.items())
    return Archive("small", "small-batches", members, "https://example.org/small.tar.gz")


ARCHIVE = archive_of(CONTENTS)


def tar_bytes(contents=CONTENTS, folder="small-batches/", mode="w:gz", extra=()):
    """Return an archive of `contents`, preceded by the `extra` entries."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as tar:
        for entry in extra:
            tar.addfile(entry, io.BytesIO(bytes(entry.size)))
        for name, content in contents.items():
            entry = tarfile.TarInfo(f"{folder}{name}")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


def zip_bytes(contents=CONTENTS, folder="small-batches/", extra=()):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, content in extra:
            archive.writestr(entry, content)
        for name, content in contents.items():
            archive.writestr(f"{folder}{name}", content)
    return stream.getvalue()


def write_all(folder, contents=CONTENTS):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return folder


class Place:
    """A target and a downloads folder, and what should be true of them."""

    def __init__(self, root):
        self.root = root
        self.target = root / "data/raw/small"
        self.downloads = root / "data/downloads"
        self.waits = []

    def fetch(self, *places, archive=ARCHIVE, **patience):
        options = {"sleep": self.waits.append, "connect_seconds": 5, "read_seconds": 5} | patience
        return fetch(archive, [str(p) for p in places], self.target, self.downloads, patience=Patience(**options))

    def refused(self, *places, **options):
        """Return why the places were refused, after checking that nothing is left of them."""
        with pytest.raises(DataError) as error:
            self.fetch(*places, **options)
        assert not self.target.exists()
        assert self.leftovers() == []
        return str(error.value)

    def is_whole(self):
        found = {path.name: path.read_bytes() for path in self.target.iterdir()}
        return found == CONTENTS and self.leftovers() == []

    def leftovers(self):
        parent = self.target.parent
        return [path.name for path in parent.iterdir() if path != self.target] if parent.exists() else []

    def parts(self):
        return list(self.downloads.glob("*.part"))

    def file(self, name, content):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path
