"""Domain errors, HTTP errors and accidents become pages, fragments or problem+json here and nowhere else."""

from typing import Any

import structlog
from flask import Flask, Response, current_app, g, jsonify, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, DBAPIError, OperationalError
from werkzeug.exceptions import HTTPException

from portal.core.errors import Conflict, Expired, Invalid, NotAllowed, NotFound, PortalError
from portal.web.edge import current_actor, edge, undo

log = structlog.get_logger()

STATUS: dict[type[PortalError], int] = {NotFound: 404, NotAllowed: 403, Conflict: 409, Expired: 410, Invalid: 400}
TITLES = {
    400: "没有看懂这个请求",
    403: "这里不对你开放",
    404: "这里没有你能看的内容",
    405: "这个地址不接受这种请求",
    409: "情况已经变了",
    410: "已经过期",
    413: "文件太大",
    415: "不接受这种内容",
    429: "请求太频繁",
    500: "出了故障",
    503: "暂时不能服务",
}
TEXTS = {
    400: "返回上一页检查填写的内容，再提交一次。",
    403: "换一个机构身份，或回到首页。",
    404: "可能不存在，可能已经撤回，也可能不是给你的。",
    405: "从页面上的按钮或链接再来一次。",
    409: "刷新页面看看现在的情况。",
    410: "期限已过，内容不再提供。",
    413: "一次上传不超过 20 MB。把文件变小或分开上传。",
    415: "换一种格式再来。",
    429: "过一会儿再试。",
    500: "没有保存任何内容。记下编号告诉服务专员，或稍后再试。",
    503: "稍后再试。没有保存任何内容。",
}
CSRF_TEXT = "页面打开太久或登录已结束，表单没有提交。回到上一页刷新后再提交；填写的内容可以先复制下来。"

NUL_TEXT = "文字里有不能保存的字符（NUL），没有保存任何内容。删去后再提交。"


def wants_json() -> bool:
    """Whether the caller reads problem+json rather than pages."""
    best = request.accept_mimetypes.best_match(["text/html", "application/json", "application/problem+json"])
    return best is not None and best != "text/html"


def problem(status: int, text: str = "", fields: dict[str, str] | None = None) -> Response:
    """One refusal in the form its reader understands: a page, an htmx fragment (the same page's block) or RFC 9457 JSON."""
    reference = g.get("request_id", "")
    title, text = TITLES.get(status, TITLES[500]), text or TEXTS.get(status, TEXTS[500])
    if wants_json():
        body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "detail": text, "instance": reference}
        if fields:
            body["errors"] = fields
        answer = jsonify(body)
        answer.content_type = "application/problem+json"
    else:
        words = {"status": status, "title": title, "text": text, "reference": reference}
        if status >= 500:  # without the context processor: what it asks for may be what broke
            answer = make_response(current_app.jinja_env.get_template("errors/bare.html").render(words))
        else:
            answer = make_response(render_template("errors/error.html", **words))
        answer.headers["HX-Retarget"] = "body"
        answer.headers["HX-Reswap"] = "innerHTML"
    answer.status_code = status
    answer.headers["Cache-Control"] = "no-store"
    return answer


def init_errors(app: Flask) -> None:
    """Register every handler on `app`."""

    @app.errorhandler(PortalError)
    def domain_error(error: PortalError) -> Response:
        actor = current_actor()
        undo()
        status = next(code for kind, code in STATUS.items() if isinstance(error, kind))
        if status in (403, 404, 410):
            deny(actor, status)
        fields = error.fields if isinstance(error, Invalid) else None
        # A hidden object and an absent one give one sentence, whatever the service said.
        return problem(status, "" if status == 404 else error.text, fields)

    @app.errorhandler(CSRFError)
    def forged(_error: CSRFError) -> Response:
        undo()
        return problem(400, CSRF_TEXT)

    @app.errorhandler(OperationalError)
    def database_down(error: OperationalError) -> Response:
        log.error("database.unavailable", kind=type(error.orig).__name__)
        g.pop("db", None)
        return static_page(503)

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        if error.code is not None and error.code < 400:
            return error.get_response()  # type: ignore[return-value]
        undo()
        return problem(error.code or 500)

    @app.errorhandler(Exception)
    def accident(error: Exception) -> Response:
        undo()
        if isinstance(error, DataError) and "NUL" in str(error.orig):
            # PostgreSQL's texts hold none: nothing can be called that, and nobody types it.
            return domain_error(NotFound()) if "\0" in request.path else problem(400, NUL_TEXT)
        if isinstance(error, DBAPIError):
            # Its message may quote a row's values; state and statement say enough and hold none.
            log.error("request.failed", kind=type(error.orig).__name__, state=getattr(error.orig, "sqlstate", ""), statement=error.statement)
        else:
            log.error("request.failed", kind=type(error).__name__, exc_info=True)
        return problem(500)


def deny(actor: Any, status: int) -> None:
    """Record a denied read or act; the address is what was asked for, existing or not."""
    db = edge().database.session(actor.principals)
    try:
        edge().record_denial(db, actor, request.path, str(status))
        db.commit()
    finally:
        db.close()


def static_page(status: int) -> Response:
    """A page that depends on nothing: no database, no session, no macros."""
    if wants_json():
        answer = jsonify({"type": "about:blank", "title": TITLES[status], "status": status, "detail": TEXTS[status]})
        answer.content_type = "application/problem+json"
    else:
        # Not render_template: the context processor would ask the database.
        answer = make_response(current_app.jinja_env.get_template("errors/down.html").render())
    answer.status_code = status
    answer.headers["Retry-After"] = "30"
    return answer
