"""A USB cable of the lab: two pseudo terminals, each end's octets carried to the other until the cable is pulled."""
import os
import pty
import select
import threading
import tty


class Cable:
    def __init__(self):
        self.masters, self.ends, self.slaves = [], [], []
        for _ in range(2):
            master, slave = pty.openpty()
            tty.setraw(slave)
            self.masters.append(master)
            self.slaves.append(slave)  # held open: a pty hangs up when its last user leaves
            self.ends.append(os.ttyname(slave))
        self.phone, self.pc = self.ends
        self.carried = bytearray()
        self.stop, self.wake = os.pipe()
        self.thread = threading.Thread(target=self.carry, daemon=True)
        self.thread.start()

    def carry(self):
        while True:
            ready, _, _ = select.select([*self.masters, self.stop], [], [])
            if self.stop in ready:
                return
            for m in ready:
                try:
                    octets = os.read(m, 4096)
                    self.carried += octets
                    os.write(self.masters[1 - self.masters.index(m)], octets)
                except OSError:
                    return

    def pull(self):
        """Both ends hang up."""
        if self.thread:
            os.write(self.wake, b"x")
            self.thread.join()
            self.thread = None
            for fd in [*self.masters, *self.slaves, self.stop, self.wake]:
                os.close(fd)
