"""The kept blocks as a small, clean tree of HTML: headings, lists, quotes, tables, code, images, and paragraphs.

A paragraph of nothing but text is that text, with no element of its own: most are, and an element takes long to make.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, takewhile

from bs4.element import NavigableString, PageElement, Tag

from crawler.cleaner.blocks import HEADINGS, Block, Box, Layout, Token, captions
from crawler.cleaner.text import tidy
from crawler.cleaner.writer import BREAK, split_lines

_STRUCTURE = frozenset({"ul", "ol", "li", "blockquote"})
MAX_CELL_CHARS = 400
MAX_HEADED_CELL_CHARS = 2_000
"""The same in a table whose first row or column has cells that say that they head the others."""
MAX_CELLS = 50_000
"""Positions of a table's grid."""
MAX_REPEATED_CHARS = 80
"""Of a cell that reads as the label of every row that it takes."""
MAX_FIGURE_CHARS = 300
"""Of a text that is its image's caption for standing in a figure, which does not say so."""
_BYLINES = ("byline", "by-line", "by_line", "author")
"""What the junk names of boxes that name the author open with."""
MAX_CAPTION_BOXES = 6
"""So many boxes may stand around an image, up to the one that holds its caption too."""
MAX_CAPTION_BLOCKS = 50
"""In such a box; one with more holds more than an image."""
MAX_STRUCTURE = 24
MIN_LEVEL, MAX_LEVEL = 2, 4
"""Of headings."""


def fragment(found: Layout, kept: list[Block], region: Box) -> Tag:
    """Return *kept*, blocks of *region*, as the children of one element."""
    return _Builder(found, kept, region).build()


class _Tree:
    """A tree made in the order of its text; `Tag.append` takes twice the time, to find out where its child stood before."""

    def __init__(self, top: str) -> None:
        """Begin with an element called *top*."""
        self.top: Tag = Tag(name=top)
        self._last: PageElement = self.top

    def add(self, parent: Tag, name: str, **attributes: str) -> Tag:
        """Return a new element, the last in *parent*."""
        tag = Tag(name=name)
        tag.attrs.update(attributes)  # `Tag` itself takes them one by one, to make text of what is none
        self._append(parent, tag)
        return tag

    def add_text(self, parent: Tag, text: str) -> None:
        """Make *text* the last in *parent*."""
        self._append(parent, NavigableString(text))

    def _append(self, parent: Tag, element: PageElement) -> None:
        if parent.contents:
            before = parent.contents[-1]
            before.next_sibling, element.previous_sibling = element, before
        element.parent = parent
        parent.contents.append(element)
        self._last.next_element, element.previous_element = element, self._last
        self._last = element


class _Line:
    """Fills an element with text and marks: whitespace as a browser would collapse it, adjacent texts as one, no mark empty."""

    def __init__(self, tree: _Tree, tag: Tag) -> None:
        self.tree = tree
        self.tag = self.at = tag
        self.left: list[Tag] = []
        """Where the text stood before each of the marks that are open and hold some."""
        self.waiting: list[Token] = []
        """The marks in them that hold none yet."""
        self.pending = ""
        self.spaced = True

    def text(self, value: str) -> None:
        if value[:1].isspace() and not self.spaced:
            self.pending += " "
            self.spaced = True
        text = tidy(value)
        if not text:
            return
        if self.waiting:
            self._make()
        self.pending += text
        self.spaced = value[-1:].isspace()
        if self.spaced:
            self.pending += " "

    def start(self, name: str, value: str) -> None:
        self.waiting.append((name, value))

    def stop(self) -> None:
        if self.waiting:
            self.waiting.pop()
        elif self.left and (before := self.left.pop()) is not self.at:
            self._write()
            self.at = before

    def end(self) -> None:
        if self.at is self.tag:
            self.pending = self.pending.rstrip()
        self._write()

    def _make(self) -> None:
        self._write()
        for name, value in self.waiting:
            self.left.append(self.at)
            if name != "a":
                self.at = self.tree.add(self.at, name)
            elif value:
                self.at = self.tree.add(self.at, name, href=value)
        self.waiting = []

    def _write(self) -> None:
        if self.pending:
            self.tree.add_text(self.at, self.pending)
            self.pending = ""


