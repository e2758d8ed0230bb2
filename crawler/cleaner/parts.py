"""What the parts of a text, as scripts keep them, stand for in HTML: strings, and objects that name an element."""

import html
import re
from typing import Any

MAX_MARKUP_CHARS = 400_000
MAX_PARTS = 20_000
MAX_DEPTH = 100

_MARKUP = re.compile(r"</?[a-zA-Z][^<>]{0,2000}>|<!--")
_ELEMENT = re.compile(r"(?i)</?(?:p|br|div|h[1-6]|li|ul|ol|blockquote|a|em|strong|b|i|span)\b[^<>]{0,2000}>")


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
_INLINE_TAGS = frozenset({"a", "strong", "em", "b", "i", "code", "span", "u", "s", "sub", "sup"})
_BLOCK_TAGS = frozenset(
    {
        "p",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "ul",
        "ol",
        "li",
        "blockquote",
        "div",
        "section",
        "table",
        "tr",
        "td",
        "th",
        "thead",
        "tbody",
    }
)
_LISTS = frozenset({"ul", "ol"})
_SKIPPED_KINDS = re.compile(
    r"(?i)^(?:script|style|meta|noscript|iframe|svg|button|form|figure|figcaption|aside|nav)$"
    r"|image|photo|picture|video|audio|gallery|embed|newsletter|related|promo|advert|caption|credit|interstitial|social|breadcrumb"
)
_HEADING_KIND = re.compile(r"(?i)(?:sub_?)?(?:heading|header|head|headline|title)(?:[-_ ]?([1-6]))?$")


def _kind(one: dict[str, Any]) -> str | None:
    """Return the element *one* stands for, ``""`` when it states none, ``None`` when it is no text of the story."""
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
        if "paragraph" in name:
            stated = "p"
        elif re.search(r"list[-_ ]?item", name):
            stated = "li"
        elif re.search(r"quote", name):
            stated = "blockquote"
        elif re.search(r"(?:^|[^a-z])list$|ordered|bullet", name):
            stated = "ol" if re.search(r"(?<!un)(?<!un[-_])ordered", name) else "ul"
        elif "link" in name:
            stated = "a"
        elif heading := _HEADING_KIND.search(name):
            level = heading[1] or str(one.get("level") or 2)
            stated = f"h{level}" if level in {"1", "2", "3", "4", "5", "6"} else "h2"
    return stated


class _Renderer:
    """Writes the parts of a list as HTML; their text stands under one key."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.out: list[str] = []
        self.parts = MAX_PARTS
        self.chars = MAX_MARKUP_CHARS

    def write(self, value: Any, tag: str, depth: int, name: str) -> None:
        """Write *value*, which stands in element *tag*, ``""`` for none."""
        self.parts -= 1
        if self.parts < 0 or self.chars < 0 or depth > MAX_DEPTH:
            return
        if isinstance(value, str):
            if name == self.key:
                self._text(value, tag)
        elif isinstance(value, list):
            if len(value) == 4 and value[0] == "$":
                # An element of React on its way: its name, its key, its properties.
                if isinstance(value[1], str) and isinstance(value[3], dict):
                    self._part({**value[3], "tag": value[1]}, tag, depth)
                return
            for one in value:
                self.write(one, tag, depth + 1, name)
        elif isinstance(value, dict):
            self._part(value, tag, depth)

    def _text(self, value: str, tag: str) -> None:
        self.chars -= len(value)
        if tag in _LISTS:
            self.out.append(f"<li>{as_markup(value)}</li>")
        elif tag:
            self.out.append(value if _ELEMENT.search(value) else html.escape(plain(value)))
        else:
            self.out.append(as_markup(value))

    def _part(self, one: dict[str, Any], tag: str, depth: int) -> None:
        kind = _kind(one)
        if kind is None:
            return
        if tag in _LISTS and kind in {"", "p"}:
            kind = "li"
        own = one.get(self.key)
        texts = (
            [(self.key, own)]
            if own
            else [
                (name, inner)
                for name, inner in one.items()
                if isinstance(inner, list | dict)
                and name not in {"attributes", "attribs", "attrs", "marks", "entities"}
            ]
        )
        if kind in _INLINE_TAGS:
            before = len(self.out)
            opening = f"<{kind}>"
            if kind == "a":
                opening = f'<a href="{html.escape(_address_in(one))}">'
            self.out.append(opening)
            for name, text in texts:
                self.write(text, tag or kind, depth + 1, name)
            if len(self.out) == before + 1:
                self.out.pop()
            else:
                self.out.append(f"</{kind}>")
            return
        if kind:
            self.out.append(f"<{kind}>")
        for name, text in texts:
            self.write(
                text,
                kind if kind not in {"div", "section", ""} else tag if kind == "" else "",
                depth + 1,
                name,
            )
        if kind:
            self.out.append(f"</{kind}>")


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
    """Return *run*, parts whose text stands under *key*, as HTML."""
    writer = _Renderer(key)
    writer.write(run, "", 0, key)
    return "".join(writer.out)
