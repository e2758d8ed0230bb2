"""Related links: headlines that lead somewhere, and no dates, authors, teasers or legal lines around them."""

import pytest

from crawler.cleaner import read_article
from crawler.cleaner.related import MIN_UNLINKED
from crawler.page import parse
from tests.test_cleaner_story import STORY, URL, article, page, paragraphs

HERE = "https://harbour.example"
HEADLINES = (
    "Why the old tram may have to stop in the spring",
    "The port authority looks for forty new captains",
    "Thousands walk over the bridge for the last time",
)


def related(*parts: str) -> list[tuple[str, str | None]]:
    """Return text and address of the related links of a page whose article holds *parts*."""
    found = read_article(parse(page(article(*parts)), URL)).article.links
    return [(link.text, link.url) for link in found if link.rel == "related"]


def under(markup: str) -> list[tuple[str, str | None]]:
    return related(paragraphs(*STORY), f"<section><h3>Related articles</h3>{markup}</section>")


def listed(*texts: str) -> str:
    return "".join(f"<div class=card>{text}</div>" for text in texts)


def test_of_a_card_only_its_headline_is_related() -> None:
    cards = "".join(
        f"<div><a href=/2025/02/0{at}/story>{text}</a><p>John Poe, staff writer</p><span>November 5, 2024, 10:38</span>"
        "<p>The tram is old, and nobody wants to pay for it now.</p></div>"
        for at, text in enumerate(HEADLINES, 1)
    )
    assert under(cards) == [(text, f"{HERE}/2025/02/0{at}/story") for at, text in enumerate(HEADLINES, 1)]


@pytest.mark.parametrize("heading", ["h3", "div"])
def test_the_headline_of_a_card_is_not_what_stands_above_it(heading: str) -> None:
    link = "<a href=/2025/02/01/tram>"
    card = (
        f"<div>{link}Trams and buses</a></div><{heading}>{link}{HEADLINES[0]}</a></{heading}>"
        f"<div>{link}The tram is old, and it breaks down on each hill of the city, and nobody wants to pay for it now.</a></div>"
    )
    assert under(card) == [(HEADLINES[0], f"{HERE}/2025/02/01/tram")]


def test_headlines_of_a_list_without_links_are_related() -> None:
    items = [f"<li><a href='#'>{text}</a>" for text in HEADLINES]
    assert under(f"<ul>{''.join(items)}</ul>") == [(text, None) for text in HEADLINES]
    others = ("05. November 2024", "By Jane Roe", "The tram is old, and nobody pays.", "Sign up for our newsletter",
              "© 2025 The Harbour Times. All rights reserved")  # fmt: skip
    assert under(listed(*HEADLINES, *others)) == [(text, None) for text in HEADLINES]
    assert under(listed(*HEADLINES[: MIN_UNLINKED - 1])) == []


@pytest.mark.parametrize(
    "text",
    [
        "05. November 2024",
        "By Jane Roe",
        "Terms Of Service",
        "Do Not Sell My Personal Information",
        "Privacy and cookie policy",
        "Your Privacy Choices",
        "Datenschutzerklärung",
        "Mentions légales",
        "Sign up for the weekly newsletter",
        "© 2025 The Harbour Times. All rights reserved.",
        "CLICK HERE TO GET THE HARBOUR APP",
    ],
)
def test_what_stands_on_every_page_is_no_headline(text: str) -> None:
    linked = f"<p><a href=/2025/02/01/tram>{HEADLINES[0]}</a></p><p><a href=/x/y>{text}</a></p>"
    assert under(linked) == [(HEADLINES[0], f"{HERE}/2025/02/01/tram")]


@pytest.mark.parametrize(
    "address", ["/author/john-poe", "/thema/john-poe/", "/all-about/john-poe", "/category/x/john-poe"]
)
def test_who_wrote_a_related_article_and_of_what_is_none(address: str) -> None:
    link = f"<a href={address}>{{}}</a>"
    assert under(link.format("John Edgar Poe")) == []
    assert under(link.format(HEADLINES[0])) == [(HEADLINES[0], f"{HERE}{address}")]


@pytest.mark.parametrize(
    "text",
    [
        "Privacy law passes the senate after a long night",
        "Copyrights of dead singers are sold again",
        "Terms of peace are set out by the mayor",
        "Cookies and cakes are what the city lives on",
        "About us and the others: what the census says",
        "Copyright law is to be changed in the spring",
        "Don't sell your house before the bridge is closed",
        "Signs of life are seen in the old harbour",
    ],
)
def test_a_headline_may_open_as_a_legal_line_does(text: str) -> None:
    assert under(f"<p><a href=/2025/02/01/x>{text}</a></p>") == [(text, f"{HERE}/2025/02/01/x")]


def test_a_button_that_leads_nowhere_heads_nothing() -> None:
    button = '<a class="readmore" href="#">Read more</a>'
    assert related(paragraphs(*STORY), button) == []
    rest = "".join(f"<div><a href=/tags/{at}>{text}</a></div>" for at, text in enumerate(HEADLINES))
    assert related(paragraphs(*STORY), button, rest) == []


@pytest.mark.parametrize(
    "line",
    [
        '<p><a href="/2025/02/02/tax">{}</a></p>',
        '<p><strong><a href="/2025/02/02/tax">{}</a></strong></p>',
        '<div><h4><a href="/2025/02/02/tax">{}</a></h4></div>',
    ],
)
def test_a_paragraph_that_is_one_link_to_another_article_is_related(line: str) -> None:
    text = "How the city's property tax works, and who pays it"
    parts = (paragraphs(*STORY[:3]), line.format(text), paragraphs(*STORY[3:]))
    assert related(*parts) == [(text, f"{HERE}/2025/02/02/tax")]
    assert read_article(parse(page(article(*parts)), URL)).paragraphs == STORY


@pytest.mark.parametrize(
    "line",
    [
        "<p><a href=https://elsewhere.example/2025/02/02/tax>How the city's property tax works, and who pays it</a></p>",
        "<p><a href=#tax>How the city's property tax works, and who pays it</a></p>",
        "<p><a href=/politics>City hall</a></p>",
        "<div class=newsletter><p><a href=/letters>The harbour in your mailbox on each morning</a></p></div>",
        "<p><a href=/app>Click here to get the Harbour Times app</a></p>",
        f"<p><a href={URL}>How the city's property tax works, and who pays it</a></p>",
    ],
)
def test_other_links_between_paragraphs_are_not_related(line: str) -> None:
    assert related(paragraphs(*STORY[:3]), line, paragraphs(*STORY[3:])) == []