@dataclass(slots=True, frozen=True)
class _Place:
    """A position of a table's grid."""

    cell: Box
    row: int
    """Of those that the cell takes, the first being 0."""
    column: int


class _Builder:
    def __init__(self, found: Layout, kept: list[Block], region: Box) -> None:
        self.found = found
        self.kept = kept
        self.region = region
        self.tree = _Tree("article")
        self.open: list[tuple[Box, Tag]] = []
        self.tables: dict[int, bool] = {}
        self.captions = {block.index: captions_of(found, block) for block in kept if block.role == "img"}
        """The caption of each image."""
        self.printed = {block.index for blocks in self.captions.values() for block in blocks}
        """Blocks that need no paragraph, since they stand elsewhere."""
        self.shift = MIN_LEVEL - min(
            (HEADINGS[block.role] for block in kept if block.role in HEADINGS), default=MIN_LEVEL
        )
        """By which the first level of the story's headings is off."""

    def build(self) -> Tag:
        done = -1
        for block in self.kept:
            if block.index <= done or block.index in self.printed:
                continue
            path, table = self._path(block.box)
            parent = self._move(path)
            if table is not None:
                self._table(table, parent)
                done = table.end - 1
            elif block.role == "img":
                self._image(block, parent)
            elif block.role == "pre":
                self.tree.add_text(self.tree.add(parent, "pre"), block.text)
            elif block.role in HEADINGS:
                level = HEADINGS[block.role] + self.shift
                self._fill(self.tree.add(parent, f"h{min(level, MAX_LEVEL)}"), _not_strong(block.tokens))
            elif len(block.tokens) == 1:
                self.tree.add_text(parent, block.text)
            else:
                for line in split_lines(block.tokens) if BREAK in block.tokens else (block.tokens,):
                    self._fill(self.tree.add(parent, "p"), line)
        return self.tree.top

    def _path(self, box: Box | None) -> tuple[list[Box], Box | None]:
        """Return the lists and quotes that *box* stands in, outermost first, and its data table if it stands in one."""
        path: list[Box] = []
        table: Box | None = None
        while box is not None and box is not self.region:
            if box.tag in _STRUCTURE:
                path.append(box)
            elif box.tag == "table" and self._is_data(box):
                table = box
                path = []
            box = box.parent
        return _well_formed(path[::-1])[:MAX_STRUCTURE] if path else path, table

    def _move(self, path: list[Box]) -> Tag:
        """Close and open lists and quotes until *path* is open; return the innermost."""
        if not path:
            self.open.clear()
            return self.tree.top
        same = 0
        while same < len(path) and same < len(self.open) and path[same] is self.open[same][0]:
            same += 1
        del self.open[same:]
        parent = self.open[-1][1] if self.open else self.tree.top
        for box in path[same:]:
            start = box.start if box.tag == "ol" else None
            parent = self.tree.add(parent, box.tag, **({"start": start} if start else {}))
            self.open.append((box, parent))
        return parent

    def _is_data(self, table: Box) -> bool:
        """Whether *table* holds data and does not merely lay out the page."""
        known = self.tables.get(table.order)
        if known is None:
            known = self.tables[table.order] = self._looks_like_data(table)
        return known

    def _looks_like_data(self, table: Box) -> bool:
        rows = [cells for cells in self._rows(table).values() if cells]
        if len(rows) < 2 or max(len(cells) for cells in rows) < 2:
            return False
        if len(rows) * max(len(cells) for cells in rows) > MAX_CELLS:
            return False
        headed = any(cell.tag == "th" for cell in (*rows[0], *(cells[0] for cells in rows)))
        most = MAX_HEADED_CELL_CHARS if headed else MAX_CELL_CHARS
        for cells in rows:
            for block in self.found.blocks[cells[0].first : cells[-1].end]:
                if block.chars > most or block.role in HEADINGS or block.role == "pre":
                    return False
        inner = [box for box in self._boxes(table) if box.tag == "table" and box is not table]
        return not inner

    def _boxes(self, table: Box) -> list[Box]:
        return self.found.boxes[table.order : table.stop]

    def _rows(self, table: Box) -> dict[Box, list[Box]]:
        """Return the rows of *table*, each with its cells."""
        rows: dict[Box, list[Box]] = {}
        for box in self._boxes(table):
            if box.tag == "tr":
                rows[box] = []
            elif box.tag in {"td", "th"} and box.parent in rows:
                rows[box.parent].append(box)
        return rows

    def _grid(self, table: Box) -> list[list[_Place | None]]:
        """Return the rows of *table* with what stands at each of its positions."""
        rows = self._rows(table)
        grid = _laid_out(rows, spanning=True)
        if grid is None or len(grid) * len(grid[0]) > MAX_CELLS:
            grid = _laid_out(rows, spanning=False)
        return grid or []

    def _table(self, table: Box, parent: Tag) -> None:
        """Put *table* into *parent*, its captions as paragraphs before or after it.

        Each position of the grid is a cell, so that a value stands in its column. A cell that takes several columns is
        printed in the first; one that takes several rows in each of them if it is short, for a row that is found alone
        shall say what it is of.
        """
        before, after = self._captions(table)
        self._captions_out(before, parent)
        top = self.tree.add(parent, "table")
        for places in self._grid(table):
            line = self.tree.add(top, "tr")
            for place in places:
                column = self.tree.add(line, "td")
                if place is None or place.column:
                    continue
                blocks = self._shown(self.found.blocks[place.cell.first : place.cell.end])
                if place.row and sum(block.chars for block in blocks) > MAX_REPEATED_CHARS:
                    continue
                for block in blocks:
                    if column.contents:
                        self.tree.add_text(column, " ")
                    self._fill(column, block.tokens)
        self._captions_out(after, parent)

    def _captions(self, table: Box) -> tuple[list[Block], list[Block]]:
        """Return the blocks of the captions of *table*, and of the figure that holds nothing else, before and after it."""
        blocks = self.found.blocks
        before: list[Block] = []
        for box in self._boxes(table):
            if box.tag == "caption":
                before += self._shown(blocks[box.first : box.end])
        after: list[Block] = []
        for box in islice(_around(table), MAX_CAPTION_BOXES):
            if box.tag == "figure":
                beside = (blocks[box.first : table.first], blocks[table.end : box.end])
                if all(block.role == "figcaption" for part in beside for block in self._shown(part)):
                    # What the story keeps of them has its own turn.
                    told = self.printed.union(block.index for block in self.kept)
                    before = [block for block in self._shown(beside[0]) if block.index not in told] + before
                    after = [block for block in self._shown(beside[1]) if block.index not in told]
                break
        return before, after

    def _captions_out(self, captions: list[Block], parent: Tag) -> None:
        for block in captions:
            self._fill(self.tree.add(parent, "p"), block.tokens)

    def _shown(self, blocks: Iterable[Block]) -> list[Block]:
        """Return those of *blocks* that are text and displayed."""
        return [block for block in blocks if not block.hidden and block.role != "img"]

    def _image(self, block: Block, parent: Tag) -> None:
        caption = _joined(self.captions[block.index])
        self.tree.add(
            parent, "img", src=block.tokens[0][1], alt=block.text, **({"title": caption} if caption else {})
        )

    def _fill(self, tag: Tag, tokens: list[Token]) -> None:
        """Put the text of *tokens* into *tag*, with its marks."""
        line = _Line(self.tree, tag)
        for name, value in tokens:
            if name == "t":
                line.text(value)
            elif name == "br":
                line.text(" ")
            elif name[0] != "/":
                line.start(name, value)
            else:
                line.stop()
        line.end()


