//! The endpoint document: identifiers, state, and its faults.

use super::*;

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
