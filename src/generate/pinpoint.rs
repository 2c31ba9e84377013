//! Amazon Pinpoint's event stream: sends with the endpoint as JSON in a string, mails whose every record carries the time
//! of sending, texts, an app's reports about notifications, and journeys. Users are named by sends alone.

use serde_json::{Value, json};

use super::campaign::{Campaign, Channel, Genre};
use super::dice::mix;
use super::scene::{Scene, rfc2822, rfc3339_ms, uuid};
use super::vendor::Vendor;
use crate::domain::event::{Dialect, Namespace};
use crate::domain::kind::Kind;

/// This vendor.
pub const VENDOR: Vendor = Vendor {
    dialect: Dialect::Pinpoint,
    namespace: Namespace::Aws,
    genres: &[
        Genre::single(Channel::Email),
        Genre::single(Channel::Push),
        Genre::single(Channel::Sms),
        Genre::journey(Channel::Email),
        Genre::single(Channel::Email),
    ],
    tick_ms: 1,
    has_treatments: true,
    retries: true,
    says,
    judges: |_| false,
    names_message,
    besides,
    campaign_id,
    run_id: Some(run_id),
    record,
};

const APPLICATION: &str = "5d0f2c1ab7e94c6d8a3b0e7f41c2d6a9";
const ACCOUNT: &str = "123456789012";
const FAILED_SENDS: [&str; 5] = ["DAILY_CAP", "QUIET_TIME", "FAILURE_PERMANENT", "THROTTLED", "EXPIRED"];
const FAILED_STEPS: [&str; 4] = ["DAILY_CAP", "QUIET_TIME_MISSING_TIMEZONE", "FAILURE_PERMANENT", "THROTTLED"];

fn says(campaign: &Campaign, kind: Kind) -> bool {
    let of_channel: &[Kind] = match campaign.genre.channel {
        Channel::Sms => &[Kind::Sent, Kind::HardBounced, Kind::Failed, Kind::DeliveryUnknown, Kind::OptedOut],
        Channel::Push => &[Kind::Opened, Kind::Other],
        _ => &[Kind::Sent, Kind::HardBounced, Kind::Opened, Kind::Clicked, Kind::SpamReported, Kind::ListUnsubscribed],
    };
    match kind {
        Kind::Targeted | Kind::Skipped | Kind::Delivered => true,
        Kind::HeldOut => !campaign.genre.is_journey,
        Kind::SoftBounced => campaign.genre.channel != Channel::Push,
        other => of_channel.contains(&other),
    }
}

/// A send does not know the message's id yet; notifications never have one.
fn names_message(campaign: &Campaign, kind: Kind) -> bool {
    campaign.genre.channel != Channel::Push && !is_send(kind)
}

fn is_send(kind: Kind) -> bool {
    matches!(kind, Kind::Targeted | Kind::HeldOut | Kind::Skipped)
}

/// No other record says that a notification went out.
fn besides(campaign: &Campaign, kind: Kind) -> Option<Kind> {
    (campaign.genre.channel == Channel::Push && kind == Kind::Targeted).then_some(Kind::Sent)
}

fn campaign_id(campaign: &Campaign) -> String {
    format!("{:016x}{:016x}", mix(&[campaign.key, 40]), mix(&[campaign.key, 41]))
}

fn run_id(campaign: &Campaign, run: usize) -> String {
    format!("{:016x}{:016x}", mix(&[campaign.key, 42, run as u64]), mix(&[campaign.key, 43, run as u64]))
}

fn record(scene: &Scene<'_>) -> Value {
    let kind = scene.happening.kind;
    match scene.campaign.genre.channel {
        _ if is_send(kind) => send(scene),
        Channel::Push => app_report(scene),
        Channel::Sms => text(scene),
        _ => mail(scene),
    }
}

/// The part that all records share. The service learns of most things a little after they happened; its clocks are not
/// one, so that it may also seem before.
fn envelope(scene: &Scene<'_>, event_type: &str, attributes: &Value) -> Value {
    let lag = mix(&[scene.key, 44, scene.slot]) % 2_200;
    let channel = scene.campaign.genre.channel;
    json!({
        "event_type": event_type, "event_timestamp": scene.at_ms(), "arrival_timestamp": scene.at_ms() + lag as i64 - 200,
        "event_version": "3.1", "application": {"app_id": APPLICATION, "sdk": {}},
        "client": {"client_id": scene.person.endpoint(channel)}, "device": {"platform": {}}, "session": {},
        "attributes": attributes, "awsAccountId": ACCOUNT,
    })
}

