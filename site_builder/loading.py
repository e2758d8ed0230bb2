"""Corpus → the builder's memory: reads the files that changed and renders the bodies not rendered before."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from hashlib import blake2b
from itertools import chain, islice
from multiprocessing import get_context

import msgspec

from crawler.corpus import BadCorpusFile, Corpus, CorpusFile
from site_builder.catalog import Entry, digest, pack_links
from site_builder.memory import Memory

BODIES_A_TASK = 16
TASKS_AHEAD = 4
"""For each worker: enough to keep it busy, few enough to hold few bodies in memory."""

Progress = Callable[[str, int, int], None]
"""Called with the stage, how many are done, and how many there are."""


def load(corpus: Corpus, memory: Memory, progress: Progress) -> tuple[tuple[str, str], ...]:
    """Bring *memory* up to date with *corpus* and return stem and reason of each file that cannot be read.

    An unreadable file is tried again at each build, and what was known of it before is forgotten.
    """
    found = {file.stem: file for file in corpus.scan()}
    known = memory.stamps()
    changed = [file for file in found.values() if known.get(file.stem) != stamp(file)]
    bad: list[tuple[str, str]] = []
    memory.forget_articles(known.keys() - found.keys())
    if changed:
        _render(_read(corpus, memory, changed, bad, progress), memory)
        memory.forget_articles(stem for stem, _ in bad)
    memory.commit()
    return tuple(bad)


def stamp(file: CorpusFile) -> bytes:
    """Return how the file system lists *file*, in the form the memory keeps."""
    return msgspec.json.encode(file.stamp)


def _read(
    corpus: Corpus, memory: Memory, changed: list[CorpusFile], bad: list[tuple[str, str]], progress: Progress
) -> Iterator[tuple[str, str]]:
    """Remember each of *changed* and yield key and Markdown of the bodies that are not yet rendered."""
    from site_builder.markdown import RENDERER_VERSION  # noqa: PLC0415 - slow, and often not needed

    asked: set[str] = set()
    for number, file in enumerate(changed, 1):
        try:
            article = corpus.read(file.stem)
        except (BadCorpusFile, FileNotFoundError) as error:
            bad.append((file.stem, str(error)))
            continue
        body, links = article.body, article.links
        key = blake2b(f"{RENDERER_VERSION}\n{body}".encode("utf-8", "replace"), digest_size=12).hexdigest()
        entry = Entry(
            article=replace(article, body="", links=()),
            stem=file.stem,
            body_key=key,
            digest=digest(replace(article, body=""), key),
        )
        memory.keep_article(
            file.stem, stamp(file), msgspec.json.encode(entry), pack_links(links, article.site)
        )
        progress("load", number, len(changed))
        if key not in asked and not memory.has_body(key):
            asked.add(key)
            yield key, body


def _render(bodies: Iterator[tuple[str, str]], memory: Memory) -> None:
    """Render *bodies* in worker processes, holding few at a time, and remember them."""
    first = list(islice(bodies, BODIES_A_TASK))
    if len(first) < BODIES_A_TASK:
        memory.keep_bodies(render_all(first))
        return
    workers = os.cpu_count() or 1
    # Spawned workers start small and inherit neither locks nor the memory's connection.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        waiting = []
        for task in chain([first], _tasks(bodies)):
            waiting.append(pool.submit(render_all, task))
            if len(waiting) >= workers * TASKS_AHEAD:
                memory.keep_bodies(waiting.pop(0).result())
        for future in waiting:
            memory.keep_bodies(future.result())


def _tasks(bodies: Iterator[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    while task := list(islice(bodies, BODIES_A_TASK)):
        yield task


def render_all(task: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return key and HTML for each key and Markdown of *task*; runs in a worker."""
    if not task:
        return []
    from site_builder.markdown import render  # noqa: PLC0415 - slow, and often not needed

    return [(key, render(body)) for key, body in task]
