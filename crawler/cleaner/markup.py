"""The body of a page as its tags and texts, with what careless pages leave open read as it was meant."""

import html
import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from selectolax.lexbor import LexborNode

from crawler.page import Page, parse

# As they are serialised. A name is what it is: publishers leave a stray quote there.
_ATTRIBUTES = r'(?: =?[^ \t\n\f\r=>]*+="[^"]*+")*+'
# These hold no markup, though it may look so.
_OPAQUE = "script style iframe noembed noframes textarea title".split()
# What these hold is written as it stands, so that what looks like the end of a drawing may be none.
_WRITTEN_RAW = "!--|style|script|xmp|iframe|noembed|noframes|plaintext"
# A tag and the text after it. A comment, a drawing, and an element that is opaque count as no tag. They are passed over from
# "<" to "<": ".*?" would try the end at every letter of a script.
_TAG_AND_TEXT = re.compile(
    "<(?:"
    + "|".join(rf"{tag}(?=[ >]){_ATTRIBUTES}>[^<]*+(?:<(?!/{tag}>)[^<]*+)*+</{tag}>" for tag in _OPAQUE)
    + rf"|!--.*?-->|svg{_ATTRIBUTES}>[^<]*+(?:<(?!/?svg[ >]|{_WRITTEN_RAW})[^ >]++{_ATTRIBUTES}>[^<]*+)*+</svg>"
    + rf"|([^ \t\n\f\r>]++)({_ATTRIBUTES})>)([^<]*+)",
    re.DOTALL,
)
MAX_LISTED_CHARS = 2_000_000
# What these hold is text, and written as it stands.
_LITERALS = ("xmp", "plaintext")
_LITERAL = re.compile(rf"<({'|'.join(_LITERALS)})>(.*?)(?:</\1>|\Z)", re.DOTALL)

MIN_SWALLOWED = 3
"""Paragraphs in an element that shows none: it was only left open, and swallowed the story after it."""
# Nobody puts paragraphs into these, or else they show them.
_HOLDS_NONE = "button object canvas audio video select datalist progress meter applet".split()
# These may hold some, unless they follow other paragraphs and reach to the end of what holds those.
_MAY_HOLD_SOME = ("dialog", "noscript", "nav", "menu")
_SWALLOWING = f":is({', '.join(_HOLDS_NONE)}, p ~ :is({', '.join(_MAY_HOLD_SOME)}):last-child)"
# What these hold is no markup to a parser, or stands apart.
_RAW = ("textarea", "iframe", "style", "title", "noembed", "noframes", "template")
# A button that opens its answer is a question, and no page says of which level.
_ASKS = ("?", "？", "؟")
# One in the "h1" opens the menu of the site.
_TITLED = ("h2", "h3", "h4", "h5", "h6", "summary")
# By what ends it: lexbor finds a descendant of ":is(…)" only sometimes.
_PERHAPS_AMISS = ", ".join(
    (
        f"p:is({', '.join(f'{tag} p' for tag in _HOLDS_NONE)}, {', '.join(f'{tag} > p' for tag in _MAY_HOLD_SOME)})",
        f"button:is({', '.join(f'{tag} > button' for tag in _TITLED)}, [aria-expanded])",
        *_RAW,
        *_LITERALS,
    )
)
MAX_MENDED = 200
"""Elements of a page: more are as many as an attacker likes."""
MAX_OPENED = 4
"""How often text that is markup may stand in such text."""
_PARAGRAPH = re.compile(r"<p[\s>]")
_START = re.compile(rf"<[^ >]++{_ATTRIBUTES}>")


def tags_and_texts(page: Page) -> Iterable[tuple[str, str, str]]:
    """Return the body of *page* as its tags, each with its attributes as written and the text that follows it.

    The parser's own serialisation is well formed whatever the page was, but for what it writes as it stands, and reading
    it takes a fifth of the time of asking for node after node.
    """
    markup = _mended(page, MAX_OPENED)
    if len(markup) <= MAX_LISTED_CHARS:
        return _TAG_AND_TEXT.findall(markup)
    return ((found[1] or "", found[2] or "", found[3]) for found in _TAG_AND_TEXT.finditer(markup))


