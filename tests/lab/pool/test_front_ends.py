"""Several front ends of one pool: joining, and any of them serving any user."""
import json
import os
import signal
import ssl
import sys
import threading
import time

from database import needs_postgres
from front_ends import ADDRESS, FrontEndLab, site
from lab import BUILD, TOP
from proc import run, wait_for

sys.path.append(os.path.join(TOP, "tests", "programs"))
import schema  # noqa: E402

pytestmark = needs_postgres


def certificate(lab, front_end):
    return lab.exec("fe", "openssl", "s_client", "-connect", f"{ADDRESS[front_end]}:443", "-servername", "pool.contoso.test", "-CAfile",
                    os.path.join(lab.site_dir, "ca.pem"), "-verify_return_error", "-showcerts", text="").stdout


def test_join():
    """An invitation is good once and with its code only; the front end that joined has a certificate of its own below the same root,
    the same secrets, and the same store."""
    with FrontEndLab(front_ends=("fe1", "fe2"), standby=False) as lab:
        lab.site.conf.pop("internal_proxy_protocol")
        lab.make_site()
        tool = os.path.join(BUILD, "dialtone")
        file, code = lab.invite("another")
        wrong = lab.write("wrong.code", "0000-0000-0000-0000-0000\n")
        os.mkdir(lab.path("other"))

        def join(invitation, secret, fqdn="fe9.contoso.test", *more, folder="other"):
            return lab.exec("fe2", tool, "init", lab.path(folder), "--join", invitation, "--code-file", secret, "--fqdn", fqdn, *more, check=False)

        assert join(file, wrong).returncode == 64 and not os.listdir(lab.path("other"))
        assert join(file, code, "fe9.contoso.test", "--domain", "fabrikam.test").returncode == 64
        assert join(file, code, "fe1.contoso.test").returncode == 64
        with open(file, "r+b") as f:
            f.seek(200)
            f.write(b"\0\0\0\0")
        assert "changed" in join(file, code).stderr
        schema.fits(lab.tool("fe1", "pool", "invite", lab.path("fourth"), "-f", "json").stdout, "pool invite")
        run(["mount", "-t", "tmpfs", "-o", "size=16m,mode=755,nr_inodes=9", "tmpfs", lab.path("other")])
        full = join(*lab.invite("for-a-full-disk"))
        assert full.returncode == 73 and "No space left on device" in full.stderr and "make another one with 'dialtone pool invite FILE'" in full.stderr, full
        assert not os.path.exists(lab.path("other", "dialtone.conf"))
        run(["mount", "-o", "remount,nr_inodes=99", lab.path("other")])
        file, code = lab.invite("third")
        done = join(file, code)
        assert done.returncode == 0, done
        assert "used already" in join(file, code, folder="once-more").stderr
        assert lab.tool("fe2", "user", "list", "--json").stdout == lab.tool("fe1", "user", "list", "--json").stdout
        for name in ("ca.pem", "vault/ca.pem", "vault/ticket.pem", "vault/secret", "update.pem"):
            assert lab.exec("fe", "cmp", lab.path("fe1", name), lab.path("fe2", name)).returncode == 0
        for f in ("fe1", "fe2"):
            lab.start_front_end(f)
            said = certificate(lab, f)
            assert f"CN={f}.contoso.test" in said.replace("CN = ", "CN=") and "Verify return code: 0" in said, said
            names = ssl.PEM_cert_to_DER_cert(said[said.index("-----BEGIN"):said.index("-----END CERTIFICATE-----") + 26])
            assert b"pool.contoso.test" in names


