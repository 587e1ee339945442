"""Inputs after public bug reports of other programs (tests/vectors/reports/README), each through the program that reads it for a user.
Those that need a network besides loopback stand in tests/lab/test_reports_on_the_wire.py; between them no input is left out."""
import csv
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import threading
import time

import pytest

from programs import BUILD, TOP, Site, open_folder, site_running
from test_fleet import Running as FleetSite
from test_fleet import fleet

sys.path.insert(0, os.path.join(TOP, "tests/support"))
from read_message import read_message  # noqa: E402

VECTORS = os.path.join(TOP, "tests/vectors/reports")


def at(name):
    return os.path.join(VECTORS, name)


def octets(name):
    with open(at(name), "rb") as f:
        return f.read()


def dialtone(*words, status=0, **kw):
    done = subprocess.run([os.path.join(BUILD, "dialtone"), *words], capture_output=True, timeout=60, **kw)
    assert done.returncode == status, (words, done)
    return done.stdout.decode(), done.stderr.decode()


def decoded(kind, name):
    return json.loads(dialtone("decode", kind, at(name))[0])


def refused(kind, name, said):
    assert said in dialtone("decode", kind, at(name), status=1)[1], name


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return Site(open_folder(tmp_path_factory.mktemp("reports")))


# ---- what dialtone decode reads --------------------------------------------------------------------------------------------


def test_captures():
    for name, said in {"netmon2.cap": "a capture of Network Monitor: open it in Wireshark and save it as pcap", "snoop.cap": "a capture of snoop",
                       "kuznetzov.pcap": "modified pcap", "dhcp.pcap.gz": "gunzip", "trace.etl": "etl2pcapng"}.items():
        refused("dhcp", f"capture-of-another-kind/{name}", said)
    refused("dhcp", "linux-any-capture/sll.pcap", "capture on one Ethernet interface, not on \"any\"")
    refused("dhcp", "pcap-snapped/snap96.pcap", "only its first 96 octets: capture whole packets (tcpdump -s 0)")
    for name in ("pcapng-11-interfaces/nine.pcapng", "pcapng-11-interfaces/eleven.pcapng", "pcapng-mixed-links/cooked-and-ethernet.pcapng",
                 "pcapng-mixed-links/nanoseconds.pcap", "pcapng-mixed-links/two-snaplens.pcapng"):
        assert decoded("dhcp", name)[0]["type"] == "ACK", name


def test_dhcp_messages():
    for name in ("dhcp-no-end-or-garbage/ack-ff-garbage.bin", "dhcp-no-end-or-garbage/ack-no-end.bin", "dhcp-t1-zero/ack.bin"):
        assert decoded("dhcp", name)["type"] == "ACK"
    assert decoded("dhcp", "dhcp-vlan0-tag/offer-frame.bin")["type"] == "OFFER"
    for code in (1, 15, 51, 53):
        assert decoded("dhcp", f"dhcp-option-doubled/ack-{code}-twice.bin")["warn"] == f"option {code} stands twice: the first one counts"
    refused("dhcp", "dhcp-bad-checksum/offer-option-cut.bin", "an option runs past the end of the message")
    bad = [o for o in decoded("dhcp", "dhcp-bad-checksum/offer-6-of-5-octets.bin")["options"] if "bad" in o]
    assert [(o["code"], o["bad"]) for o in bad] == [(6, "its length does not fit")]
    for how in ("0x", "bare", "blank", "colon", "dash", "quoted"):
        assert "hexadecimal digits typed as text" in dialtone("decode", "dhcp", at(f"opt43-hex-as-text/ack-{how}.bin"))[0], how
    long = next(o for o in decoded("dhcp", "opt43-longer-than-255/inform-ack-rfc3396.bin")["options"] if o["code"] == 43)
    assert len(json.dumps(long)) > 255


