"""Which blocks of a page are its story: the region is found, its end, and each block is judged with a reason."""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import urlsplit

from crawler.cleaner.blocks import HEADINGS, Block, Box, Layout, layout
from crawler.cleaner.dates import read_date
from crawler.cleaner.text import fold, weight
from crawler.cleaner.words import (
    BYLINE,
    END_OF_STORY,
    FURNITURE_LEAD,
    MEDIA_TIME,
    is_furniture,
    is_placeholder,
    is_related_label,
    is_related_lead,
)
from crawler.page import Page

_SENTENCE = re.compile(r"[.!?…。！？।؟۔։](?:[\"'”’»)\]」』]|\s|$)")
_COMMA = re.compile(r"[,;،、，;:]")
_SHARE_HOSTS = frozenset(
    "facebook.com twitter.com x.com linkedin.com pinterest.com reddit.com t.me telegram.me wa.me whatsapp.com "
    "api.whatsapp.com vk.com getpocket.com threads.net bsky.app news.google.com apps.apple.com play.google.com".split()
)
# Regions of the page that HTML itself sets apart from its content.
_ASIDE_TAGS = frozenset({"nav", "footer", "aside", "menu"})


# Names that publishers also give to a part of the story itself: what a subscriber sees, what a page builder placed.
_OFTEN_THE_STORY = ("paywall", "piano", "teaser", "promo", "widget", "subscri", "published", "premium", "ad-")

RELATED = "heading of related links"
END = "end of the story"


@dataclass(slots=True, frozen=True)
class Dropped:
    """A block of the region that is not the story, and why."""

    block: Block
    reason: str


@dataclass(slots=True)
class Body:
    """The story's blocks in page order, and what fell."""

    kept: list[Block]
    dropped: list[Dropped]
    region: Box
    headline: Block | None = None
    """The block that prints the title."""
    standfirst: Block | None = None
    first_content: int = 0
    chars: int = 0
    related_heads: list[Block] = field(default_factory=list)


@lru_cache(maxsize=4_096)
def host(address: str) -> str:
    """Return the host of *address* without ``www.``."""
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def find_body(page: Page, title: str | None) -> Body:
    """Return the story of *page*, whose headline is *title*."""
    found = layout(page)
    site = host(page.url)
    headline = find_headline(found, title)
    _score(found, site, headline)
    region = _region(found, headline)
    body = _Judge(found, region, site, title or "", headline).judge()
    prose = sum(block.chars for block in found.blocks if is_prose(block) and not block.hidden)
    if body.chars < 0.3 * prose and any(box.junk for box in found.boxes):
        # A page builder may give its ordinary boxes names that mean boilerplate elsewhere.
        for box in found.boxes:
            if box.junk and not box.junk.startswith(("comment", "cookie", "consent", "footer", "related")):
                box.junk = None
        _score(found, site, headline)
        again = _Judge(found, _region(found, headline), site, title or "", headline).judge()
        if again.chars > 2 * body.chars:
            body = again
    if body.chars < 200 and any(block.hidden for block in found.blocks):
        # Some pages hide the story until a script shows it.
        for block in found.blocks:
            block.hidden = False
        for box in found.boxes:
            box.hidden = False
        _score(found, site, headline)
        shown = _Judge(found, _region(found, headline), site, title or "", headline).judge()
        if shown.chars > 2 * body.chars + 200:
            return shown
    return body


def find_headline(found: Layout, title: str | None) -> Block | None:
    """Return the block of *found* that prints *title*: a heading before a plain block, the first of equals."""
    wanted = fold(title or "")
    if not wanted:
        return None
    best: Block | None = None
    best_rank = 0
    for block in found.blocks:
        if block.hidden or abs(len(block.text) - len(title or "")) > 12 or fold(block.text) != wanted:
            continue
        rank = 4 if block.role == "h1" else 3 if block.role == "h2" else 2 if block.role in HEADINGS else 1
        if block.link_share > 0.9 and block.role != "h1":
            rank = 1
        if block.box.tag in {"li", "nav"} or _junk_above(block.box):
            rank = 0
        if rank > best_rank:
            best, best_rank = block, rank
    return best


def _junk_above(box: Box | None) -> str | None:
    while box is not None:
        if box.junk:
            return box.junk
        box = box.parent
    return None


