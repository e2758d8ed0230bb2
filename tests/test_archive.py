"""The archive of the crawled newspapers, opened as a reader opens it: by double click and over http."""

import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit
from xml.etree import ElementTree

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from crawler.corpus import Corpus
from tests.browser import complaints, launched, served
from tests.conftest import ROOT, environment, pressmark, tree
from tests.newspaper import paper
from tests.newspaper.serve import Newspaper

Kept = tuple[Newspaper, Path]


class _Links(HTMLParser):
    """Collects where a page leads and the anchors it has."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.ids.add(values.get("id") or "")
        for name in ("href", "src", "action"):
            if values.get(name):
                self.links.append(values[name] or "")


def read(path: Path) -> _Links:
    parser = _Links()
    parser.feed(path.read_text(encoding="utf-8"))
    return parser


def test_every_internal_link_leads_to_a_page_and_an_anchor(kept: Kept) -> None:
    site = kept[1] / "site"
    pages = {path.resolve(): read(path) for path in site.rglob("*.html")}
    assert len(pages) > 150
    dead = []
    for path, page in pages.items():
        for link in page.links:
            if urlsplit(link).scheme or link.startswith("//") or path.name == "404.html":
                continue
            address, anchor = urldefrag(urljoin(path.as_uri(), link))
            target = Path(unquote(urlsplit(address).path))
            if not target.is_file() or (
                anchor
                and not anchor.startswith("hl=")
                and target in pages
                and anchor not in pages[target].ids
            ):
                dead.append((str(path), link))
    assert dead == []


def test_no_page_asks_another_server_for_anything(kept: Kept) -> None:
    for path in (kept[1] / "site").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert "Content-Security-Policy" in text
        assert "<script>" not in text
        assert 'src="http' not in text


def test_every_article_has_its_page_at_the_corpus_files_own_path(kept: Kept) -> None:
    archive = kept[1]
    for file in Corpus(archive).scan():
        assert (archive / "site" / "articles" / f"{file.stem}.html").is_file()


def test_related_links_lead_to_what_is_held(kept: Kept) -> None:
    archive = kept[1]
    [stem] = [f.stem for f in Corpus(archive).scan() if "us-secures-key" in f.stem]
    page = archive / "site" / "articles" / f"{stem}.html"
    text = page.read_text(encoding="utf-8")
    assert "49 links, 5 held here" in text
    inside = {link for link in read(page).links if "chinas-micro-drama" in link and not urlsplit(link).scheme}
    assert inside


def test_the_feed_is_atom_with_the_newest_articles(kept: Kept) -> None:
    feed = ElementTree.parse(kept[1] / "site" / "feed.xml").getroot()
    atom = "{http://www.w3.org/2005/Atom}"
    assert feed.tag == f"{atom}feed"
    entries = feed.findall(f"{atom}entry")
    assert 0 < len(entries) <= 50
    assert all(
        entry.find(f"{atom}id") is not None and entry.find(f"{atom}updated") is not None for entry in entries
    )


def test_a_second_build_writes_nothing(kept: Kept) -> None:
    archive = kept[1]
    before = tree(archive / "site")
    done = pressmark("build", "--archive", archive, "--json")
    assert done.json["written"] == 0
    assert tree(archive / "site") == before


def test_a_full_build_gives_the_same_bytes(kept: Kept) -> None:
    archive = kept[1]
    before = tree(archive / "site")
    assert pressmark("build", "--archive", archive, "--full", "--json").json["written"] == len(before)
    assert tree(archive / "site") == before


def test_explain_says_what_a_page_is_made_of(kept: Kept) -> None:
    done = pressmark("build", "--archive", kept[1], "--explain", "index.html")
    assert done.code == 0
    assert "up to date" in done.out
    unknown = pressmark("build", "--archive", kept[1], "--explain", "nowhere.html")
    assert (unknown.code, unknown.out) == (1, "")
    assert "no page" in unknown.err


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as running:
        yield running


@pytest.fixture(params=["file", "http"])
def home(request: pytest.FixtureRequest, kept: Kept) -> Iterator[str]:
    """The address of the archive's front page, by double click and as `pressmark serve` serves it."""
    site = kept[1] / "site"
    if request.param == "file":
        yield site.as_uri() + "/"
    else:
        with served(site) as address:
            yield address


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    yield context
    context.close()