def _mended(page: Page, left: int) -> str:
    """Return the body of *page* as it was meant; text that is markup is opened *left* times."""
    markup = (page.tree.body or page.root).html or ""
    amiss = [(node.tag or "", node) for node in page.tree.css(_PERHAPS_AMISS)]
    tags = [tag for tag, _ in amiss]
    swallowed = tags.count("p") >= MIN_SWALLOWED
    mends = chain(_swallowing(page) if swallowed else (), _mends(page, amiss, left))
    for said, meant in islice(mends, MAX_MENDED):
        markup = markup.replace(said, meant, 1)
    if swallowed:
        for tag in _HOLDS_NONE:
            if len(page.tree.css(f"{tag} p")) >= MIN_SWALLOWED:
                markup = re.sub(rf"<(/?){tag}(?=[ >])", r"<\1div", markup)
    if not set(_LITERALS).isdisjoint(tags):
        markup = _LITERAL.sub(lambda found: _literal(found[2], page, left), markup)
    return markup


def _swallowing(page: Page) -> Iterator[tuple[str, str]]:
    """Yield the elements of *page* that were only left open, and what they hold, without the others of the kind in it."""
    opened: set[int] = set()
    for node in page.tree.css(_SWALLOWING):
        if node.mem_id not in opened and len(node.css("p")) >= MIN_SWALLOWED:
            opened.update(inner.mem_id for inner in node.css(node.tag or ""))
            yield _html(node), re.sub(rf"</?{node.tag}{_ATTRIBUTES}>", "", _inside(node))


def _mends(page: Page, amiss: list[tuple[str, LexborNode]], left: int) -> Iterator[tuple[str, str]]:
    """Yield what stands in the body of *page* at those of the nodes *amiss*, each with its tag, that are, and what was meant."""
    for tag, node in amiss:
        if tag == "button":
            titled, text = node.parent, node.text().strip()
            if titled is not None and titled.tag in _TITLED:
                if titled.text().strip() == text:
                    yield _html(titled), _html(titled).replace(_html(node), _inside(node))
            elif text.endswith(_ASKS):
                yield _html(node), f"<h3>{_inside(node)}</h3>"
        elif tag == "template":
            if _holds_story(_html(node)) and _is_last(node) and _follows_paragraph(node):
                yield _html(node), _inside(node)
        elif tag in _RAW and left and _is_left_open(node, text := node.text()):
            yield _html(node), _opened(text, page, left)


def _is_left_open(node: LexborNode, text: str) -> bool:
    """Whether *node* swallowed *text*: it ends where the page does, or where another of its kind was to."""
    return _holds_story(text) and (_is_last(node) or f"<{node.tag}" in text)


def _is_last(node: LexborNode) -> bool:
    """Whether *node* ends with the body."""
    one: LexborNode | None = node
    while one is not None and one.tag != "body":
        if one.next is not None:
            return False
        one = one.parent
    return one is not None


def _follows_paragraph(node: LexborNode) -> bool:
    """Whether *node* stands in a paragraph or after one."""
    if node.parent is not None and node.parent.tag == "p":
        return True
    before = node.prev
    while before is not None and before.tag != "p":
        before = before.prev
    return before is not None


def _holds_story(text: str) -> bool:
    return text.count("<p") >= MIN_SWALLOWED <= len(_PARAGRAPH.findall(text))


def _opened(text: str, page: Page, left: int) -> str:
    """Return *text*, of *page*, as the markup it is."""
    inner = parse(text.encode("utf-8", "ignore"), page.base, content_type="text/html; charset=utf-8")
    return _mended(inner, left - 1)


def _literal(text: str, page: Page, left: int) -> str:
    """Return *text*, which shows as it stands, as an element whose text cannot be taken for markup, unless it tells a story."""
    if left and _holds_story(text):
        return _opened(text, page, left)
    return f"<pre>{html.escape(text, quote=False)}</pre>"


def _html(node: LexborNode) -> str:
    return node.html or ""


def _inside(node: LexborNode) -> str:
    """Return the markup in *node*; of a template, selectolax has none."""
    whole = _html(node)
    start = _START.match(whole)
    return whole[start.end() : whole.rindex("</")] if start else ""