def is_prose(block: Block) -> bool:
    """Whether *block* reads as running text."""
    if block.prose is None:
        text = block.role not in HEADINGS and block.role not in {"img", "figcaption", "caption"}
        block.prose = (
            text and block.chars >= 60 and block.link_share < 0.5 and bool(_SENTENCE.search(block.text))
        )
    return block.prose


def _worth(block: Block, site: str) -> float:
    """Return what *block* says for (or, negative, against) its containers being the story."""
    if block.hidden or block.role in {"img", "figcaption", "caption"}:
        return 0.0
    chars = block.chars
    share = block.link_share
    if block.role in HEADINGS:
        return -20.0 if share > 0.8 else 0.0
    if share > 0.6:
        foreign = sum(bool(address) and host(address) != site for address, _ in block.links)
        if block.role == "li" and foreign * 2 > len(block.links):
            return 10.0 if chars > 40 else -5.0
        return -20.0 - min(chars, 120) * 0.4
    if chars < 25:
        return -6.0 if block.role in {"div", "li"} else -2.0
    if FURNITURE_LEAD.match(block.text) and chars < 250:
        return -20.0
    sentence = bool(_SENTENCE.search(block.text))
    if block.role == "pre":
        return min(chars, 400) * 0.5
    if chars < 80 and not sentence:
        return -4.0 if block.role == "div" else 4.0
    worth = min(chars, 1_500) * (1.0 - share)
    if block.role in {"td", "th"}:
        worth *= 0.6
    elif block.role == "li":
        worth *= 0.8
    elif block.role == "div" and not sentence:
        worth *= 0.5
    return worth + 10.0 * min(len(_COMMA.findall(block.text)), 5)


def _score(found: Layout, site: str, headline: Block | None) -> None:
    total = sum(block.chars for block in found.blocks if not block.hidden and block.link_share < 0.5) or 1
    for box in found.boxes:
        box.score = 0.0
        box.chars = box.link_chars = 0
    for block in found.blocks:
        if not block.hidden:
            block.box.chars += block.chars
            block.box.link_chars += block.link_chars
    for box in reversed(found.boxes):
        if box.parent is not None:
            box.parent.chars += box.chars
            box.parent.link_chars += box.link_chars
    for box in found.boxes:
        plain = box.chars - box.link_chars
        holds_headline = (
            headline is not None and box.first <= headline.index < box.end and headline.role == "h1"
        )
        if (
            box.junk
            and plain > 0.1 * total
            and box.link_chars < 0.3 * box.chars
            and box.junk.startswith(_OFTEN_THE_STORY)
        ):
            box.junk = None
        if box.junk and (plain > 0.4 * total or (holds_headline and plain > 0.15 * total)):
            box.junk = None
        if box.tag == "form" and plain < 0.4 * total:
            box.junk = box.junk or "form"
    outside: dict[int, float] = {}
    for box in found.boxes:
        factor = outside.get(id(box.parent), 1.0) if box.parent is not None else 1.0
        if box.junk:
            factor = min(factor, -0.3)
        elif box.tag in _ASIDE_TAGS and box.chars - box.link_chars < 0.4 * total:
            factor = min(factor, -0.2)
        elif box.is_body:
            factor = min(factor, 1.0)
        outside[id(box)] = factor
    for block in found.blocks:
        worth = _worth(block, site)
        factor = outside[id(block.box)]
        block.box.score += worth * factor if worth > 0 else worth
    for box in reversed(found.boxes):
        if box.parent is not None:
            box.parent.score += box.score


def _region(found: Layout, headline: Block | None) -> Box:
    """Return the box that holds the story: the one with the greatest sum, a declared body before it."""
    best = found.root
    for box in found.boxes:
        if not box.hidden and box.score >= best.score and not box.junk:
            # A later box of the same sum is the deeper one.
            best = box
    if best.score <= 0:
        return best
    declared = [box for box in found.boxes if box.is_body and not box.hidden and box.score > 0]
    if declared:
        top = max(declared, key=lambda box: box.score)
        if top.score >= 0.6 * best.score and top.inside(best):
            return top
    articles = [box for box in found.boxes if box.tag == "article" and box.inside(best) and box is not best]
    strong = [box for box in articles if box.score >= 0.25 * best.score and _outermost(box, best)]
    if len(strong) >= 2:
        # Endless scroll appends whole articles: the first, or the one under the page's headline, is this page's.
        if headline is not None:
            for box in strong:
                if headline.box.inside(box):
                    return box
        return strong[0]
    if len(strong) == 1 and strong[0].score >= 0.8 * best.score:
        return _densest(found, strong[0])
    return best


