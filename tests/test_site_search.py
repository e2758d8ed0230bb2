"""The browser answers every query as a brute-force search over the same articles does."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import log
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from crawler.corpus import Corpus
from crawler.items import Article
from site_builder import search as index_module
from site_builder.build import build
from site_builder.catalog import calendar_day
from site_builder.markdown import render, text
from site_builder.search import Document, distances, index, length_class
from site_builder.words import Clause, Sought, numbers, parse, words
from tests.browser import complaints, launched
from tests.site_corpus import article, put

VOCABULARY = (
    "harbour harbours harbor boat boats fish pier rare earth earths trade trades tradewind Café Straße İzmir "
    "稀土 出口 新规 港口 المدينة ميناء 2025 12 u.s. a an the of новости ёлка".split()
)
WEIGHTS = (5, 2, 1)


def made_up(count: int) -> list[Article]:
    chance = random.Random(11)

    def some(least: int, most: int) -> str:
        return " ".join(chance.choices(VOCABULARY, k=chance.randint(least, most)))

    return [
        article(
            n,
            title=f"{some(2, 6)} {n}",
            description=some(0, 9) or None,
            date=None if n % 11 == 0 else f"2025-{1 + n % 9:02}-{1 + n % 28:02}",
            body="\n\n".join(some(1, 40) for _ in range(chance.randint(1, 3))),
            keywords=tuple(chance.sample(["Boats", "Fish", "稀土", "Trade <b>"], chance.randint(0, 3))),
            section=chance.choice([None, "News", "Sport"]),
            authors=tuple(chance.sample(["Ann Lee", "Jon Adler", "سلمى"], chance.randint(0, 2))),
            language=chance.choice(["en", "zh", "ar", None]),
            **(
                {"site": "b.example", "url": f"https://b.example/{n}", "publisher": "B & Sons"}
                if n % 3 == 0
                else {}
            ),
        )
        for n in range(count)
    ]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("search")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index_module, "TERM_SHARD_CHARS", 400)  # many shards from few words
        put(folder, *made_up(80))
        build(folder)
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as found:
        yield found


@pytest.fixture
def page(browser: Browser, archive: Path) -> Iterator[Page]:
    with browser.new_context() as context:
        page = context.new_page()
        found = complaints(page)
        page.goto(f"file://{archive}/site/search.html")
        yield page
        assert found == []


@dataclass(frozen=True)
class Oracle:
    """Search by looking at every article, with the ranking written down once more."""

    articles: list[Article]
    """Newest first."""

    @cached_property
    def all_fields(self) -> dict[str, list[list[str]]]:
        return {
            one.id: [words(one.title), words(one.description or ""), words(text(render(one.body)))]
            for one in self.articles
        }

    def fields(self, one: Article) -> list[list[str]]:
        return self.all_fields[one.id]

    def fits(self, one: Article, item: Sought, place: list[str], at: int) -> bool:
        return at < len(place) and (
            place[at].startswith(item.word) if item.prefix else place[at] == item.word
        )

    def occurs(self, one: Article, clause: Clause) -> bool:
        return any(
            all(self.fits(one, item, place, at + step) for step, item in enumerate(clause.items))
            for place in self.fields(one)
            for at in range(len(place))
        )

    def weight(self, one: Article, item: Sought) -> float:
        """Return the weighted frequency of *item*, with the counts in title and description held at three."""
        body = self.fields(one)[2]
        lengths = [len(self.fields(other)[2]) for other in self.articles]
        evened = 0.25 + 0.75 * round(2 ** (length_class(len(body)) / 4)) / (sum(lengths) / len(lengths))
        sums = [0.0, 0.0, 0.0]
        for number, place in enumerate(self.fields(one)):
            for word in {
                word for word in place if word == item.word or (item.prefix and word.startswith(item.word))
            }:
                count = place.count(word) if number == 2 else min(3, place.count(word))
                sums[number] += count * (1 if word == item.word else 0.5)
        return WEIGHTS[0] * sums[0] + WEIGHTS[1] * sums[1] + sums[2] / evened

    def score(self, one: Article, clauses: list[Clause]) -> float:
        score = 0.0
        for clause in clauses:
            for item in clause.items if not clause.negated else ():
                count = sum(self.occurs(other, Clause((item,), negated=False)) for other in self.articles)
                rare = log(1 + (len(self.articles) - count + 0.5) / (count + 0.5))
                often = self.weight(one, item)
                score += rare * often * 2.2 / (1.2 + often)
        return score

    def search(self, query: str, **chosen: str) -> list[tuple[float, str]]:
        clauses = parse(query)
        found = []
        for one in self.articles:
            day = calendar_day(one.date)
            if any(self.occurs(one, clause) == clause.negated for clause in clauses):
                continue
            if ("from" in chosen or "to" in chosen) and not day:
                continue
            if not chosen.get("from", "") <= (day or "") <= chosen.get("to", "9"):
                continue
            values = {
                "site": (one.publisher,),
                "section": (one.section,),
                "author": one.authors,
                "language": (one.language,),
            }
            if any(name in chosen and chosen[name] not in of for name, of in values.items()):
                continue
            found.append((self.score(one, clauses), one.title))
        return found


@pytest.fixture(scope="module")
def oracle(archive: Path) -> Oracle:
    corpus = Corpus(archive)
    articles = [corpus.read(file.stem) for file in corpus.scan()]
    articles.sort(key=lambda one: (one.date or "", one.id), reverse=True)
    return Oracle(articles)


def answers(page: Page, query: str, **chosen: str) -> list[tuple[float, str]]:
    """Return score and title of what the page's own script finds, in its order."""
    state = {"q": query, "order": "relevance", "from": "", "to": ""}
    state |= {name: [] for name in ("site", "section", "topic", "author", "language")}
    state |= {name: value if name in {"from", "to", "order"} else [value] for name, value in chosen.items()}
    return [
        tuple(found)
        for found in page.evaluate(
            """async (state) => {
              const found = await pressmarkSearch.search(state);
              if (!found) return [];
              const rows = [];
              for (const id of found.ids) {
                const segment = await pressmarkSearch.load("manifest");
                const shard = await pressmarkSearch.load(`${segment.segment}/d-${Math.floor(id / segment.shardSize)}`);
                rows.push([found.scores.get(id), shard[id % segment.shardSize][0]]);
              }
              return rows;
            }""",
            state,
        )
    ]


