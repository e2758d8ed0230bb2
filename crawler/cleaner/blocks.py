"""A page's text as blocks, in boxes that mirror the elements around them: the types that all judging goes by."""

from dataclasses import dataclass, field

Token = tuple[str, str]
"""A piece of a block: ``("t", text)``, ``("a", href)`` … ``("/a", "")``, ``("em", "")`` and so on, ``("br", "")``."""

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
# It heads its details, and is most often a question among others; no page says at which level.
_ROLE_OF_SUMMARY = "h3"
# What these say of a text holds in a caption too.
_ROLES_IN_CAPTIONS = frozenset({*HEADINGS, "blockquote", "pre", "td", "th", "figcaption"})
# A part of the page says nothing of what stands around it.
_PARTS = frozenset({"ul", "ol", "table", "section", "article", "main", "aside"})

MAX_BLOCKS = 60_000

# What a box stands in, as bits of `Box.within`.
WITHIN = {"footer": 1, "main": 2}


@dataclass(slots=True, eq=False)
class Box:
    """One block-level element."""

    tag: str
    names: str
    """Class and id."""
    label: str
    """Its tag and names; without them for a paragraph or item, which are all alike."""
    parent: "Box | None"
    depth: int
    first: int
    """Index of its first block."""
    end: int = 0
    """Index after its last block."""
    junk: str | None = None
    """The word in *names* that marks boilerplate."""
    hidden: bool = False
    start: str | None = None
    """Number of the first item of an ordered list."""
    within: int = 0
    """Bits of `WITHIN`: what it is and stands in."""
    order: int = 0
    """Its index among the boxes, which stand in page order, each before the boxes inside it."""
    stop: int = 0
    """Index after the last box inside it."""
    captioned: bool = False
    """Whether it, or one around it, is a figure or named a caption."""
    spans: tuple[int, int] = (1, 1)
    """How many rows and columns a cell takes."""
    _role: str | None = None

    @property
    def role(self) -> str:
        """What the elements around say that text in it is: a caption, or what the nearest one says."""
        if self._role is None:
            self._role = _role(self)
        return self._role

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
    cut_short: bool = False
    """Whether the page has more than `MAX_BLOCKS`, and what follows them is not there."""


def _role(box: Box) -> str:
    """Return what the elements around say that text in *box* is: a caption, or what the nearest one says."""
    role = ""
    one: Box | None = box
    while one is not None and one.depth > box.depth - 12 and (one.captioned or not role):
        if one.captioned and captions(one.tag, one.names):
            return role if role in _ROLES_IN_CAPTIONS else "figcaption"
        if not role and one.tag in _ROLES:
            role = _ROLE_OF_SUMMARY if one.tag == "summary" else one.tag
        if one.tag in _PARTS:
            break
        one = one.parent
    return role or "div"


def captions(tag: str, names: str) -> bool:
    """Whether text in a *tag* with *names* is a caption, unless something in it says what it is."""
    return tag == "figure" or "caption" in names.lower()