def _densest(found: Layout, region: Box) -> Box:
    best = region
    for box in found.boxes[region.order : region.stop]:
        if box.score >= best.score and not box.junk and not box.hidden:
            best = box
    return best


def _outermost(box: Box, region: Box) -> bool:
    parent = box.parent
    while parent is not None and parent is not region:
        if parent.tag == "article":
            return False
        parent = parent.parent
    return True


class _Judge:
    """Goes through the blocks of a region once and keeps what is the story."""

    def __init__(self, found: Layout, region: Box, site: str, title: str, headline: Block | None) -> None:
        self.site = site
        self.title = fold(title)
        self.body = Body([], [], region, headline)
        self.blocks = found.blocks[region.first : region.end]
        self.start = self._first(found, region, headline)
        self.cut: dict[int, str] = {}
        _cut_boxes(
            found, region, self.cut, sum(block.chars for block in self.blocks if not block.hidden) or 1
        )
        _cut_teasers(self.blocks, site, self.cut)
        self.seen: set[str] = set()
        self.ended = False
        self.under_related: Box | None = None
        self.prose = 0
        self.prose_total = (
            sum(b.chars for b in self.blocks if is_prose(b) and not b.hidden and b.index >= self.start) or 1
        )

    def _first(self, found: Layout, region: Box, headline: Block | None) -> int:
        """Return the index the story begins at: after the headline, unless much of the text stands before it."""
        if headline is None or headline.index < region.first:
            return region.first
        before = (b for b in found.blocks[region.first : headline.index] if not _junk_above(b.box))
        total = sum(block.chars for block in self.blocks if not block.hidden) or 1
        return (
            headline.index + 1
            if sum(b.chars for b in before if _worth(b, self.site) > 0) < 0.35 * total
            else region.first
        )

    def judge(self) -> Body:
        """Return the story."""
        for block in self.blocks:
            reason = self._placed(block) or self._alone(block)
            if reason is None:
                self.body.kept.append(block)
                if is_prose(block):
                    self.prose += block.chars
            elif block.text:
                self.body.dropped.append(Dropped(block, reason))
        _drop_link_lists(self.body, self.site)
        _drop_empty_headings(self.body)
        _drop_ends(self.body)
        self.body.chars = sum(block.chars for block in self.body.kept)
        self.body.first_content = self.body.kept[0].index if self.body.kept else self.start
        return self.body

    def _placed(self, block: Block) -> str | None:
        """Return why *block* falls by where it stands."""
        if block.index < self.start:
            return "before the headline"
        if block.hidden:
            return "hidden"
        if block.index in self.cut:
            return self.cut[block.index]
        return "after the end of the story" if self.ended else None

    def _alone(self, block: Block) -> str | None:
        """Return why *block* falls by what it says; remember what that means for the blocks after it."""
        reason = _reason(block, self.site, self.prose)
        if reason is None:
            reason = self._related(block) or self._repeats(block)
        if reason == END:
            self.ended = self.prose >= 0.6 * self.prose_total
        elif reason == RELATED:
            wrapped = block.role in HEADINGS or block.box.tag in {"p", "div", "span"}
            self.under_related = block.box.parent if wrapped else block.box
            self.body.related_heads.append(block)
            self.ended = self.prose >= 0.9 * self.prose_total
        return reason

    def _related(self, block: Block) -> str | None:
        """Return why *block* falls as one of the related links under their heading."""
        if self.under_related is None:
            return None
        running = is_prose(block) and block.link_share < 0.2 and block.role == "p"
        subheading = block.role in HEADINGS and block.link_share <= 0.5
        if running or subheading or not block.box.inside(self.under_related):
            self.under_related = None
            return None
        return "under a heading of related links"

    def _repeats(self, block: Block) -> str | None:
        if block.role == "img":
            return None
        folded = fold(block.text)
        if folded and folded == self.title:
            return "repeats the title"
        if len(folded) > 40 and folded in self.seen and block.role in {"p", "div", "blockquote"}:
            return "repeats an earlier block"
        self.seen.add(folded)
        return None


