"""Checkpoints as C2SP `tlog-checkpoint` in a C2SP `signed-note`, signed with Ed25519: any log client can read and check them."""

import base64
import binascii
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from portal.config import MissingSetting, Settings

ED25519 = b"\x01"
DASH = "\u2014 "
LONGEST = 16_384  # a checkpoint has a few hundred bytes; a file a stranger hands in may have any number


class BadNote(ValueError):
    """Not a checkpoint signed by this log; the text says what is wrong, in Chinese."""


@dataclass(frozen=True)
class Stated:
    """What a checkpoint says: the log's name, its number of leaves, their root."""

    origin: str
    size: int
    root: bytes


@dataclass(frozen=True)
class Verifier:
    """Name and public key of the log. `text` is the verifier key as signed-note tools take it: name+key id+key."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The first 4 bytes of SHA-256 over name, line feed, signature type and public key (C2SP signed-note)."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    @property
    def text(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"

    def read(self, note: str) -> Stated:
        """What a signed checkpoint states, once its signature by this key is verified.

        Raises BadNote for anything else: wrong form, another log's name, no signature of this key, a forged one.
        """
        if len(note) > LONGEST:
            raise BadNote("不是检查点：太长")
        head, gap, tail = note.rpartition("\n\n")
        body = head + "\n"
        if not gap or not tail.endswith("\n"):
            raise BadNote("不是签名的检查点：正文与签名之间没有空行")
        signature = self._signature(tail)
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, body.encode())
        except InvalidSignature:
            raise BadNote("签名与内容不符") from None
        stated = _stated(body)
        if stated.origin != self.name:
            raise BadNote(f"是另一个日志的检查点：{stated.origin}")
        return stated

    def _signature(self, tail: str) -> bytes:
        for line in tail.splitlines():
            name, _, encoded = line.removeprefix(DASH).partition(" ")
            if not line.startswith(DASH) or name != self.name:
                continue
            try:
                decoded = base64.b64decode(encoded, validate=True)
            except binascii.Error:
                raise BadNote("签名不是 base64") from None
            if decoded[:4] == self.key_id:
                return decoded[4:]
        raise BadNote("没有本日志当前密钥的签名")


def _stated(body: str) -> Stated:
    lines = body.splitlines()
    if len(lines) < 3:
        raise BadNote("检查点少于三行")
    origin, size, root = lines[:3]
    if not (size.isascii() and size.isdigit()) or (size != "0" and size.startswith("0")) or len(size) > 18:
        raise BadNote("第二行不是条数")
    try:
        decoded = base64.b64decode(root, validate=True)
    except binascii.Error:
        raise BadNote("第三行不是 base64") from None
    if len(decoded) != hashlib.sha256().digest_size:
        raise BadNote("第三行不是 SHA-256 的根")
    return Stated(origin, int(size), decoded)


def _key(settings: Settings) -> Ed25519PrivateKey:
    try:
        seed = bytes.fromhex(settings.portal_seal_key)
        if len(seed) != 32:
            raise ValueError
    except ValueError:
        raise MissingSetting("PORTAL_SEAL_KEY 要 64 个十六进制数字（Ed25519 种子）。运行 make demo 会写出一个。") from None
    name = settings.portal_log_origin
    if not name or "+" in name or any(character.isspace() for character in name):
        raise MissingSetting("PORTAL_LOG_ORIGIN 是日志的名字，不能为空，不能有空白或加号。")
    return Ed25519PrivateKey.from_private_bytes(seed)


def verifier(settings: Settings) -> Verifier:
    """The public half of this installation's seal key. Raises MissingSetting when key or name cannot be used."""
    public = _key(settings).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return Verifier(settings.portal_log_origin, public)


def sign(settings: Settings, size: int, root: bytes) -> str:
    """The signed note for a tree of `size` leaves with this root."""
    key, checker = _key(settings), verifier(settings)
    body = f"{checker.name}\n{size}\n{base64.b64encode(root).decode()}\n"
    signature = base64.b64encode(checker.key_id + key.sign(body.encode())).decode()
    return f"{body}\n{DASH}{checker.name} {signature}\n"
