#!/usr/bin/env python3
"""What tools/bench is made of, as far as it needs no server."""
import json
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "benches"))

from harness import instructions, load, mixed  # noqa: E402: its folder is on the path only now


class Medians(unittest.TestCase):
    def test_each_figure_has_a_median_of_its_own(self):
        runs = [{"a": 1, "b": {"c": 30}}, {"a": 9, "b": {"c": 10}}, {"a": 2, "b": {"c": 20}}]
        self.assertEqual(load.median(runs), {"a": 2, "b": {"c": 20}})

    def test_a_figure_that_some_runs_lack_is_the_median_of_the_others(self):
        self.assertEqual(load.median([{"a": 1}, {"a": 3, "b": 5}]), {"a": 2, "b": 5})


class Mixed(unittest.TestCase):
    def test_every_operation_has_its_place_in_the_mixed_load(self):
        openapi = json.loads((ROOT / "tests" / "golden" / "openapi.json").read_text())
        self.assertEqual(mixed.unmeasured(openapi), [], "add a step to benches/harness/mixed.py")

    def test_an_operation_without_a_place_is_found(self):
        openapi = {"paths": {"/v1/new": {"get": {"operationId": "new_operation"}}, "/healthz": {"get": {"operationId": "get_health"}}}}
        self.assertEqual(mixed.unmeasured(openapi), ["new_operation"])


class Instructions(unittest.TestCase):
    def worse(self, was, now):
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(instructions, "KEPT", Path(folder) / "kept.json"):
            instructions.keep(was)
            return instructions.worse(now)

    def test_five_percent_more_pass(self):
        self.assertEqual(self.worse({"get": 1000, "claim": 2000}, {"get": 1050, "claim": 1500}), [])

    def test_more_is_told_with_both_figures(self):
        self.assertEqual(self.worse({"get": 1000}, {"get": 1051}), ["get: 1051 instructions, +5.1% against 1000; 5% more is the most"])

    def test_a_kept_figure_that_is_not_measured_any_more_is_an_error(self):
        with self.assertRaises(KeyError):
            self.worse({"gone": 1000}, {})

    def test_the_figures_of_this_tree_are_kept(self):
        self.assertEqual(set(instructions.kept()), {"get_session", "claim_and_release", "append_event"})


if __name__ == "__main__":
    unittest.main()
