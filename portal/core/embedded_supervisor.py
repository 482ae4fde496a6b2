"""The small process that keeps one embedded PostgreSQL up for as long as anybody uses it.

Every user holds a shared lock on `users.lock`, which the kernel takes back however that user ends. The supervisor
asks for the exclusive lock: it gets it exactly when the last user has gone, and keeps it until the server is down, so
that a newcomer waits for a clean stop. Its own life is told by `supervisor.lock`, which its starter took and handed
down as an open file.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path

from portal.core.embedded_binaries import EmbeddedError
from portal.core.embedded_cluster import Home, Postmaster, explain, running_postmaster, start

POLL_SECONDS = 0.1
READY = "ready"


class Supervision:
    """State of one supervisor: the folder, the settings of its first user, whether a signal asked it to stop."""

    def __init__(self, home: Home, settings: dict) -> None:
        self.home = home
        self.settings = settings
        self.stopping = False
        self.users = os.open(home.users_lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def request_stop(self, *_signal: object) -> None:
        self.stopping = True

    def alone(self) -> bool:
        """True, and from then on nobody can enter, when no user is left."""
        try:
            fcntl.flock(self.users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def up(self) -> Postmaster:
        """The server left running by a killed supervisor, or a new one."""
        return running_postmaster(self.home) or start(self.home, self.settings)

    def watch(self, postmaster: Postmaster) -> None:
        """Stay until the last user has gone or a signal comes, starting a server that died again."""
        try:
            while not self.stopping and not self.alone():
                if not postmaster.alive():
                    say(f"server {postmaster.pid} died, starting it again")
                    postmaster = self.up()
                time.sleep(POLL_SECONDS)
        finally:
            postmaster.stop()


def say(text: str) -> None:
    """One line of the supervisor's log, with the time in UTC; a full disk must not end the watch."""
    line = f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} [{os.getpid()}] {text}\n"
    with suppress(OSError):
        os.write(2, line.encode(errors="replace"))


def answer(text: str) -> None:
    """Tell the starter how it went and close the pipe to it; the starter may have gone meanwhile."""
    try:
        os.write(1, text.encode(errors="replace"))
    except OSError:
        say("the starter has gone")
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)


def supervise(home: Home, settings: dict) -> int:
    """Run one server to its end; the first answer on standard output is "ready" or the sentence of the failure."""
    try:
        supervision = Supervision(home, settings)
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, supervision.request_stop)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        postmaster = supervision.up()
        say(f"server {postmaster.pid} is up")
        answer(READY)
        supervision.watch(postmaster)
    except EmbeddedError as error:
        return _failed(str(error))
    except OSError as error:
        say(traceback.format_exc())
        return _failed(str(explain(error, home.folder)))
    say("server stopped")
    return 0


def _failed(sentence: str) -> int:
    say(sentence)
    answer(sentence)
    return 1


def main(arguments: list[str]) -> int:
    """Arguments: folder, settings as JSON, number of the open supervisor.lock.

    Leaves its starter first (a second process of its own session), so that nobody has a child to wait for.
    """
    folder, settings, lock = arguments
    os.set_inheritable(int(lock), False)
    if os.fork():
        os._exit(0)
    return supervise(Home(Path(folder)), json.loads(settings))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
