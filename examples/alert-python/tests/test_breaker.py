"""The breaker of the webhook: open after failures, half-open after a pause, closed again."""

import contextlib
import io
import unittest

from madang.breaker import Breaker
from support import Host, env


class BreakerTest(unittest.TestCase):
    def setUp(self):
        self.host = Host()
        self.breaker = Breaker(env(self.host), "webhook")
        self.enterContext(contextlib.redirect_stderr(io.StringIO()))

    def call(self, is_good):
        """Makes a call that ends so. Answers whether it was let through."""
        with_pass = self.breaker.admit()
        if with_pass is None:
            return False
        self.breaker.report(with_pass, is_good)
        return True

    def fail(self, times):
        """So many calls that fail, of which all are let through."""
        self.assertTrue(all(self.call(False) for _ in range(times)))

    def test_it_opens_when_half_of_ten_calls_failed(self):
        for is_good in [True, False] * 4:
            self.call(is_good)
        self.fail(2)
        self.assertFalse(self.call(True))
        self.host.time += 4999
        self.assertFalse(self.call(True))

    def test_what_is_past_the_window_is_over(self):
        self.fail(9)
        self.host.time += 10_000
        self.fail(9)
        self.assertTrue(self.call(True))

    def test_three_probes_close_it_and_nothing_before_counts(self):
        self.fail(10)
        self.host.time += 5000
        passes = [self.breaker.admit() for _ in range(4)]
        self.assertIsNone(passes[3])
        for with_pass in passes[:3]:
            self.breaker.report(with_pass, True)
        self.host.time += 1000
        self.fail(9)
        self.assertTrue(self.call(True))

    def test_a_probe_that_fails_opens_it_again(self):
        self.fail(10)
        self.host.time += 5000
        self.fail(1)
        self.assertFalse(self.call(True))
        self.host.time += 5000
        self.assertTrue(self.call(True))

    def test_probes_that_are_lost_are_made_up_for(self):
        self.fail(10)
        self.host.time += 5000
        for _ in range(3):
            self.breaker.admit()
        self.host.time += 10_000
        self.assertFalse(self.call(True))
        self.assertTrue(self.call(True))

    def test_it_leaves_no_numbers_behind(self):
        for _ in range(100):
            self.call(True)
            self.host.time += 700
        self.assertLess(len(self.host.numbers), 15, self.host.numbers)

    def test_without_its_store_calls_go_through(self):
        def fails(*_):
            raise OSError("no store")

        self.host.counted = self.host.count = fails
        self.assertTrue(all(self.call(False) for _ in range(20)))
