"""boto3's pinpoint client asks for every campaign metric, of a small campaign of mails, pushes and texts whose numbers are
counted by hand below."""

import json
from datetime import datetime, timezone

import boto3
from botocore.config import Config

from server import KEY, URL, check, finish, post

RUN_MS = 1772438400000  # 2026-03-02T08:00:00Z
DAY_MS = 86400000


def client(key=KEY):
    """A client whose access key id is a workspace's key. The secret can be anything."""
    return boto3.client(
        "pinpoint",
        region_name="eu-central-1",
        endpoint_url=URL,
        aws_access_key_id=key,
        aws_secret_access_key="not-known-to-the-server",
        config=Config(proxies={}, retries={"max_attempts": 1}),
    )


def record(event_type, endpoint, at_ms, run, **attributes):
    place = {"campaign_id": "kpi-campaign", "campaign_activity_id": run, "treatment_id": "0"}
    return {
        "event_type": event_type,
        "event_timestamp": RUN_MS + at_ms,
        "arrival_timestamp": RUN_MS + at_ms,
        "client": {"client_id": endpoint},
        "attributes": {**place, **attributes},
        "awsAccountId": "123456789012",
    }


def mail(act, endpoint, message, at_ms=0, run="run-1"):
    event = record(f"_email.{act}", endpoint, at_ms, run)
    event["facets"] = {"email_channel": {"mail_event": {"mail": {"message_id": message}, act: {}}}}
    return event


def text(act, endpoint, message, at_ms=0, price=None):
    event = record(f"_SMS.{act}", endpoint, at_ms, "run-2", message_id=message, destination_phone_number="+12065550142")
    if price is not None:
        event["metrics"] = {"price_in_millicents_usd": price}
    return event


def push(event_type, endpoint, at_ms=0, **attributes):
    return record(f"_campaign.{event_type}", endpoint, at_ms, "run-3", delivery_type="GCM", **attributes)


RECORDS = [
    # Run 1: four mails sent, one bounces hard, three arrive, two are opened (one of them twice), three clicks; one on the next day.
    *(mail("send", f"mail-{n}", f"m{n}") for n in range(1, 5)),
    mail("hardbounce", "mail-4", "m4", 1000),
    *(mail("delivered", f"mail-{n}", f"m{n}", 1000) for n in (1, 2)),
    mail("delivered", "mail-3", "m3", DAY_MS),
    *(mail("open", "mail-1", "m1", at) for at in (5000, 6000)),
    mail("open", "mail-2", "m2", 7000),
    *(mail("click", "mail-1", "m1", at) for at in (8000, 90000, 180000)),
    # A second mail of run 4 to an endpoint that has got one.
    mail("send", "mail-1", "m5", 2000, "run-4"),
    mail("delivered", "mail-1", "m5", 3000, "run-4"),
    # Run 2: two texts, one arrives; the price of the first is told twice.
    text("BUFFERED", "text-1", "s1"),
    text("SUCCESS", "text-1", "s1", 3000, 645.0),
    text("SUCCESS", "text-1", "s1", 4000, 700.5),
    text("BUFFERED", "text-2", "s2"),
    text("FAILURE", "text-2", "s2", 3000, 100.0),
    # Run 3: two pushes, one arrives and is opened.
    push("send", "push-1", campaign_send_status="SUCCESS"),
    push("send", "push-2", campaign_send_status="SUCCESS"),
    push("received_background", "push-1", 2000),
    push("opened_notification", "push-1", 3000),
]

# Both days; sent: 5 mails, 2 texts, 2 pushes; delivered: 4 mails, 1 text, 1 push.
RUNS = ("run-1", "run-2", "run-3", "run-4")
EXPECTED = {
    "hard-bounce-rate": 1 / 5,
    "hard-bounce-rate-grouped-by-campaign-activity": {"run-1": 1 / 4, "run-4": 0.0},
    "successful-delivery-rate": 6 / 9,
    "successful-delivery-rate-grouped-by-campaign-activity": dict(zip(RUNS, (3 / 4, 1 / 2, 1 / 2, 1.0))),
    "successful-delivery-rate-grouped-by-date": {"2026-03-02": 5 / 9},
    "email-open-rate": 2 / 4,
    "email-open-rate-grouped-by-campaign-activity": {"run-1": 2 / 3, "run-4": 0.0},
    "direct-email-opens-grouped-by-campaign-activity": {"run-1": 2.0},
    "unique-deliveries": 5.0,
    "unique-deliveries-grouped-by-campaign-activity": dict(zip(RUNS, (3.0, 1.0, 1.0, 1.0))),
    "unique-deliveries-grouped-by-date": {"2026-03-02": 4.0, "2026-03-03": 1.0},
    "clicks-grouped-by-campaign-activity": {"run-1": 3.0},
    "successful-deliveries-grouped-by-campaign-activity": dict(zip(RUNS, (3.0, 2.0, 2.0, 1.0))),
    "attempted-deliveries-grouped-by-campaign-activity": dict(zip(RUNS, (4.0, 2.0, 2.0, 1.0))),
    "push-open-rate": 1.0,
    "push-open-rate-grouped-by-campaign-activity": {"run-3": 1.0},
    "direct-push-opens-grouped-by-campaign-activity": {"run-3": 1.0},
    "sms-spend": 800.5,
}


