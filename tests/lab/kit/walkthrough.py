"""script/walkthrough: types every command of README.md and doc/operation.md, as it stands there, and looks at what comes of it.

Blocks of the documents are fenced, and their first word says what they are:

    sh              typed on the server
    sh phone        typed at a phone's switch port (within a section: behind those of the server)
    sh database     typed on the database's machine, as postgres
    sh apart        not typed here: another script does, or it needs what a machine has not; each is printed
    ini FILE        appended to FILE
    csv FILE        written to FILE, before anything is typed
    haproxy         handed to haproxy -c
    text COMMAND    what the command prints, but for numbers and times
    text, ini       looked at by people only

A command must end with status 0.  With "# until Control-C" it must run until that comes.  Server and phone are namespaces of a lab, with
processes, /etc, /usr/local, /var and /root of their own: nothing of the machine is changed.
"""
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(HERE), HERE]

import lab as lab_module  # noqa: E402
import servers  # noqa: E402
from lab import TOP, Lab, LabError  # noqa: E402
from proc import run, wait_for  # noqa: E402

DOCUMENTS = ("README.md", "doc/operation.md")
PRIVATE = ("/etc", "/usr/local", "/var", "/root", "/srv")
FENCE = re.compile(r"^```(\S*)(?: ([^\n]*))?\n(.*?)^```$", re.M | re.S)
UNTIL = "# until Control-C"
LONGEST = 240  # seconds a command may take: a build, an installation
# Titles of sections, each with the function that does something first: the reader has it behind them.
BEFORE = {"Looking after it": "a_phone_signs_in"}

SYSTEMCTL = """#!/bin/bash
# systemctl, where systemd is not what runs the machine: what the installed unit says of starting and ending dialtoned.
unit=/usr/local/lib/systemd/system/dialtoned.service
[ -e "$unit" ] || { echo "systemctl: Unit dialtoned.service not found." >&2; exit 5; }
pid=/var/lib/walkthrough.pid
start() {
	command=$(sed -n 's/^ExecStart=//p' "$unit")
	setsid $command >/var/log/dialtoned.walk 2>&1 </dev/null & echo $! >$pid
	for _ in $(seq 100); do grep -q ready /var/log/dialtoned.walk && return 0; sleep 0.1; done
	cat /var/log/dialtoned.walk >&2; return 1
}
stop() { kill "$(cat $pid)" && while kill -0 "$(cat $pid)" 2>/dev/null; do sleep 0.05; done; }
case "$*" in
daemon-reload) ;;
"enable --now dialtoned" | "start dialtoned") start ;;
"stop dialtoned") stop ;;
"reload dialtoned") kill -HUP "$(cat $pid)" ;;
*) echo "systemctl: what is '$*'?" >&2; exit 64 ;;
esac
"""


class Block:
    def __init__(self, document, section, kind, more, body):
        self.document, self.section, self.kind, self.more, self.body = document, section, kind, more or "", body

    def commands(self):
        """Whole commands: lines are joined until a shell would take them."""
        so_far = ""
        for line in self.body.splitlines():
            so_far += line + "\n"
            if so_far.strip() and not so_far.rstrip().endswith("|") and subprocess.run(["bash", "-n"], input=so_far, text=True, capture_output=True).returncode == 0 \
                    and not so_far.rstrip().endswith("\\"):
                yield so_far.strip()
                so_far = ""
        if so_far.strip():
            raise LabError(f"{self.document}: this is no whole command: {so_far}")


def blocks(document):
    with open(os.path.join(TOP, document)) as f:
        text = f.read()
    found = []
    for part in re.split(r"^(?=##+ )", text, flags=re.M):
        title = re.match(r"##+ (.*)", part)
        found += [Block(document, title[1] if title else "", *m.groups()) for m in FENCE.finditer(part)]
    outside = FENCE.sub("", text)
    bare = [line for line in outside.splitlines() if re.match(r"    (?:sudo |script/|build/|dialtone|meson |systemctl )", line)]
    if bare:
        raise LabError(f"{document}: a command outside of a fenced block: {bare[0].strip()}")
    return found


def ordered(all_blocks):
    """Within a section a phone comes behind its servers."""
    sections = list(dict.fromkeys(b.section for b in all_blocks))
    for section in sections:
        of = [b for b in all_blocks if b.section == section]
        yield section, [b for b in of if b.more != "phone"] + [b for b in of if b.more == "phone"]


