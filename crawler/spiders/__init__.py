"""Scrapy's spiders: the edge between the crawl's own logic and the framework."""
