"""The way in: bytes or a parsed page → an article, or the reason why it is none."""

from dataclasses import dataclass
from datetime import datetime

from crawler import classify as classification  # by module: classify imports the cleaner's story
from crawler.cleaner.reading import Cleaned, read
from crawler.cleaner.walk import passed_by
from crawler.items import Article, Kind, Link, Memory
from crawler.page import Page, parse


class NotAnArticle(Exception):
    """The page holds no article; the message is the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a page was cleaned as it was."""

    verdict: "classification.Verdict"
    cleaned: Cleaned | None
    """``None`` when the page is no article."""
    passed: tuple[tuple[str, str], ...] = ()
    """Elements that were not read at all, each by its tag and its text."""

    def lines(self) -> list[str]:
        """Return the explanation as lines for a person."""
        told = [f"kind: {self.verdict.kind}"]
        told += [f"  because {reason}" for reason in self.verdict.reasons]
        if self.cleaned is None:
            return told
        for name, stated in self.cleaned.stated.items():
            for at, (value, source) in enumerate(stated):
                told.append(f"{name}: {value}  [{source}]" if at == 0 else f"  not {value}  [{source}]")
        told += [f"notice, {notice.fact}: {notice.text}" for notice in self.cleaned.notices]
        told += [f"dropped, {one.reason}: {one.block.text[:160]}" for one in self.cleaned.dropped]
        told += [f"not read, in <{tag}>: {text[:160]}" for tag, text in self.passed]
        return told


def clean(
    html: bytes,
    url: str,
    *,
    link: Link | None = None,
    memory: Memory | None = None,
    content_type: str | None = None,
    captured: datetime | None = None,
) -> Article:
    """Return the article in *html*, the page at *url*.

    Args:
        html: The page as it came, content codings undone.
        url: Address of the response.
        link: The link that led there, with what its listing said.
        memory: What recurs on the site's pages.
        content_type: The HTTP header, for its charset.
        captured: When the page was fetched; a date after it is not believed.

    Raises:
        NotAnArticle: The page is a listing, a wall or something else; the message says why.
    """
    return clean_page(
        parse(html, url, content_type=content_type), link=link, memory=memory, captured=captured
    )


def clean_page(
    page: Page, *, link: Link | None = None, memory: Memory | None = None, captured: datetime | None = None
) -> Article:
    """Return the article of *page*, parsed already; raises `NotAnArticle` as `clean` does."""
    return read_article(page, link=link, memory=memory, captured=captured).article


def read_article(
    page: Page, *, link: Link | None = None, memory: Memory | None = None, captured: datetime | None = None
) -> Cleaned:
    """Return the article of *page* with the notices and blocks dropped; raises `NotAnArticle` as `clean` does."""
    verdict = classification.classify(page, link)
    if verdict.kind is not Kind.ARTICLE:
        raise NotAnArticle(f"{verdict.kind}: {'; '.join(verdict.reasons)}")
    return read(page, link=link, memory=memory, captured=captured)


def explain(
    page: Page, *, link: Link | None = None, memory: Memory | None = None, captured: datetime | None = None
) -> Explanation:
    """Return why *page* is what it is, and which source won each field and why each block fell."""
    verdict = classification.classify(page, link)
    cleaned = (
        read(page, link=link, memory=memory, captured=captured) if verdict.kind is Kind.ARTICLE else None
    )
    return Explanation(verdict=verdict, cleaned=cleaned, passed=tuple(passed_by(page)))
