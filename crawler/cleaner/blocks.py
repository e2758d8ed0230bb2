"""One walk over the parsed page: its text as blocks, in boxes that mirror the elements around them."""

from dataclasses import dataclass, field

from selectolax.lexbor import LexborNode

from crawler.cleaner.text import tidy, tidy_pre, weight
from crawler.cleaner.words import junk_name
from crawler.page import Page, join

Token = tuple[str, str]
"""A piece of a block: ``("t", text)``, ``("a", href)`` … ``("/a", "")``, ``("em", "")`` and so on."""

# Nothing in these is the page's text.
_SKIPPED = frozenset(
    "script style noscript template svg iframe object embed canvas audio video map head select textarea button input "
    "datalist progress meter applet frameset frame rp link meta base area param source track col colgroup dialog".split()
)
_INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr q rb rt ruby s samp small span "
    "strike strong sub sup time tt u var wbr custom".split()
)
_MARKS = {
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
HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
# Elements that say what a block of text is; the nearest one counts.
_ROLES = frozenset(
    {
        *HEADINGS,
        "p",
        "li",
        "blockquote",
        "pre",
        "td",
        "th",
        "figcaption",
        "dt",
        "dd",
        "caption",
        "summary",
        "legend",
        "address",
    }
)

MAX_BLOCKS = 60_000
MAX_LINK_CHARS = 2_000


@dataclass(slots=True, eq=False)
class Box:
    """One block-level element."""

    tag: str
    names: str
    """Class and id."""
    parent: "Box | None"
    node: LexborNode
    depth: int
    attributes: dict[str, str | None]
    first: int
    """Index of its first block."""
    end: int = 0
    """Index after its last block."""
    junk: str | None = None
    """The word in *names* that marks boilerplate."""
    hidden: bool = False
    score: float = 0.0
    chars: int = 0
    link_chars: int = 0
    order: int = 0
    """Its index among the boxes, which stand in page order, each before the boxes inside it."""
    stop: int = 0
    """Index after the last box inside it."""

    def inside(self, other: "Box") -> bool:
        """Whether this box is *other* or within it."""
        return other.order <= self.order < other.stop

    def common(self, other: "Box") -> "Box":
        """Return the innermost box around both this one and *other*."""
        box = self
        while not other.inside(box) and box.parent is not None:
            box = box.parent
        return box


@dataclass(slots=True, eq=False)
class Block:
    """A run of text, or an image, with nothing block-level inside."""

    index: int
    box: Box
    role: str
    """``p``, ``h2``, ``li``, ``td``, ``pre``, ``figcaption`` … or ``div``; ``img`` for an image."""
    text: str
    tokens: list[Token]
    chars: int
    """Weight of *text*."""
    link_chars: int
    links: list[tuple[str, str]] = field(default_factory=list)
    """Absolute address ('' when none) and text of each link."""
    marked: bool = False
    """Whether all of it is bold, as a heading may be."""
    hidden: bool = False
    prose: bool | None = None
    """Whether it reads as running text; ``None`` until somebody asked."""
    times: list[str] = field(default_factory=list)
    """``datetime`` of the ``time`` elements in it."""

    @property
    def link_share(self) -> float:
        """Share of the text that is links."""
        return self.link_chars / self.chars if self.chars else 0.0


@dataclass(slots=True)
class Layout:
    """What the walk found."""

    blocks: list[Block]
    boxes: list[Box]
    root: Box


def layout(page: Page) -> Layout:
    """Return *page* as blocks and boxes."""
    return page.once(_walk)


class _Writer:
    """Collects the inline content between two block boundaries."""

    def __init__(self, page: Page, box: Box) -> None:
        self.base = page.base
        self.box = box
        self.blocks: list[Block] = []
        self.tokens: list[Token] = []
        self.has_text = False
        self.open: list[Token] = []
        self.pre = 0
        self.breaks = 0
        self.break_runs: list[int] = []
        self.times: list[str] = []

    def text(self, text: str) -> None:
        if text.isspace():
            if self.has_text or self.pre:
                self.tokens.append(("t", text if self.pre else " "))
            return
        self.breaks = 0
        self.has_text = True
        self.tokens.append(("t", text))

    def start(self, name: str, value: str = "") -> None:
        self.open.append((name, value))
        self.tokens.append((name, value))

    def stop(self, name: str) -> None:
        for at in range(len(self.open) - 1, -1, -1):
            if self.open[at][0] == name:
                del self.open[at]
                self.tokens.append(("/" + name, ""))
                return

    def line_break(self) -> None:
        if self.pre:
            self.tokens.append(("t", "\n"))
            return
        self.breaks += 1
        if self.breaks >= 2:
            self.flush()
        elif self.has_text:
            self.tokens.append(("br", ""))

    def flush(self) -> None:
        tokens, self.tokens = self.tokens, list(self.open)
        self.breaks = 0
        if not self.has_text:
            return
        self.has_text = False
        tokens += [("/" + name, "") for name, _ in reversed(self.open)]
        for run in _paragraphs(tokens):
            self._add(run)
        self.times = []

    def _add(self, tokens: list[Token]) -> None:
        box = self.box
        role = _role(box)
        pre = role == "pre"
        raw = "".join(value if name == "t" else " " if name == "br" else "" for name, value in tokens)
        text = tidy_pre(raw) if pre else tidy(raw)
        if not text:
            return
        links, marked = _links_and_marks(tokens)
        link_chars = sum(weight(words) for _, words in links)
        chars = weight(text)
        self.blocks.append(
            Block(
                index=len(self.blocks),
                box=box,
                role=role,
                text=text,
                tokens=tokens,
                chars=chars,
                link_chars=min(link_chars, chars),
                links=links,
                marked=marked,
                hidden=box.hidden,
                times=self.times,
            )
        )

    def image(self, node: LexborNode, attributes: dict[str, str | None]) -> None:
        address = _image_address(attributes, self.base)
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


def _role(box: Box) -> str:
    """Return what the elements around say that text in *box* is: a caption, or what the nearest one says."""
    role = ""
    one: Box | None = box
    while one is not None and one.depth > box.depth - 12:
        if one.tag == "figure" or "caption" in one.names.lower():
            return (
                role
                if role in {"blockquote", "pre", "td", "th", "figcaption"} or role in HEADINGS
                else "figcaption"
            )
        if not role and one.tag in _ROLES:
            role = one.tag
        if one.tag in {"ul", "ol", "table", "section", "article", "main", "aside"}:
            break
        one = one.parent
    return role or "div"


def _links_and_marks(tokens: list[Token]) -> tuple[list[tuple[str, str]], bool]:
    """Return the links in *tokens* with their texts, and whether all words outside links are bold."""
    links: list[tuple[str, str]] = []
    href: str | None = None
    parts: list[str] = []
    strong = 0
    bold = any(name == "strong" for name, _ in tokens)
    for name, value in tokens:
        if name == "t":
            if href is not None:
                parts.append(value)
            elif not strong and not value.isspace():
                bold = False
        elif name == "a":
            href, parts = value, []
        elif name == "/a" and href is not None:
            words = tidy("".join(parts))
            if words:
                links.append((href, words))
            href = None
        elif name in {"strong", "/strong"}:
            strong += 1 if name == "strong" else -1
    return links, bold


def _walk(page: Page) -> Layout:  # noqa: PLR0915 - one loop: a call for each node would double its time
    start = page.tree.body or page.root
    root = Box(start.tag or "body", "", None, start, 0, {}, 0)
    writer = _Writer(page, root)
    boxes = [root]
    box = root
    # What to undo at an element's end: its own box, an inline mark, or nothing.
    frames: list[tuple[LexborNode, Box | None, str]] = []
    node = start.first_child
    base = page.base
    while True:
        if node is None:
            if not frames:
                break
            parent, outer, mark = frames.pop()
            if outer is not None:
                if writer.has_text:
                    writer.flush()
                writer.breaks = 0
                box.end = len(writer.blocks)
                box.stop = len(boxes)
                if box.tag == "pre":
                    writer.pre -= 1
                box = outer
                writer.box = box
            elif mark:
                writer.stop(mark)
            node = parent.next
            continue
        tag = node.tag or ""
        if tag == "-text":
            text = node.text_content
            if text:
                writer.text(text)
            node = node.next
            continue
        if tag[:1] in "-!" or tag in _SKIPPED:
            node = node.next
            continue
        if tag == "br":
            writer.line_break()
            node = node.next
            continue
        if tag in {"img", "amp-img"}:
            writer.image(node, node.attributes)
            node = node.next
            continue
        child = node.first_child
        if child is None:
            if tag not in _INLINE:
                writer.flush()
                if tag in {"td", "th"}:
                    # An empty cell keeps its column.
                    at = len(writer.blocks)
                    boxes.append(
                        Box(
                            tag,
                            "",
                            box,
                            node,
                            box.depth + 1,
                            {},
                            at,
                            at,
                            order=len(boxes),
                            stop=len(boxes) + 1,
                        )
                    )
            node = node.next
            continue
        if tag in _INLINE:
            if tag == "a":
                attributes = node.attributes
                if _is_hidden(attributes):
                    node = node.next
                    continue
                href = attributes.get("href")
                absolute = "" if not href or href.startswith("#") else _address(base, href)
                writer.start("a", absolute)
                frames.append((node, None, "a"))
            elif tag in _MARKS:
                mark = _MARKS[tag]
                writer.start(mark)
                frames.append((node, None, mark))
            else:
                attributes = node.attributes
                if attributes and _is_hidden(attributes):
                    node = node.next
                    continue
                if tag == "time" and (stamp := attributes.get("datetime")):
                    writer.times.append(stamp)
                frames.append((node, None, ""))
            node = child
            continue
        attributes = node.attributes
        if writer.has_text:
            writer.flush()
        writer.breaks = 0
        if len(writer.blocks) > MAX_BLOCKS:
            break
        names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}".strip()
        inner = Box(tag, names, box, node, box.depth + 1, attributes, len(writer.blocks))
        inner.hidden = box.hidden or _is_hidden(attributes)
        # The id of a heading is its own text ("final-comment-period"), and no name.
        named = (attributes.get("class") or "") if tag in HEADINGS else names
        inner.junk = junk_name(named) if named else None
        inner.order = len(boxes)
        boxes.append(inner)
        frames.append((node, box, ""))
        box = inner
        writer.box = box
        if tag == "pre":
            writer.pre += 1
        node = child
    writer.flush()
    while box.parent is not None:
        # The walk was cut short at a page of too many blocks.
        box.end, box.stop = len(writer.blocks), len(boxes)
        box = box.parent
    root.end, root.stop = len(writer.blocks), len(boxes)
    return Layout(writer.blocks, boxes, root)


