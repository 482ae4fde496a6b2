"""Password rules and digests. Flask-Security-Too verifies exactly what is made here: one scheme, one set of costs, one pepper."""

import base64
import hashlib
import hmac
import unicodedata
from typing import Any

from passlib.context import CryptContext

MIN_LENGTH, MAX_LENGTH, MIN_DIFFERENT = 8, 128, 4

# Argon2id as the OWASP Password Storage Cheat Sheet asks at least: 19 MiB, two passes, one lane.
SCHEME = "argon2"
COSTS: dict[str, Any] = {"argon2__type": "ID", "argon2__memory_cost": 19456, "argon2__time_cost": 2, "argon2__parallelism": 1}
NORMAL_FORM = "NFKD"

_context = CryptContext(schemes=[SCHEME], **COSTS)


def normalized(password: str) -> str:
    """The form in which a password is compared: the same characters typed by another input method are the same password."""
    return unicodedata.normalize(NORMAL_FORM, password)


def digest(password: str, pepper: str) -> str:
    """The argon2id digest of a password over its HMAC-SHA-512 under `pepper` (the setting PORTAL_PASSWORD_SALT)."""
    peppered = base64.b64encode(hmac.new(pepper.encode(), normalized(password).encode(), hashlib.sha512).digest())
    return _context.hash(peppered)


def check_password(password: str, username: str = "") -> str | None:
    """The sentence saying why `password` cannot be used by `username`; None when it can."""
    if len(password) < MIN_LENGTH:
        return f"密码至少 {MIN_LENGTH} 个字符，这里只有 {len(password)} 个。"
    if len(password) > MAX_LENGTH:
        return f"密码最多 {MAX_LENGTH} 个字符。"
    if len(set(password)) < MIN_DIFFERENT:
        return f"密码里至少要有 {MIN_DIFFERENT} 个不同的字符。"
    if username and username.lower() in password.lower():
        return "密码里不能有用户名。"
    return None
