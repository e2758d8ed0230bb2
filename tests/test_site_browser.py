"""What a reader meets in a real browser: by double click and over http, in light and dark, with and without a mouse."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from site_builder.build import build
from tests.browser import complaints, launched, served
from tests.site_corpus import GOLDEN_SETTINGS, article, golden_archive, put

SITE_PAGES = {
    "home": "index.html",
    "article": "articles/harbour.example/2025/10/*.html",
    "right to left": "articles/mina.example/2025/10/*.html",
    "hostile": "articles/hostile.example/undated/*.html",
    "topic": "topics/rare-earths/index.html",
    "topics": "topics/index.html",
    "volume": "topics/harbours/2025-11.html",
    "author": "authors/mira-holt/index.html",
    "section": "sections/harbour.example/local-news/index.html",
    "site": "sites/harbour.example/index.html",
    "sites": "sites/index.html",
    "day": "dates/2025/11/01.html",
    "month": "dates/2025/11/index.html",
    "year": "dates/2025/index.html",
    "days": "dates/index.html",
    "about": "about.html",
    "search": "search.html#q=harbour",
    "search without answer": "search.html#q=nothing+of+the+kind",
    "search page": "search.html",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    archive = golden_archive(tmp_path_factory.mktemp("browser"))
    put(
        archive,
        *(
            article(n, site="many.example", url=f"https://many.example/{n}", publisher="Many")
            for n in range(15)
        ),
    )
    build(archive, title=GOLDEN_SETTINGS["title"], page_size=2)
    return archive / "site"


@pytest.fixture(scope="module")
def http(site: Path) -> Iterator[str]:
    with served(site) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as found:
        yield found


@pytest.fixture(params=["file", "http"])
def address(request: pytest.FixtureRequest, site: Path, http: str) -> Callable[[str], str]:
    """How a page of `SITE_PAGES` is reached by double click and over http."""
    base = f"file://{site}/" if request.param == "file" else http

    def of(name: str) -> str:
        path, sign, state = SITE_PAGES.get(name, name).partition("#")
        found = next(site.glob(path)).relative_to(site).as_posix() if "*" in path else path
        return base + found + sign + state

    return of


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_context() as context:
        page = context.new_page()
        found = complaints(page)
        yield page
        assert found == []


@pytest.mark.parametrize("name", SITE_PAGES)
def test_axe_finds_nothing(browser: Browser, address: Callable[[str], str], name: str):
    with browser.new_context(bypass_csp=True, reduced_motion="reduce") as opened:
        page = opened.new_page()
        found = complaints(page)
        page.goto(address(name))
        if "#q=" in SITE_PAGES[name]:
            expect(page.locator("#count")).not_to_be_empty()
        page.evaluate("document.querySelectorAll('details').forEach((details) => (details.open = true))")
        assert found == []  # asked before axe runs, which itself tries what file:// does not allow
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            results = Axe().run(page)
            assert results.violations_count == 0, f"{scheme}: {results.generate_report()}"


@pytest.mark.parametrize("name", SITE_PAGES)
def test_nothing_scrolls_sideways_and_nothing_complains(page: Page, address: Callable[[str], str], name: str):
    page.goto(address(name))
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("bypass", [False, True])
def test_no_injected_script_runs(browser: Browser, site: Path, bypass: bool):
    with browser.new_context(bypass_csp=bypass) as opened:
        page = opened.new_page()
        for path in [
            *site.glob("articles/hostile.example/**/*.html"),
            *site.glob("**/index.html"),
            site / "about.html",
        ]:
            page.goto(f"file://{path}")
            assert page.evaluate("window.hacked") is None, path
        page.goto(f"file://{site}/search.html#q=script")
        page.wait_for_selector("#hits li")
        page.evaluate("document.querySelectorAll('details').forEach((details) => (details.open = true))")
        assert page.evaluate("window.hacked") is None
        assert page.locator("#hits a").first.text_content() == "</title><script>window.hacked=1</script>"


def test_searching_filtering_and_going_back(page: Page, address: Callable[[str], str]):
    page.goto(address("home"))
    page.fill("#q", "harbour")
    page.press("#q", "Enter")
    page.wait_for_selector("#hits li")
    assert page.locator("#count").text_content() == "17 articles"
    assert page.locator("#hits li").count() == 10
    assert page.locator("#hits mark").first.text_content().lower() == "harbour"
    page.click("#more")
    expect(page.locator("#hits li")).to_have_count(17)
    page.check("#facets input[value='The Harbour Post']")
    expect(page.locator("#count")).to_have_text("2 articles")
    assert "site=The+Harbour+Post" in page.url
    assert page.evaluate("document.activeElement.value") == "The Harbour Post"  # the focus stays
    page.go_back()
    expect(page.locator("#count")).to_have_text("17 articles")
    assert page.input_value("#q") == "harbour"
    page.fill("#from", "2025-11-01")
    expect(page.locator("#count")).to_have_text("1 article")
    page.click("#clear")
    expect(page.locator("#count")).to_have_text("17 articles")
    page.reload()
    expect(page.locator("#count")).to_have_text("17 articles")
    page.fill("#q", "稀土")
    expect(page.locator("#count")).to_have_text("1 article")
    assert page.locator("#count").get_attribute("aria-live") == "polite"


def test_filters_can_be_used_before_a_word_is_typed(page: Page, address: Callable[[str], str]):
    page.goto(address("search.html"))
    assert page.locator("#browse").is_visible()
    page.click("#filters summary")
    expect(page.locator("#hits li")).to_have_count(10)  # of all articles
    assert page.locator("#browse").is_hidden()
    page.check("#facets input[value='The Harbour Post']")
    expect(page.locator("#count")).to_have_text("2 articles")
    page.click("#clear")
    expect(page.locator("#facets input:checked")).to_have_count(0)
    page.click("#filters summary")
    expect(page.locator("#browse")).to_be_visible()
    expect(page.locator("#hits li")).to_have_count(0)


def test_what_is_typed_stays_while_the_filters_open(page: Page, address: Callable[[str], str]):
    page.goto(address("search.html"))
    page.evaluate(  # in one breath, before the word is taken up
        "document.querySelector('#q').value = 'harbour';"
        "document.querySelector('#q').dispatchEvent(new Event('input'));"
        "document.querySelector('#filters').open = true;"
    )
    expect(page.locator("#count")).to_have_text("17 articles")
    assert page.input_value("#q") == "harbour"


def test_emptied_the_search_stays_empty(page: Page, address: Callable[[str], str]):
    page.goto(address("search.html?q=harbour"))  # as the box on every other page asks
    expect(page.locator("#count")).to_have_text("17 articles")
    page.fill("#q", "")
    expect(page.locator("#count")).not_to_have_text("17 articles")
    page.reload()
    expect(page.locator("#browse")).to_be_visible()
    assert page.input_value("#q") == ""


def test_what_is_no_day_or_order_in_the_address_is_not_asked_for(browser: Browser, site: Path):
    with browser.new_context() as opened:
        page = opened.new_page()
        page.goto(f"file://{site}/search.html#q=harbour&from=2025-13-40&to=tomorrow&order=best")
        expect(page.locator("#count")).to_have_text("17 articles")
        assert page.input_value("#order") == "relevance"
        assert page.input_value("#from") == page.input_value("#to") == ""


def test_an_answer_leads_to_the_article_with_the_words_marked(page: Page, address: Callable[[str], str]):
    page.goto(address("search.html#q=%22nine+years%22+SOUP"))
    page.wait_for_selector("#hits li")
    page.click("#hits a")
    page.wait_for_selector("article mark")
    assert {text.lower() for text in page.locator("article mark").all_text_contents()} == {
        "nine",
        "years",
        "soup",
    }


def test_words_are_marked_whatever_their_case_and_marks(page: Page, address: Callable[[str], str]):
    page.goto(address("article") + "#hl=PIER+wait*")
    assert set(page.locator("article mark").all_text_contents()) == {"pier", "wait"}


def test_without_an_answer_the_page_helps_on(page: Page, address: Callable[[str], str]):
    page.goto(address("search without answer"))
    expect(page.locator("#count")).to_contain_text("No article fits")
    assert page.locator("#browse").is_visible()


def test_a_lost_index_is_said(browser: Browser, site: Path):
    with browser.new_context() as opened:
        page = opened.new_page()
        page.route("**/search/*/t-*.js", lambda route: route.abort())
        page.goto(f"file://{site}/search.html#q=harbour")
        expect(page.locator("#count")).to_contain_text("could not be read")


def test_the_keyboard_reaches_everything(page: Page, address: Callable[[str], str]):
    page.goto(address("home"))
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.type("jk?")
    assert page.input_value("#q") == "jk?"
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement === document.querySelector('a.head')")
    page.keyboard.press("o")
    page.wait_for_url("**/articles/**")
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.uncheck("#keys-on")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") != "q"
    page.reload()
    page.keyboard.press("?")
    assert not page.locator("#keys").is_visible()  # switched off, and remembered
    page.click("#show-keys")
    page.check("#keys-on")
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("t")
    page.wait_for_url("**/topics/index.html")
    page.keyboard.press("g")
    page.keyboard.press("s")
    page.wait_for_url("**/search.html")


def test_earlier_and_later_by_keyboard(page: Page, address: Callable[[str], str]):
    page.goto(address("article"))
    page.keyboard.press("j")
    page.wait_for_url("**/01-ferry-times*")
    page.keyboard.press("k")
    page.wait_for_url("**/31-town-opens*")


def test_the_theme_has_three_states_and_is_remembered(page: Page, address: Callable[[str], str]):
    page.goto(address("home"))
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(paper)
    page.click("#theme")
    dark = page.evaluate(paper)
    assert dark != light
    page.goto(address("article"))
    assert page.evaluate(paper) == dark
    page.click("#theme")
    assert page.evaluate(paper) == light
    page.click("#theme")
    assert page.locator("#theme").text_content() == "Theme: auto"


def test_the_filter_of_an_index_leaves_what_it_says(page: Page, address: Callable[[str], str]):
    page.goto(address("topics"))
    page.fill("#filter", "RARE")
    assert page.locator(".letter li:visible").all_text_contents() == ["Rare Earths 3"]
    assert page.locator("#filtered").text_content() == "1 left"


def test_targets_are_large_enough(page: Page, address: Callable[[str], str]):
    page.goto(address("home"))
    small = page.evaluate(
        """[...document.querySelectorAll('nav a, button:not([hidden]), .pill, .strip a, input')].filter((element) => {
          const { width, height } = element.getBoundingClientRect();
          return width && height && (width < 24 || height < 24);
        }).map((element) => element.outerHTML)"""
    )
    assert small == []


def test_without_javascript_there_are_ways_in(browser: Browser, site: Path):
    with browser.new_context(java_script_enabled=False) as opened:
        page = opened.new_page()
        page.goto(f"file://{site}/search.html")
        assert page.locator("noscript").count() == 1
        assert page.locator("#browse").is_visible()
        page.click("#browse a >> text=Harbours")
        page.click("a.head >> nth=0")
        assert page.locator("article h1").is_visible()
        assert page.locator("#theme").is_hidden()


def test_the_missing_page_has_its_style_at_any_depth(browser: Browser, site: Path, http: str):
    html = (site / "404.html").read_text()
    with browser.new_context() as opened:
        page = opened.new_page()
        found = complaints(page)
        page.route(
            "**/deep/down/nothing.html", lambda route: route.fulfill(body=html, content_type="text/html")
        )
        page.goto(f"{http}deep/down/nothing.html")
        page.click("main a >> text=front page")
        page.wait_for_url(f"{http}index.html")
        assert found == []


def test_print_shows_where_the_text_is_from(browser: Browser, site: Path):
    with browser.new_context() as opened:
        page = opened.new_page()
        page.goto(f"file://{next(site.glob(SITE_PAGES['article']))}")
        page.emulate_media(media="print")
        assert page.locator(".prov").is_visible()
        assert page.locator("header.top").is_hidden()
        assert page.locator(".pager").is_hidden()
