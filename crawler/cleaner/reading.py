"""Reads one page into an article with everything found on the way, so that it can be explained."""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from crawler.cleaner import metadata, notices
from crawler.cleaner.authors import authors
from crawler.cleaner.blocks import HEADINGS, Block, Layout
from crawler.cleaner.body import Body, Dropped, drop_empty_headings, find_body
from crawler.cleaner.features import is_prose
from crawler.cleaner.fragment import caption_of, fragment
from crawler.cleaner.language import languages
from crawler.cleaner.markdown import to_markdown
from crawler.cleaner.memory import Recalled, marks_of, recalled
from crawler.cleaner.metadata import Metadata
from crawler.cleaner.notices import UNMISTAKABLE, facts_in, said_of_itself
from crawler.cleaner.related import inline_links, related_links
from crawler.cleaner.rescue import rescued
from crawler.cleaner.standfirst import take_standfirst
from crawler.cleaner.subjects import keywords, section
from crawler.cleaner.text import count_words
from crawler.cleaner.title import candidates, publisher, site_names, strip_ends
from crawler.cleaner.walk import layout
from crawler.items import Article, Link, Mark, Memory, Notice, PageLink
from crawler.page import Page
from crawler.urls import article_id, canonicalize, identity, site_name

MAX_RECURRING_SHARE = 0.4
"""Of the story: more than this is not the site's, whatever recurs."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """An article with what was dropped to get it and who stated its fields."""

    article: Article
    notices: tuple[Notice, ...]
    dropped: tuple[Dropped, ...]
    paragraphs: tuple[str, ...]
    """The body's texts without markup, in order."""
    marks: tuple[Mark, ...]
    """What may recur on the site's other pages, as it is without a memory."""
    stated: dict[str, list[tuple[str, str]]]
    """For each metadata field, every value with its source, the one chosen first."""


@dataclass(slots=True)
class Story:
    """The title and body of a page, before the rest of its metadata."""

    titles: list[tuple[str, str]]
    body: Body
    found: Layout
    notices: list[notices.Labelled]

    @property
    def title(self) -> str:
        """The headline, or ``""``."""
        return self.titles[0][0] if self.titles else ""


def story(page: Page, link: Link | None) -> Story:
    """Return the story of *page*, found once for classification and cleaning."""
    key = ("story", link)
    known = page.kept.get(key)
    if not isinstance(known, Story):
        found = layout(page)
        titles = candidates(page, found, link)
        body = find_body(page, [title for title, source in titles if source != "link text"])
        taken = _take_notices(found, body)
        take_standfirst(page, found, body)
        known = page.kept[key] = Story(titles, body, found, taken)
    return known


def read(
    page: Page, *, link: Link | None, captured: datetime | None, memory: Memory | None = None
) -> Cleaned:
    """Return the article of *page*, which has been judged to be one; *memory* is of its site."""
    one = story(page, link)
    found, title = one.found, one.title
    # What the memory and a script take away from it is still the page's when it is read again.
    body = replace(one.body, kept=list(one.body.kept), dropped=list(one.body.dropped))
    notes = Metadata()
    sites = site_names(page, found)
    url = canonicalize(page.url) or page.url

    related = related_links(page, found, body, title)
    told, layout_told, noticed = body, found, one.notices
    if saved := rescued(page, title, body):
        # The story is the script's; what else is said of it stays the page's.
        told = Body(list(saved.kept), [], saved.found.root, body.headline, chars=saved.chars)
        layout_told = saved.found
        noticed = [*noticed, *_take_notices(saved.found, told)]
        body.kept = []
        notes.stated["body"] = [(f"{saved.chars} characters", saved.source)]
    marks = marks_of(page, told, related)
    known = recalled(memory)
    recurring = _forget(told, known)
    title = notes.choose("title", _without_ends(one.titles, known)) or ""

    text = to_markdown(fragment(layout_told, told.kept, told.region))
    paragraphs = tuple(block.text for block in told.kept if block.role != "img")
    when, dates_stated = metadata.published(page, found, body, link, captured)
    notes.stated["date"] = [
        (one.value, one.source)
        for one in ([when] if when else []) + [o for o in dates_stated if o is not when]
    ]
    modified = metadata.changed(page, captured, when.value if when else None)
    notes.choose("modified", modified)
    names = publisher(page, found)
    notes.choose("publisher", names)
    writers = authors(page, found, metadata.near_headline(found, body), sites)
    notes.stated["authors"] = [("; ".join(values), source) for values, source in writers]
    words = keywords(page, found, (body.first_content, body.region.end), sites, title)
    notes.stated["keywords"] = words
    described = metadata.description(page, body, sites, title, text)
    images = metadata.image(page, body)
    stated_facts = [fact for block in recurring for fact in facts_in(block.text) if fact in UNMISTAKABLE]
    stated_facts += said_of_itself([block for block in told.kept if block.role != "img"])
    facts = dict.fromkeys(fact for fact in (*(n.fact for n in noticed), *stated_facts) if fact)
    lead = next((block for block in body.kept if block.role == "img"), None)
    article = Article(
        title=title or "Untitled",
        description=notes.choose("description", described),
        date=when.value if when else None,
        date_source=when.source if when else None,
        modified=modified[0][0] if modified else None,
        authors=writers[0][0] if writers else (),
        section=notes.choose("section", section(page, sites, title)),
        keywords=tuple(text for text, _ in words),
        language=notes.choose("language", languages(page, link, " ".join(paragraphs))),
        site=site_name(url),
        publisher=names[0][0] if names else None,
        url=url,
        canonical_url=metadata.canonical(page, url),
        id=article_id(url),
        words=sum(count_words(part) for part in paragraphs),
        notices=tuple(fact for fact in facts if fact != "notice"),
        image=notes.choose("image", images),
        image_caption=caption_of(found, lead) if lead is not None else None,
        rights=metadata.rights(page),
        captured=captured.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if captured else None,
        body=text,
        links=(*_editorial(related, known), *inline_links(told)),
    )
    return Cleaned(
        article=article,
        notices=tuple(Notice(fact=found.fact, text=found.text) for found in noticed if found.text),
        dropped=(*_all_dropped(found, body), *(_all_dropped(layout_told, told) if saved else ())),
        paragraphs=paragraphs,
        marks=marks,
        stated=notes.stated,
    )


