"""What the parts of a text, as scripts keep them, stand for in HTML: strings, and objects that name an element.

Editors and the systems behind them agree on no names, but on a form: a part says what it is under one of a few names, and
holds its text, or its parts in turn, under another.
"""

import html
import re
from collections.abc import Iterator
from typing import Any

MAX_MARKUP_CHARS = 400_000
MAX_PARTS = 20_000
MAX_DEPTH = 100
MAX_MARKS = 10

_MARKUP = re.compile(r"</?[a-zA-Z][^<>]{0,2000}>|<!--")
_ELEMENT = re.compile(
    r"(?i)</?(?:p|br|div|h[1-6]|li|ul|ol|blockquote|table|a|em|strong|b|i|span)\b[^<>]{0,2000}>"
)


def plain(value: str) -> str:
    """Return *value* without its markup."""
    text = _MARKUP.sub(" ", value) if "<" in value else value
    return html.unescape(text) if "&" in text else text


def as_markup(value: str) -> str:
    """Return *value* as HTML: as it is when it holds elements, else its lines as paragraphs."""
    if "&lt;" in value and "<" not in value:
        value = html.unescape(value)
    value = value[:MAX_MARKUP_CHARS]
    if _ELEMENT.search(value):
        return value
    text = html.unescape(value) if "&" in value else value
    return "".join(f"<p>{html.escape(line)}</p>" for line in text.splitlines() if not line.isspace() and line)


_KIND_KEYS = (
    "tagName",
    "tag",
    "nodeType",
    "component",
    "_type",
    "type",
    "name",
    "kind",
    "style",
    "variant",
    "subtype",
    "__typename",
)
_LIST_KEYS = (*_KIND_KEYS, "list_type", "listType", "listItem")
_TEXT_KEYS = ("text", "content", "value", "values", "html", "body", "children")
_NESTED = frozenset({"children", "innerBlocks", "nodes"})
"""Where an item of a list, beside its text, has another."""
_WRAPPERS = ("data", "attributes", "attrs", "props", "fields")
"""Where a part keeps what it holds, or says more of itself."""
_NO_TEXT = frozenset({"attribs", "marks", "markDefs", "entities", "meta"})
# Names of lists whose strings are the items of a list, or the cells of a table.
_LISTED = re.compile(
    r"(?i)^(?:.*(?:items|rows|cells|points|bullets|entries|header|headers|headings|columns)|head|content|children|values|body|row)$"
)
_INLINE_TAGS = frozenset({"a", "strong", "em", "b", "i", "code", "span", "u", "s", "sub", "sup"})
_BLOCK_TAGS = frozenset(
    "p h1 h2 h3 h4 h5 h6 ul ol li blockquote div section table tr td th thead tbody".split()
)
_BLOCK = re.compile(r"(?i)<(?:p|h[1-6]|ul|ol|li|blockquote|div|section|table|tr|td)\b")
_PART = re.compile(r"(?i)<(?:li|t[rdh])\b")
_LISTS = frozenset({"ul", "ol"})
_TABLES = frozenset({"table", "thead", "tbody"})
_PARTS_OF = {"ul": "li", "ol": "li", "table": "tr", "thead": "tr", "tbody": "tr", "tr": "td"}
_SKIPPED_KINDS = re.compile(
    r"(?i)^(?:script|style|meta|noscript|iframe|svg|button|form|figure|figcaption|aside|nav)$"
    r"|image|photo|picture|video|audio|gallery|embed|newsletter|related|promo|advert|caption|credit|interstitial|social|breadcrumb"
)
_LEVELS = {"one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6"}
_HEADING_KIND = re.compile(
    rf"(?:sub_?)?(?:heading|header|head|headline|title)(?:[-_ ]?([1-6]|{'|'.join(_LEVELS)}))?$"
)
_ORDERED = re.compile(r"(?<!un)(?<!un[-_])ordered|number|decimal")
_KINDS = (
    (re.compile(r"paragraph"), "p"),
    (re.compile(r"list[-_ ]?item"), "li"),
    (re.compile(r"quote"), "blockquote"),
    (re.compile(r"(?:^|table|[-_ ])row$"), "tr"),
    (re.compile(r"(?:^|table|header|[-_ ])cell$|^table[-_ ]?header$"), "td"),
    (re.compile(r"table(?:[-_ ]?block)?$"), "table"),
    (re.compile(r"(?:^|[^a-z])list$|ordered|bullet|checklist"), "ul"),
    (re.compile(r"link"), "a"),
)
_MARKS = {
    "bold": "strong",
    "strong": "strong",
    "italic": "em",
    "italics": "em",
    "em": "em",
    "emphasis": "em",
    "code": "code",
}


