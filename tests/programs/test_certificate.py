"""A certificate of the company's own CA, and one as an ACME client leaves it: taken for a site by `dialtone init --certificate`, which a deploy
hook may run again and again. A certificate that phones could not use is refused before anything is written; `--renew` leaves it alone."""
import os
import re
import subprocess

import pytest

import schema
from programs import BUILD, Site, open_folder

NAMES = ("fe01.contoso.test", "ucupdates-r2.contoso.test", "sip.contoso.test", "sipinternal.contoso.test")


def openssl(folder, *words):
    done = subprocess.run(["openssl", *words], capture_output=True, text=True, timeout=60, cwd=folder)
    assert done.returncode == 0, done.stderr


class Authority:
    """A root, an authority below it, and what it signs: fullchain and key, as ACME clients name them."""

    def __init__(self, folder):
        self.dir = str(folder)
        new = ("req", "-newkey", "rsa:2048", "-nodes", "-days", "900")
        openssl(self.dir, *new, "-x509", "-keyout", "root.key", "-out", "root.pem", "-subj", "/CN=Contoso Company Root")
        openssl(self.dir, *new, "-keyout", "sub.key", "-out", "sub.csr", "-subj", "/CN=Contoso Issuing")
        self.write("sub.ext", "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n")
        self.sign("sub", "root")

    def write(self, name, text):
        with open(self.path(name), "w") as f:
            f.write(text)

    def path(self, name):
        return os.path.join(self.dir, name)

    def read(self, name):
        with open(self.path(name)) as f:
            return f.read()

    def sign(self, name, by, days=600):
        openssl(self.dir, "x509", "-req", "-in", f"{name}.csr", "-CA", f"{by}.pem", "-CAkey", f"{by}.key", "-CAcreateserial", "-days", f"{days}", "-extfile",
                f"{name}.ext", "-out", f"{name}.pem")

    def server(self, names=NAMES, key="rsa:2048", days=600):
        openssl(self.dir, "req", "-newkey", key, *(["-pkeyopt", "ec_paramgen_curve:P-256"] if key == "ec" else []), "-nodes", "-keyout", "privkey.pem",
                "-out", "leaf.csr", "-subj", f"/CN={names[0]}")
        self.write("leaf.ext", "subjectAltName=" + ",".join(f"DNS:{n}" for n in names) + "\nextendedKeyUsage=serverAuth\n")
        self.sign("leaf", "sub", days)
        self.write("fullchain.pem", self.read("leaf.pem") + self.read("sub.pem"))


@pytest.fixture
def ca(tmp_path):
    return Authority(open_folder(tmp_path))


@pytest.fixture
def site(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("the site's users are made by root")
    return Site(open_folder(tmp_path))


def take(site, ca, *words, status=0):
    done = subprocess.run([os.path.join(BUILD, "dialtone"), "init", site.dir, "--certificate", ca.path("fullchain.pem"), *words], capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == status, done
    return done


def octets(site, name):
    with open(site.path(name), "rb") as f:
        return f.read()


def test_the_company_s_certificate(site, ca):
    ca.server()
    key, root = ("--key", ca.path("privkey.pem")), ("--root", ca.path("root.pem"))
    assert schema.fits(take(site, ca, *key, *root, "-f", "json").stdout, "init")["changed"] is True
    assert octets(site, "server.pem").count(b"BEGIN CERTIFICATE") == 3 and os.stat(site.path("server.pem")).st_mode & 0o777 == 0o640
    assert site.check().returncode == 0, site.check()
    assert schema.fits(take(site, ca, *key, *root, "-f", "json").stdout, "init")["changed"] is False
    assert "unchanged" in take(site, ca, *key, *root).stderr
    before = octets(site, "server.pem")
    done = subprocess.run([os.path.join(BUILD, "dialtone"), "init", site.dir, "--renew"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "kept server.pem, of another CA" in done.stdout and octets(site, "server.pem") == before, done
    ca.server()  # as the client has renewed it
    take(site, ca, *key, *root)
    assert octets(site, "server.pem") != before and site.check().returncode == 0


def test_what_would_not_do(site, ca):
    ca.server()
    key, root = ("--key", ca.path("privkey.pem")), ("--root", ca.path("root.pem"))
    before = octets(site, "server.pem"), octets(site, "ca.pem")
    assert "name its file with --key" in take(site, ca, *root, status=78).stderr
    assert "phones will not trust it" in take(site, ca, *key, status=78).stderr  # nobody has its root
    assert "another key" in take(site, ca, "--key", ca.path("sub.key"), *root, status=78).stderr
    assert "takes all but" in take(site, ca, *key, *root, "--domain", "contoso.test", status=64).stderr
    assert "no external_fqdn" in take(site, ca, *key, *root, "--outside", status=64).stderr
    ca.server(names=("elsewhere.contoso.test",))
    assert "not for the name" in take(site, ca, *key, *root, status=78).stderr
    ca.server(key="ec")
    assert "RSA" in take(site, ca, *key, *root, status=78).stderr
    assert before == (octets(site, "server.pem"), octets(site, "ca.pem"))


def test_a_certificate_that_ends_soon(site, ca):
    """`dialtoned -t` calls it good, since it is, and says what to type before it is not; status and its check say the same."""
    for days, warned in ((40, False), (9, True)):
        ca.server(days=days)
        take(site, ca, "--key", ca.path("privkey.pem"), "--root", ca.path("root.pem"))
        done = site.check()
        assert done.returncode == 0 and "good" in done.stdout, done
        status = subprocess.run([os.path.join(BUILD, "dialtone"), "-c", site.conf, "status"], capture_output=True, text=True, timeout=60)
        words = re.compile(rf"note: server.pem expires in ({days - 1}|{days}) days; type, with a new one from its CA: dialtone init {site.dir} "
                           "--certificate FILE --key FILE\n")
        assert [bool(words.search(said)) for said in (done.stderr, status.stderr)] == [warned, warned], (done, status)
    subprocess.run([os.path.join(BUILD, "dialtone"), "init", site.dir, "--renew"], check=True, capture_output=True, timeout=60)
    assert words.search(site.check().stderr)  # --renew leaves it alone, and so it is not what is to be typed
