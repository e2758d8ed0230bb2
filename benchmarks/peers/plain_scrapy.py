"""Scrapy by itself: it fetches a list of pages and does nothing with them, so its cost is that of fetching.

``python -m benchmarks.peers.plain_scrapy ADDRESSES OUT.jsonl`` reads one address a line.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.http import Response

from benchmarks.peers import SCRAPY_SETTINGS


class PlainSpider(scrapy.Spider):
    """Asks for each address once."""

    name = "plain"

    def __init__(self, addresses: Sequence[str]) -> None:
        """Ask for *addresses*."""
        super().__init__()
        self.start_urls = list(addresses)
        self.received: list[str] = []

    def parse(self, response: Response) -> None:
        """Note that the page is there."""
        self.received.append(response.url)


def main() -> None:
    """Fetch, and print how many pages came."""
    addresses, out = Path(sys.argv[1]).read_text().splitlines(), Path(sys.argv[2])
    process = CrawlerProcess(SCRAPY_SETTINGS)
    crawler = process.create_crawler(PlainSpider)
    process.crawl(crawler, addresses=addresses)
    process.start()
    assert isinstance(crawler.spider, PlainSpider)
    received = crawler.spider.received
    out.write_text("".join(json.dumps({"url": url}) + "\n" for url in received))
    print(json.dumps({"tool": f"plain Scrapy {scrapy.__version__}", "pages": len(received)}))


if __name__ == "__main__":
    main()
