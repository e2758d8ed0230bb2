"""Blocks out of the text and marks that stand between two boundaries."""

import re
from itertools import groupby

from crawler.cleaner.blocks import HEADINGS, Block, Box, Token
from crawler.cleaner.markup import MIN_SWALLOWED
from crawler.cleaner.text import tidy, tidy_pre, weight
from crawler.page import Page, join

_BLANK: Token = ("t", " ")
BREAK: Token = ("br", "")
_NOWHERE: Token = ("a", "")
_ANCHORS = frozenset({"#", "¶", "§", "🔗", "Link", "link"})
"""What a heading's link to itself shows."""
_INVISIBLE = " \t\n\r\u00a0\u200c\u200d\u200e\u200f"
"""Spaces, joiners, and marks of direction: some systems fill empty paragraphs with them."""
MARKS = {
    "em": "em",
    "i": "em",
    "cite": "em",
    "strong": "strong",
    "b": "strong",
    "code": "code",
    "kbd": "code",
    "samp": "code",
    "tt": "code",
}
"""The mark of each element that marks its text."""
_STOPS: dict[str, Token] = {name: (f"/{name}", "") for name in ("a", *MARKS.values())}

MAX_LINK_CHARS = 2_000
MIN_LINKED_CHARS = 80
"""So long a paragraph is not meant to be a link with the next."""
MIN_LINE_CHARS = 80
"""So long a line reads as a paragraph."""
MIN_NARROW_CHARS = 50
"""So wide is running text that breaks keep narrow."""
MAX_MARKS = 20
"""Emphasis and links within each other, which each block inside repeats: the text of more stays, without their marks."""


class Writer:
    """Collects the inline content between two block boundaries."""

    def __init__(self, page: Page, box: Box) -> None:
        """Begin in *box* of *page*."""
        self.base = page.base
        self.box = box
        self.blocks: list[Block] = []
        self.tokens: list[Token] = []
        self.has_text = False
        self.open: list[Token] = []
        self.unmarked = 0
        self.pre = 0
        self.breaks = 0
        self.has_lines = False
        self.times: list[str] = []
        self.linked = 0
        """Paragraphs that are links."""
        self.picture: Box | None = None
        self.sources: list[dict[str, str]] = []
        """Attributes of the sources in *picture*."""

    def text(self, text: str) -> None:
        """Take *text*, as it is meant."""
        self.breaks = 0
        self.has_text = True
        self.tokens.append(("t", text))

    def blank(self, text: str) -> None:
        """Take *text*, which is nothing but space."""
        if self.pre:
            self.tokens.append(("t", text))
        elif self.has_text:
            self.tokens.append(_BLANK)

    def start(self, name: str, value: str = "") -> None:
        """Open the mark *name*, or a link to *value*."""
        if len(self.open) < MAX_MARKS:
            self.open.append((name, value))
            self.tokens.append((name, value))
        else:
            self.unmarked += 1

    def stop(self) -> None:
        """Close the mark that was opened last."""
        if self.unmarked:
            self.unmarked -= 1
        else:
            name, _ = self.open.pop()
            self.tokens.append(_STOPS[name])

    def line_break(self) -> None:
        """Break the line; two in a row end a paragraph."""
        if self.pre:
            self.tokens.append(("t", "\n"))
            return
        self.breaks += 1
        if self.breaks >= 2:
            self.flush()
        elif self.has_text:
            self.has_lines = True
            self.tokens.append(BREAK)

    def flush(self) -> None:
        """Make a block, or one for each paragraph that breaks part, of what was taken; marks stay open."""
        tokens, self.tokens = self.tokens, list(self.open)
        self.breaks = 0
        if not self.has_text:
            return
        self.has_text = False
        if self.open:
            tokens += [("/" + name, "") for name, _ in reversed(self.open)]
        if self.has_lines:
            self.has_lines = False
            for run in _paragraphs(tokens):
                self._add(run)
        else:
            self._add(tokens)
        self.times = []

    def _add(self, tokens: list[Token]) -> None:
        box = self.box
        role = box.role
        raw, links, marked = _read(tokens)
        if links and role in HEADINGS and any(not to and words in _ANCHORS for to, words in links):
            tokens = _without_anchors(tokens)
            raw, links, marked = _read(tokens)
        if role == "pre":
            text = tidy_pre(raw)
        elif len(tokens) == 3 and links:
            text = links[0][1]
        else:
            text = tidy(raw)
        if not text.strip(_INVISIBLE):
            return
        chars = weight(text)
        link_chars = 0
        for _, words in links:
            link_chars += chars if words == text else weight(words)
        if role == "p" and chars >= MIN_LINKED_CHARS and link_chars >= chars:
            self.linked += 1
        self.blocks.append(
            # By place: to sort its arguments by name takes longer than to make it.
            Block(
                len(self.blocks),
                box,
                role,
                text,
                tokens,
                chars,
                min(link_chars, chars),
                links,
                marked,
                box.hidden,
                None,
                self.times,
            )
        )

    def unlink(self) -> None:
        """Take a link off the paragraphs that it swallowed: it was only left open, or leads nowhere else."""
        if self.linked < 2:
            return
        for address, run in groupby(self.blocks, lambda block: block.links[-1][0] if block.links else None):
            blocks = list(run)
            least = MIN_SWALLOWED if address else 2
            if address is not None and len({block.text for block in blocks if _is_linked(block)}) >= least:
                for block in blocks:
                    block.tokens, block.links, block.link_chars = _without_links(block.tokens), [], 0

    def source(self, attributes: dict[str, str]) -> None:
        """Take *attributes* of a ``source`` for what the image in this box may be."""
        if self.picture is not self.box:
            self.picture, self.sources = self.box, []
        self.sources.append(attributes)

    def image(self, attributes: dict[str, str]) -> None:
        """Make a block of the image with *attributes*, unless it is no picture.

        One at the very beginning counts the visitors: no element holds it, or only a "noscript" of the head did.
        """
        if self.box.parent is None and not self.blocks:
            return
        sources = self.sources if self.picture is self.box else []
        address = _image_address(attributes, sources, self.base)
        if address:
            alt = tidy(attributes.get("alt") or "")
            self.blocks.append(
                Block(
                    index=len(self.blocks),
                    box=self.box,
                    role="img",
                    text=alt,
                    tokens=[("img", address)],
                    chars=0,
                    link_chars=0,
                    hidden=self.box.hidden,
                    links=[(link, "") for name, link in self.open if name == "a"],
                )
            )