class Machine:
    """Two namespaces of the lab as one machine that can be changed: processes and folders of its own."""

    def __init__(self, lab, name):
        self.lab, self.folder = lab, lab.path(f"machine-{name}")
        self.cwd = os.path.join(self.folder, "source")
        os.makedirs(self.cwd)
        for entry in os.listdir(TOP):
            os.symlink(os.path.join(TOP, entry), os.path.join(self.cwd, entry))
        made = "".join(f"mkdir -p {self.folder}{d}.up {self.folder}{d}.work\n"
                       f"mount -t overlay overlay -o lowerdir={d},upperdir={self.folder}{d}.up,workdir={self.folder}{d}.work {d} ||"
                       f" {{ cp -a {d}/. {self.folder}{d}.up && mount --bind {self.folder}{d}.up {d}; }}\n" for d in PRIVATE)  # or a copy
        for d in PRIVATE:
            os.makedirs(os.path.dirname(self.folder + d), exist_ok=True)
        script = f"set -e\nmount --make-rprivate /\n{made}mount -t tmpfs tmpfs /run/postgresql 2>/dev/null || true\necho made\nwhile :; do sleep 1000 & wait; done\n"
        self.holder = lab.start(f"machine-{name}", ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "-c", script])
        self.holder.wait_said("made", 60)
        self.pid = wait_for("the machine's first process", lambda: self.first(), 10)
        self.bin = os.path.join(self.folder, "bin")
        os.mkdir(self.bin)
        self.shim("systemctl", SYSTEMCTL)
        if not shutil.which("sudo"):
            self.shim("sudo", '#!/bin/sh\n# sudo, where root has none\nexec "$@"\n')

    def first(self):
        with open(f"/proc/{self.holder.pid}/task/{self.holder.pid}/children") as f:
            return (f.read().split() or [None])[0]

    def shim(self, name, text):
        with open(os.path.join(self.bin, name), "w") as f:
            f.write(text)
        os.chmod(f.name, 0o755)

    def argv(self, host, command, user=None):
        path = f"{self.bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        inside = ["ip", "netns", "exec", self.lab.ns(host), "env", f"PATH={path}", "PYTHONDONTWRITEBYTECODE=1"]
        if user:
            inside += ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"]
        return ["nsenter", "-t", self.pid, "-m", "-p", "-r", "--", *inside, "bash", "-c", f"cd {'/' if user else self.cwd} && {command}"]


