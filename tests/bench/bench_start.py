"""`start`: from the command to an answer of /healthz, cold (empty data folder) and warm; the floor is a bare Flask app on the same server."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from portal.config import ROOT
from tests.bench.figures import VAR, figure, p50

FLOOR = """
import flask
app = flask.Flask("floor")
@app.get("/healthz")
def healthz(): return "ok"
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def seconds_to_answer(command: list[str], environment: dict[str, str], port: int) -> float:
    """Start `command`, wait for /healthz, stop it by SIGTERM and wait for its end."""
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while time.perf_counter() - start < 180:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1) as answer:
                    if answer.status == 200:
                        return time.perf_counter() - start
            except OSError:
                time.sleep(0.02)
            if process.poll() is not None:
                raise SystemExit(f"ended with {process.returncode} before it answered")
        raise SystemExit("no answer within 180 s")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def environment(folder: Path, port: int) -> dict[str, str]:
    made = {k: secrets.token_hex(32) for k in ("PORTAL_SECRET_KEY", "PORTAL_PASSWORD_SALT", "PORTAL_MASTER_KEY", "PORTAL_SEAL_KEY")}
    return {**os.environ, **made, "PORTAL_VAR": str(folder), "PORT": str(port), "PORTAL_DEMO": "1",
            "PORTAL_DEMO_PASSWORD": "bench-" + secrets.token_urlsafe(9)}  # fmt: skip


def main() -> None:
    folder = VAR / "start"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "floor.py").write_text(FLOOR, "utf-8")
    port = free_port()
    bare = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port), "--working-dir", str(folder), "floor:app"]
    floors = [seconds_to_answer(bare, dict(os.environ), port) for _ in range(3)]
    floor = p50(floors)
    port = free_port()
    demo = [str(Path(sys.executable).with_name("portal")), "demo"]
    surroundings = environment(folder, port)
    figure("start.cold", seconds_to_answer(demo, surroundings, port), "s", floor, 1)
    warm = [seconds_to_answer(demo, surroundings, port) for _ in range(3)]
    figure("start.warm", p50(warm), "s", floor, 3)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
