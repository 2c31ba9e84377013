//! Random records of Amazon Pinpoint's event stream.

use serde_json::{Map, Value, json};

use super::dice::Dice;
use super::world::{Person, World, link, moment, soon_after, text};

const ACCOUNT: &str = "123456789012";

const STATUSES: [&str; 6] = ["SUCCESS", "SUCCESS", "SUCCESS", "HOLDOUT", "DAILY_CAP", "NO_SUCH_STATUS"];

const MAIL: [&str; 12] = [
    "send",
    "send",
    "delivered",
    "open",
    "open",
    "click",
    "click",
    "softbounce",
    "hardbounce",
    "complaint",
    "unsubscribe",
    "rejected",
];

const SMS: [(&str, &str); 8] = [
    ("BUFFERED", "PENDING"),
    ("SUCCESS", "DELIVERED"),
    ("FAILURE", "UNREACHABLE"),
    ("FAILURE", "INVALID"),
    ("FAILURE", "OPTED_OUT"),
    ("FAILURE", "CARRIER_BLOCKED"),
    ("FAILURE", "UNKNOWN"),
    ("OPTOUT", ""),
];

const APP: [&str; 4] = ["opened_notification", "opened_notification", "received_foreground", "received_background"];

/// What the vendor calls the channel, and the type of its address.
const DELIVERY: [(&str, &str); 6] = [
    ("EMAIL", "email"),
    ("SMS", "phone"),
    ("VOICE", "phone"),
    ("GCM", "android_push_token"),
    ("APNS", "android_push_token"),
    ("CUSTOM", "email"),
];

/// A random record.
pub fn record(world: &World, dice: &Dice) -> Value {
    match dice.below(10) {
        0..=2 => send(world, dice),
        3..=6 => mail(world, dice),
        7 => message(world, dice),
        8 => app(world, dice),
        _ => session(world, dice),
    }
}

/// A machine at work: many links of one mail within about a second.
pub fn burst(world: &World, dice: &Dice) -> Vec<Value> {
    let (person, email) = world.somebody_with("email", dice);
    let start = moment(dice);
    let mail = Mail { act: "click", person, email, at: start, id: "mail-burst", campaign: campaign("click", dice) };
    let click = |_| Mail { at: soon_after(start, dice), ..mail.clone() }.record(dice);
    (0..dice.between(3, 6)).map(click).collect()
}

/// A campaign or journey tries somebody.
fn send(world: &World, dice: &Dice) -> Value {
    let (person, endpoint) = world.somebody_with("pinpoint_endpoint", dice);
    let mut attributes = campaign("send", dice);
    let (delivery, address) = dice.pick(&DELIVERY);
    let act = if attributes.contains_key("journey_id") { "journey" } else { "campaign" };
    attributes.insert(format!("{act}_send_status"), json!(dice.pick(&STATUSES)));
    attributes.insert("delivery_type".to_owned(), json!(delivery));
    if act == "journey" {
        attributes.insert("journey_activity_type".to_owned(), json!(dice.pick(&["EMAIL", "SMS", "PUSH"])));
    }
    let document = endpoint_document(person, delivery, address, dice);
    let text = if dice.chance(90) { document.to_string() } else { "{\"ChannelType\":\"GCM\", ->}".to_owned() };
    json!({
        "event_type": format!("_{act}.send"),
        "event_timestamp": moment(dice),
        "client": { "client_id": endpoint },
        "attributes": attributes,
        "client_context": { "custom": { "endpoint": text } },
        "awsAccountId": ACCOUNT,
    })
}

fn endpoint_document(person: &Person, delivery: &str, address: &str, dice: &Dice) -> Value {
    let mut document = Map::new();
    let fields = [
        ("ChannelType", Some(if delivery == "CUSTOM" { "EMAIL" } else { delivery }.to_owned())),
        ("EndpointStatus", Some(if dice.chance(85) { "ACTIVE" } else { "INACTIVE" }.to_owned())),
        ("OptOut", Some(if dice.chance(85) { "NONE" } else { "ALL" }.to_owned())),
        ("EffectiveDate", dice.maybe(70, text(moment(dice)))),
        ("Address", person.any(address, dice).filter(|_| dice.chance(60))),
    ];
    document.extend(fields.into_iter().filter_map(|(field, value)| Some((field.to_owned(), json!(value?)))));
    let user = person.any("user_id", dice).filter(|_| dice.chance(70));
    document.insert("User".to_owned(), user.map_or_else(|| json!({}), |user| json!({ "UserId": user })));
    document.into()
}

