//! Every row of the mapping tables, every trap and bad input, from the fixtures.

mod endpoint;
mod message;
mod put_events;
mod send;

use std::fs;

use serde_json::{Map, Value};

use super::parse;
use crate::dialect::Rules;
use crate::domain::event::{EventKey, NewEvent, Rejection, RejectionCode};
use crate::domain::reachability::{AddressChange, AddressUpdate, ReachabilityType};
use crate::domain::time::Micros;

const CAMPAIGN: &str = "4d5f1c7e90ab4f3c8a2d6b1e7f905c31";
const RUN: &str = "b07e4a1f6c2d4e5f90a1b2c3d4e5f607";
const JOURNEY: &str = "e61f2a3b4c5d4e6f8091a2b3c4d5e6f7";
const JOURNEY_RUN: &str = "0c9d8e7f6a5b4c3d92e1f0a9b8c7d6e5";
const MESSAGE: &str = "0107018c5d2e9a41-6f0b7c1d-33a2-4e58-b9d4-1a2b3c4d5e6f-000000";
const ENDPOINT: &str = "pinpoint_endpoint:5b1f6c0e-2d3a-4c8e-9f10-7a2b3c4d5e6f";
/// 2024-01-29T10:00:00Z, when every fixture was sent.
const SENT: i64 = 1_706_522_400_000;
/// 2024-01-20T08:30:00.5Z, when the endpoints of the fixtures last changed.
const EFFECTIVE: i64 = 1_705_739_400_500;

