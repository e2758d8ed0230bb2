"""What was fetched from a site's hosts, where it lies, and what the hosts asked for: the part of a state beside its links."""

from datetime import UTC, datetime

from crawler import views
from crawler.captures import Place
from crawler.state import State, moment, seconds


class Fetches(State):
    """The fetches, captures and hosts that a state file tells of."""

    # Captures

    def newest_fetch(self) -> datetime | None:
        """Return when anything was last fetched."""
        newest = self.db.execute("select at from fetch order by id desc limit 1").fetchone()
        return moment(newest[0]) if newest else None

    def warc_ends(self) -> dict[str, int]:
        """Return where the last committed record of each WARC ends, bytes by file name."""
        return dict(self.db.execute("select file, end from warc").fetchall())

    def lost_captures(self, sizes: dict[str, int]) -> list[tuple[int, str]]:
        """Return the fetches whose record lies beyond the end of its file, with the address asked for.

        *sizes* are those of the WARCs in bytes, by file name: after a power cut a file may be shorter than what was
        committed of it.
        """
        ends = self.warc_ends()
        if all(sizes.get(file, 0) >= end for file, end in ends.items()):
            return []
        rows = self.db.execute(
            "select fetch.id, coalesce(url, 'robots.txt') as url, warc, offset + length as end from fetch"
            " left join link on link.id = link_id where warc is not null order by fetch.id"
        )
        return [(row["id"], row["url"]) for row in rows if row["end"] > sizes.get(row["warc"], 0)]

    def last_record_end(self, file: str) -> int:
        """Return where the last record that is known in the WARC called *file* ends, bytes."""
        end: int | None = self.db.execute(
            "select max(offset + length) from fetch where warc = ?", (file,)
        ).fetchone()[0]
        return end or 0

    def set_warc_end(self, file: str, end: int) -> None:
        """Note that the WARC called *file* ends after *end* bytes."""
        with self.commit() as db:
            db.execute("insert or replace into warc values (?, ?)", (file, end))

    def forget_fetch(self, fetch_id: int) -> None:
        """Note that the capture of *fetch_id* cannot be read again; its link is due."""
        with self.commit() as db:
            db.execute(
                "update link set next_check = 0, etag = null, last_modified = null, digest = null, captured = '',"
                " state = case when kind is null then 'new' else 'done' end"
                " where id = (select link_id from fetch where id = ?)",
                (fetch_id,),
            )
            db.execute(
                "update fetch set read = 1, warc = null, offset = null, length = null where id = ?",
                (fetch_id,),
            )

    def place_of(self, fetch_id: int) -> str:
        """Return where the capture of the fetch lies, ``file:offset``."""
        row = self.db.execute("select warc, offset from fetch where id = ?", (fetch_id,)).fetchone()
        return f"{row['warc']}:{row['offset']}"

    def time_of(self, fetch_id: int) -> datetime:
        """Return when the answer of the fetch arrived."""
        row = self.db.execute("select at from fetch where id = ?", (fetch_id,)).fetchone()
        return datetime.fromtimestamp(row["at"], UTC)

    # Hosts

    def robots(self, origin: str) -> tuple[int, int, bytes] | None:
        """Return the robots.txt of *origin* as last fetched: when (seconds since 1970), status, body."""
        row = self.db.execute(
            "select * from host where origin = ? and robots_at is not null", (origin,)
        ).fetchone()
        return (row["robots_at"], row["robots_status"], row["robots_body"]) if row else None

    def keep_robots(self, origin: str, now: datetime, status: int, body: bytes, place: Place | None) -> None:
        """Keep the robots.txt of *origin*."""
        with self.commit() as db:
            db.execute(
                "insert into host (origin, robots_at, robots_status, robots_body, robots_warc) values (?, ?, ?, ?, ?)"
                " on conflict (origin) do update set robots_at = excluded.robots_at, robots_body = excluded.robots_body,"
                " robots_status = excluded.robots_status, robots_warc = excluded.robots_warc",
                (origin, seconds(now), status, body, str(place) if place else None),
            )

    def robots_warc(self, origin: str) -> str | None:
        """Return where the capture of the robots.txt of *origin* lies."""
        row = self.db.execute("select robots_warc from host where origin = ?", (origin,)).fetchone()
        return row["robots_warc"] if row else None

    def keep_pause(self, host: str, until: datetime) -> None:
        """Remember that *host* asks for nothing to be asked before *until*."""
        with self.commit() as db:
            db.execute("insert or replace into pause values (?, ?)", (host, seconds(until)))

    def pauses(self, now: datetime) -> dict[str, datetime]:
        """Return until when hosts asked for patience, by host, where that is yet to come."""
        return views.pauses(self.db, now)

    def admit(self, url: str) -> None:
        """Remember that the front page has moved to the host of *url*."""
        with self.commit() as db:
            db.execute("insert or replace into meta values (?, '')", (f"admitted {url}",))

    def admitted(self) -> list[str]:
        """Return the addresses the front page has moved to."""
        rows = self.db.execute("select key from meta where key like 'admitted %'").fetchall()
        return [row["key"].removeprefix("admitted ") for row in rows]
