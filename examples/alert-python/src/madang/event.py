"""Events: CloudEvents 1.0 in JSON, as they stand in the log, and the WIT records within."""

import dataclasses
import json
import math
import re
import typing

from .env import Cause
from .errors import Fault, Rejected

_TRACE = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_MOST = 2**64 - 1
# How deep JSON may be nested.
_DEPTH = 127
_STRINGS_AND_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
# What a field of a record can be, in words.
_KINDS = {str: "text", int: "a number", bool: "true or false"}
# What an envelope has beside its data.
_ATTRIBUTES = """
    id source specversion type subject time datacontenttype traceparent correlationid causationid
""".split()


def dumps(value):
    """JSON as the platform writes it: no spaces, text as it is."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def parse(text):
    """JSON as the platform reads it. Python's own reader takes more, some of which could not be written
    again, and nesting that it might not come back from. Raises `ValueError`."""
    if text.count("[") + text.count("{") > _DEPTH:
        _check_depth(text)
    value = json.loads(text, parse_constant=_finite, parse_float=_finite)
    if "\\u" in text:
        # Half of a surrogate pair is no text.
        dumps(value).encode()
    return value


def camel(snake):
    """A name of WIT's in Python (`class_id`) as it stands on the wire (`classId`)."""
    first, *rest = snake.split("_")
    return first + "".join(part.capitalize() for part in rest)


def to_wire(record):
    """A WIT record as it stands on the wire."""
    return {camel(f.name): getattr(record, f.name) for f in dataclasses.fields(record)}


def from_wire(record_type, data):
    """A WIT record from the wire. Raises `Rejected` with the field that it cannot be."""
    if not isinstance(data, dict):
        raise Rejected.invalid("body", data, "must be a JSON object")
    return record_type(**{f.name: _field(f, data) for f in dataclasses.fields(record_type)})


def _field(field, data):
    name, kinds = camel(field.name), typing.get_args(field.type) or (field.type,)
    is_optional, value = type(None) in kinds, data.get(name)
    if name not in data and not is_optional:
        raise Rejected.invalid(name, None, "is required")
    # A bool is an int to Python. All numbers of the contracts are u64.
    if type(value) not in kinds:
        raise Rejected.invalid(name, value, f"must be {_KINDS[kinds[0]]}")
    if type(value) is int and not 0 <= value <= _MOST:
        raise Rejected.invalid(name, value, "must be a number from 0 up")
    return value


def _finite(text):
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"number out of range: {text}")
    return number


def _check_depth(text):
    depth = 0
    for token in _STRINGS_AND_BRACKETS.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
        if depth > _DEPTH:
            raise ValueError("recursion limit exceeded")


class Envelope:
    """An event in its envelope. Raises `Fault` for what is none."""

    def __init__(self, fields):
        if not isinstance(fields, dict) or "data" not in fields:
            raise Fault("an event is a JSON object with data")
        for name in _ATTRIBUTES:
            if not isinstance(fields.get(name), str):
                raise Fault(f"an event's {name} is a text")
        self.id, self.kind, self.data = fields["id"], fields["type"], fields["data"]
        self._trace, self._saga = fields["traceparent"], fields["correlationid"]

    @classmethod
    def read(cls, number, text):
        """The event of this number in the log. Raises `Fault` where it cannot be read."""
        try:
            return cls(parse(text))
        except (ValueError, Fault) as error:
            raise Fault(f"event {number} cannot be read: {error}") from error

    def fact(self, record_type):
        """The record within. Raises `Fault` where the fields are not those of the record."""
        try:
            return from_wire(record_type, self.data)
        except Rejected as rejected:
            raise Fault(f"{self.kind} {self.id}: {rejected.detail}") from rejected

    def cause(self):
        """What this event is the cause of."""
        return Cause(self.id, self._saga, self._trace)


def continued(traceparent, random):
    """The trace of a request: the one that it brings, or a new one of `random()`'s bits, which nobody records."""
    if traceparent and _TRACE.fullmatch(traceparent):
        return traceparent
    return f"00-{random():016x}{random() | 1:016x}-{random() | 1:016x}-00"
