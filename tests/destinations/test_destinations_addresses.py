"""Where a URL may lead: not inside, however the address is written, whatever a name server says."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import Any

import pytest
from destinations.misbehaving import answer, serving

from fireflower.destinations.addresses import Forbidden, Unresolvable, endpoints, is_public, literal
from fireflower.destinations.http import Answer, Failure, post
from fireflower.model.moments import SECOND

INSIDE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "169.254.170.2", "100.64.0.1", "100.100.100.200", "192.0.0.192", "192.0.0.8", "198.18.0.1", "224.0.0.1",
    "239.255.255.250", "240.0.0.1", "255.255.255.255", "168.63.129.16", "192.0.2.1", "203.0.113.9", "192.88.99.1",
    "::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "fec0::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::",
    "2002:a9fe:a9fe::1", "2001:0:7f00:1::1", "2001:db8::1", "100::1",
]  # fmt: skip
OUTSIDE = ["93.184.215.14", "1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700:4700::1111", "::ffff:1.1.1.1"]
WRITTEN = [
    "2130706433", "0x7f000001", "0177.0.0.1", "0x7f.0.0.1", "127.1", "127.0.1", "017700000001", "3232235521",
    "0xa9fea9fe", "2852039166",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_inside(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", OUTSIDE)
def test_outside(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("host", [*WRITTEN, "localhost", "127.0.0.1", "::1", "fe80::1%lo"])
def test_however_it_is_written(host: str) -> None:
    with pytest.raises((Forbidden, Unresolvable)):
        endpoints(host, 443, allow_private=False, timeout=5)
    address = literal(host)
    assert host == "localhost" or (address is not None and not is_public(address))


@pytest.mark.parametrize(
    "url",
    [f"https://{host}/" for host in WRITTEN] + [
        "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://localhost/", "https://LOCALHOST./",
        "https://user@127.0.0.1/", "https://127。0。0。1/", "https://①②⑦.0.0.1/", "http://example.com/", "ftp://a/",
        "//x",         "https://", "https://[::1", "https://a:99999/", "gopher://127.0.0.1/", "file:///etc/passwd",
        "https://\x00/",
        "https://127.0.0.1\\@example.com/", "https://" + "a" * 300 + "/",
    ],
)  # fmt: skip
def test_nothing_inside_is_reached(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def connected(*_: Any, **__: Any) -> None:
        pytest.fail("a connection was made")

    monkeypatch.setattr(socket, "create_connection", connected)
    monkeypatch.setattr(socket.socket, "connect", connected)
    found = post(url, {}, b"{}", timeout=2 * SECOND, allow_private=False)
    assert isinstance(found, Failure) and not found.taken


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """A name server that gives other answers each time; the names that it is asked for."""
    asked: list[str] = []

    def resolve(host: Any, port: Any, *_: Any, **__: Any) -> list[Any]:
        name = host.decode() if isinstance(host, bytes) else host
        if name and literal(name) is not None:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (name, port))]
        found = answers[min(len(asked), len(answers) - 1)]
        asked.append(name)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked


@pytest.mark.parametrize("inside", ["10.0.0.5", "169.254.169.254", "127.0.0.1"])
def test_a_name_that_leads_inside(inside: str, monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, [inside])
    found = post("https://innocent.example/", {}, b"{}", timeout=SECOND, allow_private=False)
    why = "which is not a public address. If it is meant, say `allow_private: true`."
    assert found == Failure(f"innocent.example leads to {inside}, {why}", lasting=True)


def test_a_name_with_one_foot_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, ["1.1.1.1", "10.0.0.5"])
    found = post("https://innocent.example/", {}, b"{}", timeout=SECOND, allow_private=False)
    assert isinstance(found, Failure) and "10.0.0.5" in found.reason


def test_a_name_that_changes_its_mind_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was looked at is what is connected to."""
    tried: list[Any] = []

    def connect(self: socket.socket, address: Any) -> None:
        tried.append(address)
        raise ConnectionRefusedError(111, "Connection refused")

    asked = resolving(monkeypatch, ["1.1.1.1"], ["127.0.0.1"])
    monkeypatch.setattr(socket.socket, "connect", connect)
    post("https://rebinding.example/", {}, b"{}", timeout=SECOND, allow_private=False)
    assert asked == ["rebinding.example"]
    assert [address[0] for address in tried] == ["1.1.1.1"]


def test_the_next_address_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(answer()) as server:
        resolving(monkeypatch, ["127.0.0.2", "127.0.0.1"])
        found = post(f"http://two.example:{server.port}/", {}, b"{}", timeout=SECOND, allow_private=True)
    assert isinstance(found, Answer) and server.requests[0].headers["host"] == f"two.example:{server.port}"


def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would connect to where it likes."""
    with serving(answer()) as proxy, serving(answer()) as server:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert isinstance(post(server.url, {}, b"{}", timeout=SECOND, allow_private=True), Answer)
    assert proxy.connections == 0


def test_a_name_server_that_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    release = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: release.wait(5) and [])
    with pytest.raises(Unresolvable, match="within"):
        endpoints("slow.example", 443, allow_private=False, timeout=0.1)
    release.set()
