"""boto3's pinpoint client against the server: put_events as an app calls it, its repeats, retries and refusals."""

import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
from botocore.config import Config

from server import KEY, URL, ask, check, count, finish


def client(endpoint=URL, key=KEY, **config):
    """A client whose access key id is a workspace's key. The secret can be anything."""
    return boto3.client(
        "pinpoint",
        region_name="eu-central-1",
        endpoint_url=endpoint,
        aws_access_key_id=key,
        aws_secret_access_key="not-known-to-the-server",
        config=Config(proxies={}, **config),
    )


def event(event_type, **more):
    return {"EventType": event_type, "Timestamp": "2026-03-02T08:00:00.000Z", **more}


def batch():
    opened = event(
        "_campaign.opened_notification",
        Attributes={"campaign_id": "boto-campaign", "campaign_activity_id": "run-1", "treatment_id": "0"},
    )
    return {
        "endpoint-1": {
            "Endpoint": {
                "ChannelType": "EMAIL",
                "Address": "grace@example.com",
                "OptOut": "NONE",
                "User": {"UserId": "grace"},
            },
            "Events": {
                "good": event("shop.visit", Metrics={"seconds": 12.5}, Session={"Id": "s", "StartTimestamp": "2026-03-02T07:59:00Z"}),
                "bad": {"EventType": "shop.visit", "Timestamp": "yesterday"},
                "opened": opened,
            },
        },
        "endpoint-2": {"Endpoint": {"ChannelType": "GCM"}, "Events": {"good": event("shop.visit")}},
    }


def put(pinpoint, items, app="shop-app"):
    return pinpoint.put_events(ApplicationId=app, EventsRequest={"BatchItem": items})


def several_endpoints():
    for time in ("first", "second"):
        answer = put(client(), batch())
        results = answer["EventsResponse"]["Results"]
        codes = {
            f"{endpoint}/{name}": verdict["StatusCode"]
            for endpoint, result in results.items()
            for name, verdict in result["EventsItemResponse"].items()
        }
        expected = {"endpoint-1/good": 202, "endpoint-1/bad": 400, "endpoint-1/opened": 202, "endpoint-2/good": 202}
        check(f"{time} put_events: status", answer["ResponseMetadata"]["HTTPStatusCode"], 202)
        check(f"{time} put_events: a code for every event", codes, expected)
        endpoint_code = results["endpoint-1"]["EndpointItemResponse"]["StatusCode"]
        check(f"{time} put_events: a code for the endpoint", endpoint_code, 202)
        why = results["endpoint-1"]["EventsItemResponse"]["bad"]["Message"]
        check(f"{time} put_events: the message names the value", '"yesterday"' in why, True)
        check(f"{time} put_events: every good event is there once", count("shop.visit"), 2)
    quarantined = ask("{ quarantine { totalCount nodes { code } } }")["quarantine"]
    check("the bad event is in the quarantine once", quarantined, {"totalCount": "1", "nodes": [{"code": "INVALID_TIME"}]})
    found = ask('{ customer(identifier: {type: "user_id", value: "grace"}) { identifiers { type value } } }')
    names = sorted(f"{one['type']}:{one['value']}" for one in found["customer"]["identifiers"])
    check("the endpoint led to its user", names, ["email:grace@example.com", "pinpoint_endpoint:endpoint-1", "user_id:grace"])
    steps = ask('{ campaign(externalId: "boto-campaign") { funnel { steps { step total } } } }')["campaign"]["funnel"]["steps"]
    check("the campaign counts what the app reported", [one["total"] for one in steps if one["step"] == "OPENED"], ["1"])


class Unlucky(BaseHTTPRequestHandler):
    """Passes the first request on but loses its answer; the others go through."""

    passed = 0

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        request = urllib.request.Request(URL + self.path, data=body, headers=headers, method="POST")
        with urllib.request.urlopen(request, timeout=30) as answer:
            status, text = answer.status, answer.read()
        type(self).passed += 1
        if self.passed == 1:
            status, text = 503, b"{}"
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


def retries():
    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Unlucky)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    for mode in ("legacy", "standard"):
        Unlucky.passed = 0
        endpoint = f"http://127.0.0.1:{proxy.server_port}"
        pinpoint = client(endpoint, retries={"mode": mode, "max_attempts": 3})
        answer = put(pinpoint, {"endpoint-3": {"Endpoint": {}, "Events": {"e": event(f"retried.{mode}")}}})
        check(f"{mode} retries: the lost answer was asked for again", answer["ResponseMetadata"]["RetryAttempts"], 1)
        check(f"{mode} retries: the event is there once", count(f"retried.{mode}"), 1)
    proxy.shutdown()


def refused(name, call):
    try:
        call()
    except client().exceptions.ClientError as error:
        code = error.response["Error"]["Code"]
        check(f"{name}: the exception has a message", bool(error.response["Error"].get("Message")), True)
        return code, isinstance(error, getattr(client().exceptions, code, ())) or type(error).__name__ == code
    return None, False


def refusals():
    good = {"endpoint-4": {"Endpoint": {}, "Events": {"e": event("refused")}}}
    check("a wrong key is refused", refused("a wrong key", lambda: put(client(key="guess"), good)), ("ForbiddenException", True))
    many = {"endpoint-4": {"Endpoint": {}, "Events": {f"e{n}": event("refused") for n in range(101)}}}
    check("101 events are refused", refused("101 events", lambda: put(client(), many)), ("BadRequestException", True))
    long = {"endpoint-4": {"Endpoint": {}, "Events": {"e": event("refused", Attributes={"x": "y" * (5 << 20)})}}}
    check("5 MB are refused", refused("5 MB", lambda: put(client(), long)), ("PayloadTooLargeException", True))
    check("of what was refused nothing was taken", count("refused"), 0)


several_endpoints()
retries()
refusals()
finish()