def test_lldp_frames():
    assert decoded("lldp", "lldp-padding-after-end/frame.bin")["med"]["policies"][0]["vlan"] == 66
    policy = decoded("lldp", "lldp-policy-9-octets/frame.bin")
    assert policy["med"]["policies"] == [] and any("TIA-1057 10.2.3" in t.get("ignored", "") for t in policy["tlvs"])
    refused("lldp", "lldp-ttl-not-third/frame.bin", "Chassis ID, Port ID and Time To Live do not stand first, in this order")
    assert "the VLAN is void (TIA-1057 10.2.3.2)" in decoded("lldp", "lldp-untagged-with-vlan/frame.bin")["med"]["policies"][0]["means"]


def test_messages():
    refused("sip", "sip-bare-lf/register.sip", "a line feed without a carriage return (status 400)")
    refused("sip", "sip-keepalive-nul/ping.bin", "this is not the beginning of a message")
    for name in ("empty-host", "port-glued"):
        refused("sip", f"sip-malformed-contact/{name}.sip", "Contact is not a list of addresses (status 400)")
    assert decoded("sip", "sip-answers-of-others/200.sip")["status"] == 200
    assert decoded("sip", "sip-split-crlf/register.sip")["method"] == "REGISTER"
    for name in ("xml-declares-utf16/request.xml", "xml-declares-utf16/utf8-without-hyphen.xml", "html-instead-of-soap/blank-line.xml"):
        assert decoded("soap", name)["soap"] == "1.1", name
    for name in ("key", "nokey"):
        assert decoded("ntlm", f"ntlm-mic-without-sign/ntlm-kex-no-sign-{name}.bin")["message"] == "AUTHENTICATE"


# ---- what the administrator gives it ------------------------------------------------------------------------------------------

PEOPLE = 'address,login,display,extension\r\nbob@contoso.test,CONTOSO\\bob,"Bob, Jr.",4412\r\n'


def imported(site, text, tmp_path, status=0):
    with open(tmp_path / "users.csv", "wb") as f:
        f.write(text)
    return dialtone("-c", site.conf, "user", "import", str(tmp_path / "users.csv"), "--dry-run", status=status)[1]


def test_csv_files(site, tmp_path):
    """Export-Csv of Windows PowerShell writes a line "#TYPE ..." first, and UTF-16 with -Encoding Unicode, as ">" does: both are read.

    The note that came with csv-of-powershell calls its first line a reason to refuse the file.  It is read all the same: this line is
    what `Get-CsUser | Export-Csv` writes on each Windows that a Lync site runs on, and that export is how users move in (dialtone-user(1));
    it carries no data, so that nothing is lost by leaving it out.  Lines that end in CR alone stay refused."""
    assert "column 'address' stands there twice" in imported(site, octets("csv-header-twice/users.csv"), tmp_path, 64)
    assert "its lines end in CR alone" in imported(site, octets("csv-of-powershell/cr-only.csv"), tmp_path, 64)
    assert "1 user would be imported" in imported(site, octets("csv-of-powershell/type-line.csv"), tmp_path)
    umlaut = PEOPLE.replace("Bob,", "Jürgen \U0001f600,")
    for good in (PEOPLE.encode(), b"\xef\xbb\xbf" + PEOPLE.encode(), b"\xff\xfe" + umlaut.encode("utf-16le"), b"\xfe\xff" + umlaut.encode("utf-16be"),
                 b"\xff\xfe" + ("#TYPE Selected.User\r\n" + PEOPLE).encode("utf-16le"), PEOPLE.replace("\r\n", "\n").encode(), PEOPLE.rstrip().encode(),
                 (PEOPLE + "\r\n\r\n").encode()):
        assert "1 user would be imported" in imported(site, good, tmp_path), good
    for bad, said in {PEOPLE.encode("utf-16le"): "it is UTF-16 without its mark", PEOPLE.encode("utf-16be"): "it is UTF-16 without its mark",
                      b"\xff\xfe" + PEOPLE.encode("utf-16le") + b"x": "it is UTF-16 that breaks off", PEOPLE.encode("utf-32"): "it is UTF-32",
                      PEOPLE.replace("Bob", "J\xfcrgen").encode("latin-1"): ":2: the display name is not UTF-8",
                      PEOPLE.replace("Bob", "Bo\0b").encode(): ":2: it has an octet 0",
                      PEOPLE.replace(",", ";").encode(): "separate the fields by commas", PEOPLE.replace('"Bob, Jr."', '"Bob').encode(): "a quote does not close",
                      b"sep=,\r\n" + PEOPLE.encode(): "there is no column 'sep='"}.items():
        assert said in imported(site, bad, tmp_path, 64), bad