def _kind(one: dict[str, Any]) -> str | None:
    """Return the element *one* stands for, ``""`` when it states none, ``None`` when it is no text of the story."""
    if isinstance(one.get("listItem"), str):
        return "li"
    stated = ""
    for key in _KIND_KEYS:
        value = one.get(key)
        if not isinstance(value, str) or not value or len(value) > 60:
            continue
        name = value.lower()
        if name in _BLOCK_TAGS or name in _INLINE_TAGS:
            return name
        if _SKIPPED_KINDS.search(name):
            return None
        if stated:
            continue
        stated = next((tag for pattern, tag in _KINDS if pattern.search(name)), "")
        if not stated and (heading := _HEADING_KIND.search(name)):
            level = heading[1] or next(
                (str(layer["level"]) for layer in _layers(one) if "level" in layer), "2"
            )
            level = _LEVELS.get(level, level)
            stated = f"h{level}" if level in _LEVELS.values() else "h2"
        elif stated == "ul":
            stated = _list_kind(one)
    return stated


def _list_kind(one: dict[str, Any]) -> str:
    """Return the element of the list that *one* is, or is an item of."""
    for layer in _layers(one):
        stated = (layer.get(name) for name in _LIST_KEYS)
        if layer.get("ordered") is True or any(
            isinstance(value, str) and _ORDERED.search(value.lower()) for value in stated
        ):
            return "ol"
    return "ul"


def _layers(one: dict[str, Any]) -> list[dict[str, Any]]:
    """Return *one* and what it wraps."""
    inside = [one[name] for name in _WRAPPERS if name in one]
    return [one, *(inner for inner in inside if isinstance(inner, dict))]


