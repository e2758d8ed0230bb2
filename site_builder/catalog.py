"""Every article in order: neighbours, days, authors, sections, and which article links to which."""

import hashlib
import re
import unicodedata
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import msgspec

from crawler.corpus import identity, slug
from crawler.items import Article, PageLink

UNDATED = "undated"
"""Name of the month of articles that state no date."""

# Languages written from right to left. Source: CLDR 47, scripts Arab, Hebr, Thaa, Syrc, Nkoo of likelySubtags.
RIGHT_TO_LEFT = frozenset("ar arc arz ckb dv fa glk he iw ks lrc mzn nqo pnb ps sd skr syr ug ur yi".split())
CJK = frozenset({"zh", "ja", "yue", "wuu"})

WORDS_A_MINUTE = 230
CJK_CHARACTERS_A_MINUTE = 500


class IdClash(ValueError):
    """Two articles with different identities have one id: the corpus needs its owner."""


def digest(*parts: object) -> str:
    """Return 16 hex digits that change when any of *parts* does."""
    return hashlib.blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """An article as the builder remembers it: all but its body and links, which it finds again by *stem*."""

    article: Article
    stem: str
    body_key: str
    """Of the rendered body."""
    digest: str
    """Of all that the article's own page shows of it."""

    @property
    def path(self) -> str:
        """Path of the article's page."""
        return f"articles/{self.stem}.html"

    @property
    def day(self) -> str | None:
        """Day of first publication as printed, ``yyyy-mm-dd``, or ``None``."""
        return calendar_day(self.article.date)

    @property
    def month(self) -> str:
        """``yyyy-mm`` or `UNDATED`."""
        return (self.day or UNDATED)[:7]

    @property
    def order(self) -> tuple[str, str, str]:
        """Place in time: day and time as printed, then id, so that no two are equal."""
        day = self.day
        return (day or "", (self.article.date or "")[10:] if day else "", self.article.id)

    @property
    def teaser(self) -> str:
        """Digest of what a list shows of the article."""
        a = self.article
        return digest(
            self.stem,
            a.title,
            a.description,
            a.date,
            a.language,
            a.section,
            a.gone,
            a.words,
            a.authors,
        )

    @property
    def minutes(self) -> int:
        """Reading time."""
        rate = CJK_CHARACTERS_A_MINUTE if primary(self.article.language) in CJK else WORDS_A_MINUTE
        return max(1, round(self.article.words / rate))


def calendar_day(stated: str | None) -> str | None:
    """Return the day of the ISO 8601 *stated* as printed, ``None`` when it is none of the calendar's."""
    try:
        return date.fromisoformat((stated or "")[:10]).isoformat()
    except ValueError:
        return None


def primary(language: str | None) -> str:
    """Return the primary subtag of a BCP 47 tag, empty when unknown."""
    return (language or "").partition("-")[0].lower()


def direction(language: str | None) -> str:
    """Return ``rtl``, ``ltr``, or ``auto`` when the language is unknown."""
    name = primary(language)
    return "rtl" if name in RIGHT_TO_LEFT else "ltr" if name else "auto"


def folded(headline: str) -> str:
    """Return *headline* without case, kinds of quotes and dashes, and runs of space."""
    headline = unicodedata.normalize("NFKC", headline).casefold()
    headline = headline.translate(_QUOTES_AND_DASHES)
    return " ".join(headline.split())


_QUOTES_AND_DASHES = str.maketrans(
    dict.fromkeys("‘’‚‛ʼ`´", "'") | dict.fromkeys("“”„‟«»", '"') | dict.fromkeys("‐‑‒–—―−", "-")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A name with a folder of its own in the built archive: an author or a section."""

    label: str
    """As printed most often."""
    slug: str
    entries: tuple[Entry, ...]
    """Newest first."""


def slugs(keys: Iterable[str]) -> dict[str, str]:
    """Return the folder name of each of *keys*, which are folded names.

    A name with no ASCII form is ``x-<8 hex>``; two names with one slug get such a suffix each.
    """
    wanted: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        wanted[slug(key)].append(key)
    return {
        key: name
        if name and len(same) == 1
        else f"{name or 'x'}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"
        for name, same in wanted.items()
        for key in same
    }


def named(groups: dict[str, list[tuple[str, Entry]]]) -> dict[str, Named]:
    """Return the `Named` of each key of *groups*, which list spelling and entry, newest first."""
    names = slugs(groups)
    return {
        key: Named(
            label=most_frequent(surface for surface, _ in reversed(found)),
            slug=names[key],
            entries=tuple(dict.fromkeys(entry for _, entry in found)),
        )
        for key, found in sorted(groups.items())
    }


def most_frequent(surfaces: Iterable[str]) -> str:
    """Return the most frequent of *surfaces*; of equals, the first."""
    counts: dict[str, int] = defaultdict(int)
    for surface in surfaces:
        counts[surface] += 1
    return max(counts, key=counts.__getitem__)


def link_key(rel: str, text: str, url: str | None, site: str) -> tuple[int, int, int]:
    """Return what a link is resolved by, as integers: rel, identity of its address, headline on its site."""
    return (
        int(rel == "related"),
        _hashed(identity(url.partition("#")[0])) if url else 0,
        _hashed(f"{site}\n{folded(text)}") if rel == "related" and text else 0,
    )


def pack_links(links: Iterable[PageLink], site: str) -> bytes:
    """Return the keys of *links* in the form the memory keeps."""
    return array(
        "Q", (number for link in links for number in link_key(link.rel, link.text, link.url, site))
    ).tobytes()


def unpack_links(packed: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield the keys that `pack_links` packed."""
    numbers = array("Q", packed)
    return zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True)


def _hashed(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()) or 1


