"""Archives for the builder's tests: the golden one, and small ones made to measure."""

import re
import shutil
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from crawler.corpus import Corpus, stem
from crawler.items import Article, PageLink
from crawler.urls import article_id

GOLDEN = Path(__file__).parent / "golden"
GOLDEN_SETTINGS = {"title": "The Archive", "base_url": "https://archive.example/kept/", "page_size": 2}


def golden_archive(folder: Path) -> Path:
    """Copy the golden archive's corpus, records and reports into *folder* and return it."""
    shutil.copytree(GOLDEN / "input", folder, dirs_exist_ok=True)
    return folder


def article(number: int, **fields) -> Article:
    """Return a made-up article; *number* makes it unlike the others."""
    values = {
        "title": f"Report number {number}",
        "date": f"2025-10-{number % 28 + 1:02}",
        "date_source": "json-ld",
        "site": "news.example",
        "publisher": "The News",
        "language": "en",
        "url": f"https://news.example/report-{number}",
        "body": f"The harbour of town {number} is open.\n\nBoats number {number} came.",
        **fields,
    }
    values.setdefault("id", article_id(values["url"]))
    values.setdefault("words", len(values["body"].split()))
    return Article(**values)


def related(position: int, text: str, url: str | None = None) -> PageLink:
    return PageLink(rel="related", position=position, text=text, url=url)


def put(archive: Path, *articles: Article) -> list[str]:
    """Write *articles* and return their stems."""
    corpus = Corpus(archive)
    stems = [stem(one) for one in articles]
    for one, place in zip(articles, stems, strict=True):
        corpus.write(one, place)
    return stems


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file below *folder* by its POSIX path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def broken_links(site: Path) -> list[tuple[str, str]]:
    """Return page and address of every internal link below *site* that leads to no file or no id."""
    files = tree(site)
    ids = {
        path: set(re.findall(r'\sid="([^"]*)"', data.decode()))
        for path, data in files.items()
        if path.endswith(".html")
    }
    broken = []
    for path in ids:
        # The not-found page is shown at any depth, so its links begin at the archive's root.
        base = "https://here.example/" + path
        for target in re.findall(r'\s(?:href|src|action)="([^"]*)"', files[path].decode()):
            parts = urlsplit(urljoin(base, unescape(target)))
            if parts.netloc != "here.example" or parts.scheme != "https":
                continue
            where = unquote(parts.path.lstrip("/"))
            if where not in files or (parts.fragment and parts.fragment not in ids.get(where, ())):
                broken.append((path, target))
    return broken
