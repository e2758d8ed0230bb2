"""What a site's word is worth: validators that lie, and ``lastmod`` that says of everything that it changed."""

from typing import TYPE_CHECKING

from crawler.items import Source

if TYPE_CHECKING:  # the frontier holds its trust
    from crawler.state import State

MAX_STALE_VALIDATORS = 2
"""Bodies that changed under an unchanged validator: after these a 304 is not believed."""
HELD_FOR_A_LIE = 50
"""Unchanged bodies under an unchanged validator that make up for one that was not."""
MIN_RESTLESS_VALIDATORS = 10
"""Validators that changed while the body did not: after these, and not one 304, they are not worth sending."""
MIN_LASTMOD_TRIALS, MIN_LASTMOD_TRUE_SHARE = 20, 0.1
"""After so many articles fetched because of a ``lastmod``, at least this share must have changed."""
AUDIT_EVERY = 20
"""One in so many articles is looked at again without conditions, to see whether the answer would have been true."""


class Trust:
    """Counts of how often the word of one site was true, kept in its state file."""

    def __init__(self, state: "State") -> None:
        self._state = state
        rows = state.db.execute("select key, value from meta where key like 'word %'").fetchall()
        self._counts: dict[str, int] = {row["key"]: row["value"] for row in rows}

    def note(self, word: str) -> None:
        """Count that *word* was met once more; the words are those of the properties here."""
        key = f"word {word}"
        self._counts[key] = self._counts.get(key, 0) + 1
        with self._state.commit() as db:
            db.execute("insert or replace into meta values (?, ?)", (key, self._counts[key]))

    def count(self, word: str) -> int:
        """Return how often *word* was met."""
        return self._counts.get(f"word {word}", 0)

    @property
    def sends_validators(self) -> bool:
        """Whether to make requests conditional."""
        lies = self.count("stale-validator")
        stale = lies >= MAX_STALE_VALIDATORS and self.count("held-validator") < HELD_FOR_A_LIE * lies
        restless = self.count("restless-validator") >= MIN_RESTLESS_VALIDATORS and not self.count(
            "not-modified"
        )
        return not (stale or restless)

    def believes_lastmod(self, source: Source) -> bool:
        """Whether a later change stated by *source* makes an article due."""
        true, false = self.count(f"true-lastmod-{source}"), self.count(f"false-lastmod-{source}")
        return true + false < MIN_LASTMOD_TRIALS or true >= MIN_LASTMOD_TRUE_SHARE * (true + false)
