"""Whether an uploaded file is a PDF that can be given to readers, and what it may be called."""

import os
import subprocess
import sys
import unicodedata
from pathlib import Path

from portal.core.errors import Invalid

MAX_SIZE = 20 * 1024 * 1024  # octets
MAX_PAGES = 1000
NAME_LENGTH = 120
PATIENCE = 20  # seconds of waiting for the probe, on a busy machine
_PROBE = Path(__file__).with_name("pdf_probe.py")
_SENTENCES = {
    "empty": "文件是空的。选一个有内容的 PDF。",
    "big": "文件超过 20 MB。把它变小或分成几份再上传。",
    "other": "这不是 PDF 文件。把原文件另存为 PDF 再上传。",
    "broken": "这个 PDF 打不开或没有页：文件不完整或已损坏。重新导出后再上传。",
    "locked": "这个 PDF 有密码或加密，对方会打不开。去掉密码后再上传。",
    "long": "这个 PDF 超过 1000 页。分成几份再上传。",
}


def check(data: bytes, field: str = "file") -> int:
    """The number of pages of a PDF.

    Raises Invalid at `field` for an empty, too large, foreign, damaged, encrypted or pageless file and for more than
    1000 pages.
    """
    if not data:
        raise _refuse("empty", field)
    if len(data) > MAX_SIZE:
        raise _refuse("big", field)
    if b"%PDF-" not in data[:1024]:  # ISO 32000-1, annex H: readers look for the header there
        raise _refuse("other", field)
    word, pages = _probe(data)
    if word != "ok" or not pages:
        raise _refuse(word if word != "ok" else "broken", field)
    if pages > MAX_PAGES:
        raise _refuse("long", field)
    return pages


def _refuse(word: str, field: str) -> Invalid:
    return Invalid(fields={field: _SENTENCES[word]})


def _probe(data: bytes) -> tuple[str, int]:
    # The parser of a stranger's file is given neither our settings nor our modules.
    environment = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    command = [sys.executable, "-P", str(_PROBE)]
    try:
        run = subprocess.run(command, input=data, capture_output=True, timeout=PATIENCE, check=False, env=environment)
    except subprocess.TimeoutExpired:
        return "broken", 0
    words = run.stdout.split()
    return (words[0].decode(), int(words[1])) if run.returncode == 0 and len(words) == 2 else ("broken", 0)


def clean_name(name: str) -> str:
    """A file name that is safe to show and to send: no path, no control or direction marks, bounded, ending in .pdf."""
    kept = unicodedata.normalize("NFC", name.replace("\\", "/").rsplit("/", 1)[-1])
    kept = "".join(c for c in kept if unicodedata.category(c)[0] != "C" and c not in '<>:"|?*')
    kept = " ".join(kept.split())
    stem = kept[:-4] if kept.lower().endswith(".pdf") else kept
    return (stem.strip(". ")[: NAME_LENGTH - 4] or "附件") + ".pdf"
