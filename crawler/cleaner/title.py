"""The headline as printed, without the site's name; and the site's own name."""

import re
from collections.abc import Collection, Iterable
from urllib.parse import urlsplit

from crawler.cleaner.blocks import HEADINGS, Block, Layout
from crawler.cleaner.declared import article_object, by_id, line, names, types
from crawler.cleaner.text import field, fold, tidy, weight
from crawler.items import Link
from crawler.page import Page

_SEPARATOR = re.compile(
    r"\s+[|\-–—·•:»«›/~⁄]+\s+|\s*[|｜│ㅣ»«]\s*|\s*(?:::|—|－|_)\s*(?=\S{2,40}$)|\s+[-–—](?=\S)|\s*[:：]\s+"
)
_FEED_WORDS = re.compile(
    r"(?i)\b(?:rss|atom|feed|feeds|full|comments?|kommentare|json|all|entries|posts|articles|news|2\.0|1\.0)\b|[»|:·–—]|\s-\s"
)


MIN_HEADLINE_CHARS = 24

_HOME = frozenset(
    {
        "home",
        "startseite",
        "accueil",
        "inicio",
        "início",
        "главная",
        "首页",
        "ホーム",
        "홈",
        "skip to content",
    }
)


MAX_HEADINGS = 20
"""Of the first rank: a page has one, and few have more."""
MIN_PART = 0.4
"""Of a text: what is shorter is not the headline with something beside it."""


def publisher(page: Page, found: Layout) -> list[tuple[str, str]]:
    """Return what names the newspaper on *page*, each with its source, the best first."""
    known = page.kept.get(_publisher)
    if not isinstance(known, list):
        known = page.kept[_publisher] = _publisher(page, found)
    return known


def _publisher(page: Page, found: Layout) -> list[tuple[str, str]]:
    named: list[tuple[str, str]] = []

    def add(value: str | None, source: str) -> None:
        text = field(value or "")
        if text and len(text) <= 80 and not text.lower().startswith(("http:", "https:", "@")):
            named.append((text, source))

    article = article_object(page)
    if article is not None:
        for name, _ in names(article.get("publisher"), by_id(page))[:1]:
            add(name, "json-ld")
    add(page.first_meta("og:site_name"), "meta")
    for one in page.json_ld:
        if "WebSite" in types(one):
            add(line(one.get("name")), "json-ld")
            break
    add(page.first_meta("application-name", "apple-mobile-web-app-title", "dc.publisher"), "meta")
    for text in home_links(page, found):
        add(text, "masthead")
    for _, title in page.feeds:
        add(_FEED_WORDS.sub(" ", title).strip(), "feed")
    return named


def home_links(page: Page, found: Layout) -> list[str]:
    """Return the texts of links to the home page that stand at the head of *page*."""
    home = page.url.partition("://")[2].partition("/")[0].removeprefix("www.")
    texts: list[str] = []
    for block in found.blocks[:40]:
        for address, text in block.links:
            if home not in address or len(text) > 60:
                continue
            host, _, path = address.partition("://")[2].partition("/")
            if (
                host.removeprefix("www.") == home
                and path.partition("#")[0] in {"", "index.html", "index.php"}
                and fold(text) not in _HOME
            ):
                texts.append(text)
                if len(texts) == 3:
                    return texts
    return texts


def site_names(page: Page, found: Layout) -> set[str]:
    """Return every name of the site on *page*, folded."""
    return {fold(name) for name, _ in publisher(page, found)} - {""}


def strip_ends(title: str, ends: Collection[str]) -> str:
    """Return *title* without the last of its parts, as long as that is one of *ends*, which are folded."""
    while cuts := list(_SEPARATOR.finditer(title)):
        head, tail = title[: cuts[-1].start()], title[cuts[-1].end() :]
        if fold(tail) not in ends or not fold(head):
            break
        title = head.strip()
    return title


