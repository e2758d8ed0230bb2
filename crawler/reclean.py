"""Captures → corpus again, without network: every file made anew from the capture it names, by today's cleaner."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from crawler.captures import read_kept
from crawler.config import CrawlConfig
from crawler.frontier import Due
from crawler.gate import Options
from crawler.holding import Holding
from crawler.items import Failure, Kind, Reading, Site
from crawler.progress import Progress
from crawler.remake import Remade, remake, remake_revision
from crawler.replay import ReadKnowing, in_order, outcome_of


@dataclass(slots=True, kw_only=True)
class Recleaned:
    """What came of cleaning the captures of one site again."""

    site: str
    unchanged: int = 0
    rewritten: int = 0
    """Files, of earlier revisions too, that come out otherwise than they were."""
    new: int = 0
    """Articles found in captures that were none before."""
    kept: list[Failure] = field(default_factory=list)
    """Files left as they are, and why: edited by hand, or no article by today's judgement."""

    def count(self, where: str, remade: Remade) -> None:
        """Note what became of the file at *where*."""
        if remade.outcome == "kept":
            self.kept.append(Failure(url=where, reason=remade.reason or ""))
        elif remade.outcome == "rewritten":
            self.rewritten += 1
        else:
            self.unchanged += 1


async def reclean(
    site: Site,
    archive: Path,
    *,
    config: CrawlConfig,
    read: ReadKnowing,
    now: datetime,
    force: bool = False,
    on_progress: Progress | None = None,
) -> Recleaned:
    """Clean what *archive* holds of *site* again; with *force*, files edited by hand too.

    When neither the cleaner nor the captures changed, no byte does. Raises as `Holding` does.
    """
    told = Recleaned(site=site.name)
    holding = Holding(site, archive, config=config, options=Options(), read=read, now=now)
    try:
        await holding.begin(now)
        await _remake_files(holding, told, force=force, on_progress=on_progress)
        await _remake_revisions(holding, told)
        await _find_articles(holding, told)
        await holding.remember(anew=True)
        holding.frontier.end(now)
    finally:
        holding.close()
    return told


async def _remake_files(
    holding: Holding, told: Recleaned, *, force: bool, on_progress: Progress | None
) -> None:
    known = dict(holding.frontier.article_files().values())
    stems = [file.stem for file in holding.corpus.scan(holding.site.name)]

    async def again(stem: str) -> Remade:
        return await remake(holding.corpus, stem, known.get(stem), holding.read, force=force)

    done = 0
    async for stem, remade in in_order(stems, again):
        told.count(f"{stem}.md", remade)
        if remade.held and known.get(stem) != remade.held.file_digest:
            holding.frontier.note_file(remade.held)
        if remade.held:
            numbers = [mark.number for mark in remade.marks]
            holding.frontier.note_sample(remade.held.article_id, remade.held.captured, numbers)
        done += 1
        if on_progress:
            on_progress(holding.site.name, done, len(stems))


async def _remake_revisions(holding: Holding, told: Recleaned) -> None:
    async def again(path: Path) -> Remade:
        return await remake_revision(holding.corpus, path, holding.read)

    async for path, remade in in_order(holding.corpus.revisions(holding.site.name), again):
        told.count(str(path.relative_to(holding.archive)), remade)


async def _find_articles(holding: Holding, told: Recleaned) -> None:
    """Take in the captures of what was no article and is one now."""
    folder, site = holding.archive / "captures", holding.site.name

    async def judge(entry: tuple[int, Due, str]) -> Kind | None:
        try:
            capture, link = read_kept(folder, site, entry[2])
        except (OSError, ValueError):
            return None
        reading = await outcome_of(holding.read, capture, link)
        return reading.kind if isinstance(reading, Reading) else None

    async for (fetch_id, due, place), kind in in_order(holding.frontier.last_bodies(), judge):
        if kind is Kind.ARTICLE:
            capture, _ = read_kept(folder, site, place)
            await holding.intake.take_again(fetch_id, due, capture)
    told.new = holding.account.outcomes["stored"]
