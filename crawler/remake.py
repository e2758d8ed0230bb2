"""One corpus file made anew from the capture it names, by today's cleaner."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path

from crawler.captures import digest, read_kept
from crawler.corpus import BadCorpusFile, Corpus, dump
from crawler.frontier import Held
from crawler.items import Article, Capture, Link, Mark, Reading
from crawler.store import carried_over, held_at, is_ours
from crawler.workers import ReadingFailed

FAILED = "its capture cannot be cleaned"

Read = Callable[[Capture, Link], Awaitable[Reading]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remade:
    """What became of a corpus file."""

    outcome: str
    """``unchanged``, ``rewritten``, or ``kept`` with a reason."""
    reason: str | None = None
    held: Held | None = None
    """The file as it is now; ``None`` when it was kept."""
    marks: tuple[Mark, ...] = ()
    """What of it may recur."""
    failed: bool = False
    """Whether it was kept since nobody could read its capture this time."""


async def remake(
    corpus: Corpus, stem: str, known_digest: str | None, read: Read, *, force: bool = False
) -> Remade:
    """Write the file at *stem* of *corpus* anew from its capture, unless it comes out as it is.

    A file whose digest is not *known_digest* was edited by hand and is kept, unless *force*.
    """
    try:
        written = corpus.text_path(stem).read_bytes()
        earlier = corpus.read(stem)
    except (FileNotFoundError, BadCorpusFile) as error:
        return Remade(outcome="kept", reason=f"cannot be read: {error}")
    made = await _from_capture(corpus, earlier, read)
    if isinstance(made, str):
        return Remade(outcome="kept", reason=made, failed=made.startswith(FAILED))
    again, marks = made
    same_text = dump(again).encode() == written
    if not (same_text or force or is_ours(written, known_digest)):
        return Remade(outcome="kept", reason="edited by hand")
    if same_text and again.links == earlier.links:
        return Remade(outcome="unchanged", held=held_at(again, stem), marks=marks)
    corpus.write(again, stem)
    return Remade(outcome="rewritten", held=held_at(again, stem), marks=marks)


async def remake_revision(corpus: Corpus, path: Path, read: Read) -> Remade:
    """Write the earlier text at *path* anew from its capture, unless it comes out as it is."""
    try:
        earlier = corpus.read_revision(path)
    except BadCorpusFile as error:
        return Remade(outcome="kept", reason=f"cannot be read: {error}")
    made = await _from_capture(corpus, earlier, read)
    if isinstance(made, str):
        return Remade(outcome="kept", reason=made, failed=made.startswith(FAILED))
    again, _ = made
    if dump(again) == dump(earlier):
        return Remade(outcome="unchanged")
    corpus.write_revision(again, path)
    return Remade(outcome="rewritten")


async def _from_capture(
    corpus: Corpus, earlier: Article, read: Read
) -> tuple[Article, tuple[Mark, ...]] | str:
    """Return what the capture of *earlier* gives by today's cleaner, or why it gives no article."""
    if earlier.warc is None:
        return "it names no capture"
    try:
        capture, link = read_kept(corpus.archive / "captures", earlier.site, earlier.warc)
    except (OSError, ValueError) as error:
        return f"its capture cannot be read: {error}"
    if digest(capture.body) != earlier.digest:
        return f"another capture lies at {earlier.warc}"
    try:
        reading = await read(capture, link)
    except ReadingFailed as error:
        return f"{FAILED}: {error}"
    if reading.article is None:
        return f"its capture is no article now: {': '.join([reading.kind, *reading.reasons[:1]])}"
    again = replace(
        reading.article,
        site=earlier.site,
        gone=earlier.gone,
        captured=earlier.captured,
        warc=earlier.warc,
        digest=earlier.digest,
    )
    return replace(carried_over(again, earlier), copy_of=earlier.copy_of), reading.marks
