"""A site's memory brought up to date: learned anew from what its articles show, and what it newly judges cleaned again."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from crawler.captures import read_kept
from crawler.cleaner.memory import Learned, learn, memory_of, thing, things_in
from crawler.corpus import BadCorpusFile, Corpus
from crawler.frontier import Frontier
from crawler.items import Memory, Reading
from crawler.remake import Read, Remade, remake, remake_revision
from crawler.replay import ReadKnowing, in_order, outcome_of


@dataclass(slots=True)
class Rememberer:
    """Brings the memory of the site called *name* up to date."""

    name: str
    corpus: Corpus
    frontier: Frontier
    read: ReadKnowing

    async def remember(self, *, anew: bool = False) -> Memory | None:
        """Return the memory as it is now, or ``None`` when nothing came that could change it; *anew*: learn in any case.

        What the memory judges otherwise than before is noted first and the articles that show it are cleaned again: a run
        that is cut short, or a reading that failed, leaves the note, and the next run goes on from it.
        """
        known = self.corpus.memory(self.name)
        missing = self.frontier.unsampled()
        if known is not None and not (anew or missing or self.frontier.is_memory_due()):
            return None
        await self._sample(missing, known)
        samples = self.frontier.samples()
        before = things_in(known or Memory())
        learned = learn([numbers for _, numbers in samples])
        texts = before | await self._texts([one for one in learned if one.thing not in before], samples)
        memory = memory_of(learned, texts, len(samples))
        changed = self.frontier.begin_memory(things_in(memory).keys() ^ before.keys())
        # Without the memory they were cleaned by, nobody knows what fell of any of them.
        lost = known is None and self.frontier.had_memory()
        shown = [stem for stem, numbers in samples if lost or not changed.isdisjoint(map(thing, numbers))]
        whole = await self._clean_again(shown, memory)
        self.corpus.write_memory(self.name, memory)
        self.frontier.memory_is_made(whole=whole)
        return memory

    async def _sample(self, stems: Sequence[str], memory: Memory | None) -> None:
        """Note the marks of the articles at *stems*, which were stored before there were any."""
        read = knowing(self.read, memory)
        known = dict(self.frontier.article_files().values())

        async def again(stem: str) -> Remade:
            return await remake(self.corpus, stem, known.get(stem), read)

        async for _, remade in in_order(stems, again):
            if remade.held:
                self.frontier.note_file(remade.held)
                numbers = [mark.number for mark in remade.marks]
                self.frontier.note_sample(remade.held.article_id, remade.held.captured, numbers)

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

    async def _clean_again(self, stems: Sequence[str], memory: Memory) -> bool:
        """Clean the articles at *stems*, and their earlier texts, with *memory*; return whether all could be read."""
        read = knowing(self.read, memory)
        known = dict(self.frontier.article_files().values())
        whole = True

        async def again(stem: str) -> Remade:
            remade = await remake(self.corpus, stem, known.get(stem), read)
            if remade.held and known.get(stem) != remade.held.file_digest:
                self.frontier.note_file(remade.held)
            return remade

        async for _, remade in in_order(stems, again):
            whole = whole and not remade.failed
        ids = {stem.rpartition("-")[2] for stem in stems}
        for path in self.corpus.revisions(self.name):
            if path.parent.name in ids:
                whole = not (await remake_revision(self.corpus, path, read)).failed and whole
        return whole


def knowing(read: ReadKnowing, memory: Memory | None) -> Read:
    """Return *read* as it reads pages of a site of which *memory* is known."""
    return partial(read, memory=memory) if memory else read
