"""Captures are WARC records that others accept, each found again at its place."""

import zlib
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from crawler import captures
from crawler.captures import CaptureWriter, cut_back, digest, read_capture, read_records
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
    assert len(list(read_records(path))) == 3


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


def test_a_record_is_refused_wherever_it_is_damaged(tmp_path: Path) -> None:
    writer = CaptureWriter(tmp_path, SITE)
    place = writer.response(CAPTURE)
    writer.close()
    path = tmp_path / SITE / place.file
    whole = path.read_bytes()
    read = read_capture(tmp_path, SITE, str(place))
    for at in range(place.offset, len(whole)):
        for damaged in (whole[:at], whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :]):
            path.write_bytes(damaged)
            with suppress(ValueError):  # and nothing else
                assert read_capture(tmp_path, SITE, str(place)) == read


@pytest.mark.parametrize("offset", [1, 50, 10**6])
def test_a_place_where_no_record_begins_is_refused(tmp_path: Path, offset: int) -> None:
    writer = CaptureWriter(tmp_path, SITE)
    place = writer.response(CAPTURE)
    writer.close()
    with pytest.raises(ValueError, match=place.file):
        read_capture(tmp_path, SITE, f"{place.file}:{place.offset + offset}")
    with pytest.raises(ValueError, match="no response record"):
        read_capture(tmp_path, SITE, f"{place.file}:0")
    with pytest.raises(FileNotFoundError):
        read_capture(tmp_path, SITE, "none.warc.gz:0")


@pytest.mark.parametrize(
    ("status", "profile"), [(200, "identical-payload-digest"), (304, "server-not-modified")]
)
def test_a_revisit_names_what_it_stands_for(tmp_path: Path, status: int, profile: str) -> None:
    writer = CaptureWriter(tmp_path, SITE)
    later = replace(CAPTURE, status=status, captured=NOW + timedelta(hours=1))
    place = writer.revisit(later, payload_digest=digest(CAPTURE.body), refers_to=NOW)
    writer.close()
    with (tmp_path / SITE / place.file).open("rb") as file:
        file.seek(place.offset)
        [record] = ArchiveIterator(file, check_digests="raise")
        headers = dict(record.rec_headers.headers)
        assert record.content_stream().read() == b""
    assert headers["WARC-Type"] == "revisit"
    assert headers["WARC-Profile"] == f"http://netpreserve.org/warc/1.1/revisit/{profile}"
    assert headers["WARC-Refers-To-Target-URI"] == headers["WARC-Target-URI"] == CAPTURE.url
    assert headers["WARC-Refers-To-Date"] == "2025-11-01T12:00:00Z"
    assert headers["WARC-Date"] == "2025-11-01T13:00:00Z"
    assert headers["WARC-Payload-Digest"] == digest(CAPTURE.body)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (("X-A", "plain"), "plain"),
        (("X-A", ""), ""),
        (("X-A", "a\r\nX-B: b\r\n\r\n<html>"), "a X-B: b <html>"),
        (("X-A", "x" * 70_000), "x" * 70_000),
        (("X-A", "gr\xfc\xdfe"), "gr%C3%BC%C3%9Fe"),
        (("X A", "no token"), None),
        (("", "no name"), None),
        (("X-\xc4", "no token"), None),
        (("transfer-encoding", "chunked"), None),
        (("CONTENT-ENCODING", "br"), None),
    ],
)
def test_a_header_is_kept_as_one_header_or_left_out(
    tmp_path: Path, sent: tuple[str, str], kept: str | None
) -> None:
    writer = CaptureWriter(tmp_path, SITE)
    place = writer.response(replace(CAPTURE, headers=(sent,)))
    writer.close()
    read = read_capture(tmp_path, SITE, str(place))
    assert read.headers == (
        (() if kept is None else ((sent[0], kept),)) + (("Content-Length", str(len(CAPTURE.body))),)
    )
    assert read.body == CAPTURE.body
    assert [kind for kind, _, _ in records(tmp_path)] == ["warcinfo", "response"]
