"""The whole way as tshark sees it, with the TLS keys of both ends: each message is there, none is malformed."""
import json
import time

from lab import Lab
from proc import wait_for

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


def test_dhcp_as_the_phones_ask():
    """Option 55 and the order of options as recorded from a Polycom device and Windows CE, IP TTL 128, as tshark reads them; one
    announcement, and a second two seconds later."""
    with Lab() as lab:
        lab.go()
        with lab.capture() as capture:
            run = lab.phone("--cold", "--stay", "4")
            assert run.status == 0, run
        mac = lab.mac()

        def fields(what, *names):
            args = [x for n in names for x in ("-e", n)]
            return [line.split("\t") for line in lab.tshark(capture, "-Y", f"({what}) && eth.src == {mac}", "-T", "fields", *args).splitlines()]

        asks = "1,3,6,15,42,43,44,46,47,119"
        for kind, order in [(1, "53,61,55,60,0"), (3, "53,54,50,61,55,60,0")]:
            rows = fields(f"dhcp.option.dhcp == {kind} && dhcp.ip.client == 0.0.0.0", "dhcp.option.request_list_item", "dhcp.option.type", "ip.ttl")
            assert rows and all(row[0] == asks and row[1].startswith(order) and row[2] == "128" for row in rows), (kind, rows)
        inform, = fields("dhcp.option.dhcp == 8", "dhcp.option.request_list_item", "dhcp.option.type")
        assert inform[0] == "120,43,6,15" and inform[1].startswith("53,61,55,60,57"), inform
        said = [float(row[0]) for row in fields("arp.isannouncement", "frame.time_epoch")]
        assert len(said) == 2 and 1.9 < said[1] - said[0] < 2.5, said


def test_lldp_med_as_the_phones_speak():
    """Three frames a second apart, the policy confirmed at once, a shutdown frame at the end; and lldpd has the confirmation within two
    seconds of the phone's first frame."""
    with Lab() as lab:
        lab.go()
        with lab.capture() as capture:
            phone = lab.start_phone("--cold", "--stay", "5")

            def confirmed():
                said = lab.lldpcli("-f", "keyvalue", "show", "neighbors", "details").stdout
                return "lldp-med.policy.vlan.vid=66" in said or "lldp-med.Voice.vlan.vid=66" in said or None

            wait_for("lldpd's word of the phone's policy", confirmed, 10, phone.ended)
            confirmed_at = time.time()
            wait_for("the phone's end", phone.ended, 60)
        mac = lab.mac()
        rows = [line.split("\t") for line in lab.tshark(
            capture, "-Y", f"lldp && eth.src == {mac}", "-T", "fields", "-e", "frame.time_epoch", "-e", "lldp.time_to_live",
            "-e", "lldp.media.app_type", "-e", "lldp.media.vlan_id", "-e", "lldp.tlv.type").splitlines()]
        at = [float(row[0]) for row in rows]
        vlan = [row[3] for row in rows]
        first = vlan.index("66")
        assert at[first] - at[0] < 2.0, rows            # told at once
        assert confirmed_at - at[0] < 2.0, rows         # and the switch has read it
        fast = at[first:first + 3]
        assert all(0.9 < b - a < 1.3 for a, b in zip(fast, fast[1:])), rows
        assert rows[-1][1] == "0" and set(rows[-1][4].split(",")) <= {"0", "1", "2", "3", "0x00", "0x01", "0x02", "0x03"}, rows[-1]  # the shutdown LLDPDU
        assert "CX600" not in lab.lldpcli("show", "neighbors").stdout


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
