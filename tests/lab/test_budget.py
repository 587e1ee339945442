"""What one stranger can take of a server: connections and processor time have an end, for each address.

    127.0.0.1: phones, operators     127.0.0.2: a stranger     --- dialtoned on 127.0.0.1
"""
import contextlib
import functools
import os
import resource
import socket
import ssl
import subprocess
import sys
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "interop"))

import front_end  # noqa: E402
from proc import children  # noqa: E402

TICKETS = "/WebTicket/WebTicketService.svc"


@pytest.fixture
def site(tmp_path):
    with front_end.Site(tmp_path, workers=1) as s:
        yield s


def dial(site, port, tls=False, source="127.0.0.1", timeout=10):
    s = socket.create_connection(("127.0.0.1", port), timeout, (source, 0))
    s.settimeout(timeout)
    if tls:
        s = ssl.create_default_context(cafile=site.ca).wrap_socket(s, server_hostname=front_end.FQDN)
    return s


def cpu_seconds(site):
    total = 0
    for pid in children(site.daemon.pid):
        with open(f"/proc/{pid}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


class Few(front_end.Site):
    """A site whose processes have few descriptors."""

    def start(self):
        real = subprocess.Popen
        subprocess.Popen = functools.partial(real, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (300, 300)))
        try:
            super().start()
        finally:
            subprocess.Popen = real


def test_one_address_has_a_share(tmp_path):
    """More silent connections than the server can hold, all from one address: others are served at once."""
    with Few(tmp_path, workers=1) as s:
        silent = []
        for port in (s.http, s.https, s.sip_tls):
            refused = 0  # as far as the server is quicker than connect(2)
            for _ in range(250):
                try:
                    silent.append(socket.create_connection(("127.0.0.1", port), 2, ("127.0.0.2", 0)))
                except OSError:
                    refused += 1
                    if refused == 10:
                        break
        assert len(silent) > 30
        for port, tls in ((s.http, False), (s.https, True), (s.sip_tls, True)):
            begun = time.monotonic()
            with dial(s, port, tls, timeout=5) as c:
                if port != s.sip_tls:
                    c.sendall(f"GET / HTTP/1.1\r\nHost: {front_end.FQDN}\r\nConnection: close\r\n\r\n".encode())
                    assert c.recv(100).startswith(b"HTTP/1.1 ")
            assert time.monotonic() - begun < 5, port  # silent ones would be sent away after ten
        for c in silent:
            c.close()


def test_bodies_that_do_not_end(tmp_path):
    """Logs that lack their last octet: the worker holds what the configuration allows strangers; the rest is refused with
    503, or cut off when others have less."""
    with front_end.Site(tmp_path, workers=1, max_stranger_memory=16) as s:
        worker, = [pid for pid in children(s.daemon.pid) if open(f"/proc/{pid}/comm").read().strip() == "worker"]

        def resident():
            with open(f"/proc/{worker}/statm") as f:
                return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20

        before, held, refused, cut = resident(), [], 0, 0
        head = (f"POST /RequestHandler/ucdevice.upx?op=log&type=CELog&name=x.clg HTTP/1.1\r\nHost: {front_end.FQDN}\r\n"
                f"Content-Length: {1 << 20}\r\n\r\n").encode()
        for i in range(60):
            c = dial(s, s.http, source=f"127.0.3.{1 + i % 6}", timeout=2)
            with contextlib.suppress(OSError):
                c.sendall(head + bytes((1 << 20) - 1))
            held.append(c)
        most = resident() - before
        for c in held:
            c.settimeout(0.05)
            try:
                got = c.recv(4096)
                refused += got.startswith(b"HTTP/1.1 503") and b"\r\nRetry-After: " in got
                cut += got == b""
            except TimeoutError:
                pass  # it is held
            except OSError:
                cut += 1
            c.close()
        print(f"60 bodies of 1 MiB: {most} MiB held, {refused} refused with 503, {cut} cut off")
        assert most <= 2 * 16 and refused + cut > 10  # a buffer that grows is there twice for a moment, and the heap keeps what was freed
        with dial(s, s.http) as c:
            c.sendall(f"GET / HTTP/1.1\r\nHost: {front_end.FQDN}\r\nConnection: close\r\n\r\n".encode())
            assert c.recv(100).startswith(b"HTTP/1.1 404")


def test_who_says_nothing_is_sent_away(site):
    """No octet within ten seconds: the place is somebody else's."""
    begun = time.monotonic()
    with dial(site, site.http, timeout=30) as c:
        assert c.recv(10) == b""
    assert time.monotonic() - begun < 20


def test_octets_one_by_one(site):
    """A chunked body and a SIP head in single octets, each a TLS record: work grows with their number, not its square."""
    with dial(site, site.https, True) as c:
        c.sendall(f"POST {TICKETS} HTTP/1.1\r\nHost: {front_end.FQDN}\r\nContent-Type: text/xml\r\n"
                  "Transfer-Encoding: chunked\r\n\r\n".encode() + b"1\r\nx\r\n" * 12500)
        time.sleep(1)
        before = cpu_seconds(site)
        for octet in b"1\r\nx\r\n" * 3000:
            c.send(bytes([octet]))
        time.sleep(0.5)
        chunks = cpu_seconds(site) - before
    with dial(site, site.sip_tls, True) as c:
        before = cpu_seconds(site)
        c.sendall(b"OPTIONS sip:x SIP/2.0\r\n" + b"X: " + b"y" * 12000)
        for _ in range(18000):
            c.send(b"z")
        time.sleep(0.5)
        head = cpu_seconds(site) - before
    print(f"18000 records: {chunks:.2f} s of chunks, {head:.2f} s of a head")
    assert chunks < 1.2 and head < 1.2
