//! Amazon SES event publishing: the campaign stands in the mail's tags; bounces here are final.

use serde_json::{Value, json};

use super::campaign::{Campaign, Channel, Genre};
use super::scene::{Scene, rfc2822, rfc3339_ms, uuid};
use super::vendor::{Vendor, nothing_besides};
use crate::domain::event::{Automation, Dialect, Namespace};
use crate::domain::kind::Kind;

/// This vendor.
pub const VENDOR: Vendor = Vendor {
    dialect: Dialect::Ses,
    namespace: Namespace::Aws,
    genres: &[Genre::single(Channel::Email), Genre::single(Channel::Email), Genre::series(Channel::Email)],
    tick_ms: 1,
    has_treatments: false,
    retries: false,
    says,
    judges: |kind| matches!(kind, Kind::Opened | Kind::Clicked),
    names_message: |_, _| true,
    besides: nothing_besides,
    campaign_id,
    run_id: None,
    record,
};

fn says(_campaign: &Campaign, kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Sent
            | Kind::Skipped
            | Kind::Deferred
            | Kind::Failed
            | Kind::Delivered
            | Kind::SoftBounced
            | Kind::HardBounced
            | Kind::Opened
            | Kind::Clicked
            | Kind::SpamReported
            | Kind::ListUnsubscribed
            | Kind::OptedOut
    )
}

fn campaign_id(campaign: &Campaign) -> String {
    format!("{}-{}", campaign.name().to_lowercase().replace([' ', '\''], "-"), 1 + campaign.number)
}

fn record(scene: &Scene<'_>) -> Value {
    let (event_type, object, details) = event(scene);
    let mut record = json!({"eventType": event_type, "mail": mail(scene)});
    record[object] = details;
    record
}

/// The name of the event, and its own object with the object's name.
fn event(scene: &Scene<'_>) -> (&'static str, &'static str, Value) {
    let address = scene.person.email();
    match scene.happening.kind {
        Kind::Delivered => ("Delivery", "delivery", delivery(scene)),
        Kind::Deferred => ("DeliveryDelay", "deliveryDelay", delay(scene)),
        Kind::SoftBounced => ("Bounce", "bounce", {
            bounce(scene, "Transient", scene.pick(&["General", "MailboxFull", "CustomTimeoutExceeded"]))
        }),
        Kind::HardBounced => ("Bounce", "bounce", bounce(scene, "Permanent", scene.pick(&["General", "NoEmail"]))),
        Kind::Failed => ("Bounce", "bounce", {
            bounce(scene, "Transient", scene.pick(&["MessageTooLarge", "ContentRejected", "AttachmentRejected"]))
        }),
        Kind::Skipped => skipped(scene),
        Kind::Opened => ("Open", "open", reader(scene)),
        Kind::Clicked => ("Click", "click", {
            let mut details = reader(scene);
            details["link"] = scene.link().into();
            details["linkTags"] = json!({"place": ["body"]});
            details
        }),
        Kind::SpamReported => {
            let details = json!({
                "timestamp": rfc3339_ms(scene.at_ms()), "feedbackId": feedback_id(scene), "complaintSubType": null,
                "complainedRecipients": [{"emailAddress": address}], "complaintFeedbackType": "abuse",
                "userAgent": "Amazon SES Mailbox Simulator", "arrivalDate": rfc3339_ms(scene.at_ms()),
            });
            ("Complaint", "complaint", details)
        }
        Kind::ListUnsubscribed | Kind::OptedOut => ("Subscription", "subscription", subscription(scene)),
        _ => ("Send", "send", json!({})),
    }
}

fn mail(scene: &Scene<'_>) -> Value {
    let (address, subject) = (scene.person.email(), scene.campaign.name());
    let tag = if scene.campaign.number.is_multiple_of(2) { "campaign" } else { "campaign_id" };
    let mut tags = json!({
        "ses:configuration-set": ["marketing"], "ses:source-ip": ["192.0.2.10"], "ses:from-domain": ["example.com"],
        "ses:caller-identity": ["newsletter"], "ses:operation": ["SendEmail"], "letter": [scene.touchpoint().to_string()],
    });
    tags[tag] = json!([campaign_id(scene.campaign)]);
    json!({
        "timestamp": rfc3339_ms(scene.sent_ms), "messageId": message_id(scene), "source": "shop@example.com",
        "sourceArn": "arn:aws:ses:us-east-1:123456789012:identity/example.com", "sendingAccountId": "123456789012",
        "destination": [address], "headersTruncated": false,
        "headers": [{"name": "From", "value": "Shop <shop@example.com>"}, {"name": "To", "value": address},
            {"name": "Subject", "value": subject}, {"name": "MIME-Version", "value": "1.0"}],
        "commonHeaders": {"from": ["Shop <shop@example.com>"], "to": [address], "messageId": message_id(scene),
            "subject": subject, "date": rfc2822(scene.sent_ms)},
        "tags": tags,
    })
}

