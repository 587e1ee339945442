"""Captures whose TLS can be read with its secrets (Wireshark's key log): of phones that speak TLS 1.3, and of phones of the time, which
speak TLS 1.0.  The doctor reads out of them what the phone itself says; without the secrets at least the stage."""
import json
import warnings

import pytest

from faults import FaultLab
from lab import PIN

warnings.filterwarnings("ignore", category=DeprecationWarning)
FAULTS = {}
OLD_TLS = "ssl-min-ver TLSv1.0 ciphers DEFAULT@SECLEVEL=0"


def fault(name, hidden="", **site):
    """hidden: the causes that the sizes and the order of what is under TLS look like, where the phone's own cannot be seen without the secrets."""
    def register(put):
        FAULTS[name] = (put, hidden, site)
        return put
    return register


def web(name, rule, hidden="", **kw):
    @fault(name, hidden, web=True)
    def _(lab):
        lab.front(rule, tls=OLD_TLS, **kw)


def registrar(name, status, head, hidden):
    @fault(name, hidden)
    def _(lab):
        lab.registrar_answers(status, head)


@fault("a wrong PIN")
def _(lab):
    with open(lab.pin_file, "w") as f:
        f.write(PIN[::-1] + "\n")


@fault("PIN authentication is off", conf={"UsePinAuth": "false"})
def _(lab):
    pass


@fault("the Registrar offers no TLS-DSK", "L-05", conf={"offer_tls_dsk": "false"})
def _(lab):
    pass


@fault("the user is disabled", "A-02")
def _(lab):
    lab.admin("user", "disable", "alice@contoso.test")


@fault("the PIN is locked")
def _(lab):
    lab.admin("pin", "lock", "alice@contoso.test")


@fault("the home pool's Registrar is away", records=("host-record=pool2.contoso.test,10.20.0.99",))
def _(lab):
    lab.admin("user", "set", "alice@contoso.test", "--home-pool", "pool2.contoso.test")


@fault("the home pool's Web Services are away", "A-09", records=("host-record=pool2.contoso.test,10.20.0.99",))
def _(lab):
    lab.admin("pool", "add", "pool2.contoso.test")
    lab.admin("user", "set", "alice@contoso.test", "--home-pool", "pool2.contoso.test")


web("the web ticket service is gone", "http-request return status 404 if { path_beg /WebTicket }", "A-04")
web("the web ticket service answers a page",
    'http-request return status 200 content-type text/html string "<html>sign in" if { path_beg /WebTicket } METH_POST', "A-02 A-09")
web("the certificate service answers 503", "http-request return status 503 if { path_sub WebTicket_Proof }")
registrar("the Registrar is overloaded", "503 Service Unavailable", "Retry-After: 30", "L-05 L-01")
registrar("too many endpoints", "403 Forbidden", 'ms-diagnostics: 4049;reason="Maximum number of endpoints per user has been reached"', "L-05 L-01")
registrar("the back end is away", "480 Temporarily Unavailable", 'ms-diagnostics: 15030;reason="Failed to route to user services"', "L-05 L-01")


def findings(out):
    return [(f["verdict"], f["stage"], f["causes"][0]["id"] if f["causes"] else f["error"])
            for f in map(json.loads, out.splitlines()) if f["kind"] == "finding" and f["verdict"] == "fail"]


@pytest.mark.parametrize("name", FAULTS)
def test_read_with_the_secrets(name):
    put, hidden, site = FAULTS[name]
    with FaultLab(**{**site, "init": (*site.get("init", ()), *(("--web-fqdn", "web.contoso.test", "--address", "10.20.0.10") if site.get("web") else ()),
                                      "--legacy-known", "10.66.0.0/16")}) as lab:
        lab.go()
        put(lab)
        for tls in "modern", "phone":
            with lab.capture() as path:
                run = lab.phone("--cold", "--tls", tls, state=tls)
            own = findings(lab.dialtone("doctor", "--json", "--record", lab.write("record.jsonl", run.out), check=False).stdout)
            seen = lab.dialtone("doctor", "--json", "--capture", path, "--keylog", lab.keylog, check=False)
            assert own and findings(seen.stdout)[:1] == own[:1], (tls, run, seen)
            assert PIN not in seen.stdout and PIN[::-1] not in seen.stdout
            by_shape = findings(lab.dialtone("doctor", "--json", "--capture", path, check=False).stdout)
            assert by_shape[0] in [own[0], *(("fail", own[0][1], cause) for cause in hidden.split())], (tls, own, by_shape)
