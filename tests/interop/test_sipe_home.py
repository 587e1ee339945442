"""Pidgin-SIPE finds a Director, and is sent to the pool where its user lives: by NTLM, over TLS and TCP.

Its TLS-DSK needs a ticket first, and SIPE follows no redirect of a web service (sipe_svc_https_response takes 302 for an error), so that it
gets a certificate from the pool itself only.
"""
import re

import pytest

import front_end
import peers
from test_sipe import STAYED, Drive, ends, sipe  # noqa: F401

HOME = "pool1.contoso.test"


@pytest.fixture(scope="module")
def pools(tmp_path_factory, sipe):  # noqa: F811
    """(the Director, the home pool): one company."""
    with front_end.Site(tmp_path_factory.mktemp("director"), known=[HOME]) as director:
        with front_end.Site(tmp_path_factory.mktemp("home"), init=["--company", director.dir], fqdn=HOME, known=[front_end.FQDN]) as home:
            for here, there in ((director, home), (home, director)):
                here.admin("pool", "add", there.fqdn, "--sip", f"{there.fqdn}:{there.sip_tls}", "--web", f"{there.fqdn}:{there.https}",
                           "--store", there.dir)
            yield director, home


@pytest.mark.parametrize("transport", ["tls", "tcp"])
def test_sent_home(pools, sipe, transport):  # noqa: F811
    """The redirect is signed, SIPE finds the signature good, and is registered at the home pool."""
    director, home = pools
    user = director.user(front_end.unique("home"), "--pool", HOME)
    drive = ends(Drive(director, sipe, user, "ntlm", transport, stay=1), STAYED)
    moved = [m for m in drive.messages("<") if m.startswith("SIP/2.0 301")]
    assert len(moved) == 1 and f"Contact: <sip:{HOME}:{home.sip_tls};transport=tls>" in moved[0], drive.story()
    assert re.search(r'Authentication-Info: \S+ .*targetname="fe01.contoso.test"', moved[0]), moved[0]
    assert f'targetname="{HOME}"' in drive.answers_to_register()[-1], drive.story()


def test_its_certificate_is_the_pools(pools, sipe):  # noqa: F811
    """Asked for a ticket, the Director's Web Services send it to those of the home pool; there it gets its certificate."""
    director, home = pools
    user = director.user(front_end.unique("home"), "--pool", HOME)
    drive = Drive(director, sipe, user, "tls-dsk", "tls")
    assert drive.end() != STAYED
    moved = [m for m in drive.messages("<") if m.startswith("HTTP/1.1 302")]
    assert moved and f"Location: https://{HOME}:{home.https}/WebTicket/WebTicketService.svc" in moved[0], drive.story()
    ends(Drive(home, sipe, user, "tls-dsk", "tls", stay=1), STAYED)
    listed = [s.admin("cert", "list", user, "--json").stdout.count("thumbprint") for s in (director, home)]
    assert listed == [0, 1], listed
