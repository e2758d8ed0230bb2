"""An article into the corpus: new, revised, or as it was; a file edited by hand is kept."""

import hashlib
from dataclasses import dataclass, replace

from crawler.corpus import BadCorpusFile, Corpus, dump, file_digest, stem
from crawler.frontier import Due, Held
from crawler.items import Article


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What became of an article."""

    outcome: str
    """``stored``, ``revised``, ``unchanged``, or ``refused`` for a file edited by hand."""
    held: Held
    reason: str | None = None


def store(corpus: Corpus, article: Article, due: Due) -> Stored:
    """Write *article*, read from the answer to *due*, to *corpus* and say what changed.

    *article* names its capture. A text that is as it was keeps the capture that first gave it; only a change
    of title, description or body makes a revision. Done again after a kill, it comes to the same files.
    """
    if due.stem is None:
        place = stem(article)
        corpus.write(article, place)
        return Stored(outcome="stored", held=_held(article, place))
    path = corpus.text_path(due.stem)
    try:
        written = path.read_bytes()
        earlier = corpus.read(due.stem)
    except FileNotFoundError:  # deleted by hand: the site still has it
        corpus.write(article, due.stem)
        return Stored(outcome="stored", held=_held(article, due.stem))
    except BadCorpusFile as error:
        return Stored(outcome="refused", held=_as_was(due), reason=f"edited by hand, kept: {error}")
    article = _carried_over(article, earlier)
    if dump(article).encode() == written:
        if article.links != earlier.links:
            corpus.write(article, due.stem)
        outcome = "unchanged" if article.captured == due.captured else "revised"
        return Stored(outcome=outcome, held=_held(article, due.stem))
    if f"sha256:{hashlib.sha256(written).hexdigest()}" != due.file_digest:
        return Stored(outcome="refused", held=_as_was(due), reason="edited by hand, kept")
    if _text(article) == _text(earlier):
        corpus.write(article, due.stem)
        return Stored(outcome="unchanged", held=_held(article, due.stem))
    corpus.revise(article, due.stem)
    return Stored(outcome="revised", held=_held(article, due.stem))


def _text(article: Article) -> tuple[str, str | None, str]:
    """What a revision is a change of."""
    return article.title, article.description, article.body


def _carried_over(article: Article, earlier: Article) -> Article:
    """Return *article* with what was fixed when *earlier* was first stored."""
    article = replace(article, id=earlier.id, url=earlier.url)
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
    if _text(article) == _text(earlier):
        article = replace(article, captured=earlier.captured, warc=earlier.warc, digest=earlier.digest)
    return article


def _held(article: Article, place: str) -> Held:
    assert article.captured is not None
    return Held(
        article_id=article.id,
        stem=place,
        file_digest=file_digest(article),
        captured=article.captured,
    )


def _as_was(due: Due) -> Held:
    assert due.article_id
    assert due.stem
    assert due.file_digest
    assert due.captured
    return Held(article_id=due.article_id, stem=due.stem, file_digest=due.file_digest, captured=due.captured)