/// The ids of the campaign or journey.
fn place(scene: &Scene<'_>) -> Value {
    let (id, run) = (campaign_id(scene.campaign), run_id(scene.campaign, scene.run));
    if scene.campaign.genre.is_journey {
        let activity = format!("{:010x}", mix(&[scene.campaign.key, 45, u64::from(scene.happening.letter)]) >> 24);
        return json!({"journey_id": id, "journey_run_id": run, "journey_activity_id": activity});
    }
    json!({"campaign_id": id, "campaign_activity_id": run, "treatment_id": scene.treatment.to_string()})
}

/// `_campaign.send` and `_journey.send`.
fn send(scene: &Scene<'_>) -> Value {
    let kind = scene.happening.kind;
    let status = |failures: &[&'static str]| match kind {
        Kind::Targeted => "SUCCESS",
        Kind::HeldOut => "HOLDOUT",
        _ => scene.pick(failures),
    };
    let mut attributes = place(scene);
    let name = if scene.campaign.genre.is_journey {
        attributes["journey_activity_type"] = "EMAIL".into();
        attributes["journey_send_status"] = status(&FAILED_STEPS).into();
        attributes["journey_send_status_code"] = if kind == Kind::Targeted { "200" } else { "400" }.into();
        "_journey.send"
    } else {
        attributes["delivery_type"] = channel_type(scene).into();
        attributes["campaign_send_status"] = status(&FAILED_SENDS).into();
        "_campaign.send"
    };
    let mut record = envelope(scene, name, &attributes);
    let mut document = endpoint(scene);
    document["User"] = json!({"UserId": scene.person.user_id(), "UserAttributes": {"interests": ["outdoor", "music"]}});
    record["client_context"] = json!({"custom": {"endpoint": document.to_string()}});
    record
}

fn channel_type(scene: &Scene<'_>) -> &'static str {
    match scene.campaign.genre.channel {
        Channel::Sms => "SMS",
        Channel::Push => "GCM",
        _ => "EMAIL",
    }
}

fn endpoint(scene: &Scene<'_>) -> Value {
    let person = scene.person;
    let mut document = json!({
        "ChannelType": channel_type(scene), "EndpointStatus": "ACTIVE", "OptOut": "NONE",
        "EffectiveDate": rfc3339_ms(scene.campaign.runs[scene.run] - 86_400_000),
        "RequestId": uuid(&scene.record_digits()), "Attributes": {}, "Metrics": {},
        "Demographic": {"Locale": "en_US", "Make": "generic", "Platform": "android", "Timezone": "America/New_York"},
        "Location": {"City": "Springfield", "Country": "US", "PostalCode": "01101"},
    });
    // Some documents lack the address. Mails and texts name it elsewhere, beside the endpoint alone: without it here, who
    // the user is would depend on which record comes first, and nothing could be promised of the counts.
    let address = match scene.campaign.genre.channel {
        Channel::Push if scene.campaign.number.is_multiple_of(2) => return document,
        Channel::Push => person.push_token(),
        Channel::Sms => person.phone(),
        _ => person.email(),
    };
    document["Address"] = address.into();
    document
}

/// What the app says about a notification, and that it was opened.
fn app_report(scene: &Scene<'_>) -> Value {
    let (name, attributes) = match scene.happening.kind {
        Kind::Opened => ("_campaign.opened_notification", place(scene)),
        Kind::Other => ("_session.start", json!({})),
        _ => (scene.pick(&["_campaign.received_background", "_campaign.received_foreground"]), place(scene)),
    };
    let mut record = envelope(scene, name, &attributes);
    record["session"] = json!({"session_id": scene.record_digits().get(..8), "start_timestamp": scene.at_ms()});
    if scene.happening.kind == Kind::Opened {
        let mut document = endpoint(scene);
        document["Id"] = scene.person.endpoint(Channel::Push).into();
        document["ApplicationId"] = APPLICATION.into();
        document["CohortId"] = (scene.person.0 % 100).to_string().into();
        record["endpoint"] = document;
    }
    record
}

/// `_email.*`: `event_timestamp` is when the mail was sent, whatever happened; it arrived when it happened.
fn mail(scene: &Scene<'_>) -> Value {
    let address = scene.person.email();
    let (name, feedback, object, details) = match scene.happening.kind {
        Kind::Delivered => ("_email.delivered", "delivered".to_owned(), "delivery", delivery(scene)),
        Kind::Opened => ("_email.open", "opened".to_owned(), "open", reader(scene)),
        Kind::Clicked => ("_email.click", scene.link(), "click", {
            let mut details = reader(scene);
            details["link"] = scene.link().into();
            details
        }),
        Kind::SoftBounced => ("_email.softbounce", "softbounce".to_owned(), "bounce", bounce(scene, "Transient")),
        Kind::HardBounced => ("_email.hardbounce", "hardbounce".to_owned(), "bounce", bounce(scene, "Permanent")),
        Kind::SpamReported => {
            let details = json!({"complained_recipients": [address], "complaint_feedback_type": "abuse"});
            ("_email.complaint", "complaint".to_owned(), "complaint", details)
        }
        Kind::ListUnsubscribed => ("_email.unsubscribe", "unsubscribe".to_owned(), "unsubscribe", json!({})),
        _ => ("_email.send", "received".to_owned(), "send", json!({})),
    };
    let mut attributes = place(scene);
    attributes["feedback"] = feedback.into();
    let mut record = envelope(scene, name, &attributes);
    record["event_timestamp"] = scene.sent_ms.into();
    if scene.happening.kind != Kind::Sent {
        record["arrival_timestamp"] = scene.at_ms().into();
    }
    record["client_context"] = json!({"custom": {"legacy_identifier": APPLICATION}});
    let mut mail_event = json!({"mail": headers(scene)});
    mail_event[object] = details;
    record["facets"] = json!({"email_channel": {"mail_event": mail_event}});
    record
}

fn headers(scene: &Scene<'_>) -> Value {
    let (address, subject) = (scene.person.email(), scene.campaign.name());
    json!({
        "message_id": scene.message_digits(), "message_send_timestamp": scene.sent_ms,
        "from_address": "shop@example.com", "destination": [address], "headers_truncated": false,
        "headers": [{"name": "From", "value": "shop@example.com"}, {"name": "To", "value": address},
            {"name": "Subject", "value": subject}],
        "common_headers": {"from": "shop@example.com", "to": [address], "subject": subject,
            "date": rfc2822(scene.sent_ms)},
    })
}

fn delivery(scene: &Scene<'_>) -> Value {
    json!({
        "smtp_response": "250 2.6.0 Message received", "reporting_mta": "a8-31.smtp-out.example.net",
        "recipients": [scene.person.email()], "processing_time_millis": scene.at_ms() - scene.sent_ms,
    })
}

fn reader(scene: &Scene<'_>) -> Value {
    let agents = ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_1)", "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"];
    json!({"ip_address": format!("198.51.100.{}", scene.person.0 % 250), "user_agent": scene.pick(&agents)})
}

