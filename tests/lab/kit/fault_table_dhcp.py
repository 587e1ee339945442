"""The faults of a lease: each option wrong, short or missing, and servers that answer half."""
from fault_table import dhcp_says, fault
from faults import changed


def served(name, verdict, stage, cause, **options):
    """A DHCP server of the voice VLAN with one part wrong; dnsmasq serves names only."""
    @fault(name, verdict, stage, cause, dhcp=None)
    def _(lab):
        lab.dhcp_liar(**options)


dhcp_says("the router lies in another subnet", "warn", 2, "I-05", "tag:voice,option:router,10.66.0.1", "tag:voice,option:router,10.10.0.1")
dhcp_says("the time server is nobody", "warn", 2, "C-04", "option:ntp-server,10.20.0.1", "option:ntp-server,10.66.0.77")

served("the name server of the lease has three octets", "fail", 2, "I-04", o6="0a4200")
served("the router of the lease has five octets", "fail", 2, "I-04", o3="0a42000100")
served("the mask is full of holes", "fail", 2, "I-05", o1="ff00ff00")
served("there is no mask", "fail", 2, "I-05", o1="-")
served("the mask is 255.255.255.252", "warn", 2, "I-05", o1="fffffffc", yiaddr="10.66.0.121")
served("the mask is 255.255.255.255", "warn", 2, "I-05", o1="ffffffff")
served("the address is the network's own", "fail", 2, "I-04", yiaddr="10.66.0.0")
served("the address is the broadcast address", "fail", 2, "I-04", yiaddr="10.66.0.255")
served("the address is a loopback address", "fail", 2, "I-04", yiaddr="127.0.0.5")
served("the offer names no server", "fail", 2, "I-10", o54="-")
served("an option runs past the end", "fail", 2, "I-10", end="2bff01")
served("the REQUEST is not answered", "fail", 2, "I-11", mute="request")
served("the domain of the lease is missing", "warn", 3, "I-04", o15="-")
served("the domain of the lease is misspelled", "warn", 3, "D-07", o15=b"contoso.tset".hex())
served("the INFORM is not answered", "fail", 5, "R-01", mute="inform")
served("option 43 is missing for the class", "fail", 5, "R-02", o43_inform="-")
served("option 43 ends within the host", "fail", 5, "R-04", uc=(b"\1\x0cMS-UC-Client\2\5https\3\x30fe01.contoso.test").hex())
served("option 43 has the name and a port", "fail", 5, "R-04", uc=(b"\1\x0cMS-UC-Client\2\5https\3\x15fe01.contoso.test:443\4\x03443\5\x22/CertProv/CertProvisioningService.svc").hex())
served("option 43 has an address instead of a name", "fail", 6, "C-10", uc=(b"\1\x0cMS-UC-Client\2\5https\3\x0a10.20.0.10\4\x03443\5\x25/CertProv/CertProvisioningService.svc").hex())
served("option 43 has two names", "fail", 5, "R-04", uc=(b"\1\x0cMS-UC-Client\2\5https\3\x23fe01.contoso.test,fe02.contoso.test\4\x03443\5\x25/CertProv/CertProvisioningService.svc").hex())
served("option 120 is two addresses", "warn", 5, "R-07", o120="010a14000a0a14000b")
served("option 120 ends within a label", "warn", 5, "R-07", o120="000666653031")


@fault("the DHCP server refuses each request", "fail", 2, "I-03", dhcp=None)
def _(lab):
    lab.dhcp_liar(nak="yes")


@fault("a guest's router offers first", "fail", 2, "I-03", changed("no-ping\n", ""))
def _(lab):
    lab.dhcp_liar(address="10.66.0.77", yiaddr="10.66.0.201", o3="0a42004d", o6="0a42004d", o120="-")


@fault("a guest's router without options offers first", "fail", 2, "I-03", changed("no-ping\n", ""))
def _(lab):
    lab.dhcp_liar(address="10.66.0.77", yiaddr="10.66.0.201", o3="-", o6="-", o15="-", o120="-", uc="")
