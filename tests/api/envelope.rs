//! Wrapped records by every way in: each wrapper, wrappers in wrappers, and damage of every kind within them.

use serde_json::{Value, json};

use crate::kit::client::gzip;
use crate::kit::record::{keyed, lines, pinpoint};
use crate::kit::wrapped::{CERTIFICATE, base64, firehose, kinesis, notification};
use crate::kit::{Answer, Program, TestServer, both_databases};

/// The record of a number, as text.
fn record(number: u32) -> String {
    keyed(&format!("w-{number}"), "ada@example.com").to_string()
}

/// Every wrapper around its own three records: two of ODP and one of Pinpoint.
fn wrappers() -> Vec<(&'static str, Value)> {
    let texts = |first: u32| {
        let send = json!({"campaign_id": "c", "delivery_type": "EMAIL", "campaign_send_status": "SUCCESS"});
        [
            record(first),
            record(first + 1),
            pinpoint("_campaign.send", &format!("ep-{first}"), 1_772_438_400, send).to_string(),
        ]
    };
    let lambda = |texts: [String; 3]| {
        let messages =
            texts.map(|text| json!({"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": notification(&text)}));
        json!({"Records": messages})
    };
    let delivered = |texts: [String; 3]| {
        let [one, two, three] = texts;
        let packed = base64(gzip(format!("{two}{three}").as_bytes()));
        json!({"invocationId": "i", "deliveryStreamArn": "arn", "region": "eu", "records": [
            {"recordId": "1", "data": base64(one)}, {"recordId": "2", "data": packed}]})
    };
    let answered = |texts: [String; 3]| {
        let records: Vec<Value> =
            texts.iter().map(|text| json!({"recordId": "1", "result": "Ok", "data": base64(text)})).collect();
        json!({ "records": records })
    };
    vec![
        ("SNS, lines", notification(&texts(10).join("\n"))),
        ("SNS, array", notification(&format!("[{}]", texts(20).join(",")))),
        ("Lambda of SNS", lambda(texts(30))),
        ("Lambda of Kinesis", kinesis(&texts(40).map(base64))),
        ("Firehose request", firehose("r", &[base64(texts(50).concat())])),
        ("Firehose event", delivered(texts(60))),
        ("Firehose answer", answered(texts(70))),
        (
            "Kinesis of SNS of Firehose",
            kinesis(&[base64(notification(&firehose("r", &texts(80).map(base64)).to_string()).to_string())]),
        ),
    ]
}

fn counts(answer: &Answer) -> [u64; 3] {
    assert_eq!(answer.status, 200, "{}", answer.text);
    ["accepted", "duplicates", "quarantined"].map(|name| answer.json[name].as_u64().unwrap_or(99))
}

