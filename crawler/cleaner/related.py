"""Related links: what the publisher shows beside the story, in order, and the links in its text."""

import re

from crawler.cleaner.blocks import HEADINGS, Block, Box, Layout
from crawler.cleaner.body import Body, host, is_headline_link
from crawler.cleaner.features import is_prose
from crawler.cleaner.labels import is_byline, is_date_line
from crawler.cleaner.text import field, fold
from crawler.cleaner.words import (
    BYLINE,
    END_OF_STORY,
    FURNITURE_LEAD,
    MEDIA_TIME,
    is_furniture,
    is_related_label,
    is_related_lead,
)
from crawler.items import PageLink
from crawler.page import Page
from crawler.urls import canonicalize, identity

MIN_HEADLINE_CHARS = 12
MAX_HEADLINE_CHARS = 300
MAX_RELATED = 500
MAX_CARD_CHARS = 150
"""Of a headline that stands with other texts that lead to the same page; a longer one is a teaser."""
MIN_UNLINKED = 3
"""Headlines that lead nowhere: fewer are whatever happens to stand there."""
MIN_LINK_SHARE = 0.4
"""Of a block whose links are what it is for."""
MIN_SOLE_LINK_SHARE = 0.9
"""Of a block between the story's paragraphs that is one link."""
MIN_HEADLINE_SPACES = 3
MIN_TOLD_CHARS = 40
"""So long, a text is a headline wherever it leads."""
_LABEL_PATH = re.compile(
    r"(?i)/(?:authors?|auteurs?|autor(?:en|es|a)?|tags?|topics?|them(?:a|en)|categor(?:y|ies)|kategorien?|all-about)/(?:[^/]+/){0,2}[^/]+/?$"
)
_PARAGRAPHS = frozenset({"p", "div", "blockquote", *HEADINGS})
_CAPTIONS = frozenset({"figcaption", "caption", "img"})
# As a sentence does, or a label.
_NO_HEADLINE_ENDS = frozenset(".。।:：")
# What stands at the foot of every page.
_LEGAL = r"""
(?:©|\(c\)).*
copyright(?: (?:©|\(c\)|\d{4}|by\b).*)?
.*\ball rights reserved\b.*
(?:our |your |the )?(?:terms|conditions)(?: of (?:use|service|sale)| (?:and|&) conditions)?(?: (?:and|&) (?:privacy|cookie).*)?
(?:our |your |the )?(?:\w+ )?(?:privacy|cookies?)(?: (?:and|&) (?:privacy|cookies?|terms))?(?: (?:policy|notice|statement|centre|center|settings|preferences|choices|rights|options|manager))?
(?:do not|don.t) sell .*(?:information|data|info)
(?:accessibility|ethics|editorial|corrections?|advertising|comment|community) (?:statement|policy|guidelines|standards)
(?:sign|log)[ -](?:up|in)(?: (?:for|to|with|now|here|today)\b.*)?
subscribe(?: (?:to|now|here|today)\b.*)?
(?:advertise|work|partner) with us
(?:help|contact|about) (?:us|center|centre)
click (?:here|to|for)\b.*
(?:submit|suggest) a correction
send a letter to the editor
view our .{0,30}
.{0,20}\bsitemap
(?:datenschutz|impressum|nutzungsbedingungen|cookies?|privatsphäre)(?:[ -]?(?:erklärung|hinweise?|einstellungen?|richtlinien?|bestimmungen|center))?(?: (?:und|&) .{0,30})?
allgemeine (?:geschäftsbedingungen|nutzungsbedingungen)
mentions légales.*
(?:politique|charte) de (?:confidentialité|cookies|protection des données).*
conditions générales (?:de vente|d.utilisation|d.abonnement).*
(?:gérer|gestion des|paramétrer) .{0,10}cookies
(?:aviso legal|política de (?:privacidad|privacidade|cookies)|términos y condiciones|termos de uso|condiciones de (?:uso|contratación)).*
(?:informativa|politica) (?:sulla|della|di) (?:privacy|riservatezza).*
(?:polityka prywatności|regulamin serwisu).*
""".strip().split("\n")
_SERVICE = re.compile(rf"(?i)[\W_]*(?:{'|'.join(_LEGAL)})[\W_]*")


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
    own = identity(canonicalize(page.url) or page.url)
    claimed = canonicalize(page.canonical) if page.canonical else None
    own_names = {own, identity(claimed) if claimed else own}
    shown: dict[str, PageLink] = {}

    def add(text: str, address: str) -> None:
        text = field(text)
        url = canonicalize(address) if address else None
        if (address and url is None) or fold(text) == fold(title) or (url and identity(url) in own_names):
            return
        key = identity(url) if url else fold(text)
        if key and key not in shown and len(shown) < MAX_RELATED:
            shown[key] = PageLink(rel="related", position=len(shown) + 1, text=text, url=url)

    for run in _runs(page, found, body):
        linked = any(address for block in run for address, _ in block.links)
        for text, address in _linked(run) if linked else _unlinked(run):
            add(text, address)
    return list(shown.values())


