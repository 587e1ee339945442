"""A Director and two pools: every phone finds the Director, and signs in where its user lives.  A store in PostgreSQL."""
import os

from database import DatabaseLab, needs_postgres
from pools import PoolLab
from proc import wait_for

MODELS = {"cx600": "pin", "cx3000": "pin", "cx500": "pin", "cx700": "password", "6721ip": "pin", "6725ip": "pin", "4110": "pin", "4120": "pin"}


def sent_home(run):
    """It found the Director, and was sent on by its Web Services."""
    assert run.status == 0, str(run)
    return [r for r in run.of("auth") + run.of("cert") if "moved" in r.get("signs", [])]


def test_each_model_inside():
    """The certificate is published in the home pool's store, and nowhere else; the phone is registered there."""
    with PoolLab() as lab:
        lab.go()
        known = set()
        for model, way in MODELS.items():
            run = lab.phone("--cold", model=model, way=way, state=model)
            assert sent_home(run), str(run)
            assert "pool1.contoso.test:5061" in run.found("logon"), str(run)
            assert lab.certificates("pool1") - known, run
            assert not lab.certificates("dir") and not lab.certificates("pool2")
            known |= lab.certificates("pool1")
            again = lab.phone(model=model, way="stored" if way == "pin" else way, state=model)  # by certificate, through the Director
            assert again.status == 0 and "pool1.contoso.test:5061" in again.found("logon"), again


def test_outside_by_public_names():
    """The phone that signed in inside is carried home: it finds the Director's public name and is sent to the pool's public name."""
    with PoolLab() as lab:
        lab.go()
        run = lab.phone("--cold")
        assert sent_home(run), str(run)
        lab.carry_home()
        run = lab.outside(way="stored")
        assert run.status == 0 and "sip1.contoso.test:5061" in run.found("logon"), str(run)
        trust = ("--trust", os.path.join(lab.site_dir, "ca.pem"))  # the company's root, the same on all pools
        lab.carry_back()
        run = lab.phone("--cold", model="cx700", way="password", state="cx700")  # it, too, must have been inside
        assert sent_home(run), str(run)
        lab.carry_home()
        run = lab.outside(*trust, model="cx700", way="password", state="cx700")
        assert run.status == 0 and "sip1.contoso.test:5061" in run.found("logon"), str(run)
        for model, way in MODELS.items():  # by certificate; the one that can, by password, is above
            if model in ("cx600", "cx700"):
                continue
            lab.carry_back()
            run = lab.phone("--cold", model=model, way=way, state=model)
            assert sent_home(run), str(run)
            lab.carry_home()
            run = lab.outside(*trust, model=model, way="stored", state=model)
            assert run.status == 0 and "sip1.contoso.test:5061" in run.found("logon"), str(run)
        assert not lab.certificates("dir") and not lab.certificates("pool2")
        lab.pool("dir", "user", "move", "alice@contoso.test", "pool2.contoso.test")  # which has no name outside
        run = lab.outside(*trust, model="cx700", way="password", state="cx700")
        assert run.status and "pool2" not in run.out, run


def test_moved_while_registered():
    """It is told, comes back, is sent to the new pool and registers there with the certificate that it has."""
    with PoolLab() as lab:
        lab.go()
        p = lab.start_phone("--cold", "--stay", "0")
        p.wait_said('"kind":"dialtone"', 60)
        thumbprints = lab.certificates("pool1")
        said = lab.pool("dir", "user", "move", "alice@contoso.test", "pool2.contoso.test").stderr
        assert "1 phone of alice@contoso.test sent to pool2.contoso.test" in said, said
        wait_for("it is registered on pool2", lambda: lab.registered("pool2"), 60, p.ended)
        assert not lab.registered("pool1")
        assert lab.certificates("pool2") == thumbprints and not lab.certificates("pool1")


def test_an_import_reaches_all_pools():
    """Users of a file are known to the company's other pools at once: whoever is asked sends them home."""
    with PoolLab() as lab:
        lab.go()
        file = lab.write("staff.csv", "address,number,extension,home_pool,pin\ncarol@contoso.test,+14255550200,4420,pool2.contoso.test,482915\n")
        lab.pool("dir", "user", "import", file)
        for name in ("pool1", "pool2"):
            assert '"carol@contoso.test"' in lab.pool(name, "user", "list", "--json").stdout, name
        run = lab.phone("--cold", extension="4420", state="carol")
        assert sent_home(run) and "pool2.contoso.test:5061" in run.found("logon"), str(run)


def test_a_circle_is_named():
    """Each pool takes the other for the user's home: the phone ends after the first turn, and the doctor says so."""
    with PoolLab() as lab:
        lab.go()
        lab.pool("pool1", "pool", "set", "pool2.contoso.test", "--store=")
        lab.pool("pool1", "pool", "set", "fe01.contoso.test", "--store=")
        lab.pool("pool1", "user", "set", "alice@contoso.test", "--pool", "pool2.contoso.test")
        run = lab.phone("--cold")
        assert run.status == 7 and run.result["error"] == "redirects", run
        argv = lab.phone_argv("--cold")
        argv[1] = "doctor"
        said = lab.exec("ph", *argv, check=False, seconds=120).stdout
        assert '"L-04"' in said and "round in a circle" in said, said[-3000:]


# ---- PostgreSQL ---------------------------------------------------------------------------------------------------------


@needs_postgres
def test_the_database_goes_and_comes_back():
    """A new sign-in is refused with 503 while it is gone, and succeeds when it is back."""
    with DatabaseLab() as lab:
        lab.go()
        db = lab.db
        assert lab.phone("--cold").status == 0
        p = lab.start_phone("--cold", "--stay", "0")
        registered = ["status", "--registered", "--json"]

        def is_registered():
            return "alice@contoso.test" in lab.admin(*registered, check=False).stdout

        wait_for("it is registered", is_registered, 60, p.ended)
        lab.stop(db.server)
        lab.stop(p)
        refused = lab.phone("--cold")
        assert refused.status == 7 and "503" in str(refused), str(refused)
        db.start()
        wait_for("a phone signs in again", lambda: lab.phone("--cold").status == 0, 60, db.server.ended)