def strip_site(title: str, sites: Iterable[str], hostname: str) -> str:
    """Return *title* without the site's name before or after it."""
    sites = set(sites)
    squeezed_host = hostname.replace("www.", "").replace("-", "")
    while True:
        cuts = list(_SEPARATOR.finditer(title))
        if not cuts:
            return title
        first, last = cuts[0], cuts[-1]
        head, tail = title[: last.start()], title[last.end() :]
        if _names_site(last, tail, sites, squeezed_host) and fold(head):
            title = head.strip()
            continue
        head, tail = title[: first.start()], title[first.end() :]
        if _names_site(first, head, sites, squeezed_host) and fold(tail):
            title = tail.strip()
            continue
        return title


def _names_site(cut: re.Match[str], part: str, sites: set[str], squeezed_host: str) -> bool:
    # A colon also stands inside headlines: beside it only the very name counts.
    return fold(part) in sites if cut[0].strip() in {":", "："} else _is_site(part, sites, squeezed_host)


def _is_site(part: str, sites: set[str], squeezed_host: str) -> bool:
    folded = fold(part)
    if not folded:
        return True
    if folded in sites:
        return True
    squeezed = folded.replace(" ", "")
    if "." in part and squeezed_host.endswith(part.strip().lower().removeprefix("www.").replace("-", "")):
        return True
    labels = squeezed_host.split(".")[:-1]
    if squeezed in {*labels, squeezed_host.replace(".", "")} or (
        len(squeezed) >= 4 and any(label.startswith(squeezed) or label.endswith(squeezed) for label in labels)
    ):
        return True
    return any(
        len(site) >= 4
        and len(folded) < len(site) + 24
        and (folded.startswith(site + " ") or folded.endswith(" " + site))
        for site in sites
    )


def candidates(page: Page, found: Layout, link: Link | None) -> list[tuple[str, str]]:
    """Return every statement of the headline of *page* with its source, the best first."""
    sites = site_names(page, found)
    headings = _headings(page, found, sites)
    stated = _statements(page, sites, link)
    others = [*(text for text, _ in stated), *(block.text for block in headings)]
    # One that was cut says no more than the whole, and not as it is printed.
    declared = sorted(stated, key=lambda one: _is_cut(one[0], others))
    printed = _printed(page, found, headings, declared)
    return [(field(printed.text), printed.role), *declared] if printed is not None else declared


def _headings(page: Page, found: Layout, sites: set[str]) -> list[Block]:
    """Return the first headings of the first rank that are no name of the site; of a page with none, those of a bar that follows the reader."""
    headings = [block for block in found.blocks if block.role == "h1"] or _passed_by(page, found)
    return [block for block in headings if fold(block.text) and fold(block.text) not in sites][:MAX_HEADINGS]


def _passed_by(page: Page, found: Layout) -> list[Block]:
    """Return the headings of the first rank that stand in a ``nav``, as blocks of the whole page."""
    texts = [tidy(node.text(deep=True)) for node in page.tree.css("nav h1")]
    return [Block(0, found.root, "h1", text, [("t", text)], weight(text), 0) for text in texts]


def _statements(page: Page, sites: set[str], link: Link | None) -> list[tuple[str, str]]:
    """Return what is declared to be the headline, without the site's name."""
    hostname = (urlsplit(page.url).hostname or "").lower()
    article = article_object(page)
    declared: list[tuple[str, str]] = []
    stripped: dict[str, str] = {}

    def add(value: str | None, source: str) -> None:
        text = field(value or "")
        if text:
            if text not in stripped:
                stripped[text] = strip_site(text, sites, hostname)
            text = stripped[text]
            if fold(text) and fold(text) not in sites:
                declared.append((text, source))

    if article is not None:
        add(line(article.get("headline")) or line(article.get("name")), "json-ld")
    add(page.first_meta("og:title"), "meta og:title")
    add(page.first_meta("twitter:title", "dc.title", "parsely-title", "sailthru.title", "title"), "meta")
    if link is not None and link.title:
        add(link.title, f"link in {link.source}")
    add(page.title, "title element")
    if link is not None and link.text and len(link.text.split()) > 2:
        add(link.text, "link text")
    return declared


