"""Which addresses may be connected to, by their numbers and by what a name resolves to."""

from typing import Any

import pytest
from scrapy.resolver import CachingThreadedResolver
from twisted.internet.defer import Deferred, succeed

from crawler.addresses import is_public, refusal
from crawler.resolver import NotPublic, PublicResolver


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("172.15.255.255", True),
        ("172.16.0.1", False),
        ("172.31.255.255", False),
        ("172.32.0.1", True),
        ("127.255.255.254", False),
        ("100.127.255.255", False),
        ("169.254.169.254", False),
        ("192.0.2.1", False),
        ("198.18.0.1", False),
        ("203.0.113.9", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("239.1.1.1", False),
        ("0.0.0.0", False),
        ("2606:4700::1111", True),
        ("::", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fec0::1", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("2001:db8::1", False),
        ("::ffff:8.8.8.8", True),
        ("::ffff:10.0.0.1", False),
        ("::ffff:169.254.169.254", False),
        ("::127.0.0.1", False),
        ("64:ff9b::10.0.0.1", False),
        ("64:ff9b:1::a00:1", False),
        ("2002:7f00:1::", False),
    ],
)
def test_an_address_is_public_or_not(address: str, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize("name", ["news.example", "127.1", "0x7f.0.0.1", "2130706433", "0177.0.0.1"])
def test_what_is_no_literal_is_a_name_to_resolve(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        is_public(name)
    assert refusal("http", name, None, frozenset()) is None


NAMED = frozenset({"127.0.0.1:8765", "::1:8765", "intranet.example:8080"})


@pytest.mark.parametrize(
    ("scheme", "host", "port", "said"),
    [
        ("https", "news.example", None, None),
        ("https", "news.example", 443, None),
        ("http", "news.example", 80, None),
        ("http", "8.8.8.8", None, None),
        ("http", "127.0.0.1", 8765, None),
        ("http", "::1", 8765, None),
        ("http", "intranet.example", 8080, None),
        ("http", "127.0.0.1", None, "--allow-host 127.0.0.1:80 "),
        ("http", "127.0.0.1", 8766, "not a public address"),
        ("http", "::1", None, "not a public address"),
        ("http", "localhost", 8765, "not a public address"),
        ("https", "db.localhost", None, "not a public address"),
        ("http", "news.example", 443, "port 443 is not a web port"),
        ("https", "news.example", 22, "--allow-host news.example:22 "),
        ("https", "intranet.example", 8081, "port 8081"),
    ],
)
def test_a_request_goes_to_public_hosts_and_to_what_was_named(
    scheme: str, host: str, port: int | None, said: str | None
) -> None:
    found = refusal(scheme, host, port, NAMED)
    assert found is None if said is None else said in (found or "")


@pytest.mark.parametrize(
    ("name", "address", "refused"),
    [
        ("news.example", "8.8.8.8", False),
        ("rebind.example", "127.0.0.1", True),
        ("rebind.example", "169.254.169.254", True),
        ("0x7f.1", "127.0.0.1", True),
        ("intranet.example", "10.0.0.1", False),
        ("sub.intranet.example", "10.0.0.1", True),
    ],
)
def test_a_name_that_leads_inside_is_refused_unless_it_was_named(
    monkeypatch: pytest.MonkeyPatch, name: str, address: str, refused: bool
) -> None:
    def answered(*_: object) -> Deferred[str]:
        return succeed(address)

    monkeypatch.setattr(CachingThreadedResolver, "getHostByName", answered)
    reactor: Any = object()
    resolver = PublicResolver(reactor, 10, 10.0, frozenset({"intranet.example"}))
    came: list[Any] = []
    resolver.getHostByName(name).addBoth(came.append)
    if refused:
        assert isinstance(came[0].value, NotPublic)
        assert address in str(came[0].value)
    else:
        assert came == [address]
