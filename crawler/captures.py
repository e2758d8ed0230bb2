"""Captures on disk: WARC 1.1 records, one gzip member each, written and read.

Bodies are stored with their content codings undone, so that a payload digest is the content's.
"""

import hashlib
import io
import os
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from http.client import responses
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from isal import isal_zlib
from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from crawler.items import Capture, Link, Source

MAX_WARC_BYTES = 1024**3
GZIP_LEVEL = 2
"""Of ISA-L, its highest but one: as small as level 3 of zlib, in a fifth of the time."""
GZIP_FORMAT = 31
"""The largest window, with the header and trailer of gzip (RFC 1952)."""

# These describe the transfer, which is undone before storing; Content-Length is stated anew.
_TRANSFER_HEADERS = frozenset({"content-encoding", "transfer-encoding", "content-length", "connection"})
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A field name (RFC 9110, 5.1); what is none cannot be written."""

WARCINFO = {
    "software": "Pressmark/0.1",
    "format": "WARC File Format 1.1",
    "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
    "description": "Bodies are stored decoded: Content-Encoding and Transfer-Encoding are undone and left out of the "
    "headers, Content-Length is that of the decoded body; header names are in the case they were received in.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a record lies."""

    file: str
    """Name of the WARC in the site's folder."""
    offset: int
    """Bytes before the record."""
    length: int
    """Bytes of the record, compressed."""

    def __str__(self) -> str:
        return f"{self.file}:{self.offset}"


@lru_cache(maxsize=4)  # each answer is asked for its digest several times
def digest(body: bytes) -> str:
    """Return the digest of *body* as the corpus states it: ``sha256:<hex>``."""
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


class _Records(WARCWriter):  # type: ignore[misc]
    """Makes and writes records; a ``metadata`` record has no payload to digest (WARC 1.1, 5.9)."""

    NO_PAYLOAD_DIGEST_TYPES = (*WARCWriter.NO_PAYLOAD_DIGEST_TYPES, "metadata")


