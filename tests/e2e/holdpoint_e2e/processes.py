"""Processes that end with the tests, free ports, and waiting."""

import atexit
import os
import pathlib
import signal
import socket
import subprocess
import time


class Process:
    """A program in the background; what it prints goes to a file."""

    def __init__(self, arguments, log, environment=None):
        self.log = pathlib.Path(log)
        with self.log.open("ab") as output:
            self.child = subprocess.Popen(
                [str(argument) for argument in arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=without_proxies(environment or {}),
            )
        atexit.register(self.kill)

    def running(self):
        return self.child.poll() is None

    def stop(self, seconds=40):
        """Asks it to end and returns how it did."""
        if self.running():
            self.child.send_signal(signal.SIGTERM)
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self):
        if self.running():
            self.child.kill()
        self.child.wait()

    def tail(self):
        return self.log.read_text(errors="replace")[-4000:]


def without_proxies(changes):
    """The environment with these changes: everything the tests talk to is on this machine."""
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return {**kept, **changes}


def free_ports(count):
    """Ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def wait_until(what, condition, seconds=60, process=None):
    """Waits until the condition gives something true, and gives that."""
    deadline = time.monotonic() + seconds
    failure = None
    while time.monotonic() < deadline:
        if process and not process.running():
            raise RuntimeError(f"{what}: the process ended\n{process.tail()}")
        try:
            if found := condition():
                return found
        except Exception as error:  # pylint: disable=broad-exception-caught
            failure = error
        time.sleep(0.1)
    raise TimeoutError(f"{what}: not within {seconds} s ({failure})\n{process.tail() if process else ''}")
