"""A mail server of its own on this machine: a few lines of SMTP that keep what they are given."""

import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from sqlalchemy import text

from portal.config import Settings
from portal.core.connect import Urls
from portal.core.context import Context
from portal.core.db import Database


@dataclass
class Server:
    """What arrived, and what it answers to the recipient (250, or a refusal)."""

    url: str = ""
    answer: str = "250 ok"
    letters: list[str] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)


@pytest.fixture
def smtp() -> Iterator[Server]:
    server = Server()

    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.say("220 here")
            while line := self.rfile.readline().decode().strip():
                word = line.upper().split(":")[0]
                if word.startswith("EHLO"):
                    self.say("250-here\r\n250-SMTPUTF8\r\n250-AUTH PLAIN\r\n250 8BITMIME")
                elif word.startswith("RCPT"):
                    server.recipients.append(line)
                    self.say(server.answer)
                elif word == "DATA":
                    self.say("354 go on")
                    lines = []
                    while (part := self.rfile.readline().decode()) != ".\r\n":
                        lines.append(part)
                    server.letters.append("".join(lines))
                    self.say("250 taken")
                elif word == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 ok")

        def say(self, words: str) -> None:
            self.wfile.write(f"{words}\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session) as listening:
        server.url = f"smtp://127.0.0.1:{listening.server_address[1]}"
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield server
        listening.shutdown()


@pytest.fixture
def context(settings: Settings, urls: Urls, database: Database, smtp: Server) -> Context:
    with database.system_session() as db:
        db.execute(text("delete from portal.mail"))
    return Context(settings=settings.model_copy(update={"smtp_url": smtp.url}), urls=urls, database=database)
