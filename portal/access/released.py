"""Released values: the only numbers that may depend on rows the reader cannot see (DESIGN rule 2).

Everything else an answer holds must equal what it would be had those rows been deleted; `tests/surfaces` gives its reference
these values and nothing more.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Released:
    """One released value: its name, who may see it, why, and the coarsest form that still serves."""

    name: str
    readers: str
    reason: str
    form: str


RELEASED = (
    Released("roadshow.seats", "报名路演的人", "决定是否报名需要知道有没有余位", "有余位 / 已满"),
    Released("disclosure.reach", "企业自己", "披露前要确切知道谁会读到（七）", "能读到的机构名单与人数"),
    Released("evidence.size", "所有人", "检查点本身公开日志大小，外人据此核验", "最近一次检查点的条数"),
)


def released(name: str) -> Released:
    """The entry called `name`; KeyError when it is not released, which is then a fault of the caller."""
    return {entry.name: entry for entry in RELEASED}[name]
