"""What arrived over the wire: content codings undone, and a body that did not arrive whole refused."""

import zlib

GZIP_MAGIC = b"\x1f\x8b"
MAX_MEMBERS = 1_000
"""Each costs a copy of what follows it: millions of empty ones would take hours."""


class IncompleteBody(Exception):
    """A body that ends before its own end mark or fails its checksum."""


class OversizedBody(Exception):
    """A body larger than allowed once unpacked."""


class UnknownCoding(Exception):
    """A content coding we did not ask for and cannot undo."""


def undo_codings(body: bytes, codings: str, *, max_bytes: int) -> bytes:
    """Return *body* with the *codings* of its ``Content-Encoding`` undone (RFC 9110, 8.4).

    Raises:
        IncompleteBody: a gzip trailer is missing or its checksum differs.
        OversizedBody: more than *max_bytes* come out.
        UnknownCoding: anything but gzip, or more than two layers.
    """
    layers = [
        layer
        for layer in (part.strip().lower() for part in codings.split(","))
        if layer not in {"", "identity"}
    ]
    if len(layers) > 2 or not {"gzip", "x-gzip"}.issuperset(layers):
        raise UnknownCoding(f"content coding {codings!r}")
    for _ in layers:
        # Some servers announce gzip and send plain text; browsers take it.
        if body[:2] == GZIP_MAGIC:
            body = gunzip(body, max_bytes=max_bytes)
    return body


def gunzip(data: bytes, *, max_bytes: int) -> bytes:
    """Return *data*, one or more gzip members (RFC 1952), unpacked.

    Bytes after the last member that are no member are ignored, as gzip(1) does.

    Raises:
        IncompleteBody: a member has no trailer or its checksum differs.
        OversizedBody: more than *max_bytes* come out, or of more than `MAX_MEMBERS`.
    """
    out = []
    room = max_bytes
    members = 0
    while data[:2] == GZIP_MAGIC:
        members += 1
        if members > MAX_MEMBERS:
            raise OversizedBody(f"more than {MAX_MEMBERS:,} gzip members")
        member = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            part = member.decompress(data, room + 1)
        except zlib.error as error:
            raise IncompleteBody(f"broken gzip: {error}") from error
        room -= len(part)
        if room < 0:
            raise OversizedBody(f"more than {max_bytes:,} bytes unpacked")
        if not member.eof:
            raise IncompleteBody("gzip ends before its trailer")
        out.append(part)
        data = member.unused_data
    return b"".join(out)
