"""Static files: addresses carry a hash of the content, texts travel compressed, so that a first visit is small and kept for a year.

Pages themselves are not compressed here: they hold a form's secret beside what the reader typed, and compression would tell
of it by length (BREACH). Static texts hold no secret.
"""

import gzip
import hashlib
import os
from functools import lru_cache
from urllib.parse import quote

from flask import Flask, Response, request, url_for

from portal.config import STATIC

TEXTS = ("text/", "application/javascript", "application/json", "image/svg+xml")
SMALLEST = 1024


@lru_cache(maxsize=512)
def _digest(path: str, changed: int) -> str:
    return hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:12]


@lru_cache(maxsize=64)
def _packed(path: str, changed: int) -> bytes:
    return gzip.compress((STATIC / path).read_bytes(), compresslevel=9, mtime=0)


def asset(path: str) -> str:
    """The address of `static/<path>`; a missing file keeps its plain address and answers 404 there."""
    try:
        return request.script_root + _address(path, os.stat(STATIC / path).st_mtime_ns)
    except FileNotFoundError:
        return url_for("static", filename=path)


@lru_cache(maxsize=512)
def _address(path: str, changed: int) -> str:
    return f"/static/{quote(path)}?v={_digest(path, changed)}"


def init_assets(app: Flask) -> None:
    """Offer `asset()` to templates; hashed addresses are cached, others are asked for again."""
    app.jinja_env.globals["asset"] = asset

    @app.after_request
    def serve_static(response: Response) -> Response:
        if request.endpoint != "static" or response.status_code not in (200, 304):
            return response
        fresh = "public, max-age=31536000, immutable" if "v" in request.args else "no-cache"
        response.headers["Cache-Control"] = fresh
        _compress(response)
        return response


def _compress(response: Response) -> None:
    """Send a text file packed to who takes it; the packed form is made once per file and content."""
    if response.status_code != 200 or not response.mimetype.startswith(TEXTS) or request.range is not None:
        return
    response.headers["Vary"] = "Accept-Encoding"
    if request.accept_encodings["gzip"] <= 0:
        return
    path = (request.view_args or {}).get("filename", "")
    file = STATIC / path
    if file.stat().st_size < SMALLEST:
        return
    packed = _packed(path, file.stat().st_mtime_ns)
    response.direct_passthrough = False
    response.set_data(packed if request.method == "GET" else b"")
    response.headers["Content-Length"] = str(len(packed))
    response.headers["Content-Encoding"] = "gzip"
    response.headers.pop("ETag", None)