def _is_hidden(attributes: dict[str, str | None]) -> bool:
    if not attributes:
        return False
    if "hidden" in attributes and attributes["hidden"] != "until-found":
        return True
    style = attributes.get("style")
    if style:
        style = style.replace(" ", "").lower()
        if "display:none" in style or "visibility:hidden" in style:
            return True
    return False


def _address(base: str, href: str) -> str:
    href = href.strip()[:MAX_LINK_CHARS]
    if href[:7].lower() == "mailto:":
        return href
    return join(base, href) or ""


def _image_address(attributes: dict[str, str | None], base: str) -> str | None:
    for side in ("width", "height"):
        size = (attributes.get(side) or "").strip().removesuffix("px")
        if size.isascii() and size.isdigit() and len(size) < 6 and int(size) < 100:
            return None
    for name in ("data-src", "data-lazy-src", "data-original", "src"):
        value = (attributes.get(name) or "").strip()
        if value and not value.startswith("data:"):
            address = join(base, value)
            if address and not address.partition("?")[0].lower().endswith((".svg", ".gif")):
                return address[:MAX_LINK_CHARS]
    candidates = [one.split() for one in (attributes.get("srcset") or "").split(", ") if one.split()]
    return join(base, candidates[-1][0]) if candidates else None


def _paragraphs(tokens: list[Token]) -> list[list[Token]]:
    """Split *tokens* where a lone line break ends a paragraph: on each, when the lines read as paragraphs."""
    if not any(name == "br" for name, _ in tokens):
        return [tokens]
    lines: list[list[Token]] = [[]]
    still_open: list[Token] = []
    for token in tokens:
        name = token[0]
        if name == "br":
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
    sizes = [sum(len(value.strip()) for name, value in line if name == "t") for line in lines]
    long = sum(size >= 80 for size in sizes)
    if long >= 2 and long * 2 >= sum(size > 0 for size in sizes):
        return lines
    return [[("t", " ") if token[0] == "br" else token for token in tokens]]
