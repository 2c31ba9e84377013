//! The demo's Amazon Pinpoint stream: a push campaign with two treatments and a holdout, a mail campaign, text messages
//! and a journey. Mails carry their send time in every record, as Pinpoint's do.

use serde_json::{Value, json};

use super::cast::{Bounce, Person, Shop};

const APPLICATION: &str = "5d0f2c1ab7e94c6d8a3b";
const ACCOUNT: &str = "000000000000";

/// One run of a campaign.
struct Run {
    campaign: &'static str,
    activity: String,
    delivery_type: &'static str,
    start_s: i64,
}

/// All records, run by run.
pub fn records(shop: &mut Shop) -> Vec<Value> {
    let mut records = Vec::new();
    for days_ago in [24, 17, 10, 3] {
        pushes(shop, days_ago, &mut records);
    }
    for days_ago in [19, 5] {
        mails(shop, days_ago, &mut records);
    }
    texts(shop, 9, &mut records);
    journey(shop, 15, &mut records);
    records
}

fn pushes(shop: &mut Shop, days_ago: i64, records: &mut Vec<Value>) {
    let run = Run {
        campaign: "app-flash-sale",
        activity: format!("flash-{days_ago}"),
        delivery_type: "GCM",
        start_s: shop.at(days_ago, 16),
    };
    for person in shop.people(1_500) {
        let at = run.start_s + shop.number(0..120);
        let treatment = ["0", "1"][person.number % 2];
        let status = push_status(shop, &person);
        records.push(campaign_send(&run, &person, (treatment, status), at));
        if status != "SUCCESS" || !shop.happens(0.92) {
            continue;
        }
        records.push(push_event(&run, &person, ("_campaign.received_background", treatment), at + 1));
        let appeal = if treatment == "1" { 0.14 } else { 0.10 };
        for opened in shop.fate(at, appeal).opened.into_iter().take(1) {
            records.push(push_event(&run, &person, ("_campaign.opened_notification", treatment), opened));
        }
    }
}

/// The holdout is drawn per person, and stays so over all runs.
fn push_status(shop: &mut Shop, person: &Person) -> &'static str {
    if person.number % 10 == 7 {
        return "HOLDOUT";
    }
    match shop.number(0..100) {
        0..3 => "DAILY_CAP",
        3..5 => "QUIET_TIME",
        5 => "FAILURE_PERMANENT",
        _ => "SUCCESS",
    }
}

fn mails(shop: &mut Shop, days_ago: i64, records: &mut Vec<Value>) {
    let run = Run {
        campaign: "loyalty-points",
        activity: format!("points-{days_ago}"),
        delivery_type: "EMAIL",
        start_s: shop.at(days_ago, 12),
    };
    for person in shop.people(1_400) {
        let sent_s = run.start_s + shop.number(0..300);
        let treatment = ["0", "1", "2"][person.number % 3];
        records.push(campaign_send(&run, &person, (treatment, "SUCCESS"), sent_s));
        let fate = shop.fate(sent_s, 0.31);
        let mut add = |event: Value, at: i64| records.push(mail(&run, &person, (treatment, sent_s), (at, event)));
        add(json!({"type": "_email.send", "object": "send"}), sent_s);
        match fate.bounce {
            Some(Bounce::Hard) => add(json!({"type": "_email.hardbounce", "object": "bounce"}), sent_s + 3),
            Some(Bounce::Soft) => add(json!({"type": "_email.softbounce", "object": "bounce"}), sent_s + 3),
            None => add(json!({"type": "_email.delivered", "object": "delivery"}), sent_s + 3),
        }
        for at in fate.opened {
            add(json!({"type": "_email.open", "object": "open"}), at);
        }
        for (at, link) in fate.clicked {
            add(json!({"type": "_email.click", "object": "click", "link": link}), at);
        }
        fate.complained.into_iter().for_each(|at| add(json!({"type": "_email.complaint", "object": "complaint"}), at));
        fate.unsubscribed.into_iter().for_each(|at| add(json!({"type": "_email.unsubscribe", "object": "open"}), at));
    }
}

