//! The demo's Optimizely Data Platform records: newsletters with campaign tracking (ODP reports no deliveries of mails),
//! a welcome series, orders, visits and consents.

use chrono::DateTime;
use serde_json::{Value, json};

use super::cast::{Bounce, Fate, Person, Shop};

/// A mailing of a campaign: what every event of it carries.
struct Mailing {
    campaign: &'static str,
    campaign_id: i64,
    run_s: i64,
    touchpoint_id: i64,
    content: &'static str,
}

/// All records, campaign by campaign.
pub fn records(shop: &mut Shop) -> Vec<Value> {
    let mut records = registrations(shop);
    for days_ago in [28, 21, 14, 7] {
        newsletter(shop, days_ago, &mut records);
    }
    for days_ago in (0..30).rev() {
        welcome(shop, days_ago, &mut records);
        visits(shop, days_ago, &mut records);
    }
    records
}

/// The event that names a customer in every vendor's terms, so that the vendors' records meet.
fn registrations(shop: &mut Shop) -> Vec<Value> {
    let at = shop.at(30, 6);
    let register = |person: Person| {
        json!({
            "type": "account", "action": "registered",
            "identifiers": {"email": person.email, "user_id": person.user_id, "activatepro_id": person.activatepro_id},
            "data": {"ts": at, "data_source": "shop"},
        })
    };
    shop.people(2_400).into_iter().map(register).collect()
}

fn newsletter(shop: &mut Shop, days_ago: i64, records: &mut Vec<Value>) {
    let mailing = Mailing {
        campaign: "Weekly newsletter",
        campaign_id: 4_101,
        run_s: shop.at(days_ago, 8),
        touchpoint_id: 1,
        content: ["Jackets are back", "New in store"][usize::from(days_ago % 2 == 0)],
    };
    send(shop, &mailing, 1_600, records);
}

fn welcome(shop: &mut Shop, days_ago: i64, records: &mut Vec<Value>) {
    for (touchpoint_id, content) in [(1, "Welcome"), (2, "Your first order")] {
        let run_s = shop.at(days_ago, 5);
        let mailing = Mailing { campaign: "Welcome series", campaign_id: 4_102, run_s, touchpoint_id, content };
        send(shop, &mailing, 35, records);
    }
}

fn send(shop: &mut Shop, mailing: &Mailing, audience: usize, records: &mut Vec<Value>) {
    for person in shop.people(audience) {
        let sent_s = mailing.run_s + shop.number(0..600);
        if sent_s > shop.now_s() {
            continue;
        }
        if shop.happens(0.004) {
            records.push(event(mailing, &person, ("email", "abort"), sent_s));
            continue;
        }
        records.push(event(mailing, &person, ("email", "sent"), sent_s));
        let fate = shop.fate(sent_s, 0.38);
        follow(shop, mailing, &person, (sent_s, &fate), records);
    }
}

fn follow(shop: &mut Shop, mailing: &Mailing, person: &Person, (sent_s, fate): (i64, &Fate), records: &mut Vec<Value>) {
    let mut add = |action: (&str, &str), at: i64| records.push(event(mailing, person, action, at));
    match fate.bounce {
        Some(Bounce::Hard) => add(("email", "hard_bounce"), sent_s + 1),
        Some(Bounce::Soft) => add(("email", "soft_bounce"), sent_s + 1),
        None => {}
    }
    fate.opened.iter().for_each(|at| add(("email", "open"), *at));
    fate.complained.into_iter().for_each(|at| add(("email", "spamreport"), at));
    for (at, url) in &fate.clicked {
        let mut click = event(mailing, person, ("email", "click"), *at);
        click["data"]["url"] = json!(url);
        records.push(click);
    }
    if let Some(at) = fate.unsubscribed {
        let mut left = event(mailing, person, ("email", "list_unsubscribe"), at);
        left["data"]["list_id"] = json!("newsletter");
        records.push(left);
    }
    if let Some(at) = fate.bought {
        records.push(order(shop, person, at));
    }
}

fn event(mailing: &Mailing, person: &Person, (kind, action): (&str, &str), at: i64) -> Value {
    json!({
        "type": kind, "action": action,
        "identifiers": {"email": person.email},
        "data": {
            "ts": at, "campaign": mailing.campaign, "campaign_id": mailing.campaign_id,
            "campaign_schedule_run_ts": mailing.run_s, "touchpoint_id": mailing.touchpoint_id,
            "content": mailing.content, "identifier_key": "email", "target_address": person.email,
        },
    })
}

fn order(shop: &mut Shop, person: &Person, at: i64) -> Value {
    let quantity = shop.number(1..4);
    let cents = shop.number(1_500..18_000);
    let subtotal = (cents * quantity) as f64 / 100.0;
    json!({
        "type": "order", "action": "purchase",
        "identifiers": {"email": person.email, "user_id": person.user_id},
        "data": {"ts": rfc3339(at), "order": {
            "order_id": format!("O-{at}-{}", person.number), "total": subtotal + 4.9, "subtotal": subtotal,
            "shipping": 4.9, "currency": "USD",
            "items": [{"product_id": format!("P{}", shop.number(100..160)), "price": cents as f64 / 100.0,
                       "quantity": quantity, "subtotal": subtotal}],
        }},
    })
}

fn visits(shop: &mut Shop, days_ago: i64, records: &mut Vec<Value>) {
    let morning = shop.at(days_ago, 7);
    for person in shop.people(90) {
        let at = morning + shop.number(0..50_000);
        if at > shop.now_s() {
            continue;
        }
        let product = format!("P{}", shop.number(100..160));
        records.push(visit(&person, ("pageview", None), at, json!({"page": "https://shop.example.com/"})));
        if shop.happens(0.5) {
            records.push(visit(&person, ("product", Some("detail")), at, json!({"product_id": product})));
        }
        if shop.happens(0.1) {
            records.push(visit(&person, ("product", Some("add_to_cart")), at, json!({"product_id": product})));
        }
        if shop.happens(0.02) {
            let choice = shop.one_of(&["opt-in", "opt-out"]);
            records.push(visit(&person, ("consent", Some(choice)), at, json!({"target_address": person.email})));
        }
    }
}

fn visit(person: &Person, (kind, action): (&str, Option<&str>), at: i64, mut data: Value) -> Value {
    data["ts"] = json!(at);
    let mut record = json!({"type": kind, "identifiers": {"email": person.email}, "data": data});
    if let Some(action) = action {
        record["action"] = json!(action);
    }
    record
}

fn rfc3339(at: i64) -> String {
    DateTime::from_timestamp(at, 0).unwrap_or_default().to_rfc3339()
}
