"""Errors of the search library: each class is one thing a caller can do about it, and no text of an engine ever reaches a reader."""


class SearchError(Exception):
    """A search or an index change that did not happen.

    `str(error)` is a fixed sentence that may be shown or logged; `detail` is what the engine said and belongs in the
    server's log only, because engine messages name fields and filters.
    """

    sentence = "搜索暂时不可用"

    def __init__(self, detail: str = "") -> None:
        super().__init__(self.sentence)
        self.detail = detail


class EngineUnavailable(SearchError):
    """The engine cannot be reached, answers too late or with a fault of its own; trying again later may help."""


class EngineBusy(EngineUnavailable):
    """Another process holds the writer for longer than this one was willing to wait; the change can be tried again."""

    sentence = "索引正在更新，稍后重试"


class EngineRefused(SearchError):
    """The engine refused the key or the right to act; the operator has to mend the settings."""

    sentence = "搜索服务拒绝了访问密钥"


class TaskFailed(SearchError):
    """The engine accepted a change and later reported that it failed; `code` is the engine's own code."""

    sentence = "索引更新失败"

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail)
        self.code = code


class IndexUnusable(SearchError):
    """The index cannot answer as it stands; the caller rebuilds it."""

    sentence = "索引需要重建"


class IndexMissing(IndexUnusable):
    """There is no index yet."""


class IndexOutdated(IndexUnusable):
    """The index was written with another field table or another analysis."""


class IndexDamaged(IndexUnusable):
    """The files of the index cannot be read."""


class InvalidQuery(SearchError, ValueError):
    """The calling code asked for a field, sort or page that does not exist; free text never causes it."""

    sentence = "搜索条件无效"


class InvalidDocument(SearchError, ValueError):
    """A document that no engine may hold: its id or one of its values has the wrong form."""

    sentence = "文档不能编入索引"
