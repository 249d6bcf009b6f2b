"""A proxy as tunnels and VPNs offer it: SOCKS version 5, without a password (RFC 1928)."""

from __future__ import annotations

import contextlib
import select
import socket
import socketserver
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Server(socketserver.ThreadingTCPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.reached: list[str] = []


class _Handler(socketserver.BaseRequestHandler):
    request: socket.socket
    server: _Server

    def handle(self) -> None:
        self._take(self._take(2)[1])
        self.request.sendall(b"\x05\x00")
        kind = self._take(4)[3]
        host = socket.inet_ntoa(self._take(4)) if kind == 1 else self._take(self._take(1)[0]).decode()
        with socket.create_connection((host, int.from_bytes(self._take(2), "big"))) as other:
            self.server.reached.append(host)
            self.request.sendall(b"\x05\x00\x00\x01" + bytes(6))
            with contextlib.suppress(OSError):
                self._pass_on(other)

    def _take(self, count: int) -> bytes:
        return self.request.recv(count, socket.MSG_WAITALL)

    def _pass_on(self, other: socket.socket) -> None:
        to = {self.request: other, other: self.request}
        while True:
            for one in select.select(list(to), [], [])[0]:
                piece = one.recv(65536)
                if not piece:
                    return
                to[one].sendall(piece)


@contextlib.contextmanager
def proxy() -> Iterator[tuple[str, list[str]]]:
    """Yield the proxy's address, and the hosts that it connected to, a list that grows."""
    with _Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"socks5://127.0.0.1:{server.server_address[1]}", server.reached
        server.shutdown()
        thread.join()
