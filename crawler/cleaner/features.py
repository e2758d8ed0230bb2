"""What tells a block of the story from the rest: numbers of its text, its boxes, its like on the page, its place."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import accumulate
from operator import mul

from crawler.cleaner.blocks import HEADINGS, WITHIN, Block, Box, Layout
from crawler.cleaner.labels import MIN_PROSE_CHARS, SENTENCE_END, Said, said
from crawler.cleaner.text import fold, weight

NAMES = (
    # its text
    "role", "chars", "spaces", "link_share", "ends", "says", "repeated",
    # its boxes
    "in_footer", "in_main", "junk", "junk_prose", "depth", "good_names",
    "box_chars", "box_prose", "box_blocks",
    "outer_chars", "outer_links", "outer_prose", "outer_blocks",
    "wide_chars", "wide_links", "wide_prose", "wide_blocks",
    "off_trunk", "branch_chars", "branch_links", "branch_prose", "branch_blocks", "branch_headings", "branch_share",
    # its like
    "container_prose", "like_prose", "like_blocks", "like_links",
    # its place
    "after_headline", "prose_before", "prose_after", "after_related", "after_heading", "after_first", "before_last", "place",
    "page_prose", "page_blocks",
)  # fmt: skip
"""The features, in the order of a row."""

ROLES = {
    role: number
    for number, role in enumerate(
        "div p h1 h2 h3 h4 h5 h6 li td th blockquote pre figcaption dt dd caption summary legend address".split()
    )
}
SHARE_HOSTS = (
    "facebook.com", "twitter.com/intent", "twitter.com/share", "x.com/intent", "linkedin.com/share", "pinterest.com", "reddit.com/submit",
    "t.me/share", "telegram.me", "wa.me", "whatsapp.com", "vk.com/share", "getpocket.com", "news.google.com", "apps.apple.com",
    "play.google.com", "mailto:",
)  # fmt: skip
"""Where buttons lead that stand on every page."""
FAR = 99
"""Blocks: as far as distances are told apart."""
MANY_CHARS, MANY_BLOCKS = 20_000, 300
"""As far as sizes are told apart: few pages have more to learn from, and a long story is like another."""
MIN_SENTENCE_CHARS = 30
"""Of a paragraph that is one sentence."""
MIN_SHARE = 0.1
"""Of the page's running text: what an article of its own holds."""
SAYS, OFF_TRUNK, JUNK, PROSE_BEFORE, PROSE_AFTER = map(
    NAMES.index, ("says", "off_trunk", "junk", "prose_before", "prose_after")
)

_GOOD_NAMES = re.compile(
    r"article|story|post|entry|content|body|text|main|artikel|nota|noticia|texto|beitrag|contenu|detail"
)
_TEXT_ENDS = frozenset(".!?…。！？।؟۔։።\"”»'’)」』:：")
_SENTENCE_ENDS = frozenset(".!?…。！？।؟۔։።။។”»’」』")
_NO_PROSE = frozenset({*HEADINGS, "img", "figcaption", "caption"})
_PARTS = frozenset({"p", "li", "ul", "ol", "blockquote", "h2", "h3", "h4", "figure"})
_COMMENTS = frozenset({"comment", "disqus", "respond", "replies"})
_FOOTER, _MAIN = WITHIN["footer"], WITHIN["main"]
Row = tuple[float, ...]
Share = tuple[int, float, float, int]
"""Of a box: characters, share of links, share of prose, blocks."""


def is_prose(block: Block) -> bool:
    """Whether *block* reads as running text."""
    if block.prose is None:
        block.prose = (
            block.chars >= MIN_SENTENCE_CHARS
            and block.role not in _NO_PROSE
            and block.link_share < 0.5
            and (block.chars >= MIN_PROSE_CHARS or (block.role == "p" and block.text[-1] in _SENTENCE_ENDS))
            and bool(SENTENCE_END.search(block.text))
        )
    return block.prose


