"""`docs/clauses.md` from the `clause` marks of the tests: which clause of the source documents is held by which tests."""

import ast
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "clauses.md"
# Clauses of 证监办函〔2022〕840号 by number; a mark with any other word is kept as it stands.
TITLES = {
    "二": "聚焦服务对象", "五": "分层管理", "七": "信息披露原则：非必要不披露", "八": "企业数据库与存证", "十": "优化融资服务",
    "十三": "服务创新", "十五": "转板对接：绿色通道与 XBRL", "十七": "数据联通",
}  # fmt: skip


def marks(path: Path) -> list[tuple[str, str]]:
    """(clause, test) of one file: marks on functions, and `pytestmark` for the whole file."""
    tree = ast.parse(path.read_text("utf-8"))
    whole = [c for node in tree.body if isinstance(node, ast.Assign) and "pytestmark" in ast.unparse(node.targets[0])
             for c in _clauses(node.value)]  # fmt: skip
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            own = [c for decorator in node.decorator_list for c in _clauses(decorator)]
            found += [(clause, node.name) for clause in dict.fromkeys([*own, *whole])]
    return found


def _clauses(node: ast.AST) -> list[str]:
    return [
        str(call.args[0].value)
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("mark.clause") and isinstance(call.args[0], ast.Constant)
    ]


def page() -> str:
    """The page as it should stand."""
    by_clause: dict[str, list[str]] = defaultdict(list)
    for path in sorted(ROOT.glob("tests/**/test_*.py")):
        for clause, test in marks(path):
            by_clause[clause].append(f"`{path.relative_to(ROOT)}` {test.removeprefix('test_').replace('_', ' ')}")
    lines = ["# Clauses held by tests", "", "Generated from the tests' marks by `python -m tests.clauses`; a test compares it.", ""]
    for clause in sorted(by_clause, key=lambda c: (len(c), c)):
        lines += [f"## （{clause}）{TITLES.get(clause, '')}", "", *(f"- {line}" for line in by_clause[clause]), ""]
    return "\n".join(lines)


def main() -> int:
    PAGE.write_text(page(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
