"""Validation of a report package by Arelle, offline, one at a time, in a child process with bounds on time and memory.

A web worker never imports Arelle. The child gets a bare environment (no secrets of the portal) and a folder of its own.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

from portal.reports.explain import explain
from portal.reports.facts import Report
from portal.reports.package import taxonomy_zip
from portal.reports.problems import Problem, errors

SECONDS = 120.0
MEGABYTES = 2048
ROOT = Path(__file__).resolve().parents[2]
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Outcome:
    """What a validation found and made.

    `instance` is the plain XBRL 2.1 document and `json` the xBRL-JSON of the same facts, both with our fact ids; None when
    the report could not be read.
    """

    problems: tuple[Problem, ...]
    instance: bytes | None = None
    json: bytes | None = None

    @property
    def valid(self) -> bool:
        return not errors(self.problems)


def validate(xbri: bytes, report: Report, *, seconds: float = SECONDS, megabytes: int = MEGABYTES) -> Outcome:
    """Checks schema, dimensions, units, duplicates, Calculations 1.1, assertions and the package itself.

    `report` gives the words and cells of the problems. Waiting for another validation counts against `seconds`. A child that
    runs out of time or memory, or says nothing, is an error in the outcome and never a pass.
    """
    if not _one_at_a_time.acquire(timeout=seconds):
        return _failed("busy", "正在校验别的报告，过一会再试。")
    try:
        with tempfile.TemporaryDirectory(prefix="report-") as name:
            return _in_folder(Path(name), xbri, report, seconds, megabytes)
    finally:
        _one_at_a_time.release()


def _in_folder(folder: Path, xbri: bytes, report: Report, seconds: float, megabytes: int) -> Outcome:
    (folder / "taxonomy.zip").write_bytes(taxonomy_zip())
    (folder / "report.xbri").write_bytes(xbri)
    command = [sys.executable, "-m", "portal.reports.arelle_run", str(folder), str(megabytes)]
    child = subprocess.Popen(
        command, cwd=ROOT, env=_environment(folder), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip
    try:
        _, complaint = child.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        return _failed("time", f"校验超过 {seconds:g} 秒，已停止。")
    answer = folder / "messages.json"
    if child.returncode or not answer.exists():
        last = complaint.decode("utf-8", "replace").strip().rpartition("\n")[2]
        return _failed("memory" if "MemoryError" in last else "stopped", f"校验程序中途停止（{last[:200] or child.returncode}）。")
    problems = explain(json.loads(answer.read_text(encoding="utf-8")), report)
    instance, derived = (_read(folder / f"report{suffix}") for suffix in (".xbrl", ".json"))
    return Outcome(tuple(problems), instance, derived)


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT") if name in os.environ}
    home = {name: str(folder) for name in ("HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
    return kept | home | {"LANG": "C.UTF-8", "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _failed(code: str, text: str) -> Outcome:
    return Outcome((Problem("error", f"portal:{code}", text),))
