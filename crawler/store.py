"""An article into the corpus: new, revised, or as it was; a file edited by hand is kept."""

import hashlib
import re
from dataclasses import dataclass, replace
from functools import lru_cache

from crawler.corpus import BadCorpusFile, Corpus, dump, file_digest, stem
from crawler.frontier import Due, Held
from crawler.items import Article
from crawler.search import ALIKE

MIN_WORDS_OF_A_COPY = 50
"""A shorter text says too little for its like to be called a copy."""

_TARGET = re.compile(r"\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*")
_UNLIKE = re.compile(f"[{re.escape(''.join(map(chr, ALIKE)))}]")
# What a reader would miss if it stayed as it was; a later `modified` alone, or other links beside it, is no news.
_WORTH_WRITING = (
    "date", "authors", "section", "keywords", "language", "publisher", "canonical_url", "image_caption", "rights",
    "notices", "copy_of", "gone",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What became of an article."""

    outcome: str
    """``stored``, ``revised``, ``unchanged``, or ``refused`` for a file edited by hand."""
    held: Held
    reason: str | None = None


def store(corpus: Corpus, article: Article, due: Due) -> Stored:
    """Write *article*, read from the answer to *due*, to *corpus* and say what changed.

    *article* names its capture, and its file says nothing but what that capture gives. Only a change of title,
    description or body that a reader would see makes a revision; when only what is said of the text changed, the file
    is written anew from this capture; otherwise nothing is written. An older capture than the one held changes
    nothing. Done again after a kill, it comes to the same files.
    """
    if due.stem is None:
        place = stem(article)
        corpus.write(article, place)
        return Stored(outcome="stored", held=held_at(article, place))
    try:
        written = corpus.text_path(due.stem).read_bytes()
        earlier = corpus.read(due.stem)
    except FileNotFoundError:  # deleted by hand: the site still has it
        corpus.write(article, due.stem)
        return Stored(outcome="stored", held=held_at(article, due.stem))
    except BadCorpusFile as error:
        return Stored(outcome="refused", held=_as_was(due), reason=f"edited by hand, kept: {error}")
    article = carried_over(article, earlier)
    if dump(article).encode() == written:
        if article.links != earlier.links:
            corpus.write(article, due.stem)
        outcome = "unchanged" if article.captured == due.captured else "revised"
        return Stored(outcome=outcome, held=held_at(article, due.stem))
    if not is_ours(written, due.file_digest):
        return Stored(outcome="refused", held=_as_was(due), reason="edited by hand, kept")
    if _is_older(article, earlier):
        return Stored(outcome="unchanged", held=held_at(earlier, due.stem))
    if not same_text(article, earlier):
        corpus.revise(article, due.stem)
        return Stored(outcome="revised", held=held_at(article, due.stem))
    # Without its capture, the file is written from this one.
    if due.captured == "" or any(getattr(article, name) != getattr(earlier, name) for name in _WORTH_WRITING):
        corpus.write(article, due.stem)
        return Stored(outcome="unchanged", held=held_at(article, due.stem))
    return Stored(outcome="unchanged", held=held_at(earlier, due.stem))


def is_ours(written: bytes, digest: str | None) -> bool:
    """Whether the corpus file *written* is as we left it, with *digest*."""
    return f"sha256:{hashlib.sha256(written).hexdigest()}" == digest


def same_text(one: Article, other: Article) -> bool:
    """Whether a reader would see no other text: white space, the shape of quotes and dashes, targets of links aside."""
    return _text(one) == _text(other)


def is_same_article(held: Article, met: Article) -> bool:
    """Whether *met*, found where the address of *held* leads, is that article: by its title, or most of its paragraphs."""
    if _printed(held.title) == _printed(met.title):
        return True
    ours, theirs = ({_printed(part) for part in one.body.split("\n\n")} for one in (held, met))
    return 2 * len(ours & theirs) >= max(len(ours), len(theirs))


def text_digest(article: Article) -> str | None:
    """Return the digest by which the same text is found at other addresses; ``None`` for one too short to tell."""
    if article.words < MIN_WORDS_OF_A_COPY:
        return None
    return hashlib.sha256(_printed(article.body).encode()).hexdigest()[:32]


def _text(article: Article) -> tuple[str, str, str]:
    return _printed(article.title), _printed(article.description or ""), _printed(article.body)


@lru_cache(maxsize=64)
def _printed(markdown: str) -> str:
    """Return *markdown* as it looks in print, so that what looks alike is equal."""
    text = _TARGET.sub("](", markdown)
    if not text.isascii():  # a dozen characters in a page: quicker by a pattern than by `str.translate`
        text = _UNLIKE.sub(lambda match: str(ALIKE[ord(match[0])]), text)
    return " ".join(text.split())


def _is_older(article: Article, earlier: Article) -> bool:
    return article.warc == earlier.warc or (article.captured or "") < (earlier.captured or "")


def carried_over(article: Article, earlier: Article) -> Article:
    """Return *article* with what was fixed when *earlier* was first stored."""
    copy_of = earlier.copy_of if same_text(article, earlier) else None
    article = replace(article, id=earlier.id, url=earlier.url, copy_of=copy_of)
    if (
        earlier.date_source == "masthead"
        and article.date_source == "masthead"
        and article.date != earlier.date
    ):
        # A masthead that moves with the day of the visit never was the article's date.
        article = replace(article, date=None, date_source=None)
    elif article.date_source == "masthead" and earlier.date_source != "masthead":
        # A masthead counts only at the first capture, and only when nothing else is stated.
        article = replace(article, date=earlier.date, date_source=earlier.date_source)
    return article


def held_at(article: Article, place: str) -> Held:
    """Return *article*, as its file at *place* says it, as the frontier notes it."""
    assert article.captured is not None
    return Held(
        article_id=article.id,
        stem=place,
        file_digest=file_digest(article),
        captured=article.captured,
        text_digest=text_digest(article),
    )


def _as_was(due: Due) -> Held:
    assert due.article_id
    assert due.stem
    assert due.file_digest is not None
    assert due.captured is not None
    return Held(
        article_id=due.article_id,
        stem=due.stem,
        file_digest=due.file_digest,
        captured=due.captured,
        text_digest=due.text_digest,
    )
