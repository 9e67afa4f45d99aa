"""Every pitfall of the matrix, P01 to P115, is asked by some test that names it in its id, its name or docstring."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
ALL = range(1, 116)
#: What no test asks, and why.
NOT_HERE = {
    26: "The engine asks recursive resolvers; it never asks two authoritative servers of a zone to compare them.",
}
#: What is not about DNS, and so is asked where the code for it is.
ELSEWHERE = {78: "who a message says it is from", 90: "the dialogue with a mail server"}
#: Two or three digits, on their own.
NUMBER = re.compile(r"(?<![a-z0-9])p(\d{2,3})(?![0-9])", re.IGNORECASE)
_IDENT = re.compile(r"p\d{2,3}(?![0-9])[a-z0-9 _.-]*", re.IGNORECASE)


def numbers_in(source: str) -> Iterator[int]:
    """The pitfalls that a test file names."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module):
            name = "" if isinstance(node, ast.Module) else node.name
            yield from found(f"{name.replace('_', ' ')} {ast.get_docstring(node) or ''}")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _IDENT.fullmatch(node.value):
            yield from found(node.value.replace("_", " "))


def found(text: str) -> Iterator[int]:
    yield from (int(number) for number in NUMBER.findall(text))


def named_below(folder: Path) -> set[int]:
    """The pitfalls named in the tests below ``folder``, this file left out."""
    paths = [path for path in folder.rglob("test_*.py") if path != Path(__file__)]
    return {number for path in paths for number in numbers_in(path.read_text(encoding="utf-8"))}


def test_every_pitfall_is_named_by_a_test() -> None:
    assert set(ALL) - named_below(HERE.parent) - set(NOT_HERE) == set()


def test_every_pitfall_of_dns_is_a_scenario_of_the_whole_engine() -> None:
    asked = {number for path in HERE.glob("test_*.py") if path != Path(__file__) for number in scenarios_in(path)}
    assert set(range(1, 109)) - asked - set(NOT_HERE) - set(ELSEWHERE) == set()


def scenarios_in(path: Path) -> Iterator[int]:
    """As :func:`numbers_in`, but a module's docstring, which names what is meant to be there, counts for nothing."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    yield from numbers_in(ast.unparse(ast.Module(tree.body[1:], [])))


def test_nothing_is_left_out_that_is_there() -> None:
    assert not set(NOT_HERE) & named_below(HERE)


def test_a_number_is_found_where_tests_name_it() -> None:
    source = '"""P01 to P09."""\ndef test_p31_x():\n    """p32-y"""\n    z = ["p33-a-P34", "type p35", "p1", "p1234"]\n'
    assert set(numbers_in(source)) == {1, 9, 31, 32, 33, 34}
