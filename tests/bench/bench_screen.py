"""`screen`: the board's list at 10,000 and 150,000 enterprises, over one kept connection, against the floor of the same pages.

Page and floor are asked in turn, so that what else the machine does meets both. A figure's extra fields: `floor` in
milliseconds, `server` what the server itself spent on the page, `computing` the processor time of page and floor in the web
process (what is left of a figure when the machine is busy elsewhere), `bytes` of the page, `statements` of SQL (the most of any).
"""

import http.client
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlencode

from portal.config import ROOT, Settings
from portal.core.connect import Urls
from portal.enterprises.models import Tier
from portal.enterprises.regions import provinces
from tests.bench.bench_start import free_port
from tests.bench.figures import VAR, bench_database, bench_settings, figure, p50, p95
from tests.bench.screen_data import MAKES, READER, SHUT_OUT, TRADES, furnish

SIZES = (10_000, 150_000)
ROUNDS, WARM = 150, 5
FLOOR, PAGE = "/bench/floor", "/enterprises"
Asked = list[tuple[str, str]]


def questions(texts: Iterable[str], *more: tuple[str, str]) -> list[Asked]:
    return [[("q", text), *more] for text in texts]


WORDS = [word for word, _ in TRADES.values()]
COMMON = ("有限公司", "科技", "制造", "技术", "销售", "货物进出口", "咨询", "租赁")
# Every request of a case is another question, so that nothing merely repeats its last answer; where readers do come back to
# the same (the list's beginning, the next page of what they look at), the case does too.
CASES: dict[str, list[Asked]] = {
    "first": [[], [("sort", "capital")], [("sort", "founded")]],
    "words": questions(f"{word} {make}" for word in WORDS for make in MAKES),
    "broad": questions(f"{common} -{word}" for word in WORDS for common in COMMON),
    "initials": questions(a + b + c for a in "thjzyx" for b in "shyfl" for c in "zkjsb"),
    "filters": [
        [("province", place.code), ("tier", tier.value)] for place in provinces()[:31] for tier in Tier
    ],
    "deep": [[("page", str(page))] for page in range(100, 190)],
    "register": [*questions(WORDS, ("scope", "all")), *([("scope", "all"), ("page", str(page))] for page in range(1, 60))],
}  # fmt: skip
HIDDEN_FIELD = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


@dataclass
class Taken:
    """What the requests of a case took, in milliseconds; the most bytes and statements of its pages."""

    page: list[float] = field(default_factory=list)
    floor: list[float] = field(default_factory=list)
    server: list[float] = field(default_factory=list)
    computing: list[float] = field(default_factory=list)
    floor_computing: list[float] = field(default_factory=list)
    size: int = 0
    statements: int = 0

    def add(self, other: "Taken") -> None:
        self.page += other.page
        self.floor += other.floor
        self.server += other.server
        self.computing += other.computing
        self.floor_computing += other.floor_computing
        self.size, self.statements = max(self.size, other.size), max(self.statements, other.statements)