def _cut_boxes(found: Layout, region: Box, cut: dict[int, str], total: int) -> None:
    for box in found.boxes[region.order + 1 : region.stop]:
        reason = None
        if box.junk and box.chars < 0.4 * total:
            reason = f"in a box named “{box.junk}”"
        elif box.tag in _ASIDE_TAGS and box.chars < 0.4 * total:
            reason = f"in <{box.tag}>"
        elif (
            box.tag == "article"
            and box.chars < 0.3 * total
            and box.depth > region.depth + 1
            and _is_teaser(found, box)
        ):
            reason = "a teaser of another article"
        if reason:
            for index in range(box.first, box.end):
                cut.setdefault(index, reason)


def is_headline_link(block: Block, site: str) -> bool:
    """Whether *block* is nothing but a headline that links to a page of *site*."""
    if block.link_share < 0.8 or not block.links or len(block.links) > 2:
        return False
    address, text = block.links[0]
    if not address or host(address) != site:
        return False
    folded = fold(text)
    return len(folded) >= 18 or folded.count(" ") >= 3 or (not folded.isascii() and weight(folded) >= 18)


MAX_TEASER_CHARS = 350
MIN_TEASERS = 3


def _cut_teasers(blocks: list[Block], site: str, cut: dict[int, str]) -> None:
    """Cut runs of headlines that link to the site's other pages with a few words to each."""
    runs: list[list[Block]] = []
    plain = MAX_TEASER_CHARS + 1
    for block in blocks:
        if block.hidden or block.role == "img":
            continue
        if is_headline_link(block, site):
            if plain <= MAX_TEASER_CHARS:
                runs[-1].append(block)
            else:
                runs.append([block])
            plain = 0
        else:
            plain += int(block.chars * (1 - block.link_share))
    for run in runs:
        if len(run) < MIN_TEASERS:
            continue
        last = run[-1]
        stop = last.box.end
        box = last.box
        # The last teaser ends with the box that holds it and no other.
        while box.parent is not None and box.parent.first > run[-2].index:
            box = box.parent
            stop = box.end
        for index in range(run[0].index, max(last.index + 1, stop)):
            cut.setdefault(index, "a teaser of another article")


def _is_teaser(found: Layout, box: Box) -> bool:
    return any(
        block.link_share > 0.8
        for block in found.blocks[box.first : box.end]
        if block.role in HEADINGS or block.role == "div"
    )


def _reason(block: Block, site: str, prose_seen: int) -> str | None:
    """Return why *block*, taken alone, is not the story, or ``None``."""
    if block.role == "img":
        return None
    if block.role in {"figcaption", "caption", "legend"}:
        return "a caption"
    text, chars, share = block.text, block.chars, block.link_share
    if block.role == "pre":
        return None
    if chars <= 160:
        if is_related_label(text):
            return RELATED
        if is_furniture(text) or MEDIA_TIME.fullmatch(text):
            return "furniture of the page"
        if END_OF_STORY.fullmatch(text):
            return END
    if chars <= 250:
        if FURNITURE_LEAD.match(text) and block.role not in HEADINGS:
            return "a line of service"
        if is_placeholder(text):
            return "stands in place of something embedded"
        if is_related_lead(text) and share > 0.3:
            return "a line leading to another article"
    if not any(character.isalnum() for character in text):
        return "no words"
    if share > 0.8 and block.role in {"p", "div"} and chars < 300:
        own = sum(not address or host(address) == site for address, _ in block.links)
        if own * 2 >= len(block.links) or any(host(address) in _SHARE_HOSTS for address, _ in block.links):
            return "nothing but links"
    if BYLINE.match(text) and ((chars < 120 and prose_seen == 0) or _is_byline(text)):
        return "a byline"
    if chars < 70 and block.role in {"div", "p"} and _is_date_line(text):
        return "a date"
    return None