def _is_linked(block: Block) -> bool:
    """Whether *block* is a paragraph and one link."""
    return block.role == "p" and block.chars >= MIN_LINKED_CHARS and block.link_chars == block.chars


def _without_links(tokens: list[Token]) -> list[Token]:
    return [token for token in tokens if token[0] not in {"a", "/a"}]


def _without_anchors(tokens: list[Token]) -> list[Token]:
    """Return *tokens*, those of a heading, without the signs that link to it."""
    kept: list[Token] = []
    at = 0
    while at < len(tokens):
        if tokens[at] == _NOWHERE and at + 2 < len(tokens) and tokens[at + 1][1].strip() in _ANCHORS:
            at += 3
        else:
            kept.append(tokens[at])
            at += 1
    return kept


def _read(tokens: list[Token]) -> tuple[str, list[tuple[str, str]], bool]:
    """Return the text of *tokens*, the links in it with their texts, and whether all words outside links are bold."""
    if len(tokens) == 1:
        return tokens[0][1], [], False
    if len(tokens) == 3 and tokens[0][0] == "a" and tokens[1][0] == "t":
        # What has marks in it is most often one link.
        words = tidy(tokens[1][1])
        return tokens[1][1], [(tokens[0][1], words)] if words else [], False
    links: list[tuple[str, str]] = []
    parts: list[str] = []
    href: str | None = None
    begin = strong = 0
    bold = plain = False
    for name, value in tokens:
        if name == "t":
            parts.append(value)
            if not value.isspace():
                if strong > 0:
                    bold = True
                elif not strong and href is None:
                    plain = True
        elif name == "a":
            href, begin = value, len(parts)
        elif name == "/a" and href is not None:
            words = tidy("".join(parts[begin:]))
            if words:
                links.append((href, words))
            href = None
        elif name == "br":
            parts.append(" ")
        elif name == "strong":
            strong += 1
        elif name == "/strong":
            strong -= 1
    return "".join(parts), links, bold and not plain


