"""The cleaner as an adapter of the extraction benchmark: page and address in, the scored fields out."""

from typing import Any

from crawler.cleaner import NotAnArticle, read_article
from crawler.cleaner.reading import plain_text
from crawler.page import parse


def extract(html: bytes, url: str) -> dict[str, Any]:
    """Return what the benchmark scores of the page *html* at *url*; ``{}`` when it is no article."""
    try:
        cleaned = read_article(parse(html, url))
    except NotAnArticle:
        return {}
    article = cleaned.article
    text = plain_text(article.body)
    stated = cleaned.stated.get("description") or [("", "")]
    if article.description and stated[0][1] == "standfirst":
        # The truth's body opens with the standfirst where the page prints one.
        text = f"{article.description}\n{text}"
    return {
        "title": article.title,
        "authors": list(article.authors),
        "published": article.date,
        "topics": list(article.keywords),
        "text": text,
    }