@dataclass(kw_only=True)
class Catalog:
    """All entries, newest first, and what follows from their order."""

    entries: tuple[Entry, ...]
    links: Iterable[tuple[str, bytes]] = field(default=(), repr=False)
    """Stem and packed links of each article; read once."""

    def __post_init__(self) -> None:
        self.entries = tuple(sorted(self.entries, key=lambda entry: entry.order, reverse=True))
        seen: dict[str, Entry] = {}
        for entry in self.entries:
            other = seen.setdefault(entry.article.id, entry)
            if other is not entry:
                raise IdClash(
                    f"{entry.stem} and {other.stem} have one id, {entry.article.id}: "
                    "delete the one that is a copy, or report the clash when both are real"
                )

    @cached_property
    def by_stem(self) -> dict[str, Entry]:
        """Entries by stem."""
        return {entry.stem: entry for entry in self.entries}

    @cached_property
    def by_id(self) -> dict[tuple[str, str], Entry]:
        """Entries by site and id."""
        return {(entry.article.site, entry.article.id): entry for entry in self.entries}

    @cached_property
    def sites(self) -> dict[str, tuple[Entry, ...]]:
        """Entries by site, newest first; sites in the order of their names."""
        return _grouped(self.entries, lambda entry: entry.article.site)

    @cached_property
    def days(self) -> dict[str, tuple[Entry, ...]]:
        """Entries by day, days oldest first, entries newest first; the undated are not in it."""
        return _grouped((entry for entry in self.entries if entry.day), lambda entry: entry.day or "")

    @cached_property
    def neighbours(self) -> dict[str, tuple[Entry | None, Entry | None]]:
        """The earlier and the later dated entry on the same site, by stem."""
        beside: dict[str, tuple[Entry | None, Entry | None]] = {}
        for entries in self.sites.values():
            dated = [entry for entry in entries if entry.day]
            for later, entry, earlier in zip([None, *dated], dated, [*dated[1:], None], strict=False):
                beside[entry.stem] = (earlier, later)
        return beside

    @cached_property
    def publishers(self) -> dict[str, str]:
        """Printed name of each site: what most of its articles give, else its host."""
        return {
            site: most_frequent(
                [e.article.publisher for e in reversed(entries) if e.article.publisher] or [site]
            )
            for site, entries in self.sites.items()
        }

    @cached_property
    def authors(self) -> dict[str, Named]:
        """Authors of two articles or more, by folded name."""
        groups: dict[str, list[tuple[str, Entry]]] = defaultdict(list)
        for entry in self.entries:
            for name in entry.article.authors:
                if key := folded(name):
                    groups[key].append((name, entry))
        return named({key: found for key, found in groups.items() if len({e.stem for _, e in found}) > 1})

    @cached_property
    def sections(self) -> dict[tuple[str, str], Named]:
        """Sections by site and folded name."""
        found: dict[tuple[str, str], Named] = {}
        for site, entries in self.sites.items():
            groups: dict[str, list[tuple[str, Entry]]] = defaultdict(list)
            for entry in entries:
                if key := folded(entry.article.section or ""):
                    groups[key].append((entry.article.section or "", entry))
            found |= {(site, key): section for key, section in named(groups).items()}
        return found

    def author(self, name: str) -> Named | None:
        """Return the page-worthy author printed as *name*."""
        return self.authors.get(folded(name))

    def section(self, entry: Entry) -> Named | None:
        """Return the section of *entry*."""
        return self.sections.get((entry.article.site, folded(entry.article.section or "")))

    @cached_property
    def _held(self) -> dict[int, Entry]:
        """Entries by the keys of `link_key`: identities, claimed addresses on the same site, sole headlines."""
        by_headline: dict[int, Entry | None] = {}
        held: dict[int, Entry] = {}
        for entry in self.entries:
            article = entry.article
            headline = link_key("related", article.title, None, article.site)[2]
            by_headline[headline] = None if headline in by_headline else entry
            # The claim of another host's address could draw that host's links here.
            claimed = article.canonical_url
            if claimed and _host(claimed) == _host(article.url):
                held.setdefault(_hashed(identity(claimed)), entry)
        held |= {_hashed(identity(entry.article.url)): entry for entry in self.entries}
        return {headline: entry for headline, entry in by_headline.items() if entry} | held

    def resolve(self, key: tuple[int, int, int]) -> Entry | None:
        """Return the held article that a link with *key* leads to: by its address, then by its headline."""
        return self._held.get(key[1]) or self._held.get(key[2])

    @cached_property
    def targets(self) -> dict[str, tuple[tuple[int, str], ...]]:
        """Place of each link that leads to a held article, and that article's stem, by the linking stem."""
        held = self._held
        targets: dict[str, tuple[tuple[int, str], ...]] = {}
        for stem, packed in self.links:
            found = []
            for place, (_, address, headline) in enumerate(unpack_links(packed)):
                target = held.get(address) or held.get(headline)
                if target and target.stem != stem:
                    found.append((place, target.stem))
            if found:
                targets[stem] = tuple(found)
        return targets

    @cached_property
    def linked_from(self) -> dict[str, tuple[Entry, ...]]:
        """The articles that lead to an article, oldest first, by its stem."""
        sources: dict[str, dict[str, Entry]] = defaultdict(dict)
        for entry in reversed(self.entries):
            for _, target in self.targets.get(entry.stem, ()):
                sources[target][entry.stem] = entry
        return {stem: tuple(found.values()) for stem, found in sources.items()}


def _host(url: str) -> str:
    return re.split("[/?#]", identity(url), maxsplit=1)[0]


def _grouped(entries: Iterable[Entry], key: Callable[[Entry], str]) -> dict[str, tuple[Entry, ...]]:
    groups: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[key(entry)].append(entry)
    return {name: tuple(groups[name]) for name in sorted(groups)}
