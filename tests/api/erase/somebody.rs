//! Ann Erasmus, of whom everything holds the word `erasmus` or the digits of her phone, and Bob, who stays.

use serde_json::{Value, json};

use crate::kit::record::{RUN_S, mail, pinpoint};
use crate::kit::{Client, TestDatabase, TestServer, dump};

/// What must not be found of Ann after she was erased.
pub const TRACES: [&str; 2] = ["erasmus", "9876543"];
/// Her address.
pub const ANN: &str = "ann@erasmus.example";
/// Her phone.
pub const PHONE: &str = "+491709876543";
/// Who stays.
pub const BOB: &str = "bob@other.example";

const CUSTOMER: &str = "query($input: IdentifierInput!) { customer(identifier: $input) { id } }";
const QUARANTINED: &str =
    "{ quarantine(filter: {states: [OPEN, REPLAYED, DISCARDED]}) { totalCount nodes { id message } } }";

/// Every report of every campaign, and the counts of event types.
const REPORTS: &str = "{
    campaigns { nodes { externalId firstEventAt lastEventAt
        plain: funnel { ...counts } message: funnel(unit: MESSAGE) { ...counts }
        all: funnel(impliedSteps: false, automation: ALL) { ...counts }
        credited: attribution(net: true) { conversions touchedConversions revenue { amount currencyCode } }
        byRun: funnel(groupBy: [RUN]) { ...counts } byChannel: funnel(groupBy: [CHANNEL, DAY]) { ...counts } } }
    eventTypes { type action kind count firstAt lastAt } events(filter: {}) { totalCount }
} fragment counts on CampaignFunnel { deliveredBasis steps { step total unique } beside { kind total unique }
    machineClicks { kind total unique } groups { run channel day steps { step total unique } beside { kind total unique } } }";

/// An identifier as GraphQL takes it.
pub fn input(name: &str, value: &str) -> Value {
    json!({ "input": { "type": name, "value": value } })
}

/// The id of the customer that an identifier names.
pub async fn id_of(client: &Client, name: &str, value: &str) -> Option<String> {
    let data = client.data(CUSTOMER, input(name, value)).await;
    data["customer"]["id"].as_str().map(str::to_owned)
}

/// What may not change when somebody is erased.
pub async fn reports(client: &Client) -> Value {
    client.data(REPORTS, json!({})).await
}

/// The columns in which something of Ann is found.
pub async fn traces(database: &TestDatabase) -> Vec<String> {
    let dumped = dump::dump(database).await;
    let found = dumped.into_iter().filter(|(_, text)| TRACES.iter().any(|trace| text.contains(trace)));
    found.map(|((table, column), _)| format!("{table}.{column}")).collect()
}

/// Erases whoever an identifier names; the payload.
pub async fn erase(client: &Client, name: &str, value: &str) -> Value {
    let mutation = "mutation($input: CustomerEraseInput!) { customerErase(input: $input) { erasure { id mergedCustomers
        identifiers attributes events eventsOfOthers addresses quarantinedRecords blockedUntil }
        userErrors { code field message } } }";
    let identifier = json!({"type": name, "value": value});
    let data = client.data(mutation, json!({"input": {"identifier": identifier, "reason": "asked for it"}})).await;
    data["customerErase"].clone()
}

/// Sends what is known of both, by many routes.
pub async fn load(server: &TestServer) {
    let admin = &server.admin;
    ok(admin, "/v3/profiles", json!({"attributes": {"email": ANN, "street": "Erasmusweg 7a", "age": 41}})).await;
    ok(admin, "/v3/profiles", json!({"attributes": {"email": BOB, "street": "Elsewhere 1"}})).await;
    let mut click = mail("click", ANN, 120);
    click["data"]["url"] = json!("https://shop.example/for-erasmus");
    let order = json!({"order_id": "erasmus-1", "total": "19.90", "subtotal": "17.50"});
    let bought = json!({"type": "order", "action": "purchase", "identifiers": {"email": ANN},
        "data": {"ts": RUN_S + 200, "order_id": "erasmus-1", "order": order}});
    ok(admin, "/v3/events", bought).await;
    let by_both =
        json!([mail("sent", ANN, 0), mail("open", ANN, 60), click, mail("sent", BOB, 0), mail("open", BOB, 30)]);
    ok(admin, "/v3/events", by_both).await;
    devices(admin).await;
    vendors(admin).await;
    addresses(admin).await;
    bad_records(admin).await;
}

