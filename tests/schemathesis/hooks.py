"""What the documents cannot say of values that are right."""

import datetime

import schemathesis
from hypothesis import strategies as st

# Entity tags are made of characters that Schemathesis leaves out of headers otherwise.
schemathesis.openapi.format("entity-tags", st.from_regex(r'\A(\*|(W/)?"[0-9]{1,3}")\Z'))

DAYS = 10
SEOUL = datetime.timezone(datetime.timedelta(hours=9))


@schemathesis.hook
def before_call(context, case, kwargs):
    """Makes values right that are meant to be."""
    if case.meta is not None and not case.meta.generation.mode.is_positive:
        return
    # 1.0 is an integer in JSON; in an address only 1 is.
    for parameters in (case.query, case.path_parameters):
        for name, value in (parameters or {}).items():
            if isinstance(value, float) and value.is_integer():
                parameters[name] = int(value)
    if isinstance(case.body, dict):
        vaccination(case.body)


def vaccination(body):
    """A registration number begins with a date of birth; a reservation is for one of the next days."""
    for field in ("userName", "vaccineType"):
        if isinstance(body.get(field), str):
            # Schemathesis 4.32 goes beyond a pattern that has a length beside it.
            body[field] = "".join(c for c in body[field] if not c.isnumeric()) or "A"
    number = body.get("userRegNumber")
    if isinstance(number, str) and len(number) == 14:
        month, day = 1 + int(number[2:4]) % 12, 1 + int(number[4:6]) % 28
        body["userRegNumber"] = f"{number[:2]}{month:02}{day:02}{number[6:]}"
    if isinstance(body.get("reserveDate"), str):
        days = 1 + len(body.get("userName") or "") % DAYS
        body["reserveDate"] = str(datetime.datetime.now(SEOUL).date() + datetime.timedelta(days))
