"""dialtone init at a terminal: it asks which phones may speak TLS 1.0, and says what that means; programs are never asked."""
import os
import pty
import re
import select
import subprocess
import time

from programs import BUILD, open_folder


def typed(folder, answers, *words):
    """Its exit status and what a terminal showed; each answer is typed when the question stands there once more."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(os.path.join(BUILD, "dialtone"), ["dialtone", "init", str(folder), "--domain", "contoso.test", "--fqdn", "fe01.contoso.test", *words])
    shown, asked, end = "", 0, time.monotonic() + 60
    while time.monotonic() < end:
        if not select.select([fd], [], [], 1)[0]:
            continue
        try:
            shown += os.read(fd, 65536).decode()
        except OSError:  # the terminal's other side is closed
            break
        if shown.count("(Enter: there are none): ") > asked:
            os.write(fd, (answers[asked] + "\n").encode())
            asked += 1
    os.close(fd)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.replace("\r\n", "\n"), asked


def configured(folder):
    with open(folder / "dialtone.conf") as f:
        text = f.read()
    return tuple(re.search(rf"(?m)^{key} = \"?([^\"\n]*)", text)[1] if re.search(rf"(?m)^{key} = ", text) else "" for key in ("legacy", "legacy_known"))


def test_the_subnets_of_old_phones(tmp_path):
    at = open_folder(tmp_path)
    status, shown, asked = typed(at / "none", [""])
    assert (status, asked, configured(at / "none")[0]) == (0, 1, "off") and "Lync Phone Edition" in shown and "TLS 1.0 is off" in shown, shown
    status, shown, asked = typed(at / "some", ["10.66.0.0/99", " 10.66.0.0/16, 10.67.3.4 "])
    assert (status, asked, configured(at / "some")) == (0, 2, ("known", "10.66.0.0/16, 10.67.3.4")), shown
    assert "These are no subnets: " in shown and "TLS 1.0 is known" in shown and (at / "some" / "legacy.pem").exists()
    status, shown, asked = typed(at / "never", ["x", "y", "z"])
    assert (status, asked) == (64, 3) and "--legacy off" in shown and not (at / "never" / "dialtone.conf").exists(), shown


def test_who_is_not_asked(tmp_path):
    """Whoever has said it; whoever makes the site once more; and programs."""
    at = open_folder(tmp_path)
    for words in (["--legacy", "off"], ["--legacy-known", "10.66.0.0/16"], ["-f", "json"]):
        status, shown, asked = typed(at / f"site{len(words[0])}", [], *words)
        assert (status, asked) == (0, 0), shown
    status, shown, asked = typed(at / "site8", [], "--legacy", "off")
    assert (status, asked) == (0, 0) and "unchanged" in shown, shown
    done = subprocess.run([os.path.join(BUILD, "dialtone"), "init", str(at / "piped"), "--domain", "contoso.test", "--fqdn", "fe01.contoso.test"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "(Enter" not in done.stdout + done.stderr, done
