"""The Python SDK as an application uses it: sends ODP events, asks for segments, and looks afterwards, over GraphQL, at what
the server holds. Environment: HOST (what the SDK is pointed at), SERVER, ADMIN_KEY, REQUESTS_CA_BUNDLE."""

import json
import os
import time

import requests
from optimizely import optimizely, version
from optimizely.helpers.sdk_settings import OptimizelySdkSettings

HOST, SERVER, ADMIN_KEY = (os.environ[name] for name in ("HOST", "SERVER", "ADMIN_KEY"))
NAME = f"python-{version.__version__}"
USER, EMAIL = f"{NAME}-user", f"{NAME}@example.com"


def graphql(query, **variables):
    body = {"query": query, "variables": variables}
    answer = requests.post(f"{SERVER}/graphql", json=body, headers={"x-api-key": ADMIN_KEY}, timeout=10).json()
    assert "errors" not in answer, answer
    return answer["data"]


def public_key():
    query = "mutation($input: ApiKeyCreateInput!) { apiKeyCreate(input: $input) { key } }"
    return graphql(query, input={"name": NAME, "scope": "ODP_PUBLIC"})["apiKeyCreate"]["key"]


def make_audience(name, identifier_type):
    query = "mutation($input: AudienceUpsertInput!) { audienceUpsert(input: $input) { userErrors { message } } }"
    rule = {"hasIdentifier": {"type": identifier_type}}
    assert graphql(query, input={"name": name, "rule": rule})["audienceUpsert"]["userErrors"] == []


def datafile(key):
    def audience(number, value):
        condition = {"value": value, "type": "third_party_dimension", "match": "qualified", "name": "odp.audiences"}
        return {"id": number, "name": value, "conditions": ["and", ["or", ["or", condition]]]}

    empty = ("rollouts", "experiments", "featureFlags", "groups", "attributes", "events", "variables", "audiences")
    return json.dumps({
        **{name: [] for name in empty},
        "version": "4", "projectId": "1", "accountId": "1", "revision": "1", "anonymizeIP": True, "botFiltering": False,
        "typedAudiences": [audience("11", "has_email"), audience("12", "has_phone")],
        "integrations": [{"key": "odp", "host": HOST, "publicKey": key}],
    })


def events_of(value, expected):
    query = """query($value: String!) { customer(identifier: {type: "email", value: $value}) {
        events(first: 100) { nodes { type action data identifiers { type value } } } } }"""
    nodes = []
    for _ in range(60):
        customer = graphql(query, value=value)["customer"]
        nodes = customer["events"]["nodes"] if customer else []
        if len(nodes) >= expected:
            break
        time.sleep(0.25)
    return nodes


make_audience("has_email", "email")
make_audience("has_phone", "phone")
settings = OptimizelySdkSettings(odp_event_flush_interval=1)
client = optimizely.Optimizely(datafile(public_key()), settings=settings)
assert client.is_valid

# One identifier, several, and more than a batch; the first request is answered 503 and comes again.
data = {"number": 1, "flag": True, "nothing": None, "text": "x"}
client.send_odp_event("linked", identifiers={"fs_user_id": USER, "email": EMAIL}, data=data)
client.send_odp_event("alone", identifiers={"email": EMAIL})
for number in range(25):
    client.send_odp_event("many", identifiers={"FS-USER-ID": USER}, data={"number": number})

OWN = ("linked", "alone", "many")
events = [event for event in events_of(EMAIL, 27) if event["action"] in OWN]
assert len(events) == 27, f"every event is there once: {len(events)}"
assert sorted(event["data"]["number"] for event in events if event["action"] == "many") == list(range(25))
linked = next(event for event in events if event["action"] == "linked")
assert linked["identifiers"] == [{"type": "email", "value": EMAIL}, {"type": "fs_user_id", "value": USER}], linked
assert linked["type"] == "fullstack" and linked["data"]["number"] == 1 and linked["data"]["flag"] is True, linked
assert len({event["data"]["idempotence_id"] for event in events}) == 27

known = client.create_user_context(USER)
assert known.fetch_qualified_segments() is True, "segments of a known customer"
assert known.get_qualified_segments() == ["has_email"], known.get_qualified_segments()
assert known.is_qualified_for("has_email") and not known.is_qualified_for("has_phone")
for stranger in (f"{NAME}-stranger", 'we"ird\\usér'):
    # A context identifies its user to ODP with one identifier only where it has two: this one stays unknown.
    unknown = client.create_user_context(stranger)
    assert unknown.fetch_qualified_segments() is False, f"segments of {stranger}"
    assert unknown.get_qualified_segments() is None
client.close()
print(f"{NAME}: {len(events)} events once each, segments of a known and of unknown users")