def ask(name, campaign="kpi-campaign", **times):
    return client().get_campaign_date_range_kpi(ApplicationId="app", CampaignId=campaign, KpiName=name, **times)


def value(row):
    [value] = row["Values"]
    return float(value["Value"]) if value["Type"] == "Double" else value


def values(answer):
    """One number, or a number for each run or day; none without rows."""
    rows = answer["CampaignDateRangeKpiResponse"]["KpiResult"]["Rows"]
    if rows and "GroupedBys" not in rows[0]:
        return value(*rows)
    return {row["GroupedBys"][0]["Value"]: value(row) for row in rows} or None


def every_metric():
    start, end = datetime(2026, 3, 2, tzinfo=timezone.utc), datetime(2026, 3, 3, 23, 59, 59, tzinfo=timezone.utc)
    for name, expected in EXPECTED.items():
        answer = ask(name, StartTime=start, EndTime=end, PageSize="10")
        check(name, values(answer), expected)
    response = answer["CampaignDateRangeKpiResponse"]
    check("the answer repeats the question", (response["ApplicationId"], response["CampaignId"], response["KpiName"]), ("app", "kpi-campaign", name))
    check("its times are times", (response["StartTime"], response["EndTime"]), (start, end))
    check("there is one page", response.get("NextToken"), None)
    check("it has a request id", bool(answer["ResponseMetadata"]["RequestId"]), True)


def ranges():
    at = lambda ms: datetime.fromtimestamp((RUN_MS + ms) / 1000, timezone.utc)
    name = "attempted-deliveries-grouped-by-campaign-activity"
    check("both ends count", values(ask(name, StartTime=at(2000), EndTime=at(2000))), {"run-4": 1.0})
    check("outside of the range is nothing", values(ask(name, StartTime=at(-9000), EndTime=at(-1000))), None)
    response = ask(name)["CampaignDateRangeKpiResponse"]
    days = (response["EndTime"].date() - response["StartTime"].date()).days
    check("without a range it is the last 31 days", days, 31)


def refused(call):
    try:
        call()
    except client().exceptions.ClientError as error:
        code, metadata = error.response["Error"], error.response["ResponseMetadata"]
        known = isinstance(error, getattr(client().exceptions, code["Code"], ()))
        return code["Code"], metadata["HTTPStatusCode"], known and bool(code.get("Message")) and bool(metadata.get("RequestId"))
    return None


def refusals():
    check("an unknown campaign", refused(lambda: ask("sms-spend", "nobody")), ("NotFoundException", 404, True))
    check("an unknown metric", refused(lambda: ask("open-rate")), ("BadRequestException", 400, True))
    start, end = datetime(2026, 3, 3, tzinfo=timezone.utc), datetime(2026, 3, 2, tzinfo=timezone.utc)
    check("a range that ends first", refused(lambda: ask("sms-spend", StartTime=start, EndTime=end)), ("BadRequestException", 400, True))
    wrong = lambda: client("guess").get_campaign_date_range_kpi(ApplicationId="app", CampaignId="kpi-campaign", KpiName="sms-spend")
    check("a wrong key", refused(wrong), ("ForbiddenException", 403, True))


status, answer = post("/ingest/pinpoint", json.dumps(RECORDS).encode(), {"authorization": f"Bearer {KEY}", "content-type": "application/json"})
check("the records were taken", (status, answer["quarantined"]), (200, 0))
check("all metrics are asked for", len(EXPECTED), 18)
every_metric()
ranges()
refusals()
finish()
