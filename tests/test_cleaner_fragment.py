"""Tables and images: a value stands in its column, a caption with its table or picture."""

import pytest

from crawler.cleaner import read_article
from crawler.cleaner.fragment import MAX_CELLS
from crawler.items import Article
from crawler.page import parse
from tests.test_cleaner_story import STORY, URL, article, page, paragraphs


def read(markup: str) -> Article:
    body = article(paragraphs(*STORY[:3]), markup, paragraphs(*STORY[3:]))
    return read_article(parse(page(body), URL)).article


def told(markup: str) -> str:
    """Return what is told of *markup* between the paragraphs of a story."""
    body = read(markup).body
    before, after = "\n\n".join(STORY[:3]), "\n\n".join(STORY[3:])
    assert body.startswith(before)
    assert body.endswith(after)
    return body[len(before) : -len(after)].strip()


HEAD = "<tr><th>District<th>Party<th>Seats"


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        (
            HEAD + "<tr><td rowspan=2>North<td>Left<td>12<tr><td>Right<td>9",
            ["| District | Party | Seats |", "| North | Left | 12 |", "| North | Right | 9 |"],
        ),
        (
            HEAD + "<tr><td>North<td>Left<td>12<tr><td colspan=2>All<td>12",
            ["| District | Party | Seats |", "| North | Left | 12 |", "| All |  | 12 |"],
        ),
        (
            "<tr><th rowspan=2>District<th colspan=2>Seats<tr><th>Left<th>Right<tr><td>North<td>12<td>9",
            ["| District | Seats |  |", "| District | Left | Right |", "| North | 12 | 9 |"],
        ),
        (
            HEAD + f"<tr><td>North<td rowspan=2>{STORY[0]}<td>12<tr><td>South<td>9",
            ["| District | Party | Seats |", f"| North | {STORY[0]} | 12 |", "| South |  | 9 |"],
        ),
        # Those of a group, and no more.
        (
            f"<thead>{HEAD}<tbody><tr><td rowspan=0>North<td>Left<td>12<tr><td>Right<td>9<tbody><tr><td>South<td>Left<td>3",
            [
                "| District | Party | Seats |",
                "| North | Left | 12 |",
                "| North | Right | 9 |",
                "| South | Left | 3 |",
            ],
        ),
        # Columns that no cell begins in are none.
        (
            HEAD + "<tr><td>North<td>Left<td>12<tr><td colspan=99999999 rowspan=99999999>No seats elsewhere",
            [
                "| District | Party | Seats |",
                "| North | Left | 12 |",
                "| No seats elsewhere |  |  |",
            ],
        ),
        (
            "<tr><th colspan=2>Year<th colspan=x>Cost<tr><td colspan=2>2024<td rowspan=-2>5",
            ["| Year | Cost |", "| 2024 | 5 |"],
        ),
    ],
)  # fmt: skip
def test_a_value_stands_in_its_column(rows: str, lines: list[str]) -> None:
    table = told(f"<table>{rows}</table>").split("\n")
    assert table[0] == lines[0]
    assert table[2:] == lines[1:]


def test_a_hostile_table_is_no_larger_than_its_text() -> None:
    cells = "<td rowspan=99999999 colspan=99999999>1" * 3
    body = read("<table>" + f"<tr>{cells}" * 2_000 + "</table>").body
    assert body.count("|") < 10 * 2_000
    wide = "<tr>" + "<td>" * 400 + "1" + "<tr><td>2<td>3" * (MAX_CELLS // 400)
    assert read(f"<table>{wide}</table>").body.count("|") < MAX_CELLS


def test_a_table_with_heads_may_hold_long_texts() -> None:
    long = " ".join(STORY[:5])
    rows = f"<tr><td>Bridge<td>{long}<tr><td>Ferry<td>Runs"
    assert f"| Bridge | {long} |" in told(f"<table><tr><th>What<th>Why{rows}</table>")
    assert f"| Bridge | {long} |" in told(f"<table>{rows.replace('<td>Bridge', '<th>Bridge')}</table>")
    assert "|" not in told(f"<table>{rows}</table>")
    assert "|" not in told(f"<table><tr><th>What<th>Why<tr><td>Bridge<td>{long * 4}</table>")


ROWS = "<tr><th>What<th>Cost<tr><td>Ferry<td>5"
TABLE = "| What | Cost |\n| --- | --- |\n| Ferry | 5 |"


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        (f"<table><caption>Costs, in <b>million</b> euros</caption>{ROWS}</table>", f"Costs, in **million** euros\n\n{TABLE}"),
        (f"<figure><figcaption>Costs in euros</figcaption><table>{ROWS}</table></figure>", f"Costs in euros\n\n{TABLE}"),
        (f"<figure><div><table>{ROWS}</table></div><figcaption>Source: the port</figcaption></figure>", f"{TABLE}\n\nSource: the port"),
        (f"<figure><figcaption>{STORY[0][:-1]}, it said.</figcaption><table>{ROWS}</table></figure>", f"{STORY[0][:-1]}, it said.\n\n{TABLE}"),
        (f"<table>{ROWS}</table>", TABLE),
    ],
)  # fmt: skip
def test_the_caption_of_a_table_stands_beside_it(markup: str, expected: str) -> None:
    assert told(markup) == expected