def test_a_name_too_long_for_option_43(tmp_path):
    """RFC 2132 2: an option holds 255 octets; IOS writes it as it is, and cannot split it (RFC 3396)."""
    web = octets("opt43-longer-than-255/web-name.txt").decode().strip()
    folder = open_folder(tmp_path)
    dialtone("init", str(folder / "long"), "--domain", "contoso.test", "--fqdn", "fe01.contoso.test", "--web-fqdn", web, "--address", "127.0.0.1")
    conf = str(folder / "long/dialtone.conf")
    voice = ("--voice", "10.66.0.0/24")
    out, err = dialtone("-c", conf, "netconfig", "ios", *voice, status=78)
    assert "255" in err and "option 43 hex" not in out
    assert "option" in dialtone("-c", conf, "netconfig", "dnsmasq", *voice)[0]


# ---- certificates ------------------------------------------------------------------------------------------------------------


def openssl(*words, text=None):
    done = subprocess.run(["openssl", *words], input=text, capture_output=True, timeout=60)
    assert done.returncode == 0, done
    return done.stdout


class Certificates:
    """A root, an intermediate, and server.pem of a site in each form that reports speak of."""

    def __init__(self, site, tmp):
        self.site, self.tmp = site, str(tmp)
        self.root = self.made("root", None, "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign")
        self.middle = self.made("middle", self.root, "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign")
        self.kept = {n: open(site.path(n), "rb").read() for n in ("server.pem", "ca.pem")}

    def made(self, name, by, ext, *dates):
        key, pem, req, conf = (os.path.join(self.tmp, f"{name}.{e}") for e in ("key", "pem", "req", "ext"))
        with open(conf, "w") as f:
            f.write(ext + "\n")
        openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", req, "-subj", f"/CN={name}")
        signer = ["-signkey", key] if by is None else ["-CA", by[1], "-CAkey", by[0], "-CAcreateserial"]
        openssl("x509", "-req", "-in", req, "-out", pem, "-extfile", conf, "-days", "3650", *signer)
        return key, pem

    def check(self, server, ca=None):
        """What dialtoned -t says of them."""
        for name, text in {"server.pem": server, "ca.pem": ca or self.kept["ca.pem"]}.items():
            with open(self.site.path(name), "wb") as f:
                f.write(text)
        done = self.site.check()
        for name, text in self.kept.items():
            with open(self.site.path(name), "wb") as f:
                f.write(text)
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def certificates(site, tmp_path):
    return Certificates(site, tmp_path)


NAMES = "subjectAltName=DNS:fe01.contoso.test,DNS:sip.contoso.test,DNS:contoso.test,DNS:ucupdates-r2.contoso.test\n"


def read(*paths):
    return b"".join(open(p, "rb").read() for p in paths)


def test_certificates_for_another_use(certificates):
    """cert-wrong-use: dialtoned -t refuses what phones would refuse."""
    c = certificates
    root = read(c.root[1])
    for name, ext, chain, good in (("right", "extendedKeyUsage=serverAuth", [c.middle[1], c.root[1]], True), ("client", "extendedKeyUsage=clientAuth", [c.middle[1], c.root[1]], False),
                                   ("mail", "extendedKeyUsage=emailProtection", [c.middle[1], c.root[1]], False), ("alone", "extendedKeyUsage=serverAuth", [c.root[1]], False)):
        key, pem = c.made(name, c.middle, NAMES + ext)
        status, said = c.check(read(pem, *chain, key), root)
        assert (status == 0) == good, (name, said)
        assert good or "server.pem" in said, (name, said)
    key, pem = c.made("double", c.middle, NAMES + "extendedKeyUsage=serverAuth,clientAuth")
    assert c.check(read(pem, c.middle[1], c.root[1], key), root)[0] == 0


