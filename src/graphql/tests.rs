//! The schema as a whole: that everything is described, and that what went in comes out, over a real SQLite file.

use async_graphql::{Request, Variables};
use serde_json::{Value, json};

use super::*;
use crate::domain::access::Scope;
use crate::domain::workspace::WorkspaceId;
use crate::ingest::IngestSettings;
use crate::store::{self, DatabaseSettings, open};

/// A server without HTTP: a database of its own, its ingestion and its schema.
struct World {
    schema: AppSchema,
    store: Store,
    ingest: Ingest,
    _folder: tempfile::TempDir,
}

impl World {
    async fn open() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("test.db").display());
        let store = open(&DatabaseSettings { url, max_connections: 4 }).await.expect("opens");
        let ingest = Ingest::start(&store, IngestSettings::default()).expect("starts");
        let schema = schema(store.clone(), ingest.clone());
        Self { schema, store, ingest, _folder: folder }
    }

    async fn ask_as(&self, scope: Scope, query: &str, variables: Value) -> Value {
        let workspace = store::workspace::find(&self.store, WorkspaceId(1)).await.expect("reads").expect("is there");
        let api_key_name = "test".to_owned();
        let context = RequestContext { workspace, scope, api_key_id: 1, api_key_name, request_id: None };
        let request = Request::new(query).variables(Variables::from_json(variables)).data(context);
        serde_json::to_value(self.schema.execute(request).await).expect("answers are JSON")
    }

    async fn ask(&self, query: &str, variables: Value) -> Value {
        let answer = self.ask_as(Scope::Admin, query, variables).await;
        assert!(answer.get("errors").is_none(), "{answer}");
        answer["data"].clone()
    }

    async fn code(&self, scope: Scope, query: &str) -> String {
        let answer = self.ask_as(scope, query, json!({})).await;
        answer["errors"][0]["extensions"]["code"].as_str().unwrap_or("none").to_owned()
    }

    async fn send(&self, events: Value) -> Value {
        let mutation = "mutation($input: EventsIngestInput!) { eventsIngest(input: $input, results: ALL) {
            accepted duplicates quarantined events results { index status eventId code path message }
            userErrors { code field message } } }";
        self.ask(mutation, json!({ "input": { "events": events } })).await["eventsIngest"].clone()
    }
}

fn event(kind: &str, person: &str, at: &str) -> Value {
    json!({
        "type": kind.to_lowercase(), "kind": kind, "occurredAt": at,
        "identifiers": [{"type": "email", "value": format!("{person}@x.example")}],
        "channel": "email", "campaign": {"externalId": "spring", "name": "Spring sale"}, "run": "r1",
        "treatment": if person == "ann" { json!("A") } else { Value::Null },
        "messageId": format!("m-{person}"), "url": "https://x.example/",
    })
}

fn month() -> Value {
    json!([
        event("SENT", "ann", "2026-03-01T10:00:00Z"),
        event("DELIVERED", "ann", "2026-03-01T10:00:05Z"),
        event("CLICKED", "ann", "2026-03-02T09:00:00Z"),
        event("SENT", "bob", "2026-03-01T10:00:00Z"),
        event("HARD_BOUNCED", "bob", "2026-03-01T10:00:09Z"),
        event("SENT", "cat", "2026-03-01T10:00:00Z"),
        {"type": "nothing", "identifiers": [], "occurredAt": "2026-03-01T10:00:00Z"},
        {"type": "late", "identifiers": [{"type": "email", "value": "a@x.example"}], "occurredAt": "soon"},
    ])
}

