"""The whole way as tshark sees it, with the TLS keys of both ends: each message is there, none is malformed."""
from lab import Lab

ERROR = 0x00800000  # _ws.expert.severity

MESSAGES = [
    ("LLDP-MED frame", "lldp.media.subtype && eth.src == {mac}"),
    ("DISCOVER", "dhcp.option.dhcp == 1 && eth.src == {mac}"),
    ("REQUEST", "dhcp.option.dhcp == 3 && eth.src == {mac}"),
    ("INFORM", "dhcp.option.dhcp == 8 && eth.src == {mac}"),
    ("RELEASE", "dhcp.option.dhcp == 7 && eth.src == {mac}"),
    ("SRV question", "dns.qry.type == 33 && dns.flags.response == 0 && eth.src == {mac}"),
    ("SNTP question", "ntp.flags.mode == 3 && eth.src == {mac}"),
    ("update question", 'http.request.method == "POST" && http.request.uri contains "ucdevice.upx"'),
    ("web ticket", 'http.request.method == "POST" && http.request.uri contains "/WebTicket/" && !(http.request.uri contains "mex")'),
    ("certificate request", 'http.request.method == "POST" && http.request.uri contains "/CertProv/"'),
    ("REGISTER with TLS-DSK", 'sip.Method == "REGISTER" && sip contains "TLS-DSK"'),
    ("SUBSCRIBE", 'sip.Method == "SUBSCRIBE"'),
    ("NOTIFY or 200 with provisioning", 'sip contains "vnd-microsoft-roaming-provisioning"'),
]


def test_every_message_is_there_and_sound():
    with Lab(lldp="silent") as lab:  # so that the VLAN phase's RELEASE is there too
        lab.go()
        with lab.capture() as capture:
            run = lab.phone("--cold")
            assert run.status == 0, run
        mac = lab.mac()
        counts = {}
        for name, want in MESSAGES:
            out = lab.tshark(capture, "-Y", want.format(mac=mac), "-T", "fields", "-e", "frame.number")
            counts[name] = len(out.split())
        for name, n in counts.items():
            print(f"{n:4}  {name}")
        assert all(counts.values()), counts
        bad = lab.tshark(capture, "-Y", f"_ws.malformed || _ws.expert.severity == {ERROR}", "-T", "fields", "-e", "frame.number",
                         "-e", "frame.protocols", "-e", "_ws.expert.message", "-e", "_ws.malformed")
        print(f"{len(bad.splitlines()):4}  malformed, or with an expert error")
        assert bad == ""
        # and it did read what stands inside TLS
        assert int(counts["REGISTER with TLS-DSK"]) >= 2
