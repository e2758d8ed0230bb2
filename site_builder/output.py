"""The folder a build writes into: each path once, whole or not at all, and nothing that no page produced."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

Stamp = tuple[int, int]
"""Modification time in ns and size in bytes of a written file."""


class WrittenTwice(RuntimeError):
    """Two pages of one build have the same path, or paths that differ in case only."""


class Output:
    """The files under one folder, addressed by POSIX paths relative to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._written: set[str] = set()
        self._made: set[str] = set()

    def write(self, path: str, data: bytes) -> Stamp:
        """Write *data* to *path* and return how the file system lists it.

        The file takes its place by a rename: a kill leaves the old one or the new one. It is not synced:
        all of it can be built again from the corpus.

        Raises:
            WrittenTwice: when this build has written *path* before.
            OSError: as the system gives it; the temporary file is gone then.
        """
        # Case-folded: two paths that differ in case only are one file on macOS and Windows.
        if path.casefold() in self._written:
            raise WrittenTwice(path)
        self._written.add(path.casefold())
        target = self.folder / path
        parent, _, name = path.rpartition("/")
        if parent not in self._made:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._made.add(parent)
        temp = target.with_name(f".{name}.tmp")
        try:
            temp.write_bytes(data)
            stat = temp.stat()
            temp.replace(target)
        except OSError:
            temp.unlink(missing_ok=True)
            raise
        return stat.st_mtime_ns, stat.st_size

    def scan(self) -> dict[str, Stamp]:
        """Return every file there is, hidden ones too, with its stamp."""
        return dict(self._scan("", self.folder))

    def _scan(self, prefix: str, folder: str | Path) -> Iterator[tuple[str, Stamp]]:
        try:
            entries = os.scandir(folder)
        except FileNotFoundError:
            return
        with entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    yield from self._scan(f"{prefix}{entry.name}/", entry.path)
                else:
                    stat = entry.stat(follow_symlinks=False)
                    yield prefix + entry.name, (stat.st_mtime_ns, stat.st_size)

    def prune(self, paths: Iterable[str]) -> int:
        """Delete *paths* and the folders this leaves empty; return how many files that were."""
        folders: set[PurePosixPath] = set()
        count = 0
        for path in paths:
            (self.folder / path).unlink(missing_ok=True)
            folders.update(PurePosixPath(path).parents)
            count += 1
        for folder in sorted(folders, key=lambda folder: len(folder.parts), reverse=True):
            try:
                if folder.parts:
                    (self.folder / folder).rmdir()
            except OSError:  # not empty
                continue
        return count
