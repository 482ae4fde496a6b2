"""Stored files: each object encrypted under a key of its own, the key wrapped by the master key (AES-256-GCM, RFC 5116).

An object is `version | wrap nonce | wrapped key | nonce | ciphertext`; its storage key is bound to both ciphertexts as
associated data, so that two objects cannot be swapped. Local folder or S3 by one library, no difference above this module.
"""

import secrets
import time
from pathlib import Path

import obstore
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url

from portal.config import MissingSetting, Settings
from portal.core.ids import new_ref

CHECK_EVERY = 20.0  # seconds: `/readyz` is public and must not make the store busy
_VERSION = b"\x01"
_NONCE, _WRAPPED = 12, 48  # bytes: nonce; 32-byte key with its tag


class StoreUnavailable(Exception):
    """The object store does not answer, or an object is not what was stored; metadata stays readable."""


class Store:
    """Where documents lie."""

    def __init__(self, settings: Settings) -> None:
        try:
            self._master = AESGCM(bytes.fromhex(settings.portal_master_key))
        except ValueError as error:
            raise MissingSetting("PORTAL_MASTER_KEY 要写 64 位十六进制数。") from error
        if settings.files_url:
            self._store = from_url(settings.files_url)
        else:
            folder = Path(settings.portal_var) / "files"
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._store = LocalStore(folder)
        self._checked: tuple[float, str] = (float("-inf"), "")

    def put(self, data: bytes) -> str:
        """Encrypt and store `data`; returns its storage key. Raises StoreUnavailable."""
        key = f"{new_ref()}{new_ref()}"
        name = f"{key[:2]}/{key}"
        data_key, wrap_nonce, nonce = secrets.token_bytes(32), secrets.token_bytes(_NONCE), secrets.token_bytes(_NONCE)
        wrapped = self._master.encrypt(wrap_nonce, data_key, name.encode())
        body = AESGCM(data_key).encrypt(nonce, data, name.encode())
        try:
            obstore.put(self._store, name, _VERSION + wrap_nonce + wrapped + nonce + body)
        except (BaseError, OSError) as error:
            raise StoreUnavailable(type(error).__name__) from error
        return name

    def get(self, name: str) -> bytes:
        """The stored bytes. Raises StoreUnavailable when they are absent, altered, or under another master key."""
        try:
            raw = bytes(obstore.get(self._store, name).bytes())
        except (BaseError, OSError) as error:
            raise StoreUnavailable(type(error).__name__) from error
        head, rest = raw[:1], raw[1:]
        if head != _VERSION or len(rest) < 2 * _NONCE + _WRAPPED + 16:
            raise StoreUnavailable("unknown format")
        wrap_nonce, wrapped = rest[:_NONCE], rest[_NONCE : _NONCE + _WRAPPED]
        nonce, body = rest[_NONCE + _WRAPPED : 2 * _NONCE + _WRAPPED], rest[2 * _NONCE + _WRAPPED :]
        try:
            data_key = self._master.decrypt(wrap_nonce, wrapped, name.encode())
            return AESGCM(data_key).decrypt(nonce, body, name.encode())
        except InvalidTag as error:
            raise StoreUnavailable("altered") from error

    def delete(self, name: str) -> None:
        """Remove an object; an absent one is no error. Raises StoreUnavailable."""
        try:
            obstore.delete(self._store, name)
        except FileNotFoundError:
            return
        except (BaseError, OSError) as error:
            raise StoreUnavailable(type(error).__name__) from error

    def check(self) -> str:
        """`ok` when something can be stored and read back; tried at most every CHECK_EVERY seconds, whoever asks."""
        if time.monotonic() - self._checked[0] < CHECK_EVERY:
            return self._checked[1]
        name = self.put(b"ready")
        try:
            state = "ok" if self.get(name) == b"ready" else "altered"
        finally:
            self.delete(name)
        self._checked = (time.monotonic(), state)
        return state
