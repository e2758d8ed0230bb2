"""The cleaner as an adapter of the extraction benchmark: page and address in, the scored fields out.

Every page of that benchmark is given as an article, so the verdict of `classify` is computed and not obeyed;
how often it is right is measured on whole sites.
"""

from typing import Any

from crawler.classify import classify
from crawler.cleaner.reading import read
from crawler.page import parse


def extract(html: bytes, url: str) -> dict[str, Any]:
    """Return what the benchmark scores of the page *html* at *url*."""
    page = parse(html, url)
    classify(page)
    cleaned = read(page, link=None, captured=None)
    article = cleaned.article
    text = "\n".join(cleaned.paragraphs)
    stated = cleaned.stated["description"]
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
