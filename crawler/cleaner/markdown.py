"""A fragment of HTML → Markdown in the corpus' dialect; source text can never become markup."""

import re
from collections.abc import Container, Iterable

from bs4.element import NavigableString, PageElement, Tag

_ENTITY = re.compile(r"&(?=#?[0-9A-Za-z]{1,40};)")
_BACKSLASH = re.compile(r"\\(?=[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]|$)")
_SPECIAL = re.compile(r"[\\&`<*_\]]")
_ALWAYS = re.compile(r"[`<]")
_STAR = re.compile(r"(?<=\S)\*|\*(?=\S)|^\*|\*$")
_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_BRACKET = re.compile(r"\](?=[(:\[]|$)")
_BARE_BRACKET = re.compile(r"(?<!\\)((?:\\\\)*)([\[\]])")
_LINE_START = re.compile(r"#|>|[-+*](?=\s|$)|-(?=--)")
_ORDERED = re.compile(r"(\d+)([.)])(?=\s|$)")
_IN_ADDRESS = {ord(character): f"%{ord(character):02X}" for character in ' "<>()[]\\`{}|^*'} | dict.fromkeys(
    range(32)
)
_BULLET = "- "

MIN_LEVEL, MAX_LEVEL = 2, 4
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_ROWS = frozenset({"tr"})
_CELLS = frozenset({"td", "th"})
_IMAGES = frozenset({"img"})


def escape(text: str) -> str:
    """Return *text*, one paragraph, as Markdown that renders as that very text."""
    return _escape_start(_escape_inside(text))


def _escape_inside(text: str) -> str:
    if not _SPECIAL.search(text):
        return text
    text = _BACKSLASH.sub(r"\\\\", text)
    text = _ENTITY.sub("&amp;", text)
    text = _ALWAYS.sub(r"\\\g<0>", text)
    text = _STAR.sub(r"\\*", text)
    text = _UNDERSCORE.sub(r"\\_", text)
    return _BRACKET.sub(r"\\]", text)


def _escape_start(line: str) -> str:
    """Return *line*, escaped inside, so that its beginning opens no block."""
    # Python-Markdown takes "[a\]: b" for a reference and swallows it.
    if _LINE_START.match(line) or (line[:1] == "[" and "]:" in line):
        return "\\" + line
    if line.startswith("~~~"):
        # Python-Markdown lets no backslash stand before a tilde.
        return "&#126;" + line[1:]
    return _ORDERED.sub(r"\1\\\2", line, count=1) if _ORDERED.match(line) else line


def escape_address(address: str) -> str:
    """Return *address* so that it cannot end its link."""
    return _ENTITY.sub("&amp;", address.translate(_IN_ADDRESS))


def to_markdown(soup: Tag) -> str:
    """Return *soup*, the tree that `crawler.cleaner.fragment` builds, as Markdown."""
    shift = MIN_LEVEL - min((int(tag.name[1]) for tag in _within(soup, _HEADINGS)), default=MIN_LEVEL)
    return "\n\n".join(_blocks(soup, shift))


def _within(tag: Tag, names: Container[str]) -> list[Tag]:
    """Return the elements called one of *names* in *tag*; `Tag.find_all` takes ten times the time to make its filter."""
    return [one for one in tag.descendants if isinstance(one, Tag) and one.name in names]


def _blocks(parent: Tag, shift: int) -> list[str]:
    """Return the blocks in *parent*, each as the lines of its Markdown."""
    blocks: list[str] = []
    for child in parent.children:
        if not isinstance(child, Tag):
            continue
        block = _block(child, shift)
        if block:
            blocks.append(block)
    return blocks


def _block(tag: Tag, shift: int) -> str:
    name = tag.name
    if name == "p":
        return _escape_start(_inline(tag))
    if name[0] == "h" and name[1:].isdigit():
        level = max(MIN_LEVEL, min(MAX_LEVEL, int(name[1]) + shift))
        # A closing run of # would be taken for decoration.
        text = re.sub(r"(#+)$", r"\\\1", _inline(tag))
        return f"{'#' * level} {text}" if text else ""
    if name in {"ul", "ol"}:
        return _list(tag, shift)
    if name == "blockquote":
        lines = "\n\n".join(_blocks(tag, shift)).split("\n")
        return "\n".join(f"> {line}".rstrip() for line in lines)
    if name == "pre":
        return _code_block(tag)
    if name == "table":
        return _table(tag)
    if name == "figure":
        return _figure(tag)
    return ""


