"""One HTML page, parsed once: its tree, what it declares of itself, and nothing judged yet."""

import html
import json
import re
from collections.abc import Callable, Hashable, Iterator
from functools import cached_property, lru_cache
from typing import Any, TypeVar, cast
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.encoding import decoded
from crawler.salvage import salvaged

# lexbor has no cap and is quadratic in depth: 200,000 nested divs take 106 s, and these 60 ms.
MAX_NESTING = 512
MAX_TAGS_AS_THEY_ARE = 6_000
MAX_JSON_LD_ITEMS = 500
MAX_JSON_LD_DEPTH = 12
MAX_META_VALUES = 200

# Elements whose end tag HTML lets one leave out: they close each other and do not nest by themselves.
_SELF_CLOSING = frozenset(
    b"area base br col embed hr img input link meta param source track wbr p li dt dd td th tr option optgroup thead tbody "
    b"tfoot colgroup rp rt html head body".split()
)
_RAW_TEXT = "script|style|textarea|title|xmp|noembed|noframes"
_INLINE = frozenset(
    b"a abbr b bdi bdo big cite code em font i mark q s small span strike strong sub sup tt u".split()
)
# Elements of HTML end a drawing, even one that was only left open, and their end tags in it end what is around it:
# https://html.spec.whatwg.org/multipage/parsing.html#parsing-main-inforeign
_NOT_DRAWN = (
    "b|big|blockquote|body|br|center|code|dd|div|dl|dt|em|embed|h[1-6]|head|hr|i|img|li|listing|menu|meta|nobr|ol|p|pre|ruby"
    "|s|small|span|strong|strike|sub|sup|table|tt|u|ul|var|font|html|template|article|section|main|header|footer|nav|aside"
    "|form|button|select|object|noscript|figure|td|tr|th"
)
_COMMENT = r"!--(?:-?>|[^-]*+(?:-(?!->)[^-]*+)*+(?:-->|\Z))"
_DRAWN = rf"[^<]*+(?:<(?:{_COMMENT}|(?!/?(?:svg|{_NOT_DRAWN})[\s/>]))[^<]*+)*+"
_SVG, _SVG_ENDS = r"svg(?=[\s/>])[^<>]*+", r"</svg\s*+>"
_DRAWING = rf"{_SVG}(?:(?<=/)>|>{_DRAWN}(?:<{_SVG}>{_DRAWN}{_SVG_ENDS}{_DRAWN})*+{_SVG_ENDS})"
_TAG = re.compile(
    rf"<(?:({_DRAWING})|({_RAW_TEXT})(?=[\s/>])[^<]*+(?:<(?!/\2[\s/>])[^<]*+)*+|{_COMMENT}|([a-z][^\s/>]*+)|/([a-z][^\s/>]*+))".encode()
)
_IS_DRAWING, _OPENS, _CLOSES = 1, 3, 4
_PLAIN_ADDRESS = re.compile(r"https?://[a-z0-9.-]+(?:/[\w./%-]*)?(?:[?#][^\s<>\"]*)?", re.ASCII)
# What `urljoin` only puts behind the origin: no dot segments, parameters, or marks with nothing after them.
_PLAIN_PATH = re.compile(
    r"/(?!/)(?:[\w%~+,:@!$&'()*=-]++|(?<!/)\.|/)*+(?:\?[\w./%~+,:@!$&'()*=-]+)?(?:#[\w./%-]+)?", re.ASCII
)
_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*")

JsonObject = dict[str, Any]
Value = TypeVar("Value")