def _not_strong(tokens: list[Token]) -> list[Token]:
    """Return *tokens*, those of a heading, without the mark that all headings have."""
    return [token for token in tokens if token[0] not in {"strong", "/strong"}]


def caption_of(found: Layout, image: Block) -> str | None:
    """Return the caption of *image* as one line."""
    return _joined(captions_of(found, image))


def _joined(captions: list[Block]) -> str | None:
    return " ".join(block.text for block in captions) or None


def captions_of(found: Layout, image: Block) -> list[Block]:
    """Return the blocks of the caption of *image*.

    They are those of the figure around it, or of the nearest box that holds this one image, a caption, and nothing else,
    where there is no figure or it holds other images too. The picture of an author has none.
    """
    nearest: list[Block] = []
    alone = True
    for box in islice(_around(image.box), MAX_CAPTION_BOXES):
        if box.end - box.first > MAX_CAPTION_BLOCKS:
            break
        if box.junk and box.junk.startswith(_BYLINES):
            return []
        if box.tag == "figure":
            shown = [block for block in found.blocks[box.first : box.end] if not block.hidden]
            if nearest and any(block.role == "img" and block is not image for block in shown):
                return nearest
            return [block for block in shown if _is_caption(block)]
        if alone and not nearest:
            beside = [
                block
                for block in found.blocks[box.first : box.end]
                if not block.hidden and block is not image
            ]
            alone = all(_is_caption(block) for block in beside)
            nearest = beside if alone else []
    return nearest


