"""What a real phone of the time meets, played by `--tls phone`: TLS 1.0, the RSA key exchange, no extensions."""
import json
import os
import sys

from demo import PHONES
from lab import Lab
import servers


def test_a_server_without_tls_1_0():
    with Lab() as lab:
        lab.go()
        assert lab.phone("--cold").status == 0  # our own TLS gets through
        run = lab.phone("--cold", "--tls", "phone")
        assert run.status == 6 and run.result["error"] == "tls-handshake", run
        argv = lab.phone_argv("--cold", "--tls", "phone")
        argv[1] = "doctor"
        run = lab.exec("ph", *argv, check=False, seconds=120)
        said = [json.loads(line) for line in run.stdout.splitlines()]
        causes = [c["id"] for f in said if f.get("kind") == "finding" for c in f["causes"]]
        assert causes and causes[0] == "C-09", run.stdout[-3000:] + run.stderr


def test_all_models_sign_in_over_tls_1_0():
    """From cold to dial tone with the TLS of the phones' own firmware, at the addresses and ports where everybody else speaks TLS 1.3."""
    site = servers.Site()
    site.init = [*site.init, "--legacy-known", "10.66.0.0/16, 10.10.0.0/16"]
    with Lab(site=site) as lab:
        lab.go()
        for number, (model, way, mac) in enumerate(PHONES):
            user, extension = f"user{number}", str(4500 + number)
            lab.add_user(user, extension)
            lab.set_mac(mac)
            with lab.capture() as capture:
                run = lab.phone("--cold", "--tls", "phone", model=model, way=way, state=model, user=user, extension=extension)
            assert run.status == 0, (model, run)
            versions = lab.tshark(capture, "-Y", "tls.handshake.type == 2", "-T", "fields", "-e", "tls.handshake.version").split()
            assert versions and set(versions) == {"0x0301"}, (model, versions)
        run = lab.phone("--cold", "--tls", "modern")  # on the same ports
        assert run.status == 0, run


SUITES = {"3DES": "+3DES-CBC", "RC4": "+ARCFOUR-128", "AES128": "+AES-128-CBC", "AES256": "+AES-256-CBC"}


def test_gnutls_signs_in_by_tls_dsk_with_each_suite():
    """[MS-SIPAE] 3.2.5.1 with the suites of the phones: SIPE offers no 3DES inside SIP, so gnutls-cli makes the handshake here."""
    with Lab() as lab:
        lab.go()
        assert lab.phone("--cold", state="dsk").status == 0  # this gets the user's certificate
        for suite, name in SUITES.items():
            run = lab.exec("core", sys.executable, os.path.join(os.path.dirname(__file__), "kit", "dsk_of_gnutls.py"), "10.20.0.10",
                           lab.site.fqdn, f"alice@{lab.site.domain}", lab.path("dsk", "user.pem"), name, check=False, seconds=60)
            assert "SIP/2.0 200 OK" in run.stdout and "the answer's signature is good" in run.stdout, (suite, run.stdout + run.stderr)
            made = next(line for line in run.stdout.splitlines() if line.startswith("- Description:"))
            assert "TLS1.0" in made and "(RSA)" in made and f"({name[1:]})" in made, (suite, made)
