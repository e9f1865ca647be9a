"""A collection of what a context keeps, as it is read: an item, and a page in any order."""

import json
from dataclasses import dataclass

from .env import parse_number
from .errors import Rejected
from .event import camel, dumps, to_wire
from .redis import LIST, number, run, script, text

# Items on a page unless the client says otherwise, and at most.
_DEFAULT_SIZE, _MAX_SIZE = 20, 1000
# The furthest that a page can be away: whole numbers are exact so far in Redis's scripts.
_MAX_OFFSET = 1 << 52


@dataclass(frozen=True)
class Listing:
    """Which part of a collection, in which order: `sort` is a field and whether it is descending."""

    page: int
    size: int
    sort: tuple[str, bool] | None


@dataclass(frozen=True)
class Item:
    """An item: its version is its `ETag`, its value the resource's fields on the wire."""

    id: int
    version: int
    value: dict


class Collection:
    """A collection by its name (`alerts`), its entity's (`Alert`) and the fields of what it keeps."""

    def __init__(self, name, entity, state):
        self.name, self.entity, self._state = name, entity, state
        self.fields = [camel(field) for field in state.__dataclass_fields__]

    def listing(self, request):
        """Reads `page`, `size` and `sort`. Raises `Rejected` with the parameter that cannot be."""
        page = _number(request, "page", 0)
        size = _number(request, "size", _DEFAULT_SIZE)
        if not 1 <= size <= _MAX_SIZE:
            raise Rejected.invalid("size", size, f"must be 1 to {_MAX_SIZE}")
        return Listing(page, size, self._sort(request.parameter("sort")))

    def find(self, env, id):
        """The item of an id. Raises `Rejected` where there is none."""
        version, state = run(env, "HMGET", env.key(f"{self.name}:{id}"), "v", "d")
        if state is None:
            raise Rejected.missing()
        return self._item(id, version, state)

    def page(self, env, listing):
        """The items of a page, and how many there are on all."""
        field, descending = listing.sort or ("id", False)
        by_id = field == "id"
        order = f"{self.name}:ids" if by_id else f"{self.name}:by:{field}"
        words = ["ids", "", ""] if by_id else ["field", "-", "+"]
        words += [min(listing.page * listing.size, _MAX_OFFSET), listing.size, int(descending)]
        total, *found = script(env, LIST, [env.key(order)], *words, env.key(f"{self.name}:"))
        parts = zip(found[::3], found[1::3], found[2::3])
        return [self._item(number(id), *rest) for id, *rest in parts if None not in rest], total

    def _item(self, id, version, state):
        return Item(id, number(version), to_wire(self._state(**json.loads(text(state)))))

    def _sort(self, sort):
        if sort is None:
            return None
        field, _, direction = sort.partition(",")
        direction = direction.lower() if "," in sort else "asc"
        if direction not in ("asc", "desc"):
            raise Rejected.invalid("sort", sort, "the direction must be asc or desc")
        if field not in self.fields:
            known = ", ".join(self.fields)
            raise Rejected.invalid("sort", sort, f"there is no field {dumps(field)}; there are {known}")
        return field, direction == "desc"


def _number(request, name, default):
    sent = request.parameter(name)
    if sent is None:
        return default
    value = parse_number(sent)
    if value is None:
        raise Rejected.invalid(name, sent, "must be a number from 0 up")
    return value