#[tokio::test]
async fn typed_events_come_in_and_bad_ones_hold_up_no_others() {
    let world = World::open().await;
    let answer = world.send(month()).await;
    assert_eq!(answer["accepted"], 6);
    assert_eq!(answer["quarantined"], 2);
    assert_eq!(answer["results"][6]["code"], "MISSING_IDENTIFIER");
    assert_eq!(answer["results"][7]["code"], "INVALID_TIME");
    assert_eq!(answer["results"][7]["path"], "occurredAt");
    let again = world.send(month()).await;
    assert_eq!((&again["duplicates"], &again["quarantined"], &again["events"]), (&json!(6), &json!(2), &json!(0)));
    assert_eq!(world.send(json!([])).await["userErrors"][0]["code"], "BLANK");
    let query = "{ quarantine(first: 1) { totalCount nodes { id code path dialect raw rawBase64 position receivedAt }
        pageInfo { hasNextPage endCursor } } }";
    let kept = world.ask(query, json!({})).await;
    assert_eq!(kept["quarantine"]["totalCount"], "2");
    assert_eq!(kept["quarantine"]["pageInfo"]["hasNextPage"], true);
    let query = "query($id: ID!) { node(id: $id) { id ... on QuarantinedRecord { code } } }";
    let id = kept["quarantine"]["nodes"][0]["id"].clone();
    assert_eq!(world.ask(query, json!({ "id": id })).await["node"]["id"], id);
}

const FUNNEL: &str = "query($options: Boolean, $unit: UniqueUnit, $groups: [FunnelDimension!], $range: DateRange) {
    campaign(externalId: \"spring\") { id name source channels runs treatments touchpoints firstEventAt lastEventAt tags
    funnel(impliedSteps: $options, unit: $unit, groupBy: $groups, range: $range) { deliveredBasis
        steps { step total unique } beside { kind total unique } machineOpens { total }
        rates { deliveryRate openRate clickRate clickToOpenRate skipRate hardBounceRate }
        sent: rates(of: SENT, basis: TOTAL) { openRate }
        groups { run treatment channel day steps { step total unique } } } } }";

fn unique(funnel: &Value) -> Vec<&str> {
    funnel["steps"].as_array().expect("steps").iter().filter_map(|step| step["unique"].as_str()).collect()
}

#[tokio::test]
async fn a_funnel_answers_in_all_its_groups() {
    let world = World::open().await;
    world.send(month()).await;
    let campaign = world.ask(FUNNEL, json!({})).await["campaign"].clone();
    assert_eq!(campaign["name"], "Spring sale");
    assert_eq!(campaign["source"], "NATIVE");
    assert_eq!(campaign["treatments"], json!(["A"]));
    assert_eq!(campaign["firstEventAt"], "2026-03-01T10:00:00Z");
    let funnel = &campaign["funnel"];
    assert_eq!(unique(funnel), ["3", "3", "1", "1", "1", "0"]);
    assert_eq!(funnel["deliveredBasis"], "REPORTED");
    assert_eq!(funnel["rates"]["clickToOpenRate"], 1.0);
    assert_eq!(funnel["rates"]["skipRate"], 0.0);
    assert_eq!(funnel["groups"], Value::Null);
    let reported = world.ask(FUNNEL, json!({"options": false})).await["campaign"]["funnel"].clone();
    assert_eq!(unique(&reported), ["0", "3", "1", "0", "1", "0"]);
    assert_eq!(reported["rates"]["skipRate"], Value::Null);
    let groups =
        world.ask(FUNNEL, json!({"groups": ["TREATMENT", "DAY"]})).await["campaign"]["funnel"]["groups"].clone();
    let labels: Vec<(&Value, &Value)> =
        groups.as_array().expect("groups").iter().map(|group| (&group["treatment"], &group["day"])).collect();
    let (a, first, second) = (json!("A"), json!("2026-03-01"), json!("2026-03-02"));
    assert_eq!(labels, [(&Value::Null, &first), (&a, &first), (&a, &second)]);
    let range = json!({"range": {"from": "2026-03-02", "to": "2026-03-03"}});
    assert_eq!(unique(&world.ask(FUNNEL, range).await["campaign"]["funnel"]), ["0", "0", "0", "1", "1", "0"]);
    for wrong in ["groupBy: [RUN, CHANNEL, DAY, URL]", "groupBy: [RUN, RUN]", "groupBy: [RUN], groupLimit: 5001"] {
        let wrong = format!("{{ campaign(externalId: \"spring\") {{ funnel({wrong}) {{ deliveredBasis }} }} }}");
        assert_eq!(world.code(Scope::Admin, &wrong).await, "BAD_INPUT");
    }
}

