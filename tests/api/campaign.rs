//! From events to a campaign's funnel: what is counted, how, and that a repeat or another order changes nothing.

use serde_json::{Value, json};

use crate::kit::record::{RUN_S, mail, mail_of, pinpoint};
use crate::kit::{Client, both_databases};

const FUNNEL: &str = "query($id: String!, $implied: Boolean, $unit: UniqueUnit, $group: [FunnelDimension!], $range: DateRange) {
    campaign(externalId: $id) { externalId name funnel(impliedSteps: $implied, unit: $unit, groupBy: $group, range: $range) {
        deliveredBasis steps { step total unique } beside { kind total unique } machineClicks { total unique }
        rates { deliveryRate openRate clickRate clickToOpenRate hardBounceRate }
        groups { run treatment channel day steps { step total unique } }
    } } }";

both_databases! {
    async fn events_over_http_become_a_funnel_over_graphql(app: TestServer) {
        send(&app.admin, &letter()).await;
        let campaign = ask(&app.admin, json!({"id": "71"})).await;
        assert_eq!((&campaign["externalId"], &campaign["name"]), (&json!("71"), &json!("Letter 71")));
        let funnel = &campaign["funnel"];
        assert_eq!(steps(funnel), "TARGETED 3/3, SENT 3/3, DELIVERED 2/2, OPENED 2/1, CLICKED 1/1");
        assert_eq!(funnel["deliveredBasis"], "INFERRED");
        assert_eq!(beside(funnel, "HARD_BOUNCED"), "1/1");
        assert_eq!(funnel["rates"]["openRate"], json!(0.5));
        assert_eq!(funnel["rates"]["clickToOpenRate"], json!(1.0));
    }

    async fn without_implied_steps_only_what_was_reported_counts(app: TestServer) {
        send(&app.admin, &letter()).await;
        let funnel = ask(&app.admin, json!({"id": "71", "implied": false})).await["funnel"].clone();
        assert_eq!(steps(&funnel), "TARGETED 0/0, SENT 3/3, DELIVERED 0/0, OPENED 2/1, CLICKED 1/1");
        assert_eq!(funnel["deliveredBasis"], "REPORTED");
        assert_eq!(funnel["rates"]["openRate"], Value::Null, "a rate over nothing is null");
        assert_eq!(funnel["rates"]["hardBounceRate"], json!(1.0 / 3.0));
    }

    async fn a_repeat_in_any_order_changes_nothing(app: TestServer) {
        let mut events = letter();
        send(&app.admin, &events).await;
        let before = everything(&app.admin).await;
        events.reverse();
        for piece in [&events[..], &events[2..4], &events[..1]] {
            let answer = app.admin.post("/ingest/odp", &json!(piece)).await;
            assert_eq!(answer.json["duplicates"], piece.len(), "{}", answer.text);
        }
        assert_eq!(everything(&app.admin).await, before);
    }

    async fn the_order_of_arrival_does_not_matter(app: TestServer) {
        let mut events = letter();
        events.reverse();
        for event in &events {
            send(&app.admin, std::slice::from_ref(event)).await;
        }
        let funnel = ask(&app.admin, json!({"id": "71"})).await["funnel"].clone();
        assert_eq!(steps(&funnel), "TARGETED 3/3, SENT 3/3, DELIVERED 2/2, OPENED 2/1, CLICKED 1/1");
    }

    async fn a_recipient_counts_once_per_run_or_once_per_campaign(app: TestServer) {
        let mut second = mail("open", "ada@example.com", 86_400);
        second["data"]["campaign_schedule_run_ts"] = json!(RUN_S + 86_400);
        send(&app.admin, &[mail("open", "ada@example.com", 1), mail("open", "ada@example.com", 2), second]).await;
        for (unit, unique) in [("RECIPIENT_PER_RUN", "3/2"), ("RECIPIENT", "3/1"), ("MESSAGE", "3/2")] {
            let funnel = ask(&app.admin, json!({"id": "71", "unit": unit})).await["funnel"].clone();
            assert_eq!(step(&funnel, "OPENED"), unique, "{unit}");
        }
        let by_run = ask(&app.admin, json!({"id": "71", "group": ["RUN"]})).await["funnel"]["groups"].clone();
        let groups: Vec<String> = by_run.as_array().expect("groups").iter().map(|group| step(group, "OPENED")).collect();
        assert_eq!(groups, ["2/1", "1/1"]);
        let range = json!({"from": "2026-03-03", "to": "2026-03-04"});
        let funnel = ask(&app.admin, json!({"id": "71", "range": range})).await["funnel"].clone();
        assert_eq!(step(&funnel, "OPENED"), "1/1", "of the second day");
    }

    async fn a_scanner_that_follows_every_link_is_no_reader(app: TestServer) {
        let clicks: Vec<Value> = ["a", "b", "c"].iter().map(|link| click("bot@example.com", link, 30)).collect();
        send(&app.admin, &clicks).await;
        send(&app.admin, &[click("ada@example.com", "a", 30), click("ada@example.com", "b", 90)]).await;
        let funnel = ask(&app.admin, json!({"id": "71"})).await["funnel"].clone();
        assert_eq!(step(&funnel, "CLICKED"), "2/1");
        assert_eq!((&funnel["machineClicks"]["total"], &funnel["machineClicks"]["unique"]), (&json!("3"), &json!("1")));
        assert_eq!(step(&funnel, "DELIVERED"), "2/2", "a machine's act still means that it arrived");
    }

    async fn treatments_and_the_holdout_of_a_push_campaign_are_told_apart(app: TestServer) {
        let sends = ["SUCCESS", "SUCCESS", "HOLDOUT", "DAILY_CAP"].iter().enumerate().map(|(number, status)| {
            let attributes = json!({"campaign_id": "p1", "campaign_activity_id": "r1", "delivery_type": "GCM",
                "treatment_id": (number % 2).to_string(), "campaign_send_status": status});
            pinpoint("_campaign.send", &format!("e{number}"), RUN_S, attributes)
        });
        let answer = app.admin.post("/ingest/pinpoint", &json!(sends.collect::<Vec<_>>())).await;
        assert_eq!(answer.json["accepted"], 4, "{}", answer.text);
        let funnel = ask(&app.admin, json!({"id": "p1", "group": ["TREATMENT"]})).await["funnel"].clone();
        assert_eq!((step(&funnel, "TARGETED"), step(&funnel, "SENT")), ("2/2".to_owned(), "2/2".to_owned()));
        assert_eq!((beside(&funnel, "HELD_OUT"), beside(&funnel, "SKIPPED")), ("1/1".to_owned(), "1/1".to_owned()));
        let groups = funnel["groups"].as_array().expect("groups");
        let sent: Vec<String> = groups.iter().map(|group| format!("{} {}", group["treatment"], step(group, "SENT"))).collect();
        assert_eq!(sent, ["\"0\" 1/1", "\"1\" 1/1"]);
    }

    async fn a_text_whose_targeting_came_without_its_message_id_is_targeted_once(app: TestServer) {
        let place = json!({"campaign_id": "s1", "campaign_activity_id": "r1", "treatment_id": "0"});
        let (mut send, mut arrived) = (place.clone(), place);
        send["delivery_type"] = json!("SMS");
        send["campaign_send_status"] = json!("SUCCESS");
        arrived["message_id"] = json!("m1");
        arrived["destination_phone_number"] = json!("+12065550142");
        arrived["record_status"] = json!("DELIVERED");
        let events = [pinpoint("_SMS.SUCCESS", "e1", RUN_S + 9, arrived), pinpoint("_campaign.send", "e1", RUN_S, send)];
        for event in &events {
            let answer = app.admin.post("/ingest/pinpoint", event).await;
            assert_eq!(answer.json["accepted"], 1, "{}", answer.text);
        }
        let funnel = ask(&app.admin, json!({"id": "s1"})).await["funnel"].clone();
        assert_eq!((step(&funnel, "TARGETED"), step(&funnel, "SENT")), ("1/1".to_owned(), "1/1".to_owned()));
    }

    async fn campaigns_are_listed_page_by_page(app: TestServer) {
        for campaign in 1..=5 {
            send(&app.admin, &[mail_of(campaign, "sent", "ada@example.com", campaign)]).await;
        }
        let query = "query($after: String) { campaigns(first: 2, after: $after) {
            totalCount nodes { externalId } pageInfo { hasNextPage endCursor } } }";
        let (mut found, mut after) = (Vec::new(), Value::Null);
        loop {
            let page = app.admin.data(query, json!({"after": after})).await["campaigns"].clone();
            assert_eq!(page["totalCount"].to_string().trim_matches('"'), "5");
            found.extend(page["nodes"].as_array().expect("nodes").iter().map(|node| node["externalId"].to_string()));
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
        found.sort();
        assert_eq!(found, ["\"1\"", "\"2\"", "\"3\"", "\"4\"", "\"5\""]);
    }
}

