"""Random public identifiers: addresses never carry sequence numbers (DESIGN rule 2)."""

import re
import secrets

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base32, lower case: no i l o u
_FORM = re.compile(r"[0-9a-hjkmnp-tv-z]{16}")


def new_ref() -> str:
    """A random 80-bit reference, 16 characters of Crockford base32."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(16))


def is_ref(text: str) -> bool:
    """Whether `text` has the form of a reference (says nothing of its existence)."""
    return _FORM.fullmatch(text) is not None
