"""The tools people use today, each as its documentation says for the page of one article.

Each function imports its tool, which is installed in another environment than the project, and returns what is measured.
Wherever a tool can give text and metadata in one call, it is asked for both.
"""
# ruff: noqa: PLC0415

import re

from benchmarks.extraction.tools import Extract, Output

_BLOCKS = (
    "address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figcaption", "figure", "footer", "h1", "h2",
    "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol", "p", "pre", "section", "table", "td", "th", "tr", "ul",
)  # fmt: skip
_TAG_SEPARATOR = re.compile(r"[,;]")


def trafilatura_default() -> Extract:
    """Return trafilatura as it is without options."""
    return _trafilatura()


def trafilatura_fast() -> Extract:
    """Return trafilatura without its fallbacks."""
    return _trafilatura(fast=True)


def trafilatura_precision() -> Extract:
    """Return trafilatura when it rather drops than keeps."""
    return _trafilatura(favor_precision=True)


def _trafilatura(**options: bool) -> Extract:
    from trafilatura import bare_extraction

    def extract(html: bytes, url: str) -> Output:
        found = bare_extraction(html, url=url, include_comments=False, with_metadata=True, **options)
        if found is None:
            return {}
        return {
            "title": found.title,
            "authors": _parts(found.author, ";"),
            "published": found.date,
            # A list that holds several tags in one string; whoever uses it has to split them.
            "topics": [
                part for tag in found.tags or () for part in _parts(_TAG_SEPARATOR.sub(",", tag), ",")
            ],
            "text": found.text,
        }

    return extract


def readability_lxml() -> Extract:
    """Return readability-lxml, which gives a title and the text as HTML."""
    from readability import Document

    def extract(html: bytes, _url: str) -> Output:
        document = Document(html.decode("utf-8", "replace"))
        return {"title": document.short_title(), "text": _text(document.summary(html_partial=True))}

    return extract


def newspaper4k() -> Extract:
    """Return newspaper4k, which asks for no images."""
    from newspaper import Article, Config

    config = Config()
    config.fetch_images = False
    config.memorize_articles = False

    def extract(html: bytes, url: str) -> Output:
        article = Article(url, config=config)
        article.download(input_html=html.decode("utf-8", "replace"))
        article.parse()
        when = article.publish_date
        return {
            "title": article.title,
            "authors": list(article.authors),
            "published": when.isoformat() if hasattr(when, "isoformat") else when,
            "topics": list(article.tags or article.meta_keywords or ()),
            "text": article.text,
        }

    return extract


def resiliparse() -> Extract:
    """Return resiliparse's text of the main content."""
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.encoding import bytes_to_str, detect_encoding
    from resiliparse.parse.html import HTMLTree

    def extract(html: bytes, _url: str) -> Output:
        tree = HTMLTree.parse(bytes_to_str(html, detect_encoding(html)))
        text = extract_plain_text(tree, main_content=True, alt_texts=False, list_bullets=False)
        return {"title": tree.title, "text": text}

    return extract


def _parts(text: str | None, separator: str) -> list[str]:
    return [part.strip() for part in (text or "").split(separator) if part.strip()]


def _text(fragment: str) -> str:
    """Return the text of the HTML *fragment*, a block a line."""
    from lxml import html

    if not fragment.strip():
        return ""
    root = html.fromstring(fragment)
    for element in root.iter("script", "style", "noscript"):
        element.text = None
    for element in root.iter(*_BLOCKS):
        element.text = f"\n{element.text or ''}"
        element.tail = f"\n{element.tail or ''}"
    lines = (" ".join(line.split()) for line in root.text_content().split("\n"))
    return "\n".join(line for line in lines if line)