fn records(case: &str) -> Vec<Map<String, Value>> {
    let path = format!("{}/tests/fixtures/pinpoint/{case}.json", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(&path).expect(&path);
    let records = match serde_json::from_str(&text).expect("a fixture is JSON") {
        Value::Array(records) => records,
        record => vec![record],
    };
    records.into_iter().map(|record| record.as_object().expect("a record is an object").clone()).collect()
}

/// The events of each record.
fn parsed(case: &str) -> Vec<Vec<NewEvent>> {
    records(case).iter().map(|record| parse(record, &Rules::default()).expect(case)).collect()
}

/// The only event of the only record.
fn single(case: &str) -> NewEvent {
    let [events] = parsed(case).try_into().expect("one record");
    let [event] = events.try_into().expect("one event");
    event
}

/// Kinds, channel and reason of each record: `TARGETED+SENT push`, `SKIPPED email DAILY_CAP`.
fn outcomes(case: &str) -> Vec<String> {
    let outcome = |events: Vec<NewEvent>| {
        let kinds: Vec<_> = events.iter().map(|event| event.kind.name()).collect();
        let words = [Some(kinds.join("+")), events[0].channel.clone(), events[0].reason.clone()];
        words.into_iter().flatten().collect::<Vec<_>>().join(" ")
    };
    parsed(case).into_iter().map(outcome).collect()
}

fn who(event: &NewEvent) -> Vec<String> {
    event.identifiers.iter().map(|pair| format!("{}:{}", pair.name, pair.value)).collect()
}

fn place(event: &NewEvent) -> [Option<&str>; 4] {
    let campaign = event.campaign.as_ref().map(|campaign| {
        assert_eq!(campaign.namespace.name(), "aws");
        campaign.external_id.as_str()
    });
    [campaign, event.run.as_deref(), event.treatment.as_deref(), event.touchpoint.as_deref()]
}

fn after_ms(millis: i64) -> Micros {
    Micros::from_millis(SENT + millis)
}

fn changes(event: &NewEvent) -> Vec<(String, AddressChange, Option<i64>)> {
    let change =
        |update: &AddressUpdate| (update.address.name.clone(), update.change, update.at.map(|at| at.0 / 1_000));
    event.updates.iter().map(change).collect()
}

fn note_codes(event: &NewEvent) -> Vec<&str> {
    event.notes.iter().map(|note| note.code).collect()
}

#[test]
fn what_has_no_field_of_its_own_stays_in_data_as_it_came() {
    let record = records("basic").remove(0);
    let data = &parse(&record, &Rules::default()).expect("events")[0].data;
    for name in ["event_timestamp", "arrival_timestamp", "application", "client_context", "awsAccountId"] {
        assert_eq!(data.get(name), record.get(name), "{name}");
    }
    let attributes: Vec<_> = data["attributes"].as_object().expect("an object").keys().collect();
    assert_eq!(attributes, ["campaign_send_status", "delivery_type"]);
    let price = &parsed("sms-events")[2][0].data["metrics"]["price_in_millicents_usd"];
    assert_eq!(price.as_f64(), Some(645.0));
}

#[test]
fn a_repeat_has_the_same_key_and_a_second_open_another() {
    let keys: Vec<EventKey> = parsed("duplicate").into_iter().flatten().map(|event| event.key).collect();
    assert_eq!(keys[0], keys[1]);
    assert_ne!(keys[1], keys[2]);
}

#[test]
fn app_events_name_the_endpoint_and_no_campaign() {
    let mut expected = vec!["OTHER"; 9];
    expected[7] = "PURCHASED";
    assert_eq!(outcomes("app-events"), expected);
    for event in parsed("app-events").iter().flatten() {
        assert_eq!((who(event), place(event)), (vec![ENDPOINT.to_owned()], [None; 4]));
        assert_eq!(event.occurred_at, Some(after_ms(0)));
    }
    let own = &parsed("app-events")[8][0];
    assert_eq!(
        (own.event_type.as_str(), &own.data["attributes"]["campaign_id"]),
        ("level.completed", &"the castle".into())
    );
}

#[test]
fn unknown_events_are_kept_as_other() {
    assert_eq!(outcomes("unknown-kind"), ["OTHER", "OTHER", "OTHER"]);
    assert!(parsed("unknown-kind").iter().all(|events| who(&events[0]) == [ENDPOINT]));
}

#[test]
fn null_and_empty_are_absent() {
    let event = single("nulls");
    assert_eq!(place(&event), [Some(CAMPAIGN), None, None, None]);
    assert_eq!((event.kind.name(), event.channel), ("TARGETED", None));
}

#[test]
fn bad_records_are_refused_by_path() {
    use RejectionCode::{InvalidTime, MissingField, MissingIdentifier, TooLarge, WrongType};
    let mail = "facets.email_channel.mail_event.mail";
    let expected = [
        (MissingField, "event_type".to_owned()),
        (WrongType, "event_type".to_owned()),
        (MissingField, "event_type".to_owned()),
        (InvalidTime, "event_timestamp".to_owned()),
        (InvalidTime, "event_timestamp".to_owned()),
        (InvalidTime, "arrival_timestamp".to_owned()),
        (InvalidTime, "event_timestamp".to_owned()),
        (WrongType, "attributes".to_owned()),
        (WrongType, "attributes.campaign_id".to_owned()),
        (WrongType, "client".to_owned()),
        (WrongType, "client.client_id".to_owned()),
        (MissingIdentifier, "client.client_id".to_owned()),
        (MissingIdentifier, "client.client_id".to_owned()),
        (MissingIdentifier, "client.client_id".to_owned()),
        (WrongType, "client_context".to_owned()),
        (TooLarge, "attributes.campaign_id".to_owned()),
        (WrongType, format!("{mail}.destination")),
        (WrongType, format!("{mail}.destination[1]")),
        (WrongType, mail.to_owned()),
        (MissingIdentifier, "attributes.destination_phone_number".to_owned()),
    ];
    let refused =
        |record: &Map<String, Value>| -> Rejection { parse(record, &Rules::default()).expect_err("a refusal") };
    let found: Vec<_> = records("malformed").iter().map(refused).map(|fault| (fault.code, fault.path)).collect();
    assert_eq!(found, expected);
}