def _linked(run: list[Block]) -> list[tuple[str, str]]:
    """Return the headlines in *run* that lead somewhere; the rest of it are dates, authors and teasers."""
    texts: dict[str, list[tuple[str, Block]]] = {}
    for block in run:
        if block.link_share > MIN_LINK_SHARE or is_related_lead(block.text):
            for address, text in block.links:
                if address and _is_headline(text) and not _leads_to_label(text, address):
                    texts.setdefault(address, []).append((text, block))
    return [(_headline(those), address) for address, those in texts.items()]


def _headline(texts: list[tuple[str, Block]]) -> str:
    """Return the headline among *texts* of one card, each with its block: the longest, for what stands above it is a word or two."""
    told = [one for one in texts if one[0][-1] not in _NO_HEADLINE_ENDS and len(one[0]) <= MAX_CARD_CHARS]
    headings = [one for one in told if one[1].role in HEADINGS]
    return max((text for text, _ in headings or told), key=len, default=texts[0][0])


def _leads_to_label(text: str, address: str) -> bool:
    """Whether *text* names an author or a topic, on whose page *address* is."""
    return len(text) < MIN_TOLD_CHARS and _LABEL_PATH.search(address) is not None


def _unlinked(run: list[Block]) -> list[tuple[str, str]]:
    """Return the headlines in *run*, none of which leads anywhere, if they are a list."""
    texts = [
        text
        for block in run
        if block.role not in _CAPTIONS
        for text in ([text for _, text in block.links] or [block.text])
        if _is_headline(text) and text[-1] not in _NO_HEADLINE_ENDS and not FURNITURE_LEAD.match(text)
    ]
    return [(text, "") for text in texts] if len(texts) >= MIN_UNLINKED else []


def _is_headline(text: str) -> bool:
    return (
        MIN_HEADLINE_CHARS <= len(text) <= MAX_HEADLINE_CHARS
        and not is_furniture(text)
        and not is_related_label(text)
        and not MEDIA_TIME.fullmatch(text)
        and not _SERVICE.fullmatch(text)
        and not is_date_line(text)
        and not (BYLINE.match(text) and is_byline(text))
    )


def _runs(page: Page, found: Layout, body: Body) -> list[list[Block]]:
    """Return the runs of blocks that follow a heading of related links, stand in a box named so, or lead on within the story."""
    kept = {block.index for block in body.kept}
    runs: list[list[Block]] = []
    done: set[int] = set()
    blocks = found.blocks
    for block in blocks:
        if block.index in done or block.index in kept or block.hidden or block.role == "img":
            continue
        if block.chars <= 200 and is_related_label(block.text):
            if _leads_nowhere(block):
                continue
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
    runs += [[block] for block in _between(page, found, body) if block.index not in done]
    runs.sort(key=lambda run: run[0].index if run else 0)
    return [run for run in runs if run]


def _leads_nowhere(block: Block) -> bool:
    """Whether *block* is a link without an address: a button, which unfolds the rest of something."""
    return block.link_share > MIN_LINK_SHARE and not any(address for address, _ in block.links)


def _between(page: Page, found: Layout, body: Body) -> list[Block]:
    """Return the blocks between the story's that fell from it, each nothing but one headline of the site."""
    kept = [block.index for block in body.kept if block.role != "img"]
    if not kept:
        return []
    told = frozenset(kept)
    site = host(page.url)
    return [
        block
        for block in found.blocks[kept[0] : kept[-1]]
        if block.links
        and len(block.links) == 1
        and block.index not in told
        and not block.hidden
        and block.role in _PARAGRAPHS
        and block.link_share > MIN_SOLE_LINK_SHARE
        and block.text.count(" ") >= MIN_HEADLINE_SPACES
        and is_headline_link(block, site)
        and not _in_junk(block.box, body.region)
    ]


def _in_junk(box: Box, region: Box) -> bool:
    """Whether *box*, or one around it in *region*, is boilerplate by its name."""
    one: Box | None = box
    while one is not None and one is not region:
        if one.junk:
            return True
        one = one.parent
    return False


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