fn texts(shop: &mut Shop, days_ago: i64, records: &mut Vec<Value>) {
    let start_s = shop.at(days_ago, 14);
    let run = Run { campaign: "order-updates", activity: "updates-1".to_owned(), delivery_type: "SMS", start_s };
    for person in shop.people(800) {
        let at = run.start_s + shop.number(0..600);
        records.push(campaign_send(&run, &person, ("0", "SUCCESS"), at));
        records.push(text(&run, &person, ("_SMS.BUFFERED", "SUCCESSFUL"), at + 1));
        match shop.number(0..100) {
            0..3 => records.push(text(&run, &person, ("_SMS.FAILURE", "UNREACHABLE"), at + 60)),
            3..5 => records.push(text(&run, &person, ("_SMS.FAILURE", "CARRIER_BLOCKED"), at + 9)),
            5 => records.push(text(&run, &person, ("_SMS.FAILURE", "INVALID_PHONE_NUMBER"), at + 5)),
            _ => records.push(text(&run, &person, ("_SMS.SUCCESS", "DELIVERED"), at + 6)),
        }
        if shop.happens(0.01) {
            records.push(text(&run, &person, ("_SMS.OPTOUT", "DELIVERED"), at + 600));
        }
    }
}

fn journey(shop: &mut Shop, days_ago: i64, records: &mut Vec<Value>) {
    let start_s = shop.at(days_ago, 9);
    for person in shop.people(600) {
        let mut record = record("_journey.send", &person.endpoint, start_s + shop.number(0..3_600));
        let status = if shop.happens(0.97) { "SUCCESS" } else { "QUIET_TIME" };
        record["attributes"] = json!({
            "journey_id": "onboarding", "journey_run_id": "onboarding-1", "journey_activity_id": "first-push",
            "journey_activity_type": "PUSH", "journey_send_status": status,
        });
        record["client_context"] = endpoint(&person, "GCM");
        records.push(record);
    }
}

fn campaign_send(run: &Run, person: &Person, (treatment, status): (&str, &str), at: i64) -> Value {
    let mut record = record("_campaign.send", &person.endpoint, at);
    record["attributes"] = attributes(run, treatment);
    record["attributes"]["campaign_send_status"] = json!(status);
    record["attributes"]["delivery_type"] = json!(run.delivery_type);
    record["client_context"] = endpoint(person, run.delivery_type);
    record
}

fn push_event(run: &Run, person: &Person, (name, treatment): (&str, &str), at: i64) -> Value {
    let mut record = record(name, &person.endpoint, at);
    record["attributes"] = attributes(run, treatment);
    record["attributes"]["delivery_type"] = json!(run.delivery_type);
    record
}

/// `event` names the record's type, its own object, and the link of a click.
fn mail(run: &Run, person: &Person, (treatment, sent_s): (&str, i64), (at, event): (i64, Value)) -> Value {
    let mut record = record(event["type"].as_str().unwrap_or_default(), &person.endpoint, sent_s);
    record["arrival_timestamp"] = json!(at * 1_000);
    record["attributes"] = attributes(run, treatment);
    let mut own = json!({});
    if let Some(link) = event.get("link") {
        own["link"] = link.clone();
    }
    let mut mail_event = json!({"mail": {
        "message_id": format!("{}-{}", run.activity, person.number), "message_send_timestamp": sent_s * 1_000,
        "from_address": "points@shop.example.com", "destination": [person.email],
    }});
    mail_event[event["object"].as_str().unwrap_or_default()] = own;
    record["facets"] = json!({"email_channel": {"mail_event": mail_event}});
    record
}

fn text(run: &Run, person: &Person, (name, status): (&str, &str), at: i64) -> Value {
    let mut record = record(name, &person.endpoint, at);
    record["attributes"] = attributes(run, "0");
    record["attributes"]["destination_phone_number"] = json!(person.phone);
    record["attributes"]["record_status"] = json!(status);
    record["attributes"]["message_id"] = json!(format!("{}-{}", run.activity, person.number));
    record["metrics"] = json!({"price_in_millicents_usd": 645.0});
    record
}

fn record(name: &str, endpoint: &str, at: i64) -> Value {
    json!({
        "event_type": name, "event_timestamp": at * 1_000, "arrival_timestamp": at * 1_000, "event_version": "3.1",
        "application": {"app_id": APPLICATION, "sdk": {}}, "client": {"client_id": endpoint},
        "device": {"platform": {}}, "session": {}, "awsAccountId": ACCOUNT,
    })
}

fn attributes(run: &Run, treatment: &str) -> Value {
    json!({"campaign_id": run.campaign, "campaign_activity_id": run.activity, "treatment_id": treatment})
}

/// Pinpoint puts the endpoint's document as a text into the record.
fn endpoint(person: &Person, channel: &str) -> Value {
    let address = match channel {
        "EMAIL" => person.email.clone(),
        "SMS" => person.phone.clone(),
        _ => format!("token-{}", person.number),
    };
    let document = json!({
        "ChannelType": channel, "Address": address, "EndpointStatus": "ACTIVE", "OptOut": "NONE",
        "User": {"UserId": person.user_id},
    });
    json!({"custom": {"endpoint": document.to_string()}})
}
