"""What the attributes of an element say of it, from its start tag as the parser serialises it.

They are asked for one at a time: most elements have many, of which one or two matter.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from crawler.cleaner.blocks import HEADINGS, WITHIN, captions
from crawler.cleaner.words import junk_name

_UNDISPLAYED = ("display:none", "visibility:hidden")

# HTML's own spaces alone part names: a no-break space is a letter of them.
_ATTRIBUTE = re.compile(r' (=?[^ \t\n\f\r>="]++)="([^"]*+)"')
MAX_CACHED_CHARS = 400
MAX_ROWS, MAX_COLUMNS = 1_000, 100
"""That one cell takes; a page may ask for a hundred million."""


class Traits(NamedTuple):
    """What the tag of an element and its attributes say; the fields are those of `Box`."""

    names: str
    label: str
    junk: str | None
    hidden: bool
    start: str | None
    within: int
    captioned: bool
    spans: tuple[int, int]


def traits_of(tag: str, raw: str) -> Traits:
    """Return what a *tag* with the attributes *raw*, as written, says; pages repeat themselves, and each other."""
    return _known_traits(tag, raw) if len(raw) <= MAX_CACHED_CHARS else _read_traits(tag, raw)


def _read_traits(tag: str, raw: str) -> Traits:
    classes, name = value(raw, "class") or "", value(raw, "id") or ""
    names = f"{classes} {name}".strip()
    if "&" in names:
        classes, names = plain(classes), plain(names)
    # The id of a heading is its own text ("final-comment-period"), and no name.
    named = classes if tag in HEADINGS else names
    return Traits(
        names,
        tag if tag in {"p", "li"} else f"{tag}.{names}",
        junk_name(named) if named else None,
        is_hidden(raw),
        value(raw, "start") if tag == "ol" else None,
        WITHIN.get(tag, 0),
        captions(tag, names),
        (_span(raw, "rowspan", MAX_ROWS), _span(raw, "colspan", MAX_COLUMNS))
        if tag in {"td", "th"}
        else (1, 1),
    )


def _span(raw: str, name: str, most: int) -> int:
    """Return how many rows or columns the attribute *name* asks for; a ``rowspan`` of 0 is all that are left."""
    asked = (value(raw, name) or "1").strip()
    if not (asked.isascii() and asked.isdigit()):
        return 1
    if not asked.strip("0"):
        return most if name == "rowspan" else 1
    return most if len(asked) > 6 else min(int(asked), most)


_known_traits = lru_cache(maxsize=20_000)(_read_traits)


def value(raw: str, name: str) -> str | None:
    """Return the value of the attribute *name* among *raw* as it is written, which has no quotation mark inside."""
    start = f' {name}="'
    at, inside, counted = raw.find(start), False, 0
    while at >= 0:
        # It may also be how the value of another ends.
        inside ^= raw.count('"', counted, at) % 2 == 1
        if not inside:
            at += len(start)
            return raw[at : raw.index('"', at)]
        counted, at = at, raw.find(start, at + 1)
    return None


def attributes(raw: str) -> dict[str, str]:
    """Return all attributes *raw* with their values as they are meant."""
    return {name: plain(value) for name, value in _ATTRIBUTE.findall(raw)}


def is_hidden(raw: str) -> bool:
    """Whether an element with the attributes *raw* is not displayed."""
    if ' hidden="' in raw and value(raw, "hidden") not in {None, "until-found"}:
        return True
    if ' style="' not in raw:
        return False
    style = (value(raw, "style") or "").replace(" ", "").lower()
    return any(one in style for one in _UNDISPLAYED)


def plain(text: str) -> str:
    """Return *text* as it is meant; the serialisation of HTML writes no other entities."""
    if "&" not in text:
        return text
    return (
        text.replace("&nbsp;", "\xa0")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", '"')
        .replace("&amp;", "&")
    )
