"""What the words of a block are known to be, whatever stands around it: a label, a byline, a date, a notice."""

import re
from enum import IntEnum

from crawler.cleaner.blocks import Block
from crawler.cleaner.dates import read_date
from crawler.cleaner.notices import is_notice
from crawler.cleaner.text import fold
from crawler.cleaner.words import (
    BYLINE,
    CREDIT,
    END_OF_STORY,
    FURNITURE_LEAD,
    KNOWN_OPENING,
    MEDIA_TIME,
    is_furniture,
    is_related_label,
    is_related_lead,
    stands_for_embed,
)

# Four digits together, which every date has; a dot behind a digit is left out of it.
_YEAR = re.compile(r"\d(?:\.?\d){3}")
# Thai, Lao, Burmese and Khmer write without spaces between words, and often without a mark at the end.
SENTENCE_END = re.compile(
    r"[.!?…。！？।؟۔։።။។](?:[\"'”’»)\]」』]|\s|$)|[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]{24}"
)


class Said(IntEnum):
    """What a block's words are known to be, what tells most last."""

    NOTHING = 0
    PART_OF_TITLE = 1
    NOTICE = 2
    BY_SOMEBODY = 3
    """Opens as a byline does."""
    BYLINE = 4
    SERVICE = 5
    """Opens with words of the page's service."""
    LEADS_ON = 6
    """Leads to another article: "Read more: …"."""
    PLACEHOLDER = 7
    TITLE = 8
    CREDIT = 9
    """Of a picture."""
    DATE = 10
    END = 11
    FURNITURE = 12
    RELATED = 13
    """A heading of related links."""


WHY = {
    Said.NOTICE: "a notice",
    Said.BY_SOMEBODY: "a byline",
    Said.BYLINE: "a byline",
    Said.SERVICE: "a line of service",
    Said.LEADS_ON: "a line leading to another article",
    Said.PLACEHOLDER: "stands in place of something embedded",
    Said.TITLE: "repeats the title",
    Said.CREDIT: "credit of a picture",
    Said.DATE: "a date",
    Said.END: "end of the story",
    Said.FURNITURE: "furniture of the page",
    Said.RELATED: "heading of related links",
}
"""For a person to read, when a block fell."""

MAX_LABEL_CHARS = 160
MAX_LINE_CHARS = 400
MIN_PROSE_CHARS = 60
"""Of running text; below, only a paragraph that is one sentence is."""


def said(block: Block, title: str) -> Said:
    """Return what the words of *block* are; *title* is the headline, folded."""
    text, chars = block.text, block.chars
    # One question in place of four, for most texts.
    opens = chars > MAX_LINE_CHARS or KNOWN_OPENING.match(text) is not None
    if chars <= MAX_LABEL_CHARS:
        if is_related_label(text):
            return Said.RELATED
        if is_furniture(text) or (":" in text and MEDIA_TIME.fullmatch(text)):
            return Said.FURNITURE
        if opens and END_OF_STORY.fullmatch(text):
            return Said.END
        if is_date_line(text):
            return Said.DATE
        if opens and CREDIT.match(text) and not (chars >= MIN_PROSE_CHARS and SENTENCE_END.search(text[-1:])):
            return Said.CREDIT
    if title and abs(len(text) - len(title)) < 30 and fold(text) == title:
        return Said.TITLE
    if chars <= MAX_LINE_CHARS:
        if stands_for_embed(text):
            return Said.PLACEHOLDER
        if is_related_lead(text):
            return Said.LEADS_ON
        if opens and FURNITURE_LEAD.match(text):
            return Said.SERVICE
    if opens and BYLINE.match(text):
        return Said.BYLINE if is_byline(text) else Said.BY_SOMEBODY
    if is_notice(text):
        return Said.NOTICE
    if chars <= MAX_LABEL_CHARS and len(text) > 20 and fold(text) in title:
        return Said.PART_OF_TITLE
    return Said.NOTHING


def is_byline(text: str) -> bool:
    """Whether *text*, which opens as a byline does, is names alone or names with a date or whom they write for after them."""
    rest = BYLINE.sub("", text, count=1)
    names, mark, tail = re.match(r"(.*?)(\s*[|·•/]\s*|\s+(?=\d)|$)(.*)", rest, re.DOTALL).groups()  # type: ignore[union-attr]
    if not mark:
        return len(rest) < 60 and _is_names(rest)
    return (
        len(text) < 160
        and _is_names(names.rstrip(", "))
        and (read_date(tail) is not None or (not mark.isspace() and _is_names(tail)))
    )


def _is_names(text: str) -> bool:
    words = text.split()
    return (
        len(words) <= 7
        and not text.endswith(".")
        and sum(word[:1].isupper() for word in words) * 2 > len(words)
    )


def is_date_line(text: str) -> bool:
    """Whether *text* is a date and next to nothing else."""
    if len(text) > 70 or not _YEAR.search(text):
        return False
    text = re.sub(r"(?<=\d)\.", "", text)  # "5. März 2026" is no sentence that ends at 5
    if SENTENCE_END.search(text.rstrip(".")):
        return False
    lead = re.split(r"\d", text, maxsplit=1)[0]
    return len(lead.split()) <= 3 and len(text.split()) <= 9 and read_date(text) is not None
