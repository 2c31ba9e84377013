//! What became of mails and texts.

use super::*;

#[test]
fn the_events_of_one_mail_have_the_times_at_which_they_arrived() {
    let story: Vec<NewEvent> = parsed("batch").into_iter().flatten().collect();
    let told: Vec<_> = story.iter().map(|event| (event.kind.name(), event.occurred_at)).collect();
    let expected = [
        ("TARGETED", Some(after_ms(0))),
        ("SENT", Some(after_ms(0))),
        ("DELIVERED", Some(after_ms(1_500))),
        ("OPENED", Some(after_ms(60_000))),
        ("OPENED", Some(after_ms(95_000))),
        ("CLICKED", Some(after_ms(97_000))),
    ];
    assert_eq!(told, expected);
    for event in &story[1..] {
        assert_eq!(who(event), ["email:ada@example.org", ENDPOINT]);
        assert_eq!((event.sent_at, event.message_id.as_deref()), (Some(after_ms(0)), Some(MESSAGE)));
        assert_eq!(place(event), [Some(CAMPAIGN), Some(RUN), Some("0"), None]);
    }
    assert_eq!(who(&story[0]), ["email:ada@example.org", ENDPOINT, "user_id:ada-17"]);
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
    assert!(events.iter().all(|events| events[0].list.is_none() && events[0].sent_at == Some(after_ms(0))));
    assert_eq!(events[11][0].occurred_at, Some(after_ms(69_000)));
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
    assert!(events.iter().all(|event| event.data["client"]["client_id"].is_string()), "the endpoint stays in data");
}

#[test]
fn missing_stamps_fall_back_on_those_that_are_there() {
    let event = single("email-without-arrival");
    assert_eq!((event.occurred_at, note_codes(&event)), (Some(after_ms(0)), vec!["TIME_OF_SENDING"]));
    let event = single("email-without-event-time");
    assert_eq!((event.occurred_at, event.sent_at), (Some(after_ms(400)), None));
    let sent: Vec<_> = parsed("email-send-stamps").iter().map(|events| events[0].sent_at).collect();
    assert_eq!(sent, [Some(after_ms(-1_000)), Some(after_ms(-2_000)), Some(after_ms(0)), Some(after_ms(0))]);
    let bare = parsed("without-times");
    assert_eq!(bare[0][0].occurred_at, Some(after_ms(250)));
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
        assert_eq!((event.occurred_at, event.sent_at), (Some(after_ms(0)), None));
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