fn message_id(scene: &Scene<'_>) -> String {
    format!("01000{}-000000", uuid(&scene.message_digits()))
}

fn feedback_id(scene: &Scene<'_>) -> String {
    format!("01000{}-000000", uuid(&scene.record_digits()))
}

fn delivery(scene: &Scene<'_>) -> Value {
    json!({
        "timestamp": rfc3339_ms(scene.at_ms()), "processingTimeMillis": scene.at_ms() - scene.sent_ms,
        "recipients": [scene.person.email()], "smtpResponse": "250 2.6.0 Message received",
        "reportingMTA": "a8-31.smtp-out.example.net", "remoteMtaIp": "203.0.113.7",
    })
}

fn delay(scene: &Scene<'_>) -> Value {
    let code = "421 4.4.1 Unable to connect to remote host";
    json!({
        "timestamp": rfc3339_ms(scene.at_ms()), "expirationTime": rfc3339_ms(scene.at_ms() + 50_000_000),
        "delayType": scene.pick(&["TransientCommunicationFailure", "MailboxFull", "RecipientServerError"]),
        "delayedRecipients": [{"emailAddress": scene.person.email(), "status": "4.4.1", "diagnosticCode": code}],
        "reportingMTA": "a8-31.smtp-out.example.net",
    })
}

fn bounce(scene: &Scene<'_>, bounce_type: &str, sub_type: &str) -> Value {
    let (status, code) = match bounce_type {
        "Permanent" => ("5.1.1", "smtp; 550 5.1.1 user unknown"),
        _ => ("4.2.2", "smtp; 452 4.2.2 not now"),
    };
    let recipient = json!({
        "emailAddress": scene.person.email(), "action": "failed", "status": status, "diagnosticCode": code,
    });
    json!({
        "bounceType": bounce_type, "bounceSubType": sub_type, "bouncedRecipients": [recipient],
        "timestamp": rfc3339_ms(scene.at_ms()), "feedbackId": feedback_id(scene),
        "reportingMTA": "dsn; a8-31.smtp-out.example.net",
    })
}

/// Refused before it went out.
fn skipped(scene: &Scene<'_>) -> (&'static str, &'static str, Value) {
    let suppressed = bounce(scene, "Permanent", "OnAccountSuppressionList");
    match scene.happening.choice % 3 {
        0 => ("Bounce", "bounce", suppressed),
        1 => ("Reject", "reject", json!({"reason": "Bad content"})),
        _ => {
            let message = "Attribute 'firstName' is not present in the rendering data.";
            ("Rendering Failure", "failure", json!({"templateName": "letter", "errorMessage": message}))
        }
    }
}

fn reader(scene: &Scene<'_>) -> Value {
    let agents = ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_1)", "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"];
    let mut details = json!({
        "timestamp": rfc3339_ms(scene.at_ms()), "ipAddress": format!("198.51.100.{}", scene.person.0 % 250),
        "userAgent": scene.pick(&agents),
    });
    match scene.happening.verdict {
        Automation::Unknown => {}
        Automation::Human => details["isBotEvent"] = "Unlikely".into(),
        Automation::Machine => details["isBotEvent"] = "Likely".into(),
    }
    details
}

/// One topic is left, or everything.
fn subscription(scene: &Scene<'_>) -> Value {
    let preferences = |all: bool, status: &str| {
        let topic = json!([{"topicName": "newsletter", "subscriptionStatus": status}]);
        json!({"unsubscribeAll": all, "topicSubscriptionStatus": topic, "topicDefaultSubscriptionStatus": topic})
    };
    let left_all = scene.happening.kind == Kind::OptedOut;
    json!({
        "contactList": "customers", "timestamp": rfc3339_ms(scene.at_ms()), "source": "UnsubscribeHeader",
        "oldTopicPreferences": preferences(false, "OptIn"),
        "newTopicPreferences": preferences(left_all, if left_all { "OptIn" } else { "OptOut" }),
    })
}