both_databases! {
    async fn each_wrapper_is_opened_by_every_way_in(app: TestServer) {
        for (name, wrapper) in wrappers() {
            assert_eq!(counts(&app.admin.post("/ingest/auto", &wrapper).await), [3, 0, 0], "{name}");
            assert_eq!(counts(&app.admin.post_gzip("/ingest/auto", &wrapper.to_string()).await), [0, 3, 0], "{name}");
            let sent = "mutation($records: [JSON!]!) { vendorEventsIngest(input: {records: $records}) { accepted duplicates quarantined } }";
            let sent = app.admin.data(sent, json!({"records": [wrapper]})).await["vendorEventsIngest"].clone();
            assert_eq!((&sent["accepted"], &sent["duplicates"]), (&json!(0), &json!(3)), "{name}: {sent}");
        }
        let mixed = format!("{}\n{}\n{}", record(1), notification(&record(2)), record(3));
        assert_eq!(counts(&app.admin.post_text("/ingest/odp", &mixed).await), [3, 0, 0]);
        let odp = app.admin.post("/v3/events", &notification(&record(2))).await;
        assert_eq!((odp.status, &odp.json["results"][0]["status"]), (202, &json!("DUPLICATE")), "{}", odp.text);
    }

    async fn damage_stays_where_it_is(app: TestServer) {
        let mut cut_off = gzip(lines(&[keyed("w-2", "ada@example.com"), keyed("w-3", "ada@example.com")]).as_bytes());
        cut_off.truncate(cut_off.len() - 4);
        let datas = [base64(record(1)), "?".to_owned(), base64("Hello World"), base64(&cut_off), base64(record(4))];
        let answer = app.admin.post("/ingest/auto", &kinesis(&datas)).await;
        assert_eq!(counts(&answer), [4, 0, 3], "{}", answer.text);
        let codes: Vec<(&str, &str)> = answer.json["results"].as_array().expect("results").iter()
            .map(|result| (result["code"].as_str().unwrap_or_default(), result["path"].as_str().unwrap_or_default()))
            .collect();
        let path = |index| ["", "Records[1].kinesis.data", "", "Records[3].kinesis.data"][index];
        assert_eq!(codes, [("INVALID_VALUE", path(1)), ("NOT_JSON", path(2)), ("NOT_JSON", path(3))]);
        assert_eq!(counts(&app.admin.post("/ingest/auto", &kinesis(&datas)).await), [0, 4, 3]);
        let kept = app.admin.data("{ quarantine { totalCount nodes { raw } } }", json!({})).await;
        assert_eq!(kept["quarantine"]["totalCount"], "3", "a repeat of the bad parts adds nothing");
        let raws: Vec<&str> = kept["quarantine"]["nodes"].as_array().expect("nodes").iter().filter_map(|node| node["raw"].as_str()).collect();
        assert!(raws.contains(&"Hello World"), "{raws:?}");
        let element: Value = raws.iter().find_map(|raw| serde_json::from_str(raw).ok().filter(|raw: &Value| raw["kinesis"]["data"] == "?")).expect("the element");
        assert_eq!(element["eventSource"], "aws:kinesis");
    }

    async fn what_only_looks_like_a_wrapper_is_a_record(app: TestServer) {
        let mut record = keyed("w-1", "ada@example.com");
        record["data"]["records"] = json!([{"data": base64("{}"), "recordId": "1"}]);
        record["records"] = json!([{"data": base64("{}"), "recordId": "1"}]);
        record["Records"] = json!([{"kinesis": {"data": base64("{}")}}]);
        assert_eq!(counts(&app.admin.post("/ingest/auto", &record).await), [1, 0, 0]);
    }
}

both_databases! {
    async fn bombs_are_bounded_by_the_limit_of_a_body(database: TestDatabase) {
        let app = TestServer::start_with(database, &[("max_body_bytes", "131072")]).await;
        let bomb = base64(gzip(&vec![b' '; 8_000_000]));
        let inner = firehose("r", &[bomb.clone(), base64(record(2))]).to_string();
        let nested = kinesis(&[base64(record(1)), base64(notification(&inner).to_string()), base64(record(3))]);
        let answer = app.admin.post("/ingest/auto", &nested).await;
        assert_eq!(counts(&answer), [3, 0, 1], "{}", answer.text);
        let refused = &answer.json["results"][0];
        assert_eq!((&refused["code"], &refused["path"]), (&json!("TOO_LARGE"), &json!("records[0].data")));
        assert!(refused["message"].as_str().is_some_and(|text| text.contains("131072 bytes")), "{refused}");
    }

    async fn files_are_read_alike_and_need_no_signature(database: TestDatabase) {
        let program = Program::over(database.url());
        let texts: Vec<String> = wrappers().into_iter().map(|(_, wrapper)| wrapper.to_string()).collect();
        program.write("archive/lines.ndjson", texts.join("\n"));
        program.write("archive/packed.gz", gzip(texts.concat().as_bytes()));
        program.write("archive/array.json", format!("[{}]", texts.join(",")));
        let import = ["--sns-certificate", CERTIFICATE, "import", "--output", "json", "archive"];
        let ended = program.run(import);
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        let summary: Value = serde_json::from_str(&ended.stdout).expect(&ended.stdout);
        assert_eq!((&summary["accepted"], &summary["duplicates"]), (&json!(24), &json!(48)), "{summary}");
        program.write("damaged.json", kinesis(&["?".to_owned(), base64(record(10))]).to_string());
        let ended = program.run(["import", "--output", "json", "damaged.json"]);
        assert_eq!(ended.code, 3, "{}", ended.stderr);
    }
}
