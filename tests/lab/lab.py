"""The lab: a switch, a core router with DHCP, DNS and NTP, a front end, and sockets to plug phones into.

                          VLAN 10 untagged, VLAN 66 tagged
      phone eth0 ───────── p1 ┐                    ┌ eth0 10.10.0.1 (data)
     phone2 eth0 ───────── p4 ├ switch, Open vSwitch ┤ eth1 10.66.0.1 (voice)   core: DHCP, DNS, NTP, routes
                              ┘ in user space      └ eth2 10.20.0.1
                                                        └──── eth0 10.20.0.10 fe01  .11 web  .12 edge: dialtoned

Each host is a network namespace of a name of its own.  `with Lab() as lab:` builds it and takes it down again,
whatever happened: every program is ended by the pid it was started with.
"""
import contextlib
import fcntl
import glob
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import servers
from proc import LabError, Process, children, listening, run, tail, wait_for

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("DIALTONE_BUILD", os.path.join(TOP, "build"))
TMP = os.environ.get("TMPDIR", "/tmp")
DATA, VOICE = 10, 66
PIN, PASSWORD = "482915", "Pa55-word!"


def missing():
    """Why the lab cannot be built here, or None."""
    if os.geteuid() != 0:
        return "the lab needs root"
    for tool in ("ip", "ovs-vswitchd", "ovsdb-tool", "lldpd", "dnsmasq", "kea-dhcp4", "tcpdump", "tshark", "named", "haproxy", "nft"):
        if not shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            return f"{tool} is not installed: script/install-packages lab"
    return None


def sweep():
    """Takes down what a lab left behind that was killed: its folder is there, nobody holds its lock."""
    for folder in glob.glob(os.path.join(TMP, "dtlab-*")):
        try:
            lock = open(os.path.join(folder, "lock"))
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            continue
        demolish(os.path.basename(folder)[len("dtlab-"):])
        unmount(folder)
        shutil.rmtree(folder, ignore_errors=True)
        lock.close()


def unmount(folder):
    """Mounts that a test has made below this folder."""
    with open("/proc/mounts") as f:
        for line in reversed(f.readlines()):
            if line.split()[1].startswith(folder + "/"):
                run(["umount", "-l", line.split()[1]], check=False)


def demolish(tag):
    """Ends everything in the namespaces of this tag, then the namespaces."""
    names = [line.split()[0] for line in run(["ip", "netns", "list"]).stdout.splitlines() if line.strip()]
    mine = [n for n in names if n.startswith(f"dt{tag}-")]
    for sig in (signal.SIGTERM, signal.SIGKILL):
        left = [int(p) for n in mine for p in run(["ip", "netns", "pids", n], check=False).stdout.split()]
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, sig)
        end = time.monotonic() + 2
        while left and time.monotonic() < end:
            left = [p for p in left if os.path.exists(f"/proc/{p}")]
            time.sleep(0.02)
        if not left:
            break
    for n in mine:
        run(["ip", "netns", "del", n], check=False)
        shutil.rmtree(f"/etc/netns/{n}", ignore_errors=True)


class PhoneRun:
    """What one `dialtone connect --json` said."""

    def __init__(self, status, out, err, seconds):
        self.status, self.out, self.err, self.seconds = status, out, err, seconds
        self.records = []
        for line in out.splitlines():
            try:
                self.records.append(json.loads(line))
            except ValueError:
                raise LabError(f"not a record: {line!r}\n{err}") from None

    def of(self, key):
        """The attempts and the end of a stage, in their order; not what was observed on the port besides."""
        return [r for r in self.records if r.get("key") == key and r.get("kind") not in ("heard", "probe")]

    def tries(self, key):
        return [r.get("try") or "" for r in self.of(key)]

    def found(self, key):
        return " | ".join(str(r["found"]) for r in self.of(key) if r.get("found"))

    def failures(self):
        return [r for r in self.records if r.get("error")]

    def why(self):
        return " ".join(str(r.get(k) or "") for r in self.failures() for k in ("error", "why", "fix"))

    @property
    def result(self):
        return self.records[-1] if self.records else {}

    def __str__(self):
        return f"status {self.status} after {self.seconds:.1f} s\n{self.out}{self.err}"


