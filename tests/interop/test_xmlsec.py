"""The xmlsec1 command verifies our XML signatures, and we verify its: web tickets, their proof, WSS X.509."""
import re

import pytest

import peers

SAML = "urn:oasis:names:tc:SAML:1.0:assertion"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
ASSERTION = ["--id-attr:AssertionID", f"{SAML}:Assertion"]
TIMESTAMP = ["--id-attr:Id", f"{WSU}:Timestamp",
             "--node-xpath", "//*[local-name()='Security']/*[local-name()='Signature']"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A key, a certificate and one of each signed message."""
    here = tmp_path_factory.mktemp("xmlsec")
    ours = peers.peer("xml_peer")
    done = peers.run([ours, "make", here])
    assert done.returncode == 0, done.stdout + done.stderr
    return here, ours


def keys(here, name):
    if name == "presented.xml":
        return ["--hmackey", here / "proof.bin"], TIMESTAMP
    return ["--pubkey-cert-pem", here / "cert.pem"], ASSERTION if name == "assertion.xml" else TIMESTAMP


MESSAGES = ["assertion.xml", "presented.xml", "x509.xml", "x509_sha1.xml"]


@pytest.mark.parametrize("name", MESSAGES)
def test_xmlsec1_verifies_ours(made, name):
    here, _ = made
    key, where = keys(here, name)
    done = peers.run([peers.tool("xmlsec1"), "--verify", *key, *where, here / name])
    assert done.returncode == 0 and "(ok/all): 1/1" in done.stdout + done.stderr, done.stdout + done.stderr


@pytest.mark.parametrize("name", MESSAGES)
def test_xmlsec1_sees_what_was_changed(made, name, tmp_path):
    here, _ = made
    key, where = keys(here, name)
    text = (here / name).read_text()
    changed = text.replace("sip:alice@", "sip:mallory@") if name == "assertion.xml" else later(text)
    assert changed != text
    (tmp_path / name).write_text(changed)
    done = peers.run([peers.tool("xmlsec1"), "--verify", *key, *where, tmp_path / name])
    assert done.returncode != 0, done.stdout + done.stderr


def later(text):
    """The Timestamp's Expires one second earlier or later: another text, still in time."""
    def other(m):
        return f"{m.group(1)}{(int(m.group(2)) + 1) % 60:02}{m.group(3)}"
    return re.sub(r"(<Expires [^>]*>[^<]*:)(\d\d)(Z</Expires>)", other, text, count=1)


def template(text, name):
    """The message with its last signature (the only one, in an assertion) emptied."""
    head, tail = text.rsplit("DigestValue>", 2)[0], text[len(text.rsplit("DigestValue>", 2)[0]):]
    tail = re.sub(r"DigestValue>[^<]*<", "DigestValue><", tail, count=1)
    return head + re.sub(r"SignatureValue>[^<]+<", "SignatureValue><", tail, count=1)


def sign(here, name, text, out):
    """xmlsec1 signs the template."""
    key, where = keys(here, name)
    if name != "presented.xml":
        key = ["--privkey-pem", here / "key.pem"]
    empty = out.with_suffix(".template")
    empty.write_text(template(text, name))
    done = peers.run([peers.tool("xmlsec1"), "--sign", *key, *where, "--output", out, empty])
    assert done.returncode == 0, done.stdout + done.stderr


def value(text, what):
    return re.sub(r"\s", "", re.findall(rf"{what}>([^<]+)<", text)[-1])


def test_xmlsec1_signs_a_ticket_as_we_do(made, tmp_path):
    here, ours = made
    text = (here / "assertion.xml").read_text()
    out = tmp_path / "assertion.xml"
    sign(here, "assertion.xml", text, out)
    for what in "DigestValue", "SignatureValue":  # PKCS#1 v1.5 has no random part
        assert value(out.read_text(), what) == value(text, what)
    # and inside an envelope it is good to us
    signed = re.sub(r"^<\?xml[^>]*\?>\s*", "", out.read_text())
    start, end = (here / "presented.xml").read_text().split("<saml:Assertion", 1)
    end = end.split("</saml:Assertion>", 1)[1]
    (tmp_path / "presented.xml").write_text(start + signed.strip() + end)
    assert peers.run([ours, "ticket", here, tmp_path / "presented.xml"]).returncode == 0


def test_we_verify_its_proof_of_a_ticket(made, tmp_path):
    here, ours = made
    text = later((here / "presented.xml").read_text())
    broken = tmp_path / "broken.xml"
    broken.write_text(text)
    assert peers.run([ours, "ticket", here, here / "presented.xml"]).returncode == 0
    assert peers.run([ours, "ticket", here, broken]).returncode == 1
    out = tmp_path / "presented.xml"
    sign(here, "presented.xml", text, out)
    assert value(out.read_text(), "SignatureValue") != value(text, "SignatureValue")
    done = peers.run([ours, "ticket", here, out])
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["x509.xml", "x509_sha1.xml"])
def test_we_verify_its_wss_signature(made, tmp_path, name):
    here, ours = made
    text = later((here / name).read_text())
    broken = tmp_path / "broken.xml"
    broken.write_text(text)
    assert peers.run([ours, "x509", here / name]).returncode == 0
    assert peers.run([ours, "x509", broken]).returncode == 1
    out = tmp_path / name
    sign(here, name, text, out)
    done = peers.run([ours, "x509", out])
    assert done.returncode == 0, done.stdout
