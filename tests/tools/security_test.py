#!/usr/bin/env python3
"""Every test that SECURITY.md names is there, and every row of its tables names one."""
import re
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
CPP_TEST = re.compile(r"\bTEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\s*\)")
NAMED_CPP = re.compile(r"`([A-Z]\w+\.\w+)`")
NAMED_E2E = re.compile(r"`([\w-]+\.test\.ts)` \*([^*]+)\*")


def cpp_tests():
    sources = (path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*_test.cpp"))
    return {f"{suite}.{name}" for text in sources for suite, name in CPP_TEST.findall(text)}


def tables(text):
    """The rows of each table, as lists of cells, by the table's header."""
    header = None
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else None
        if cells is None:
            header = None
        elif header is None:
            header = cells
        elif not set("".join(cells)) <= {"-"}:
            yield header, cells


class Security(unittest.TestCase):
    def test_the_tests_that_it_names_exist(self):
        named = set(NAMED_CPP.findall(DOCUMENT))
        self.assertGreater(len(named), 50)
        self.assertEqual(sorted(named - cpp_tests()), [])

    def test_the_end_to_end_tests_that_it_names_exist(self):
        named = NAMED_E2E.findall(DOCUMENT)
        self.assertGreater(len(named), 5)
        for file, title in named:
            text = (ROOT / "tests/e2e/tests" / file).read_text(encoding="utf-8")
            self.assertIn(title, re.sub(r"\\(.)", r"\1", text), file)

    def test_every_threat_and_every_row_of_the_top_ten_names_a_test(self):
        rows = [(header, cells) for header, cells in tables(DOCUMENT) if "shown by" in header]
        self.assertGreater(len(rows), 30)
        for header, cells in rows:
            shown = cells[header.index("shown by")]
            self.assertTrue(NAMED_CPP.search(shown) or NAMED_E2E.search(shown), cells[0])

    def test_the_top_ten_is_whole(self):
        self.assertEqual(re.findall(r"^\| (API\d+) ", DOCUMENT, re.MULTILINE), [f"API{n}" for n in range(1, 11)])


if __name__ == "__main__":
    unittest.main()
