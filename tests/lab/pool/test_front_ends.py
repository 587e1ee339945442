"""Several front ends of one pool: joining, and any of them serving any user."""
import os
import signal
import ssl
import time

from database import needs_postgres
from front_ends import ADDRESS, FrontEndLab
from lab import BUILD
from proc import wait_for

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

        def join(invitation, secret, fqdn="fe9.contoso.test", *more):
            return lab.exec("fe2", tool, "init", lab.path("other"), "--join", invitation, "--code-file", secret, "--fqdn", fqdn, *more, check=False)

        assert join(file, wrong).returncode == 64 and not os.listdir(lab.path("other"))
        assert join(file, code, "fe9.contoso.test", "--domain", "fabrikam.test").returncode == 64
        assert join(file, code, "fe1.contoso.test").returncode == 64
        with open(file, "r+b") as f:
            f.seek(200)
            f.write(b"\0\0\0\0")
        assert "changed" in join(file, code).stderr
        file, code = lab.invite("third")
        done = join(file, code)
        assert done.returncode == 0, done
        os.unlink(lab.path("other", "dialtone.conf"))
        assert "used already" in join(file, code).stderr
        assert lab.tool("fe2", "user", "list", "--json").stdout == lab.tool("fe1", "user", "list", "--json").stdout
        for name in ("ca.pem", "vault/ca.pem", "vault/ticket.pem", "vault/secret", "update.pem"):
            assert lab.exec("fe", "cmp", lab.path("fe1", name), lab.path("fe2", name)).returncode == 0
        for f in ("fe1", "fe2"):
            lab.start_front_end(f)
            said = certificate(lab, f)
            assert f"CN = {f}.contoso.test" in said and "Verify return code: 0" in said, said
            names = ssl.PEM_cert_to_DER_cert(said[said.index("-----BEGIN"):said.index("-----END CERTIFICATE-----") + 26])
            assert b"pool.contoso.test" in names


def phones(lab, n=2):
    """So many phones of alice's, each in a socket of its own, signed in and staying."""
    got = []
    for i in range(n):
        host = "ph" if i == 0 else f"ph{i + 1}"
        if i:
            lab.plug(host, f"p{i + 10}")
            lab.start_lldpd(f"p{i + 10}")
        got.append(lab.start_phone("--cold", "--stay", "0", host=host, name=f"phone{i + 1}", state=f"state{i + 1}"))
    for i, p in enumerate(got):
        wait_for(f"{i + 1} phones are registered", lambda i=i: len(lab.registered("fe1")) > i, 60, p.ended)
    return got


def test_any_front_end_serves_any_user():
    """Each front end knows who is registered at which; a phone whose front end is killed comes back through another one with the
    certificate that it has; a user who is disabled on one is signed off on all within a second; one who drains gives its phones away."""
    with FrontEndLab() as lab:
        lab.go()
        p = lab.start_phone("--cold", "--stay", "0")
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
        assert lab.health(new) == ("ready", 200)

        began = time.monotonic()
        said = lab.tool(new, "drain", "--over", "1", "--wait").stderr
        assert "1 phone is asked" in said, said
        assert lab.health(new) == ("draining", 503)
        third = wait_for("it is registered at a third", lambda: (lab.where_is() or new) != new and lab.where_is(), 60, p.ended)
        print(f"{new} drained: the phone is back at {third} after {time.monotonic() - began:.1f} s")
        lab.tool(new, "drain", "--end")
        assert lab.health(new) == ("ready", 200)

        other = next(f for f in lab.daemons if f != third)
        began = time.monotonic()
        said = lab.tool(other, "user", "disable", "alice@contoso.test").stderr
        took = time.monotonic() - began
        assert "1 phone of alice@contoso.test signed off" in said, said
        assert not lab.registered(third), lab.registered(third)
        print(f"disabled at {other}, signed off at {third} within {took:.1f} s")
        assert took < 1.5, took