def _is_cut(text: str, others: Iterable[str]) -> bool:
    """Whether *text* ends in dots where one of *others* goes on, or ends."""
    whole = text.rstrip(".… ")
    if not text.endswith(("...", "…")):
        return False
    return any(fold(one).startswith(fold(whole)) and not one.endswith(("...", "…")) for one in others)


def _printed(
    page: Page, found: Layout, headings: list[Block], declared: list[tuple[str, str]]
) -> Block | None:
    """Return the heading that prints the headline, unless the first of *declared* says it better."""
    of_newspaper = _is_of_newspaper(page, declared)
    if of_newspaper:
        headline, *others = [text for text, _ in declared]
        same = next((block for block in headings if fold(block.text) == fold(headline)), None)
        slug = page.url.partition("?")[0].rstrip("/").rpartition("/")[2]
        if same is not None or _is_in(headline, [*others, *(block.text for block in headings), slug]):
            # A newspaper's system states the headline it prints, without the kicker that some print inside the h1.
            # What nothing else says is no headline, or one for machines.
            return same
    agreeing = _agreeing(headings, declared) or _shown(found, declared)
    if agreeing is not None or of_newspaper:
        return agreeing
    first = next((block for block in headings if not block.hidden), None)
    lone = first is not None and _alone(headings) and _is_headline(first.text)
    return first if lone or not declared else None


def _is_of_newspaper(page: Page, declared: list[tuple[str, str]]) -> bool:
    """Whether the first of *declared* is what a newspaper's system states."""
    article = article_object(page)
    return (
        article is not None
        and bool(declared)
        and declared[0][1] == "json-ld"
        and any("News" in name for name in types(article))
    )


def _is_in(headline: str, texts: Iterable[str]) -> bool:
    """Whether one of *texts* is *headline*, or that with something beside it."""
    wanted = fold(headline)
    return any(
        f" {wanted} " in f" {whole} " and len(wanted) >= MIN_PART * len(whole) for whole in map(fold, texts)
    )


def _agreeing(headings: list[Block], declared: list[tuple[str, str]]) -> Block | None:
    """Return the first of *headings* that says what one of *declared* does."""
    texts = [text for text, source in declared if source != "link text"]
    return next(
        (b for b in headings if any(agree(b.text, text) or _is_part(b.text, text) for text in texts)), None
    )


def _is_headline(text: str) -> bool:
    """Whether *text* says enough to be a headline and no name of a section or a service."""
    return weight(text) >= MIN_HEADLINE_CHARS and len(text) < 250


def _alone(headings: list[Block]) -> bool:
    return len({fold(block.text) for block in headings if not block.hidden}) == 1


def agree(one: str, other: str) -> bool:
    """Whether *one* and *other* are the same headline in two wordings or cuts."""
    a, b = fold(one), fold(other)
    if not a or not b:
        return False
    if a == b:
        return True
    short, long = sorted((a, b), key=len)
    if len(short) >= 12 and len(short) >= MIN_PART * len(long) and short in long:
        return True
    words_a, words_b = set(a.split()), set(b.split())
    return len(words_a & words_b) / len(words_a | words_b) >= 0.6


def _is_part(heading: str, title: str) -> bool:
    """Whether *title* is *heading* with a name of some kind before or after it."""
    wanted = fold(heading)
    return " " in wanted and any(
        fold(title[: cut.start()]) == wanted or fold(title[cut.end() :]) == wanted
        for cut in _SEPARATOR.finditer(title)
    )


def _shown(found: Layout, declared: list[tuple[str, str]]) -> Block | None:
    """Return the heading below h1 that prints one of *declared*."""
    wanted = {fold(text) for text, source in declared if source != "link text"}
    return next(
        (b for b in found.blocks if b.role in HEADINGS and not b.hidden and fold(b.text) in wanted), None
    )