class CaptureWriter:
    """Appends the captures of one site; each call returns after its bytes are flushed to the system."""

    def __init__(self, folder: Path, site: str) -> None:
        self.folder = folder / site
        self.site = site
        self._file: BinaryIO | None = None
        self._day = ""
        self._builder = _Records(io.BytesIO(), gzip=False, warc_version="WARC/1.1")

    def response(self, capture: Capture, link: Link | None = None) -> Place:
        """Append *capture*; with *link*, what was said of it where it was found, in a ``metadata`` record after it."""
        record = self._builder.create_warc_record(
            capture.url,
            "response",
            payload=io.BytesIO(capture.body),
            length=len(capture.body),
            http_headers=_http_headers(capture),
            warc_headers_dict={
                "WARC-Date": _warc_date(capture.captured),
                "WARC-Payload-Digest": digest(capture.body),
            },
        )
        records = [record]
        if hints := _hints(link) if link else b"":
            records.append(
                self._builder.create_warc_record(
                    capture.url,
                    "metadata",
                    payload=io.BytesIO(hints),
                    length=len(hints),
                    warc_content_type="application/warc-fields",
                    warc_headers_dict={
                        "WARC-Date": _warc_date(capture.captured),
                        "WARC-Concurrent-To": record.rec_headers.get_header("WARC-Record-ID"),
                    },
                )
            )
        return self._append(records, capture.captured)

    def revisit(self, capture: Capture, *, payload_digest: str, refers_to: datetime) -> Place:
        """Append that the payload of *capture* is the one with *payload_digest* captured at *refers_to*.

        Also for a 304; its own headers are left out, so that those of the record it refers to stand (WARC 1.1, 6.7.3).
        """
        not_modified = capture.status == 304
        profile = "server-not-modified" if not_modified else "identical-payload-digest"
        record = self._builder.create_warc_record(
            capture.url,
            "revisit",
            http_headers=None if not_modified else _http_headers(capture),
            warc_headers_dict={
                "WARC-Date": _warc_date(capture.captured),
                "WARC-Profile": f"http://netpreserve.org/warc/1.1/revisit/{profile}",
                "WARC-Refers-To-Target-URI": capture.url,
                "WARC-Refers-To-Date": _warc_date(refers_to),
                "WARC-Payload-Digest": payload_digest,
            }
            | ({} if not_modified else {"WARC-Truncated": "length"}),
        )
        return self._append([record], capture.captured)

    def _append(self, records: Sequence[ArcWarcRecord], moment: datetime) -> Place:
        file = self._open(moment)
        members = [self._member(record) for record in records]
        offset = file.tell()
        try:
            file.write(b"".join(members))
            file.flush()
        except OSError:
            file.truncate(offset)
            raise
        return Place(file=Path(file.name).name, offset=offset, length=sum(map(len, members)))

    def _member(self, record: ArcWarcRecord) -> bytes:
        plain = io.BytesIO()
        _Records(plain, gzip=False).write_record(record)
        packer = isal_zlib.compressobj(GZIP_LEVEL, isal_zlib.DEFLATED, GZIP_FORMAT)
        return packer.compress(plain.getvalue()) + packer.flush()

    def _open(self, moment: datetime) -> BinaryIO:
        """Return the file for a record of *moment*: a new one at a new day or when the last is full."""
        day = f"{moment:%Y%m%d}"
        if self._file and (day != self._day or self._file.tell() >= MAX_WARC_BYTES):
            self.close()
        if self._file is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            todays = sorted(
                self.folder.glob(f"{self.site}-{day}T*.warc.gz"), key=lambda path: path.name[-13:]
            )
            if todays and todays[-1].stat().st_size < MAX_WARC_BYTES:
                path = todays[-1]
            else:
                serial = int(todays[-1].name[-13:-8]) + 1 if todays else 1
                path = self.folder / f"{self.site}-{moment:%Y%m%dT%H%M%SZ}-{serial:05}.warc.gz"
            self._file, self._day = path.open("ab"), day
            if self._file.tell() == 0:
                info = self._builder.create_warcinfo_record(path.name, WARCINFO)
                self._file.write(self._member(info))
                self._file.flush()
        return self._file

    def sync(self) -> None:
        """Have what was written on the disk."""
        if self._file:
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file, its bytes on the disk."""
        if self._file:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._file = None


def sizes(folder: Path, site: str) -> dict[str, int]:
    """Return the sizes in bytes of the WARCs of *site*, by file name, in the order they were begun."""
    paths = sorted((folder / site).glob("*.warc.gz"), key=lambda path: path.name)
    return {path.name: path.stat().st_size for path in paths}


def cut_back(folder: Path, site: str, ends: dict[str, int]) -> dict[str, int]:
    """Cut the WARCs of *site* back to *ends*, bytes by file name; what lies after was never committed.

    A file that *ends* does not name was begun before a kill and is removed; if it holds more than a kill can leave, it
    was put there by somebody, and stays. Returns the sizes of such files, by name.
    """
    strangers = {}
    for name, size in sizes(folder, site).items():
        path = folder / site / name
        end = ends.get(name)
        if end is None:
            if _is_remnant(path):
                path.unlink()
            else:
                strangers[name] = size
        elif size > end:
            with path.open("r+b") as file:
                file.truncate(end)
    return strangers


def _is_remnant(path: Path) -> bool:
    """Whether the WARC at *path* holds no more than its first record, written and not committed."""
    try:
        return len(list(islice(read_records(path), 2))) < 2
    except ValueError:
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One capture as a WARC holds it, with what was said of the link that led to it."""

    place: Place
    capture: Capture
    """Of a ``revisit``: status 304 and no body."""
    link: Link
    payload_digest: str | None
    """As the record states it."""
    stored_with_hints: bool
    """The link's hints are the record's; otherwise nothing is known but its address."""


def read_capture(folder: Path, site: str, place: str) -> Capture:
    """Return the capture that lies at *place*, ``<file name>:<offset>``, in the WARCs of *site*.

    Raises:
        ValueError: when no whole ``response`` record whose digest is right begins there.
        OSError: the file cannot be read.
    """
    return read_kept(folder, site, place)[0]


def read_kept(folder: Path, site: str, place: str) -> tuple[Capture, Link]:
    """Return the capture that lies at *place*, and the link that led to it; raises as `read_capture` does."""
    name, _, offset = place.rpartition(":")
    if not name or "/" in name or not offset.isdigit():
        raise ValueError(f"{place!r} is no place of a record")
    with (folder / site / name).open("rb") as file:
        file.seek(int(offset))
        try:
            records = _records(file, name)
            record = next(records, None)
        except _BROKEN as error:
            raise ValueError(f"{place}: the record is broken: {error}") from error
    if record is None or record.place.offset != int(offset) or record.capture.status == 304:
        raise ValueError(f"{place}: no response record begins there")
    if record.payload_digest != digest(record.capture.body):
        raise ValueError(f"{place}: the record's digest differs from its body's")
    return record.capture, record.link


