"""What tools/lint decides by itself: which warnings of doxygen count, and when a file must be analysed again."""
import importlib.util
import tempfile
import unittest
from importlib.machinery import SourceFileLoader
from pathlib import Path

LINT = Path(__file__).resolve().parents[2] / "tools" / "lint"
loader = SourceFileLoader("lint", str(LINT))
lint = importlib.util.module_from_spec(importlib.util.spec_from_loader("lint", loader))
loader.exec_module(lint)

HEADER = """#pragma once
class Door {
 public:
  void open();

  /// Shuts it.
  void shut();
  void lock();

  void lock(int key);

  /// Rings.
  template <class T>
  void ring(T bell);

  void ring();
};
"""


class DocsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        (self.root / "src/api").mkdir(parents=True)
        (self.root / "src/api/a.hpp").write_text(HEADER)

    def counts(self, line, text):
        return lint.needs_comment(f"{self.root}/src/api/a.hpp:{line}: warning: {text} is not documented.", self.root)

    def test_a_bare_declaration_counts(self):
        self.assertTrue(self.counts(2, "Compound codi::Door"))
        self.assertTrue(self.counts(4, "Member open() (function) of class codi::Door"))
        self.assertTrue(self.counts(10, "Member lock(int key) (function) of class codi::Door"))
        self.assertTrue(self.counts(2, "Member Kind (enumeration) of namespace codi"))

    def test_a_comment_holds_to_the_next_empty_line(self):
        self.assertFalse(self.counts(8, "Member lock() (function) of class codi::Door"))

    def test_a_comment_holds_for_overloads(self):
        self.assertFalse(self.counts(16, "Member ring() (function) of class codi::Door"))

    def test_what_its_name_tells_needs_none(self):
        self.assertFalse(self.counts(4, "Member Door(int a) (function) of class codi::Door"))
        self.assertFalse(self.counts(4, "Member ~Door() (function) of class codi::Door"))
        self.assertFalse(self.counts(4, "Member operator==(Door const &) const (function) of class codi::Door"))
        self.assertFalse(self.counts(4, "Member open() override (function) of class codi::Door"))
        self.assertFalse(self.counts(4, "Member width() const =0 (function) of class codi::Door"))
        self.assertFalse(self.counts(4, "Member width_mm (variable) of struct codi::Door"))
        self.assertFalse(self.counts(4, "Compound codi::DoorTag"))
        self.assertFalse(self.counts(4, "Compound codi::Fields< codi::Door >"))

    def test_every_other_warning_counts(self):
        self.assertTrue(lint.needs_comment("src/api/a.hpp:1: error: something else"))


class FingerprintTest(unittest.TestCase):
    def test_it_changes_with_all_that_the_result_depends_on(self):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            (root / "src/base").mkdir(parents=True)
            lint.ROOT = root
            deep, near, file, other = (root / "src/base" / name for name in ["deep.hpp", "near.hpp", "a.cpp", "other.hpp"])
            deep.write_text("int a;\n")
            near.write_text('#include "base/deep.hpp"\n')
            other.write_text("int b;\n")
            file.write_text('#include "base/near.hpp"\n#include <vector>\n')

            first = lint.fingerprint(file, "clang -c", b"rules")
            self.assertEqual(first, lint.fingerprint(file, "clang -c", b"rules"))
            self.assertNotEqual(first, lint.fingerprint(file, "clang -O2 -c", b"rules"))
            self.assertNotEqual(first, lint.fingerprint(file, "clang -c", b"other rules"))
            other.write_text("int c;\n")
            self.assertEqual(first, lint.fingerprint(file, "clang -c", b"rules"))
            deep.write_text("int d;\n")
            self.assertNotEqual(first, lint.fingerprint(file, "clang -c", b"rules"))

    def test_a_folder_may_have_rules_of_its_own(self):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            (root / "src/base").mkdir(parents=True)
            (root / "src/edge").mkdir()
            lint.ROOT = root
            (root / ".clang-tidy").write_text("all")
            (root / "src/edge/.clang-tidy").write_text("edge ")
            self.assertEqual(lint.rules_of(root / "src/base/a.cpp"), b"all")
            self.assertEqual(lint.rules_of(root / "src/edge/a.cpp"), b"edge all")


if __name__ == "__main__":
    unittest.main()
