"""`dialtone decode` on the torture messages of RFC 4475 and on recorded messages: what it reads, what it refuses."""
import base64
import glob
import json
import os

import pytest

import peers

VECTORS = os.path.join(peers.TOP, "tests", "vectors", "rfc4475")
CORPUS = os.path.join(peers.TOP, "tests", "fuzz", "corpus")
VALID = """wsinv intmeth esc01 escnull esc02 lwsdisp longreq dblreq semiuri transports mpart01 unreason noreason
    badbranch unksm2 invut regaut01 bcast zeromf cparam01 cparam02 regescrt sdp01 inv2543""".split()


def decode(kind, path):
    return peers.run([peers.program("dialtone"), "decode", kind, path])


@pytest.mark.parametrize("name", sorted(os.path.basename(p)[:-4] for p in glob.glob(os.path.join(VECTORS, "*.dat"))))
def test_torture(name):
    done = decode("sip", os.path.join(VECTORS, name + ".dat"))
    if name in VALID:
        assert done.returncode == 0, done.stderr
        got = json.loads(done.stdout)
        assert got["headers"] and done.stderr == ""
    else:
        assert done.returncode == 1 and done.stdout == "", done.stdout
        assert "octet" in done.stderr, done.stderr


def test_all_torture_messages_are_here():
    assert len(glob.glob(os.path.join(VECTORS, "*.dat"))) == 49


def test_a_signed_register_shows_what_is_signed():
    shown = []
    for path in sorted(glob.glob(os.path.join(CORPUS, "sip", "recorded-*"))):
        with open(path, "rb") as f:
            if b"\nVia:" not in f.read():
                continue  # a part of a message, as its trace shows it
        done = decode("sip", path)
        assert done.returncode == 0, (path, done.stderr)
        shown += [a["signed_string"] for a in json.loads(done.stdout)["authentication"] if "signed_string" in a]
    assert ("<NTLM><AE4D44F8><1><SIP Communications Service><server.contoso.com><7c04a98faab9751e><3><REGISTER>"
            "<sip:alice@contoso.com><2654214137><sip:alice@contoso.com><5E61CCD925D17E043D9A74835A88F664><><><600><200>") in shown
    assert ("<TLS-DSK><27799161><3><SIP Communications Service><server.contoso.com><7C04gA98FaAAB9i751Em0A9FtE8A7b4123xCE2Ex><1>"
            "<SUBSCRIBE><sip:alice@contoso.com><187605218><sip:alice@contoso.com><><><><0>") in shown


def test_chunked_http():
    done = decode("http", os.path.join(CORPUS, "http", "chunked"))
    assert done.returncode == 0 and json.loads(done.stdout)["body"] == "Wikipedia", done.stdout + done.stderr
    assert decode("http", os.path.join(CORPUS, "http", "both")).returncode == 1


@pytest.mark.parametrize("name,message", [("negotiate", "NEGOTIATE"), ("challenge_contoso", "CHALLENGE"), ("authenticate_contoso", "AUTHENTICATE")])
def test_ntlm(name, message, tmp_path):
    path = os.path.join(CORPUS, "ntlm", name)
    done = decode("ntlm", path)
    assert done.returncode == 0 and json.loads(done.stdout)["message"] == message, done.stdout + done.stderr
    with open(path, "rb") as f:
        whole = f.read()
    (tmp_path / "header").write_bytes(base64.b64encode(whole) + b"\n")  # as it goes in a header
    assert decode("ntlm", tmp_path / "header").stdout == done.stdout
    (tmp_path / "cut").write_bytes(whole[:15])
    done = decode("ntlm", tmp_path / "cut")
    assert done.returncode == 1 and done.stdout == "" and "octet" in done.stderr
