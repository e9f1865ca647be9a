"""Answers to clients and operators, without a host: bad input, paging's links, limits, grants."""

import contextlib
import io
import json
import unittest
import unittest.mock

from madang import rest
from madang.http import Request
from policies import ALERTS, POLICIES
from support import CONTEXT, SYSTEM, Host, Redis, approved

_WRONG = ["Bearer other", "token", "Basic token", "Bearer", "Bearer  token"]
ALERT = rest.Context(SYSTEM, CONTEXT, "0.1.0", ALERTS, POLICIES)


class RestTest(unittest.TestCase):
    """With a Redis that has three alerts."""

    @classmethod
    def setUpClass(cls):
        cls.redis = Redis()
        for number, student in enumerate(["b", "a", "c"], 1):
            cls.redis.run("SET", "{lecture}:log:head", number)
            words = ["t", "PaymentApproved", "e", json.dumps(approved(number, student))]
            cls.redis.run("XADD", "{lecture}:log", f"{number}-0", *words)
        with contextlib.redirect_stdout(io.StringIO()):
            rest.serve(ALERT, Host(cls.redis), Request("GET", "/lecture/-/alert/health/ready"))

    @classmethod
    def tearDownClass(cls):
        cls.redis.close()

    def ask(self, target, method="GET", host=None, **headers):
        """Status, headers and JSON of an answer."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent.setdefault("host", "h:3000")
        with contextlib.redirect_stderr(io.StringIO()):
            answer = rest.serve(ALERT, host or Host(self.redis), Request(method, target, sent))
        body = json.loads(answer.body) if answer.body else None
        return answer.status, dict(answer.headers), body

    def students(self, query):
        """Who is on a page."""
        _, _, body = self.ask(f"/lecture/alerts?{query}")
        return [alert["student"] for alert in body["_embedded"]["alerts"]]

    def test_a_collection_is_paged_and_sorted_by_any_field(self):
        self.assertEqual(self.students(""), ["b", "a", "c"])
        self.assertEqual(self.students("sort=id,desc"), ["c", "a", "b"])
        self.assertEqual(self.students("sort=student"), ["a", "b", "c"])
        self.assertEqual(self.students("sort=student,DESC&page=1&size=2"), ["a"])
        _, _, body = self.ask("/lecture/alerts?sort=student&page=1&size=1")
        here = "http://h:3000/lecture/alerts?sort=student&page="
        links = {name: link["href"].removeprefix(here) for name, link in body["_links"].items()}
        profile = "http://h:3000/lecture/-/alert/profile/alerts"
        self.assertEqual(links, {"first": "0&size=1", "prev": "0&size=1", "self": "1&size=1",
                                 "next": "2&size=1", "last": "2&size=1", "profile": profile})
        page = {"size": 1, "totalElements": 3, "totalPages": 3, "number": 1}
        self.assertEqual(body["page"], page)

    def test_an_item_has_its_links_and_its_etag(self):
        status, headers, body = self.ask("/lecture/alerts/2", x_forwarded_proto="https")
        self.assertEqual((status, headers["etag"]), (200, '"1"'))
        link = {"href": "https://h:3000/lecture/alerts/2"}
        self.assertEqual(body["_links"], {"self": link, "alert": link})
        self.assertEqual(self.ask("/lecture/alerts/2", if_none_match='"0", W/"1"')[0], 304)
        self.assertEqual(self.ask("/lecture/alerts/2", if_none_match='"2"')[0], 200)
        status, headers, body = self.ask("/lecture/alerts/2", method="HEAD")
        self.assertEqual((status, body), (200, None))

    def test_what_cannot_be_is_refused_by_name(self):
        for target, property in [("?page=-1", "page"), ("?page=1_0", "page"), ("?size=0", "size"),
                                 ("?size=1001", "size"), ("?sort=colour", "sort"), ("/0", "id"),
                                 ("?sort=time,up", "sort"), ("/one", "id"), ("/%31", "id")]:
            status, headers, body = self.ask(f"/lecture/alerts{target}")
            self.assertEqual((status, body["errors"][0]["property"]), (400, property), target)
            self.assertEqual(headers["content-type"], "application/problem+json")
            self.assertEqual(body["errors"][0]["entity"], "Alert")

    def test_what_is_not_there_is_404_and_what_is_not_possible_405(self):
        for target in ["/lecture/alerts/9", "/lecture/alerts/search", "/lecture/alerts/1/2", "/lecture",
                       "/lecture/-/alert/profile/others", "/lecture/others"]:
            self.assertEqual(self.ask(target)[0], 404, target)
        for method in ["POST", "PUT", "PATCH", "DELETE"]:
            status, headers, _ = self.ask("/lecture/alerts/1", method)
            self.assertEqual((status, headers["allow"]), (405, "GET, HEAD, OPTIONS"))
        status, headers, _ = self.ask("/lecture/alerts", "OPTIONS")
        self.assertEqual((status, headers["allow"]), (204, "GET, HEAD, OPTIONS"))

    def test_what_an_operator_does_asks_for_the_token(self):
        for path, method in [("dead-letters", "GET"), ("dead-letters/1", "DELETE"),
                             ("dead-messages", "GET"), ("dead-letters/1/replay", "POST")]:
            target = f"/lecture/-/alert/{path}"
            for headers in [{}, *({"authorization": sent} for sent in _WRONG)]:
                status, answered, _ = self.ask(target, method, **headers)
                self.assertEqual((status, answered["www-authenticate"]), (401, "Bearer"), path)
            expected = 200 if method == "GET" else 404
            self.assertEqual(self.ask(target, method, authorization="Bearer token")[0], expected, path)
        no_token = Host(self.redis, service_token="")
        self.assertEqual(self.ask("/lecture/-/alert/dead-letters", host=no_token)[0], 500)
        self.assertEqual(self.ask("/lecture/-/alert/dead-letters/1")[0], 405)

    def test_without_redis_it_is_down_and_says_when_to_come_back(self):
        class Away(Host):
            def redis(self, command, words):
                raise OSError("no connection")

        for target in ["/lecture/alerts", "/lecture/alerts/1", "/lecture/-/alert/health/ready",
                       "/lecture/-/alert/info"]:
            status, headers, _ = self.ask(target, host=Away())
            self.assertEqual((status, headers["retry-after"]), (503, "1"), target)
        self.assertEqual(self.ask("/lecture/-/alert/health/live", host=Away())[0], 200)

    def test_a_grant_that_is_missing_is_a_fault_that_keeps_its_reason_to_itself(self):
        class Refused(Host):
            def redis(self, command, words):
                raise OSError("NOPERM secret")

        status, _, body = self.ask("/lecture/alerts", host=Refused())
        self.assertEqual(status, 500)
        self.assertNotIn("secret", json.dumps(body))

    def test_requests_are_limited_where_it_is_asked_for(self):
        host = Host(self.redis, rate_limit="2", rate_limit_window_s="60")
        client = {"spin_client_addr": "10.0.0.7:1"}
        answers = [self.ask("/lecture/alerts", host=host, **client) for _ in range(3)]
        self.assertEqual([status for status, _, _ in answers], [200, 200, 429])
        self.assertEqual(answers[1][1]["ratelimit"], '"alerts";r=0;t=60')
        self.assertEqual(answers[2][1]["retry-after"], "60")
        other = {"spin_client_addr": "[2001:db8::1]:1", "x_forwarded_for": "10.0.0.7"}
        self.assertEqual(self.ask("/lecture/alerts", host=host, **other)[0], 200)
        host.variables["trusted_proxies"] = "1"
        self.assertEqual(self.ask("/lecture/alerts", host=host, **other)[0], 429)
        self.assertEqual(self.ask("/lecture/-/alert/info", host=host, **client)[0], 200)

    def test_counts_of_clients_make_room_for_others(self):
        host = Host(self.redis, rate_limit="2")
        with unittest.mock.patch("madang.edge._KEPT", 2):
            for client in range(9):
                self.ask("/lecture/alerts", host=host, spin_client_addr=f"10.0.0.{client}:1")
        # The last two counts, two slots, and the number of slots.
        self.assertEqual(len(host.numbers), 5, host.numbers)

    def test_a_deadline_that_has_passed_is_504_and_one_that_is_none_400(self):
        for sent, expected in [("2026-11-21T00:00:00.001Z", 200), ("2026-11-21T00:00:00.000Z", 504),
                               ("2026-11-21T00:00:01Z", 200), ("2026-13-21T00:00:00Z", 400),
                               ("soon", 400), ("2026-11-21T09:00:00+09:00", 400)]:
            status, _, _ = self.ask("/lecture/alerts", x_request_deadline=sent)
            self.assertEqual(status, expected, sent)

    def test_pages_of_other_origins_may_read_where_they_are_listed(self):
        _, headers, _ = self.ask("/lecture/alerts", origin="http://a")
        self.assertEqual(headers["access-control-allow-origin"], "*")
        host = Host(self.redis, cors_origins="http://b, http://a")
        asked = {"origin": "http://a", "access_control_request_method": "GET"}
        _, headers, _ = self.ask("/lecture/alerts", "OPTIONS", host, **asked)
        self.assertEqual(headers["access-control-allow-origin"], "http://a")
        self.assertEqual(headers["access-control-allow-methods"], "GET, HEAD, OPTIONS")
        _, headers, _ = self.ask("/lecture/alerts", host=host, origin="http://c")
        self.assertNotIn("access-control-allow-origin", headers)
        self.assertEqual(headers["vary"], "origin")

    def test_a_saga_and_its_trace_are_handed_on(self):
        _, headers, _ = self.ask("/lecture/alerts", x_correlation_id="saga-7")
        self.assertEqual(headers["x-correlation-id"], "saga-7")
        _, headers, _ = self.ask("/lecture/alerts", x_correlation_id="two words")
        self.assertRegex(headers["x-correlation-id"], "^[0-9a-f]{32}$")
