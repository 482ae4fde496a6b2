"""Structured logs with a request id; no addresses' queries, no form values, no document content, no secrets."""

import logging
import sys

import structlog
from flask import Flask, Response, g, request

from portal.core.ids import new_ref


_frames = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)


def _where(exception: structlog.typing.ExcInfo) -> list[dict[str, object]]:
    """An exception as kinds and places only: its message may quote what somebody typed or a document says."""
    return [
        {"kind": one["exc_type"], "at": [f"{frame['filename']}:{frame['lineno']} {frame['name']}" for frame in one["frames"]]}
        for one in _frames(exception)
    ]


def configure_logs(level: str = "INFO") -> None:
    """JSON lines on standard error."""
    logging.basicConfig(level=level, stream=sys.stderr, format="%(message)s")
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(_where),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def init_logs(app: Flask) -> None:
    """Give each request an id (in the log, in the answer, on error pages) and one line at its end."""
    log = structlog.get_logger()

    @app.before_request
    def begin() -> None:
        g.request_id = new_ref()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=g.request_id)

    @app.after_request
    def end(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.get("request_id", "")
        if request.endpoint not in ("static", "health.healthz", "health.metrics"):
            log.info("request", endpoint=request.endpoint, method=request.method, status=response.status_code)
        return response
