"""news-please's crawl: the process its command starts for a site, with the spider that follows links.

``python -m benchmarks.peers.news_please URL OUT.jsonl`` begins at *URL*. The configuration is the one news-please
comes with, but for what makes the crawls comparable: one connection, no pictures downloaded. And Scrapy takes no
host with a port for the spider's own, while news-please names it so; without `OwnHost` it would fetch one page.
"""

import configparser
import json
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import newsplease  # type: ignore[import-not-found,unused-ignore]
from newsplease.single_crawler import SingleCrawler  # type: ignore[import-not-found,unused-ignore]
from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.offsite import OffsiteMiddleware

from benchmarks.peers import SCRAPY_SETTINGS

EXTRACTORS = [
    ("newspaper_extractor_no_images", "NewspaperExtractorNoImages"),
    "readability_extractor",
    "date_extractor",
    "lang_detect_extractor",
]


class OwnHost(OffsiteMiddleware):
    """Keeps the spider on its host and port."""

    def should_follow(self, request: Request, spider: Spider) -> bool:
        """Return whether *request* goes there."""
        return urlsplit(request.url).netloc in spider.allowed_domains


class Tally:
    """Writes the articles and the number of pages at the end, beside what the pipelines of news-please store."""

    def __init__(self, crawler: Crawler) -> None:
        """Listen to *crawler*."""
        self.crawler = crawler
        self.articles: list[str] = []
        crawler.signals.connect(self.note, signals.item_scraped)
        crawler.signals.connect(self.tell, signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return the tally of *crawler*."""
        return cls(crawler)

    def note(self, item: dict[str, Any]) -> None:
        """Note *item* when it has a title and a text."""
        if item["article_title"] and item["article_text"]:
            self.articles.append(item["url"])

    def tell(self) -> None:
        """Write the file the command was asked for and print the figures."""
        Path(sys.argv[2]).write_text("".join(json.dumps({"url": url}) + "\n" for url in self.articles))
        pages = self.crawler.stats.get_value("response_received_count", 0)
        print(json.dumps({"tool": f"news-please {version('news-please')}", "pages": pages}))


def configured(folder: Path) -> Path:
    """Write the configuration, for a run that keeps its files in *folder*, and return where it is."""
    config = configparser.RawConfigParser()
    config.read(Path(newsplease.__file__).parent / "config" / "config.cfg")
    config["Files"]["working_path"] = str(folder)
    config["ArticleMasterExtractor"]["extractors"] = repr(EXTRACTORS)
    ours = f"{__package__}.news_please"  # not ``__main__``: Scrapy loads the classes by name
    for name, value in {
        **SCRAPY_SETTINGS,
        "DOWNLOADER_MIDDLEWARES": {
            "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
            f"{ours}.OwnHost": 50,
        },
        "EXTENSIONS": {f"{ours}.Tally": 0},
    }.items():
        config["Scrapy"][name] = str(value)
    path = folder / "config.cfg"
    with path.open("w") as file:
        config.write(file)
    return path


def main() -> None:
    """Crawl."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sites = folder / "sitelist.hjson"
        sites.write_text(json.dumps({"base_urls": [{"url": sys.argv[1], "crawler": "RecursiveCrawler"}]}))
        SingleCrawler(str(configured(folder)), str(sites), 0, shall_resume=False, daemonize=False)


if __name__ == "__main__":
    main()
