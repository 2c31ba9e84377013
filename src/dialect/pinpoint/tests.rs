//! Every row of the mapping tables, every trap and bad input, from the fixtures.

use std::fs;

use serde_json::{Map, Value};

use super::parse;
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
    let text = fs::read_to_string(&path).unwrap_or_else(|fault| panic!("{path}: {fault}"));
    let records = match serde_json::from_str(&text).expect("a fixture is JSON") {
        Value::Array(records) => records,
        record => vec![record],
    };
    records.into_iter().map(|record| record.as_object().expect("a record is an object").clone()).collect()
}

/// The events of each record.
fn parsed(case: &str) -> Vec<Vec<NewEvent>> {
    let events =
        |record: &Map<String, Value>| parse(record).unwrap_or_else(|fault| panic!("{case}: {}", fault.message));
    records(case).iter().map(events).collect()
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

fn after_ms(millis: i64) -> Option<Micros> {
    Some(Micros::from_millis(SENT + millis))
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
fn a_push_is_targeted_and_sent_to_the_endpoint_its_user_and_its_token() {
    let [events] = parsed("basic").try_into().expect("one record");
    assert_eq!(events.len(), 2);
    for event in &events {
        assert_eq!(event.event_type, "_campaign.send");
        assert_eq!(event.occurred_at, after_ms(0));
        assert_eq!(who(event), ["gcm_push_token:tok-ada-phone", ENDPOINT, "user_id:ada-17"]);
        assert_eq!(place(event), [Some(CAMPAIGN), Some(RUN), Some("0"), None]);
        assert_eq!((changes(event), note_codes(event)), (vec![], vec![]));
    }
    assert_ne!(events[0].key, events[1].key);
}

#[test]
fn what_has_no_field_of_its_own_stays_in_data_as_it_came() {
    let record = records("basic").remove(0);
    let data = &parse(&record).expect("events")[0].data;
    for name in ["event_timestamp", "arrival_timestamp", "application", "client_context", "awsAccountId"] {
        assert_eq!(data.get(name), record.get(name), "{name}");
    }
    let attributes: Vec<_> = data["attributes"].as_object().expect("an object").keys().collect();
    assert_eq!(attributes, ["campaign_send_status", "delivery_type"]);
    let price = &parsed("sms-events")[2][0].data["metrics"]["price_in_millicents_usd"];
    assert_eq!(price.as_f64(), Some(645.0));
}

#[test]
fn the_events_of_one_mail_have_the_times_at_which_they_arrived() {
    let story: Vec<NewEvent> = parsed("batch").into_iter().flatten().collect();
    let told: Vec<_> = story.iter().map(|event| (event.kind.name(), event.occurred_at)).collect();
    let expected = [
        ("TARGETED", after_ms(0)),
        ("SENT", after_ms(0)),
        ("DELIVERED", after_ms(1_500)),
        ("OPENED", after_ms(60_000)),
        ("OPENED", after_ms(95_000)),
        ("CLICKED", after_ms(97_000)),
    ];
    assert_eq!(told, expected);
    for event in &story[1..] {
        assert_eq!(who(event), ["email:ada@example.org", ENDPOINT]);
        assert_eq!((event.sent_at, event.message_id.as_deref()), (after_ms(0), Some(MESSAGE)));
        assert_eq!(place(event), [Some(CAMPAIGN), Some(RUN), Some("0"), None]);
    }
    assert_eq!(who(&story[0]), ["email:ada@example.org", ENDPOINT, "user_id:ada-17"]);
}

#[test]
fn a_repeat_has_the_same_key_and_a_second_open_another() {
    let keys: Vec<EventKey> = parsed("duplicate").into_iter().flatten().map(|event| event.key).collect();
    assert_eq!(keys[0], keys[1]);
    assert_ne!(keys[1], keys[2]);
}

#[test]
fn every_campaign_status_has_its_kind() {
    let skipped = [
        "FAILURE",
        "DAILY_CAP",
        "EXPIRED",
        "QUIET_TIME",
        "HOLDOUT",
        "DUPLICATE_ADDRESS",
        "CAMPAIGN_CAP",
        "FAILURE_PERMANENT",
        "TRANSIENT_FAILURE",
        "THROTTLED",
        "UNKNOWN",
        "HOOK_FAILURE",
        "CUSTOM_DELIVERY_FAILURE",
        "RECOMMENDATION_FAILURE",
        "UNSUPPORTED_CHANNEL",
        "PAUSED_BY_MOON",
    ];
    let mut expected = vec!["TARGETED email".to_owned()];
    expected.extend(skipped.map(|status| format!("SKIPPED email {status}")));
    expected[5] = "HELD_OUT email".to_owned();
    expected.push("OTHER email".to_owned());
    assert_eq!(outcomes("campaign-statuses"), expected);
}

#[test]
fn every_journey_status_has_its_kind() {
    let expected = [
        "TARGETED email",
        "SKIPPED email FAILURE",
        "SKIPPED email CUSTOM_DELIVERY_FAILURE",
        "SKIPPED email FAILURE_PERMANENT",
        "SKIPPED email THROTTLED",
        "SKIPPED email UNSUPPORTED_CHANNEL",
        "SKIPPED email DAILY_CAP",
        "SKIPPED email QUIET_TIME",
        "SKIPPED email QUIET_TIME_MISSING_TIMEZONE",
        "SKIPPED QUIET_TIME_WAIT_FINISHED",
        "HELD_OUT email",
    ];
    assert_eq!(outcomes("journey-statuses"), expected);
    let event = &parsed("journey-statuses")[0][0];
    assert_eq!(place(event), [Some(JOURNEY), Some(JOURNEY_RUN), None, Some("k3Vq7XpZ2m")]);
    assert_eq!(event.occurred_at, after_ms(0));
}

#[test]
fn delivery_types_name_the_channel_and_whether_the_send_stands_for_sent() {
    let expected = [
        "TARGETED email",
        "TARGETED sms",
        "TARGETED+SENT voice",
        "TARGETED+SENT push",
        "TARGETED+SENT push",
        "TARGETED+SENT push",
        "TARGETED+SENT push",
        "TARGETED+SENT push",
        "TARGETED+SENT push",
        "TARGETED+SENT push",
        "TARGETED+SENT push",
        "TARGETED in_app",
        "TARGETED+SENT custom",
        "TARGETED carrier_pigeon",
        "TARGETED",
        "TARGETED+SENT email", // a custom delivery to an e-mail endpoint: no `_email.send` will follow
        "TARGETED+SENT push",
    ];
    assert_eq!(outcomes("delivery-types"), expected);
}

#[test]
fn journey_activities_name_the_channel() {
    let expected = [
        "TARGETED email",
        "TARGETED sms",
        "TARGETED+SENT push",
        "TARGETED+SENT voice",
        "TARGETED+SENT sms",
        "TARGETED+SENT custom",
        "TARGETED+SENT push",
    ];
    assert_eq!(outcomes("journey-activities"), expected);
    assert_eq!(who(&parsed("journey-activities")[4][0]), ["phone:+14155550123", ENDPOINT, "user_id:ada-17"]);
}

#[test]
fn apps_report_what_became_of_a_push() {
    let expected = ["OPENED push", "OPENED push", "DELIVERED push", "DELIVERED push", "OTHER"];
    assert_eq!(outcomes("app-reports"), expected);
    let reports = parsed("app-reports");
    for opened in [&reports[0][0], &reports[1][0]] {
        assert_eq!(who(opened), ["apns_push_token:tok-ada-watch", ENDPOINT, "user_id:ada-17"]);
        assert_eq!(place(opened), [Some(CAMPAIGN), Some(RUN), Some("0"), None]);
    }
    assert_eq!(who(&reports[2][0]), [ENDPOINT]);
}

#[test]
fn every_email_event_has_its_kind_and_reason() {
    let expected = [
        "SENT email",
        "DELIVERED email",
        "OPENED email",
        "CLICKED email",
        "CLICKED email",
        "SOFT_BOUNCED email 452 4.2.2 mailbox full",
        "HARD_BOUNCED email NoEmail",
        "SPAM_REPORTED email abuse",
        "LIST_UNSUBSCRIBED email",
        "SKIPPED email Bad content",
        "SKIPPED email rendering_failure",
        "OTHER email",
    ];
    assert_eq!(outcomes("email-events"), expected);
    let events = parsed("email-events");
    let urls: Vec<_> = events.iter().filter_map(|events| events[0].url.as_deref()).collect();
    assert_eq!(urls, ["https://shop.example.net/a", "https://shop.example.net/b"]);
    assert!(events.iter().all(|events| events[0].list.is_none() && events[0].sent_at == after_ms(0)));
    assert_eq!(events[11][0].occurred_at, after_ms(69_000));
}

#[test]
fn mail_outside_campaigns_is_known_by_its_address_alone() {
    let event = single("email-transactional");
    assert_eq!(who(&event), ["email:ada@example.org"]);
    assert_eq!(place(&event), [None; 4]);
    assert_eq!(event.data["client"]["client_id"], "e07a5e52-94c1-4d3f-a1b2-c3d4e5f60718");
    let event = single("email-journey");
    assert_eq!(who(&event), ["email:ada@example.org", ENDPOINT]);
    assert_eq!(place(&event), [Some(JOURNEY), Some(JOURNEY_RUN), None, Some("k3Vq7XpZ2m")]);
}

#[test]
fn a_mail_to_several_is_one_event_each_without_the_endpoint() {
    let [events] = parsed("email-several-destinations").try_into().expect("one record");
    let everyone: Vec<_> = events.iter().map(who).collect();
    assert_eq!(everyone, [["email:ada@example.org"], ["email:ben@example.org"]]);
    assert_ne!(events[0].key, events[1].key);
}

#[test]
fn missing_stamps_fall_back_on_those_that_are_there() {
    let event = single("email-without-arrival");
    assert_eq!((event.occurred_at, note_codes(&event)), (after_ms(0), vec!["TIME_OF_SENDING"]));
    let event = single("email-without-event-time");
    assert_eq!((event.occurred_at, event.sent_at), (after_ms(400), None));
    let sent: Vec<_> = parsed("email-send-stamps").iter().map(|events| events[0].sent_at).collect();
    assert_eq!(sent, [after_ms(-1_000), after_ms(-2_000), after_ms(0), after_ms(0)]);
    let bare = parsed("without-times");
    assert_eq!(bare[0][0].occurred_at, after_ms(250));
    assert_eq!((bare[1][0].occurred_at, bare[1][0].key.clone()), (None, EventKey::AlwaysNew));
}

#[test]
fn every_status_of_a_failed_text_has_its_kind() {
    let failures = parsed("sms-failures");
    for (index, (status, kind)) in [
        ("UNREACHABLE", "SOFT_BOUNCED"),
        ("CARRIER_UNREACHABLE", "SOFT_BOUNCED"),
        ("TTL_EXPIRED", "SOFT_BOUNCED"),
        ("UNKNOWN", "DELIVERY_UNKNOWN"),
        ("INVALID", "HARD_BOUNCED"),
        ("BLOCKED", "HARD_BOUNCED"),
        ("INVALID_PHONE_NUMBER", "HARD_BOUNCED"),
        ("SPAM", "FAILED"),
        ("CARRIER_BLOCKED", "FAILED"),
        ("INVALID_MESSAGE", "FAILED"),
    ]
    .into_iter()
    .enumerate()
    {
        let event = &failures[index][0];
        assert_eq!((event.kind.name(), event.reason.as_deref()), (kind, Some(status)));
        assert_eq!(changes(event), []);
    }
    let opted_out = &failures[10][0];
    assert_eq!((opted_out.kind.name(), opted_out.reason.as_deref()), ("SKIPPED", Some("OPTED_OUT")));
    assert_eq!(changes(opted_out), [("phone".to_owned(), AddressChange::OptedOut, None)]);
    let (last, rest) = failures[11..].split_last().expect("more statuses");
    assert_eq!(rest.len(), 16);
    assert!(rest.iter().all(|events| events[0].kind.name() == "SKIPPED" && events[0].reason.is_some()));
    assert_eq!((last[0].kind.name(), last[0].reason.as_deref()), ("FAILED", None));
}

#[test]
fn texts_are_sent_delivered_or_refused() {
    let expected =
        ["SENT sms", "SENT sms", "DELIVERED sms", "DELIVERED sms", "DELIVERED sms", "OPTED_OUT sms", "OTHER sms"];
    assert_eq!(outcomes("sms-events"), expected);
    for event in parsed("sms-events").iter().flatten() {
        assert_eq!(who(event), ["phone:+14155550123", ENDPOINT]);
        assert_eq!(place(event), [Some(CAMPAIGN), Some(RUN), Some("0"), None]);
        assert_eq!(event.message_id.as_deref(), Some("sms-7f3a-0001"));
        assert_eq!((event.occurred_at, event.sent_at), (after_ms(0), None));
    }
}

#[test]
fn the_account_and_random_ids_are_no_endpoints() {
    for event in parsed("sms-transactional").iter().flatten() {
        assert_eq!((who(event), place(event)), (vec!["phone:+14155550123".to_owned()], [None; 4]));
    }
    let event = single("sms-account-as-client");
    assert_eq!(who(&event), ["phone:+14155550123"]);
    assert_eq!(place(&event), [Some(CAMPAIGN), Some(RUN), Some("0"), None]);
}

#[test]
fn addresses_are_identifiers_of_their_channel() {
    let found: Vec<_> = parsed("endpoint-addresses").iter().map(|events| who(&events[0])).collect();
    let expected = [
        Some("email:ada@example.org"),
        Some("phone:+14155550123"),
        Some("phone:+14155550123"),
        Some("gcm_push_token:tok-g"),
        Some("apns_push_token:tok-a"),
        Some("apns_push_token:tok-a"),
        Some("apns_push_token:tok-a"),
        Some("apns_push_token:tok-a"),
        Some("adm_push_token:tok-m"),
        Some("baidu_push_token:tok-b"),
        Some("pinpoint_push_token:tok-p"),
        None,
        None,
        None,
    ];
    for (found, expected) in found.iter().zip(expected) {
        let mut expected: Vec<&str> = expected.into_iter().chain([ENDPOINT, "user_id:ada-17"]).collect();
        expected.sort_unstable();
        assert_eq!(*found, expected);
    }
}

#[test]
fn endpoint_state_concerns_the_address_and_the_endpoint() {
    let out = AddressChange::OptedOut;
    let gone = AddressChange::Unreachable(ReachabilityType::Unknown);
    let both = |change: &[AddressChange], at: Option<i64>| {
        let of = |name: &str| change.iter().map(|change| (name.to_owned(), *change, at)).collect::<Vec<_>>();
        [of("email"), of("pinpoint_endpoint")].concat()
    };
    let found: Vec<_> = parsed("endpoint-state").iter().map(|events| changes(&events[0])).collect();
    let expected = [
        both(&[out], Some(EFFECTIVE)),
        both(&[gone], Some(EFFECTIVE)),
        both(&[out, gone], Some(EFFECTIVE)),
        vec![],
        both(&[out], None),
        vec![("pinpoint_endpoint".to_owned(), out, Some(EFFECTIVE))],
    ];
    assert_eq!(found, expected);
    assert!(outcomes("endpoint-state").iter().all(|outcome| outcome == "TARGETED email"));
}

#[test]
fn a_bad_endpoint_document_costs_a_note_and_not_the_event() {
    let all = parsed("endpoint-unreadable");
    let codes: Vec<_> = all.iter().map(|events| note_codes(&events[0])).collect();
    let unreadable = vec!["ENDPOINT_UNREADABLE"];
    assert_eq!(codes[..2], [unreadable.clone(), unreadable.clone()]);
    assert!(codes[2].is_empty(), "an empty document is none");
    assert_eq!(codes[3..6], [unreadable.clone(), unreadable.clone(), unreadable.clone()]);
    assert_eq!(codes[6], ["IDENTIFIER_DROPPED"]);
    assert_eq!(codes[7..], [unreadable.clone(), unreadable]);
    assert!(all.iter().all(|events| events[0].kind.name() == "TARGETED" && events.len() == 2));
    assert_eq!(who(&all[3][0]), ["gcm_push_token:tok-g", ENDPOINT]);
    assert_eq!(changes(&all[4][0]), [("pinpoint_endpoint".to_owned(), AddressChange::OptedOut, None)]);
    assert!(all[0][0].notes[0].message.contains("client_context.custom.endpoint"));
    assert!(all[3][0].notes[0].message.contains("User is the string \"ada-17\""), "{:?}", all[3][0].notes);
}

#[test]
fn app_events_name_the_endpoint_and_no_campaign() {
    let mut expected = vec!["OTHER"; 9];
    expected[7] = "PURCHASED";
    assert_eq!(outcomes("app-events"), expected);
    for event in parsed("app-events").iter().flatten() {
        assert_eq!((who(event), place(event)), (vec![ENDPOINT.to_owned()], [None; 4]));
        assert_eq!(event.occurred_at, after_ms(0));
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
    let refused = |record: &Map<String, Value>| -> Rejection { parse(record).expect_err("a refusal") };
    let found: Vec<_> = records("malformed").iter().map(refused).map(|fault| (fault.code, fault.path)).collect();
    assert_eq!(found, expected);
}
