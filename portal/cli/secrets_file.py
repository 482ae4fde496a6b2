"""`var/portal.env`: the secrets of an installation on one machine, made at the first start and readable by its owner only."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

SECRETS = ("PORTAL_SECRET_KEY", "PORTAL_PASSWORD_SALT", "PORTAL_MASTER_KEY", "PORTAL_SEAL_KEY")
HEADER = "# Secrets and settings of this installation. Keep them: without PORTAL_MASTER_KEY stored files cannot be read.\n"


def read(path: Path) -> dict[str, str]:
    """The settings that stand in the file; an absent file has none."""
    if not path.exists():
        return {}
    lines = (line.strip() for line in path.read_text("utf-8").splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def ensure(path: Path, extra: Mapping[str, str]) -> dict[str, str]:
    """Write what is absent (a secret is never replaced) and return what stands there now.

    The folder is made 0700, the file 0600; it is replaced in one step, so that it is never half-written.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    have = read(path)
    want = {name: have.get(name) or secrets.token_hex(32) for name in SECRETS}
    want |= {name: have.get(name, value) for name, value in extra.items()}
    merged = {**have, **want}
    if merged != have:
        beside = path.with_suffix(".new")
        number = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(HEADER + "".join(f"{name}={value}\n" for name, value in merged.items()))
        beside.replace(path)
    return merged
