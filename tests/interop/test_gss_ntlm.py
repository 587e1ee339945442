"""gss-ntlmssp agrees with our NTLM: as client and as server, in both directions of the signatures."""
import pytest

import peers


@pytest.fixture(scope="module")
def ntlm_peer():
    return peers.peer("ntlm_peer")


def holds(done, least):
    if done.returncode == 77:
        pytest.skip("the NTLM mechanism of GSSAPI is not installed (gss-ntlmssp)")
    good = sum(line.startswith("ok ") for line in done.stdout.splitlines())
    assert done.returncode == 0 and good >= least, done.stdout + done.stderr


def test_they_sign_in_to_us_as_over_sip(ntlm_peer):
    holds(peers.run([ntlm_peer, "client"]), 23)


def test_they_sign_in_to_us_as_over_http(ntlm_peer):
    holds(peers.run([ntlm_peer, "connection"]), 12)


def test_we_sign_in_to_them(ntlm_peer, tmp_path):
    passwords = tmp_path / "passwords"
    passwords.write_text("CONTOSO:alice:Pa$$word\n")
    holds(peers.run([ntlm_peer, "server"], env={"NTLM_USER_FILE": str(passwords)}), 13)


def test_they_refuse_our_wrong_password(ntlm_peer, tmp_path):
    passwords = tmp_path / "passwords"
    passwords.write_text("CONTOSO:alice:another\n")
    done = peers.run([ntlm_peer, "server"], env={"NTLM_USER_FILE": str(passwords)})
    assert done.returncode == 1 and "FAIL they accept our AUTHENTICATE" in done.stdout, done.stdout
