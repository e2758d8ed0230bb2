"""What each part of the cleaner is worth: it is taken out, and everything scored again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from crawler.cleaner.blocks import Block
from crawler.cleaner.body import Body
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
    return lambda *_: None


class _Everything:
    """A judge that finds nothing wrong with any block."""

    @staticmethod
    def probability(_row: Sequence[float]) -> float:
        return 1.0


def _one_container(find_body: Function) -> Function:
    def best(*given: Any) -> Body:
        body = find_body(*given)
        prose: dict[int, int] = {}
        around = {block.index: _container(block) for block in body.kept}
        for block in body.kept:
            prose[around[block.index]] = prose.get(around[block.index], 0) + block.chars
        fullest = max(prose, key=lambda order: prose[order], default=0)
        body.kept[:] = [block for block in body.kept if around[block.index] == fullest]
        return body

    return best


def _container(block: Block) -> int:
    """Return the number of the box that holds the list, quote, table or paragraph that *block* is in."""
    box = block.box
    while box.parent is not None and box.tag in _PARTS_OF_TEXT:
        box = box.parent
    return box.order


_PARTS_OF_TEXT = frozenset(
    "p li ul ol blockquote table tbody thead tr td th h2 h3 h4 h5 h6 pre figure dl dt dd".split()
)


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
    "block judgement": Part("crawler.cleaner.model", "load", lambda _: lambda *_: _Everything()),
    "sibling merge": Part("crawler.cleaner.reading", "find_body", _one_container),
    "script rescue": Part("crawler.cleaner.reading", "rescued", _no_rescue),
    "site memory": Part("benchmarks.extraction.ours", "remembered", lambda _: lambda _: None),
    "title merge": Part("crawler.cleaner.reading", "candidates", _title_element),
    "author rules": Part("crawler.cleaner.reading", "authors", _declared_authors),
}
"""The parts, by name:

- *block judgement*: every block is the story that no rule drops; the trained model is not asked.
- *sibling merge*: the story is what the fullest container holds, and nothing beside it.
- *script rescue*: the story is never taken out of a script.
- *site memory*: nothing is remembered of a site.
- *title merge*: the title is what the ``title`` element says, without the site's name.
- *author rules*: the authors are those that JSON-LD states, or else ``<meta name=author>``, just as they stand there.
"""


def take_out(name: str) -> None:
    """Make the cleaner do without the part called *name*, in this process, from now on."""
    part = PARTS[name]
    module = import_module(part.module)
    setattr(module, part.function, part.without(getattr(module, part.function)))