def test_a_reader_searches_opens_a_result_and_follows_a_topic(context: BrowserContext, home: str) -> None:
    page = context.new_page()
    found = complaints(page)
    page.goto(home + "index.html")
    page.locator("header input[type=search]").fill("rare earths")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?*")
    results = page.locator("#results li, #results article, .results li")
    expect(results.first).to_be_visible()
    expect(results.nth(4)).to_be_attached()
    expect(page.locator("mark").first).to_be_visible()
    page.get_by_role("link", name="Harrow Fell mine gets its permit").first.click()
    expect(page.locator("h1")).to_contain_text("Harrow Fell mine gets its permit")
    expect(page.locator("article mark").first).to_be_visible()
    page.get_by_role("link", name="Harrow Fell mine", exact=False).and_(page.locator("a.pill")).first.click()
    expect(page.locator("h1")).to_contain_text("Harrow Fell mine")
    page.go_back()
    page.go_back()
    expect(page.locator("input[type=search]:visible").last).to_have_value("rare earths")
    expect(results.first).to_be_visible()
    assert found == []


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("港口", "港"),
        ('"rare earths"', "Harrow Fell"),
        ("Disclaimer", None),
        ("zzyzx", None),
    ],
)
def test_search_finds_what_there_is(
    context: BrowserContext, home: str, query: str, title: str | None
) -> None:
    page = context.new_page()
    page.goto(home + "search.html")
    page.locator("main input[type=search]").fill(query)
    page.keyboard.press("Enter")
    status = page.locator("[aria-live]").first
    if title is None:
        expect(status).to_contain_text("No")
    else:
        expect(page.locator("main a", has_text=title).first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(browser: Browser, kept: Kept, scheme: str) -> None:
    site = kept[1] / "site"
    corpus = Corpus(kept[1])
    stems = {(corpus.read(file.stem).language or "en")[:2]: file.stem for file in corpus.scan()}
    pages = [
        "index.html",
        "search.html?q=harbour",
        "about.html",
        "topics/index.html",
        "topics/rare-earths/index.html",
    ]
    pages += [f"articles/{stem}.html" for stem in stems.values()]
    pages += [str(path.relative_to(site)) for path in sorted(site.glob("dates/2025/10/index.html"))]
    context = browser.new_context(color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    for name in pages:
        found = complaints(page)
        page.goto(f"{site.as_uri()}/{name}")
        if "search" in name:
            page.wait_for_selector("#hits li")
        assert found == []  # before axe, which asks for style sheets in ways a page on file:// may not
        results = Axe().run(page)
        assert results.violations_count == 0, (name, results.generate_report())
    context.close()


@pytest.mark.parametrize(
    "name", ["index.html", "search.html?q=harbour", "topics/rare-earths/index.html", "ARTICLE"]
)
def test_nothing_is_wider_than_a_small_phone(browser: Browser, kept: Kept, name: str) -> None:
    site = kept[1] / "site"
    if name == "ARTICLE":
        name = str(next(site.rglob("*us-secures-key*.html")).relative_to(site))
    context = browser.new_context(viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto(f"{site.as_uri()}/{name}")
    if "search" in name:
        page.wait_for_selector("#hits li")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    context.close()


def test_everything_can_be_read_without_scripts(browser: Browser, kept: Kept) -> None:
    site = kept[1] / "site"
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((site / "index.html").as_uri())
    page.get_by_role("link", name="Topics").first.click()
    page.get_by_role("link", name="rare earths").first.click()
    page.get_by_role("link", name="Harrow Fell mine gets its permit").first.click()
    expect(page.locator("article")).to_contain_text("Mining Inspectorate")
    page.goto((site / "search.html").as_uri())
    expect(page.locator("main")).to_contain_text("opics")
    context.close()


def test_a_script_in_an_article_does_not_run(browser: Browser, tmp_path: Path) -> None:
    """The whole way, from a hostile page to the reader's browser."""
    vector = (
        "<!doctype html><title>A hostile page</title><meta property=og:type content=article><article>"
        "<h1>A hostile page &lt;img src=x onerror=alert(1)&gt;</h1><p>By Jane Roe, 3 October 2025</p>"
        + "<p>The council met on Tuesday &lt;script&gt;alert(2)&lt;/script&gt; and said nothing of it to anybody at all, "
        "<a href='javascript:alert(3)'>as usual</a>, while [a](javascript:alert(4)) stood in the minutes.</p>"
        * 4
        + "<p><svg onload=alert(5)></svg><img src=x onerror=alert(6)> The meeting ended late in the evening.</p></article>"
    )
    saved = tmp_path / "page.html"
    saved.write_text(vector)
    done = pressmark("clean", saved, "--url", "https://news.example/2025/10/03/a-hostile-page")
    assert done.code == 0, done.err
    path = tmp_path / "archive/corpus/news.example/2025/10/03-a-hostile-page-0123456789ab.md"
    path.parent.mkdir(parents=True)
    path.write_text(done.out)
    assert pressmark("build", "--archive", tmp_path / "archive").code == 0
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    for built in (tmp_path / "archive" / "site").rglob("*.html"):
        page.goto(built.as_uri())
    page.goto((tmp_path / "archive/site/search.html").as_uri() + "?q=hostile")
    page.wait_for_selector("#hits li")
    assert dialogs == []
    context.close()


def test_serve_serves_the_archive_and_its_own_404(kept: Kept, browser: Browser) -> None:
    with subprocess.Popen(
        [sys.executable, str(ROOT / "pressmark.py"), "serve", "--port", "0", "--archive", str(kept[1])],
        env=environment() | {"PYTHONUNBUFFERED": "1"}, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            address = process.stdout.readline().split()[0]
            page: Page = browser.new_page()
            assert page.goto(address) is not None
            expect(page.locator("h1")).to_be_visible()
            answer = page.goto(f"{address}no/such/page.html")
            assert answer is not None
            assert answer.status == 404
            expect(page.locator("h1")).to_be_visible()
            page.close()
        finally:
            process.terminate()


def test_serve_without_an_archive_says_what_to_do(tmp_path: Path) -> None:
    done = pressmark("serve", "--archive", tmp_path)
    assert done.code == 2
    assert "pressmark build" in done.err


def test_search_from_the_terminal(kept: Kept, tmp_path: Path) -> None:
    done = pressmark("search", '"RARE-EARTH" malaysia', "--archive", kept[1])
    assert done.code == 1
    done = pressmark("search", '"rare earth" malaysia', "--archive", kept[1])
    assert done.code == 0
    assert "U.S. Secures Key Southeast Asia" in done.out
    assert pressmark("search", "nvidia", "--archive", kept[1]).code == 1
    assert pressmark("search", "anything", "--archive", tmp_path).code == 1
    for command in (("search", "x"), ("build",), ("export", "jsonl")):
        done = pressmark(*command, "--archive", tmp_path / "mistyped")
        assert done.code == 2
        assert "no such archive" in done.err


def test_clean_prints_the_article_or_the_reason(tmp_path: Path) -> None:
    with Newspaper() as newspaper:
        page = paper.render(1, newspaper.origin)[paper.CHANGED].body
    url = f"https://lantern.example{paper.CHANGED}"
    done = pressmark("clean", "-", "--url", url, stdin=page)
    assert done.code == 0
    assert done.out.startswith("---\ntitle: ")
    record = pressmark("clean", "-", "--url", url, "--json", stdin=page).json
    assert record["title"] == paper.truth()[paper.CHANGED]["title"]
    assert record["links"]
    told = pressmark("clean", "-", "--url", url, "--explain", stdin=page).out
    assert "kind: article" in told
    assert "dropped" in told
    future = page.replace(b'"datePublished": "2025', b'"datePublished": "2099')
    assert future != page
    record = pressmark("clean", "-", "--url", url, "--json", stdin=future).json
    assert not str(record["date"]).startswith("2099")
    assert "captured" not in record
    assert "2099" not in pressmark("clean", "-", "--url", url, "--explain", stdin=future).out
    done = pressmark(
        "clean",
        "-",
        "--url",
        "https://lantern.example/404",
        stdin=b"<title>Page not found</title><h1>404</h1>",
    )
    assert done.code == 1
    assert "no article" in done.err
    assert pressmark("clean", tmp_path / "absent.html", "--url", url).code == 2
    assert pressmark("clean", "-", "--url", "nonsense", stdin=page).code == 2