class _Renderer:
    """Writes the parts of a list as HTML; the text of most stands under one key."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.parts = MAX_PARTS
        self.chars = MAX_MARKUP_CHARS
        self.links: dict[str, str] = {}
        """Addresses by the names that marks refer to them with."""

    def write(self, value: Any, inside: str, depth: int, name: str, *, listed: bool = False) -> str:
        """Return *value*, which stands under *name*, or in the list there, in the element *inside*, ``""`` for none."""
        self.parts -= 1
        if self.parts < 0 or self.chars < 0 or depth > MAX_DEPTH:
            return ""
        if isinstance(value, str):
            told = name == self.key or (inside in _PARTS_OF and _LISTED.match(name))
            return self._text(value, inside) if told else ""
        if isinstance(value, list):
            if len(value) == 4 and value[0] == "$":
                # An element of React on its way: its name, its key, its properties.
                if isinstance(value[1], str) and isinstance(value[3], dict):
                    return self._part({**value[3], "tag": value[1]}, inside, depth, listed)
                return ""
            return self._list(value, inside, depth, name)
        return self._part(value, inside, depth, listed) if isinstance(value, dict) else ""

    def _text(self, value: str, inside: str) -> str:
        self.chars -= len(value)
        if not inside:
            markup = as_markup(value)
            return markup if _BLOCK.search(markup) else f"<p>{markup}</p>"
        markup = value if _ELEMENT.search(value) else html.escape(plain(value))
        if inside in _PARTS_OF and _PART.search(value):
            return value
        if inside in _TABLES:
            return ""
        if part := _PARTS_OF.get(inside):
            return f"<{part}>{as_markup(value) if part == 'li' else markup}</{part}>"
        return markup

    def _list(self, values: list[Any], inside: str, depth: int, name: str) -> str:
        if inside in _TABLES and values and not any(_holds_cells(one) for one in values):
            return _element("tr", self._list(values, "tr", depth + 1, name))
        out: list[str] = []
        items: list[tuple[int, str, str]] = []
        for one in values:
            if inside in _TABLES and isinstance(one, list):
                made = _element("tr", self.write(one, "tr", depth + 1, name))
            else:
                made = self.write(one, inside, depth + 1, name, listed=True)
            if made.startswith("<li>") and inside not in _LISTS and isinstance(one, dict):
                items.append((_level(one), _list_kind(one), made))
                continue
            if items:
                out.append(_nested(items))
                items = []
            if inside in _LISTS and made.startswith(("<ul>", "<ol>")) and out and out[-1].endswith("</li>"):
                out[-1] = f"{out[-1].removesuffix('</li>')}{made}</li>"
            else:
                out.append(made)
        return "".join(out) + _nested(items)

    def _part(self, one: dict[str, Any], inside: str, depth: int, listed: bool) -> str:
        kind = _kind(one)
        for name in _WRAPPERS:
            inner = one.get(name)
            if isinstance(inner, dict) and name != self.key:
                kind = _kind(inner) if kind == "" else kind
                one = {**inner, **{other: value for other, value in one.items() if other != name}}
        if kind is None:
            return ""
        if (kind == "tr" and inside not in _TABLES) or (kind in {"td", "th"} and inside != "tr"):
            kind = ""
        if listed and kind in {"", "p"}:
            kind = _PARTS_OF.get(inside, kind)
        self._keep_links(one.get("markDefs"))
        around = kind or inside
        if kind in _INLINE_TAGS:
            around = inside or kind
        elif kind in {"div", "section"}:
            around = ""
        made = [text for text in self._contents(one, kind, around, depth) if text]
        text = ("<br>" if around and around not in _PARTS_OF else "").join(made)
        if not text:
            return ""
        if around and not _BLOCK.search(text):
            text = self._marked(one, text)
        if kind == "a":
            return f'<a href="{html.escape(_address_in(one))}">{text}</a>'
        if kind == "table" and text.startswith("<table"):
            return text
        if not kind and not inside and not _BLOCK.search(text):
            kind = "p"
        return _element(kind, text) if kind else text

    def _contents(self, one: dict[str, Any], kind: str, around: str, depth: int) -> Iterator[str]:
        """Yield what *one*, the element *kind*, holds: its text, then the parts that it has."""
        own = one.get(self.key)
        if own:
            yield self.write(own, around, depth + 1, self.key)
        elif kind:
            texts = (one[name] for name in _TEXT_KEYS if isinstance(one.get(name), str))
            text = next((text for text in texts if text.strip()), "")
            if text and (kind not in _PARTS_OF or _PART.search(text)):
                yield self._text(text, around)
        for name, inner in one.items():
            if not isinstance(inner, list | dict) or name in _NO_TEXT or inner is own:
                continue
            if kind == "li" and name == "items":
                if made := self.write(inner, _list_kind(one), depth + 1, name):
                    yield _element(_list_kind(one), made)
            elif not own or (kind == "li" and name in _NESTED):
                yield self.write(inner, around, depth + 1, name)

    def _keep_links(self, marks: Any) -> None:
        for one in marks if isinstance(marks, list) else ():
            if isinstance(one, dict) and isinstance(one.get("_key"), str):
                self.links[one["_key"]] = _address_in(one)

    def _marked(self, one: dict[str, Any], text: str) -> str:
        """Return *text* with the emphasis and the link that *one*, which it is the text of, puts on it."""
        stated = one.get("marks")
        marks = [*stated] if isinstance(stated, list) else []
        marks += [name for name in _MARKS if one.get(name) is True]
        for mark in marks[:MAX_MARKS]:
            name = mark.get("type") if isinstance(mark, dict) else mark
            address = _address_in(mark) if isinstance(mark, dict) else self.links.get(str(name))
            if address:
                text = f'<a href="{html.escape(address)}">{text}</a>'
            elif tag := _MARKS.get(str(name)):
                text = _element(tag, text)
        return text


def _element(tag: str, text: str) -> str:
    return f"<{tag}>{text}</{tag}>"


def _holds_cells(one: Any) -> bool:
    """Whether *one*, in a table, is a row of it and no cell."""
    return isinstance(one, list) or (
        isinstance(one, dict) and any(isinstance(inner, list) for inner in one.values())
    )


def _level(one: dict[str, Any]) -> int:
    """Return how deep *one* stands, an item of a list that is written flat."""
    level, depth = one.get("level"), one.get("depth")
    return level if isinstance(level, int) else depth + 1 if isinstance(depth, int) else 1


def _nested(items: list[tuple[int, str, str]]) -> str:
    """Return the lists that *items* make, each with its level, its list's element and itself."""
    out: list[str] = []
    still_open: list[str] = []
    for stated, kind, item in items:
        level = max(1, min(stated, len(still_open) + 1))
        while len(still_open) > level or (len(still_open) == level and still_open[-1] != kind):
            out.append(f"</li></{still_open.pop()}>")
        if len(still_open) == level:
            out.append("</li>")
        else:
            still_open.append(kind)
            out.append(f"<{kind}>")
        out.append(item.removesuffix("</li>"))
    out += [f"</li></{kind}>" for kind in reversed(still_open)]
    return "".join(out)


def _address_in(one: dict[str, Any]) -> str:
    for name in ("href", "url", "uri"):
        value = one.get(name)
        if isinstance(value, str):
            return value
    for inner in one.values():
        if isinstance(inner, dict) and (address := _address_in_flat(inner)):
            return address
    return ""


def _address_in_flat(one: dict[str, Any]) -> str:
    return next((one[name] for name in ("href", "url", "uri") if isinstance(one.get(name), str)), "")


def render(run: list[Any], key: str) -> str:
    """Return *run*, parts most of whose text stands under *key*, as HTML."""
    return _Renderer(key).write(run, "", 0, key)
