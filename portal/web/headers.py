"""Security headers of every answer: a strict Content-Security-Policy and no caching of what was meant for one reader."""

from flask import Flask, Response, request

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)


def init_headers(app: Flask, *, secure: bool) -> None:
    """Set the headers on all answers; a view may tighten the policy, never widen it."""

    @app.after_request
    def harden(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", CSP)
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "same-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
        if request.endpoint != "static":
            headers.setdefault("Cache-Control", "no-store")
        if secure:
            headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        return response