def test_any_front_end_serves_any_user():
    """Each front end knows who is registered at which; a phone whose front end is killed comes back through another one with the
    certificate that it has; a user who is disabled on one is signed off on all within a second; one who drains gives its phones away."""
    with FrontEndLab() as lab:
        lab.go()
        p = lab.start_phone("--cold", "--stay", "0")
        p.wait_said('"kind":"dialtone"', 60)
        at = wait_for("all front ends know the phone", lambda: lab.where_is() if all(lab.registered(f) for f in lab.daemons) else None, 60, p.ended)
        certificates = lab.tool("fe1", "cert", "list", "alice@contoso.test", "--json").stdout
        began = time.monotonic()
        lab.kill_front_end(at, signal.SIGKILL)
        new = wait_for("it is registered elsewhere", lambda: (lab.where_is() or at) != at and lab.where_is(), 60, p.ended)
        print(f"{at} killed: the phone is back at {new} after {time.monotonic() - began:.1f} s")
        assert lab.tool(new, "cert", "list", "alice@contoso.test", "--json").stdout == certificates
        lab.start_front_end(at)
        wait_for("it is told who is registered", lambda: lab.registered(at) == {i: f"{new}.contoso.test" for i in lab.registered(new)} and
                 lab.registered(at), 20)
        ends = schema.fits(lab.tool(new, "pool", "front-ends", "-f", "json").stdout, "pool front-ends")["items"]
        assert {e["name"]: (e["runs"], e["registered"]) for e in ends} == {f"{f}.contoso.test": (True, int(f == new)) for f in lab.daemons}, ends
        assert lab.health(new) == ("ready", 200)
        counted = lab.metrics(new)
        assert counted['dialtone_registered{side="inside"}'] == 1 and counted['dialtone_registered{side="other-front-ends"}'] == 0
        assert counted["dialtone_store_up"] == 1 and counted["dialtone_replication_lag_seconds"] >= 0
        assert counted['dialtone_steps_total{stage="9",step="register",outcome="answered"}'] >= 1
        assert lab.metrics(at)['dialtone_registered{side="other-front-ends"}'] == 1

        began = time.monotonic()
        said = lab.tool(new, "drain", "--over", "1", "--wait").stderr
        assert "1 phone is asked" in said, said
        assert lab.health(new) == ("draining", 503)
        third = wait_for("it is registered at a third", lambda: (lab.where_is() or new) != new and lab.where_is(), 60, p.ended)
        print(f"{new} drained: the phone is back at {third} after {time.monotonic() - began:.1f} s")
        lab.tool(new, "drain", "--end")
        assert lab.health(new) == ("ready", 200)

        other = next(f for f in lab.daemons if f != third)
        wait_for("the other one knows it", lambda: set(lab.registered(other).values()) == {f"{third}.contoso.test"}, 2)
        began = time.monotonic()
        said = lab.tool(other, "cert", "revoke", "alice@contoso.test").stderr
        took = time.monotonic() - began
        assert "1 phone of alice@contoso.test signed off" in said, said
        assert not lab.registered(third)
        print(f"revoked at {other}, signed off at {third} within {took:.1f} s")
        assert took < 5, took  # one, on a machine of its own
        wait_for("all front ends know that it is signed off", lambda: not any(lab.registered(f) for f in lab.daemons), 2)
        lab.stop(p)
        p = lab.start_phone("--cold", "--stay", "0", name="phone-again")
        wait_for("it signs in by its PIN", lambda: lab.where_is(), 90, p.ended)
        third = lab.where_is()
        other = next(f for f in lab.daemons if f != third)
        wait_for("the other one knows it", lambda: set(lab.registered(other).values()) == {f"{third}.contoso.test"}, 2)
        began = time.monotonic()
        said = lab.tool(other, "user", "disable", "alice@contoso.test").stderr
        took = time.monotonic() - began
        assert "1 phone of alice@contoso.test signed off" in said, said
        assert not lab.registered(third), lab.registered(third)
        print(f"disabled at {other}, signed off at {third} within {took:.1f} s")
        assert took < 5, took  # one, on a machine of its own


QUESTION = """<?xml version="1.0"?>
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:wst="http://docs.oasis-open.org/ws-sx/ws-trust/200512"
  xmlns:wsp="http://schemas.xmlsoap.org/ws/2004/09/policy" xmlns:wsa="http://www.w3.org/2005/08/addressing"
  xmlns:auth="http://schemas.xmlsoap.org/ws/2006/12/authorization"><soap:Body><wst:RequestSecurityToken Context="c1">
<wst:TokenType>http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLV1.1</wst:TokenType>
<wst:RequestType>http://schemas.xmlsoap.org/ws/2005/02/trust/Issue</wst:RequestType>
<wsp:AppliesTo><wsa:EndpointReference><wsa:Address>https://pool.contoso.test:443/CertProv/CertProvisioningService.svc/WebTicket_Proof_SHA1</wsa:Address>
</wsa:EndpointReference></wsp:AppliesTo>
<wst:Claims Dialect="urn:component:Microsoft.Rtc.WebAuthentication.2010:authclaims"><auth:ClaimType
 Uri="http://schemas.xmlsoap.org/ws/2005/05/identity/claims/uri" Optional="false"><auth:Value>sip:alice@contoso.test</auth:Value></auth:ClaimType></wst:Claims>
<wst:Entropy><wst:BinarySecret>AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=</wst:BinarySecret></wst:Entropy>
<wst:KeyType>http://docs.oasis-open.org/ws-sx/ws-trust/200512/SymmetricKey</wst:KeyType>
</wst:RequestSecurityToken></soap:Body></soap:Envelope>"""


