"""A real HTTP server on this machine that does what it is told: answers, dawdles, breaks off, sends too much."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Behave = Callable[[socket.socket, "Request"], None]


@dataclass
class Request:
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Server:
    """What it has been sent, and how it behaves now."""

    behave: Behave
    port: int = 0
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"


def answer(status: str = "200 OK", body: bytes = b"ok", **headers: str) -> Behave:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return raw("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def raw(data: bytes) -> Behave:
    return lambda connection, request: connection.sendall(data)


def drip(data: bytes, seconds: float) -> Behave:
    """A byte now and then, so that no single wait is long."""

    def behave(connection: socket.socket, request: Request) -> None:
        for i in range(len(data)):
            connection.sendall(data[i : i + 1])
            time.sleep(seconds)

    return behave


def silence(seconds: float) -> Behave:
    return lambda connection, request: time.sleep(seconds)


def flood(connection: socket.socket, request: Request) -> None:
    """An answer without an end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
    while True:
        connection.sendall(b"x" * 65_536)


def cut(connection: socket.socket, request: Request) -> None:
    """A reset, once the request is in."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


@contextmanager
def serving(behave: Behave, context: ssl.SSLContext | None = None) -> Iterator[Server]:
    server = Server(behave)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server.port = listener.getsockname()[1]
        thread = threading.Thread(target=_accept, args=(listener, server, context), daemon=True)
        thread.start()
        yield server
        server.closing.set()
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def _accept(listener: socket.socket, server: Server, context: ssl.SSLContext | None) -> None:
    while not server.closing.is_set():
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        server.connections += 1
        threading.Thread(target=_serve, args=(connection, server, context), daemon=True).start()


def _serve(connection: socket.socket, server: Server, context: ssl.SSLContext | None) -> None:
    with connection:
        try:
            if context is not None:
                connection = context.wrap_socket(connection, server_side=True)
            request = _read(connection)
            server.requests.append(request)
            server.behave(connection, request)
        except (OSError, ValueError):
            pass
        finally:
            connection.close()


def _read(connection: socket.socket) -> Request:
    connection.settimeout(5)
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65_536)
        if not piece:
            raise ValueError("no request")
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        body += connection.recv(65_536)
    return Request(first.split(" ")[1], headers, body)
