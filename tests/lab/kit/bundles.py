"""A bundle is as good as the run: read again it gives the same diagnosis, tshark opens its packets, and no secret of the lab stands in it.

With DIALTONE_BUNDLES=FOLDER each is also kept there without names, addresses and sentences: so tests/vectors/bundles is made.
"""
import base64
import glob
import json
import os
import re

from lab import PASSWORD, PIN

KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\n([A-Za-z0-9+/=\n]+)-----END")
SENTENCES = ("why", "fix", "found", "warn", "peer", "t", "run", "mac", "times")  # a diagnosis needs none of them


def findings(out):
    return [f for f in map(json.loads, out.splitlines()) if f["kind"] == "finding"]


def again(lab, bundle, *args):
    done = lab.dialtone("doctor", "--json", "--record", bundle, *args, check=False)
    return done.returncode, findings(done.stdout)


def text_of(lab, pcapng):
    """Everything that tshark can read in it, decrypted by the secrets inside alone."""
    return lab.tshark(pcapng, "-V", "-x", keys=False)


def keys_of(lab):
    """A line of each private key of the site and of its phones: RSA's modulus comes first, and is no secret."""
    paths = [p for p in glob.glob(lab.path("**"), recursive=True) if os.path.isfile(p) and os.path.getsize(p) < 100_000]
    keys = [key.split() for p in paths for key in KEY.findall(open(p, errors="replace").read())]
    return [lines[8] if len(lines) > 16 else lines[0] for lines in keys]


def secrets_of(lab):
    """The secrets of the site, and what of them goes over the wire: never to be found."""
    pairs = [f"+14255554411:{PIN}", f"4411:{PIN}", f"alice@contoso.test:{PIN}", f"CONTOSO\\alice:{PASSWORD}"]
    keys = keys_of(lab)
    assert keys, "the lab has no private key: its files have another form now"
    return [PIN, PASSWORD, *(base64.b64encode(p.encode()).decode() for p in pairs), "saml:Assertion", "PRIVATE KEY", *keys]


def no_secret_in(lab, text):
    plain = re.sub(r"\s", "", text)
    for s in secrets_of(lab):
        # six digits of a PIN come about by chance in longer numbers: times, serial numbers, the hexadecimal digits of a dump
        alone = rf"(?<![0-9A-Za-z.]){s}(?![0-9A-Za-z])"
        there = any(re.search(alone, t) for t in (text, plain)) if s.isdigit() else s in plain or s in text
        assert not there, s


def holds(lab, bundle, status, found):
    """Asserts that of a bundle.  Gives what tshark reads, and the bundle without names."""
    pcapng, page, other = (lab.path(f"bundle.{kind}") for kind in ("pcapng", "html", "names"))
    assert again(lab, bundle, "--pcapng", pcapng, "--html", page, "--bundle", other, "--redact", "names") == (status, found)
    seen = text_of(lab, pcapng)
    for text in (open(bundle).read(), open(page).read(), open(other).read(), seen):
        no_secret_in(lab, text)
    return seen, other


def keep(name, path):
    """The bundle without names, for tests/vectors/bundles: a line of the record each."""
    folder = os.environ.get("DIALTONE_BUNDLES")
    if not folder:
        return
    with open(path) as f:
        whole = json.load(f)
    findings = [{"verdict": f["verdict"], "stage": f["stage"], "error": f["error"], "causes": [c["id"] for c in f["causes"]]}
                for f in whole["findings"]]

    def lines(name):
        return ",\n".join(json.dumps({k: v for k, v in line.items() if k not in SENTENCES}, separators=(",", ":")) for line in whole[name])

    with open(os.path.join(folder, f"{name}.json"), "w") as f:
        f.write('{"v":2,"findings":%s,\n"record":[\n%s],\n"probes":[\n%s]}\n' % (json.dumps(findings), lines("record"), lines("probes")))