def address_of(base: str, href: str) -> str:
    """Return *href* made absolute by *base*, or '' when it leads to no page and no mailbox."""
    href = href.strip()[:MAX_LINK_CHARS]
    if href[:7].lower() == "mailto:":
        return href
    return join(base, href) or ""


# The comma of an address has neither space nor a size beside it.
_BETWEEN_CANDIDATES = re.compile(r",\s|(?<=\d[wx]),")
_SIZE = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)[wx]")


def _image_address(attributes: dict[str, str], sources: list[dict[str, str]], base: str) -> str | None:
    """Return where the image with *attributes* is, or the first of its *sources* that says; ``None`` if it is no picture."""
    for side in ("width", "height"):
        size = (attributes.get(side) or "").strip().removesuffix("px")
        if size.isascii() and size.isdigit() and len(size) < 6 and int(size) < 100:
            return None
    for name in ("data-src", "data-lazy-src", "data-original", "src"):
        address = _picture(attributes.get(name) or "", base)
        if address:
            return address
    for one in (attributes, *sources):
        for name in ("data-srcset", "srcset"):
            if (written := one.get(name)) and (address := _largest(written, base)):
                return address
    return None


def _picture(written: str, base: str) -> str | None:
    """Return the address that is *written*, made absolute by *base*, unless it stands for a picture that comes later."""
    written = written.strip()
    if not written or written.startswith("data:"):
        return None
    address = join(base, written)
    if not address or address.partition("?")[0].lower().endswith((".svg", ".gif", ".ico")):
        return None
    return address[:MAX_LINK_CHARS]


def _largest(srcset: str, base: str) -> str | None:
    """Return the address of the largest picture in *srcset*, the last of equals."""
    largest, most = None, 0.0
    for one in _BETWEEN_CANDIDATES.split(srcset):
        written, *described = one.split() or [""]
        size = _SIZE.fullmatch(described[-1]) if described else None
        wide = float(size[1]) if size else 1.0
        if wide >= most and (address := _picture(written, base)):
            largest, most = address, wide
    return largest


def _paragraphs(tokens: list[Token]) -> list[list[Token]]:
    """Split *tokens* where a lone line break ends a paragraph: on each, when the lines read as paragraphs.

    Shorter lines stay one paragraph, of verse, an address, a question and its answer: with its breaks, unless these only
    keep running text narrow.
    """
    lines = split_lines(tokens)
    texts = [
        text for line in lines if (text := "".join(value for name, value in line if name == "t").strip())
    ]
    long = sum(len(text) >= MIN_LINE_CHARS for text in texts)
    if long >= 2 and long * 2 >= len(texts):
        return lines
    goes_on = sum(text[0].islower() for text in texts[1:])
    if len(texts) < 2 or (3 * goes_on >= len(texts) - 1 and max(map(len, texts[:-1])) >= MIN_NARROW_CHARS):
        return [[_BLANK if token == BREAK else token for token in tokens]]
    return [tokens]


def split_lines(tokens: list[Token]) -> list[list[Token]]:
    """Return *tokens* as the lines that breaks part and that show anything, each with the marks that are open in it."""
    lines: list[list[Token]] = [[]]
    still_open: list[Token] = []
    for token in tokens:
        name = token[0]
        if token == BREAK:
            lines[-1] += [("/" + opened, "") for opened, _ in reversed(still_open)]
            lines.append(list(still_open))
            continue
        if name in {"a", "em", "strong", "code"}:
            still_open.append(token)
        elif name[0] == "/":
            for at in range(len(still_open) - 1, -1, -1):
                if still_open[at][0] == name[1:]:
                    del still_open[at]
                    break
        lines[-1].append(token)
    return [line for line in lines if any(name == "t" and value.strip(_INVISIBLE) for name, value in line)]
