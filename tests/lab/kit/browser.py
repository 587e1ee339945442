"""Headless Chromium, driven over its DevTools pipe (descriptors 3 and 4: JSON, each message ended by a NUL)."""
import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

PROGRAM = shutil.which("chromium")
KEYS = {"Tab": (9, None), "Enter": (13, "\r")}


class Browser:
    def __init__(self, width=1200, height=900):
        self.folder = tempfile.mkdtemp(prefix="browser-")
        down, self.to = os.pipe()
        self.back, up = os.pipe()
        flags = ["--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                 "--disable-background-networking", "--disable-component-update", f"--user-data-dir={self.folder}", f"--window-size={width},{height}"]

        def plug():
            os.dup2(down, 63)
            os.dup2(up, 64)
            os.dup2(63, 3, inheritable=True)
            os.dup2(64, 4, inheritable=True)

        self.process = subprocess.Popen([PROGRAM, *flags, "about:blank"], preexec_fn=plug, close_fds=False, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        os.close(down)
        os.close(up)
        self.got, self.number, self.session, self.events, self.requests = b"", 0, None, [], []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network"):
            self.call(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.to)
        os.close(self.back)
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- messages -----------------------------------------------------------------------------------------

    def read(self, seconds):
        """One message; None when none comes in time."""
        end = time.monotonic() + seconds
        while b"\0" not in self.got:
            if not select.select([self.back], [], [], max(0, end - time.monotonic()))[0]:
                return None
            piece = os.read(self.back, 1 << 20)
            if not piece:
                raise AssertionError("the browser ended")
            self.got += piece
        one, _, self.got = self.got.partition(b"\0")
        return json.loads(one)

    def notice(self, message):
        """The requests that the page made by itself are written down, its questions are answered with yes."""
        if message["method"] == "Network.requestWillBeSent":
            self.requests.append(message["params"]["request"]["url"])
        elif message["method"] == "Page.javascriptDialogOpening":
            self.events.append(message["params"]["message"])
            self.send("Page.handleJavaScriptDialog", accept=True)
        elif message["method"] == "Runtime.exceptionThrown":
            self.events.append(json.dumps(message["params"]))

    def send(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        return self.number

    def call(self, method, seconds=60, **params):
        number, end = self.send(method, **params), time.monotonic() + seconds
        while time.monotonic() < end:
            message = self.read(end - time.monotonic())
            if message is None:
                break
            if message.get("id") == number:
                assert "error" not in message, message
                return message["result"]
            if "method" in message:
                self.notice(message)
        raise AssertionError(f"{method}: the browser does not answer")

    # ---- what a person does ---------------------------------------------------------------------------------

    def go(self, url):
        self.call("Page.navigate", url=url)

    def run(self, text):
        """The value of an expression on the page."""
        done = self.call("Runtime.evaluate", expression=text, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def wait(self, text, seconds=30):
        """Until an expression is true."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.run(f"!!({text})"):
                return
            time.sleep(0.1)
        raise AssertionError(f"{text}: not within {seconds} s; the page: {self.run('document.body.innerText')}")

    def press(self, key):
        code, text = KEYS[key]
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code,
                      **({"text": text} if text and kind == "keyDown" else {}))

    def look(self, scheme="light", media=""):
        """light or dark; media: print"""
        self.call("Emulation.setEmulatedMedia", media=media, features=[{"name": "prefers-color-scheme", "value": scheme}])

    def width(self, pixels):
        """That of the window; 0: as it was"""
        if pixels:
            self.call("Emulation.setDeviceMetricsOverride", width=pixels, height=800, deviceScaleFactor=1, mobile=False)
        else:
            self.call("Emulation.clearDeviceMetricsOverride")

    def picture(self, path):
        with open(path, "wb") as f:
            f.write(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def printed(self, path):
        with open(path, "wb") as f:
            f.write(base64.b64decode(self.call("Page.printToPDF", preferCSSPageSize=True)["data"]))