QUERIES = [
    "harbour", "harbour ", "harb", "rare earth", '"rare earth"', '"rare earth" -boat', "-boat", "cafe", "STRASSE ", "strasse",
    "izmir", "稀土", "稀", "稀土 出口", "港口", '"出口 新规"', "المدينة ", "u.s. ", "u.s.", "2025 12 ", "новости елка", "zzz", "boat zzz",
    '"boat fish" "pier rare"', "the of a ", "tradew", "h", "12", '-"rare earth" earth',
]  # fmt: skip


@pytest.mark.parametrize("query", QUERIES)
def test_every_query_is_answered_as_by_brute_force(page: Page, oracle: Oracle, query: str):
    expected = {title: score for score, title in oracle.search(query)}
    found = answers(page, query)
    assert sorted(title for _, title in found) == sorted(expected)
    for score, title in found:
        assert score == pytest.approx(expected[title]), title
    assert [round(score, 9) for score, _ in found] == sorted(
        (round(score, 9) for score, _ in found), reverse=True
    )


@pytest.mark.parametrize(
    "chosen",
    [
        {"site": "B & Sons"},
        {"section": "Sport"},
        {"author": "سلمى"},
        {"language": "zh", "site": "The News"},
        {"from": "2025-03-05"},
        {"to": "2025-03-05"},
        {"from": "2025-02-01", "to": "2025-04-30", "section": "News"},
    ],
)
@pytest.mark.parametrize("query", ["", "boat "])
def test_filters_leave_what_brute_force_leaves(
    page: Page, oracle: Oracle, query: str, chosen: dict[str, str]
):
    expected = sorted(title for _, title in oracle.search(query, **chosen))
    assert expected or query
    assert sorted(title for _, title in answers(page, query, **chosen)) == expected


def test_counts_of_a_filter_say_what_choosing_it_gives(page: Page):
    state = {
        "q": "boat",
        "order": "relevance",
        "from": "",
        "to": "",
        "site": ["B & Sons"],
        "section": [],
        "topic": [],
        "author": [],
        "language": [],
    }
    counts = page.evaluate("async (state) => (await pressmarkSearch.search(state)).counts", state)
    for name, values in counts.items():
        for value, count in values:
            chosen = {"site": "B & Sons"} | {name: value}
            assert len(answers(page, "boat", **chosen)) == count, (name, value)


@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_order_by_date_puts_the_undated_last(page: Page, oracle: Oracle, order: str):
    titles = [title for _, title in answers(page, "boat ", order=order)]
    days = {one.title: calendar_day(one.date) for one in oracle.articles}
    dated = [days[title] for title in titles if days[title]]
    assert dated == sorted(dated, reverse=order == "newest")
    assert all(days[title] is None for title in titles[len(dated) :])
    assert len(dated) < len(titles)


def test_a_first_query_loads_little(browser: Browser, archive: Path):
    build(archive, full=True)  # with shards of the size that ships
    with browser.new_context() as context:
        page = context.new_page()
        loaded: list[str] = []
        page.on("request", lambda request: loaded.append(request.url) if "/search/" in request.url else None)
        page.goto(f"file://{archive}/site/search.html")
        assert loaded == []  # nothing before a word is typed
        page.fill("#q", "harbour")
        page.wait_for_selector("#hits li")
        names = {Path(url).name.partition("-")[0] for url in loaded}
        assert "p" not in names  # positions are for phrases
        assert sum((Path(url.removeprefix("file://"))).stat().st_size for url in loaded) < 60_000


def shown(number: int, **fields: str) -> Document:
    values = {
        "title": f"T{number}",
        "description": "",
        "body": "",
        "path": f"p{number}",
        "day": None,
        "language": None,
        **fields,
    }
    return Document(facets=dict.fromkeys(index_module.FACETS, ()), **values)


def test_the_segment_is_named_by_its_content():
    one, same, other = (index([shown(1, body=body)]) for body in ("a b", "a b", "a c"))
    assert one == same
    assert one.keys() != other.keys()


def test_of_a_very_frequent_word_the_newest_are_kept_and_all_counted(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(index_module, "POSTINGS_KEPT", 3)
    files = index([shown(n, body="often") for n in range(10)])
    shard = next(data.decode() for path, data in files.items() if path.endswith("/t-0.js"))
    line = next(
        line
        for line in json.loads(shard.partition(",")[2].removesuffix(")\n")).split("\n")
        if line.startswith("often")
    )
    _, count, postings = line.split()
    assert numbers(count) == [10]
    assert len(postings) == 6  # three times a distance and the fields


def test_an_index_of_nothing_has_a_manifest():
    assert any(path == "search/manifest.js" for path in index([]))


def test_distances_are_between_neighbours():
    assert numbers(distances([0, 1, 5, 100])) == [0, 0, 3, 94]