class Surroundings:
    """What is counted once for all blocks of a page."""

    def __init__(self, found: Layout, headline: Block | None, title: str, site: str) -> None:
        self.found = found
        self.headline = headline.index if headline is not None else -1
        self.title = fold(title)
        blocks = found.blocks
        hides = _hides_story(blocks)
        shown = [block.role != "img" and (hides or not block.hidden) for block in blocks]
        self.led = [_led_chars(block, site) if block.links else 0 for block in blocks]
        proses = [
            seen and is_prose(block) and not self._is_teaser(block)
            for block, seen in zip(blocks, shown, strict=True)
        ]
        self.proses = proses
        chars = [block.chars if seen else 0 for block, seen in zip(blocks, shown, strict=True)]
        self.chars = sums(chars)
        self.link_chars = sums(map(mul, self.led, shown))
        self.prose = sums(map(mul, chars, proses))
        self.blocks = sums(shown)
        self.prose_blocks = sums(proses)
        self.headings = sums(
            [seen and block.role in HEADINGS for block, seen in zip(blocks, shown, strict=True)]
        )
        self.all_prose = self.prose[-1] or 1
        # The trunk: every box that holds half of the page's running text, and more than a paragraph of it.
        half, several = self.all_prose / 2, min(2, self.prose_blocks[-1])
        self.trunk = found.root
        for box in found.boxes:
            first, end = box.first, box.end
            if (
                self.prose[end] - self.prose[first] >= half
                and self.prose_blocks[end] - self.prose_blocks[first] >= several
            ):
                self.trunk = box
        self.around_trunk: set[int] = set()
        around: Box | None = self.trunk
        while around is not None:
            self.around_trunk.add(around.order)
            around = around.parent
        self.first_prose = next((at for at in range(self.trunk.first, self.trunk.end) if proses[at]), 0)
        self.last_prose = next(
            (at for at in range(self.trunk.end - 1, self.trunk.first - 1, -1) if proses[at]), len(blocks)
        )
        self._count_likes(shown)
        self.hides_story = hides
        self.others = self._other_articles()
        self.of_boxes: dict[int, Row | str] = {}
        self.shares: dict[int, Share] = {}

    def _is_teaser(self, block: Block) -> bool:
        """Whether *block* is the one sentence under a headline that leads to another page."""
        if block.chars >= MIN_PROSE_CHARS or not block.index:
            return False
        above = self.found.blocks[block.index - 1]
        return above.role in HEADINGS and 2 * self.led[above.index] > above.chars

    def _other_articles(self) -> list[Box]:
        """Return the articles beside that of the headline: endless scroll appends them whole, and teasers are marked so.

        One without a heading goes on with the story.
        """
        articles: list[Box] = []
        for box in self.found.boxes:
            if box.tag == "article" and not (articles and box.inside(articles[-1])):
                articles.append(box)
        own = any(
            box.first <= self.headline < box.end and self._prose_share(box) > MIN_SHARE for box in articles
        )
        return [
            box
            for box in articles
            if own
            and not box.first <= self.headline < box.end
            and self.headings[box.end] > self.headings[box.first]
        ]

    def _prose_share(self, box: Box) -> float:
        return (self.prose[box.end] - self.prose[box.first]) / self.all_prose

    def _count_likes(self, shown: list[bool]) -> None:
        """Count what stands in like boxes, and in the same container."""
        self.likes: dict[tuple[str, ...], list[float]] = {}
        self.containers: dict[int, int] = {}
        self.texts: dict[str, int] = {}
        self.like_of: list[list[float]] = []
        self.container_of: list[int] = []
        known: dict[int, tuple[tuple[str, ...], int]] = {}
        nothing = [0.0, 0.0, 0.0, 0.0]
        for block, seen, prose in zip(self.found.blocks, shown, self.proses, strict=True):
            box = block.box
            if box.order not in known:
                known[box.order] = markup_of(box), _container(box)
            like, container = known[box.order]
            if not seen:
                self.like_of.append(self.likes.get(like, nothing))
                self.container_of.append(container)
                continue
            self.texts[block.text] = self.texts.get(block.text, 0) + 1
            counts = self.likes.setdefault(like, [0.0, 0.0, 0.0, 0.0])
            counts[1] += 1
            counts[2] += self.led[block.index]
            counts[3] += block.chars
            if prose:
                counts[0] += block.chars
                self.containers[container] = self.containers.get(container, 0) + block.chars
            self.like_of.append(counts)
            self.container_of.append(container)

    def of_box(self, box: Box) -> Row | str:
        """Return the features that all blocks of *box* share, or why none of them is the story."""
        known = self.of_boxes.get(box.order)
        if known is None:
            known = self.of_boxes[box.order] = self._of_box(box)
        return known

    def _of_box(self, box: Box) -> Row | str:
        if self.others and any(box.inside(other) for other in self.others):
            return "another article"
        # What holds most of the running text is no boilerplate, whatever it is called.
        branch = junk_box = None
        junk, steps = FAR, 0
        one = box
        while one.order not in self.around_trunk:
            if one.junk and junk_box is None:
                junk_box, junk = one, steps
            assert one.parent is not None
            branch, one = one, one.parent
            steps += 1
        if junk_box is not None and junk_box.junk in _COMMENTS:
            return "in a box named “" + junk_box.junk + "”"
        up = self.trunk.depth - one.depth
        if branch is None:
            apart: list[float] = [up, -1, 0, 0, 0, 0, 0]
        else:
            chars, links, prose, count = self._share(branch)
            if links > 0.5 and (not prose or up > 2):
                return "among links"
            apart = [
                up, chars, links, prose, count, self.headings[branch.end] - self.headings[branch.first],
                self._prose_share(branch),
            ]  # fmt: skip
        outer = box.parent or box
        wide = outer.parent or outer
        widest = (wide.parent or wide).parent or wide.parent or wide
        chars, _, prose, count = self._share(outer)
        return (
            bool(box.within & _FOOTER), bool(box.within & _MAIN),
            junk, self._prose_share(junk_box) if junk_box is not None else 0.0, box.depth - self.trunk.depth,
            _good_names(box.names) + _good_names(outer.names) + _good_names(wide.names),
            chars, prose, count, *self._share(wide), *self._share(widest), *apart,
        )  # fmt: skip

    def _share(self, box: Box) -> Share:
        known = self.shares.get(box.order)
        if known is None:
            known = self.shares[box.order] = self._count_share(box)
        return known

    def _count_share(self, box: Box) -> Share:
        first, end = box.first, box.end
        chars = self.chars[end] - self.chars[first]
        blocks = self.blocks[end] - self.blocks[first]
        blocks = min(blocks, MANY_BLOCKS)
        if not chars:
            return 0, 0.0, 0.0, blocks
        return (
            min(chars, MANY_CHARS), (self.link_chars[end] - self.link_chars[first]) / chars,
            (self.prose[end] - self.prose[first]) / chars, blocks,
        )  # fmt: skip