def test_forms_of_pem(certificates):
    """cert-pem-forms: the forms that tools write are read, and the others are named."""
    whole = certificates.kept["server.pem"]
    blocks = re.findall(rb"-----BEGIN .*?-----END [^\n]*\n", whole, re.S)
    key = next(b for b in blocks if b"PRIVATE KEY" in b)
    certs = b"".join(b for b in blocks if b"CERTIFICATE" in b)
    traditional = openssl("rsa", "-traditional", text=key) if b"EC" not in openssl("pkey", "-text", "-noout", text=key)[:40] else key
    for good in (b"Bag Attributes\n    friendlyName: fe01\nsubject=CN = x\n" + whole, certs + key, whole.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + whole,
                 whole.rstrip(b"\n"), traditional + certs, b"\n\n" + whole + b"\n\n"):
        status, said = certificates.check(good)
        assert status == 0, (good[:80], said)
    locked = openssl("pkey", "-aes128", "-passout", "pass:x", text=key)
    for bad, word in ((locked + certs, "encrypted"), (whole.replace(b"-----\n-----", b"----------"), "two PEM blocks stand on one line"), (certs, "no private key"), (key, "no certificate"),
                      (openssl("x509", "-outform", "DER", text=certs), "")):
        status, said = certificates.check(bad)
        assert status != 0 and word in said, (word, said)


# ---- what others send to dialtoned ------------------------------------------------------------------------------------------------


class Running(Site):
    def __init__(self, folder, *lines):
        super().__init__(folder)
        with open(self.conf) as f:
            text = f.read()
        self.port = {k: int(re.search(rf"^{k} = (\d+)", text, re.M)[1]) for k in ("sip_tls", "https", "http")}
        with open(self.conf, "w") as f:
            f.write(text + "".join(f"{line}\n" for line in lines))
        self.log = open(os.path.join(str(folder), "log"), "w+")
        self.daemon = subprocess.Popen([os.path.join(BUILD, "dialtoned"), "-c", self.conf], stdout=subprocess.PIPE, stderr=self.log, text=True)
        assert "ready" in self.daemon.stdout.readline(), self.logged()

    def logged_octets(self):
        with open(self.log.name, "rb") as f:
            return f.read()

    def logged(self):
        return self.logged_octets().decode()

    def logs(self, said):
        end = time.monotonic() + 10
        while said not in self.logged():
            assert time.monotonic() < end, (said, self.logged()[-3000:])
            time.sleep(0.05)

    def tls(self, port, head=b""):
        s = socket.create_connection(("127.0.0.1", self.port[port]), timeout=10)
        s.sendall(head)
        context = ssl.create_default_context(cafile=self.path("ca.pem"))
        return context.wrap_socket(s, server_hostname="fe01.contoso.test")

    def end(self):
        self.daemon.terminate()
        self.daemon.wait(20)


def until_closed(s):
    got = b""
    try:
        while piece := s.recv(65536):
            got += piece
    except (OSError, ssl.SSLError):
        pass
    return got


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    made = Running(open_folder(tmp_path_factory.mktemp("running")))
    yield made
    made.end()


def test_sip_from_others(running):
    for name, said in {"sip-bare-lf/register.sip": "a line feed without a carriage return", "sip-keepalive-nul/ping.bin": "not the beginning of a message"}.items():
        with running.tls("sip_tls") as s:
            s.sendall(octets(name))
            until_closed(s)
        running.logs(said)
    for name in ("empty-host", "port-glued"):
        with running.tls("sip_tls") as s:
            s.sendall(octets(f"sip-malformed-contact/{name}.sip"))
            assert s.recv(65536).startswith(b"SIP/2.0 400 "), name
        running.logs("Contact is not a list of addresses")
    whole = octets("sip-split-crlf/register.sip")
    for size in (1, 2, 3, 7, len(whole)):  # octets come in any pieces
        with running.tls("sip_tls") as s:
            for i in range(0, len(whole), size):
                s.sendall(whole[i:i + size])
            assert s.recv(65536).startswith(b"SIP/2.0 401 "), size


