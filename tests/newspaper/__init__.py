"""A sample newspaper of two sites, served on loopback: what ``make demo`` and the tests crawl."""
