"""Pages with their truth, as a data folder holds them: ``ground-truth.json`` beside the pages' HTML, mostly gzipped."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crawler.urls import site_name

TRUTH_FILE = "ground-truth.json"


class BadData(Exception):
    """A data folder that cannot be used; the message says which, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What a page's article is. What is ``None`` or empty is unknown, and not scored."""

    title: str | None
    authors: Sequence[str]
    published: str | None
    """ISO 8601, with or without a time of day."""
    topics: Sequence[str]
    text: str
    """The body, a paragraph or heading a line; the standfirst first, where there is one."""
    standfirst_lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One page with its truth."""

    id: str
    """``<data set>/<name>``."""
    dataset: str
    site: str
    """By the page's address. The same newspaper has other names in other data sets, so its printed name is no key."""
    path: Path
    url: str
    truth: Truth


def load(folders: Iterable[Path]) -> list[Sample]:
    """Return the samples of *folders*, each a data set of the folder's name; raises `BadData`."""
    samples: dict[str, Sample] = {}
    for folder in folders:
        for sample in _load(folder):
            if sample.id in samples:
                raise BadData(f"{folder}: there are two pages called {sample.id}")
            samples[sample.id] = sample
    return list(samples.values())


def _load(folder: Path) -> list[Sample]:
    file = folder / TRUTH_FILE
    try:
        pages = json.loads(file.read_text("utf-8"))["pages"]
    except OSError as error:
        raise BadData(f"{file}: {error.strerror}; a data folder holds {TRUTH_FILE} and the pages") from error
    except (ValueError, KeyError, TypeError) as error:
        raise BadData(f'{file} is not JSON of the form {{"pages": […]}}: {error}') from error
    if not pages:
        raise BadData(f"{file} names no pages")
    samples = []
    for at, record in enumerate(pages):
        try:
            samples.append(_sample(folder, record))
        except (KeyError, TypeError, AttributeError) as error:
            raise BadData(f"{file}: page {at} lacks or garbles what a page has: {error!r}") from error
    return samples


def _sample(folder: Path, record: dict[str, Any]) -> Sample:
    path = (folder / record["file"]).resolve()
    if not path.is_file():
        raise BadData(f"{path} is named in {TRUTH_FILE} and not there")
    dataset = folder.resolve().name
    url = record.get("url") or ""
    return Sample(
        id=f"{dataset}/{record['id']}",
        dataset=dataset,
        site=site_name(url) or str(record.get("publisher") or record["id"]),
        path=path,
        url=url,
        truth=Truth(
            title=record.get("title"),
            authors=tuple(record.get("authors") or ()),
            published=record.get("published"),
            topics=tuple(record.get("topics") or ()),
            text=record["text"].strip("\n"),
            standfirst_lines=sum(map(bool, record.get("summary") or ())),
        ),
    )
