"""Addresses of static files carry a hash of their content, so that browsers may keep them for a year."""

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, request, url_for

from portal.config import STATIC


@lru_cache(maxsize=512)
def _digest(path: str, changed: int) -> str:
    return hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:12]


def asset(path: str) -> str:
    """The address of `static/<path>`; a missing file keeps its plain address and answers 404 there."""
    file = Path(STATIC / path)
    try:
        return url_for("static", filename=path, v=_digest(path, file.stat().st_mtime_ns))
    except FileNotFoundError:
        return url_for("static", filename=path)


def init_assets(app: Flask) -> None:
    """Offer `asset()` to templates; hashed addresses are cached, others are asked for again."""
    app.jinja_env.globals["asset"] = asset

    @app.after_request
    def cache(response: Response) -> Response:
        if request.endpoint == "static" and response.status_code in (200, 304):
            fresh = "public, max-age=31536000, immutable" if "v" in request.args else "no-cache"
            response.headers["Cache-Control"] = fresh
        return response
