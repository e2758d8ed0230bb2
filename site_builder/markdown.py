"""A body in the corpus's dialect → HTML that can carry no markup of its own.

What the corpus holds is read as CommonMark reads it, where Python-Markdown would differ; raw HTML is text; what
comes out passes an allow-list; and only then are anchors added.
"""

import html
import re
import string
from functools import cache
from importlib.metadata import version
from xml.etree import ElementTree as ET

import markdown
import nh3
from markdown.blockprocessors import HashHeaderProcessor
from markdown.treeprocessors import Treeprocessor

RENDERER_VERSION = f"5 markdown {version('markdown')} nh3 {version('nh3')}"
"""Part of the key of every rendered body: raise the first figure when this module renders anything differently."""

_TAGS = frozenset(
    "a blockquote br code em figcaption figure h2 h3 h4 h5 h6 hr li ol p pre strong table tbody td th thead tr ul".split()
)
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, "td": {"align"}, "th": {"align"}}
_REL = "noopener nofollow ugc"
_ALIGN = re.compile("left|right|center")

_IMAGE_WORDS = "Image at the source"


class _Heading(HashHeaderProcessor):
    """A heading has a space after its signs, as in CommonMark: ``#MeToo`` begins a paragraph."""

    RE = re.compile(
        r"(?:^|\n)(?P<level>#{1,6})[ \t]+(?P<header>(?:\\.|[^\\\n])*?)(?:[ \t]+#+)?[ \t]*(?:\n|$)"
    )


class _Shape(Treeprocessor):
    """Put headings under the page's own without gaps, and a link where an image was."""

    def run(self, root: ET.Element) -> None:
        self._headings(root)
        self._images(root)

    @staticmethod
    def _headings(root: ET.Element) -> None:
        open_levels: list[int] = []
        for element in root.iter():
            if re.fullmatch("h[1-6]", element.tag):
                level = int(element.tag[1])
                while open_levels and open_levels[-1] >= level:
                    open_levels.pop()
                open_levels.append(level)
                element.tag = f"h{min(6, len(open_levels) + 1)}"

    @staticmethod
    def _images(root: ET.Element) -> None:
        for parent in root.iter():
            alone = len(parent) == 1 and parent.tag == "p" and not (parent.text or "").strip()
            for element in list(parent):
                if element.tag != "img":
                    continue
                source, alt, title = (element.get(name, "") for name in ("src", "alt", "title"))
                tail = element.tail
                element.clear()
                element.tail = tail
                element.tag, element.attrib["href"] = "a", source
                element.text = alt or title or _IMAGE_WORDS
                if alone and not (tail or "").strip():
                    parent.tag = "figure"
                    if alt and title and title != alt:
                        ET.SubElement(parent, "figcaption").text = title


@cache
def _reader() -> markdown.Markdown:
    reader = markdown.Markdown(
        extensions=["fenced_code", "sane_lists", "tables"],
        extension_configs={"tables": {"use_align_attribute": True}},
        output_format="html",
    )
    # Raw HTML is text. Entities stay: CommonMark reads them too, and they can only ever be a character.
    reader.preprocessors.deregister("html_block")
    reader.inlinePatterns.deregister("html")
    # The dialect has inline links only; a line such as `[1]: http://…` is text that must not vanish.
    reader.parser.blockprocessors.deregister("reference")
    for name in ("reference", "image_reference", "short_reference", "short_image_ref"):
        reader.inlinePatterns.deregister(name)
    reader.parser.blockprocessors.register(_Heading(reader.parser), "hashheader", 70)
    # CommonMark 2.4: any ASCII punctuation may be escaped. Without this, `\<` shows its backslash.
    reader.ESCAPED_CHARS = list(string.punctuation)
    reader.treeprocessors.register(_Shape(reader), "shape", 15)
    return reader


def render(body: str) -> str:
    """Return *body*, in the corpus's dialect, as safe HTML with a numbered anchor at each paragraph.

    A body that the reader gives up on (lists nested a thousand deep) becomes plain paragraphs.
    """
    reader = _reader()
    try:
        rendered = reader.reset().convert(body)
    except (RecursionError, ValueError, IndexError, KeyError, AttributeError, TypeError):
        rendered = "\n".join(f"<p>{html.escape(line)}</p>" for line in body.split("\n") if line.strip())
    safe = nh3.clean(
        rendered,
        tags=set(_TAGS),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        attribute_filter=_attribute,
        url_schemes={"http", "https", "mailto"},
        url_relative="deny",
        link_rel=_REL,
    )
    return _with_anchors(safe)


def _attribute(tag: str, name: str, value: str) -> str | None:
    if name == "align" and not _ALIGN.fullmatch(value):
        return None
    if (tag, name) == ("ol", "start") and not re.fullmatch("[0-9]{1,9}", value):
        return None
    return value


def _with_anchors(safe: str) -> str:
    """Return *safe* with ``id="p7"`` and a link to it at its seventh paragraph, and the like."""
    number = 0

    def opened(_: re.Match[str]) -> str:
        nonlocal number
        number += 1
        return (
            f'<p id="p{number}">'
            f'<a class="para" href="#p{number}" aria-label="Link to paragraph {number}"></a>'
        )

    return (
        re.sub("<p>", opened, safe)
        .replace("<table>", '<div class="wide" tabindex="0"><table>')
        .replace("</table>", "</table></div>")
    )


_FIGURE = re.compile("<figure>.*?</figure>", re.DOTALL)


def text(rendered: str) -> str:
    """Return the words of *rendered*, blocks and cells parted by white space, those of its figures last."""
    prose, figures = _FIGURE.sub("", rendered), "".join(_FIGURE.findall(rendered))
    parted = re.sub("<br>|<figcaption>|</(?:figure|td|th|li|p|h[2-6])>", r"\g<0>\n", prose + figures)
    return html.unescape(nh3.clean(parted, tags=set()))


def link_targets(rendered: str) -> list[str]:
    """Return the addresses that *rendered* links to, in order."""
    return [html.unescape(target) for target in re.findall('<a href="(http[^"]*)"', rendered)]
