"""Files and functions of a size one can read in one sitting. Who needs more is listed, with the reason."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(
    str(path.relative_to(ROOT))
    for room in ("portal", "tickets", "diagnostics")
    for path in (ROOT / room).rglob("*.py")
    if "migrations" not in path.parts
)
MOST_LINES, MOST_OF_A_FUNCTION = 400, 60
LONGER = {
    "diagnostics/engine/protocols/spf/evaluate.py": 600,
}


@pytest.mark.parametrize("name", MODULES)
def test_a_module_can_be_read_whole(name: str) -> None:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    assert len(lines) <= LONGER.get(name, MOST_LINES)


@pytest.mark.parametrize("name", MODULES)
def test_a_function_does_one_thing(name: str) -> None:
    tree = ast.parse((ROOT / name).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < MOST_OF_A_FUNCTION, f"{name}: {node.name}"


def test_what_is_listed_still_needs_it() -> None:
    for name in LONGER:
        assert len((ROOT / name).read_text(encoding="utf-8").splitlines()) > MOST_LINES, name
