"""What each part of the cleaner is worth: it is taken out, and everything scored again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from crawler.cleaner.declared import article_object, by_id, names
from crawler.page import Page

Function = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Part:
    """A function of the cleaner, named where it is looked up when it is called, and what stands in for it."""

    module: str
    function: str
    without: Callable[[Function], Function]
    """Returns the stand-in, given the function itself."""


def _no_rescue(_rescued: Function) -> Function:
    return lambda *_: ()


def _title_element(candidates: Function) -> Function:
    def first(*given: Any) -> list[tuple[str, str]]:
        stated = candidates(*given)
        return [one for one in stated if one[1] == "title element"] or stated

    return first


def _declared_authors(_authors: Function) -> Function:
    def declared(page: Page, *_: Any) -> Sequence[tuple[tuple[str, ...], str]]:
        article = article_object(page) or {}
        if stated := tuple(name for name, _ in names(article.get("author"), by_id(page))):
            return [(stated, "json-ld")]
        return [(tuple(page.meta["author"]), "meta")] if "author" in page.meta else []

    return declared


PARTS = {
    "rescue": Part("crawler.cleaner.reading", "rescued", _no_rescue),
    "title merge": Part("crawler.cleaner.reading", "candidates", _title_element),
    "author rules": Part("crawler.cleaner.reading", "authors", _declared_authors),
}
"""The parts, by name:

- *rescue*: the story is never taken out of a script.
- *title merge*: the title is what the ``title`` element says, without the site's name.
- *author rules*: the authors are those that JSON-LD states, or else ``<meta name=author>``, just as they stand there.
"""


def take_out(name: str) -> None:
    """Make the cleaner do without the part called *name*, in this process, from now on."""
    part = PARTS[name]
    module = import_module(part.module)
    setattr(module, part.function, part.without(getattr(module, part.function)))
