"""The files a check made, as they lie in the store: form -> key, digest, size, who the report named, how many facts."""

import hashlib
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any

from portal.core.storage import Store, StoreUnavailable
from portal.reports.concepts import PACKAGE
from portal.reports.exports import Files
from portal.reports.facts import Report

VALIDATOR = f"Arelle {version('arelle-release')}, {PACKAGE}"
# form -> (media type, ending of the file)
FORMS = {
    "xbri": ("application/zip", "xbri"),
    "xhtml": ("application/xhtml+xml", "xhtml"),
    "xml": ("application/xml", "xbrl"),
    "json": ("application/json", "json"),
}


class Damaged(Exception):
    """What was read back is not what was stored."""


def keep(store: Store, files: Files, report: Report) -> dict[str, Any]:
    """Store every form of a checked report. Raises StoreUnavailable, with nothing left behind."""
    made: dict[str, Any] = {}
    contents = {"xbri": files.xbri, "xhtml": files.xhtml, "xml": files.instance, "json": files.json}
    try:
        for form, data in contents.items():
            made[form] = {
                "key": store.put(data), "sha256": hashlib.sha256(data).hexdigest(), "size": len(data),
                "name": report.text("EntityName"), "facts": len(report.facts),
            }  # fmt: skip
    except StoreUnavailable:
        discard(store, made)
        raise
    return made


def fetch(store: Store, kept: Mapping[str, Any]) -> bytes:
    """The bytes of one stored form. Raises StoreUnavailable, or Damaged when their digest is another."""
    data = store.get(kept["key"])
    if hashlib.sha256(data).hexdigest() != kept["sha256"]:
        raise Damaged(kept["key"])
    return data


def discard(store: Store, made: Mapping[str, Any] | None) -> None:
    """Remove forms that no report refers to any more. Raises StoreUnavailable."""
    for key in keys(made):
        store.delete(key)


def keys(made: Mapping[str, Any] | None) -> Iterable[str]:
    return [kept["key"] for kept in (made or {}).values()]
