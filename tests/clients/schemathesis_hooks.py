"""Hooks of scripts/schemathesis.sh."""

import schemathesis


@schemathesis.hook
def before_call(context, case, kwargs):
    # A chain puts the id of a store, which is a number, into X-Store-Id. The library takes only text as a header.
    for name, value in case.headers.items():
        if isinstance(value, int):
            case.headers[name] = str(value)
