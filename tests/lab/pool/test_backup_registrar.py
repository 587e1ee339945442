"""A pool dies, and its backup has its users: every model, each way of authentication, inside and outside, until the pool is back."""
import os
import time

from pools import PoolLab
from proc import wait_for
from test_pool import MODELS

CONF = {"watch_pools": "true", "MinEndpointExpiration": 30, "DefaultEndpointExpiration": 30, "MaxEndpointExpiration": 30, "workers": 1}


class BackupLab(PoolLab):
    """pool2 is pool1's backup, and has names outside; alice, bob and carol live on pool1."""

    def __init__(self):
        super().__init__(public2=True, conf=CONF)

    def know_each_other(self):
        super().know_each_other()
        for name in ("dir", "pool2"):
            self.pool(name, "pool", "set", "pool1.contoso.test", "--backup", "pool2.contoso.test")
        for who, extension in (("bob", "4412"), ("carol", "4413")):
            self.add_user(who, extension)
            self.pool("dir", "user", "move", f"{who}@contoso.test", "pool1.contoso.test")

    def away(self):
        """Both that have to know take pool1 for dead."""
        return all(self.daemons[n].said("pool1.contoso.test does not answer") for n in ("dir", "pool2"))

    def back(self):
        return all(self.daemons[n].said("pool1.contoso.test answers again") for n in ("dir", "pool2"))


def at_backup(run):
    assert run.status == 0 and "pool2.contoso.test:5061" in run.found("logon") + run.found("auth"), str(run)
    assert [r for r in run.of("logon") if "backup-registrar" in r.get("signs", [])], str(run)


def at_backup_outside(run):
    assert run.status == 0 and "sip2.contoso.test:5061" in run.found("logon"), str(run)
    assert [r for r in run.of("auth") if "tls-closed" in r.get("signs", [])], str(run)
    assert [r for r in run.of("logon") if "backup-registrar" in r.get("signs", [])], str(run)


def test_a_dead_primary_and_the_way_back():
    """The phone on the desk is registered at the backup with the certificate that it has, is told so, and comes home by itself; so does
    every model, by certificate, PIN and password; what the backup certified is good at home."""
    with BackupLab() as lab:
        lab.go()
        desk = lab.start_phone("--cold", "--stay", "0")
        wait_for("it is registered on pool1", lambda: lab.registered("pool1"), 60, desk.ended)
        first = lab.certificates("pool1")
        lab.plug("ph9", "p9")
        lab.start_lldpd("p9")
        for model, way in MODELS.items():  # bob's have been at pool1 before
            run = lab.phone("--cold", host="ph9", model=model, way=way, user="bob", extension="4412", state=f"bob-{model}")
            assert run.status == 0 and "pool1.contoso.test:5061" in run.found("logon"), str(run)
        lab.pool("pool1", "cert", "revoke", "carol@contoso.test")
        bobs = lab.certificates("pool1", "bob")

        lab.kill_pool("pool1")
        began = time.monotonic()
        wait_for("the phone on the desk is registered at the backup", lambda: lab.registered("pool2"), 120, desk.ended)
        print(f"pool1 killed: the phone has dial tone at its backup after {time.monotonic() - began:.1f} s")
        desk.wait_said("backup-registrar", 10)  # the Registrar has the binding before the phone has its answer
        assert lab.away()
        assert not lab.certificates("pool2"), "it has the certificate of before"
        for model, way in MODELS.items():
            at_backup(lab.phone(host="ph9", model=model, way="stored" if way == "pin" else way, user="bob", extension="4412", state=f"bob-{model}"))
        assert not lab.certificates("pool2", "bob")
        for model, way in MODELS.items():  # carol's are new: the backup certifies them
            at_backup(lab.phone("--cold", host="ph9", model=model, way=way, user="carol", extension="4413", state=f"carol-{model}"))
        carols = lab.certificates("pool2", "carol")
        assert carols and not lab.certificates("pool1", "carol")

        lab.start_pool("pool1")
        began = time.monotonic()
        wait_for("the phone on the desk is home", lambda: lab.registered("pool1") and not lab.registered("pool2"), 120, desk.ended)
        print(f"pool1 runs again: the phone is home after {time.monotonic() - began:.1f} s")
        assert lab.back() and lab.certificates("pool1") == first and lab.certificates("pool1", "bob") == bobs
        for model, way in MODELS.items():
            run = lab.phone(host="ph9", model=model, way="stored" if way == "pin" else way, user="carol", extension="4413", state=f"carol-{model}")
            assert run.status == 0 and "pool1.contoso.test:5061" in run.found("logon"), str(run)
        assert carols & lab.certificates("pool1", "carol"), "nothing was typed: they are those that the backup made"


def test_outside():
    """A phone that is signed in from outside is registered at the backup by its public name, and comes home.  One that is switched on
    there meanwhile has dial tone at the backup too: it has its certificate, and needs no Web Services."""
    with BackupLab() as lab:
        lab.go()
        bob = {"user": "bob", "extension": "4412", "state": "bob"}
        assert lab.phone("--cold").status == 0 and lab.phone("--cold", **bob).status == 0
        lab.carry_home()
        trust = ("--trust", os.path.join(lab.site_dir, "ca.pem"))
        desk = lab.start_phone("--outside", *trust, "--stay", "0", host="away", way="stored")
        desk.wait_said('"kind":"dialtone"', 60)
        assert lab.registered("pool1")
        lab.kill_pool("pool1")
        began = time.monotonic()
        wait_for("it is registered at the backup", lambda: lab.registered("pool2"), 150, desk.ended)
        print(f"pool1 killed: the phone outside has dial tone at its backup after {time.monotonic() - began:.1f} s")
        desk.wait_said("backup-registrar", 10)
        lab.stop(desk)
        run = lab.phone("--outside", *trust, host="away", way="stored", **bob)
        at_backup_outside(run)
        said = lab.dialtone("doctor", "--record", lab.write("bob.jsonl", run.out), check=False).stdout
        assert said.startswith("Dial tone, but stage 4: the reverse proxy accepts connections") and "web1-ext.contoso.test" in said and "[E-02]" in said, said
        desk = lab.start_phone("--outside", *trust, "--stay", "0", host="away", way="stored", name="desk2")
        desk.wait_said('"kind":"dialtone"', 60)
        lab.start_pool("pool1")
        wait_for("it is home", lambda: lab.registered("pool1") and not lab.registered("pool2"), 120, desk.ended)
