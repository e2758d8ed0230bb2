"""Captures are WARC records that others accept, each found again at its place."""

import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from crawler import captures
from crawler.captures import CaptureWriter, cut_back, digest, read_capture, read_captures
from crawler.items import Capture, Link, Source

SITE = "news.example"
NOW = datetime(2025, 11, 1, 12, tzinfo=UTC)
CAPTURE = Capture(
    url="https://news.example/a",
    status=200,
    headers=(
        ("Content-Type", "text/html; charset=utf-8"), ("Content-Encoding", "gzip"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"),
        ("X-Ünsafe", "dropped"), ("X-Value", "ünsafe\r\nInjected: yes"),
    ),
    body="<html>Grüße</html>".encode() * 50,
    captured=NOW,
)  # fmt: skip
LINK = Link(
    url=CAPTURE.url,
    source=Source.FEED,
    found_on="https://news.example/f",
    title="Grüße\nX: y",
    published="2025-11-01",
)


def records(folder: Path) -> list[tuple[str, dict[str, str], bytes]]:
    found = []
    for path in sorted((folder / SITE).glob("*.warc.gz")):
        with path.open("rb") as file:
            for record in ArchiveIterator(file, check_digests="raise"):
                headers = dict(record.http_headers.headers) if record.http_headers else {}
                found.append((record.rec_type, headers, record.content_stream().read()))
    return found


def test_others_read_every_record_and_its_digests(tmp_path: Path) -> None:
    writer = CaptureWriter(tmp_path, SITE)
    writer.response(CAPTURE, LINK)
    writer.revisit(CAPTURE, payload_digest=digest(CAPTURE.body), refers_to=NOW)
    writer.close()
    info, response, hints, revisit = records(tmp_path)
    assert [record[0] for record in (info, response, hints, revisit)] == [
        "warcinfo",
        "response",
        "metadata",
        "revisit",
    ]
    assert response[2] == CAPTURE.body
    assert response[1]["Content-Length"] == str(len(CAPTURE.body))
    assert "Content-Encoding" not in response[1]
    assert "Injected" not in response[1]
    assert hints[2].decode().splitlines()[:3] == [
        "source: feed",
        "via: https://news.example/f",
        "title: Grüße X: y",
    ]
    assert b"Stored" not in revisit[2]


def test_each_record_is_found_at_its_place_alone(tmp_path: Path) -> None:
    writer = CaptureWriter(tmp_path, SITE)
    places = [writer.response(CAPTURE, LINK) for _ in range(3)]
    writer.close()
    [path] = (tmp_path / SITE).glob("*.warc.gz")
    data = path.read_bytes()
    assert places[-1].offset + places[-1].length == len(data)
    for place in places:
        member = zlib.decompressobj(31).decompress(data[place.offset :])
        assert member.startswith(b"WARC/1.1\r\n")
        read = read_capture(tmp_path, SITE, str(place))
        assert (read.url, read.status, read.body, read.captured) == (CAPTURE.url, 200, CAPTURE.body, NOW)
    assert len(list(read_captures(path))) == 3


def test_what_was_never_committed_is_cut_off(tmp_path: Path) -> None:
    writer = CaptureWriter(tmp_path, SITE)
    first = writer.response(CAPTURE)
    second = writer.response(CAPTURE)
    writer.close()
    cut_back(tmp_path, SITE, {first.file: first.offset + first.length})
    assert [kind for kind, _, _ in records(tmp_path)] == ["warcinfo", "response"]
    with pytest.raises(ValueError, match="no response record"):
        read_capture(tmp_path, SITE, str(second))
    cut_back(tmp_path, SITE, {})
    assert list((tmp_path / SITE).iterdir()) == []


@pytest.mark.parametrize("cut", [60, 100, 300])
def test_a_record_whose_body_is_not_whole_is_not_believed(tmp_path: Path, cut: int) -> None:
    writer = CaptureWriter(tmp_path, SITE)
    place = writer.response(CAPTURE)
    writer.close()
    path = tmp_path / SITE / place.file
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(ValueError, match=place.file):
        read_capture(tmp_path, SITE, str(place))


def test_a_new_day_and_a_full_file_begin_a_new_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = CaptureWriter(tmp_path, SITE)
    names = [writer.response(CAPTURE).file]
    monkeypatch.setattr(captures, "MAX_WARC_BYTES", 10)
    names.append(writer.response(CAPTURE).file)
    monkeypatch.undo()
    tomorrow = Capture(url=CAPTURE.url, status=200, headers=(), body=b"x", captured=NOW + timedelta(days=1))
    names.append(writer.response(tomorrow).file)
    writer.close()
    assert names == [
        "news.example-20251101T120000Z-00001.warc.gz",
        "news.example-20251101T120000Z-00002.warc.gz",
        "news.example-20251102T120000Z-00001.warc.gz",
    ]
    again = CaptureWriter(tmp_path, SITE)
    assert again.response(tomorrow).file == names[-1]
    again.close()
