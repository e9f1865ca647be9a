"""What a student is told, of what."""

import dataclasses
import importlib
import pkgutil
import unittest
from pathlib import Path

import wit_world.imports
from domain import MESSAGES, Alert, alert_of
from wit_world.imports.gift_events import GiftGiven

ROOT = Path(__file__).resolve().parents[3]


class DomainTest(unittest.TestCase):
    def test_an_alert_is_of_an_event_and_its_student(self):
        given = GiftGiven(id=3, class_id=4, student="john-doe", count=1, status="GIFT_GIVEN")
        alert = alert_of(5, given, "2026-11-21T00:00:00.000Z")
        message = "기프트가 지급되었습니다."
        told = Alert(5, "john-doe", "GiftGiven", message, "2026-11-21T00:00:00.000Z")
        self.assertEqual(alert, told)

    def test_every_event_of_the_world_that_has_a_student_is_told(self):
        records = set()
        for module in pkgutil.iter_modules(wit_world.imports.__path__):
            if module.name.endswith("_events"):
                found = importlib.import_module(f"wit_world.imports.{module.name}")
                records |= {kind for kind in vars(found).values() if dataclasses.is_dataclass(kind)}
        of_students = {
            kind for kind in records if any(f.name == "student" for f in dataclasses.fields(kind))
        }
        self.assertEqual(of_students, set(MESSAGES))

    def test_the_words_are_those_of_the_context_in_rust(self):
        policies = (ROOT / "components/lecture/alert/src/policies.rs").read_text()
        for kind, message in MESSAGES.items():
            self.assertIn(f'{kind.__name__}: "{message}"', policies)

    def test_all_numbers_of_the_contracts_are_what_the_reader_takes_them_for(self):
        for file in (ROOT / "wit/lecture").glob("*.wit"):
            for other in ("s8", "s16", "s32", "s64", "u8", "u16", "u32", "f32", "f64"):
                self.assertNotIn(f": {other},", file.read_text(), file.name)
