"""A Director and two pools: every phone finds the Director, and signs in where its user lives."""
import pytest

from pools import PoolLab
from proc import wait_for

MODELS = {"cx600": "pin", "cx3000": "pin", "cx500": "pin", "cx700": "password", "6721ip": "pin", "6725ip": "pin", "4110": "pin", "4120": "pin"}


def sent_home(run):
    """It found the Director, and was sent on by its Web Services."""
    assert run.status == 0, run
    return [r for r in run.of("auth") + run.of("cert") if "moved" in r.get("signs", [])]


def test_each_model_inside():
    """The certificate is published in the home pool's store, and nowhere else; the phone is registered there."""
    with PoolLab() as lab:
        lab.go()
        known = set()
        for model, way in MODELS.items():
            run = lab.phone("--cold", model=model, way=way, state=model)
            assert sent_home(run), run
            assert "pool1.contoso.test:5061" in run.found("logon"), run
            assert lab.certificates("pool1") - known, run
            assert not lab.certificates("dir") and not lab.certificates("pool2")
            known |= lab.certificates("pool1")
            again = lab.phone(model=model, way="stored" if way == "pin" else way, state=model)  # by certificate, through the Director
            assert again.status == 0 and "pool1.contoso.test:5061" in again.found("logon"), again
