"""One message of HTTP or SIP from a socket, for the servers that tests put between phone and dialtoned."""
import re


def read_message(s):
    """(head, body): the head with its empty line, the body as long as Content-Length says.  None: the peer has ended, even in the middle."""
    got = b""
    while b"\r\n\r\n" not in got:
        piece = s.recv(65536)
        if not piece:
            return None
        got = (got + piece).lstrip(b"\r\n")  # the keep-alive of SIP, and what stands before a request (RFC 9112 2.2)
    head, end, body = got.partition(b"\r\n\r\n")
    length = re.search(rb"(?im)^content-length: *(\d+)", head)
    while length and len(body) < int(length[1]):
        piece = s.recv(65536)
        if not piece:
            return None
        body += piece
    return head + end, body