def test_xml_that_declares_what_it_is_not(running):
    for name in ("request.xml", "utf8-without-hyphen.xml"):
        body = octets(f"xml-declares-utf16/{name}")
        with running.tls("https") as s:
            s.sendall(b"POST /WebTicket/WebTicketService.svc/mex HTTP/1.1\r\nHost: fe01.contoso.test\r\nContent-Type: text/xml; charset=utf-8\r\n"
                      b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            got = until_closed(s)
        assert b"not well-formed" not in got and got.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 500 ")), (name, got[:600])
        assert "well-formed" not in running.logged() and "encoding is not accepted" not in running.logged()


def test_proxies(tmp_path):
    balanced = Running(open_folder(tmp_path), "internal_proxy_protocol = true")
    v2 = b"\r\n\r\n\0\r\nQUIT\n"
    inet = socket.inet_aton("203.0.113.9") + socket.inet_aton("127.0.0.1") + (4711).to_bytes(2, "big") + (5061).to_bytes(2, "big")
    extra = inet + b"\x03\x00\x04abcd" + b"\x04\x00\x00"  # CRC32C and NOOP, as balancers add them
    inet6 = socket.inet_pton(socket.AF_INET6, "2001:db8::9") + socket.inet_pton(socket.AF_INET6, "::1") + inet[8:]
    unix = bytes(216)
    try:
        for head in (octets("proxy-protocol-v1/local-v2.bin"), v2 + b"\x21\x11" + len(inet).to_bytes(2, "big") + inet,
                     v2 + b"\x21\x11" + len(extra).to_bytes(2, "big") + extra, v2 + b"\x21\x21" + len(inet6).to_bytes(2, "big") + inet6,
                     v2 + b"\x20\x00" + len(extra).to_bytes(2, "big") + extra, v2 + b"\x21\x31" + len(unix).to_bytes(2, "big") + unix):
            try:
                with balanced.tls("sip_tls", head) as s:
                    s.sendall(octets("sip-split-crlf/register.sip"))
                    assert s.recv(65536).startswith(b"SIP/2.0 401 "), head
            except (OSError, ssl.SSLError) as e:
                assert head[13] == 0x31, (head, e)  # AF_UNIX names no address: it may be refused
        for head in (octets("proxy-protocol-v1/head.bin"), b"PROXY TCP6 2001:db8::9 ::1 4711 5061\r\n", b"PROXY UNKNOWN\r\n"):
            with socket.create_connection(("127.0.0.1", balanced.port["sip_tls"]), timeout=10) as s:
                s.sendall(head)
                until_closed(s)
        end = time.monotonic() + 10
        while balanced.logged().count("send-proxy-v2") < 3 and balanced.logged().count("more like it") == 0:
            assert time.monotonic() < end, balanced.logged()[-2000:]
            time.sleep(0.05)
    finally:
        balanced.end()


# ---- what phones meet: the whole phone, and a server between it and dialtoned ------------------------------------------------------


class Between:
    """It stands before dialtoned at another address of loopback.  A request at port 443 is shown to answer(), which gives octets, or a function
    of dialtoned's own answer; all else goes on to dialtoned as it is."""

    next = 0

    def __init__(self, site, answer):
        self.site, self.answer = site, answer
        Between.next += 1
        self.address = re.sub(r"\.\d+$", f".{70 + Between.next}", site.address)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(site.path("server.pem"))
        self.sockets = [socket.create_server((self.address, port), backlog=64) for port in (80, 443, 5061)]
        for s, port in zip(self.sockets, (80, 443, 5061)):
            threading.Thread(target=self.accepts, args=(s, port), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for s in self.sockets:
            s.close()

    def accepts(self, s, port):
        while True:
            try:
                c, _ = s.accept()
            except OSError:
                return
            threading.Thread(target=self.web if port == 443 else self.onward, args=(c, port), daemon=True).start()

    def onward(self, c, port):
        """Either end may close or be reset at any time: then both have ended."""
        def copy(source, to):
            try:
                while piece := source.recv(65536):
                    to.sendall(piece)
            except OSError:
                pass

        try:
            with c, socket.create_connection((self.site.address, port)) as d:
                threading.Thread(target=copy, args=(d, c), daemon=True).start()
                copy(c, d)
        except OSError:
            pass

    def web(self, c, port):
        plain = ssl.create_default_context(cafile=self.site.path("ca.pem"))
        try:
            with self.context.wrap_socket(c, server_side=True) as s, socket.create_connection((self.site.address, port)) as d, \
                    plain.wrap_socket(d, server_hostname="fe01.contoso.test") as real:
                while asked := read_message(s):
                    answer = self.answer(b"".join(asked))
                    if not isinstance(answer, bytes):
                        real.sendall(b"".join(asked))
                        got = read_message(real)
                        if not got:
                            return
                        answer = answer(b"".join(got))
                    s.sendall(answer)
        except OSError:
            pass


@pytest.fixture(scope="module")
def phones(tmp_path_factory):
    with site_running(FleetSite, tmp_path_factory.mktemp("phones")) as made:
        yield made


def fleet_of(phones, users, *words, address=None, status=0):
    done = fleet(address or phones.address, users, "--pool", "fe01.contoso.test", "--arrive", "burst", "-f", "json", *words, status=status)
    return json.loads(done.stdout)


def people(phones, tmp_path, rows):
    path = str(tmp_path / "people.csv")
    with open(path, "w", newline="") as f:
        w = csv.DictWriter(f, ["address", "login", "password"])
        w.writeheader()
        w.writerows(rows)
    dialtone("-c", phones.conf, "user", "import", path)
    return path


def test_names_and_passwords_of_ntlm(phones, tmp_path):
    """[MS-UCODEREF] 3.1.5.3: the proof is made with the upper case of Windows; passwords are any text."""
    names = octets("ntlm-user-names/names.txt").decode().split()
    passwords = [p for p in octets("ntlm-passwords/passwords.txt").decode().splitlines() if p]
    rows = [{"address": f"n{i}@contoso.test", "login": f"CONTOSO\\{n}", "password": "Pa$$word"} for i, n in enumerate(names)]
    rows += [{"address": f"p{i}@contoso.test", "login": f"CONTOSO\\p{i}", "password": p} for i, p in enumerate(passwords)]
    r = fleet_of(phones, people(phones, tmp_path, rows), "--model", "cx700")
    assert (r["done"], r["failed"]) == (len(rows), 0), r


def test_a_quoted_comma_in_a_challenge(phones):
    """RFC 9110 11.6.1: a comma in a quoted string separates nothing."""
    lines = b"".join(line + b"\r\n" for line in octets("auth-list-quoted-comma/challenge.http").split(b"\r\n") if line.startswith(b"WWW-Authenticate"))
    met = []

    def changed(answer):
        if answer.startswith(b"HTTP/1.1 401") and b"\r\nWWW-Authenticate: NTLM\r\n" in answer:
            met.append(1)
            return answer.replace(b"WWW-Authenticate: NTLM\r\n", lines, 1)
        return answer

    with Between(phones, lambda asked: changed) as b:
        r = fleet_of(phones, phones.passwords, "--model", "cx700", "--phones", "3", address=b.address)
    assert met and (r["done"], r["failed"]) == (3, 0), r


@pytest.mark.parametrize("name, error, why", [("html-instead-of-soap/page.http", "metadata-bad", ""), ("html-instead-of-soap/302.http", "tls-name", "sso.contoso.test"),
                                              ("html-instead-of-soap/407.http", "http-status", "407"), ("http-gzip-unasked/answer.http", "http-bad", "gzip")])
def test_answers_of_something_between(phones, name, error, why):
    """What the doctor calls each of them (C-17, C-19): tests/meet/faults_reports.c."""
    def answer(asked):
        return octets(name) if b"/mex" in asked.split(b"\r\n")[0] else lambda whole: whole

    with Between(phones, answer) as b:
        r = fleet_of(phones, phones.pins, "--model", "cx600", "--phones", "1", "--no-retry", "--for", "20s", address=b.address, status=1)
        assert r["done"] == 0 and [f["error"] for f in r["failures"]] == [error] and why in r["failures"][0]["why"], r
