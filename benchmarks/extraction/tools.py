"""The tools that are measured, and what each gives of a page."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypedDict


class Output(TypedDict, total=False):
    """What is scored of a page; a tool leaves out what it does not give."""

    title: str | None
    authors: list[str]
    published: str | None
    """ISO 8601."""
    topics: list[str]
    text: str | None
    """The body, a paragraph a line."""


Extract = Callable[[bytes, str], Output]
"""Reads a page, given as bytes and address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One row of the table."""

    name: str
    distribution: str
    """What it is called where packages are kept."""
    adapter: str
    """Name of the function of `benchmarks.extraction.peers` that returns its `Extract`."""
    mode: str = ""


OURS = "Pressmark"
PEERS = (
    Tool(name="trafilatura", distribution="trafilatura", adapter="trafilatura_default"),
    Tool(name="trafilatura", distribution="trafilatura", adapter="trafilatura_fast", mode="fast"),
    Tool(name="trafilatura", distribution="trafilatura", adapter="trafilatura_precision", mode="precision"),
    Tool(name="readability-lxml", distribution="readability-lxml", adapter="readability_lxml"),
    Tool(name="newspaper4k", distribution="newspaper4k", adapter="newspaper4k"),
    Tool(name="resiliparse", distribution="resiliparse", adapter="resiliparse"),
)
RIVAL = "trafilatura"
"""The tool whose best mode ours is compared with, page by page."""