#[tokio::test]
async fn campaigns_are_listed_filtered_ordered_and_changed() {
    let world = World::open().await;
    let sent_for = |name: &str, at: &str| {
        let mut event = event("SENT", "ann", at);
        event["campaign"] = json!({"externalId": name, "name": name.to_uppercase(), "source": "AWS"});
        event
    };
    world.send(json!([sent_for("c", "2026-01-03T00:00:00Z"), sent_for("a", "2026-01-02T00:00:00Z")])).await;
    world.send(json!([sent_for("b", "2026-01-01T00:00:00Z")])).await;
    let query = "query($filter: CampaignFilter, $order: CampaignOrder, $first: Int, $after: String, $last: Int) {
        campaigns(filter: $filter, orderBy: $order, first: $first, after: $after, last: $last) {
        totalCount nodes { id name funnel { steps { unique } } } edges { cursor }
        pageInfo { hasNextPage hasPreviousPage endCursor } } }";
    let names = |answer: &Value| -> Vec<String> {
        let nodes = answer["campaigns"]["nodes"].as_array().expect("nodes").iter();
        nodes.filter_map(|node| node["name"].as_str().map(str::to_owned)).collect()
    };
    for field in ["NAME", "LAST_EVENT_AT", "CREATED_AT"] {
        for direction in ["ASC", "DESC"] {
            let order = json!({"field": field, "direction": direction});
            let whole = names(&world.ask(query, json!({"order": order})).await);
            assert_eq!(whole.len(), 3, "{field} {direction}");
            let mut walked = Vec::new();
            let mut after = Value::Null;
            loop {
                let page = world.ask(query, json!({"order": order, "first": 1, "after": after})).await;
                walked.extend(names(&page));
                after = page["campaigns"]["pageInfo"]["endCursor"].clone();
                if page["campaigns"]["pageInfo"]["hasNextPage"] == false {
                    break;
                }
            }
            assert_eq!(walked, whole, "{field} {direction}");
            let last = world.ask(query, json!({"order": order, "last": 2})).await;
            assert_eq!(names(&last), whole[1..], "{field} {direction}");
            assert_eq!(last["campaigns"]["pageInfo"]["hasPreviousPage"], true);
        }
    }
    let by_time = json!({"order": {"field": "LAST_EVENT_AT", "direction": "DESC"}});
    assert_eq!(names(&world.ask(query, by_time).await), ["C", "A", "B"]);
    let all = world.ask(query, json!({"filter": {"search": "b", "sources": ["AWS"], "channels": ["EMAIL"]}})).await;
    assert_eq!((names(&all), &all["campaigns"]["totalCount"]), (vec!["B".to_owned()], &json!("1")));
    let id = all["campaigns"]["nodes"][0]["id"].clone();
    let change = "mutation($id: ID!) { campaignUpdate(id: $id, input: {name: \"New\", tags: [\"x_1\", \"100%\"]}) {
        campaign { name tags } userErrors { code } } campaignArchive(id: $id) { campaign { archivedAt } } }";
    let changed = world.ask(change, json!({ "id": id })).await;
    assert_eq!(changed["campaignUpdate"]["campaign"], json!({"name": "New", "tags": ["x_1", "100%"]}));
    assert!(changed["campaignArchive"]["campaign"]["archivedAt"].is_string());
    let tagged = |tag: &str| json!({"filter": {"tags": [tag], "isArchived": true}});
    assert_eq!(names(&world.ask(query, tagged("100%")).await), ["New"]);
    assert!(names(&world.ask(query, tagged("x%1")).await).is_empty());
}

