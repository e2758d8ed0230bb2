"""Our cleaner as the benchmark runs it: page and address in, the scored fields out.

Every page of the data is given as an article, so the verdict of `classify` is computed and not obeyed; how often it is
right is measured on whole sites.
"""

from collections.abc import Sequence

from benchmarks.extraction.tools import Extract, Output
from crawler.classify import classify
from crawler.cleaner.reading import read
from crawler.page import parse


def reader(_pages: Sequence[tuple[bytes, str]]) -> Extract:
    """Return what reads the pages of one site, given all of them, without their truth, as bytes and address.

    Here goes what a crawler knows of a site before it cleans a page.
    """
    return extract


def extract(html: bytes, url: str) -> Output:
    """Return what is scored of the page *html* at *url*."""
    page = parse(html, url)
    classify(page)
    cleaned = read(page, link=None, captured=None)
    article = cleaned.article
    text = "\n".join(cleaned.paragraphs)
    if article.description and cleaned.stated["description"][0][1] == "standfirst":
        # The truth's body opens with the standfirst where the page prints one.
        text = f"{article.description}\n{text}"
    return {
        "title": article.title,
        "authors": list(article.authors),
        "published": article.date,
        "topics": list(article.keywords),
        "text": text,
    }
