"""The log: one line an event, rotated by size, control characters escaped, times in UTC."""

import logging
import sys
import time
from logging.handlers import RotatingFileHandler
from pathlib import Path

MAX_LOG_BYTES, KEPT_LOGS = 10_000_000, 5


def log_to(path: Path) -> None:
    """Write one line per event to *path*, rotated by size; to standard error too when that is no terminal."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handlers: list[logging.Handler] = [
        RotatingFileHandler(path, maxBytes=MAX_LOG_BYTES, backupCount=KEPT_LOGS, encoding="utf-8")
    ]
    if not sys.stderr.isatty():
        handlers.append(logging.StreamHandler())
    for handler in handlers:
        handler.addFilter(
            lambda record: record.levelno >= logging.WARNING or record.name.startswith("crawler")
        )
        handler.setFormatter(OneLine("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%SZ"))
    logging.basicConfig(level=logging.WARNING, handlers=handlers, force=True)
    logging.getLogger("crawler").setLevel(logging.INFO)


class OneLine(logging.Formatter):
    """One line an event, control characters escaped, times in UTC."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        """Return *record* as one line."""
        text = super().format(record)
        if text.isprintable():
            return text
        return "".join(
            char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
        )
