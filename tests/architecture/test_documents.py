"""Documents that tests hold: the clauses page, the README's commands, the roles page."""

import re
from pathlib import Path

from tests import clauses

ROOT = Path(__file__).resolve().parents[2]


def test_the_clauses_page_is_what_the_marks_say() -> None:
    assert clauses.PAGE.read_text("utf-8") == clauses.page(), "run python -m tests.clauses"


def test_readme_names_only_commands_that_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    for readme in ("README.md", "README.zh-CN.md"):
        named = set(re.findall(r"make ([a-z-]+)", (ROOT / readme).read_text("utf-8")))
        assert {"demo", "test", "bench"} <= named <= targets


def test_continuous_integration_calls_what_the_readme_tells() -> None:
    assert re.search(r"^make test$", (ROOT / ".ci" / "run").read_text("utf-8"), re.M)


def test_decisions_have_context_choice_and_cost() -> None:
    decisions = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    assert decisions
    for decision in decisions:
        text = decision.read_text("utf-8")
        for heading in ("## Context", "## Choice", "## Given up"):
            assert heading in text, decision.name