def _is_caption(block: Block) -> bool:
    """Whether *block* is a caption by its name, or a short text in a figure, which may hold a story too."""
    if block.role != "figcaption" or block.chars <= MAX_FIGURE_CHARS:
        return block.role == "figcaption"
    inside = takewhile(lambda box: box.tag != "figure", _around(block.box))
    return any(box.tag == "figcaption" or captions(box.tag, box.names) for box in inside)


def _around(box: Box) -> Iterator[Box]:
    """Yield *box* and those around it, from within."""
    one: Box | None = box
    while one is not None:
        yield one
        one = one.parent


def _laid_out(rows: dict[Box, list[Box]], *, spanning: bool) -> list[list[_Place | None]] | None:
    """Return *rows* with what stands at each position, or ``None`` when their cells ask for too many.

    They are laid out as a browser does, each cell *spanning* as many as it says, without rows and columns that no cell
    begins in: https://html.spec.whatwg.org/multipage/tables.html#forming-a-table
    """
    left = _rows_left(list(rows))
    spans = {
        cell: (min(cell.spans[0], left[row]), cell.spans[1]) if spanning else (1, 1)
        for row, cells in rows.items()
        for cell in cells
    }
    if sum(down * across for down, across in spans.values()) > MAX_CELLS:
        return None
    grid: list[dict[int, _Place]] = [{} for _ in rows]
    begun: set[int] = set()
    for at, cells in enumerate(rows.values()):
        column = 0
        for cell in cells:
            while column in grid[at]:
                column += 1
            begun.add(column)
            down, across = spans[cell]
            for below in range(down):
                for beside in range(across):
                    grid[at + below].setdefault(column + beside, _Place(cell, below, beside))
            column += across
    columns = sorted(begun)
    return [
        [places.get(column) for column in columns]
        for places, cells in zip(grid, rows.values(), strict=True)
        if cells
    ]


def _rows_left(rows: list[Box]) -> dict[Box, int]:
    """Return for each of *rows* how many there are from it to the end of its group, which no cell reaches beyond."""
    left: dict[Box, int] = {}
    below: Box | None = None
    for row in reversed(rows):
        left[row] = 1 + (left[below] if below is not None and below.parent is row.parent else 0)
        below = row
    return left


def _well_formed(path: list[Box]) -> list[Box]:
    """Return *path* without items outside lists, and lists without items."""
    good: list[Box] = []
    for at, box in enumerate(path):
        inside_list = bool(good) and good[-1].tag in {"ul", "ol"}
        follows = path[at + 1].tag if at + 1 < len(path) else ""
        if box.tag == "li" and not inside_list:
            continue
        if box.tag in {"ul", "ol"} and (follows != "li" or inside_list):
            continue
        good.append(box)
    return good
