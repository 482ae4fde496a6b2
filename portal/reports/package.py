"""Packages with repeatable bytes: the taxonomy package that Arelle loads and the report package that is filed.

Taxonomy Packages 1.0 and Report Packages 1.0 (xbrl.org): one top folder, META-INF/ inside it.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from portal.reports.concepts import PACKAGE, XBRL_DIR

PACKAGE_DIR = XBRL_DIR / "packages" / PACKAGE
XBRI = "https://xbrl.org/report-package/2023/xbri"
FIRST_ZIP_DAY = (1980, 1, 1, 0, 0, 0)


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip whose bytes depend on names and contents alone: sorted, one fixed time, plain modes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, FIRST_ZIP_DAY)
            entry.create_system, entry.external_attr, entry.compress_type = 3, 0o100644 << 16, zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name], compresslevel=9)
    return out.getvalue()


def read_tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder by its path from the folder's parent, with forward slashes."""
    return {path.relative_to(folder.parent).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@cache
def taxonomy_zip() -> bytes:
    """The taxonomy package as a zip, made from the tree that is checked in. Raises FileNotFoundError when the tree is absent."""
    files = read_tree(PACKAGE_DIR)
    if not files:
        raise FileNotFoundError(f"no taxonomy package in {PACKAGE_DIR.name}")
    return zipped(files)


def report_package(xhtml: bytes, name: str) -> bytes:
    """An `.xbri` package (one Inline XBRL report) around a page; `name` becomes the folder and the file name, ASCII without slashes."""
    if not name.isascii() or not name.replace("-", "").replace("_", "").isalnum():
        raise ValueError(f"not a file name for a report: {name!r}")
    kind = json.dumps({"documentInfo": {"documentType": XBRI}}, indent=2).encode()
    return zipped({f"{name}/META-INF/reportPackage.json": kind, f"{name}/reports/{name}.xhtml": xhtml})
