"""tools/tidy on small trees: each rule is broken once and must be reported, where it is broken; a tree that keeps all is silent."""
import subprocess
import tempfile
import unittest
from pathlib import Path

TIDY = Path(__file__).resolve().parents[2] / "tools" / "tidy"


def run_tidy(files):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        done = subprocess.run([TIDY, folder], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.splitlines()


class TidyTest(unittest.TestCase):
    def assert_reported(self, path, text, expected):
        """`expected` is every (line, rule) that the file must be reported with."""
        status, lines = run_tidy({path: text})
        found = [tuple(line.split(": ")[:2]) for line in lines]
        self.assertEqual(found, [(f"{path}:{number}", rule) for number, rule in expected])
        self.assertEqual(status, 1 if expected else 0)

    def test_a_tree_that_keeps_the_rules_is_silent(self):
        status, lines = run_tidy(
            {
                "src/base/a.hpp": "// Why.\n#pragma once\n#include <string>\n",
                "src/db/a.cpp": '#include "db/b.hpp"\n#include "base/a.hpp"\n',
                "src/db/rocks/a.cpp": "#include <rocksdb/db.h>\n",
                "src/gateway/a.cpp": '#include <boost/beast.hpp>\n#include "api/a.hpp"\n',
                "src/cli/a.cpp": '#include "api/a.hpp"\n',
                "src/bin/a.cpp": '#include "cli/a.hpp"\n#include "gateway/a.hpp"\n',
                "tests/golden/a.json": "\t{} ",
                "tests/fuzz/corpus/json/a": "\t{} ",
                "Makefile": "a:\n\ttrue\n",
            }
        )
        self.assertEqual((status, lines), (0, []))

    def test_includes_point_downwards(self):
        order = ["base", "reflect", "models", "coordination", "roles", "db", "auth", "api", "middleware", "gateway"]
        files = {f"src/{a}/{b}.cpp": f'#include "{b}/a.hpp"\n' for a in order for b in order}
        upwards = {f"src/{a}/{b}.cpp" for i, a in enumerate(order) for b in order[i + 1 :]}
        _, lines = run_tidy(files)
        self.assertEqual({line.split(":")[0] for line in lines}, upwards)

    def test_the_client_stays_off_the_server(self):
        for folder in ["middleware", "gateway"]:
            self.assert_reported("src/cli/a.cpp", f'#include "{folder}/a.hpp"\n', [(1, "layering")])
            self.assert_reported(f"src/{folder}/a.cpp", '#include "cli/a.hpp"\n', [(1, "layering")])

    def test_an_include_is_named_from_src(self):
        self.assert_reported("src/db/a.cpp", '#include "b.hpp"\n#include "../base/a.hpp"\n', [(1, "layering"), (2, "layering")])

    def test_an_unknown_folder_is_reported(self):
        self.assert_reported("src/helpers/a.cpp", '#include "base/a.hpp"\n', [(1, "layering")])

    def test_libraries_stay_in_their_folder(self):
        self.assert_reported("src/api/a.cpp", "#include <boost/beast/http.hpp>\n", [(1, "confined")])
        self.assert_reported("src/db/a.cpp", "#include <rocksdb/db.h>\n", [(1, "confined")])

    def test_a_file_has_at_most_400_lines(self):
        self.assert_reported("src/api/a.cpp", "\n" * 400, [])
        self.assert_reported("src/api/a.cpp", "\n" * 401, [(401, "length")])
        self.assert_reported("tests/unit/a.cpp", "\n" * 401, [])

    def test_nothing_unfinished(self):
        for word in ["TO" "DO", "FIX" "ME", "XX" "X"]:
            self.assert_reported("src/api/a.cpp", f"// {word}: later\n", [(1, "unfinished")])
        self.assert_reported("src/api/a.cpp", "int XXXL;\n", [])

    def test_whitespace(self):
        self.assert_reported("src/api/a.cpp", "int a; \n", [(1, "whitespace")])
        self.assert_reported("tools/a.sh", "\ttrue\n", [(1, "whitespace")])
        self.assert_reported("docs/a.md", "no newline", [(1, "whitespace")])

    def test_a_header_starts_with_pragma_once(self):
        self.assert_reported("src/api/a.hpp", "\n#include <string>\n", [(2, "pragma-once")])
        self.assert_reported("tests/support/a.hpp", "int a();\n", [(1, "pragma-once")])

    def test_std_is_not_opened(self):
        self.assert_reported("src/api/a.cpp", "using namespace std;\n", [(1, "using-std")])
        self.assert_reported("src/api/a.cpp", "using namespace std::chrono_literals;\n", [])

    def test_nothing_is_owned_by_hand(self):
        self.assert_reported("src/api/a.cpp", "auto* a = new int;\ndelete a;\ndelete[] b;\n", [(1, "naked-new"), (2, "naked-delete"), (3, "naked-delete")])
        self.assert_reported("src/api/a.cpp", "A(A const&) = delete;\nvoid operator delete(void*);\nint newest;\n", [])

    def test_words_in_comments_and_literals_are_no_code(self):
        text = "// a new day\n/* delete\n   new */\nauto a = \"new\";\nauto b = R\"(x\"\nnew)\";\nauto c = 10'000 + 'n';  // delete\n"
        self.assert_reported("src/api/a.cpp", text, [])

    def test_code_after_a_literal_is_code(self):
        self.assert_reported("src/api/a.cpp", 'auto a = "\\"" + *new int;\nauto b = 1\'0 + *new int;\n', [(1, "naked-new"), (2, "naked-new")])

    def test_no_path_of_a_machine(self):
        self.assert_reported("docs/a.md", "see " "/root" "/x\n", [(1, "developer-path")])
        self.assert_reported("src/api/a.cpp", '// "/home' '/ada/x"\n', [(1, "developer-path")])
        self.assert_reported("tests/unit/a.cpp", '// "/home' '/ada/x", src/work/x\n', [])


if __name__ == "__main__":
    unittest.main()