def guess(lab, at, pin, to="/dev/null", number="+14255554411"):
    """One try of a PIN, alice's, at this front end or address: the HTTP status; what it answers goes into that file."""
    done = lab.exec("fe", "curl", "-s", "-m", "10", "-o", to, "-w", "%{http_code}", "--cacert", os.path.join(lab.site_dir, "ca.pem"), "--connect-to",
                    f"pool.contoso.test:443:{ADDRESS.get(at, at)}:443", "--basic", "-u", f"{number}:{pin}", "-H", "Content-Type: text/xml; charset=utf-8",
                    "--data-binary", QUESTION, "https://pool.contoso.test/WebTicket/WebTicketService.svc/pin", check=False)
    return int(done.stdout or 0)


def test_a_guesser_gets_no_extra_try():
    """Each try counts on all front ends: spread over three, no more are checked than on one; even the right PIN is then refused everywhere."""
    with FrontEndLab(standby=False, site=site(conf={"internal_proxy_protocol": "false", "MaximumLogonAttempts": 5})) as lab:
        lab.make_site()
        for f in lab.front_ends:
            lab.start_front_end(f)
        assert guess(lab, "fe1", "482915") == 200, "the question is one that the right PIN answers"
        for i in range(6):
            assert guess(lab, lab.front_ends[i % 3], "111222") in (401, 503)
        for f in lab.front_ends:
            assert guess(lab, f, "482915") in (401, 503), f
        shown = lab.tool("fe1", "pin", "show", "alice@contoso.test", "--json").stdout
        assert '"locked_out": true' in shown, shown
        tries = int(lab.db.sql("SELECT local FROM pin WHERE account > 0 AND global > 0"))
        assert tries == 5, tries  # those that were checked: the limit, wherever they came in


def test_a_password_has_one_counter():
    """Tries of a password count on all front ends, wherever they come in; an unknown one is no try of alice's."""
    with FrontEndLab(standby=False, site=site(conf={"internal_proxy_protocol": "false"})) as lab:
        lab.make_site()
        for f in lab.front_ends:
            lab.start_front_end(f)

        def sign_in(front_end, login):
            done = lab.exec("fe", "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--cacert", os.path.join(lab.site_dir, "ca.pem"), "--connect-to",
                            f"pool.contoso.test:443:{ADDRESS[front_end]}:443", "--ntlm", "-u", login, "-H", "Content-Type: text/xml; charset=utf-8",
                            "--data-binary", QUESTION, "https://pool.contoso.test/WebTicket/WebTicketService.svc", check=False)
            return int(done.stdout or 0)

        def counted():
            return lab.db.sql("SELECT global FROM password WHERE account > 0 AND global > 0")

        assert sign_in("fe2", "CONTOSO\\alice:Pa55-word!") == 200, "the question is one that the right password answers"
        assert counted() == ""
        for i in range(4):
            assert sign_in(lab.front_ends[i % 3], "CONTOSO\\alice:wrong") == 401
            assert counted() == str(i + 1)
        assert sign_in("fe1", "CONTOSO\\nobody:wrong") == 401 and counted() == "4"


