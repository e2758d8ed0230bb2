"""Our cleaner as the benchmark runs it: page and address in, the scored fields out.

Every page of the data is given as an article, so the verdict of `classify` is computed and not obeyed; how often it is
right is measured on whole sites.
"""

from collections.abc import Sequence
from functools import partial

from benchmarks.extraction.tools import Extract, Output
from crawler.classify import classify
from crawler.cleaner.memory import remembered
from crawler.cleaner.reading import read
from crawler.items import Memory
from crawler.page import parse


def reader(pages: Sequence[tuple[bytes, str]]) -> Extract:
    """Return what reads *pages*, those of one site as bytes and address, with what a crawl would remember of them."""
    marks = [read(parse(html, url), link=None, captured=None).marks for html, url in pages]
    return partial(extract, memory=remembered(marks))


def extract(html: bytes, url: str, memory: Memory | None = None) -> Output:
    """Return what is scored of the page *html* at *url*, on a site of which *memory* is known."""
    page = parse(html, url)
    classify(page)
    cleaned = read(page, link=None, captured=None, memory=memory)
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