CAPTION = "Fishermen on the quay in 1950."
IMAGE = "<img src=/quay.jpg width=800>"
TITLED = f'![](https://harbour.example/quay.jpg "{CAPTION}")'


@pytest.mark.parametrize(
    "markup",
    [
        f"<figure>{IMAGE}<figcaption>{CAPTION}</figcaption></figure>",
        f"<figure><div><div><div><a href=/quay><picture>{IMAGE}</picture></a></div></div></div><figcaption>{CAPTION}</figcaption></figure>",
        f'<div class="wp-caption">{IMAGE}<p class="wp-caption-text">{CAPTION}</p></div>',
        f'<div class="image">{IMAGE}<p class="caption">{CAPTION}</p></div>',
        f'<div class="image"><div>{IMAGE}</div><div class="picture-caption"><p>{CAPTION}</p></div></div>',
    ],
)
def test_the_caption_of_an_image_is_what_is_named_so_beside_it(markup: str) -> None:
    one = read(markup)
    assert f"\n\n{TITLED}\n\n" in one.body
    assert one.body.count(CAPTION) == 1
    assert one.image_caption == CAPTION


def test_a_caption_is_of_one_image_and_of_no_text() -> None:
    two = f'<div>{IMAGE}<img src=/b.jpg width=800><p class="caption">{CAPTION}</p></div>'
    assert f'"{CAPTION}"' not in read(two).body
    text = f'<div>{IMAGE}<p>{STORY[0][:-1]}, it said.</p><p class="caption">{CAPTION}</p></div>'
    assert f'"{CAPTION}"' not in read(text).body
    author = f"<section class=byline><div class=caption>{IMAGE}<p>By Jane Roe</p></div></section>"
    assert read_article(parse(page(article(author, paragraphs(*STORY))), URL)).article.image_caption is None


def test_each_caption_of_a_gallery_is_printed_once() -> None:
    captions = [
        f"The fishermen of the old harbour stood on the quay on a cold morning in March {year} and waited for the ferry, which was late."
        for year in (1950, 1960, 1970, 1980, 1990)
    ]
    figures = "".join(
        f"<figure><img src=/{at}.jpg width=800><figcaption>{text}</figcaption></figure>"
        for at, text in enumerate(captions)
    )
    printed = [f'![](https://harbour.example/{at}.jpg "{text}")' for at, text in enumerate(captions)]
    one = read_article(parse(page(article(paragraphs(STORY[0]), figures)), URL)).article
    assert one.body.split("\n\n") == [STORY[0], *printed]
    assert told(f"<figure>{figures}</figure>").split("\n\n") == printed


def test_a_figure_around_everything_is_of_no_image() -> None:
    images = "".join(f"<img src=/{at}.jpg width=800><p>The boat {at}</p>" for at in range(2_000))
    assert "The boat 1 The boat 2" not in read(f"<figure>{images}</figure>").body


def test_a_story_in_a_figure_is_no_caption() -> None:
    long = " ".join(STORY[3:])
    figure = f"<figure>{IMAGE}<div><p>{long}</p></div></figure>"
    body = read_article(parse(page(article(paragraphs(*STORY[:3]), figure)), URL)).article.body
    assert f'"{long}"' not in body


PLACEHOLDER = "data:image/gif;base64,R0lGODlhAQABAAAAACw="


@pytest.mark.parametrize(
    ("image", "address"),
    [
        (f'<img src="{PLACEHOLDER}" data-srcset="/s.jpg 400w, /l.jpg 1200w, /m.jpg 800w">', "l.jpg"),
        (f'<img src="{PLACEHOLDER}" data-srcset="/s,1.jpg 1x,/l,1.jpg 2.5x,/m.jpg 2x">', "l,1.jpg"),
        (f'<img srcset="{PLACEHOLDER}" data-srcset="/s.jpg, /l.jpg 2x">', "l.jpg"),
        (f'<picture><source srcset="/s.webp 400w, /l.webp 800w"><source srcset="/other.jpg"><img src="{PLACEHOLDER}"></picture>', "l.webp"),
        (f'<picture><source media="(min-width: 9px)"><source data-srcset="/l.webp"><img src="{PLACEHOLDER}"></picture>', "l.webp"),
        ('<picture><source srcset="/l.webp"><img src="/own.jpg"></picture>', "own.jpg"),
        ('<picture><source srcset="/other.webp"><img src="/1.jpg" width=1></picture><img src="/own.jpg">', "own.jpg"),
    ],
)  # fmt: skip
def test_an_image_is_where_its_largest_candidate_is(image: str, address: str) -> None:
    one = read(f"<figure>{image}<figcaption>{CAPTION}</figcaption></figure>")
    assert f'\n\n![](https://harbour.example/{address} "{CAPTION}")\n\n' in one.body
    assert one.image_caption == CAPTION


def test_a_source_is_of_its_picture_alone() -> None:
    video = '<video><source srcset="/film.jpg" src="/film.mp4"></video><source srcset="/film.jpg">'
    one = read(
        f'{video}<picture><source srcset="/a.webp"></picture><picture><img src="{PLACEHOLDER}"></picture>'
    )
    assert "![" not in one.body