fn mail(world: &World, dice: &Dice) -> Value {
    let (person, email) = world.somebody_with("email", dice);
    let act = dice.pick(&MAIL);
    let id = dice.pick(&["mail-1", "mail-2", "mail-3"]);
    Mail { act, person, email, at: moment(dice), id, campaign: campaign(act, dice) }.record(dice)
}

/// What happened to a mail.
#[derive(Clone)]
struct Mail<'a> {
    act: &'static str,
    person: &'a Person,
    email: String,
    at: i64,
    id: &'static str,
    campaign: Map<String, Value>,
}

impl Mail<'_> {
    /// For every `_email.*` record the stamp is the time of sending; when it happened is the arrival.
    fn record(&self, dice: &Dice) -> Value {
        let sent_at = if self.act == "send" { self.at } else { moment(dice) };
        let endpoint = self.person.any("pinpoint_endpoint", dice).unwrap_or_else(|| ACCOUNT.to_owned());
        let mut event = json!({
            "mail": { "message_id": self.id, "message_send_timestamp": sent_at, "destination": [self.email] },
        });
        event[self.act] = if self.act == "click" { json!({ "link": link(dice) }) } else { json!({}) };
        json!({
            "event_type": format!("_email.{}", self.act),
            "event_timestamp": sent_at,
            "arrival_timestamp": self.at,
            "client": { "client_id": endpoint },
            "attributes": self.campaign,
            "awsAccountId": ACCOUNT,
            "facets": { "email_channel": { "mail_event": event } },
        })
    }
}

fn message(world: &World, dice: &Dice) -> Value {
    let (person, phone) = world.somebody_with("phone", dice);
    let (act, status) = dice.pick(&SMS);
    let mut attributes = campaign(if act == "SUCCESS" { "delivered" } else { "" }, dice);
    attributes.insert("destination_phone_number".to_owned(), json!(phone));
    attributes.insert("record_status".to_owned(), json!(status));
    attributes.insert("message_id".to_owned(), json!(dice.pick(&["sms-1", "sms-2"])));
    let endpoint = person.any("pinpoint_endpoint", dice).filter(|_| dice.chance(50));
    let at = moment(dice);
    json!({
        "event_type": format!("_SMS.{act}"),
        "event_timestamp": at,
        "client": { "client_id": endpoint.unwrap_or_else(|| ACCOUNT.to_owned()) },
        "attributes": attributes,
        "metrics": price(at),
        "awsAccountId": ACCOUNT,
    })
}

/// What a text cost, by the moment alone; some records do not say.
fn price(at: i64) -> Value {
    let millicents = [Some(645.0), Some(645.5), None, Some(0.0), Some(1_200.25)][(at / 7).rem_euclid(5) as usize];
    millicents.map_or_else(|| json!({}), |millicents| json!({ "price_in_millicents_usd": millicents }))
}

fn app(world: &World, dice: &Dice) -> Value {
    let (_, endpoint) = world.somebody_with("pinpoint_endpoint", dice);
    let act = dice.pick(&APP);
    let campaign = campaign(if act == "opened_notification" { "open" } else { "delivered" }, dice);
    json!({
        "event_type": format!("_campaign.{act}"),
        "event_timestamp": moment(dice),
        "client": { "client_id": endpoint },
        "attributes": campaign,
        "awsAccountId": ACCOUNT,
    })
}

fn session(world: &World, dice: &Dice) -> Value {
    let (_, endpoint) = world.somebody_with("pinpoint_endpoint", dice);
    json!({
        "event_type": dice.pick(&["_session.start", "_session.stop", "level_up"]),
        "event_timestamp": moment(dice),
        "client": { "client_id": endpoint },
        "attributes": {},
    })
}

/// Campaign `camp` reports deliveries, `quiet` never does; journey `trip` does.
fn campaign(act: &str, dice: &Dice) -> Map<String, Value> {
    let mut attributes = Map::new();
    let mut set = |field: &str, value: &str| attributes.insert(field.to_owned(), json!(value));
    let campaigns: &[&str] =
        if matches!(act, "delivered") { &["camp", "trip"] } else { &["camp", "camp", "quiet", "trip", ""] };
    match dice.pick(campaigns) {
        "" if act != "send" => {}
        "trip" => {
            set("journey_id", "trip");
            set("journey_run_id", dice.pick(&["run-1", "run-2"]));
            set("journey_activity_id", dice.pick(&["step-1", "step-2"]));
        }
        id => {
            set("campaign_id", if id.is_empty() { "camp" } else { id });
            set("campaign_activity_id", dice.pick(&["activity-1", "activity-2"]));
            set("treatment_id", dice.pick(&["0", "1"]));
        }
    }
    attributes
}
