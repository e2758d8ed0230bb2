"""The bytes of a stored page."""

import gzip
from pathlib import Path


def read_page(path: Path) -> bytes:
    """Return the HTML in *path*, gzipped or not."""
    raw = path.read_bytes()
    return gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw
