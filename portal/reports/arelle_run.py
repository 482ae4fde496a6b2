"""One validation by Arelle, in a process of its own: `python -m portal.reports.arelle_run FOLDER MEGABYTES`.

The folder holds `taxonomy.zip` and `report.xbri`; it receives `messages.json` and, when the report could be read, the plain
XBRL instance and the xBRL-JSON. Nothing else is written and nothing is fetched. Only `validate` starts this module.
"""

import io
import json
import resource
import sys
import zipfile
from pathlib import Path
from typing import Any

from arelle.api.Session import Session
from arelle.FileSource import FileNamedBytesIO
from arelle.RuntimeOptions import RuntimeOptions


REACHING_OUT = ("socket.connect", "socket.getaddrinfo", "socket.sendto", "subprocess.Popen", "os.system")
OWN_PROGRAM = "locale"  # Arelle asks it for the languages of the machine
attempts: list[str] = []


def wall(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook: nothing in this process may reach the network or start a program, whatever a report asks for."""
    if event in REACHING_OUT and arguments[0] != OWN_PROGRAM:
        attempts.append(f"{event} {arguments!r:.200}")
        raise PermissionError(event)


def run(folder: Path) -> None:
    """Validates and derives. The level, code, text and named fact ids of each message go to `messages.json`."""
    derived = io.BytesIO()
    options = RuntimeOptions(
        entrypointFile=None, packages=[str(folder / "taxonomy.zip")], internetConnectivity="offline", disablePersistentConfig=True,
        validate=True, calcs="c11r", utrValidate=True, validateDuplicateFacts="inconsistent", labelLang="zh-CN",
        logFile="logToStructuredMessage", logPropagate=False, plugins="inlineXbrlDocumentSet|saveLoadableOIM",
        pluginOptions={"saveTargetInstance": True, "saveLoadableOIM": "report.json"},
    )  # fmt: skip
    stream = FileNamedBytesIO("report.xbri", (folder / "report.xbri").read_bytes())
    with Session() as session:
        session.run(options, sourceZipStream=stream, responseZipStream=derived)
        messages = [_plain(message) for message in session.get_log_messages()]
    messages += [{"level": "ERROR", "code": "portal:reached-out", "text": attempt, "ids": []} for attempt in attempts]
    _keep(derived, folder)
    (folder / "messages.json").write_text(json.dumps(messages, ensure_ascii=False), encoding="utf-8")


def _plain(message: dict[str, Any]) -> dict[str, Any]:
    named = [(reference.get("href") or "").rpartition("#")[2] for reference in message["refs"]]
    return {"level": message["levelname"], "code": message["messageCode"], "text": str(message["msg"]), "ids": named}


def _keep(derived: io.BytesIO, folder: Path) -> None:
    if not derived.getbuffer().nbytes:
        return
    with zipfile.ZipFile(derived) as archive:
        for name in archive.namelist():
            suffix = Path(name).suffix
            if suffix in (".xbrl", ".json"):
                (folder / f"report{suffix}").write_bytes(archive.read(name))


def main() -> None:
    folder, megabytes = Path(sys.argv[1]), int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.addaudithook(wall)
    run(folder)


if __name__ == "__main__":
    main()