def test_a_key_is_rolled():
    """All front ends sign with the new key within a second, whichever it was typed on; the list says how long the old one is accepted."""
    with FrontEndLab(standby=False, site=site(conf={"internal_proxy_protocol": "false"})) as lab:
        lab.make_site()
        for f in lab.front_ends:
            lab.start_front_end(f)

        def signed_by(front_end):
            answer = lab.path(f"answer-{front_end}")
            assert guess(lab, front_end, "482915", answer) == 200
            with open(answer) as text:
                return text.read().split("ticket key ")[1].split("<")[0]

        assert {signed_by(f) for f in lab.front_ends} == {"1"}
        for number, by in (("2", "fe2"), ("3", "fe3")):
            lab.tool(by, "key", "roll", "ticket")
            began = time.monotonic()
            for f in lab.front_ends:
                wait_for(f"{f} signs with key {number}", lambda x=f, n=number: signed_by(x) == n, 5)
            print(f"key {number} made on {by}: in use on all front ends after {time.monotonic() - began:.1f} s")
        listed = keys(lab, "fe1", "ticket")
        assert [k["id"] for k in listed] == [3, 2, 1] and all(k["accepted"] for k in listed), listed


def keys(lab, front_end, kind):
    return [k for k in json.loads(lab.tool(front_end, "key", "list", "--json").stdout)["items"] if k["kind"] == kind]


def test_the_key_of_pins_is_rolled():
    """While PINs are proved on every front end none is refused; each goes over to the new key when it is proved; a front end that joins
    later, and a backup, have it, too; a PIN of a key that ended at once is refused everywhere until it is set."""
    with FrontEndLab(standby=False, site=site(conf={"internal_proxy_protocol": "false"})) as lab:
        lab.front_ends, late = lab.front_ends[:2], lab.front_ends[2]
        lab.make_site()
        for f in lab.front_ends:
            lab.start_front_end(f)
        lab.add_user("bob", "4412")
        over, answers = threading.Event(), {f: [] for f in lab.front_ends}

        def sign_in(front_end):
            while not over.is_set():
                answers[front_end].append(guess(lab, front_end, "482915"))

        threads = [threading.Thread(target=sign_in, args=(f,)) for f in lab.front_ends]
        for t in threads:
            t.start()
        try:
            for number, by in ((2, "fe1"), (3, "fe2")):
                lab.tool(by, "key", "roll", "pin")
                began = time.monotonic()
                wait_for(f"alice's PIN is made with key {number}", lambda n=number: [(k["id"], k["pins"]) for k in keys(lab, "fe1", "pin")][0] == (n, 1), 10)
                print(f"PIN key {number} made on {by}: alice's PIN is made with it after {time.monotonic() - began:.1f} s")
            wait_for("each front end has proved it a few times", lambda: all(len(a) > 5 for a in answers.values()), 60)
        finally:
            over.set()
            for t in threads:
                t.join()
        assert all(set(a) == {200} for a in answers.values()), answers
        assert [(k["id"], k["pins"], k["accepted"]) for k in keys(lab, "fe2", "pin")] == [(3, 1, True), (2, 0, True), (1, 1, True)]  # bob's is the first
        lab.join(late)
        lab.start_front_end(late)
        assert guess(lab, late, "482915") == 200 and guess(lab, late, "482916") == 401
        lab.tool("fe1", "backup", lab.path("copy"))
        lab.dialtone("restore", lab.path("copy"), lab.path("again"))
        conf = os.path.join(lab.path("again"), "dialtone.conf")
        with open(conf) as f:
            text = f.read()
        with open(conf, "w") as f:
            f.write(text.replace("store = ", "# store = "))  # the file that the backup has
        restored = json.loads(lab.exec("fe1", os.path.join(BUILD, "dialtone"), "-c", conf, "key", "list", "--json").stdout)["items"]
        assert [k for k in restored if k["kind"] == "pin"] == keys(lab, "fe1", "pin")
        lab.tool("fe2", "key", "roll", "pin", "--at-once")
        wait_for("no front end takes that PIN", lambda: all(guess(lab, f, "482915") == 401 for f in (*lab.front_ends, late)), 5)
        lab.tool("fe1", "pin", "set", "alice@contoso.test", "--pin-file", lab.pin_file)
        wait_for("every front end takes it", lambda: all(guess(lab, f, "482915") == 200 for f in (*lab.front_ends, late)), 5)
        assert [(k["id"], k["pins"], k["accepted"]) for k in keys(lab, late, "pin")] == [(4, 1, True), (3, 0, False), (2, 0, False), (1, 1, False)]