class Lab:
    def __init__(self, dhcp="dnsmasq", lldp="tagged", names=True, site=None, verbose=False):
        """dhcp: dnsmasq, kea or None; lldp: see servers.lldpd, or None; names: dnsmasq is the name server"""
        self.site = site or servers.Site()
        self.dhcp, self.lldp, self.names, self.verbose = dhcp, lldp, names, verbose
        self.tag = secrets.token_hex(3)
        self.dir = os.path.join(TMP, f"dtlab-{self.tag}")
        self.procs, self.daemon, self.captures = [], None, 0
        self.keylog = os.path.join(self.dir, "tls.keys")

    # ---- building ---------------------------------------------------------------------------------------

    def __enter__(self):
        sweep()
        os.mkdir(self.dir, 0o755)
        self.lock = open(os.path.join(self.dir, "lock"), "w")
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        try:
            self.build()
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, kind, value, trace):
        if kind not in (None, KeyboardInterrupt) and not getattr(kind, "__name__", "").startswith("Skipped"):
            print(self.logs(), file=sys.stderr)
        for p in reversed(self.procs):
            with contextlib.suppress(Exception):
                p.stop(seconds=3)
        demolish(self.tag)
        unmount(self.dir)
        self.lock.close()
        if not os.environ.get("LAB_KEEP"):
            shutil.rmtree(self.dir, ignore_errors=True)

    def ns(self, host):
        return f"dt{self.tag}-{host}"

    def path(self, *name):
        return os.path.join(self.dir, *name)

    def ip(self, host, *args, check=True):
        return run(["ip", "-n", self.ns(host), *args], check=check)

    def exec(self, host, *argv, **kw):
        return run(argv, netns=self.ns(host), **kw)

    def start(self, name, argv, host=None, env=None, cwd=None):
        p = Process(name, argv, self.path(f"{name}.log"), self.ns(host) if host else None, env, cwd)
        self.procs.append(p)
        return p

    def stop(self, p, **kw):
        status = p.stop(**kw)
        self.procs.remove(p)
        return status

    def build(self):
        for host in ("sw", "core", "fe"):
            self.namespace(host)
        self.cable("core", "eth0", "sw", "p2")
        self.cable("core", "eth1", "sw", "p3")
        self.cable("fe", "eth0", "core", "eth2")
        for dev, net in (("eth0", "10.10.0.1/24"), ("eth1", "10.66.0.1/24"), ("eth2", "10.20.0.1/24")):
            self.ip("core", "addr", "add", net, "dev", dev)
            self.ip("core", "link", "set", dev, "up")
        for last in (10, 11, 12):
            self.ip("fe", "addr", "add", f"10.20.0.{last}/24", "dev", "eth0")
        self.ip("fe", "link", "set", "eth0", "up")
        self.ip("fe", "route", "add", "default", "via", "10.20.0.1")
        self.exec("core", "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")
        for host in ("core", "fe"):
            os.makedirs(f"/etc/netns/{self.ns(host)}", exist_ok=True)
            with open(f"/etc/netns/{self.ns(host)}/resolv.conf", "w") as f:
                f.write("nameserver 10.20.0.1\n")
        self.switch()
        self.plugged, self.ports = [], []
        self.plug("ph", "p1")
        if self.lldp:
            self.start_lldpd()
        if self.names:
            self.start_dns()
        if self.dhcp and self.dhcp != "dnsmasq":
            self.start_dhcp(self.dhcp)
        if self.site.ntp:
            self.start_ntp()

    def namespace(self, host):
        run(["ip", "netns", "add", self.ns(host)])
        self.exec(host, "sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6 || true", check=False)
        self.ip(host, "link", "set", "lo", "up")

    def cable(self, host_a, dev_a, host_b, dev_b):
        run(["ip", "link", "add", dev_a, "netns", self.ns(host_a), "type", "veth", "peer", "name", dev_b, "netns",
             self.ns(host_b)])
        # A veth leaves checksums undone; a switch in user space passes frames on like that.
        for host, dev in ((host_a, dev_a), (host_b, dev_b)):
            self.exec(host, "ethtool", "-K", dev, "tx", "off")

    def switch(self):
        db = self.path("conf.db")
        run(["ovsdb-tool", "create", db, "/usr/share/openvswitch/vswitch.ovsschema"])
        env = {"OVS_RUNDIR": self.dir, "OVS_LOGDIR": self.dir}
        self.ovs_socket = f"unix:{self.path('db.sock')}"
        ovsdb = self.start("ovsdb", ["ovsdb-server", db, f"--remote=punix:{self.path('db.sock')}",
                                     f"--unixctl={self.path('db.ctl')}"], "sw", env)
        wait_for("the switch's database", lambda: listening(self.path("db.sock")), 10, ovsdb.ended)
        self.vsctl("--no-wait", "init")
        self.start("vswitchd", ["ovs-vswitchd", self.ovs_socket, f"--unixctl={self.path('vs.ctl')}"], "sw", env)
        for dev in ("p2", "p3"):
            self.ip("sw", "link", "set", dev, "up")
        self.vsctl("add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=netdev", "fail-mode=standalone",
                   "--", "add-port", "br0", "p2", f"tag={DATA}", "--", "add-port", "br0", "p3", f"tag={VOICE}")

    def vsctl(self, *args):
        return run(["ovs-vsctl", f"--db={self.ovs_socket}", "--timeout=15", *args])

    def plug(self, host, port):
        """A socket for one more phone: a namespace with eth0, down until the phone's link goes up."""
        self.namespace(host)
        self.cable(host, "eth0", "sw", port)
        self.ip("sw", "link", "set", port, "up")
        self.vsctl("add-port", "br0", port, "--", "set", "port", port, "vlan_mode=native-untagged", f"tag={DATA}",
                   f"trunks={DATA},{VOICE}")
        self.ip(host, "link", "set", "eth0", "up")
        self.plugged.append(host)
        self.ports.append(port)

    # ---- what is not ours -------------------------------------------------------------------------------

    def write(self, name, text):
        with open(self.path(name), "w") as f:
            f.write(text)
        return self.path(name)

    def start_lldpd(self, port="p1", text=None):
        os.makedirs("/run/lldpd", exist_ok=True)
        conf = self.write(f"lldpd-{port}.conf", text or servers.lldpd(self.site, port, self.lldp))
        self.lldpd_socket = self.path(f"lldpd-{port}.sock")
        p = self.start(f"lldpd-{port}", ["lldpd", "-d", "-u", self.lldpd_socket, "-M", "4", "-I", port, "-O", conf], "sw")
        p.wait_said("should resume operations")  # it sends nothing before it has read its configuration
        return p

    def lldpcli(self, *args):
        return run(["lldpcli", "-u", self.lldpd_socket, *args])

    def lldp_silent(self, port="p1"):
        self.lldpcli("configure", "ports", port, "lldp", "status", "disabled")

    def start_dns(self):
        """dnsmasq: DNS always, DHCP as well unless another server does that."""
        conf = self.write("dnsmasq.conf", servers.dnsmasq(self.site, self.path("leases"), self.dhcp == "dnsmasq"))
        self.dns = self.start("dnsmasq", ["dnsmasq", "-C", conf, f"--pid-file={self.path('dnsmasq.pid')}"], "core")
        self.dns.wait_said("started, version")
        return self.dns

    def restart_dns(self):
        self.stop(self.dns)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.dns.log)
        return self.start_dns()

    def start_dhcp(self, kind, conf=None):
        if kind == "kea":
            conf = conf or self.write("kea.json", servers.kea(self.site))
            # a /var/lib of its own: leases have their place there when nothing else is said
            own = 'mount -t tmpfs tmpfs /var/lib && mkdir /var/lib/kea && exec kea-dhcp4 -c "$1"'
            p = self.start("kea", ["unshare", "-m", "sh", "-c", own, "sh", conf], "core",
                           {"KEA_PIDFILE_DIR": self.dir, "KEA_LOCKFILE_DIR": self.dir})
            p.wait_said("DHCP4_STARTED")
        else:
            leases = self.write("dhcpd.leases", "")
            p = self.start("dhcpd", ["dhcpd", "-4", "-f", "-d", "--no-pid", "-user", "root", "-group", "root", "-cf", conf,
                                     "-lf", leases, "eth0", "eth1"], "core")
            p.wait_said("Server starting service")
        self.dhcpd = p
        return p

    def start_ntp(self):
        private = os.path.join(TOP, "build", "lab", "chrony", "usr", "sbin", "chronyd")
        chronyd = private if os.path.exists(private) else shutil.which("chronyd", path="/usr/sbin:/usr/bin")
        if not chronyd:
            raise LabError("no chronyd: script/install-packages lab")
        conf = self.write("chrony.conf", servers.chrony(self.dir))
        self.ntp = self.start("chronyd", [chronyd, "-x", "-d", "-f", conf], "core")
        wait_for("chronyd's port", lambda: ":123 " in self.exec("core", "ss", "-lun").stdout, 30, self.ntp.ended)
        return self.ntp

    # ---- ours -------------------------------------------------------------------------------------------

    def dialtone(self, *args, **kw):
        return run([os.path.join(BUILD, "dialtone"), *args], seconds=kw.pop("seconds", 60), **kw)

    def admin(self, *args, **kw):
        pool = args[args.index("--home-pool") + 1] if "--home-pool" in args else ""
        if pool:  # a Registrar of its own, whose Web Services are these; a test that wants a whole pool adds it before
            self.dialtone("-c", self.conf, "pool", "add", pool, "--web", self.site.fqdn, check=False)
        return self.dialtone("-c", self.conf, *args, **kw)

    def make_site(self, name="site"):
        """`dialtone init` and one user, 4411, with a PIN and a password."""
        self.site_dir = self.path(name)
        self.dialtone("init", self.site_dir, "--domain", self.site.domain, "--fqdn", self.site.fqdn, *self.site.init)
        self.conf = next(iter(glob.glob(os.path.join(self.site_dir, "dialtone*.conf"))))
        self.site.edit(self.conf)
        # Experiments that make certificates below the site's root look for its key in the vault's folder, where it once was.
        shutil.copy(os.path.join(self.site_dir, "root.pem"), os.path.join(self.site_dir, "vault", "root.pem"))
        self.pin_file = self.write("pin", PIN + "\n")
        self.password_file = self.write("password", PASSWORD + "\n")
        for f in (self.pin_file, self.password_file):
            os.chmod(f, 0o600)
        self.add_user("alice", "4411")

    def start_dialtoned(self):
        self.daemon = self.start("dialtoned", [os.path.join(BUILD, "dialtoned"), "-c", self.conf, "--keylog", self.keylog],
                                 "fe")
        self.daemon.wait_said("ready", 20)
        return self.daemon

    def go(self):
        """The whole site: made, with one user, running."""
        self.make_site()
        return self.start_dialtoned()

    def stop_dialtoned(self, **kw):
        status = self.stop(self.daemon, **kw)
        os.rename(self.daemon.log, f"{self.daemon.log}.{time.monotonic_ns()}")
        self.daemon = None
        return status

    def dialtoned_pids(self):
        return [self.daemon.pid, *children(self.daemon.pid)]

    def add_user(self, name, extension):
        """A user with the usual PIN and password; the user's address."""
        self.admin("user", "add", f"{name}@{self.site.domain}", "--login", f"CONTOSO\\{name}", "--number", f"+1425555{extension}",
                   "--extension", extension, "--password-file", self.password_file, "--pin-file", self.pin_file, "--remote")
        return f"{name}@{self.site.domain}"

    def phone_argv(self, *args, model="cx600", state="phone", way="pin", user="alice", extension="4411", json_out=True):
        who = {"pin": ["--extension", extension, "--pin-file", self.pin_file],
               "password": ["--user", f"CONTOSO\\{user}", "--password-file", self.password_file, "--sip",
                            f"{user}@{self.site.domain}"],
               "stored": []}[way]
        return [os.path.join(BUILD, "dialtone"), "connect", "--interface", "eth0", "--take", "--model", model, "--state",
                self.path(state), "--keylog", self.keylog, "--update-key", os.path.join(self.site_dir, "update.pem"), *who,
                *(["--json"] if json_out else []), *[str(a) for a in args]]

    def phone(self, *args, host="ph", seconds=120, env=None, **kw):
        """Plugs the phone in and waits until it has dial tone or gives up."""
        began = time.monotonic()
        done = run(self.phone_argv(*args, **kw), seconds=seconds, netns=self.ns(host), check=False, env=env)
        got = PhoneRun(done.returncode, done.stdout, done.stderr, time.monotonic() - began)
        if self.verbose:
            print(got, file=sys.stderr)
        return got

    def show_phone(self, *args, host="ph", seconds=120, **kw):
        """The same for people: what it says goes to our standard output.  Gives the exit status."""
        argv = ["ip", "netns", "exec", self.ns(host), *self.phone_argv(*args, json_out=False, **kw)]
        sys.stdout.flush()
        try:
            return subprocess.run(argv, stdin=subprocess.DEVNULL, timeout=seconds).returncode
        except subprocess.TimeoutExpired:
            raise LabError(f"the phone is not done after {seconds} s") from None

    def start_phone(self, *args, host="ph", name="phone", env=None, **kw):
        """The same in the background, records in its log."""
        return self.start(name, self.phone_argv(*args, **kw), host, env)

    def set_mac(self, mac, host="ph"):
        self.ip(host, "link", "set", "eth0", "down")
        self.ip(host, "link", "set", "eth0", "address", mac)
        self.ip(host, "link", "set", "eth0", "up")

    def mac(self, host="ph"):
        return json.loads(run(["ip", "-n", self.ns(host), "-j", "link", "show", "eth0"]).stdout)[0]["address"]

    def stored(self, name, state="phone"):
        return os.path.exists(self.path(state, name))

    def unplug_web(self):
        """As if the web server were stopped: its ports answer with a reset."""
        self.exec("fe", "nft", "-f", "-", text="""
            table ip lab {
                chain in {
                    type filter hook input priority 0
                    tcp dport { 80, 443 } reject with tcp reset
                }
            }
            """)

    def slow_web(self, rate):
        """What the front end sends goes at this rate from now on, as tc writes it; None: as fast as it can."""
        if rate is None:
            self.exec("fe", "tc", "qdisc", "del", "dev", "eth0", "root")
        else:
            self.exec("fe", "tc", "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", rate, "burst", "32k", "latency", "50ms")

    def replug_web(self):
        self.exec("fe", "nft", "delete", "table", "ip", "lab")

    # ---- eyes -------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def capture(self, host="sw", dev="p1"):
        """Everything on that port while the block runs; gives the path of the capture."""
        self.captures += 1
        path = self.path(f"capture-{self.captures}.pcap")
        p = self.start(f"tcpdump-{self.captures}", ["tcpdump", "-i", dev, "--immediate-mode", "-U", "-Z", "root", "-s", "0",
                                                    "-B", "8192", "-w", path], host)
        p.wait_said("listening on")
        try:
            yield path
        finally:
            time.sleep(0.3)
            self.stop(p, sig=signal.SIGINT)

    def tshark(self, path, *args, keys=True, seconds=60):
        """tshark over a capture, sums checked, with the TLS keys of both ends."""
        opts = ["-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-o", "tcp.check_checksum:FALSE"]
        if keys and os.path.exists(self.keylog):
            opts += ["-o", f"tls.keylog_file:{self.keylog}"]
        return run(["tshark", "-r", path, *opts, *args], seconds=seconds, env={"HOME": self.dir}).stdout

    def logs(self, lines=25):
        out = [f"---- the lab {self.dir} ----"]
        for log in sorted(glob.glob(self.path("*.log*"))):
            out += [f"-- {os.path.basename(log)}", tail(log, lines).rstrip("\n")]
        return "\n".join(out)