class Browser:
    """One kept connection with a reader's cookie."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookie = ""

    def ask(self, address: str, form: dict[str, str] | None = None, keep: bool = False) -> tuple[int, bytes, str]:
        """Status, body and `X-Bench` of one request; a form is posted."""
        headers = {"Cookie": self.cookie} if self.cookie else {}
        if keep:
            headers["X-Bench-Keep"] = "1"
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request("GET" if form is None else "POST", address, urlencode(form) if form is not None else None, headers)
        answer = self.connection.getresponse()
        body = answer.read()
        if given := answer.getheader("Set-Cookie"):
            self.cookie = given.partition(";")[0]
        return answer.status, body, answer.getheader("X-Bench") or ""

    def sign_in(self, username: str, password: str) -> None:
        """Sign in as a person does: the form, then its answer."""
        token = HIDDEN_FIELD.search(self.ask("/sign-in")[1].decode())
        status, body, _ = self.ask("/sign-in", {"username": username, "password": password, "csrf_token": token[1] if token else ""})
        if status != 302:
            raise SystemExit(f"sign-in answered {status}: {body[:300]!r}")

    def timed(self, address: str, keep: bool = False) -> tuple[float, bytes, str]:
        """Milliseconds, body and `X-Bench`; `keep` makes its floor of the page."""
        begun = time.perf_counter()
        status, body, said = self.ask(address, keep=keep)
        took = (time.perf_counter() - begun) * 1e3
        if status != 200:
            raise SystemExit(f"{address} answered {status}")
        return took, body, said


@contextmanager
def served(urls: Urls, settings: Settings) -> Iterator[int]:
    """The port of a granian with one worker over this database, for the length of the block."""
    port = free_port()
    secret = {name.upper(): str(value) for name, value in settings.model_dump(include={
        "portal_secret_key", "portal_password_salt", "portal_master_key", "portal_seal_key", "portal_var"}).items()}  # fmt: skip
    surroundings = {**os.environ, **secret, "DATABASE_URL": urls.app, "DATABASE_SYSTEM_URL": urls.system, "MEILI_URL": ""}
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port), "--workers", "1",
               "--blocking-threads", "8", "--no-log", "tests.bench.screen_serving:app"]  # fmt: skip
    with (settings.portal_var / "server.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=surroundings, stdout=log, stderr=log)
        try:
            _wait(process, port)
            yield port
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(600):
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=2)) as probe:
                probe.request("GET", "/healthz")
                if probe.getresponse().status == 200:
                    return
        except OSError:
            time.sleep(0.1)
        if process.poll() is not None:
            raise SystemExit(f"the server ended with {process.returncode}")
    raise SystemExit("no answer within 60 s")


def measure(reader: Browser, nobody: Browser) -> dict[str, Taken]:
    """Page and floor of every case in turn, all cases in each round; the floor is that of the case's first question."""
    taken = {case: Taken() for case in CASES}
    for questions_ in CASES.values():
        reader.timed(PAGE + query(questions_[0]), keep=True)
    for round_ in range(-WARM, ROUNDS):
        for case, asked in CASES.items():
            page, body, said = reader.timed(PAGE + query(asked[(round_ + WARM) % len(asked)]))
            floor, bare, bare_said = nobody.timed(FLOOR + query(asked[0]))
            statements, spent, busy = said.split()
            if bare_said.split()[0] != "0" or len(bare) < 10_000:
                raise SystemExit(f"{case}: this is no floor: {bare_said}, {len(bare)} bytes")
            if round_ >= 0:
                taken[case].add(Taken([page], [floor], [float(spent)], [float(busy)], [float(bare_said.split()[2])], len(body), int(statements)))
    return taken


def query(asked: Asked) -> str:
    return f"?{urlencode(asked)}" if asked else ""


def report(name: str, taken: Taken) -> float:
    value = p50(taken.page)
    figure(
        name, value, "ms", p50(taken.floor), len(taken.page), bytes=taken.size, statements=taken.statements,
        server=round(p50(taken.server), 2), computing=[round(p50(taken.computing), 2), round(p50(taken.floor_computing), 2)],
    )  # fmt: skip
    return value


def check_hidden(port: int, reader: Browser, password: str) -> None:
    """A reader from whom some hide must find fewer: a list that is quick because it forgets the wall is no figure."""
    other = Browser(port)
    other.sign_in(SHUT_OUT, password)
    many, fewer = (_total(browser.timed(PAGE)[1]) for browser in (reader, other))
    if not fewer < many:
        raise SystemExit(f"{many} enterprises for the one reader, {fewer} for the one from whom some hide")


def _total(body: bytes) -> int:
    found = re.search(r'role="status">([\d,]+)', body.decode())
    return int(found[1].replace(",", "")) if found else -1


def bench(n: int) -> tuple[float, float]:
    """Median of page and floor over all cases at `n` enterprises."""
    folder = VAR / f"screen_{n}"
    folder.mkdir(parents=True, exist_ok=True)
    settings, password = bench_settings(folder), "bench-" + secrets.token_urlsafe(12)
    with bench_database(f"screen_{n}") as (urls, _fresh):
        furnish(urls, settings, n, password)
        with served(urls, settings) as port:
            reader = Browser(port)
            reader.sign_in(READER, password)
            check_hidden(port, reader, password)
            taken = measure(reader, Browser(port))
    whole = Taken()
    for case, some in taken.items():
        whole.add(some)
        report(f"screen.{n}.{case}", some)
    value = report(f"screen.{n}.p50", whole)
    page, floor = sorted(whole.page), sorted(whole.floor)
    figure(f"screen.{n}.p95", p95(page), "ms", p95(floor), len(page), bytes=whole.size, statements=whole.statements)
    return value, p50(whole.floor)


def main() -> None:
    small, large = (bench(n) for n in SIZES)
    figure("screen.growth", large[0] / small[0], "×", large[1] / small[1], len(SIZES))


if __name__ == "__main__":
    main()
