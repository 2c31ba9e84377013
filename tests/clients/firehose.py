"""Requests as an Amazon Data Firehose stream sends them to an HTTP endpoint."""

import base64
import gzip
import json
import uuid

from server import KEY, check, count, finish, post


def record(number):
    data = {"ts": 1772438400 + number, "idempotence_id": f"firehose-{number}"}
    return json.dumps({"type": "firehose_visit", "identifiers": {"email": "grace@example.com"}, "data": data})


def deliver(datas, key=KEY, packed=False):
    request_id = str(uuid.uuid4())
    records = [{"data": base64.b64encode(data).decode()} for data in datas]
    body = json.dumps({"requestId": request_id, "timestamp": 1772438400000, "records": records}).encode()
    headers = {
        "content-type": "application/json",
        "x-amz-firehose-protocol-version": "1.0",
        "x-amz-firehose-request-id": request_id,
        "x-amz-firehose-source-arn": "arn:aws:firehose:eu-central-1:111122223333:deliverystream/events",
        "x-amz-firehose-access-key": key,
    }
    if packed:
        body, headers["content-encoding"] = gzip.compress(body), "gzip"
    status, answer = post("/ingest/firehose/auto", body, headers)
    check("the answer repeats the id and has a timestamp", (answer["requestId"], type(answer["timestamp"])), (request_id, int))
    return status, answer


DATAS = [(record(1) + "\n" + record(2)).encode(), gzip.compress(record(3).encode())]
for packed in (False, True):
    check(f"delivered, {packed=}", deliver(DATAS, packed=packed)[0], 200)
    check(f"every record is there once, {packed=}", count("firehose_visit"), 3)
status, answer = deliver(DATAS, key="guess")
check("a wrong key is refused with a message", (status, "errorMessage" in answer), (401, True))
finish()
