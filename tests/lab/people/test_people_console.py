"""dialtone console in headless Chromium: phones with faults stand in it as in `dialtone phones`; every page is visited, by keys as well,
an update is approved by a click, and pictures are taken (build/console/*.png)."""
import json
import os
import subprocess

import pytest

import browser
import servers
from lab import BUILD, PIN, TOP, Lab

if not browser.PROGRAM:
    pytest.skip("no chromium: script/install-packages browser", allow_module_level=True)

PICTURES = os.path.join(os.environ.get("TEST_OUT") or os.path.join(TOP, "build"), "console")
ROWS = "[...document.querySelectorAll('tbody tr')].map(r => [...r.cells].map(c => c.innerText.trim()))"
HEADS = "[...document.querySelectorAll('thead th')].map(h => h.innerText.trim())"


@pytest.fixture(scope="module")
def site():
    """Four phones: one registered, one with a wrong PIN, one of a disabled user, one with a number that nobody has; an update waits."""
    with Lab(site=servers.Site(conf={"workers": 1})) as lab:
        lab.go()
        lab.add_user("bob", "4412")
        lab.admin("user", "disable", "bob@contoso.test")
        lab.admin("user", "add", "carol@contoso.test", "--number", "+14255554413", "--extension", "4413")
        wrong = lab.write("wrong", PIN[::-1] + "\n")
        os.chmod(wrong, 0o600)
        right = lab.pin_file
        for number, (extension, pin) in enumerate((("4411", wrong), ("4412", right), ("4999", right)), 1):
            lab.set_mac(f"00:04:f2:00:00:{number:02x}")
            lab.pin_file = pin
            assert lab.phone("--cold", state=f"phone{number}", extension=extension).status == 7
        lab.pin_file = right
        lab.set_mac("00:04:f2:00:00:09")
        lab.start_phone("--cold", "--stay", "0").wait_said('"dialtone"', 60)
        firmware = lab.write("firmware.bin", "x" * 5000)
        lab.dialtone("-c", lab.conf, "update", "sign", firmware, "--vendor", "POLYCOM", "--model", "CX600", "--version", "4.0.7577.4512", "--out",
                     lab.path("CPE.nbt"))
        lab.admin("update", "import", lab.path("CPE.nbt"))
        yield lab


@pytest.fixture(scope="module")
def page(site):
    console = subprocess.Popen([os.path.join(BUILD, "dialtone"), "-c", site.conf, "console"], stdout=subprocess.PIPE, text=True)
    os.makedirs(PICTURES, exist_ok=True)
    with browser.Browser() as b:
        b.url = console.stdout.readline().strip()
        b.go(b.url)
        yield b
        assert not [r for r in b.requests if not r.startswith((b.url, "about:"))], "a page asked somebody else"
        assert not [e for e in b.events if "exceptionDetails" in e], b.events
    console.terminate()
    assert console.wait(10) == 0


def rows(page, least=1):
    """Each row as {head: text}."""
    page.wait(f"{ROWS}.length >= {least}")
    heads = page.run(HEADS)
    return [dict(zip(heads, r)) for r in page.run(ROWS)]


def visit(page, name):
    page.run(f"location.hash = '{name}'")
    page.wait(f"document.body.dataset.page === '{name.partition('/')[0]}'")


