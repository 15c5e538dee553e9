"""tools/coverage on a small instrumented program: it counts child processes and unlinked library members, and fails below its bound."""
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

COVERAGE = Path(__file__).resolve().parents[2] / "tools" / "coverage"
INSTRUMENTED = ["clang++-19", "-std=c++20", "-fprofile-instr-generate", "-fcoverage-mapping"]

REACHED = "int reached(int a) {\n" + "  a += 1;\n" * 60 + "  return a;\n}\n"
# Half of it runs in a child process that main starts.
PROGRAM = """#include <cstdlib>
#include <string>
int reached(int);
int main(int argc, char** argv) {
  if (argc > 1) {
    return reached(1) == 61 ? 0 : 1;
  }
  return std::system((std::string(argv[0]) + " child").c_str()) == 0 ? 0 : 1;
}
"""
UNUSED = "int unused(int a) {\n" + "  a += 1;\n" * 60 + "  return a;\n}\n"


class CoverageTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.build = self.root / "build"
        (self.root / "src").mkdir()
        self.build.mkdir()

    def compile(self, name, text):
        source = self.root / "src" / f"{name}.cpp"
        source.write_text(text)
        made = self.build / f"{name}.o"
        subprocess.run([*INSTRUMENTED, "-c", source, "-o", made], check=True)
        return made

    def measure(self, test_command=None):
        program = self.build / "program"
        subprocess.run([*INSTRUMENTED, self.compile("main", PROGRAM), self.compile("reached", REACHED), "-o", program], check=True)
        (self.build / "CTestTestfile.cmake").write_text(f'add_test(program "{test_command or program}")\n')
        command = [COVERAGE, self.build, "--source", self.root / "src"]
        # This test may itself run under coverage.
        environment = {key: value for key, value in os.environ.items() if key != "LLVM_PROFILE_FILE"}
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=self.root, env=environment)

    def test_what_a_child_process_reaches_counts(self):
        done = self.measure()
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("coverage: 100.00 % of", done.stdout)
        self.assertTrue((self.build / "html" / "index.html").exists())

    def test_a_library_member_that_nothing_links_counts_as_missed(self):
        objects = self.build / "CMakeFiles" / "codi_api.dir" / "src" / "api"
        objects.mkdir(parents=True)
        self.compile("unused", UNUSED).rename(objects / "unused.cpp.o")
        done = self.measure()
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"0\.0% +63  src/unused\.cpp")

    def test_a_failing_test_fails_the_measurement(self):
        failing = self.build / "fails.sh"
        failing.write_text(f"#!/bin/sh\n{self.build}/program\nexit 1\n")
        failing.chmod(0o755)
        done = self.measure(failing)
        self.assertEqual(done.returncode, 1)
        self.assertIn("coverage: tests failed", done.stderr)

    def test_no_profiles_is_an_error(self):
        done = self.measure("/bin/true")
        self.assertEqual(done.returncode, 1)
        self.assertIn("left no profiles", done.stderr)


if __name__ == "__main__":
    unittest.main()
