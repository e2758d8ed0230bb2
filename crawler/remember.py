"""A site's memory brought up to date: learned anew from what its articles show, and what it newly judges cleaned again."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from crawler.captures import read_kept
from crawler.cleaner.memory import Learned, learn, memory_of, thing, things_in
from crawler.corpus import BadCorpusFile, Corpus
from crawler.frontier import Frontier
from crawler.items import Memory, Reading
from crawler.remake import Read, remake, remake_revision
from crawler.replay import ReadKnowing, in_order, outcome_of


@dataclass(slots=True)
class Rememberer:
    """Brings the memory of the site called *name* up to date."""

    name: str
    corpus: Corpus
    frontier: Frontier
    read: ReadKnowing

    async def remember(self) -> Memory | None:
        """Return the memory as it is now, or ``None`` when nothing came that could change it.

        The memory is written when all articles that it judges otherwise than before are cleaned again: a run that is
        cut short begins anew.
        """
        known = self.corpus.memory(self.name)
        if known is not None and not self.frontier.is_memory_due():
            return None
        samples = self.frontier.samples()
        before = known or Memory()
        learned = learn([numbers for _, numbers in samples])
        texts = things_in(before)
        texts |= await self._texts([one for one in learned if one.thing not in texts], samples)
        memory = memory_of(learned, texts, len(samples))
        changed = things_in(memory).keys() ^ things_in(before).keys()
        if changed:
            shown = [stem for stem, numbers in samples if not changed.isdisjoint(map(thing, numbers))]
            await self._clean_again(shown, memory)
        self.corpus.write_memory(self.name, memory)
        self.frontier.memory_is_made()
        return memory

    async def _texts(
        self, learned: Sequence[Learned], samples: Sequence[tuple[str, Sequence[int]]]
    ) -> dict[int, str]:
        """Return the texts of what was *learned*, out of the captures of articles that show it."""
        texts: dict[int, str] = {}
        for one in learned:
            if one.thing not in texts:
                reading = await self._reading(samples[one.example][0])
                texts |= {thing(mark.number): mark.text for mark in reading.marks} if reading else {}
        return texts

    async def _reading(self, stem: str) -> Reading | None:
        try:
            place = self.corpus.read(stem).warc
            capture, link = read_kept(self.corpus.archive / "captures", self.name, place or "")
        except (OSError, ValueError, BadCorpusFile):
            return None
        reading = await outcome_of(self.read, capture, link)
        return reading if isinstance(reading, Reading) else None

    async def _clean_again(self, stems: Sequence[str], memory: Memory) -> None:
        """Clean the articles at *stems*, and their earlier texts, with *memory*."""
        read = knowing(self.read, memory)
        known = dict(self.frontier.article_files().values())

        async def again(stem: str) -> None:
            remade = await remake(self.corpus, stem, known.get(stem), read)
            if remade.held and known.get(stem) != remade.held.file_digest:
                self.frontier.note_file(remade.held)

        async for _ in in_order(stems, again):
            pass
        ids = {stem.rpartition("-")[2] for stem in stems}
        for path in self.corpus.revisions(self.name):
            if path.parent.name in ids:
                await remake_revision(self.corpus, path, read)


def knowing(read: ReadKnowing, memory: Memory | None) -> Read:
    """Return *read* as it reads pages of a site of which *memory* is known."""
    return partial(read, memory=memory) if memory else read