#[tokio::test]
async fn a_customer_answers_with_its_events_and_addresses() {
    let world = World::open().await;
    world.send(month()).await;
    let both = json!([{"type": "login", "identifiers": [{"type": "email", "value": "ann@x.example"},
        {"type": "email", "value": "BOB@x.example"}, {"type": "vuid", "value": "v1"}],
        "occurredAt": "2026-03-05T00:00:00Z", "data": {"n": 1}}]);
    world.send(both).await;
    let query = "query($identifier: IdentifierInput) { customer(identifier: $identifier) { id isIdentified mergedFrom
        firstSeenAt lastSeenAt identifiers { type value confidence channels reachability { isReachable } }
        reachability { identifier { value } isReachable type since event { kind } consent }
        events(first: 3) { totalCount pageInfo { hasNextPage endCursor }
            nodes { type kind occurredAt customer { id } campaign { externalId } run channel source data notes { code } } }
        } }";
    let named = |value: &str| json!({"identifier": {"type": "email", "value": value}});
    let ann = world.ask(query, named(" Ann@X.example")).await["customer"].clone();
    assert_eq!(ann, world.ask(query, named("bob@x.example")).await["customer"]);
    assert_eq!(ann["mergedFrom"].as_array().map(Vec::len), Some(1));
    assert_eq!(ann["firstSeenAt"], "2026-03-01T10:00:00Z");
    assert_eq!(ann["lastSeenAt"], "2026-03-05T00:00:00Z");
    assert_eq!(ann["identifiers"].as_array().map(Vec::len), Some(3));
    assert_eq!(ann["events"]["totalCount"], "6");
    let kinds: Vec<&Value> =
        ann["events"]["nodes"].as_array().expect("nodes").iter().map(|node| &node["kind"]).collect();
    assert_eq!(kinds, ["OTHER", "CLICKED", "HARD_BOUNCED"]);
    assert!(ann["events"]["nodes"].as_array().expect("nodes").iter().all(|node| node["customer"]["id"] == ann["id"]));
    let bob = ann["reachability"].as_array().expect("addresses").iter().find(|one| one["isReachable"] == false);
    let bob = bob.expect("one bounced");
    assert_eq!((&bob["type"], &bob["event"]["kind"]), (&json!("HARD_BOUNCE"), &json!("HARD_BOUNCED")));
    assert_eq!(bob["since"], "2026-03-01T10:00:09Z");

    let merged = "query($id: ID!) { node(id: $id) { ... on Customer { id } } }";
    assert_eq!(world.ask(merged, json!({"id": ann["mergedFrom"][0]})).await["node"]["id"], ann["id"]);

    let query = "query($after: String, $order: EventOrder, $filter: EventFilter!) {
        events(filter: $filter, first: 2, after: $after, orderBy: $order) { totalCount nodes { id }
        pageInfo { hasNextPage endCursor } } }";
    for (filter, field, number) in [
        (json!({}), "RECEIVED_AT", 7),
        (json!({"kinds": ["SENT", "CLICKED"], "channel": "Email"}), "RECEIVED_AT", 4),
        (json!({"identifier": {"type": "vuid", "value": "v1"}}), "OCCURRED_AT", 6),
        (json!({"identifier": {"type": "vuid", "value": "v2"}}), "OCCURRED_AT", 0),
        (json!({"customer": ann["id"], "type": "login"}), "OCCURRED_AT", 1),
        (json!({"customer": ann["id"], "occurredAt": {"from": "2026-03-02T00:00:00Z"}}), "OCCURRED_AT", 2),
    ] {
        for direction in ["ASC", "DESC"] {
            let (mut seen, mut after) = (Vec::new(), Value::Null);
            loop {
                let order = json!({"field": field, "direction": direction});
                let page = world.ask(query, json!({"filter": filter, "after": after, "order": order})).await;
                assert_eq!(page["events"]["totalCount"], number.to_string(), "{filter}");
                seen.extend(page["events"]["nodes"].as_array().expect("nodes").clone());
                after = page["events"]["pageInfo"]["endCursor"].clone();
                if page["events"]["pageInfo"]["hasNextPage"] == false {
                    break;
                }
            }
            assert_eq!(seen.len(), number, "{filter}");
            seen.sort_by_key(ToString::to_string);
            seen.dedup();
            assert_eq!(seen.len(), number, "{filter}");
        }
    }
}