def _forget(body: Body, known: Recalled) -> list[Block]:
    """Take what is the site's out of *body* and return it, unless the story would be left in pieces."""
    fallen = {b.index: reason for b in body.kept if (reason := known.reason(b.text)) and b.role != "img"}
    recurring = [block for block in body.kept if block.index in fallen]
    if not fallen or sum(block.chars for block in recurring) > MAX_RECURRING_SHARE * body.chars:
        return []
    for heading in _heads_of(fallen, body):
        fallen[heading.index] = "heads what recurs"
        recurring.append(heading)
    body.dropped += [Dropped(block, fallen[block.index]) for block in recurring]
    body.kept[:] = [block for block in body.kept if block.index not in fallen]
    drop_empty_headings(body)
    return recurring


def _heads_of(fallen: Mapping[int, str], body: Body) -> list[Block]:
    """Return the headings of *body* that stand in one box with nothing but what has *fallen*."""
    stays = [one.index for one in body.kept if one.index not in fallen and one.role not in HEADINGS]
    falls = sorted(fallen)
    heads: list[Block] = []
    for heading in body.kept:
        box = heading.box.parent
        if heading.role in HEADINGS and box is not None:
            holds, loses = (
                bisect_left(some, box.end) - bisect_left(some, box.first) for some in (stays, falls)
            )
            if loses and not holds:
                heads.append(heading)
    return heads


def _without_ends(titles: list[tuple[str, str]], known: Recalled) -> list[tuple[str, str]]:
    """Return *titles* without what follows the headline on the site's other pages too."""
    if not known.title_ends:
        return titles
    return [(strip_ends(title, known.title_ends), source) for title, source in titles]


def _editorial(related: list[PageLink], known: Recalled) -> list[PageLink]:
    """Return those of *related* that are shown for this article; the others are shown wherever one looks."""
    if not known.links:
        return related
    chosen = [link for link in related if not link.url or identity(link.url) not in known.links]
    return [replace(link, position=at) for at, link in enumerate(chosen, 1)]


def _all_dropped(found: Layout, body: Body) -> tuple[Dropped, ...]:
    """Return what fell inside the region with its reason, and everything outside it, in page order."""
    told = {*body.kept, *(one.block for one in body.dropped), body.headline, body.standfirst}
    outside = (
        Dropped(b, "outside the story") for b in found.blocks if b.text and b.role != "img" and b not in told
    )
    return tuple(sorted((*body.dropped, *outside), key=lambda one: one.block.index))


def _take_notices(found: Layout, body: Body) -> list[notices.Labelled]:
    """Take the notices out of *body*; one inside the running story is the story's."""
    kept = {block.index: at for at, block in enumerate(body.kept)}
    prose = [at for at, block in enumerate(body.kept) if is_prose(block)]
    taken: list[notices.Labelled] = []
    falls: dict[int, str] = {}
    for notice in notices.find(found.blocks):
        at = kept.get(notice.block.index)
        if at is not None and prose:
            edge = at <= prose[0] + 1 or at >= prose[max(0, len(prose) - 3)]
            if not edge and not falls:
                continue
            if notice.fact in notices.OF_THE_STORY:
                # An editor's note or a correction is said of this one article: its words stay in the text.
                continue
            falls[notice.block.index] = "a notice"
        taken.append(notice)
    if falls and len(falls) < len(kept):
        body.dropped += [Dropped(block, falls[block.index]) for block in body.kept if block.index in falls]
        body.dropped.sort(key=lambda one: one.block.index)
        body.kept[:] = [block for block in body.kept if block.index not in falls]
        drop_empty_headings(body)
    return taken
