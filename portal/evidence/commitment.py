"""From an act to 32 bytes: canonical JSON, a salted commitment to it, and the entry that becomes a leaf.

A stranger with salt and plaintext can recompute all three; without the salt a commitment tells nothing, even where only a few
plaintexts are possible (a yes or no, a name from a list).
"""

import hashlib
import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

SALT_BYTES = 32
_COMMITMENT = b"zhuanban-portal/evidence/commitment/v1\x00"
_ENTRY = b"zhuanban-portal/evidence/entry/v1\x00"

JSON = None | bool | int | str | list["JSON"] | dict[str, "JSON"]


def new_salt() -> bytes:
    """32 random bytes."""
    return secrets.token_bytes(SALT_BYTES)


def canonical(value: Any) -> bytes:
    """`value` as UTF-8 JSON with sorted keys and no spaces: the same bytes again after a way through `jsonb`.

    Raises ValueError for what would not come back equal: floating point numbers, keys that are not text, NUL in a text.
    """
    _check(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _check(value: Any) -> None:
    if isinstance(value, str):
        if "\x00" in value:
            raise ValueError("evidence holds no NUL")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                raise ValueError("evidence has text keys")
            _check(key)
            _check(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _check(item)
    elif not (value is None or isinstance(value, int)):
        raise ValueError(f"evidence holds no {type(value).__name__}: write amounts in fen and moments as text")


def instant(at: datetime) -> str:
    """A moment as evidence writes it: UTC, always six digits after the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def commitment(salt: bytes, plaintext: Mapping[str, Any]) -> bytes:
    """SHA-256 over a domain prefix, the salt and the canonical plaintext."""
    return hashlib.sha256(_COMMITMENT + salt + canonical(plaintext)).digest()


def entry(ref: str, at: datetime, kind: str, committed: bytes) -> bytes:
    """The bytes of a leaf: everything a record says, so that neither its kind nor its moment can be changed afterwards."""
    said = {"at": instant(at), "commitment": committed.hex(), "kind": kind, "ref": ref}
    return _ENTRY + canonical(said)