def read_records(path: Path) -> Iterator[Record]:
    """Yield the ``response`` and ``revisit`` records of our own WARC at *path*, in order.

    Raises:
        ValueError: at the first record that is broken.
    """
    last, broken = None, None
    with path.open("rb") as file:
        try:
            for record in _records(file, path.name):
                if last:
                    yield last
                last = record
        except _BROKEN as error:
            broken = error
    if last:
        _require_whole(path, last.place)
        yield last
    if broken:
        raise ValueError(f"{path}: a record is broken: {broken}") from broken


def _require_whole(path: Path, place: Place) -> None:
    """Raise `ValueError` when the record at *place*, the last of its file, is cut short: warcio reads it all the same."""
    with path.open("rb") as file:
        file.seek(place.offset)
        data = file.read(place.length)
    while data:
        member = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            member.decompress(data)
        except zlib.error as error:
            raise ValueError(f"{path}: a record is broken: {error}") from error
        if not member.eof:
            raise ValueError(f"{path}: its last record is cut short")
        data = member.unused_data


# What warcio, or a header that is not there, makes of a broken record.
_BROKEN = (ArchiveLoadFailed, AttributeError, KeyError, TypeError, ValueError, EOFError, zlib.error)


def _records(file: BinaryIO, name: str) -> Iterator[Record]:
    """Yield the captures from where *file* stands, each with the ``metadata`` record that follows it."""
    records = ArchiveIterator(file, check_digests=False)
    held: tuple[ArcWarcRecord, Capture, int, int] | None = None
    for record in records:
        # Offset and length are known when the record has been read to its end.
        if record.rec_type == "metadata" and held and _is_about(record, held[0]):
            fields = record.content_stream().read()
            yield _as_record(name, (*held[:3], held[3] + records.get_record_length()), fields)
            held = None
            continue
        if held:
            yield _as_record(name, held, b"")
            held = None
        if record.rec_type in {"response", "revisit"}:
            capture = _capture(record)
            held = (record, capture, records.get_record_offset(), records.get_record_length())
    if held:
        yield _as_record(name, held, b"")


def _is_about(record: ArcWarcRecord, response: ArcWarcRecord) -> bool:
    about = record.rec_headers.get_header("WARC-Concurrent-To")
    return about is not None and about == response.rec_headers.get_header("WARC-Record-ID")


def _as_record(name: str, held: tuple[ArcWarcRecord, Capture, int, int], fields: bytes) -> Record:
    record, capture, offset, length = held
    if record.rec_type == "revisit":
        capture = replace(capture, status=304, body=b"")
    return Record(
        place=Place(file=name, offset=offset, length=length),
        capture=capture,
        link=_link(capture.url, fields),
        payload_digest=record.rec_headers.get_header("WARC-Payload-Digest"),
        stored_with_hints=bool(fields),
    )


def _capture(record: ArcWarcRecord) -> Capture:
    http, body = record.http_headers, record.content_stream().read()
    return Capture(
        url=record.rec_headers.get_header("WARC-Target-URI"),
        status=int(http.get_statuscode()) if http else 304,
        headers=tuple(http.headers) if http else (),
        body=body,
        captured=datetime.fromisoformat(record.rec_headers.get_header("WARC-Date")).astimezone(UTC),
    )


def _http_headers(capture: Capture) -> StatusAndHeaders:
    headers = [
        (name, " ".join(value.split()))
        for name, value in capture.headers
        if _TOKEN.fullmatch(name) and name.lower() not in _TRANSFER_HEADERS
    ]
    headers.append(("Content-Length", str(len(capture.body))))
    status = f"{capture.status} {responses.get(capture.status, '')}"  # the space stays (RFC 9112, 4)
    return StatusAndHeaders(status, headers, protocol="HTTP/1.1")


# What is said of a link, by the name it has in ``application/warc-fields``.
_HINTS = {
    "source": "source",
    "via": "found_on",
    "anchor": "text",
    "title": "title",
    "published": "published",
    "modified": "modified",
    "language": "language",
}


def _hints(link: Link) -> bytes:
    """Return what was said of *link* as ``application/warc-fields``, so that cleaning again needs no state."""
    said = {key: getattr(link, name) for key, name in _HINTS.items()}
    lines = (f"{key}: {' '.join(value.split())}\r\n" for key, value in said.items() if value)
    return "".join(lines).encode(errors="ignore")


def _link(url: str, fields: bytes) -> Link:
    """Return the link to *url* of which `_hints` wrote *fields*."""
    said = dict(line.split(": ", 1) for line in fields.decode().split("\r\n") if ": " in line)
    hints: dict[str, str] = {name: said[key] for key, name in _HINTS.items() if key in said}
    named = hints.pop("source", "")
    source = Source(named) if named in set(Source) else Source.PAGE
    return Link(url=url, source=source, **hints)


def _warc_date(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
