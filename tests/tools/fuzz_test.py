"""tools/fuzz in a tree of its own, with a stand-in for a fuzz target that notes its arguments."""
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

FUZZ = Path(__file__).resolve().parents[2] / "tools" / "fuzz"

# Like libFuzzer: finds a crash when a file `bad` lies beside it; with -merge=1 writes what is new into the first folder.
TARGET = """#!/bin/bash
echo "$@" >>"$(dirname "$0")/calls"
echo "INFO: Seed: 42" >&2
folders=()
for argument; do
  case $argument in
    -artifact_prefix=*) prefix=${argument#*=} ;;
    -merge=1) merge=1 ;;
    -*) ;;
    *) folders+=("$argument") ;;
  esac
done
if [[ -n ${merge:-} ]]; then cp "${folders[1]}"/* "${folders[0]}"; exit 0; fi
if [[ -e $(dirname "$0")/bad ]]; then echo "does not hold: a property" >&2; touch "${prefix}crash-1"; exit 77; fi
touch "${folders[0]}/new"
echo "stat::number_of_executed_units: 7" >&2
"""


class FuzzTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.build = self.root / "build"
        (self.root / "tools").mkdir()
        self.build.mkdir()
        shutil.copy(FUZZ, self.root / "tools" / "fuzz")
        for name in ("json", "tuple"):
            self.corpus(name).mkdir(parents=True)
            (self.corpus(name) / "seed").touch()
            (self.root / "tests" / "fuzz" / f"{name}_fuzz.cpp").touch()
            target = self.build / f"fuzz_{name}"
            target.write_text(TARGET)
            target.chmod(0o755)

    def corpus(self, name):
        return self.root / "tests" / "fuzz" / "corpus" / name

    def fuzz(self, *arguments):
        return subprocess.run([self.root / "tools" / "fuzz", *arguments], capture_output=True, text=True, check=False)

    def calls(self):
        return (self.build / "calls").read_text().splitlines()

    def test_a_check_runs_one_target_and_leaves_the_corpus_alone(self):
        (self.root / "tests" / "fuzz" / "json.dict").touch()
        done = self.fuzz("check", self.build, "json", "--runs", "9")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"^fuzz: json: 7 runs in \d+ s, seed 42\n$")
        [call] = self.calls()
        self.assertIn(" -runs=9 ", call)
        self.assertIn(f"-dict={self.root}/tests/fuzz/json.dict", call)
        self.assertTrue(call.endswith(str(self.corpus("json"))), call)
        self.assertEqual([path.name for path in self.corpus("json").iterdir()], ["seed"])

    def test_what_is_found_fails_and_is_told_with_the_command_that_repeats_it(self):
        (self.build / "bad").touch()
        for command in ("check", "run"):
            done = self.fuzz(command, self.build, "tuple")
            self.assertEqual(done.returncode, 1)
            self.assertIn("does not hold: a property", done.stdout)
            found = self.build / "fuzzing" / "found" / "tuple-crash-1"
            self.assertIn(f"run it again with: {self.build}/fuzz_tuple {found}\n", done.stdout)
            found.unlink()

    def test_a_run_shares_its_time_among_all_targets_and_collects_what_is_new(self):
        done = self.fuzz("run", self.build, "--time", "60", "--jobs", "1")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(len(self.calls()), 2)
        for call in self.calls():
            self.assertIn(" -max_total_time=30 ", call)
        self.assertTrue((self.build / "fuzzing" / "corpus" / "tuple" / "new").exists())

    def test_keep_adds_what_was_collected(self):
        self.fuzz("run", self.build, "json")
        done = self.fuzz("keep", self.build, "json")
        self.assertEqual(done.stdout, "fuzz: json: 1 inputs added to tests/fuzz/corpus/json\n", done.stderr)
        self.assertTrue((self.corpus("json") / "new").exists())

    def test_an_unknown_target_is_named(self):
        done = self.fuzz("run", self.build, "jsn")
        self.assertEqual(done.returncode, 2)
        self.assertIn("unknown target jsn; there are json, tuple", done.stderr)

    def test_a_check_without_a_target_is_refused(self):
        self.assertIn("check runs one target", self.fuzz("check", self.build).stderr)


if __name__ == "__main__":
    unittest.main()
