"""The servers that are measured, on loopback, on processor 0: dialtoned with a site of its own, nginx, Kamailio."""
import contextlib
import csv
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(os.path.abspath(os.environ.get("DIALTONE_BENCH", os.path.join(TOP, "build", "release"))), "cmd")
FIRMWARE = 30 << 20
USERS = 2000
MODULES = "/usr/lib/x86_64-linux-gnu/kamailio/modules/"


def dialtone(*words, **kw):
    return subprocess.run([os.path.join(BUILD, "dialtone"), *words], capture_output=True, text=True, check=kw.pop("check", True), timeout=600, **kw)


def wait_for(port, address="127.0.0.1", process=None):
    for _ in range(200):
        with socket.socket() as s:
            if s.connect_ex((address, port)) == 0:
                return
        if process and process.poll() is not None:
            break
        time.sleep(0.05)
    raise SystemExit(f"bench: nothing listens at {address}:{port}")


class Server:
    process, cpus, group = None, "0", os.devnull  # group: where a process writes its id to be inside a control group

    def __init__(self, folder):
        self.folder = folder

    def start(self):
        begin = ["sh", "-c", 'echo $$ >"$0" && exec "$@"', self.group]
        self.process = subprocess.Popen([*begin, "taskset", "-c", self.cpus, *self.command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.pid = self.process.pid
        for port in self.ports:
            wait_for(port, self.address, self.process)
        if self.process.poll() is not None:
            raise SystemExit(f"bench: {self.command[0]} has ended; another server has {self.address}")
        return self

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(30)
        self.process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


class Dialtoned(Server):
    ports = (80, 443, 5061)

    def __init__(self, folder, workers=1, expiry=600, users=USERS):
        super().__init__(folder)
        self.address = f"127.45.{os.getpid() // 250 % 250}.{os.getpid() % 250 + 1}"  # another measurement may run beside this one
        self.dir = os.path.join(folder, "site")
        self.conf = os.path.join(self.dir, "dialtone.conf")
        dialtone("init", self.dir, "--domain", "contoso.test", "--fqdn", "fe01.contoso.test", "--address", self.address)
        with open(self.conf) as f:
            text = f.read()
        for key, value in {"sip_tls": 5061, "https": 443, "http": 80, "workers": workers}.items():
            text = re.sub(rf"^{key} = .*", f"{key} = {value}", text, flags=re.M)
        with open(self.conf, "w") as f:
            f.write(text + f"\nMinEndpointExpiration = {min(expiry, 300)}\nDefaultEndpointExpiration = {expiry}\n")
        staff = os.path.join(folder, "users.csv")
        with open(staff, "w", newline="") as f:
            w = csv.writer(f)
            w.writerow(["address", "login", "extension"])
            w.writerows([f"u{n}@contoso.test", f"CONTOSO\\u{n}", 10000 + n] for n in range(users))
        self.users, self.pins = users, os.path.join(folder, "pins.csv")
        dialtone("-c", self.conf, "user", "import", staff, "--generate-pins", self.pins)
        self.command = [os.path.join(BUILD, "dialtoned"), "-c", self.conf]

    def private_operations(self):
        return sum(p["private"] for p in json.loads(dialtone("-c", self.conf, "status", "--json").stdout)["processes"])

    def fleet_command(self, *words):
        """Phones of this server's users, at this server."""
        return [os.path.join(BUILD, "dialtone"), "fleet", "--target", self.address, "--yes-load", self.address, "--domain", "contoso.test", "--pool",
                "fe01.contoso.test", "--users", self.pins, "--quiet", "--model", "cx600", *words]

    def beside(self, *words):
        """The same, on the last processor, from a few addresses."""
        return ["taskset", "-c", str(os.cpu_count() - 1), *self.fleet_command("--source", "127.46.0.1-127.46.7.250", *words)]

    def fleet(self, *words):
        done = subprocess.run(self.beside("-f", "json", *words), capture_output=True, text=True, timeout=900)
        if done.returncode > 1:
            raise SystemExit(f"bench: {done.stderr}")
        return json.loads(done.stdout)


def certificate(folder):
    key, cert = os.path.join(folder, "key.pem"), os.path.join(folder, "cert.pem")
    if not os.path.exists(key):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-sha256", "-subj", "/CN=bench.test", "-keyout", key, "-out", cert],
                       check=True, capture_output=True)
    return key, cert


class Nginx(Server):
    address, ports = "127.0.0.1", (18080, 18443)

    def __init__(self, folder):
        super().__init__(folder)
        key, cert = certificate(folder)
        conf = os.path.join(folder, "nginx.conf")
        self.www = os.path.join(folder, "www")
        os.makedirs(self.www, exist_ok=True)
        temporary = "".join(f"{kind}_temp_path {folder}/ngx-{kind}; " for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        with open(conf, "w") as f:
            f.write(f"""worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log warn; daemon off;
events {{ worker_connections 4096; }}
http {{ access_log off; sendfile on; tcp_nopush on; {temporary}
ssl_certificate {cert}; ssl_certificate_key {key}; ssl_protocols TLSv1.2 TLSv1.3;
server {{ listen 127.0.0.1:18080; listen 127.0.0.1:18443 ssl; root {self.www}; }} }}
""")
        self.command = ["nginx", "-c", conf]


class Kamailio(Server):
    """A registrar with real Digest authentication over TLS, and nothing else."""
    address, ports = "127.0.0.1", (15061,)

    def __init__(self, folder):
        super().__init__(folder)
        key, cert = certificate(folder)
        with open(os.path.join(folder, "tls.cfg"), "w") as f:
            f.write(f"[server:default]\nmethod = TLSv1.2+\nverify_certificate = no\nrequire_certificate = no\nprivate_key = {key}\ncertificate = {cert}\n")
        loads = "".join(f'loadmodule "{m}.so"\n' for m in ("tls", "sl", "pv", "kex", "maxfwd", "htable", "auth", "usrloc", "registrar", "tcpops"))
        conf = os.path.join(folder, "kamailio.cfg")
        with open(conf, "w") as f:
            f.write(f"""debug=0
log_stderror=yes
fork=yes
children=1
auto_aliases=no
listen=tls:127.0.0.1:15061
tcp_children=1
tcp_max_connections=20000
tls_max_connections=20000
open_files_limit=20000
enable_tls=yes
mpath="{MODULES}"
{loads}modparam("tls", "config", "{folder}/tls.cfg")
modparam("tls", "connection_timeout", 7300)
modparam("htable", "htable", "ha1=>size=13;")
modparam("auth", "nonce_expire", 7200)
modparam("auth", "qop", "auth")
modparam("usrloc", "db_mode", 0)
modparam("registrar", "max_expires", 7200)
modparam("registrar", "default_expires", 3600)
event_route[htable:mod-init] {{
	$var(i) = 0;
	while ($var(i) < {USERS}) {{
		$var(s) = "u" + $var(i) + ":bench.test:pw";
		$sht(ha1=>u$var(i)) = $(var(s){{s.md5}});
		$var(i) = $var(i) + 1;
	}}
}}
request_route {{
	if (method != "REGISTER") {{ sl_send_reply("405", "Method Not Allowed"); exit; }}
	if ($au == $null || !pv_www_authenticate("bench.test", "$sht(ha1=>$au)", "1")) {{ www_challenge("bench.test", "1"); exit; }}
	if ($au != $tU) {{ sl_send_reply("403", "Forbidden"); exit; }}
	consume_credentials();
	if (!save("location")) {{ sl_reply_error(); exit; }}
	tcp_set_connection_lifetime("7300");
	exit;
}}
""".replace("max_while_loops", ""))
        text = open(conf).read().replace("children=1\nauto", "children=1\nmax_while_loops=30000\nauto", 1)
        with open(conf, "w") as f:
            f.write(text)
        self.command = ["kamailio", "-DD", "-E", "-m", "256", "-M", "16", "-x", "fm", "-X", "fm", "-Y", folder, "-f", conf]


def missing(programs=("nginx", "kamailio", "curl", "openssl", "taskset")):
    lacking = [p for p in programs if not shutil.which(p)]
    if os.geteuid() != 0:
        return "it runs as root: a site's users, ports 80 and 443 of loopback"
    if lacking:
        return f"{', '.join(lacking)} missing: script/install-packages bench"
    return None if os.path.exists(os.path.join(BUILD, "dialtoned")) else "no build/release/cmd/dialtoned: script/build"


@contextlib.contextmanager
def scratch():
    """A folder for the time of a measurement."""
    made = tempfile.mkdtemp(prefix="dialtone-bench.")
    os.chmod(made, 0o755)
    try:
        yield made
    finally:
        shutil.rmtree(made)
