"""The server under test: its address and key come from the environment; questions go to it over GraphQL."""

import json
import os
import sys
import urllib.request

URL = os.environ["CAMPAIGNQL_URL"]
KEY = os.environ["CAMPAIGNQL_KEY"]

_failed = []


def check(what, got, expected):
    """Prints a line, and remembers what is not as expected."""
    good = got == expected
    print(f"{'ok  ' if good else 'FAIL'} {what}" + ("" if good else f": got {got!r}, expected {expected!r}"), flush=True)
    if not good:
        _failed.append(what)


def finish():
    """Ends with 1 when something was not as expected."""
    sys.exit(1 if _failed else 0)


def post(path, body, headers):
    """Status and JSON of the answer to a POST; an error status is an answer too."""
    request = urllib.request.Request(URL + path, data=body, headers=headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def ask(query, **variables):
    """The data of a GraphQL operation."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    status, answer = post("/graphql", body, headers)
    if status != 200 or "errors" in answer:
        raise RuntimeError(f"{status}: {answer}")
    return answer["data"]


def count(event_type):
    """How many events of a type there are."""
    for seen in ask("{ eventTypes { type count } }")["eventTypes"]:
        if seen["type"] == event_type:
            return int(seen["count"])
    return 0
