#!/usr/bin/env python3
"""What script/demo shows: the lab, every phone model from cold to dial tone inside; then one of them is carried home and signs
in from there; and everything taken down again."""
import sys
import time

import outside
from lab import LabError, missing

# model, what it may sign in with, and an address from its maker
PHONES = [
    ("6721ip", "pin", "00:08:5d:00:00:01"), ("6725ip", "pin", "00:08:5d:00:00:02"), ("4110", "pin", "00:04:13:00:00:03"),
    ("4120", "pin", "00:04:13:00:00:04"), ("cx500", "pin", "00:04:f2:00:00:05"), ("cx600", "pin", "00:04:f2:00:00:06"),
    ("cx3000", "pin", "64:16:7f:00:00:07"), ("cx700", "password", "00:04:f2:00:00:08"),
]


def say(text):
    print(text, flush=True)


def show(lab, model, way, state, *args, **who):
    began = time.monotonic()
    status = lab.show_phone(*args, model=model, way=way, state=state, **who)
    say(f"--- {model}: " + ("dial tone" if status == 0 else f"no dial tone, status {status}") +
        f" after {time.monotonic() - began:.1f} s\n")
    return status == 0


def carried_home(lab, model, mac, who):
    """The same phone, with nothing but what it remembers, behind the NAT of somebody's home."""
    say(f"=== {model} is carried home: behind NAT, through the firewall and HAProxy\n"
        "    It has its certificate, the root chain and the addresses from inside, so\n"
        "    stages 1, 5, 6 and 8 have nothing to do.")
    lab.set_mac(mac)
    lab.carry_home()
    good = show(lab, model, "stored", model, "--outside", host="away", **who)
    lab.carry_back()
    return good


def main():
    wanted = sys.argv[1:]
    why = missing()
    if why:
        say(f"demo: {why}")
        return 77
    unknown = set(wanted) - {p[0] for p in PHONES}
    if unknown:
        say(f"demo: there is no model {', '.join(repr(u) for u in sorted(unknown))}; type script/demo with none or some of\n"
            f"demo: {' '.join(p[0] for p in PHONES)}")
        return 64
    phones = [p for p in PHONES if not wanted or p[0] in wanted]
    good, runs = 0, 0
    say("The lab: a switch (Open vSwitch, lldpd), a core with DHCP and DNS (dnsmasq)\n"
        "and NTP (chrony), a front end (dialtoned), a firewall (nftables) with a virtual\n"
        "IP behind it (HAProxy), the Internet's DNS (bind9), and a home behind NAT.")
    with outside.OutsideLab(site=outside.site(web="web.contoso.test")) as lab:
        lab.go()
        say(f"It runs, in the namespaces dt{lab.tag}-*.\n")
        for number, (model, way, mac) in enumerate(phones):
            user, extension = f"user{number}", str(4500 + number)
            lab.add_user(user, extension)
            lab.set_mac(mac)
            who = {"user": user, "extension": extension}
            say(f"=== {model}, cold from the box, signs in with {'a PIN' if way == 'pin' else 'user name and password'}")
            runs += 1
            good += show(lab, model, way, model, "--cold", **who)
            if model == "cx700":
                say(f"=== {model} again: it has its certificate now")
                runs += 1
                good += show(lab, model, "stored", model, **who)
        model, _, mac = next((p for p in phones if p[0] == "cx600"), phones[0])
        number = [p[0] for p in phones].index(model)
        runs += 1
        good += carried_home(lab, model, mac, {"user": f"user{number}", "extension": str(4500 + number)})
    say(f"The lab is down.  {good} of {runs} sign-ins reached dial tone.")
    return 0 if good == runs else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LabError as e:
        say(f"demo: {e}")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
