"""The table of phones: ten phones with ten different faults stand in it at their stage, with their code; none of them is asked."""
import json
import os
import re
import time

import servers
from lab import PIN, Lab
from proc import wait_for

#    fault             stage, state, code, a word of the cause
FAULTS = {
    "wrong-pin": (7, "refused", "pin-refused", "wrong PIN"),
    "no-such-number": (7, "refused", "pin-refused", "no user has this number"),
    "no-pin-set": (7, "refused", "pin-refused", "no PIN is set"),
    "disabled": (7, "refused", "not-enabled", "bob@contoso.test is disabled"),
    "wrong-password": (7, "refused", "password-refused", ""),
    "waits-for-its-user": (7, "silent", "silent", "no sign-in followed"),
    "old-tls": (6, "refused", "tls-handshake", ""),
    "other-ca": (6, "refused", "tls-untrusted", "does not accept the certificate"),
    "revoked": (9, "refused", "cert-refused", ""),
    "other-home": (9, "refused", "redirects", "another pool"),
}


class Phones:
    def __init__(self, lab):
        self.lab, self.number, self.macs = lab, 0, {}
        self.wrong = lab.write("secret-that-is-wrong", PIN[::-1] + "\n")
        os.chmod(self.wrong, 0o600)

    def plug_in(self, fault, *args, mac=True, **kw):
        """One phone after another on the socket: each has a MAC and a state of its own, so it is another phone."""
        if fault not in self.macs:
            self.number += 1
            self.macs[fault] = f"00:04:f2:00:01:{self.number:02x}"
        self.lab.set_mac(self.macs[fault])
        return self.lab.phone(*args, state=fault, **kw)

    def rows(self):
        """By fault.  The servers know no MAC of a phone that never got through TLS: DHCP's leases say whose address it has."""
        with open(self.lab.dns.log) as f:
            leases = dict(re.findall(r"DHCPACK\(eth1\) ([0-9.]+) (\S+)", f.read()))
        of_mac = {r["mac"] or leases.get(r["address"]): r for r in json.loads(self.lab.admin("phones", "--json").stdout)["items"]}
        return {fault: of_mac.get(mac) for fault, mac in self.macs.items()}


def bring_about(lab, phones):
    for name, extension in (("bob", "4412"), ("carol", "4413"), ("dave", "4414"), ("erin", "4415")):
        lab.add_user(name, extension)
    lab.admin("user", "add", "frank@contoso.test", "--extension", "4416", "--number", "+14255554416")
    lab.admin("user", "set", "dave@contoso.test", "--home-pool", "pool2.contoso.test")
    lab.admin("user", "disable", "bob@contoso.test")
    assert phones.plug_in("well", "--cold").status == 0
    assert phones.plug_in("revoked", "--cold", user="carol", extension="4413").status == 0
    lab.admin("cert", "revoke", "carol@contoso.test")
    phones.plug_in("revoked", user="carol", way="stored")
    pin, lab.pin_file = lab.pin_file, phones.wrong
    phones.plug_in("wrong-pin", "--cold")
    lab.pin_file = pin
    phones.plug_in("no-such-number", "--cold", extension="9999")
    phones.plug_in("no-pin-set", "--cold", extension="4416")
    phones.plug_in("disabled", "--cold", extension="4412")
    password, lab.password_file = lab.password_file, phones.wrong
    phones.plug_in("wrong-password", "--cold", model="cx700", way="password", user="erin")
    lab.password_file = password
    phones.plug_in("waits-for-its-user", "--cold", way="stored")
    phones.plug_in("old-tls", "--cold", "--tls", "phone")
    phones.plug_in("other-home", "--cold", user="dave", extension="4414")


def test_ten_phones_with_ten_faults():
    with Lab(site=servers.Site(conf={"workers": 2})) as lab:
        lab.go()
        phones = Phones(lab)
        assert phones.plug_in("other-ca", "--cold").status == 0
        lab.stop_dialtoned()
        lab.make_site("site2")
        lab.start_dialtoned()
        assert phones.plug_in("other-ca").status != 0
        bring_about(lab, phones)
        time.sleep(31)
        rows = phones.rows()
        for fault, (stage, state, code, word) in FAULTS.items():
            row = rows[fault]
            assert (row["stage"], row["state"], row["code"]) == (stage, state, code), (fault, row)
            assert word in (row["cause"] or ""), (fault, row)
            assert row["mac"] == (None if stage == 6 else phones.macs[fault]), (fault, row)
        assert rows["well"]["state"] == "signed-off"
        wrong = rows["wrong-pin"]
        assert wrong["user"] == "alice@contoso.test" and wrong["extension"] == "4411" and not wrong["proved"], wrong
        log = open(lab.daemon.log).read()
        assert f"event=refused user=alice@contoso.test number=4411 mac={wrong['mac']}" in log, log
        assert "event=signed-in" in log and PIN not in log and PIN[::-1] not in log
        shown = lab.admin("phones", "show", wrong["mac"]).stdout
        assert "wrong PIN" in shown and "update" in shown and "#" in shown, shown


def test_dhcp_responder_is_seen():
    """Where the responder runs, a phone is in the table from its DHCPINFORM on."""
    with Lab(site=servers.Site(conf={"workers": 1})) as lab:
        lab.go()
        run = lab.phone("--cold")
        assert run.status == 0, run
        row = json.loads(lab.admin("phones", "show", lab.mac(), "--json").stdout)["items"][0]
        steps = {s["step"]: s for s in row["steps"]}
        assert {"update", "chain", "metadata", "ticket", "cert", "register"} <= set(steps), row
        assert steps["update"]["at_ms"] <= steps["ticket"]["at_ms"] <= steps["register"]["at_ms"], row
        assert lab.admin("phones", "--stage", "3").stdout == ""
        phone = lab.start_phone("--stay", "0")
        phone.wait_said('"dialtone"', 60)
        wait_for("registered", lambda: json.loads(lab.admin("phones", "show", "4411", "--json").stdout)["items"][0]["state"] == "registered")
