"""What a real phone of the time meets, played by `--tls phone`: TLS 1.0, the RSA key exchange, no extensions."""
import json

from lab import Lab


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