def _is_byline(text: str) -> bool:
    """Whether *text*, which opens as a byline does, is names alone or names with a date after them."""
    rest = BYLINE.sub("", text, count=1)
    names, mark, tail = re.match(r"(.*?)(\s*[|·•/]\s*|\s+(?=\d)|$)(.*)", rest, re.DOTALL).groups()  # type: ignore[union-attr]
    if not mark:
        return len(rest) < 60 and _is_names(rest)
    return len(text) < 160 and _is_names(names.rstrip(", ")) and read_date(tail) is not None


def _is_names(text: str) -> bool:
    words = text.split()
    return (
        len(words) <= 7
        and not text.endswith(".")
        and sum(word[:1].isupper() for word in words) * 2 > len(words)
    )


def _is_date_line(text: str) -> bool:
    """Whether *text* is a date and next to nothing else."""
    text = re.sub(r"(?<=\d)\.", "", text)  # "5. März 2026" is no sentence that ends at 5
    if sum(character.isdigit() for character in text) < 3 or _SENTENCE.search(text.rstrip(".")):
        return False
    lead = re.split(r"\d", text, maxsplit=1)[0]
    return len(lead.split()) <= 3 and len(text.split()) <= 9 and read_date(text) is not None


def _drop(body: Body, fallen: dict[int, str]) -> None:
    if not fallen:
        return
    for block in body.kept:
        if block.index in fallen and block.text:
            body.dropped.append(Dropped(block, fallen[block.index]))
    body.kept[:] = [block for block in body.kept if block.index not in fallen]
    body.dropped.sort(key=lambda one: one.block.index)


def _drop_link_lists(body: Body, site: str) -> None:
    """Drop lists that are links to the site's own pages; lists of links elsewhere are what newsletters are made of."""
    runs: list[list[Block]] = []
    last: Box | None = None
    for block in body.kept:
        if block.role not in {"li", "td", "dd", "dt"}:
            last = None
            continue
        around = _list_of(block.box)
        if around is last and runs:
            runs[-1].append(block)
        else:
            runs.append([block])
        last = around
    fallen: dict[int, str] = {}
    for run in runs:
        chars = sum(block.chars for block in run)
        linked = sum(block.link_chars for block in run)
        if chars and linked / chars > 0.75:
            addresses = [address for block in run for address, _ in block.links]
            own = sum(not address or host(address) == site for address in addresses)
            shares = sum(host(address) in _SHARE_HOSTS for address in addresses)
            if own * 2 > len(addresses) or shares * 2 > len(addresses):
                for block in run:
                    fallen[block.index] = "in a list of links to the site's own pages"
    _drop(body, fallen)


def _list_of(box: Box) -> Box | None:
    found: Box | None = None
    one: Box | None = box
    while one is not None:
        if one.tag in {"ul", "ol", "table", "dl"}:
            found = one
        one = one.parent
    return found


def _drop_empty_headings(body: Body) -> None:
    """Drop headings that no text follows before the next heading of the same rank or the end."""
    fallen: dict[int, str] = {}
    pending: list[Block] = []
    for block in body.kept:
        level = HEADINGS.get(block.role)
        if level is None:
            if block.role != "img":
                pending = []
            continue
        while pending and HEADINGS[pending[-1].role] >= level:
            empty = pending.pop()
            if HEADINGS[empty.role] > level or empty.link_share > 0.5:
                fallen[empty.index] = "a heading with nothing under it"
        pending.append(block)
    for block in pending:
        fallen[block.index] = "a heading with nothing under it"
    _drop(body, fallen)


def _drop_ends(body: Body) -> None:
    """Drop short scraps before the first and after the last running text."""
    prose = [at for at, block in enumerate(body.kept) if is_prose(block)]
    if not prose:
        return
    fallen: dict[int, str] = {}
    for block in body.kept[: prose[0]]:
        if block.role == "div" and block.chars < 60 and not _SENTENCE.search(block.text):
            fallen[block.index] = "a scrap before the story"
    for block in body.kept[prose[-1] + 1 :]:
        if block.role == "div" and block.chars < 60 and not _SENTENCE.search(block.text):
            fallen[block.index] = "a scrap after the story"
    _drop(body, fallen)


def length(blocks: list[Block]) -> int:
    """Return the weight of *blocks*' text."""
    return sum(weight(block.text) for block in blocks)
