"""The search index: files of a segment that a browser loads for the words typed, as scripts calling one global.

Layout and ranking are described in ``templates/search.js``, which reads what this module writes.
"""

import json
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property, partial
from hashlib import blake2b
from math import log2
from typing import Any

import msgspec

from site_builder.catalog import Entry, digest
from site_builder.memory import Memory
from site_builder.planning import Holdings, Page, Rank
from site_builder.words import DIGITS, number, words

GLOBAL = "pressmarkSearch"
TERM_SHARD_CHARS = 16_000
"""Size a term shard grows to: about what one typed word loads."""
DOCUMENTS_A_SHARD = 16
"""So that a page of results, ten, loads ten shards of about 8 kB at worst."""
POSTINGS_KEPT = 20_000
"""Of a more frequent word the newest are kept, and the page says so."""
EXCERPT_CHARS = 300
FACETS = ("site", "section", "topic", "author", "language")
FACT = "search"
"""Name under which the memory keeps what the last index was made from and consists of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """An article as search knows it."""

    title: str
    description: str
    body: str
    """Plain text."""
    path: str
    day: str | None
    language: str | None
    facets: Mapping[str, tuple[str, ...]]
    """Values by the names of `FACETS`."""


_SMALL = tuple(map(number, range(4096)))


def _number(value: int) -> str:
    return _SMALL[value] if value < 4096 else number(value)


def distances(values: Iterable[int]) -> str:
    """Return rising *values* as the distances between them, the first from -1."""
    last = -1
    found = []
    for value in values:
        found.append(_number(value - last - 1))
        last = value
    return "".join(found)


def length_class(length: int) -> int:
    """Return the class, 0 to 63, that a text of *length* words is ranked in: 4 classes to each doubling."""
    return min(63, int(4 * log2(length + 1)))


class Index:
    """One segment under construction: documents go in, newest first; files come out."""

    def __init__(self) -> None:
        self._postings: dict[str, list[str]] = defaultdict(list)
        self._positions: dict[str, list[str]] = defaultdict(list)
        self._last: dict[str, int] = {}
        self._counts: dict[str, int] = defaultdict(int)
        self._lengths = array("B")
        self._body_words = 0
        self._days: list[tuple[int, int]] = []
        self._shown: list[list[Any]] = []
        self._facets: dict[str, dict[str, array[int]]] = {
            name: defaultdict(partial(array, "L")) for name in FACETS
        }
        self._shards: list[str] = []

    def add(self, document: Document) -> None:
        """Put *document* after those already there."""
        place = len(self._lengths)
        title, description, body = words(document.title), words(document.description), words(document.body)
        positions: dict[str, list[int]] = defaultdict(list)
        counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
        at = 0
        for field, found in enumerate((title, description, body)):
            for word in found:
                positions[word].append(at)
                counts[word][field] += 1
                at += 1
            at += 1  # a gap: no phrase reaches from one field into the next
        for word, (in_title, in_description, in_body) in counts.items():
            self._counts[word] += 1
            if self._counts[word] > POSTINGS_KEPT:
                continue
            self._postings[word].append(_number(place - self._last.get(word, -1) - 1))
            self._postings[word].append(
                DIGITS[min(3, in_title) * 16 + min(3, in_description) * 4 + min(3, in_body)]
            )
            if in_body > 2:
                self._postings[word].append(_number(in_body - 3))
            self._positions[word].append(_number(len(positions[word])) + distances(positions[word]))
            self._last[word] = place
        self._lengths.append(length_class(len(body)))
        self._body_words += len(body)
        self._keep(place, document)

    def _keep(self, place: int, document: Document) -> None:
        """Keep what filters and results need of *document*."""
        if document.day:
            day = (date.fromisoformat(document.day) - date(1970, 1, 1)).days
            if self._days and self._days[-1][0] == day:
                self._days[-1] = (day, self._days[-1][1] + 1)
            else:
                self._days.append((day, 1))
        for name in FACETS:
            for value in document.facets[name]:
                self._facets[name][value].append(place)
        self._shown.append([document.title, document.path, document.language or "", _excerpt(document.body)])

    def files(self) -> Iterator[tuple[str, Any]]:
        """Yield name and content of each file of the segment; what was added is let go on the way."""
        yield from self._term_files()
        for start in range(0, len(self._shown), DOCUMENTS_A_SHARD):
            yield f"d-{start // DOCUMENTS_A_SHARD}", self._shown[start : start + DOCUMENTS_A_SHARD]
        for name in FACETS:
            values = sorted(self._facets[name].items(), key=lambda item: (-len(item[1]), item[0]))
            yield f"f-{name}", [[value, distances(places)] for value, places in values]
        yield "docs", {"lengths": "".join(DIGITS[length] for length in self._lengths), "days": self._days}

    def _term_files(self) -> Iterator[tuple[str, Any]]:
        terms: list[str] = []
        places: list[str] = []
        size = 0
        first = ""
        # By UTF-16 code units, as JavaScript compares strings.
        for term in sorted(self._postings, key=lambda term: term.encode("utf-16-be", "surrogatepass")):
            count = self._counts[term]
            line = f"{term} {_number(count)} {''.join(self._postings.pop(term))}"
            if terms and size + len(line) > TERM_SHARD_CHARS:
                yield from self._term_shard(first, terms, places)
                terms, places, size = [], [], 0
            if not terms:
                first = term
            terms.append(line)
            places.append("".join(self._positions.pop(term)))
            size += len(line)
        if terms:
            yield from self._term_shard(first, terms, places)

    def _term_shard(self, first: str, terms: list[str], places: list[str]) -> Iterator[tuple[str, Any]]:
        number_of_shard = len(self._shards)
        self._shards.append(first)
        yield f"t-{number_of_shard}", "\n".join(terms)
        yield f"p-{number_of_shard}", "\n".join(places)

    def manifest(self, segment: str) -> dict[str, Any]:
        """Return what the page loads first; right only after all `files` were taken."""
        return {
            "segment": segment,
            "documents": len(self._lengths),
            "bodyWords": self._body_words,
            "kept": POSTINGS_KEPT,
            "shardSize": DOCUMENTS_A_SHARD,
            "terms": self._shards,
        }


def _excerpt(text: str) -> str:
    text = " ".join(text[: EXCERPT_CHARS * 2].split())
    if len(text) <= EXCERPT_CHARS:
        return text
    cut = text[: EXCERPT_CHARS + 1]
    head, space, _ = cut.rpartition(" ")
    return (head if space and len(head) > EXCERPT_CHARS // 2 else cut[:EXCERPT_CHARS]) + "…"


def index(documents: Iterable[Document]) -> dict[str, bytes]:
    """Return the files of a search index over *documents*, newest first, by path."""
    made = Index()
    for document in documents:
        made.add(document)
    contents = [(name, _json(content)) for name, content in made.files()]
    content_digest = blake2b(digest_size=6)
    for name, content in contents:
        content_digest.update(f"{name}\n{content}\n".encode())
    segment = content_digest.hexdigest()
    found = {
        f"search/{segment}/{name}.js": _script(f"{segment}/{name}", content) for name, content in contents
    }
    found["search/manifest.js"] = _script("manifest", _json(made.manifest(segment)))
    return found


def _json(content: Any) -> str:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace").decode()  # a lone surrogate has no UTF-8


def _script(name: str, content: str) -> bytes:
    return f"{GLOBAL}({json.dumps(name)},{content})\n".encode()


class _Search:
    """The index of *holdings*, made when a file of it is first asked for."""

    def __init__(self, holdings: Holdings) -> None:
        self._holdings = holdings

    @cached_property
    def files(self) -> dict[str, bytes]:
        return index(documents(self._holdings))

    def file(self, path: str) -> bytes:
        return self.files[path]


def documents(holdings: Holdings) -> Iterator[Document]:
    """Yield every article as search knows it, newest first."""
    from site_builder.markdown import text  # noqa: PLC0415 - slow, and often not needed

    for entry in holdings.catalog.entries:
        article = entry.article
        yield Document(
            title=article.title,
            description=article.description or "",
            body=text(holdings.body(entry.body_key)),
            path=entry.path,
            day=entry.day,
            language=article.language,
            facets=_facets(entry, holdings),
        )


def _facets(entry: Entry, holdings: Holdings) -> dict[str, tuple[str, ...]]:
    article, section = entry.article, holdings.catalog.section(entry)
    return {
        "site": (holdings.publisher(article.site),),
        "section": (section.label,) if section else (),
        "topic": tuple(a.topic.label for a in holdings.topics.by_stem[entry.stem]),
        "author": tuple(dict.fromkeys(_name(name, holdings) for name in article.authors)),
        "language": (article.language,) if article.language else (),
    }


def _name(printed: str, holdings: Holdings) -> str:
    author = holdings.catalog.author(printed)
    return author.label if author else printed


class _Made(msgspec.Struct, frozen=True):
    """What the memory keeps of the last index."""

    key: str
    files: dict[str, str]
    """Digest by path."""


def search_pages(holdings: Holdings, memory: Memory, code: str) -> tuple[Page, ...]:
    """Return the files of the search index as pages, made anew only when an article, or *code*, changed."""
    key = digest(
        code,
        [(entry.stem, entry.digest, _facets(entry, holdings)) for entry in holdings.catalog.entries],
    )
    search = _Search(holdings)
    known = memory.fact(FACT)
    made = msgspec.json.decode(known, type=_Made) if known else None
    if made is None or made.key != key:
        made = _Made(key, {path: digest(data) for path, data in search.files.items()})
        memory.keep_fact(FACT, msgspec.json.encode(made).decode())
    return tuple(
        Page(
            path=path,
            rank=Rank.MANIFEST if path == "search/manifest.js" else Rank.LIST,
            inputs={"content": content},
            make=partial(search.file, path),
        )
        for path, content in made.files.items()
    )
