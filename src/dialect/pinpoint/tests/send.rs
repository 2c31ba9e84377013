//! Campaign and journey sends, and what apps report about a push.

use super::*;

#[test]
fn a_push_is_targeted_and_sent_to_the_endpoint_its_user_and_its_token() {
    let [events] = parsed("basic").try_into().expect("one record");
    assert_eq!(events.len(), 2);
    for event in &events {
        assert_eq!(event.event_type, "_campaign.send");
        assert_eq!(event.occurred_at, Some(after_ms(0)));
        assert_eq!(who(event), ["gcm_push_token:tok-ada-phone", ENDPOINT, "user_id:ada-17"]);
        assert_eq!(place(event), [Some(CAMPAIGN), Some(RUN), Some("0"), None]);
        assert_eq!((changes(event), note_codes(event)), (vec![], vec![]));
    }
    assert_ne!(events[0].key, events[1].key);
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
    assert_eq!(event.occurred_at, Some(after_ms(0)));
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