def test_phones(site, page):
    visit(page, "phones")
    shown = {r["MAC"]: r for r in rows(page, 4)}
    for p in json.loads(site.admin("phones", "--json").stdout)["items"]:
        row = shown[p["mac"]]
        assert row["state"] == p["state"] and row["stage"] == str(p["stage"] or ""), (row, p)
        assert row["code"] == ("" if p["code"] == "ok" else p["code"]) and row["cause"] == (p["cause"] or ""), (row, p)
    assert {r["state"] for r in shown.values()} == {"refused", "registered"}
    page.picture(os.path.join(PICTURES, "phones.png"))
    page.look("dark")
    assert page.run("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    page.picture(os.path.join(PICTURES, "phones-dark.png"))
    page.look("dark", "print")
    assert page.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.run("getComputedStyle(document.querySelector('nav')).display") == "none"
    heads = page.run("[...document.querySelectorAll('th button')].map(b => getComputedStyle(b).display)")
    assert heads and "none" not in heads, "a table on paper has its heads"
    assert page.run("getComputedStyle(document.querySelector('.wide')).overflowX") == "visible", "and every column"
    page.look()
    page.printed(os.path.join(PICTURES, "phones.pdf"))


def test_a_narrow_window(page):
    """A page is no wider than a telephone's screen: a wide table scrolls in its own frame."""
    page.width(390)
    for name in ("phones", "users", "certificates", "updates", "front-ends"):
        visit(page, name)
        assert page.run("document.documentElement.scrollWidth") <= 390, name
    visit(page, "phones")
    rows(page, 4)
    page.picture(os.path.join(PICTURES, "phones-narrow.png"))
    page.width(0)


def test_it_is_live(site, page):
    visit(page, "phones")
    rows(page, 4)
    site.set_mac("00:04:f2:00:00:05", "ph")
    page.wait("document.body.innerText.includes('registered')")
    before = page.run("document.getElementById('when').textContent")
    page.wait(f"document.getElementById('when').textContent !== {json.dumps(before)}")


def test_filter_and_order(page):
    visit(page, "phones")
    rows(page, 4)
    page.run("{const f = document.getElementById('filter'); f.focus(); f.value = '4412'; f.dispatchEvent(new Event('input'));}")
    page.wait(f"{ROWS}.length === 1")
    assert page.run("document.activeElement.id") == "filter"
    page.run("{const f = document.getElementById('filter'); f.value = ''; f.dispatchEvent(new Event('input'));}")
    page.wait(f"{ROWS}.length >= 4")
    page.run("[...document.querySelectorAll('th button')].find(b => b.innerText === 'MAC').click()")
    page.wait("document.querySelector('th[aria-sort=ascending]')")
    macs = [r["MAC"] for r in rows(page, 4)]
    assert macs == sorted(macs)


def test_one_phone(page):
    visit(page, "phones")
    rows(page, 4)
    page.run("[...document.querySelectorAll('td a')].find(a => a.innerText === '00:04:f2:00:00:01').click()")
    page.wait("document.querySelectorAll('svg.picture').length === 2")
    said = page.run("document.getElementById('main').innerText")
    assert "wrong PIN" in said and "alice@contoso.test" in said and "claimed, not proved" in said
    assert page.run("document.querySelectorAll('svg rect.bar').length") >= 3
    assert page.run("document.querySelectorAll('svg .bar.bad').length") == 1
    assert page.run("document.querySelectorAll('svg .arrow').length") >= 3
    page.picture(os.path.join(PICTURES, "phone.png"))
    visit(page, "phone/ff%3Aff%3Aff%3Aff%3Aff%3Aff")
    page.wait("document.getElementById('notice').textContent.includes('was seen')")


def test_users(page):
    visit(page, "users")
    shown = {r["user"]: r for r in rows(page, 3)}
    assert shown["alice@contoso.test"]["PIN"].startswith("set") and shown["carol@contoso.test"]["PIN"] == "not set"
    assert shown["bob@contoso.test"]["enabled"] == "no"
    page.picture(os.path.join(PICTURES, "users.png"))


def test_certificates(page):
    visit(page, "certificates")
    page.wait("document.body.innerText.includes('alice@contoso.test')")
    page.wait("document.body.innerText.includes('server.pem')")
    page.picture(os.path.join(PICTURES, "certificates.png"))


def test_an_update_is_approved(site, page):
    visit(page, "updates")
    assert rows(page)[0]["pending"] == "4.0.7577.4512"
    page.picture(os.path.join(PICTURES, "updates.png"))
    page.run("[...document.querySelectorAll('button')].find(b => b.innerText === 'Approve').click()")
    page.wait("document.getElementById('notice').textContent.startsWith('Approve: done')")
    assert any("4.0.7577.4512" in e for e in page.events)  # it asked first
    page.wait("[...document.querySelectorAll('button')].every(b => b.innerText !== 'Approve')")
    assert json.loads(site.admin("update", "list", "--json").stdout)["items"][0]["approved"] == "4.0.7577.4512"
    page.run("[...document.querySelectorAll('button')].find(b => b.innerText === 'Restore').click()")
    page.wait("document.getElementById('notice').textContent.startsWith('Restore: done')")
    assert json.loads(site.admin("update", "list", "--json").stdout)["items"][0]["approved"] is None


def test_front_ends(page):
    visit(page, "front-ends")
    assert {r["process"].split()[0] for r in rows(page, 3)} >= {"vault", "location", "worker"}
    page.picture(os.path.join(PICTURES, "front-ends.png"))


def test_without_a_mouse(page):
    page.go(page.url)
    page.wait("document.querySelector('nav a')")
    for _ in range(4):  # the way to the contents, Phones, Users, Certificates
        page.press("Tab")
    assert page.run("document.activeElement.innerText") == "Certificates"
    page.press("Enter")
    page.wait("document.body.dataset.page === 'certificates'")
    assert page.run("document.activeElement.id") == "main"


def test_text_of_strangers_is_text(site, page):
    """A user agent or a name from the network is no markup."""
    site.admin("user", "add", "mallory@contoso.test", "--display", "<img src=x onerror=alert(1)>", "--extension", "4466")
    visit(page, "users")
    page.wait("document.body.innerText.includes('<img src=x')")
    assert page.run("document.querySelectorAll('main img').length") == 0
