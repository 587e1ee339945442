"""Faults that no server in memory plays: each is put into a healthy network, and the doctor must name it first."""

import pytest

from faults import FaultLab, changed

FAULTS = []


def fault(name, verdict, stage, cause, *edits, **lab):
    """The finding that must come first (of notes: stand among the others), and how the lab is made."""
    def register(put):
        FAULTS.append(pytest.param(verdict, stage, cause, edits, lab, put, id=name))
        return put
    return register


def web(name, verdict, stage, cause, *rules, **front):
    @fault(name, verdict, stage, cause, web=True)
    def _(lab):
        lab.front(*rules, **front)


def registrar(name, cause, status, head="Server: RTC/5.0"):
    @fault(name, "fail", 9, cause)
    def _(lab):
        lab.registrar_answers(status, head)


# ---- 6 to 8: what a web server, or something in its place, answers -----------------------------------------------

web("certprov is gone", "fail", 6, "C-01", "http-request return status 404 if { path_beg /CertProv }")
web("certprov wants credentials", "fail", 6, "C-01", "http-request return status 401 if { path_beg /CertProv }")
web("a proxy wants credentials", "fail", 6, "C-01", "http-request return status 407 if { path_beg /CertProv }")
web("the whole site is overloaded", "fail", 6, "C-01", "http-request return status 503 hdr Retry-After 60")
web("certprov is a teapot", "fail", 6, "C-01", "http-request return status 410 if { path_beg /CertProv }")
web("the ticket service is gone", "fail", 7, "A-09", "http-request return status 404 if { path_beg /WebTicket } METH_POST")
web("the ticket service answers a page", "fail", 7, "A-09",
    'http-request return status 200 content-type text/html string "<html>sign in" if { path_beg /WebTicket } METH_POST')
web("the certificate service answers 503", "fail", 8, "P-01", "http-request return status 503 if { path_sub WebTicket_Proof }")
web("the certificate service answers a page", "fail", 8, "P-01",
    'http-request return status 200 content-type text/html string "<html>no" if { path_sub WebTicket_Proof }')
web("the update service answers a page", "warn", 4, "U-07",
    'http-request return status 200 content-type text/html string "<html>no</html>" if { path_beg /RequestHandler/ucdevice.upx }')
web("the update service is gone", "warn", 4, "U-07", "http-request return status 404 if { path_beg /RequestHandler/ucdevice.upx }")


@fault("a portal answers plain HTTP", "fail", 6, "C-17")
def _(lab):
    lab.divert(80, 8080)
    lab.liar("fe", "http", "10.20.0.12", 8080, status="200 OK", type="text/html", text="<html>accept the terms</html>")


@fault("port 443 speaks SMTP", "fail", 6, "C-09")
def _(lab):
    lab.divert(443, 2525)
    lab.liar("fe", "banner", "10.20.0.12", 2525, text="220 mail.contoso.test ESMTP")


@fault("the web server hangs up", "fail", 6, "C-01")
def _(lab):
    lab.divert(443, 4443)
    lab.liar("fe", "hangup", "10.20.0.12", 4443)


@fault("option 43 says port 80", "fail", 6, "R-13", changed('MS-UC-Client,4,"443"', 'MS-UC-Client,4,"80"'))
def _(lab):
    pass


# ---- 9: what the Registrar, or something in its place, answers -------------------------------------------------------

registrar("the Registrar is overloaded", "L-10", "503 Service Unavailable", "Retry-After: 30")
registrar("the Registrar's back end is away", "L-10", "480 Temporarily Unavailable")
registrar("the Registrar is broken", "L-10", "500 Server Internal Error")
registrar("the Registrar does not accept this", "L-10", "488 Not Acceptable Here")
registrar("another user's credentials", "L-11", "403 Forbidden", 'ms-diagnostics: 4004;reason="not authorized to act as specified"')


@fault("an SSH server at 5061", "fail", 9, "L-02")
def _(lab):
    lab.divert(5061, 2222)
    lab.liar("fe", "banner", "10.20.0.12", 2222, text="SSH-2.0-OpenSSH_9.2")


@fault("the Registrar is at its limit", "fail", 9, "L-01")
def _(lab):
    lab.divert(5061, 2222)
    lab.liar("fe", "hangup", "10.20.0.12", 2222)


@pytest.mark.parametrize("verdict, stage, cause, edits, kw, put", FAULTS)
def test_fault(verdict, stage, cause, edits, kw, put):
    kw, how = dict(kw), {}
    with FaultLab(*edits, **kw) as lab:
        lab.go()
        how = put(lab) or {}
        status, told, found = lab.examined(*how.pop("args", ()), **how)
        assert told, lab.last
        if verdict == "fail":
            assert status != 0 and told[0] == (verdict, stage, cause), (told, lab.last)
        else:
            assert status == 0 and (verdict, stage, cause) in told, (told, lab.last)
