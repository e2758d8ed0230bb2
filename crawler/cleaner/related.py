"""Related links: what the publisher shows beside the story, in order, and the links in its text."""

from crawler.cleaner.blocks import HEADINGS, Block, Box, Layout
from crawler.cleaner.body import Body
from crawler.cleaner.features import is_prose
from crawler.cleaner.text import field, fold
from crawler.cleaner.words import END_OF_STORY, MEDIA_TIME, is_furniture, is_related_label, is_related_lead
from crawler.items import PageLink
from crawler.page import Page
from crawler.urls import canonicalize, identity

MIN_HEADLINE_CHARS = 12
MAX_HEADLINE_CHARS = 300
MAX_RELATED = 500


def inline_links(body: Body) -> list[PageLink]:
    """Return the links inside the story's text."""
    links: list[PageLink] = []
    for block in body.kept:
        for address, text in block.links:
            url = canonicalize(address) if address else None
            if url and text:
                links.append(PageLink(rel="inline", position=len(links) + 1, text=field(text), url=url))
    return links


def related_links(page: Page, found: Layout, body: Body, title: str) -> list[PageLink]:
    """Return the links shown as related to the article, the page's link to itself left out."""
    kept = {block.index for block in body.kept}
    own = identity(canonicalize(page.url) or page.url)
    claimed = canonicalize(page.canonical) if page.canonical else None
    own_names = {own, identity(claimed) if claimed else own}
    shown: dict[str, PageLink] = {}

    def add(text: str, address: str) -> None:
        text = field(text)
        url = canonicalize(address) if address else None
        if fold(text) == fold(title) or (url and identity(url) in own_names):
            return
        key = identity(url) if url else fold(text)
        if key and key not in shown and len(shown) < MAX_RELATED:
            shown[key] = PageLink(rel="related", position=len(shown) + 1, text=text, url=url)

    for run in _runs(found, kept):
        for block in run:
            entries = [(text, address) for address, text in block.links if _is_headline(text)]
            if entries:
                if block.link_share > 0.4 or is_related_lead(block.text):
                    for text, address in entries:
                        add(text, address)
            elif not block.links and _is_headline(block.text):
                add(block.text, "")
    return list(shown.values())


def _is_headline(text: str) -> bool:
    return (
        MIN_HEADLINE_CHARS <= len(text) <= MAX_HEADLINE_CHARS
        and not is_furniture(text)
        and not is_related_label(text)
        and not MEDIA_TIME.fullmatch(text)
    )


def _runs(found: Layout, kept: set[int]) -> list[list[Block]]:
    """Return the runs of blocks that follow a heading of related links, or stand in a box named so."""
    runs: list[list[Block]] = []
    done: set[int] = set()
    blocks = found.blocks
    for block in blocks:
        if block.index in done or block.index in kept or block.hidden or block.role == "img":
            continue
        if block.chars <= 200 and is_related_label(block.text):
            run = _after(found, block, kept)
        elif block.links and block.chars < 350 and is_related_lead(block.text):
            run = [block]
        else:
            continue
        done.update(one.index for one in run)
        runs.append(run)
    for box in found.boxes:
        if (
            box.junk in {"related", "also-read", "alsoread", "readmore", "read-more", "recommend", "recirc"}
            and not box.hidden
        ):
            run = [
                b
                for b in blocks[box.first : box.end]
                if b.index not in done and b.index not in kept and not b.hidden
            ]
            done.update(one.index for one in run)
            if run:
                runs.append(run)
    runs.sort(key=lambda run: run[0].index if run else 0)
    return [run for run in runs if run]


def _after(found: Layout, heading: Block, kept: set[int]) -> list[Block]:
    """Return the blocks under *heading*: to the next heading of its rank, the end of its section, or running text."""
    blocks = found.blocks
    level = HEADINGS.get(heading.role)
    section: Box | None = heading.box if level is None else heading.box.parent
    # The list may stand beside the heading's wrapper: climb until something of headline size follows.
    for _ in range(4):
        if section is None or section.parent is None:
            break
        if any(_is_headline(b.text) for b in blocks[heading.index + 1 : section.end] if not b.hidden):
            break
        section = section.parent
    end = section.end if section is not None else len(blocks)
    linked = any(b.links for b in blocks[heading.index + 1 : min(end, heading.index + 8)])
    run: list[Block] = []
    for block in blocks[heading.index + 1 : end]:
        if block.hidden or block.role == "img":
            continue
        if block.index in kept:
            break
        if END_OF_STORY.fullmatch(block.text) and run:
            break
        if block.role in HEADINGS and block.link_share < 0.5:
            rank = HEADINGS[block.role]
            if (level is not None and rank <= level) or (level is None and run and linked):
                break
        if is_prose(block) and block.chars > 300 and not block.links and linked:
            continue
        run.append(block)
    return run
