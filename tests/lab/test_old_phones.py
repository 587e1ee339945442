"""What a real phone of the time meets, played by `--tls phone`: TLS 1.0, the RSA key exchange, no extensions."""
import json

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
