"""The WARCs of a real crawl, read by others' tools: every record of every type, its fields as WARC 1.1 has them."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from warcio.archiveiterator import ArchiveIterator

from crawler.corpus import Corpus
from tests.conftest import crawl
from tests.newspaper.serve import Newspaper, redirect, send

MOVED = "/moved/here"
RECENT = ("--since", "2025-10-01")
"""A part of the paper is enough."""
PROFILES = {
    "304": "http://netpreserve.org/warc/1.1/revisit/server-not-modified",
    "200": "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest",
}
COMMON = {"WARC-Type", "WARC-Record-ID", "WARC-Date", "Content-Length", "Content-Type", "WARC-Block-Digest"}
FIELDS = {  # WARC 1.1, clauses 5 and 6: what a record of each type must have, and what we add
    "warcinfo": COMMON | {"WARC-Filename"},
    "response": COMMON | {"WARC-Target-URI", "WARC-Payload-Digest"},
    "metadata": COMMON | {"WARC-Target-URI", "WARC-Concurrent-To"},
    "revisit": COMMON
    | {"WARC-Target-URI", "WARC-Profile", "WARC-Payload-Digest", "WARC-Refers-To-Target-URI", "WARC-Refers-To-Date"},
}  # fmt: skip
FORMS = {
    "WARC-Record-ID": r"<urn:uuid:[0-9a-f-]{36}>",
    "WARC-Concurrent-To": r"<urn:uuid:[0-9a-f-]{36}>",
    "WARC-Date": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z",
    "WARC-Refers-To-Date": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z",
    "WARC-Target-URI": r"https?://[!-~]+",
    "WARC-Refers-To-Target-URI": r"https?://[!-~]+",
    "WARC-Block-Digest": r"sha1:[A-Z2-7]{32}|sha256:[0-9a-f]{64}",
    "WARC-Payload-Digest": r"sha1:[A-Z2-7]{32}|sha256:[0-9a-f]{64}",
    "Content-Length": r"\d+",
}


@dataclass(frozen=True)
class Record:
    """One record as warcio reads it."""

    type: str
    fields: dict[str, str]
    status: str | None
    body: bytes

    @property
    def url(self) -> str:
        return self.fields["WARC-Target-URI"]


@dataclass(frozen=True)
class Kept:
    """The WARCs of an archive, oldest first, and their records in order."""

    paths: list[Path]
    records: list[Record]

    def of(self, *types: str) -> list[Record]:
        return [record for record in self.records if record.type in types]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """Three runs: new pages; then one page changed, one moved, one without validators, and the rest as they were."""
    archive = tmp_path_factory.mktemp("warcs") / "archive"
    with Newspaper() as newspaper:
        assert crawl(newspaper, archive, *RECENT).code == 0
        corpus = Corpus(archive)
        paths = [urlsplit(corpus.read(file.stem).url).path for file in corpus.scan()]
        bodies = [newspaper.pages(newspaper.origin)[path].body for path in paths]
        newspaper.faults = {
            paths[0]: send(bodies[0]),
            paths[1]: send(bodies[1].replace(b"</p>", b" And more.</p>")),
            paths[2]: redirect(newspaper.origin + MOVED, 308),
            MOVED: send(bodies[2]),
        }
        for _ in range(2):
            assert crawl(newspaper, archive, "--recheck", *RECENT).code == 0
    found = sorted(archive.glob("captures/*/*.warc.gz"))
    return Kept(found, [record for path in found for record in read(path)])


def read(path: Path) -> Iterator[Record]:
    """Yield every record at *path*; one whose digest is wrong fails the test."""
    with path.open("rb") as file:
        for record in ArchiveIterator(file, check_digests="raise"):
            names = [name for name, _ in record.rec_headers.headers]
            assert len(names) == len(set(names)), "a field is repeated"
            yield Record(
                type=record.rec_type,
                fields=dict(record.rec_headers.headers),
                status=record.http_headers.get_statuscode() if record.http_headers else None,
                body=record.content_stream().read(),
            )
            assert record.digest_checker.passed is not False


def test_the_crawl_left_records_of_every_kind_we_write(kept: Kept) -> None:
    kinds = Counter((record.type, record.fields.get("WARC-Profile")) for record in kept.records)
    assert set(kinds) == {(kind, None) for kind in ("warcinfo", "response", "metadata")} | {
        ("revisit", profile) for profile in PROFILES.values()
    }
    assert {record.status for record in kept.of("response")} >= {"200", "308"}


def test_every_record_has_the_fields_its_type_must_have(kept: Kept) -> None:
    for record in kept.records:
        assert record.fields.keys() >= FIELDS[record.type], record.fields
        unknown = record.fields.keys() - FIELDS[record.type]
        assert (
            not unknown
            - {"WARC-Truncated", "WARC-Refers-To", "WARC-IP-Address", "WARC-Warcinfo-ID"}
            - (
                {"WARC-Payload-Digest"} if record.type == "metadata" else set()  # see the test of it below
            )
        )
        for name, form in FORMS.items():
            assert re.fullmatch(form, record.fields.get(name, "")) or name not in record.fields, record.fields
    ids = [record.fields["WARC-Record-ID"] for record in kept.records]
    assert len(ids) == len(set(ids))


def test_a_file_begins_with_what_it_is(kept: Kept) -> None:
    for path in kept.paths:
        first = next(read(path))
        assert (first.type, first.fields["WARC-Filename"]) == ("warcinfo", path.name)
        assert first.fields["Content-Type"] == "application/warc-fields"
        lines = first.body.decode().split("\r\n")
        assert "format: WARC File Format 1.1" in lines
        assert any(line.startswith("software: Pressmark/") for line in lines)


def test_metadata_is_of_the_capture_before_it(kept: Kept) -> None:
    for before, record in zip(kept.records, kept.records[1:], strict=False):
        if record.type == "metadata":
            assert before.type == "response"
            assert record.fields["WARC-Concurrent-To"] == before.fields["WARC-Record-ID"]
            assert (record.url, record.fields["WARC-Date"]) == (before.url, before.fields["WARC-Date"])
            assert record.fields["Content-Type"] == "application/warc-fields"
            assert all(": " in line for line in record.body.decode().rstrip().split("\r\n"))


def test_a_revisit_says_by_its_profile_how_it_was_known(kept: Kept) -> None:
    for record in kept.of("revisit"):
        assert record.body == b""
        if record.status:
            assert record.fields["WARC-Profile"] == PROFILES[record.status]


def unresolved(kept: Kept) -> list[str]:
    """Return the addresses whose revisits name no earlier response with their payload."""
    known: dict[tuple[str, str], str] = {}
    lost = []
    for record in kept.of("response", "revisit"):
        fields = record.fields
        if record.type == "response":
            known[record.url, fields["WARC-Date"]] = fields["WARC-Payload-Digest"]
            continue
        assert datetime.fromisoformat(fields["WARC-Refers-To-Date"]) <= datetime.fromisoformat(
            fields["WARC-Date"]
        )
        named = known.get((fields["WARC-Refers-To-Target-URI"], fields["WARC-Refers-To-Date"]))
        if named != fields["WARC-Payload-Digest"]:
            lost.append(urlsplit(record.url).path)
    return lost


def test_a_revisit_leads_to_the_response_it_stands_for(kept: Kept) -> None:
    assert len(kept.of("revisit")) > 10
    assert set(unresolved(kept)) <= {MOVED}


def test_a_revisit_of_an_article_that_moved_leads_somewhere_too(kept: Kept) -> None:
    assert unresolved(kept) == []


def test_metadata_has_no_payload_and_so_no_digest_of_it(kept: Kept) -> None:
    """WARC 1.1, 5.9 and 4: FastWARC counts such a record as broken."""
    assert not [record for record in kept.of("metadata") if "WARC-Payload-Digest" in record.fields]


def test_a_body_left_out_for_its_digest_is_said_to_be_left_out(kept: Kept) -> None:
    """WARC 1.1, 6.7.2."""
    same = [record for record in kept.of("revisit") if record.fields["WARC-Profile"] == PROFILES["200"]]
    assert {record.fields.get("WARC-Truncated") for record in same} == {"length"}


def test_a_page_not_modified_is_replayed_as_the_page(kept: Kept) -> None:
    """A replay sends what status a revisit records, and a browser shows nothing for a 304 it did not ask for.

    A record without a block is replayed with the headers of the response it stands for (WARC 1.1, 6.7.3).
    """
    same = [record for record in kept.of("revisit") if record.fields["WARC-Profile"] == PROFILES["304"]]
    assert {record.fields["Content-Length"] for record in same} == {"0"}


def test_fastwarc_reads_every_record_and_finds_its_digests_right(kept: Kept) -> None:
    fastwarc = pytest.importorskip("fastwarc.warc", reason="FastWARC is not installed")
    seen: Counter[str] = Counter()
    for path in kept.paths:
        with path.open("rb") as file:
            for record in fastwarc.ArchiveIterator(file, parse_http=False):
                kind = record.headers["WARC-Type"]
                seen[kind] += 1
                assert record.verify_block_digest(), record.record_id
                if kind == "response":
                    record.parse_http()
                    assert record.verify_payload_digest(), record.record_id
    assert seen == Counter(record.type for record in kept.records)
