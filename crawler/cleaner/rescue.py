"""The story out of a script, when the page itself shows none or far less."""

import html
import re

from crawler.cleaner.body import Body
from crawler.cleaner.declared import article_object
from crawler.cleaner.text import tidy, weight
from crawler.page import Page

_BREAK = re.compile(r"(?i)<\s*(?:br|/?p|/?div|/?li|/?h\d)\b[^>]{0,300}>|\r?\n")
_TAG = re.compile(r"<[^>]{0,500}>")
MIN_RESCUE_CHARS = 250


def declared_paragraphs(page: Page) -> list[str]:
    """Return the paragraphs of the JSON-LD ``articleBody``."""
    article = article_object(page)
    value = article.get("articleBody") if article is not None else None
    if isinstance(value, list):
        value = "\n".join(one for one in value if isinstance(one, str))
    if not isinstance(value, str):
        return []
    text = html.unescape(value) if "&" in value else value
    parts = _BREAK.split(text)
    lines = (tidy(_TAG.sub(" ", part)) for part in parts)
    return [line for line in lines if line]


def rescued(page: Page, body: Body) -> tuple[str, ...]:
    """Return the story's paragraphs out of the page's scripts when *body* holds less than half of them."""
    paragraphs = declared_paragraphs(page)
    chars = sum(weight(one) for one in paragraphs)
    if chars < MIN_RESCUE_CHARS or body.chars * 2 > chars:
        return ()
    return tuple(paragraphs)