def _hides_story(blocks: list[Block]) -> bool:
    """Whether the page hides most of its text, until a script shows it or a reader asks for it."""
    shown = hidden = 0
    for block in blocks:
        if is_prose(block):
            if block.hidden:
                hidden += block.chars
            else:
                shown += block.chars
    return hidden > shown


def _led_chars(block: Block, site: str) -> int:
    """Return how much of *block* leads to other pages of *site* or shares this one; what leads elsewhere is said, not led."""
    led = 0
    for address, text in block.links:
        # A heading's link to itself leads nowhere.
        if (
            block.role not in HEADINGS
            if not address
            else site in address or any(host in address for host in SHARE_HOSTS)
        ):
            led += weight(text)
    return min(led, block.chars)


def sums(values: Iterable[int]) -> list[int]:
    """Return the sum of no value, of the first, of the first two, and so on: two of them tell that of any run."""
    return [0, *accumulate(values)]


@lru_cache(maxsize=10_000)
def _good_names(names: str) -> int:
    """Return how often *names* speak of an article."""
    return len(_GOOD_NAMES.findall(names.lower()))


def markup_of(box: Box) -> tuple[str, ...]:
    """Return what tells the markup of a text in *box* from others: its elements and their names, three steps up."""
    outer = box.parent
    if outer is None:
        return box.label, box.role
    if outer.parent is None:
        return box.label, outer.label, box.role
    return box.label, outer.label, outer.parent.label, box.role


def _container(box: Box) -> int:
    one: Box | None = box
    while one is not None and one.tag in _PARTS:
        one = one.parent
    return one.order if one is not None else -1


def rows(around: Surroundings) -> Iterator[tuple[Block, Row | str]]:
    """Yield each block of text of the page with its row of `NAMES`, or with the reason why it needs none."""
    blocks = around.found.blocks
    count = len(blocks)
    size, told = min(count, MANY_BLOCKS), min(around.all_prose, MANY_CHARS)
    trunk_end = around.prose[around.trunk.end]
    all_prose, headline = around.all_prose, around.headline
    related = heading = FAR
    for at, block in enumerate(blocks):
        role, text = block.role, block.text
        if role == "img" or not text:
            continue
        if block.hidden and not around.hides_story:
            yield block, "hidden"
            continue
        of_box = around.of_box(block.box)
        if isinstance(of_box, str):
            yield block, of_box
            continue
        says = said(block, around.title)
        prose_before = around.prose[at]
        like_prose, like_blocks, like_links, like_chars = around.like_of[at]
        yield block, (
            ROLES.get(role, 0), block.chars, text.count(" "), block.link_share, text[-1] in _TEXT_ENDS, says,
            min(around.texts.get(text, 1), 5),
            *of_box,
            around.containers.get(around.container_of[at], 0) / all_prose,
            like_prose / all_prose, min(like_blocks, FAR), like_links / like_chars if like_chars else 0.0,
            min(at - headline, FAR) if headline >= 0 else -FAR,
            prose_before / all_prose, (trunk_end - prose_before) / all_prose, related, heading,
            min(at - around.first_prose, FAR), min(around.last_prose - at, FAR), at / count,
            told, size,
        )  # fmt: skip
        related, heading = min(related + 1, FAR), min(heading + 1, FAR)
        if says is Said.RELATED:
            related = 1
        if role in HEADINGS:
            heading = 1