#[tokio::test]
async fn reachability_is_told_of_addresses_and_summed_over_customers() {
    let world = World::open().await;
    world.send(month()).await;
    let extra = json!([
        {"type": "consent", "kind": "OPTED_OUT", "channel": "email", "identifiers": [{"type": "email", "value": "cat@x.example"}],
            "occurredAt": "2026-03-06T00:00:00Z"},
        {"type": "visit", "identifiers": [{"type": "vuid", "value": "v9"}], "occurredAt": "2026-03-06T00:00:00Z"},
        {"type": "visit", "identifiers": [{"type": "phone", "value": "+1 555 123 0000"}], "occurredAt": "2026-03-06T00:00:00Z"},
    ]);
    world.send(extra).await;
    let query = "query($channel: String!) { reachabilityFunnel(channel: $channel) { channel
        steps { step customers lost { reason customers } } } }";
    let steps = world.ask(query, json!({"channel": "Email"})).await["reachabilityFunnel"]["steps"].clone();
    let lost = |reason: &str, customers: &str| json!([{"reason": reason, "customers": customers}]);
    assert_eq!(steps[0], json!({"step": "KNOWN", "customers": "5", "lost": []}));
    assert_eq!(steps[1], json!({"step": "HAS_ADDRESS", "customers": "3", "lost": lost("NO_ADDRESS", "2")}));
    assert_eq!(steps[2], json!({"step": "REACHABLE", "customers": "2", "lost": lost("HARD_BOUNCE", "1")}));
    assert_eq!(steps[3], json!({"step": "CONSENTED", "customers": "1", "lost": lost("OPTED_OUT", "1")}));
    let sms = world.ask(query, json!({"channel": "sms"})).await["reachabilityFunnel"]["steps"].clone();
    assert_eq!(sms[3], json!({"step": "CONSENTED", "customers": "0", "lost": lost("NO_CONSENT", "1")}));
    let push = world.ask(query, json!({"channel": "push"})).await["reachabilityFunnel"]["steps"].clone();
    assert_eq!(push[1]["customers"], "0");

    let query = "query($identifier: IdentifierInput!) { reachability(identifier: $identifier) { isReachable type since
        channels consent consentSince consentEvent { type } identifier { type value } } }";
    let of = |name: &str, value: &str| json!({"identifier": {"type": name, "value": value}});
    let cat = world.ask(query, of("email", "CAT@x.example")).await["reachability"].clone();
    assert_eq!((&cat["isReachable"], &cat["consent"]), (&json!(true), &json!("OPTED_OUT")));
    assert_eq!(cat["consentEvent"]["type"], "consent");
    let unseen = world.ask(query, of("email", "nobody@x.example")).await["reachability"].clone();
    assert_eq!((&unseen["isReachable"], &unseen["since"]), (&json!(true), &Value::Null));
    let answer = world.ask_as(Scope::Admin, query, of("user_id", "7")).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_INPUT");
    let message = answer["errors"][0]["message"].as_str().unwrap_or_default();
    assert!(message.contains("names no address"), "{message}");
}