class Walk:
    def __init__(self, lab, document):
        self.lab, self.document = lab, document
        self.machine = Machine(lab, os.path.basename(document).split(".")[0])
        self.number, self.failed, self.typed, self.apart, self.started = 0, [], 0, 0, []
        self.provide()

    def provide(self):
        """The file that a reader has."""
        with open(os.path.join(self.machine.cwd, "firmware.bin"), "wb") as f:
            f.write(os.urandom(4096))

    def out(self, text):
        print(text, flush=True)

    def fail(self, command, why):
        self.failed.append(command)
        self.out(f"FAIL  {self.document}: {command}\n      " + why.strip().replace("\n", "\n      "))

    def begin(self, command, host, user):
        """In the background of the walk: its output in a file, so that what it leaves behind holds no pipe."""
        self.number += 1
        log = self.lab.path(f"walk-{os.path.basename(self.document)}-{self.number}.log")
        with open(log, "w") as f:
            return log, subprocess.Popen(self.machine.argv(host, command, user), stdin=subprocess.DEVNULL, stdout=f, stderr=f, start_new_session=True)

    def type(self, command, host="fe", user=None):
        self.typed += 1
        began = time.monotonic()
        log, p = self.begin(command, host, user)
        if UNTIL in command:
            status, why = self.until(p)
        else:
            try:
                status, why = p.wait(LONGEST), ""
            except subprocess.TimeoutExpired:
                p.kill()
                status, why = p.wait(), f"it does not end within {LONGEST} s\n"
            if command.endswith("&"):
                time.sleep(3)  # nobody types faster
        with open(log, errors="replace") as f:
            said = f.read()
        if status:
            self.fail(command, f"{why}status {status}\n" + "\n".join(said.splitlines()[-12:]))
        else:
            self.out(f"ok    {self.document}: {command.splitlines()[0]}  ({time.monotonic() - began:.1f} s)")

    def until(self, p):
        """It runs for three seconds, and ends when it is interrupted."""
        try:
            return p.wait(3) or 1, "it was not to end by itself\n"
        except subprocess.TimeoutExpired:
            pass
        for pid in self.below(p.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)
        try:
            p.wait(15)
            return 0, ""
        except subprocess.TimeoutExpired:
            os.killpg(p.pid, signal.SIGKILL)
            return p.wait(), "it does not end when it is interrupted\n"

    def below(self, pid):
        """The last one of each line of children: the program itself, not the shells around it."""
        with open(f"/proc/{pid}/task/{pid}/children") as f:
            children = [int(c) for c in f.read().split()]
        name = open(f"/proc/{pid}/comm").read().strip()
        if not children or name.startswith("dialtone"):
            return [pid]
        return [p for c in children for p in self.below(c)]

    def text(self, block):
        """The sample is what the command prints: words and layout; numbers, times and what is made of them may differ."""
        done = run([os.path.join(TOP, block.more.split()[0]), *block.more.split()[1:]], seconds=LONGEST, check=False)
        self.typed += 1
        if shape(block.body) in shape(done.stdout):  # where a line is broken depends on the length of a time
            self.out(f"ok    {self.document}: {block.more} prints its sample")
        else:
            got = shape(done.stdout)
            missing = [line for line in block.body.splitlines() if shape(line) not in got]
            self.fail(block.more, "its sample is another one:\n" + "\n".join(missing) + f"\n{done.stdout[-2000:]}{done.stderr[-500:]}")

    def block(self, b):
        if b.kind == "sh" and b.more == "apart":
            for command in b.commands():
                self.apart += 1
                self.out(f"apart {self.document}: {command.splitlines()[0]}")
        elif b.kind == "sh":
            for command in b.commands():
                self.type(command, *{"": ("fe",), "phone": ("ph",), "database": ("core", "postgres")}[b.more])
        elif b.kind == "ini" and b.more:
            self.type(f"printf %s {quoted(b.body)} >>{b.more}")
        elif b.kind == "haproxy":
            self.type(f"printf %s {quoted(b.body)} >haproxy.cfg && haproxy -c -f haproxy.cfg")
        elif b.kind == "text" and b.more:
            self.text(b)
        elif b.kind not in ("text", "ini", "csv"):
            raise LabError(f"{self.document}: a block of '{b.kind}': see the top of tests/lab/kit/walkthrough.py")

    def walk(self):
        all_blocks = blocks(self.document)
        for b in all_blocks:
            if b.kind == "csv":
                with open(os.path.join(self.machine.cwd, b.more), "w") as f:
                    f.write(b.body)
        if any(b.more == "database" for b in all_blocks):
            self.a_database_runs()
        for section, of in ordered(all_blocks):
            if section in BEFORE:
                getattr(self, BEFORE[section])()
            for b in of:
                self.block(b)

    # ---- what has happened meanwhile ------------------------------------------------------------------------

    def a_phone_signs_in(self):
        self.type("dialtone connect --interface eth0 --model cx600 --mac 00:04:f2:00:00:06 --state seen --extension 4411 --pin-file pin", "ph")

    def a_database_runs(self):
        """The cluster that Debian's package has made, in a /var of this machine; the site's machine may come in."""
        self.machine.shim("start-database", """#!/bin/bash
set -e
conf=$(echo /etc/postgresql/*/main)
echo "listen_addresses = '*'" >>$conf/postgresql.conf
echo 'host all dialtone 10.20.0.0/24 trust' >>$conf/pg_hba.conf
mkdir -p /var/run/postgresql && chown postgres /var/run/postgresql
version=${conf%/main}
exec pg_ctlcluster "${version##*/}" main start
""")
        done = run(self.machine.argv("core", "start-database"), check=False, seconds=60)
        if done.returncode:
            self.fail("a database", done.stdout + done.stderr)


def quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"


def shape(text):
    """The part of a text that stays the same when it is run again."""
    for pattern, word in ((r"dtlab-[0-9a-f]{6}", "LAB"), (r"[0-9A-F]{40}", "HEX"), (r"\d{4}-\d\d-\d\dT[\d:]+Z", "TIME"), (r"\d+(?:\.\d+)? m?s\b", "TOOK"),
                          (r"\d+", "0"), (r"\s+", " ")):
        text = re.sub(pattern, word, text)
    return text.strip()


def main():
    why = lab_module.missing()
    if why:
        print(f"walkthrough: {why}")
        return 77
    failed, typed, apart = [], 0, 0
    for document in sys.argv[1:] or DOCUMENTS:
        site = servers.Site(records=("host-record=db1,10.20.0.1", "host-record=db2,10.20.0.1"))
        with Lab(site=site) as lab:
            for last in ("10.30.0.10/24", "10.20.0.20/24"):
                lab.ip("fe", "addr", "add", last, "dev", "eth0")
            walk = Walk(lab, document)
            walk.walk()
            failed, typed, apart = failed + walk.failed, typed + walk.typed, apart + walk.apart
    print(f"walkthrough: {typed} commands typed, {len(failed)} failed, {apart} apart")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LabError as e:
        print(f"walkthrough: {e}")
        sys.exit(1)
