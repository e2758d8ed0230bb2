"""A fragment of HTML → Markdown in the corpus' dialect; source text can never become markup."""

import re
from collections.abc import Iterable

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
# Python-Markdown takes "[a\]: b" for a reference and swallows it.
_REFERENCE = re.compile(r"\[[^\[\]]*\]:")
_CLOSING = re.compile(r"(#+)$")
_ORDERED = re.compile(r"(\d+)([.)])(?=\s|$)")
_IN_ADDRESS = {ord(character): f"%{ord(character):02X}" for character in ' "<>()[]\\`{}|^*'} | dict.fromkeys(
    range(32)
)
_BULLET = "- "

_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_LISTS = frozenset({"ul", "ol"})


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
    if line[:1].isalpha():
        return line  # no letter opens one
    if _LINE_START.match(line) or _REFERENCE.match(line):
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
    return "\n\n".join(_blocks(soup))


def _blocks(parent: Tag) -> list[str]:
    """Return the blocks in *parent*, each as the lines of its Markdown."""
    return [block for child in parent.contents if (block := _block(child))]


def _block(element: PageElement) -> str:
    if not isinstance(element, Tag):
        return escape(str(element))
    name = element.name
    if name == "p":
        return _escape_start(_inline(element))
    if name in _HEADINGS:
        # A closing run of # would be taken for decoration.
        text = _CLOSING.sub(r"\\\1", _inline(element))
        return f"{'#' * int(name[1])} {text}" if text else ""
    if name in _LISTS:
        return _list(element)
    if name == "blockquote":
        lines = "\n\n".join(_blocks(element)).split("\n")
        return "\n".join(f"> {line}".rstrip() for line in lines)
    if name == "pre":
        return _code_block(element)
    if name == "table":
        return _table(element)
    if name == "img":
        return _image(element)
    return ""


def _list(tag: Tag) -> str:
    start = str(tag.get("start", ""))
    number = int(start) if start.isascii() and start.isdigit() and len(start) < 7 else 1
    lines: list[str] = []
    parted = False
    for item in _elements(tag):
        if item.name != "li":
            continue
        marker = f"{number}. " if tag.name == "ol" else _BULLET
        number += 1
        text = _item(item)
        if not text:
            continue
        bare = _is_list(item.contents[0]) and text.startswith(("- ", "1. "))
        if lines and (bare or parted):
            # Else Python-Markdown takes the marker for text of the paragraph before.
            lines.append("")
        parted = bare or "\n\n" in text
        if bare:
            lines.append(text)
            continue
        head, *rest = text.split("\n")
        lines.append(marker + head)
        lines += [f"    {line}" if line else "" for line in rest]
    return "\n".join(lines)


def _item(item: Tag) -> str:
    """Return what is in *item*; a list follows its one line at once, anything else stands apart."""
    text = ""
    for child in item.contents:
        block = _block(child)
        if block and text:
            follows = _is_list(child) and "\n" not in text and not _is_list(item.contents[0])
            text += ("\n" if follows else "\n\n") + block
        elif block:
            text = block
    return text


def _is_list(element: PageElement) -> bool:
    return isinstance(element, Tag) and element.name in _LISTS


def _elements(tag: Tag) -> list[Tag]:
    """Return the elements in *tag*, without those in them."""
    return [child for child in tag.contents if isinstance(child, Tag)]


def _code_block(tag: Tag) -> str:
    text = tag.get_text().strip("\n")
    if not text.strip():
        return ""
    around = tag.parent.name if tag.parent is not None else ""
    if around == "blockquote" or (around == "li" and tag.previous_sibling is not None):
        # Python-Markdown knows no fence in a quote, nor in a list.
        return "\n".join(f"    {line}" if line else "" for line in text.split("\n"))
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"


def _table(tag: Tag) -> str:
    for code in tag.find_all("code"):
        if "|" in code.get_text():
            code.name = "span"  # Python-Markdown takes no backslash off it in code
    rows = [[_inline(cell).replace("|", "\\|") for cell in _elements(row)] for row in _elements(tag)]
    rows = [row for row in rows if any(row)]
    if not rows:
        return ""
    width = max(len(row) for row in rows)
    padded = [row + [""] * (width - len(row)) for row in rows]
    lines = ["| " + " | ".join(row) + " |" for row in padded]
    lines.insert(1, "| " + " | ".join(["---"] * width) + " |")
    return "\n".join(lines)


def _image(image: Tag) -> str:
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
            if text.endswith("!") and at + 1 < len(children) and isinstance(children[at + 1], Tag):
                text = text[:-1] + "\\!"
            out += text
        elif isinstance(child, Tag):
            out += _span(child, out[-1:], in_link=in_link, marked=marked)
    return out


def _span(tag: Tag, before: str, *, in_link: bool, marked: bool) -> str:
    name = tag.name
    if name == "code":
        return _code(tag.get_text())
    if name == "a" and not in_link:
        text = _spans(tag, in_link=True, marked=marked)
        return _wrap(text, "[", f"]({escape_address(str(tag.get('href', '')))})")
    if name in {"em", "strong"} and not marked:
        text = _spans(tag, in_link=in_link, marked=True)
        mark = "*" if name == "em" else "**"
        return _wrap(text, mark, mark) if _can_be_marked(tag, text, before) else text
    return _spans(tag, in_link=in_link, marked=marked)


def _wrap(text: str, opening: str, closing: str) -> str:
    """Return *text* with marks around its words; the space at its ends stays outside."""
    inner = text.strip()
    if not inner:
        return text
    lead, _, trail = text.partition(inner)
    return f"{lead}{opening}{inner}{closing}{trail}"


def _can_be_marked(tag: Tag, text: str, before: str) -> bool:
    """Whether stars around *text*, that of *tag*, would be read as marks after the character *before*."""
    if before == "*" or not _plain_ends(text.strip()):
        return False
    # CommonMark 6.2: a run that stands between a letter and punctuation opens or closes nothing.
    if text[0].isspace() or not before.strip() or (before != "\\" and _words(tag)[:1].isalnum()):
        return text[-1].isspace() or not _start_of(tag.next_siblings).strip() or _words(tag)[-1:].isalnum()
    return False


def _words(tag: Tag) -> str:
    return tag.get_text().strip()


def _start_of(elements: Iterable[PageElement]) -> str:
    """Return the first character of the text of *elements*."""
    return next((text[0] for element in elements if (text := element.get_text())), "")


def _plain_ends(text: str) -> bool:
    return bool(text) and text[0] not in "*_" and text[-1] not in "*\\"


def _code(text: str) -> str:
    text = " ".join(text.split())
    if not text:
        return ""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text[0] == "`" or text[-1] == "`" else ""
    return f"{fence}{pad}{text}{pad}{fence}"