class Page:
    """A parsed page. Make it with `parse`."""

    def __init__(self, url: str, markup: str, encoding: str) -> None:
        self.url = url
        """Address of the response."""
        self.encoding = encoding
        """Python's name of the encoding the bytes were read with."""
        self.tree = LexborHTMLParser(markup)
        self.kept: dict[Hashable, object] = {}
        """What later steps computed of this page and share."""

    @cached_property
    def root(self) -> LexborNode:
        """The ``html`` element."""
        root = self.tree.root
        assert root is not None
        return root

    @cached_property
    def _declaring(self) -> list[LexborNode]:
        """The elements that declare something; each selector alone takes a walk over the page."""
        return self.tree.css("base[href], meta[content], link[rel][href], script[type]")

    @cached_property
    def _links(self) -> list[LexborNode]:
        return [node for node in self._declaring if node.tag == "link"]

    @cached_property
    def base(self) -> str:
        """Address that relative links of the page are joined to."""
        node = next((node for node in self._declaring if node.tag == "base"), None)
        return join(self.url, node.attributes.get("href")) or self.url if node else self.url

    @cached_property
    def meta(self) -> dict[str, list[str]]:
        """Contents of ``meta`` elements in page order, by name, property, itemprop or http-equiv in lower case."""
        found: dict[str, list[str]] = {}
        for node in self._declaring:
            if node.tag != "meta":
                continue
            attributes = node.attributes
            content = _clean(attributes.get("content"))
            if not content:
                continue
            for kind in ("property", "name", "itemprop", "http-equiv"):
                for name in (attributes.get(kind) or "").lower().split():
                    values = found.setdefault(name, [])
                    if len(values) < MAX_META_VALUES:
                        values.append(content)
        return found

    @cached_property
    def json_ld(self) -> list[JsonObject]:
        """Objects of the page's JSON-LD in page order, each before the objects inside it."""
        found: list[JsonObject] = []
        for node in self._declaring:
            if node.tag == "script" and "ld+json" in (node.attributes.get("type") or "").lower():
                for value in _json_values(node.text(deep=True)):
                    found.extend(_objects(value, 0))
                    if len(found) > MAX_JSON_LD_ITEMS:
                        return found[:MAX_JSON_LD_ITEMS]
        return found

    @cached_property
    def canonical(self) -> str | None:
        """Absolute address the page claims as its own."""
        for node in self._links:
            if "canonical" in (node.attributes.get("rel") or "").lower().split():
                return join(self.base, node.attributes.get("href"))
        return None

    @cached_property
    def language(self) -> str | None:
        """What ``<html lang>`` states."""
        attributes = self.root.attributes
        stated = (attributes.get("lang") or attributes.get("xml:lang") or "").strip()
        found = _LANGUAGE.fullmatch(stated)
        return stated if found else None

    @cached_property
    def title(self) -> str | None:
        """Text of the ``title`` element, on one line."""
        node = self.tree.css_first("head > title") or self.tree.css_first("title")
        return _clean(node.text(deep=True)) or None if node else None

    @cached_property
    def feeds(self) -> tuple[tuple[str, str], ...]:
        """Feeds the page advertises: absolute address and title (may be empty)."""
        found: dict[str, str] = {}
        for node in self._links:
            attributes = node.attributes
            kind = (attributes.get("type") or "").partition(";")[0].strip().lower()
            if kind not in _FEED_TYPES or "alternate" not in (attributes.get("rel") or "").lower().split():
                continue
            if address := join(self.base, attributes.get("href")):
                found.setdefault(address, _clean(attributes.get("title")))
        return tuple(found.items())

    def first_meta(self, *names: str) -> str | None:
        """Return the first content of the first of *names* that the page has."""
        return next((self.meta[name][0] for name in names if name in self.meta), None)

    def once(self, compute: Callable[["Page"], Value]) -> Value:
        """Return *compute* of this page, computed on the first call only."""
        if compute not in self.kept:
            self.kept[compute] = compute(self)
        return cast("Value", self.kept[compute])


def parse(body: bytes, url: str, *, content_type: str | None = None) -> Page:
    """Parse *body*, the page at *url*; *content_type* is the HTTP header, which outranks what the page says."""
    encoding, markup = decoded(flatten(body), content_type)
    return Page(url, markup.replace("\x00", "\ufffd"), encoding)


