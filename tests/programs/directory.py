"""A directory of OpenLDAP's on loopback, with the attributes that Lync adds to Active Directory."""
import os
import shutil
import socket
import subprocess
import time

from programs import free_ports

SLAPD = shutil.which("slapd", path=os.environ["PATH"] + ":/usr/sbin")
BASE, ADMIN, PASSWORD = "OU=Staff,DC=contoso,DC=test", "cn=reader,DC=contoso,DC=test", "Directory-1"
SCHEMA = """include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
attributetype ( 1.3.6.1.4.1.4203.666.1.901 NAME 'sAMAccountName' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.4203.666.1.902 NAME 'userAccountControl' EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.4203.666.1.903 NAME 'msRTCSIP-PrimaryUserAddress' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.3.6.1.4.1.4203.666.1.904 NAME 'msRTCSIP-Line' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
objectclass ( 1.3.6.1.4.1.4203.666.3.901 NAME 'lyncUser' SUP top AUXILIARY
    MAY ( sAMAccountName $ userAccountControl $ msRTCSIP-PrimaryUserAddress $ msRTCSIP-Line ) )
"""
TOP = f"""dn: DC=contoso,DC=test
objectClass: domain
dc: contoso

dn: {BASE}
objectClass: organizationalUnit
ou: Staff

"""


def entry(name, line=None, sip=True, control=512, **more):
    """A user of Active Directory who is enabled for Lync."""
    fields = {"sAMAccountName": name, "displayName": name.capitalize(), "userAccountControl": str(control), **more}
    if sip:
        fields["msRTCSIP-PrimaryUserAddress"] = f"sip:{name}@contoso.test"
    if line:
        fields["msRTCSIP-Line"] = line
    text = f"dn: CN={name},{BASE}\nobjectClass: inetOrgPerson\nobjectClass: lyncUser\ncn: {name}\nsn: {name}\n"
    return text + "".join(f"{k}: {v}\n" for k, v in fields.items()) + "\n"


class Directory:
    def __init__(self, folder, entries, tls=None):
        """tls: a folder with key.pem and cert.pem"""
        self.folder = str(folder)
        os.makedirs(os.path.join(self.folder, "db"))
        conf, ldif = os.path.join(self.folder, "slapd.conf"), os.path.join(self.folder, "all.ldif")
        with open(conf, "w") as f:
            f.write(f"{SCHEMA}pidfile {self.folder}/pid\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\nsizelimit 700\n")
            if tls:
                f.write(f"TLSCertificateFile {tls}/cert.pem\nTLSCertificateKeyFile {tls}/key.pem\n")
            f.write(f'database mdb\nsuffix "DC=contoso,DC=test"\nrootdn "{ADMIN}"\nrootpw {PASSWORD}\ndirectory {self.folder}/db\n')
        with open(ldif, "w") as f:
            f.write(TOP + "".join(entries))
        done = subprocess.run([SLAPD, "-T", "add", "-q", "-f", conf, "-l", ldif], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        self.port, = free_ports(1)
        self.uri = f"ldap://127.0.0.1:{self.port}"
        self.process = subprocess.Popen([SLAPD, "-d", "0", "-f", conf, "-h", f"{self.uri} ldap://127.0.0.2:{self.port}"], stderr=subprocess.DEVNULL)
        for _ in range(200):
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert self.process.poll() is None, "slapd ended"
            time.sleep(0.05)
        raise AssertionError("slapd does not listen")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)
