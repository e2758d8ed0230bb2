"""Serves the sample newspaper on loopback: both papers, either edition, with the faults a test asks for.

By hand: ``python -m tests.newspaper.serve [--port 8765]``.
"""

import argparse
import contextlib
import email.utils
import gzip
import socket
import socketserver
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import quote, unquote, urlsplit

from tests.newspaper import paper
from tests.newspaper.paper import Response

FIRST_ADDRESS = "127.0.0.1"
SECOND_ADDRESS = "127.0.0.2"
"""Linux answers on all of 127.0.0.0/8; macOS only where an alias was set up."""
IDLE_SECONDS = 30
"""A connection kept alive this long without a request is closed."""


class Request(NamedTuple):
    """One request as the server saw it."""

    time: float
    """``time.monotonic()`` when it had been read."""
    host: str
    """The ``Host`` header."""
    method: str
    path: str
    """As sent, with its query."""
    status: int
    """0 when a fault closed the connection without a status line."""
    user_agent: str
    headers: dict[str, str]
    """Names in lower case."""


class Handler(BaseHTTPRequestHandler):
    """Answers one connection to one of the two papers."""

    protocol_version = "HTTP/1.1"
    server_version = "Lantern"
    sys_version = ""
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True  # else the body waits for the client's word on the headers, 40 ms a page
    server: "_Server"

    def handle_one_request(self) -> None:
        self.logged = True  # until a request has been read there is nothing to log
        super().handle_one_request()
        if not self.logged:
            self._log(0)

    def do_GET(self) -> None:
        self.arrived = time.monotonic()
        self.logged = False
        fault = self.newspaper.fault(self.url)
        if fault:
            fault(self)
        else:
            self.answer_page(self.page)

    do_HEAD = do_GET  # noqa: N815 (http.server's name)

    @property
    def newspaper(self) -> "Newspaper":
        return self.server.newspaper

    @property
    def url(self) -> str:
        """The address asked for, without its query."""
        return f"{self.server.origin}{_canonical_path(self.path)}"

    @property
    def page(self) -> Response:
        """What this request gets when no fault is set."""
        pages = self.newspaper.pages(self.server.origin)
        return pages.get(_canonical_path(self.path), pages[paper.NOT_FOUND])

    def answer_page(self, page: Response) -> None:
        """Send *page*, or 304 when the client holds it already, gzipped when the client asks for it."""
        if page.location:
            self.answer(page.status, {"Location": self.server.origin + page.location}, page.body)
            return
        if page.status != HTTPStatus.OK:
            self.answer(page.status, {"Content-Type": page.content_type}, page.body)
            return
        body, etag = page.body, page.etag
        headers = {
            "Content-Type": page.content_type,
            "Last-Modified": email.utils.format_datetime(_utc(page), usegmt=True),
        }
        if page.content_type.startswith(("text/", "application/xml", "application/atom+xml")):
            headers["Vary"] = "Accept-Encoding"
            if "gzip" in self.headers.get("Accept-Encoding", ""):
                body, etag = gzip.compress(body, mtime=0), f"W/{etag}"
                headers["Content-Encoding"] = "gzip"
        headers["ETag"] = etag
        if self._holds(page):
            headers.pop("Content-Encoding", None)
            self.answer(HTTPStatus.NOT_MODIFIED, headers)
        else:
            self.answer(HTTPStatus.OK, headers, body)

    def answer(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        """Send *status*, *headers* and *body* with its length; no body goes out for HEAD and 304."""
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD" and status != HTTPStatus.NOT_MODIFIED:
            self.wfile.write(body)

    def send_response(self, code: int, message: str | None = None) -> None:
        self._log(
            code
        )  # before the first byte leaves, so that a client which has its answer finds it in the log
        super().send_response(code, message)

    def log_message(self, *args: object) -> None:
        """Keep silent: `Newspaper.requests` is the log."""

    def _holds(self, page: Response) -> bool:
        """Return whether the client's validators match *page* (RFC 9110, section 13.1)."""
        if known := self.headers.get("If-None-Match"):
            tags = {tag.strip().removeprefix("W/") for tag in known.split(",")}
            return bool(tags & {"*", page.etag})
        if since := self.headers.get("If-Modified-Since"):
            try:
                return _utc(page) <= email.utils.parsedate_to_datetime(since)
            except (TypeError, ValueError):
                return False
        return False

    def _log(self, status: int) -> None:
        headers = {name.lower(): value for name, value in getattr(self, "headers", {}).items()}
        self.newspaper.requests.append(
            Request(
                time=getattr(self, "arrived", time.monotonic()),
                host=headers.get("host", ""),
                method=self.command or "",
                path=getattr(self, "path", ""),
                status=int(status),
                user_agent=headers.get("user-agent", ""),
                headers=headers,
            )
        )
        self.logged = True


Fault = Callable[[Handler], None]
"""Answers a request in the page's stead."""


def fail(status: int, headers: dict[str, str] | None = None) -> Fault:
    """Return a fault that answers *status*, for example 503 with ``{"Retry-After": "1"}``."""
    body = f"<!doctype html><title>{status}</title><h1>{status}</h1>".encode()
    return lambda handler: handler.answer(status, {"Content-Type": paper.HTML} | (headers or {}), body)


def redirect(location: str, status: int = 302) -> Fault:
    """Return a fault that sends the client to *location*."""
    return lambda handler: handler.answer(status, {"Location": location})


def send(body: bytes, content_type: str = paper.HTML) -> Fault:
    """Return a fault that answers 200 with *body* and no validators."""
    return lambda handler: handler.answer(200, {"Content-Type": content_type}, body)


def truncate(handler: Handler) -> None:
    """Promise the whole page, send half of it and hang up."""
    body = handler.page.body
    handler.send_response(200)
    handler.send_header("Content-Type", handler.page.content_type)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body[: len(body) // 2])
    handler.close_connection = True


def stall(handler: Handler) -> None:
    """Begin an answer and leave the client waiting for the rest."""
    handler.send_response(200)
    handler.send_header("Content-Length", "10000")
    handler.end_headers()
    with contextlib.suppress(OSError):
        handler.rfile.read(1)  # until the client hangs up, or this server
    handler.close_connection = True


def hang_up(handler: Handler) -> None:
    """Close the connection without a word."""
    handler.close_connection = True


def times(count: int, fault: Fault) -> Fault:
    """Return *fault* for the first *count* requests; the page itself afterwards."""
    left = [count]

    def limited(handler: Handler) -> None:
        left[0] -= 1
        if left[0] >= 0:
            fault(handler)
        else:
            handler.answer_page(handler.page)

    return limited


class Newspaper:
    """The two papers on two loopback sockets, from ``with`` to the end of its block.

    Attributes:
        edition: 1 or 2; takes effect with the next request.
        requests: what was asked, oldest first; clear it between runs.
        faults: path, or whole URL where the papers should differ, to what happens instead of the page.
    """

    def __init__(self, port: int = 0, *, edition: int = 1) -> None:
        self.edition = edition
        self.requests: list[Request] = []
        self.faults: dict[str, Fault] = {}
        self._servers: list[_Server] = []
        self._port = port

    def __enter__(self) -> Self:
        first = _Server((FIRST_ADDRESS, self._port), self)
        self._servers = [first]
        port = first.server_address[1]
        try:
            self._servers.append(_second_server(port, self, fixed=bool(self._port)))
        except OSError:
            first.server_close()
            raise
        for server in self._servers:
            # The threads stop with the servers; 20 ms keep leaving the block quick.
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()
            server.hang_up()

    @property
    def origin(self) -> str:
        return self._servers[0].origin

    @property
    def second_origin(self) -> str:
        return self._servers[1].origin

    @property
    def url(self) -> str:
        """The front page of the Lantern."""
        return f"{self.origin}/"

    @property
    def second_url(self) -> str:
        """The front page of the Beijing Post."""
        return f"{self.second_origin}/"

    @property
    def hosts(self) -> tuple[str, str]:
        """Host and port of both papers, as ``--allow-host`` wants them."""
        return urlsplit(self.origin).netloc, urlsplit(self.second_origin).netloc

    def pages(self, origin: str) -> dict[str, Response]:
        """Return every page of the paper at *origin*, in the edition of the moment."""
        if origin == self.origin:
            return paper.render(self.edition, origin)
        return paper.render_second(origin, self.origin)

    def fault(self, url: str) -> Fault | None:
        """Return what is to happen instead of the page at *url*, if anything."""
        return self.faults.get(url) or self.faults.get(urlsplit(url).path)


class _Server(ThreadingHTTPServer):
    """One paper's socket."""

    def __init__(self, address: tuple[str, int], newspaper: Newspaper) -> None:
        self.newspaper = newspaper
        self._connections: set[socket.socket] = set()
        super().__init__(address, Handler)
        host, port = self.server_address[:2]
        self.origin = f"http://{host}:{port}"

    def server_bind(self) -> None:
        # HTTPServer asks the resolver for the machine's name here, which takes seconds on some machines.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]

    def process_request(self, request: socket.socket, client_address: tuple[str, int]) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: socket.socket) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: socket.socket, client_address: tuple[str, int]) -> None:
        """Pass over clients that hang up, as every crawl does at its end."""

    def hang_up(self) -> None:
        """Close the connections that clients have kept alive."""
        for connection in tuple(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def _second_server(port: int, newspaper: Newspaper, *, fixed: bool) -> _Server:
    """Return the second paper's server: the same port on its own address, or another port where that is not to be had."""
    try:
        return _Server((SECOND_ADDRESS, port), newspaper)
    except OSError:
        return _Server((FIRST_ADDRESS, port + 1 if fixed else 0), newspaper)


def _canonical_path(target: str) -> str:
    """Return the path of a request *target* as `render` writes it: no query, percent-encoded one way."""
    return quote(unquote(urlsplit(target).path))


def _utc(page: Response) -> datetime:
    return page.last_modified.astimezone(UTC)


def main() -> None:
    """Serve both papers until interrupted."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--port", type=int, default=8765)
    options.add_argument("--edition", type=int, choices=(1, 2), default=1)
    chosen = options.parse_args()
    with contextlib.ExitStack() as stack:
        try:
            newspaper = stack.enter_context(Newspaper(chosen.port, edition=chosen.edition))
        except OSError as error:
            options.exit(1, f"port {chosen.port}: {error.strerror}\n")
        print(f"{paper.NAME}: {newspaper.url}\n{paper.SECOND_NAME}: {newspaper.second_url}", flush=True)
        print("Stop with Ctrl-C.", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