def join(base: str, address: str | None) -> str | None:
    """Return *address* made absolute by *base*, or ``None`` when that gives no http(s) address."""
    if not address:
        return None
    address = address.strip()
    if _PLAIN_ADDRESS.fullmatch(address):
        return address
    if _PLAIN_PATH.fullmatch(address) and (origin := _origin(base)):
        return origin + address
    try:
        absolute = urljoin(base, re.sub(r"[\t\r\n]", "", address))
        parts = urlsplit(absolute)
    except ValueError:
        return None
    return absolute if parts.scheme in {"http", "https"} and parts.netloc else None


@lru_cache(maxsize=64)
def _origin(base: str) -> str | None:
    """Return scheme and host of *base*, or ``None`` when it has not both."""
    try:
        parts = urlsplit(base)
    except ValueError:
        return None
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in {"http", "https"} and parts.netloc else None


def flatten(body: bytes) -> bytes:
    """Return *body* without the start tags that nest deeper than `MAX_NESTING`, whose text stays, and without drawings.

    Those go since their elements are many, close themselves, and say nothing. A page of no more than
    `MAX_TAGS_AS_THEY_ARE` stays as it is, for it parses in no time however deep it nests; the walk makes no box below. Emphasis
    left open, which each paragraph after it opens anew, may still make millions of elements: that is for the limits of the
    process that reads.
    """
    if body.count(b"<") <= MAX_TAGS_AS_THEY_ARE:
        return body
    markup = body.lower()
    spans: list[tuple[int, int, bytes]] = []
    still_open: dict[bytes, int] = {}
    depth = 0
    for found in _TAG.finditer(markup):
        kind = found.lastindex
        if kind == _OPENS:
            name = found[_OPENS]
            if name in _SELF_CLOSING:
                continue
            if depth < MAX_NESTING:
                still_open[name] = still_open.get(name, 0) + 1
                depth += 1
            else:
                end = markup.find(b">", found.start()) + 1 or len(body)
                spans.append((found.start(), end, b"" if name in _INLINE else b"<br>"))
        elif kind == _CLOSES:
            name = found[_CLOSES]
            if still_open.get(name):
                still_open[name] -= 1
                depth -= 1
        elif kind == _IS_DRAWING:
            spans.append((*found.span(), b""))
    if not spans:
        return body
    pieces, at = [], 0
    for start, end, instead in spans:
        pieces += [body[at:start], instead]
        at = max(at, end)
    pieces.append(body[at:])
    return b"".join(pieces)


def _clean(value: str | None) -> str:
    return " ".join(html.unescape(value).split()) if value else ""


def _limited_int(digits: str) -> int:
    return int(digits) if len(digits) < 19 else 0


_JSON = json.JSONDecoder(strict=False, parse_int=_limited_int)
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
_ESCAPED_QUOTE = re.compile(r"[\[{\s]*&quot;")
_JSON_WRAPPING = re.compile(r"^\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[|/\*.{0,40}?\*/)\s*", re.DOTALL)


def _json_values(text: str) -> Iterator[Any]:
    """Yield the values of a JSON-LD script, mending what publishers commonly break."""
    text = _JSON_WRAPPING.sub("", text)
    at, end = 0, len(text)
    mended = False
    while at < end:
        while at < end and text[at] not in "[{":
            at += 1
        if at >= end:
            return
        try:
            value, at = _JSON.raw_decode(text, at)
        except (ValueError, RecursionError):
            if mended:
                value = salvaged(text, at)
                for one in _objects(value, 0):
                    # A long text is where quotes go astray, and the page shows it.
                    one.pop("articleBody", None)
                yield value
                return
            mended = True
            escaped = _ESCAPED_QUOTE.match(text, at) is not None
            text = _TRAILING_COMMA.sub(r"\1", html.unescape(text) if escaped else text)
            text = re.sub(r"[\x00-\x1f]+", " ", text)[at:]
            at, end = 0, len(text)
            continue
        yield value


def _objects(value: Any, depth: int) -> Iterator[JsonObject]:
    if depth > MAX_JSON_LD_DEPTH:
        return
    if isinstance(value, list):
        for one in value:
            yield from _objects(one, depth + 1)
    elif isinstance(value, dict):
        yield value
        for inner in value.values():
            if isinstance(inner, dict | list):
                yield from _objects(inner, depth + 1)
