"""`/healthz` (the process lives), `/readyz` (names each part), `/metrics` (Prometheus; for this machine only)."""

import time

from flask import Blueprint, Flask, Response, g, jsonify, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from portal.web.edge import edge
from portal.web.guards import public

bp = Blueprint("health", __name__)
REGISTRY = CollectorRegistry()
REQUESTS = Counter("portal_requests_total", "Answers by endpoint and status", ["endpoint", "status"], registry=REGISTRY)
SECONDS = Histogram(
    "portal_request_seconds", "Server time per answer", ["endpoint"], registry=REGISTRY,
    buckets=(0.005, 0.01, 0.025, 0.06, 0.1, 0.25, 0.5, 1, 2.5, 10),
)  # fmt: skip


@bp.get("/healthz")
@public
def healthz() -> Response:
    return jsonify(status="ok")


@bp.get("/readyz")
@public
def readyz() -> tuple[Response, int]:
    """Each part by name: `ok` or one plain word for what is wrong; 503 when any is not ok."""
    parts = {}
    for name, check in edge().ready.items():
        try:
            parts[name] = check()
        except Exception as error:
            parts[name] = f"unavailable: {type(error).__name__}"
    good = all(state.startswith("ok") for state in parts.values())
    return jsonify(status="ok" if good else "degraded", parts=parts), 200 if good else 503


@bp.get("/metrics")
@public
def metrics() -> Response:
    """Figures for the operator's monitoring; nobody else's machine may read them."""
    # A proxy on this machine speaks from the loopback too, for whoever stands behind it.
    forwarded = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    if forwarded or request.remote_addr not in ("127.0.0.1", "::1"):
        return Response(status=404)
    return Response(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)


def init_health(app: Flask) -> None:
    """Count and time every answer by endpoint, never by address: addresses name enterprises."""
    app.register_blueprint(bp)

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()

    @app.after_request
    def count(response: Response) -> Response:
        endpoint = request.endpoint or "none"
        REQUESTS.labels(endpoint, response.status_code).inc()
        SECONDS.labels(endpoint).observe(time.perf_counter() - g.get("began", time.perf_counter()))
        return response