fn bounce(scene: &Scene<'_>, bounce_type: &str) -> Value {
    let (sub_type, code) = if bounce_type == "Permanent" {
        ("General", "550 5.1.1 user unknown")
    } else {
        scene.pick(&[("MailboxFull", "452 4.2.2 mailbox full"), ("General", "421 4.7.0 try again later")])
    };
    json!({
        "bounce_type": bounce_type, "bounce_sub_type": sub_type, "smtp_response": code,
        "bounced_recipients": [{"email_address": scene.person.email(), "diagnostic_code": code}],
    })
}

/// `_SMS.*`: the price comes with the final word.
fn text(scene: &Scene<'_>) -> Value {
    let (name, status) = match scene.happening.kind {
        Kind::Delivered => ("_SMS.SUCCESS", "DELIVERED"),
        Kind::SoftBounced => ("_SMS.FAILURE", scene.pick(&["UNREACHABLE", "CARRIER_UNREACHABLE", "TTL_EXPIRED"])),
        Kind::HardBounced => ("_SMS.FAILURE", scene.pick(&["INVALID", "BLOCKED", "INVALID_PHONE_NUMBER"])),
        Kind::Failed => ("_SMS.FAILURE", scene.pick(&["SPAM", "CARRIER_BLOCKED", "INVALID_MESSAGE"])),
        Kind::DeliveryUnknown => ("_SMS.FAILURE", "UNKNOWN"),
        Kind::OptedOut => ("_SMS.OPTOUT", "DELIVERED"),
        _ => ("_SMS.BUFFERED", "SUCCESSFUL"),
    };
    let mut attributes = place(scene);
    let parts = 1 + scene.message_number(2);
    for (field, value) in [
        ("sender_request_id", uuid(&scene.message_digits())),
        ("destination_phone_number", scene.person.phone()),
        ("origination_phone_number", "+15555550100".to_owned()),
        ("record_status", status.to_owned()),
        ("iso_country_code", "US".to_owned()),
        ("number_of_message_parts", parts.to_string()),
        ("message_id", scene.message_digits()),
        ("message_type", "Promotional".to_owned()),
    ] {
        attributes[field] = value.into();
    }
    let mut record = envelope(scene, name, &attributes);
    if name != "_SMS.BUFFERED" {
        record["metrics"] = json!({"price_in_millicents_usd": 645.0 * parts as f64});
    }
    record
}
