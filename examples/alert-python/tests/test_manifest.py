"""The manifest is the repository's, but for one component."""

import tomllib
import unittest
from pathlib import Path

from manifest import OWN, swapped

ROOT = Path(__file__).resolve().parents[3]


class ManifestTest(unittest.TestCase):
    def test_all_else_is_as_in_the_repository(self):
        text = (ROOT / "spin.toml").read_text()
        whole, other = tomllib.loads(text), tomllib.loads(swapped(text))
        alert, swapped_in = (one["component"].pop("lecture-alert") for one in (whole, other))
        for component in whole["component"].values():
            component["source"] = "../../" + component["source"]
            component["build"]["watch"] = ["../../" + path for path in component["build"]["watch"]]
        self.assertEqual(other, whole)
        self.assertEqual(swapped_in["source"], "alert.wasm")
        self.assertIn("examples/alert-python/build.py", swapped_in["build"]["command"])
        for component in (alert, swapped_in):
            del component["source"], component["build"]
        self.assertEqual(swapped_in, alert)

    def test_a_component_that_is_not_there_is_told(self):
        with self.assertRaises(ValueError) as refused:
            swapped('[component.other]\nsource = "other.wasm"\n')
        self.assertEqual(len(OWN), str(refused.exception).count("component.lecture-alert"))