def _list(tag: Tag, shift: int) -> str:
    items = [child for child in tag.children if isinstance(child, Tag) and child.name == "li"]
    start = str(tag.get("start", ""))
    number = int(start) if start.isascii() and start.isdigit() and len(start) < 7 else 1
    lines: list[str] = []
    for item in items:
        marker = f"{number}. " if tag.name == "ol" else _BULLET
        number += 1
        text = ""
        for child in item.children:
            if not isinstance(child, Tag):
                continue
            block = _block(child, shift)
            if block:
                # A nested list follows its line at once; anything else stands apart.
                gap = "\n" if child.name in {"ul", "ol"} else "\n\n"
                text = f"{text}{gap}{block}" if text else block
        if text:
            if (
                text.startswith(("- ", "1. "))
                and isinstance(item.find(True), Tag)
                and _first(item) in {"ul", "ol"}
            ):
                lines.append(text)
                continue
            head, *rest = text.split("\n")
            lines.append(marker + head)
            lines += [f"    {line}" if line else "" for line in rest]
    return "\n".join(lines)


def _first(tag: Tag) -> str:
    found = tag.find(True)
    return found.name if isinstance(found, Tag) else ""


def _code_block(tag: Tag) -> str:
    text = tag.get_text().strip("\n")
    if not text.strip():
        return ""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"


def _table(tag: Tag) -> str:
    rows = [
        [_inline(cell).replace("|", "\\|") for cell in _within(row, _CELLS)] for row in _within(tag, _ROWS)
    ]
    rows = [row for row in rows if any(row)]
    if not rows:
        return ""
    width = max(len(row) for row in rows)
    padded = [row + [""] * (width - len(row)) for row in rows]
    lines = ["| " + " | ".join(row) + " |" for row in padded]
    lines.insert(1, "| " + " | ".join(["---"] * width) + " |")
    return "\n".join(lines)


def _figure(tag: Tag) -> str:
    image = next(iter(_within(tag, _IMAGES)), None)
    if image is None:
        return ""
    alt = (
        _escape_inside(str(image.get("alt", "")))
        .replace("[", "\\[")
        .replace("]", "\\]")
        .replace("\\\\]", "\\]")
    )
    caption = str(image.get("title", ""))
    title = ""
    if caption:
        title = ' "' + _escape_inside(caption).replace('"', "&quot;") + '"'
    return f"![{alt}]({escape_address(str(image.get('src', '')))}{title})"


def _inline(tag: Tag) -> str:
    return _spans(tag, in_link=False, marked=False).strip()


def _spans(tag: Tag, *, in_link: bool, marked: bool) -> str:
    children = tag.contents
    out = ""
    for at, child in enumerate(children):
        if isinstance(child, NavigableString):
            text = _escape_inside(str(child))
            if in_link and ("[" in text or "]" in text):
                text = _BARE_BRACKET.sub(r"\1\\\2", text)
            following = children[at + 1] if at + 1 < len(children) else None
            if text.endswith("!") and isinstance(following, Tag):
                text = text[:-1] + "\\!"
            out += text
        elif isinstance(child, Tag):
            after = _start_of(child.next_siblings) if child.name in {"em", "strong"} else ""
            out += _span(child, out[-1:], after, in_link=in_link, marked=marked)
    return out


def _start_of(elements: Iterable[PageElement]) -> str:
    """Return the first character of the text of *elements*."""
    return next((text[0] for element in elements if (text := element.get_text())), "")


def _span(tag: Tag, before: str, after: str, *, in_link: bool, marked: bool) -> str:
    name = tag.name
    if name == "code":
        return _code(tag.get_text())
    if name == "a" and not in_link:
        text = _spans(tag, in_link=True, marked=marked)
        inner = text.strip()
        if not inner:
            return text
        lead, trail = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
        return f"{lead}[{inner}]({escape_address(str(tag.get('href', '')))}){trail}"
    if name in {"em", "strong"} and not marked:
        text = _spans(tag, in_link=in_link, marked=True)
        inner = text.strip()
        mark = "*" if name == "em" else "**"
        lead, trail = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
        words = tag.get_text().strip()
        # CommonMark 6.2: a run that stands between a letter and punctuation opens or closes nothing.
        opens = lead or not before or before.isspace() or (words[:1].isalnum() and before not in "*\\")
        closes = trail or not after or after.isspace() or words[-1:].isalnum()
        if inner and opens and closes and before != "*" and _plain_ends(inner):
            return f"{lead}{mark}{inner}{mark}{trail}"
        return text
    return _spans(tag, in_link=in_link, marked=marked)


def _plain_ends(text: str) -> bool:
    return text[0] not in "*_" and text[-1] not in "*\\"


def _code(text: str) -> str:
    text = " ".join(text.split())
    if not text:
        return ""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text[0] == "`" or text[-1] == "`" else ""
    return f"{fence}{pad}{text}{pad}{fence}"