async fn ok(client: &Client, route: &str, body: Value) {
    let answer = client.post(route, &body).await;
    assert!(answer.status < 300, "{route}: {} {}", answer.status, answer.text);
}

/// A device that was Bob's, other customers that turn out to be Ann, and a device that both are named by.
async fn devices(admin: &Client) {
    let seen = |identifiers: Value, at: i64| json!({"type": "web", "action": "visit", "identifiers": identifiers, "data": {"ts": RUN_S + at, "page": "/erasmus"}});
    let unmarked = |identifiers: Value, at: i64| json!({"type": "web", "action": "visit", "identifiers": identifiers, "data": {"ts": RUN_S + at}});
    ok(admin, "/v3/events", unmarked(json!({"email": BOB, "vuid": "vuid-erasmus"}), 5)).await;
    ok(admin, "/v3/events", seen(json!({"email": ANN, "vuid": "vuid-erasmus"}), 6)).await;
    ok(admin, "/v3/events", seen(json!({"user_id": "erasmus-4711"}), 7)).await;
    ok(admin, "/v3/events", seen(json!({"phone": PHONE, "shop_push_token": "token-erasmus"}), 8)).await;
    ok(admin, "/v3/events", seen(json!({"email": ANN, "user_id": "erasmus-4711", "phone": PHONE}), 9)).await;
    ok(admin, "/v3/events", unmarked(json!({"customer_id": "erasmus-by-hand"}), 10)).await;
    let hers = json!({"identifier": {"type": "email", "value": ANN}});
    let other = json!({"identifier": {"type": "customer_id", "value": "erasmus-by-hand"}});
    let merge =
        "mutation($input: CustomerMergeInput!) { customerMerge(input: $input) { status userErrors { message } } }";
    let input = json!({"input": {"customer": hers, "other": other, "reason": "Ann Erasmus called"}});
    assert_eq!(admin.data(merge, input).await["customerMerge"]["status"], "MERGED");
    let bobs = json!({"type": "native", "kind": "OTHER", "occurredAt": "2026-03-02T10:00:00Z",
        "identifiers": [{"type": "email", "value": BOB}, {"type": "vuid", "value": "vuid-bob"}]});
    ok(admin, "/ingest/native", bobs).await;
}

/// Her mails and texts as vendors report them.
async fn vendors(admin: &Client) {
    let mail = json!({
        "timestamp": "2026-03-02T08:00:00.000Z", "messageId": "ses-1", "destination": [ANN],
        "tags": {"campaign": ["spring"]}, "commonHeaders": {"to": ["Ann <ann@erasmus.example>"], "subject": "Hello"},
    });
    let bounce = json!({"bounceType": "Transient", "bounceSubType": "MailboxFull", "timestamp": "2026-03-02T08:00:05.000Z",
        "feedbackId": "f-1", "bouncedRecipients": [{"emailAddress": ANN, "diagnosticCode": "erasmus is full"}]});
    ok(admin, "/ingest/ses", json!([{"eventType": "Send", "mail": mail, "send": {}}, {"eventType": "Bounce", "mail": mail, "bounce": bounce}])).await;
    let sendgrid = |event: &str, at: i64| {
        json!({"email": "Ann@Erasmus.example", "timestamp": RUN_S + at, "event": event,
        "sg_event_id": format!("sg-{event}"), "sg_message_id": "erasmusmessage00000000.filter1",
        "marketing_campaign_id": 4711, "url": "https://shop.example/?who=erasmus"})
    };
    ok(admin, "/ingest/sendgrid", json!([sendgrid("processed", 0), sendgrid("delivered", 2), sendgrid("click", 9)]))
        .await;
    let text = json!({"eventType": "TEXT_DELIVERED", "eventVersion": "1.0", "eventTimestamp": (RUN_S + 5) * 1_000, "isFinal": true,
        "originationPhoneNumber": "+12065550123", "destinationPhoneNumber": PHONE, "messageId": "sms-1",
        "messageStatus": "DELIVERED", "context": {"campaign": "spring"}});
    ok(admin, "/ingest/sms", text).await;
    let endpoint = json!({"ChannelType": "EMAIL", "Address": ANN, "User": {"UserId": "erasmus-4711"}, "OptOut": "ALL"});
    let mut send = pinpoint("_email.delivered", "endpoint-erasmus", RUN_S, json!({"campaign_id": "pin"}));
    send["client_context"] = json!({"custom": {"endpoint": endpoint.to_string()}});
    send["facets"] = json!({"email_channel": {"mail_event": {"mail": {"message_id": "p-1", "destination": [ANN]}}}});
    ok(admin, "/ingest/pinpoint", send).await;
    let letter = json!({"id": "CUST-erasmus", "event": "Message Sent", "timestamp": "2026-03-02T09:15:00Z", "channel": "Email",
        "campaignId": "8812", "messageId": "550017"});
    ok(admin, "/ingest/activatepro", letter).await;
    ok(
        admin,
        "/v3/events",
        json!({"type": "crm", "identifiers": {"activatepro_id": "CUST-erasmus", "email": ANN}, "data": {"ts": RUN_S}}),
    )
    .await;
}

