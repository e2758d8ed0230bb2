"""What a run did: its counts, its report, and what it learnt of the site as a whole."""

import logging
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from statistics import median

from crawler.corpus import Corpus
from crawler.items import (
    OUTCOMES,
    Article,
    Failure,
    Notice,
    Quality,
    Reading,
    RunReport,
    SiteRecord,
    Source,
    Yield,
)

log = logging.getLogger(__name__)

MAX_FAILURES_REPORTED = 1_000


@dataclass(slots=True)
class Account:
    """Counts of one run, kept while it goes on."""

    started: datetime
    outcomes: Counter[str] = field(default_factory=Counter)
    """Pages by outcome (`OUTCOMES`)."""
    reasons: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    requests: int = 0
    received_bytes: int = 0
    publishers: Counter[str] = field(default_factory=Counter)
    notices: list[Notice] = field(default_factory=list)
    rights: set[str] = field(default_factory=set)
    qualities: Counter[str] = field(default_factory=Counter)
    """Articles stored or revised, by the words of `Quality`."""
    words: list[int] = field(default_factory=list)
    """Their lengths."""
    fresh: Counter[Source] = field(default_factory=Counter)
    """Fresh articles by the sources that name them."""

    @property
    def pages(self) -> int:
        """Pages that came to an outcome."""
        return self.outcomes.total()

    @property
    def written(self) -> int:
        """Articles stored or revised."""
        return self.outcomes["stored"] + self.outcomes["revised"]

    def count(self, url: str, outcome: str, reason: str | None) -> None:
        """Note that the page at *url* came to *outcome*."""
        assert outcome in OUTCOMES
        self.outcomes[outcome] += 1
        if outcome in {"wall", "refused", "failed"}:
            self.reasons[_general(reason or "")] += 1
        if outcome == "failed" and len(self.failures) < MAX_FAILURES_REPORTED:
            self.failures.append(Failure(url=url, reason=reason or ""))
        log.info("%s%s: %s", outcome, f" ({reason})" if reason else "", url)

    def learn(self, article: Article, reading: Reading) -> None:
        """Note what *article* says of its site."""
        if article.publisher:
            self.publishers[article.publisher] += 1
        self.notices += reading.notices
        self.rights.update(article.rights)

    def judge(self, article: Article, *, fresh: bool, sources: Iterable[Source]) -> None:
        """Note what *article*, stored or revised, is like, and which *sources* name it."""
        self.qualities["articles"] += 1
        if not fresh:
            return
        told = {
            "fresh": True,
            "dated": article.date is not None,
            "signed": bool(article.authors),
            "described": article.description is not None,
        }
        self.qualities.update(name for name, is_so in told.items() if is_so)
        self.words.append(article.words)
        self.fresh.update(sources)

    def record(self, corpus: Corpus, known: SiteRecord) -> SiteRecord:
        """Return *known* with what this run learnt of the site."""
        printed = max(
            self.publishers, key=lambda name: (self.publishers[name], name), default=known.publisher
        )
        merged = replace(known, publisher=printed, rights=tuple(sorted({*known.rights, *self.rights})))
        return corpus.add_notices(merged, tuple(self.notices))

    def report(
        self,
        site: str,
        *,
        ended: datetime,
        finished: str | None,
        failed: bool,
        held: int,
        waiting: int,
        yields: Mapping[Source, Yield],
    ) -> RunReport:
        """Return the report of the run at *site*; *yields* as `Frontier.yields` gives them."""
        sources = {
            source.value: replace(yields.get(source, Yield()), fresh=self.fresh[source])
            for source in sorted({*yields, *self.fresh})
        }
        return RunReport(
            site=site,
            started=f"{self.started:%Y-%m-%dT%H:%M:%SZ}",
            ended=f"{ended:%Y-%m-%dT%H:%M:%SZ}",
            finished=finished or ("done" if held else "done, but no article was found"),
            failed=failed or (not held and finished != "stopped"),
            pages=self.pages,
            requests=self.requests,
            received_bytes=self.received_bytes,
            outcomes={name: self.outcomes[name] for name in OUTCOMES if self.outcomes[name]},
            sources=sources,
            quality=Quality(**self.qualities, words=round(median(self.words)) if self.words else 0),
            held=held,
            waiting=waiting,
            reasons=dict(sorted(self.reasons.items(), key=lambda entry: (-entry[1], entry[0]))),
            failures=tuple(self.failures),
        )


def _general(reason: str) -> str:
    """Return *reason* without what differs from page to page, for counting."""
    if reason.startswith("HTTP") or "--allow-host" in reason:
        return reason
    return re.sub(r"(?<= )/\S*", "…", re.sub(r"https?://\S+", "…", re.sub(r"\d[\d,.]*", "#", reason)))
