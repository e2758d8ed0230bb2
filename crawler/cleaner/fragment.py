"""The kept blocks as a small, clean tree of HTML: headings, lists, quotes, tables, code, images, and paragraphs.

A paragraph of nothing but text is that text, with no element of its own: most are, and an element takes long to make.
"""

from bs4.element import NavigableString, PageElement, Tag

from crawler.cleaner.blocks import HEADINGS, Block, Box, Layout, Token
from crawler.cleaner.text import tidy
from crawler.cleaner.writer import BREAK, split_lines

_STRUCTURE = frozenset({"ul", "ol", "li", "blockquote"})
MAX_CELL_CHARS = 400
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


class _Builder:
    def __init__(self, found: Layout, kept: list[Block], region: Box) -> None:
        self.found = found
        self.kept = kept
        self.region = region
        self.tree = _Tree("article")
        self.open: list[tuple[Box, Tag]] = []
        self.tables: dict[int, bool] = {}
        self.shift = MIN_LEVEL - min(
            (HEADINGS[block.role] for block in kept if block.role in HEADINGS), default=MIN_LEVEL
        )
        """By which the first level of the story's headings is off."""

    def build(self) -> Tag:
        done = -1
        for block in self.kept:
            if block.index <= done:
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
        rows = self._rows(table)
        if len(rows) < 2 or max(len(row) for row in rows) < 2:
            return False
        for block in self.found.blocks[table.first : table.end]:
            if block.chars > MAX_CELL_CHARS or block.role in HEADINGS or block.role == "pre":
                return False
        inner = [box for box in self._boxes(table) if box.tag == "table" and box is not table]
        return not inner

    def _boxes(self, table: Box) -> list[Box]:
        return self.found.boxes[table.order : table.stop]

    def _rows(self, table: Box) -> list[list[Box]]:
        rows: dict[int, list[Box]] = {}
        for box in self._boxes(table):
            if box.tag in {"td", "th"} and box.parent is not None:
                rows.setdefault(id(box.parent), []).append(box)
        return list(rows.values())

    def _table(self, table: Box, parent: Tag) -> None:
        top = self.tree.add(parent, "table")
        for row in self._rows(table):
            line = self.tree.add(top, "tr")
            for cell in row:
                column = self.tree.add(line, "td")
                for block in self.found.blocks[cell.first : cell.end]:
                    if not block.hidden and block.role != "img":
                        if column.contents:
                            self.tree.add_text(column, " ")
                        self._fill(column, block.tokens)

    def _image(self, block: Block, parent: Tag) -> None:
        caption = caption_of(self.found, block)
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
    """Return the caption of *image*: the ``figcaption`` of the figure around it."""
    box: Box | None = image.box
    for _ in range(4):
        if box is None:
            return None
        if box.tag == "figure":
            texts = [
                b.text for b in found.blocks[box.first : box.end] if b.role == "figcaption" and not b.hidden
            ]
            return " ".join(texts) or None
        box = box.parent
    return None


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
