#!/usr/bin/env python3
"""A crowd of strangers: connections that say nothing, or little, and stay.

      crowd.py SERVER SECONDS ADDRESS=COUNT...        on the ports 80, 443 and 5061 of SERVER

Of each address's connections a third is silent, a third has sent half a head, and a third a TLS greeting whose answer it never
reads.  What the server ends meanwhile is dialled again,
100 a second.  Prints "there" when each has been accepted or
refused once.
"""
import os
import resource
import selectors
import socket
import ssl
import sys
import time

PORTS = (80, 443, 5061)


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


def dial(server, source, kind):
    s = socket.socket()
    s.setblocking(False)
    s.setsockopt(socket.SOL_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT: the port is chosen when it is dialled
    s.bind((source, 0))
    port = (80, 80, PORTS[1 + os.urandom(1)[0] % 2])[kind]
    s.connect_ex((server, port))
    return s


def main():
    server, seconds = sys.argv[1], float(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    plan = [(source, i % 3) for source, n in (a.split("=") for a in sys.argv[3:]) for i in range(int(n))]
    watch, end, said, since, again, ended, kept, dialled = selectors.EpollSelector(), time.monotonic() + seconds, False, 0, 0, 0, [], set()
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
            print("there", flush=True)
        for key, events in watch.select(0.05):
            s, who = key.fileobj, key.data
            dialled.discard(s)
            try:
                if events & selectors.EVENT_WRITE:
                    s.send((b"", b"POST /x HTTP/1.1\r\nX: y", HELLO)[who[1]])
                    watch.modify(s, selectors.EVENT_READ, who)
                elif s.recv(1) and who[1] == 2:
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
                plan.append(who)
    print("ended by the server:", ended, flush=True)


if __name__ == "__main__":
    main()
