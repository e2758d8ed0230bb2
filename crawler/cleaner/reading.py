"""Reads one page into an article with everything found on the way, so that it can be explained."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from crawler.cleaner import metadata, notices
from crawler.cleaner.authors import authors
from crawler.cleaner.blocks import Block, Box, Layout, layout
from crawler.cleaner.body import Body, Dropped, find_body
from crawler.cleaner.declared import article_object
from crawler.cleaner.features import is_prose
from crawler.cleaner.fragment import caption_of, fragment
from crawler.cleaner.markdown import to_markdown
from crawler.cleaner.metadata import Metadata
from crawler.cleaner.related import inline_links, related_links
from crawler.cleaner.rescue import rescued
from crawler.cleaner.subjects import keywords, section
from crawler.cleaner.text import count_words, fold
from crawler.cleaner.title import candidates, publisher, site_names
from crawler.cleaner.words import BYLINE, FURNITURE_LEAD, is_furniture
from crawler.items import Article, Link, Notice
from crawler.page import Page
from crawler.urls import article_id, canonicalize, site_name

_STANDFIRST_NAMES = re.compile(
    r"(?i)stand-?first|sub-?(?:title|head|headline|heading|hed)\b|\bdek\b|\bdeck\b|\bchapo\b|\bsummary|\bexcerpt|\bintro\b|\blead\b|\blede\b|\bkicker-?text|\bsousTitre|\bbajada|\bsommario|\bocchiello|\bpreamble|\bingress|\bvorspann|\bteaser-?text|article-?(?:lead|intro|summary|description|excerpt|subtitle|dek)|description\b"
)
MAX_STANDFIRST_CHARS = 600


@dataclass(frozen=True, slots=True)
class Cleaned:
    """An article with what was dropped to get it and who stated its fields."""

    article: Article
    notices: tuple[Notice, ...]
    dropped: tuple[Dropped, ...]
    paragraphs: tuple[str, ...]
    """The body's texts without markup, in order."""
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
        body = find_body(page, titles[0][0] if titles else None)
        taken = _take_notices(found, body)
        _take_standfirst(page, found, body)
        known = page.kept[key] = Story(titles, body, found, taken)
    return known


def read(page: Page, *, link: Link | None, captured: datetime | None) -> Cleaned:
    """Return the article of *page*, which has been judged to be one."""
    one = story(page, link)
    found, body, title = one.found, one.body, one.title
    notes = Metadata()
    notes.choose("title", one.titles)
    sites = site_names(page, found)
    url = canonicalize(page.url) or page.url

    saved = rescued(page, title, body)
    if saved is None:
        told, kept, region = found, body.kept, body.region
    else:
        told, kept, region = saved.found, saved.kept, saved.found.root
        body.kept[:] = []
        notes.stated["body"] = [(f"{saved.chars} characters", saved.source)]
    text = to_markdown(fragment(told, kept, region))
    paragraphs = tuple(block.text for block in kept if block.role != "img")
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
    images = metadata.image(page, found, body)
    facts = tuple(dict.fromkeys(n.fact for n in one.notices if n.fact and n.fact != "notice"))
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
        language=notes.choose("language", metadata.language(page, link)),
        site=site_name(url),
        publisher=names[0][0] if names else None,
        url=url,
        canonical_url=metadata.canonical(page, url),
        id=article_id(url),
        words=sum(count_words(part) for part in paragraphs),
        notices=facts,
        image=notes.choose("image", images),
        image_caption=caption_of(found, lead) if lead is not None else None,
        rights=metadata.rights(page),
        captured=captured.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if captured else None,
        body=text,
        links=(*related_links(page, found, body, title), *inline_links(page, body)),
    )
    return Cleaned(
        article=article,
        notices=tuple(Notice(fact=found.fact, text=found.text) for found in one.notices if found.text),
        dropped=_all_dropped(found, body),
        paragraphs=paragraphs,
        stated=notes.stated,
    )


def _all_dropped(found: Layout, body: Body) -> tuple[Dropped, ...]:
    """Return what fell inside the region with its reason, and everything outside it, in page order."""
    told = {block.index for block in body.kept} | {one.block.index for one in body.dropped}
    told |= {block.index for block in (body.headline, body.standfirst) if block is not None}
    outside = (
        Dropped(b, "outside the story")
        for b in found.blocks
        if b.text and b.role != "img" and b.index not in told
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
    return taken


def _container(block: Block) -> Box:
    """Return the box whose child *block* is: the parent of its own element."""
    box = block.box
    return box.parent if box.parent is not None and box.end - box.first == 1 else box


def _take_standfirst(page: Page, found: Layout, body: Body) -> None:
    """Find the standfirst, printed between headline and story, and take it out of *body*."""
    if body.headline is None or not body.kept:
        return
    article = article_object(page) or {}
    declared = {
        fold(value)
        for value in (
            page.first_meta("og:description"),
            page.first_meta("description"),
            article.get("description"),
            article.get("alternativeHeadline"),
        )
        if isinstance(value, str)
    } - {""}
    prose = [block for block in body.kept if is_prose(block)]
    main: dict[int, int] = {}
    boxes: dict[int, Box] = {}
    for block in prose:
        box = _container(block)
        main[box.order] = main.get(box.order, 0) + block.chars
        boxes[box.order] = box
    home_order = max(main, key=lambda order: main[order], default=body.region.order)
    home = boxes.get(home_order, body.region)
    # Only beside a container of the text can anything stand apart.
    contained = sum(_container(block) is home for block in prose) >= 2 and main[home_order] * 2 >= sum(
        main.values()
    )
    first = body.kept[0].index
    last = max(first, next((b.index for b in body.kept if b.role != "img"), first))
    kept = {block.index for block in body.kept}
    for block in found.blocks[body.headline.index + 1 : last + 1][:25]:
        if (
            block.hidden
            or block.role in {"img", "figcaption"}
            or not 25 <= block.chars <= MAX_STANDFIRST_CHARS
            or block.link_share > 0.5
        ):
            continue
        if (
            is_furniture(block.text)
            or FURNITURE_LEAD.match(block.text)
            or (BYLINE.match(block.text) and block.chars < 120)
        ):
            continue
        folded = fold(block.text)
        named = _names(block.box)
        apart = contained and not block.box.inside(home)
        matches = any(
            folded == text or (len(text) > 40 and (folded.startswith(text[: int(len(text) * 0.9)])))
            for text in declared
        )
        if (
            (matches and (apart or named or block.role in {"h2", "h3", "h4"}))
            or (
                (named and apart)
                or (
                    apart
                    and block.index in kept
                    and len(prose) >= 3
                    and is_prose(block)
                    and block.chars < 350
                )
            )
            or (block.index == last and named and block.chars < 350 and block.marked)
        ):
            pass
        else:
            continue
        body.standfirst = block
        body.kept[:] = [one for one in body.kept if one is not block]
        body.dropped[:] = [one for one in body.dropped if one.block is not block]
        return


def _names(box: Box | None) -> bool:
    for _ in range(2):
        if box is None:
            return False
        if box.names and _STANDFIRST_NAMES.search(box.names):
            return True
        box = box.parent
    return False