#[tokio::test]
async fn vendor_records_and_single_odp_events_come_in() {
    let world = World::open().await;
    let mutation = "mutation($records: [JSON!]!) { vendorEventsIngest(input: {dialect: ODP, records: $records}) {
        accepted quarantined results { index code } }
        odpEventSend(action: \"open\", type: \"email\", identifiers: {email: \"a@x.example\"}, results: ALL) {
        events results { eventId } } }";
    let records = json!([
        {"type": "email", "action": "click", "identifiers": {"email": "a@x.example"}, "data": {"ts": 1_772_000_000}},
        {"type": "email", "action": "click", "identifiers": {}}, 5
    ]);
    let answer = world.ask(mutation, json!({ "records": records })).await;
    let vendor = &answer["vendorEventsIngest"];
    assert_eq!((&vendor["accepted"], &vendor["quarantined"]), (&json!(1), &json!(2)));
    assert_eq!(vendor["results"].as_array().map(Vec::len), Some(2));
    assert_eq!(answer["odpEventSend"]["events"], 1);
    let query = "query($id: ID!) { node(id: $id) { ... on Event { kind source data } }
        eventTypes { type action kind count firstAt lastAt } }";
    let answer = world.ask(query, json!({"id": answer["odpEventSend"]["results"][0]["eventId"]})).await;
    assert_eq!((&answer["node"]["kind"], &answer["node"]["source"]), (&json!("OPENED"), &json!("ODP")));
    assert_eq!(answer["node"]["data"]["data_source"], "campaignql");
    let types: Vec<(&Value, &Value)> =
        answer["eventTypes"].as_array().expect("types").iter().map(|seen| (&seen["action"], &seen["count"])).collect();
    assert_eq!(types, [(&json!("click"), &json!("1")), (&json!("open"), &json!("1"))]);
}

#[tokio::test]
async fn keys_are_made_and_revoked() {
    let world = World::open().await;
    let create = "mutation { apiKeyCreate(input: {name: \"dashboard\", scope: REPORT}) { key
        apiKey { id name scope prefix expiresAt revokedAt } userErrors { code } } }";
    let made = world.ask(create, json!({})).await["apiKeyCreate"].clone();
    let key = made["key"].as_str().expect("told once").to_owned();
    assert!(key.starts_with(made["apiKey"]["prefix"].as_str().expect("a prefix")));
    let hash = crate::domain::access::hash_key(&key);
    let now = crate::domain::time::Micros::now();
    let found = store::api_key::find_by_hash(&world.store, &hash, now).await.expect("reads").expect("admits");
    assert_eq!(found.scope, "report");
    let revoke = "mutation($id: ID!) { apiKeyRevoke(id: $id) { apiKey { revokedAt } userErrors { code field } } }";
    let revoked = world.ask(revoke, json!({"id": made["apiKey"]["id"]})).await;
    assert!(revoked["apiKeyRevoke"]["apiKey"]["revokedAt"].is_string());
    assert_eq!(store::api_key::find_by_hash(&world.store, &hash, now).await.expect("reads"), None);
    let nothing = world.ask(revoke, json!({"id": "nope"})).await;
    assert_eq!(nothing["apiKeyRevoke"]["userErrors"], json!([{"code": "NOT_FOUND", "field": ["id"]}]));
}

