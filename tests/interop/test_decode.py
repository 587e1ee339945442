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


QUESTION = b"""<ImageUpdateRequest><DeviceType>UCPhone</DeviceType><Vendor>POLYCOM</Vendor><Model>CX600</Model>
    <Modules Count='1'><Module FileName='CPE.nbt' Version='4.0.7577.4363' Hash='abc'/></Modules>
    <Flavour>plain</Flavour></ImageUpdateRequest>"""


def test_update_question_in_all_its_clothes(tmp_path):
    path = tmp_path / "question"

    def shown(data):
        path.write_bytes(data)
        done = decode("update", path)
        assert done.returncode == 0, done.stderr
        got = json.loads(done.stdout)
        got.pop("within", None)
        return got

    plain = shown(QUESTION)
    assert plain["model"] == "CX600" and plain["modules"][0]["version"] == "4.0.7577.4363"
    assert plain["other"] == [{"name": "Modules@Count", "value": "1"}, {"name": "Modules/Module@Hash", "value": "abc"},
                              {"name": "Flavour", "value": "plain"}]  # values unknown to this program are shown as they stand
    name = "n" + 700 * "é"  # a name of 1401 octets is shown whole
    odd = QUESTION.replace(b"<Flavour>plain</Flavour>", f"<{name}>x</{name}>".encode())
    assert shown(odd)["other"][-1] == {"name": name, "value": "x"}
    form = b'--xyz\r\nContent-Disposition: form-data; name="q"\r\n\r\n' + QUESTION + b"\r\n--xyz--\r\n"
    for data in (b"\r\n" + QUESTION, form, b'<?xml version="1.0" encoding="utf-16"?>' + QUESTION,
                 ('<?xml version="1.0" encoding="utf-16"?>' + QUESTION.decode()).encode("utf-16"), QUESTION.hex(" ").encode()):
        assert shown(data) == plain, data
    head = b"POST /RequestHandler/ucdevice.upx HTTP/1.1\r\nHost: a\r\nContent-Type: text/xml\r\n"
    chunked = head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(QUESTION) + QUESTION + b"\r\n0\r\n\r\n"
    for data in (head + b"Content-Length: %d\r\n\r\n" % len(QUESTION) + QUESTION, chunked):
        assert shown(data) == plain, data
    within = json.loads(decode("update", path).stdout)["within"]
    assert within["uri"] == "/RequestHandler/ucdevice.upx" and len(within["headers"]) == 3
    path.write_bytes(head + b"Content-Length: 7\r\n\r\n<html/>")
    done = decode("update", path)
    assert done.returncode == 1 and done.stdout == "" and "octet" in done.stderr, done


def test_provisioning_shows_every_group(tmp_path):
    source = os.path.join(peers.TOP, "tests", "vectors", "provisioning", "answer.xml")
    got = json.loads(decode("provisioning", source).stdout)
    values = {v["name"]: v["value"] for g in got["groups"] for v in g["values"]}
    assert [g["name"] for g in got["groups"]] == ["ServerConfiguration", "ucPolicy"]
    assert values["ucMaxVideoRateAllowed"] == "VGA-600K"
    assert values["propertyEntryList/property@name"] == "AllowSimultaneousRinging"
    with open(source, "rb") as f:
        body = f.read()
    path = tmp_path / "notify"
    path.write_bytes(b"SIP/2.0 200 OK\r\nCSeq: 1 SUBSCRIBE\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    again = json.loads(decode("provisioning", path).stdout)
    assert again.pop("within")["status"] == 200 and again == got
