#!/usr/bin/env python3
"""A crowd of strangers: connections that say nothing, or little, and stay.

      crowd.py SERVER SECONDS PORTS ADDRESS=COUNT...        PORTS: "80,443", of SERVER; the connections of each address go to them in turn;
                                                            SECONDS: how long it stays when all are there

Of each port's connections a third is silent, a third has sent the half of what comes first there, and a third asks and never reads the
answer: a TLS greeting, or twenty requests.  What the server ends meanwhile is dialled again, 100 a second.  Prints "there" when each has
been accepted or refused once.
"""
import os
import resource
import selectors
import socket
import ssl
import sys
import time

def greeting():
    """A ClientHello, made once: it costs the server a handshake, and us nothing."""
    context = ssl.create_default_context()
    out = ssl.MemoryBIO()
    try:
        context.wrap_bio(ssl.MemoryBIO(), out, server_hostname="fe01.contoso.test").do_handshake()
    except ssl.SSLWantReadError:
        pass
    return out.read()


HELLO = greeting()
HTTP = b"GET /CertProv/CertProvisioningService.svc/mex HTTP/1.1\r\nHost: fe01.contoso.test\r\n\r\n"
SIP = (b"OPTIONS sip:contoso.test SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.9;branch=z9hG4bK1\r\nMax-Forwards: 70\r\nFrom: <sip:a@contoso.test>;tag=1\r\n"
       b"To: <sip:contoso.test>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n")
FIRST = {80: HTTP, 443: HELLO, 5060: SIP, 5061: HELLO}
SILENT, HALF, UNREAD = range(3)


def words(port, kind):
    """What a connection of that kind sends."""
    first = FIRST[port]
    return {SILENT: b"", HALF: first[:len(first) // 2], UNREAD: first if first is HELLO else first * 20}[kind]


def dial(server, source, port, kind):
    s = socket.socket()
    s.setblocking(False)
    s.setsockopt(socket.SOL_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT: the port is chosen when it is dialled
    s.bind((source, 0))
    s.connect_ex((server, port))
    return s


def main():
    server, seconds = sys.argv[1], float(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    ports = [int(p) for p in sys.argv[3].split(",")]
    plan = [(source, ports[i // 3 % len(ports)], i % 3) for source, n in (a.split("=") for a in sys.argv[4:]) for i in range(int(n))]
    watch, end, said, since, again, ended, kept, dialled, refused = selectors.EpollSelector(), time.monotonic() + 300, False, 0, 0, 0, [], set(), []
    while time.monotonic() < end:
        due = 200 if not said else int((time.monotonic() - since) * 100) - again
        for _ in range(max(0, due)):
            if plan:
                again += said
                s = dial(server, *plan[-1])
                watch.register(s, selectors.EVENT_WRITE, plan.pop())
                dialled.add(s)
        if not said and not plan and not dialled:
            said, since = True, time.monotonic()
            end, plan = since + seconds, refused
            print("there", flush=True)
        for key, events in watch.select(0.05):
            s, who = key.fileobj, key.data
            dialled.discard(s)
            try:
                if events & selectors.EVENT_WRITE:
                    s.send(words(who[1], who[2]))
                    watch.modify(s, selectors.EVENT_READ, who)
                elif s.recv(1) and who[2] == UNREAD:
                    watch.unregister(s)  # the rest of the answer stays where it is
                    kept.append(s)
                else:
                    raise ConnectionResetError
            except BlockingIOError:
                pass
            except OSError:
                watch.unregister(s)
                s.close()
                ended += 1
                refused.append(who)
    print("ended by the server:", ended, flush=True)


if __name__ == "__main__":
    main()
