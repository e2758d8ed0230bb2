"""The files of one article: its page, its Markdown, its schema.org record."""

import html
import json
import re
from collections.abc import Iterator
from functools import partial
from typing import Any

from crawler.corpus import dump, identity
from crawler.items import Article
from site_builder.catalog import Entry, calendar_day, digest
from site_builder.planning import Holdings, Page, Rank
from site_builder.topics import key as topic_key

MAX_LINKED_FROM = 12
"""Of the articles that lead to one, the earliest are shown: once full, the list never changes again."""

FACTS = {
    "ai-generated": ("AI-generated", "The publisher states that a machine wrote this text."),
    "sponsored": ("Sponsored", "The publisher states that this text was paid for."),
}
"""The name of a notice's fact, and what it says where no text of the publisher's is kept."""


def article_pages(entry: Entry, holdings: Holdings) -> Iterator[Page]:
    """Yield the files of *entry*."""
    catalog, article = holdings.catalog, entry.article
    publisher = holdings.publisher(article.site)
    earlier, later = catalog.neighbours.get(entry.stem, (None, None))
    section = catalog.section(entry)
    own = {"article": entry.digest, "publisher": publisher}
    yield Page(
        path=f"articles/{entry.stem}.md",
        rank=Rank.ARTICLE,
        inputs=own,
        make=partial(_markdown, entry, holdings),
    )
    yield Page(
        path=f"articles/{entry.stem}.json",
        rank=Rank.ARTICLE,
        inputs=own,
        make=partial(_schema_org, article, publisher),
    )
    yield Page(
        path=entry.path,
        rank=Rank.ARTICLE,
        template="article.html",
        inputs=own
        | {
            "earlier on this site": earlier.teaser if earlier else "none",
            "later on this site": later.teaser if later else "none",
            "section": digest(section and (section.label, section.slug)),
            "authors with a page": digest(*_authors(entry, holdings)),
            "topics": digest(
                *((a.topic.slug, a.topic.label, a.reason) for a in holdings.topics.by_stem[entry.stem])
            ),
            "links that lead to held articles": digest(catalog.targets.get(entry.stem)),
            "linked from": holdings.teasers(_linked_from(entry, holdings)),
            "notices": digest(*_notices(entry, holdings)),
            "copy of": original.teaser if (original := _original(entry, holdings)) else "none",
        },
        make=partial(_context, entry, holdings),
    )


def _context(entry: Entry, holdings: Holdings) -> dict[str, Any]:
    catalog = holdings.catalog
    links = holdings.read(entry.stem).links
    by_stem = catalog.by_stem
    targets = {place: by_stem[stem] for place, stem in catalog.targets.get(entry.stem, ())}
    held_inline = {
        identity(link.url.partition("#")[0]): targets[place]
        for place, link in enumerate(links)
        if place in targets and link.rel == "inline" and link.url
    }
    related = [(link, targets.get(place)) for place, link in enumerate(links) if link.rel == "related"]
    earlier, later = catalog.neighbours.get(entry.stem, (None, None))
    assignments = holdings.topics.by_stem[entry.stem]
    on_pages = {a.topic.key for a in assignments}
    return {
        "entry": entry,
        "article": entry.article,
        "body": _with_held(holdings.body(entry.body_key), held_inline, "../" * entry.path.count("/")),
        "publisher": holdings.publisher(entry.article.site),
        "section": catalog.section(entry),
        "authors": [(name, catalog.author(name)) for name in entry.article.authors],
        "assignments": assignments,
        "other_keywords": [k for k in entry.article.keywords if topic_key(k) not in on_pages],
        "notices": _notices(entry, holdings),
        "original": _original(entry, holdings),
        "related": related,
        "related_held": sum(1 for _, target in related if target),
        "linked_from": _linked_from(entry, holdings),
        "earlier": earlier,
        "later": later,
        "citation": citation(entry.article, holdings.publisher(entry.article.site)),
    }


def _authors(entry: Entry, holdings: Holdings) -> list[tuple[str, str]]:
    found = [(name, holdings.catalog.author(name)) for name in entry.article.authors]
    return [(name, author.slug) for name, author in found if author]


def _original(entry: Entry, holdings: Holdings) -> Entry | None:
    """Return the article whose text *entry* repeats, when it is held."""
    copied = entry.article.copy_of
    return holdings.catalog.by_id.get((entry.article.site, copied)) if copied else None


def _linked_from(entry: Entry, holdings: Holdings) -> tuple[Entry, ...]:
    return holdings.catalog.linked_from.get(entry.stem, ())[:MAX_LINKED_FROM]


def _notices(entry: Entry, holdings: Holdings) -> list[tuple[str, str]]:
    """Return name and text of each notice of *entry*; the text may be empty."""
    record = holdings.records.get(entry.article.site)
    texts = {notice.fact: notice.text for notice in reversed(record.notices)} if record else {}
    notices = []
    for fact in entry.article.notices:
        name, words = FACTS.get(fact, (fact.replace("-", " ").capitalize(), ""))
        notices.append((name, texts.get(fact, words)))
    return notices


_OUTSIDE = re.compile(r'<a href="([^"]*)"( title="[^"]*")? rel="noopener nofollow ugc">(.*?)</a>', re.DOTALL)


def _with_held(body: str, held: dict[str, Entry], root: str) -> str:
    """Return *body* with links to *held* articles, by identity, led to their pages here; the original stays beside."""
    if not held:
        return body

    def led(match: re.Match[str]) -> str:
        target = held.get(identity(html.unescape(match[1]).partition("#")[0]))
        if target is None:
            return match[0]
        here = html.escape(root + target.path)
        return (
            f'<a class="held" href="{here}">{match[3]}</a>'
            f'<a class="orig" href="{match[1]}" rel="noopener nofollow ugc" aria-label="Original of this link"></a>'
        )

    return _OUTSIDE.sub(led, body)


def citation(article: Article, publisher: str) -> str:
    """Return how *article* is cited, one line."""
    parts = [
        ", ".join(article.authors),
        f"“{article.title}”",
        ", ".join(part for part in (publisher, calendar_day(article.date)) if part),
        article.url,
    ]
    captured = f" (captured {article.captured[:10]})" if article.captured else ""
    return ". ".join(part for part in parts if part) + captured


def _markdown(entry: Entry, holdings: Holdings) -> bytes:
    return dump(holdings.read(entry.stem)).encode()


# What a notice states, as schema.org has it. Source: IPTC digital source types, https://cv.iptc.org/newscodes/digitalsourcetype
_DIGITAL_SOURCE = {"ai-generated": "https://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"}


def _schema_org(article: Article, publisher: str) -> bytes:
    """Return *article* as JSON-LD; absent is what the publisher did not state."""
    record = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": article.title,
        "description": article.description,
        "datePublished": article.date,
        "dateModified": article.modified,
        "author": [{"@type": "Person", "name": name} for name in article.authors],
        "articleSection": article.section,
        "keywords": list(article.keywords),
        "inLanguage": article.language,
        "wordCount": article.words,
        "url": article.url,
        "identifier": article.id,
        "image": article.image,
        "publisher": {"@type": "NewsMediaOrganization", "name": publisher},
        "archivedAt": article.captured,
        "digitalSourceType": [_DIGITAL_SOURCE[fact] for fact in article.notices if fact in _DIGITAL_SOURCE],
    }
    known = {name: value for name, value in record.items() if value not in (None, [])}
    return (json.dumps(known, ensure_ascii=False, indent=1) + "\n").encode()
