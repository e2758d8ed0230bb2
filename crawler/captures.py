"""Captures on disk: WARC 1.1 records, one gzip member each, written and read.

Bodies are stored with their content codings undone, so that a payload digest is the content's.
"""

import hashlib
import io
import os
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.recordbuilder import RecordBuilder
from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from crawler.items import Capture, Link

MAX_WARC_BYTES = 1024**3
GZIP_LEVEL = 3
"""Level 9 costs eight times as much and saves a sixth."""

# These describe the transfer, which is undone before storing; Content-Length is stated anew.
_TRANSFER_HEADERS = frozenset({"content-encoding", "transfer-encoding", "content-length", "connection"})
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A field name (RFC 9110, 5.1); what is none cannot be written."""
_REASONS = {
    200: "OK",
    301: "Moved Permanently",
    302: "Found",
    304: "Not Modified",
    404: "Not Found",
    410: "Gone",
}

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


def digest(body: bytes) -> str:
    """Return the digest of *body* as the corpus states it: ``sha256:<hex>``."""
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


class CaptureWriter:
    """Appends the captures of one site; each call returns after its bytes are flushed to the system."""

    def __init__(self, folder: Path, site: str) -> None:
        self.folder = folder / site
        self.site = site
        self._file: BinaryIO | None = None
        self._day = ""
        self._builder = RecordBuilder(warc_version="WARC/1.1")

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

        Also for a 304, whose body is empty (WARC 1.1, 6.7).
        """
        profile = "server-not-modified" if capture.status == 304 else "identical-payload-digest"
        record = self._builder.create_warc_record(
            capture.url,
            "revisit",
            http_headers=_http_headers(capture),
            warc_headers_dict={
                "WARC-Date": _warc_date(capture.captured),
                "WARC-Profile": f"http://netpreserve.org/warc/1.1/revisit/{profile}",
                "WARC-Refers-To-Target-URI": capture.url,
                "WARC-Refers-To-Date": _warc_date(refers_to),
                "WARC-Payload-Digest": payload_digest,
            },
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
        WARCWriter(plain, gzip=False).write_record(record)
        packer = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, zlib.MAX_WBITS | 16)
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

    def close(self) -> None:
        """Close the file, its bytes on the disk."""
        if self._file:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._file = None


def cut_back(folder: Path, site: str, ends: dict[str, int]) -> None:
    """Cut the WARCs of *site* back to *ends*, bytes by file name; what lies after was never committed.

    A file that *ends* does not name holds no committed record and is removed.
    """
    for path in (folder / site).glob("*.warc.gz"):
        end = ends.get(path.name)
        if end is None:
            path.unlink()
        elif path.stat().st_size > end:
            with path.open("r+b") as file:
                file.truncate(end)


def read_capture(folder: Path, site: str, place: str) -> Capture:
    """Return the capture that lies at *place*, ``<file name>:<offset>``, in the WARCs of *site*.

    Raises:
        ValueError: when no whole ``response`` record whose digest is right begins there.
    """
    name, _, offset = place.rpartition(":")
    with (folder / site / name).open("rb") as file:
        file.seek(int(offset))
        try:
            record = next(iter(ArchiveIterator(file, check_digests=False)), None)
            capture = _capture(record) if record and record.rec_type == "response" else None
        except (ArchiveLoadFailed, AttributeError, TypeError, ValueError, EOFError, zlib.error) as error:
            # What warcio, or a header that is not there, makes of a broken record.
            raise ValueError(f"{place}: the record is broken: {error}") from error
    if record is None or capture is None:
        raise ValueError(f"{place}: no response record begins there")
    if record.rec_headers.get_header("WARC-Payload-Digest") != digest(capture.body):
        raise ValueError(f"{place}: the record's digest differs from its body's")
    return capture


def read_captures(path: Path) -> Iterator[Capture]:
    """Yield the captures of the ``response`` records of the WARC at *path*, in order."""
    with path.open("rb") as file:
        for record in ArchiveIterator(file, check_digests=False):
            if record.rec_type == "response":
                yield _capture(record)


def _capture(record: ArcWarcRecord) -> Capture:
    body = record.content_stream().read()
    return Capture(
        url=record.rec_headers.get_header("WARC-Target-URI"),
        status=int(record.http_headers.get_statuscode()),
        headers=tuple(record.http_headers.headers),
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
    status = f"{capture.status} {_REASONS.get(capture.status, '')}".rstrip()
    return StatusAndHeaders(status, headers, protocol="HTTP/1.1")


def _hints(link: Link) -> bytes:
    """Return what was said of *link* as ``application/warc-fields``, so that cleaning again needs no state."""
    said = {
        "source": link.source.value,
        "via": link.found_on,
        "anchor": link.text,
        "title": link.title,
        "published": link.published,
        "modified": link.modified,
        "language": link.language,
    }
    return "".join(f"{key}: {' '.join(value.split())}\r\n" for key, value in said.items() if value).encode()


def _warc_date(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