/// What was said of her addresses, and an address that only events of hers were sent to.
async fn addresses(admin: &Client) {
    let address = |value: &str| json!({"identifier_field_name": "email", "identifier_value": value});
    let mut consent = address(ANN);
    (consent["consent"], consent["consent_update_reason"]) = (json!(true), json!("erasmus said so"));
    ok(admin, "/v3/consent", consent).await;
    ok(admin, "/v3/lists/subscriptions", json!({"list_id": "letters", "email": ANN, "subscribed": true})).await;
    let mut unreachable = address(ANN);
    (unreachable["reachable"], unreachable["reachable_update_type"]) = (json!(false), json!("hard_bounce"));
    ok(admin, "/v3/reachability", unreachable).await;
    let aimed = json!({"type": "email", "action": "hardbounce", "identifiers": {"user_id": "erasmus-4711"},
        "data": {"ts": RUN_S, "campaign_id": 71, "target_address": "second@erasmus.example"}});
    ok(admin, "/v3/events", aimed).await;
    let dropped = json!({"type": "crm", "identifiers": {"email": ANN, "erasmus": "x"}, "data": {"ts": RUN_S}});
    ok(admin, "/v3/events", dropped).await;
}

/// Records that name her and could not be taken: open, discarded and replayed.
async fn bad_records(admin: &Client) {
    let numbered = "{\"type\": \"email\", \"identifiers\": {\"phone\": \"+49 170 / 987-6543\"}, \"data\": ";
    let escaped = "{\"type\": \"email\", \"identifiers\": {\"email\": \"ANN\\u0040Erasmus.example\"}, \"data\": {\"ts\": \"soon\"}}";
    for text in [numbered, escaped] {
        let answer = admin.post_text("/ingest/odp", text).await;
        assert_eq!(answer.json["quarantined"], 1, "{text}: {}", answer.text);
    }
    let unknown = json!({"type": "x", "identifiers": [{"type": "email", "value": ANN}], "ann@erasmus.example": 1});
    assert_eq!(admin.post("/ingest/native", &unknown).await.json["quarantined"], 1);
    let theirs = json!({"type": "email", "identifiers": {"email": BOB}, "data": {"ts": "never"}});
    assert_eq!(admin.post("/ingest/odp", &theirs).await.json["quarantined"], 1);
    let records = admin.data(QUARANTINED, json!({})).await["quarantine"]["nodes"].clone();
    let named =
        records.as_array().expect("a list").iter().filter(|record| record["message"].to_string().contains("soon"));
    let id = named.map(|record| record["id"].clone()).next().expect("it is listed");
    let corrected =
        json!({"type": "email", "action": "open", "identifiers": {"email": ANN}, "data": {"ts": RUN_S + 1}});
    let replay = "mutation($input: QuarantineReplayInput!) { quarantineReplay(input: $input) { replayed userErrors { message } } }";
    let input = json!({"input": {"id": id, "record": corrected, "dialect": "ODP"}});
    assert_eq!(admin.data(replay, input).await["quarantineReplay"]["replayed"], 1);
    let open = admin.data("{ quarantine(filter: {code: \"UNKNOWN_FIELD\"}) { nodes { id } } }", json!({})).await;
    let discard = "mutation($input: QuarantineDiscardInput!) { quarantineDiscard(input: $input) { discarded } }";
    let input = json!({"input": {"id": open["quarantine"]["nodes"][0]["id"], "reason": "a test of Ann Erasmus"}});
    assert_eq!(admin.data(discard, input).await["quarantineDiscard"]["discarded"], 1);
}