/// Three mails: one opened twice and clicked, one that came back, one that was left unread.
fn letter() -> Vec<Value> {
    vec![
        mail("sent", "ada@example.com", 0),
        mail("sent", "ben@example.com", 1),
        mail("sent", "chloe@example.com", 2),
        mail("hard_bounce", "ben@example.com", 3),
        mail("open", "ada@example.com", 60),
        mail("open", "ada@example.com", 600),
        click("ada@example.com", "sale", 660),
    ]
}

fn click(email: &str, link: &str, after_s: i64) -> Value {
    let mut event = mail("click", email, after_s);
    event["data"]["url"] = json!(format!("https://shop.example.com/{link}"));
    event
}

async fn send(client: &Client, events: &[Value]) {
    let answer = client.post("/v3/events", &json!(events)).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
}

async fn ask(client: &Client, variables: Value) -> Value {
    client.data(FUNNEL, variables).await["campaign"].clone()
}

/// What must stay as it is when something is sent again.
async fn everything(client: &Client) -> Value {
    let mut all = client.data(FUNNEL, json!({"id": "71", "group": ["DAY"]})).await;
    let query = "{ eventTypes { type action kind count firstAt lastAt }
        quarantine { totalCount }
        reachabilityFunnel(channel: \"email\") { steps { step customers } } }";
    all["rest"] = client.data(query, json!({})).await;
    all
}

fn steps(funnel: &Value) -> String {
    let names = ["TARGETED", "SENT", "DELIVERED", "OPENED", "CLICKED"];
    names.map(|name| format!("{name} {}", step(funnel, name))).join(", ")
}

/// `total/unique` of a step.
fn step(funnel: &Value, name: &str) -> String {
    count(&funnel["steps"], "step", name)
}

/// `total/unique` of what is counted beside the steps.
fn beside(funnel: &Value, kind: &str) -> String {
    count(&funnel["beside"], "kind", kind)
}

fn count(list: &Value, key: &str, name: &str) -> String {
    let found = list.as_array().and_then(|entries| entries.iter().find(|entry| entry[key] == name));
    let entry = found.unwrap_or_else(|| panic!("no {name} in {list}"));
    let number = |field: &str| entry[field].as_str().unwrap_or("?").to_owned();
    format!("{}/{}", number("total"), number("unique"))
}
