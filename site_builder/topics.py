"""Which topics an article is about, and why: its publisher's keywords and section, folded to one key each."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from site_builder.catalog import Catalog, Entry, most_frequent, slugs

MIN_ARTICLES = 3
MAX_LABEL_CHARS = 40
"""Longer ones are headlines or lists that were not split (18 of 1,425 keywords on real pages)."""
SITE_CONSTANT_SHARE = 0.6
SITE_CONSTANT_MIN_ARTICLES = 10
"""A keyword on this share of a site's articles says nothing, once it has this many."""

_INITIALISM = re.compile(r"(?:\w\.){2,}")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_LATIN_MARKS = re.compile(r"([a-z])[̀-ͯ]+")
# A wire's routing codes, UUIDs, numbers.
_MACHINE = re.compile(r"\w+:\S+|[0-9a-f]{8}-[0-9a-f-]{27}|[\W\d_]+|\S*[_/=]\S*\d\S*", re.IGNORECASE)


def key(surface: str) -> str:
    """Return what spellings of one topic have in common; empty when nothing is left.

    An initialism keeps a mark, so that ``U.S.`` never equals the word ``us``.
    """
    surface = unicodedata.normalize("NFKC", surface).strip()
    is_initialism = _INITIALISM.fullmatch(surface) is not None
    surface = _INITIALISM.sub(lambda match: match[0].replace(".", ""), surface)
    if not is_initialism and " " not in surface:
        surface = _CAMEL.sub(" ", surface)
    surface = unicodedata.normalize("NFKD", surface.casefold())
    surface = unicodedata.normalize("NFC", _LATIN_MARKS.sub(r"\1", surface))
    surface = " ".join(re.sub(r"[-‐‑–_]", " ", surface).removeprefix("#").split())
    return f"{surface}." if is_initialism else surface


def is_machine_label(surface: str) -> bool:
    """Say whether *surface* is a code for machines: ``PACKAGE:US-TOP-NEWS``, a UUID, a number."""
    return _MACHINE.fullmatch(surface.strip()) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What several articles are about."""

    key: str
    label: str
    """The spelling most of the articles have."""
    slug: str
    entries: tuple[Entry, ...]
    """Newest first."""
    spellings: tuple[str, ...]
    """All there are, most frequent first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """A topic of one article, with its evidence."""

    topic: Topic
    reason: str
    """Such as ``publisher keyword 'Rare Earths'``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topics:
    """The topics of an archive and the articles' share in them."""

    topics: tuple[Topic, ...]
    """Sorted by folded label."""
    by_stem: dict[str, tuple[Assignment, ...]]


def topics(catalog: Catalog) -> Topics:
    """Return the topics of *catalog*: what three articles or more name, and no code, slogan or constant."""
    evidence = {entry.stem: _evidence(entry) for entry in catalog.entries}
    dropped = _constants(catalog, evidence)
    found: dict[str, list[tuple[str, Entry]]] = defaultdict(list)
    for entry in reversed(catalog.entries):
        for name, (surface, _) in evidence[entry.stem].items():
            if (entry.article.site, name) not in dropped:
                found[name].append((surface, entry))
    found = {name: uses for name, uses in found.items() if len(uses) >= MIN_ARTICLES}
    names = slugs(found)
    made = {}
    for name, uses in found.items():
        surfaces = [surface for surface, _ in uses]
        made[name] = Topic(
            key=name,
            label=most_frequent(surfaces),
            slug=names[name],
            entries=tuple(entry for _, entry in reversed(uses)),
            spellings=tuple(sorted(set(surfaces), key=lambda s: (-surfaces.count(s), surfaces.index(s)))),
        )
    by_stem = {
        entry.stem: tuple(
            Assignment(topic=made[name], reason=reason)
            for name, (_, reason) in evidence[entry.stem].items()
            if name in made and (entry.article.site, name) not in dropped
        )
        for entry in catalog.entries
    }
    return Topics(
        topics=tuple(sorted(made.values(), key=lambda topic: (topic.label.casefold(), topic.key))),
        by_stem=by_stem,
    )


def _evidence(entry: Entry) -> dict[str, tuple[str, str]]:
    """Return spelling and reason by key: keywords in their order, then the section."""
    article = entry.article
    publisher = {key(article.publisher or ""), key(article.site)}

    def given() -> Iterator[tuple[str, str]]:
        for keyword in article.keywords:
            yield keyword, f"publisher keyword ‘{keyword}’"
        if article.section:
            yield article.section, f"section ‘{article.section}’"

    evidence: dict[str, tuple[str, str]] = {}
    for surface, reason in given():
        name = key(surface)
        if (
            name
            and len(surface) <= MAX_LABEL_CHARS
            and name not in publisher
            and not is_machine_label(surface)
        ):
            evidence.setdefault(name, (surface.strip().removeprefix("#"), reason))
    return evidence


def _constants(catalog: Catalog, evidence: dict[str, dict[str, tuple[str, str]]]) -> set[tuple[str, str]]:
    constants = set()
    for site, entries in catalog.sites.items():
        if len(entries) < SITE_CONSTANT_MIN_ARTICLES:
            continue
        counts: dict[str, int] = defaultdict(int)
        for entry in entries:
            for name in evidence[entry.stem]:
                counts[name] += 1
        bound = ceil(SITE_CONSTANT_SHARE * len(entries))
        constants |= {(site, name) for name, count in counts.items() if count >= bound}
    return constants
