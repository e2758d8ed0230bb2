"""The kept blocks as a small, clean HTML fragment: paragraphs, headings, lists, quotes, tables, code, figures."""

from html import escape

from crawler.cleaner.blocks import HEADINGS, Block, Box, Layout, Token
from crawler.cleaner.text import tidy

_STRUCTURE = frozenset({"ul", "ol", "li", "blockquote"})
MAX_CELL_CHARS = 400
MAX_STRUCTURE = 24


def fragment(found: Layout, kept: list[Block], region: Box) -> str:
    """Return *kept*, blocks of *region*, as HTML."""
    return _Builder(found, kept, region).build()


class _Builder:
    def __init__(self, found: Layout, kept: list[Block], region: Box) -> None:
        self.found = found
        self.kept = kept
        self.region = region
        self.out: list[str] = []
        self.open: list[Box] = []
        self.tables: dict[int, bool] = {}

    def build(self) -> str:
        done = -1
        for at, block in enumerate(self.kept):
            if block.index <= done:
                continue
            path, table = self._path(block)
            self._move(path)
            if table is not None:
                self.out.append(self._table(table))
                done = table.end - 1
            elif block.role == "img":
                self.out.append(self._figure(block))
            elif block.role == "pre":
                text = "".join(value for name, value in block.tokens if name == "t")
                self.out.append(f"<pre>{escape(text)}</pre>" if text.strip() else "")
            else:
                tag = block.role if block.role in HEADINGS else "p"
                self.out.append(f"<{tag}>{inline(block.tokens)}</{tag}>")
        self._move([])
        return "".join(self.out)

    def _path(self, block: Block) -> tuple[list[Box], Box | None]:
        """Return the lists and quotes around *block*, outermost first, and its data table if it stands in one."""
        path: list[Box] = []
        table: Box | None = None
        box: Box | None = block.box
        while box is not None and box is not self.region:
            if box.tag in _STRUCTURE:
                path.append(box)
            elif box.tag == "table":
                if self._is_data(box):
                    table = box
                    path = []
            box = box.parent
        path.reverse()
        return _well_formed(path)[:MAX_STRUCTURE], table

    def _move(self, path: list[Box]) -> None:
        same = 0
        while same < len(path) and same < len(self.open) and path[same] is self.open[same]:
            same += 1
        for box in reversed(self.open[same:]):
            self.out.append(f"</{box.tag}>")
        for box in path[same:]:
            start = box.attributes.get("start") if box.tag == "ol" else None
            self.out.append(f'<{box.tag} start="{escape(start)}">' if start else f"<{box.tag}>")
        self.open = path

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

    def _table(self, table: Box) -> str:
        lines = []
        for row in self._rows(table):
            cells = []
            for cell in row:
                blocks = [b for b in self.found.blocks[cell.first : cell.end] if not b.hidden and b.role != "img"]
                cells.append("<td>" + " ".join(inline(b.tokens) for b in blocks) + "</td>")
            lines.append("<tr>" + "".join(cells) + "</tr>")
        return "<table>" + "".join(lines) + "</table>"

    def _figure(self, block: Block) -> str:
        caption = caption_of(self.found, block) or ""
        title = f' title="{escape(caption)}"' if caption else ""
        return f'<figure><img src="{escape(block.tokens[0][1])}" alt="{escape(block.text)}"{title}></figure>'


def caption_of(found: Layout, image: Block) -> str | None:
    """Return the caption of *image*: the ``figcaption`` of the figure around it."""
    box: Box | None = image.box
    for _ in range(4):
        if box is None:
            return None
        if box.tag == "figure":
            texts = [b.text for b in found.blocks[box.first : box.end] if b.role == "figcaption" and not b.hidden]
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


def inline(tokens: list[Token]) -> str:
    """Return *tokens* as inline HTML; whitespace as a browser would collapse it."""
    out: list[str] = []
    spaced = True
    links: list[bool] = []
    for name, value in tokens:
        if name == "t":
            text = tidy(value)
            lead = " " if value[:1].isspace() and not spaced else ""
            if not text:
                if lead:
                    out.append(" ")
                    spaced = True
                continue
            trail = " " if value[-1:].isspace() else ""
            out.append(lead + escape(text, quote=False) + trail)
            spaced = bool(trail)
        elif name == "a":
            links.append(bool(value))
            if value:
                out.append(f'<a href="{escape(value)}">')
        elif name == "/a":
            if links and links.pop():
                out.append("</a>")
        else:
            out.append(f"<{name}>")
    return "".join(out).strip()