#[tokio::test]
async fn every_scope_reaches_its_own_fields_only() {
    let world = World::open().await;
    let send = "mutation { odpEventSend(action: \"x\", identifiers: {user_id: \"1\"}) { events } }";
    let funnel = "{ reachabilityFunnel(channel: \"email\") { channel } campaigns { totalCount } eventTypes { type } }";
    let events = "{ events(filter: {}) { totalCount } }";
    let make = "mutation { apiKeyCreate(input: {name: \"k\", scope: READ}) { key } }";
    for (query, may) in [
        (send, vec![Scope::Ingest, Scope::Admin]),
        (funnel, vec![Scope::Report, Scope::Read, Scope::Admin]),
        (events, vec![Scope::Read, Scope::Admin]),
        (make, vec![Scope::Admin]),
    ] {
        for scope in Scope::ALL {
            let expected = if may.contains(&scope) { "none" } else { "FORBIDDEN" };
            assert_eq!(world.code(scope, query).await, expected, "{scope:?} {query}");
        }
    }
    let customer = format!("{{ node(id: {:?}) {{ id }} }}", node::NodeId::Customer(1).encode().0);
    assert_eq!(world.code(Scope::Report, &customer).await, "FORBIDDEN");
    assert_eq!(world.code(Scope::Read, &customer).await, "none", "a stranger's id answers null");
    let request = Request::new("{ campaigns { totalCount } }");
    let answer = serde_json::to_value(world.schema.execute(request).await).expect("JSON");
    assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
}

#[tokio::test]
async fn errors_of_every_kind_have_their_code() {
    let world = World::open().await;
    let deep = format!(
        "{{ events(filter: {{}}) {{ {} }} }}",
        "nodes { customer { events { ".repeat(12) + "totalCount" + &" } } }".repeat(12)
    );
    for (query, code) in [
        ("{ nonsense }", "BAD_INPUT"),
        ("{ events(filter: {}, first: 500) { totalCount } }", "BAD_INPUT"),
        ("{ events(filter: {}, after: \"x\") { totalCount } }", "BAD_INPUT"),
        ("{ events(filter: {campaign: \"x\"}) { totalCount } }", "NOT_FOUND"),
        ("{ campaign { id } }", "BAD_INPUT"),
        (
            "{ events(filter: {}, first: 100) { nodes { customer { events(first: 100) { nodes { id kind type } } } } } }",
            "LIMIT_EXCEEDED",
        ),
        (&deep, "LIMIT_EXCEEDED"),
    ] {
        assert_eq!(world.code(Scope::Admin, query).await, code, "{query}");
    }
    world.ingest.stop().await;
    let send = "mutation { odpEventSend(action: \"x\", identifiers: {user_id: \"1\"}) { events } }";
    let answer = world.ask_as(Scope::Admin, send, json!({})).await;
    let extensions = &answer["errors"][0]["extensions"];
    assert_eq!(extensions["code"], "UNAVAILABLE");
    assert!(extensions["retryAfterSeconds"].is_number(), "{answer}");
}

#[tokio::test]
async fn every_type_field_argument_and_value_is_described() {
    let query = "{ __schema { types { name description specifiedByURL kind
        fields { name description args { name description } } inputFields { name description }
        enumValues { name description } } } }";
    let answer = serde_json::to_value(builder().finish().execute(query).await).expect("JSON");
    let types = answer["data"]["__schema"]["types"].as_array().expect("types");
    let mut missing = Vec::new();
    let blank = |of: &Value| of["description"].as_str().is_none_or(|text| text.trim().is_empty());
    for one in types.iter().filter(|one| !one["name"].as_str().unwrap_or_default().starts_with("__")) {
        let name = one["name"].as_str().unwrap_or_default();
        if blank(one) {
            missing.push(name.to_owned());
        }
        for part in ["fields", "inputFields", "enumValues"] {
            for member in one[part].as_array().into_iter().flatten() {
                if blank(member) {
                    missing.push(format!("{name}.{}", member["name"]));
                }
                for argument in member["args"].as_array().into_iter().flatten().filter(|argument| blank(argument)) {
                    missing.push(format!("{name}.{}({})", member["name"], argument["name"]));
                }
            }
        }
    }
    assert!(missing.is_empty(), "without a description: {missing:?}");
}

#[test]
fn the_text_of_the_schema_is_sorted_and_stable() {
    let text = sdl();
    assert_eq!(text, sdl());
    let names: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("type ")).collect();
    assert!(names.is_sorted(), "{names:?}");
    assert!(text.contains("@specifiedBy"));
}
