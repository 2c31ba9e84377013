//! The trend of `reachabilityFunnel`: how it was at the end of every day, by the own times of events and the settings and
//! links of now.

use campaignql::domain::reachability::AddressState;
use campaignql::store::{self, DatabaseSettings};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, Set};
use serde_json::{Value, json};

use crate::kit::record::{RUN_S, mail, pinpoint};
use crate::kit::{Client, TestDatabase, TestServer, both_databases};

const ADA: &str = "ada@example.com";
const BEN: &str = "ben@example.com";
const DAY_S: i64 = 86_400;

both_databases! {
    async fn late_events_correct_the_days_behind_them(app: TestServer) {
        send(&app.admin, &[mail("sent", ADA, DAY_S), mail("hard_bounce", ADA, 3 * DAY_S)]).await;
        let range = ("2026-03-01", "2026-03-08");
        let before = ["0 0 0 0", "0 0 0 0", "1 1 1 1", "1 1 1 1", "1 1 0 0", "1 1 0 0", "1 1 0 0"];
        assert_eq!(trend(&app.admin, "email", range).await, before);
        // An earlier event, a refusal, and a word that makes the address good again before it goes bad a second time.
        let late = [mail("sent", ADA, 0), said("consent", "opt-out", ADA, 2), said("consent", "opt-in", ADA, 3),
            said("reachability", "reachable", ADA, 4), mail("spamreport", ADA, 5 * DAY_S)];
        for event in late {
            send(&app.admin, &[event]).await;
        }
        let after = ["0 0 0 0", "1 1 1 1", "1 1 1 1", "1 1 1 0", "1 1 0 0", "1 1 1 1", "1 1 0 0"];
        assert_eq!(trend(&app.admin, "email", range).await, after);
        let reasons = reasons(&app.admin, ("2026-03-04", "2026-03-08")).await;
        assert_eq!(reasons, ["OPTED_OUT 1", "HARD_BOUNCE 1", "", "SPAM_REPORT 1"]);
        let now = steps(&app.admin, "email").await;
        assert_eq!(now, ["KNOWN 1", "HAS_ADDRESS 1", "REACHABLE 0", "CONSENTED 0"], "now is the last day");
        let sms = trend(&app.admin, "sms", ("2026-03-02", "2026-03-03")).await;
        assert_eq!(sms, ["1 0 0 0"]);
    }

    async fn days_begin_with_the_clocks_of_the_zone(app: TestServer) {
        update(&app.admin, json!({"timeZone": "Europe/Berlin"})).await;
        // The last second of a day of 23 hours, and the first after it; the same for a day of 25 hours.
        let at = |time: &str, email: &str| json!({"type": "email", "action": "sent", "identifiers": {"email": email},
            "data": {"ts": time}});
        send(&app.admin, &[at("2026-03-29T21:59:59Z", ADA), at("2026-03-29T22:00:00Z", BEN)]).await;
        send(&app.admin, &[at("2026-10-25T22:59:59Z", "eve@example.com"), at("2026-10-25T23:00:00Z", "joe@example.com")])
            .await;
        let spring = trend(&app.admin, "email", ("2026-03-28", "2026-03-31")).await;
        assert_eq!(spring, ["0 0 0 0", "1 1 1 1", "2 2 2 2"]);
        let autumn = trend(&app.admin, "email", ("2026-10-24", "2026-10-27")).await;
        assert_eq!(autumn, ["2 2 2 2", "3 3 3 3", "4 4 4 4"]);
    }

    async fn a_changed_limit_of_soft_bounces_holds_on_days_that_are_long_over(app: TestServer) {
        let bounces = [0, 1, 2].map(|day| mail("soft_bounce", ADA, day * DAY_S));
        send(&app.admin, &bounces).await;
        send(&app.admin, &[mail("delivery", ADA, 4 * DAY_S)]).await;
        let range = ("2026-03-02", "2026-03-07");
        assert_eq!(trend(&app.admin, "email", range).await, ["1 1 1 1"; 5]);
        update(&app.admin, json!({"softBounceLimit": 2})).await;
        assert_eq!(trend(&app.admin, "email", range).await, ["1 1 1 1", "1 1 0 0", "1 1 0 0", "1 1 0 0", "1 1 1 1"]);
        let suppressed = app.admin.data("{ suppressions { totalCount } }", json!({})).await;
        assert_eq!(suppressed["suppressions"]["totalCount"], "0", "it was delivered since");
        send(&app.admin, &[mail("open", ADA, 2 * DAY_S - 60)]).await;
        let between = ["1 1 1 1", "1 1 0 0", "1 1 1 1", "1 1 1 1", "1 1 1 1"];
        assert_eq!(trend(&app.admin, "email", range).await, between, "opened before the last of them");
        update(&app.admin, json!({"softBounceLimit": 1})).await;
        assert_eq!(trend(&app.admin, "email", range).await, ["1 1 0 0", "1 1 0 0", "1 1 0 0", "1 1 0 0", "1 1 1 1"]);
        update(&app.admin, json!({"defaultConsent": [{"channel": "email", "isConsented": false}]})).await;
        assert_eq!(trend(&app.admin, "email", range).await[4], "1 1 1 0", "the settings of now hold for all days");
    }

    async fn an_address_counts_from_its_first_naming_for_whom_it_names_today(app: TestServer) {
        send(&app.admin, &[seen(&[("vuid", "v1")], 0), seen(&[("vuid", "v1"), ("email", ADA)], 2)]).await;
        let range = ("2026-03-01", "2026-03-06");
        assert_eq!(trend(&app.admin, "email", range).await, ["0 0 0 0", "1 0 0 0", "1 0 0 0", "1 1 1 1", "1 1 1 1"]);
        // The browser is handed on: with it goes since when its owner is known.
        send(&app.admin, &[seen(&[("vuid", "v1"), ("email", BEN)], 3)]).await;
        assert_eq!(trend(&app.admin, "email", range).await, ["0 0 0 0", "1 0 0 0", "1 0 0 0", "2 1 1 1", "2 2 2 2"]);
        // They turn out to be one person, who is counted once, since the first of all.
        send(&app.admin, &[seen(&[("email", ADA), ("user_id", "u")], 3), seen(&[("email", BEN), ("user_id", "u")], -1)]).await;
        assert_eq!(trend(&app.admin, "email", range).await, ["1 1 1 1"; 5]);
        let profile = json!({"attributes": {"phone": "+493090182001", "name": "Ada", "email": ADA}});
        assert_eq!(app.admin.post("/v3/profiles", &profile).await.status, 202);
        assert_eq!(trend(&app.admin, "sms", range).await, ["1 0 0 0"; 5], "the phone is known since today");
        assert_eq!(steps(&app.admin, "sms").await[1], "HAS_ADDRESS 1");
    }

    async fn groups_are_lists_and_reasons_now_and_by_week_and_month(app: TestServer) {
        let join = |list: &str, email: &str, day: i64| {
            let mut event = said("list", "subscribe", email, day);
            event["data"]["list_id"] = json!(list);
            event
        };
        send(&app.admin, &[join("news", ADA, 0), join("news", BEN, 7), join("deals", BEN, 30), mail("hard_bounce", ADA, 40 * DAY_S)])
            .await;
        let rows = |arguments: &str| groups(&app.admin, arguments.to_owned());
        assert_eq!(rows("groupBy: [LIST]").await, ["null deals null 2 SUBSCRIBED 1", "null news null 2 SUBSCRIBED 1"]);
        assert_eq!(rows("groupBy: [REASON]").await, ["null null HARD_BOUNCE 1", "null null null 1"]);
        let both = "groupBy: [REASON, LIST]";
        assert_eq!(rows(both).await, ["null deals HARD_BOUNCE 1", "null deals null 1", "null news HARD_BOUNCE 1", "null news null 1"]);
        let weeks = "groupBy: [WEEK, LIST], range: {from: \"2026-03-02\", to: \"2026-03-17\"}";
        assert_eq!(rows(weeks).await, [
            "2026-03-08 deals null 1 SUBSCRIBED 0", "2026-03-08 news null 1 SUBSCRIBED 1",
            "2026-03-15 deals null 2 SUBSCRIBED 0", "2026-03-15 news null 2 SUBSCRIBED 2",
            "2026-03-16 deals null 2 SUBSCRIBED 0", "2026-03-16 news null 2 SUBSCRIBED 2"]);
        let months = "groupBy: [MONTH], range: {from: \"2026-03-02\", to: \"2026-05-01\"}";
        assert_eq!(rows(months).await, ["2026-03-31 null null 2 CONSENTED 2", "2026-04-30 null null 2 CONSENTED 1"]);
    }

    async fn what_cannot_be_answered_names_the_value_and_the_rule(app: TestServer) {
        for (arguments, code, message) in [
            ("range: {to: \"2026-01-01\"}", "BAD_INPUT", "from is missing"),
            ("range: {from: \"2026-01-02\", to: \"2026-01-02\"}", "BAD_INPUT", "2026-01-02 is not before to: 2026-01-02"),
            ("range: {from: \"2020-01-01\", to: \"2026-01-01\"}", "LIMIT_EXCEEDED", "more than 2000 points"),
            ("range: {from: \"2020-01-01\", timeZone: \"Asia/Tokyo\"}", "BAD_INPUT", "Asia/Tokyo is not answered"),
            ("groupBy: [DAY]", "BAD_INPUT", "need a range"),
            ("groupBy: [REASON, REASON]", "BAD_INPUT", "each once"),
        ] {
            let query = format!("{{ reachabilityFunnel(channel: \"email\", {arguments}) {{ trend {{ known }} }} }}");
            let answer = app.admin.graphql(&query, json!({})).await;
            let error = &answer.json["errors"][0];
            assert_eq!(error["extensions"]["code"], code, "{}", answer.text);
            assert!(error["message"].as_str().is_some_and(|text| text.contains(message)), "{}", answer.text);
        }
        let without = "{ reachabilityFunnel(channel: \"email\") { trend { known } groups { customers } } }";
        let data = app.admin.data(without, json!({})).await;
        assert_eq!(data["reachabilityFunnel"], json!({"trend": null, "groups": null}));
    }

    async fn the_zone_is_fixed_once_a_profile_was_taken(app: TestServer) {
        assert_eq!(app.admin.post("/v3/profiles", &json!({"attributes": {"email": ADA}})).await.status, 202);
        let query = "mutation { workspaceUpdate(input: {timeZone: \"Asia/Tokyo\"}) { userErrors { field } } }";
        let refused = app.admin.data(query, json!({})).await;
        assert_eq!(refused["workspaceUpdate"]["userErrors"][0]["field"], json!(["input", "timeZone"]));
    }
}

both_databases! {
    async fn whom_no_identifier_names_any_more_is_in_no_count_of_any_day(database: TestDatabase) {
        let app = TestServer::start(database.clone()).await;
        send(&app.admin, &[mail("sent", ADA, 0), mail("hard_bounce", ADA, DAY_S), mail("sent", BEN, DAY_S)]).await;
        let range = ("2026-03-01", "2026-03-05");
        assert_eq!(trend(&app.admin, "email", range).await, ["0 0 0 0", "1 1 1 1", "2 2 1 1", "2 2 1 1"]);
        let store = open(&database).await;
        let identifiers = entity::identifier::Entity::find().all(store.db()).await.expect("it can be read");
        let ada = identifiers.into_iter().find(|row| row.value == ADA).expect("it is known");
        ada.into_active_model().delete(store.db()).await.expect("it can be removed");
        store.db().close_by_ref().await.expect("the database closes");
        // A changed type counts everybody again.
        let register = "mutation { identifierTypeRegister(input: {name: \"card_id\", confidence: HIGH}) { userErrors { code } } }";
        app.admin.data(register, json!({})).await;
        assert_eq!(trend(&app.admin, "email", range).await, ["0 0 0 0", "0 0 0 0", "1 1 1 1", "1 1 1 1"]);
        assert_eq!(steps(&app.admin, "email").await, ["KNOWN 1", "HAS_ADDRESS 1", "REACHABLE 1", "CONSENTED 1"]);
        app.stop().await;
    }

    async fn a_database_without_days_gets_them_from_its_events_when_it_is_opened(database: TestDatabase) {
        let app = TestServer::start(database.clone()).await;
        let endpoint = json!({"EndpointStatus": "INACTIVE", "Address": BEN, "ChannelType": "EMAIL",
            "EffectiveDate": "2026-03-03T08:00:00Z"});
        send(&app.admin, &[0, 1, 2].map(|day| mail("soft_bounce", ADA, day * DAY_S))).await;
        send(&app.admin, &[mail("delivery", ADA, 3 * DAY_S), mail("open", ADA, DAY_S - 9), mail("sent", BEN, DAY_S)]).await;
        send(&app.admin, &[said("consent", "opt-out", BEN, 1), said("consent", "opt-in", BEN, 4)]).await;
        send(&app.admin, &[said("reachability", "unreachable", ADA, 5), said("reachability", "reachable", ADA, 6)]).await;
        let attributes = json!({"campaign_id": "c", "campaign_send_status": "SUCCESS", "delivery_type": "EMAIL"});
        let mut record = pinpoint("_campaign.send", "e1", RUN_S + 2 * DAY_S, attributes);
        record["client_context"] = json!({"custom": {"endpoint": endpoint.to_string()}});
        assert_eq!(app.admin.post("/ingest/pinpoint", &record).await.status, 200);
        assert_eq!(app.admin.post("/v3/profiles", &json!({"attributes": {"phone": "+493090182001"}})).await.status, 202);
        update(&app.admin, json!({"softBounceLimit": 1})).await;
        let before = whole(&app.admin).await;
        app.stop().await;
        let store = open(&database).await;
        let done = entity::database_info::Entity::delete_by_id("reach_counted_by_day").exec(store.db()).await;
        assert_eq!(done.expect("it is recorded").rows_affected, 1);
        entity::reach_day::Entity::delete_many().exec(store.db()).await.expect("they can be removed");
        let undated = entity::identifier::Entity::update_many();
        let undated = undated.col_expr(entity::identifier::Column::FirstDay, Expr::value(i32::MAX));
        undated.exec(store.db()).await.expect("they can be changed");
        for row in entity::address_state::Entity::find().all(store.db()).await.expect("they can be read") {
            let mut state = AddressState::decode(&row.state).expect("its own packing");
            state.forget_past();
            let mut row = row.into_active_model();
            row.state = Set(state.encode());
            row.update(store.db()).await.expect("it can be changed");
        }
        store.db().close_by_ref().await.expect("the database closes");
        let app = TestServer::start(database).await;
        // Ingestion waits until everything is counted.
        send(&app.admin, &[mail("sent", ADA, 9 * DAY_S)]).await;
        assert_eq!(whole(&app.admin).await, before);
        send(&app.admin, &[mail("open", ADA, 2 * DAY_S + 9)]).await;
        assert_ne!(whole(&app.admin).await, before, "days are kept on");
        app.stop().await;
    }
}

async fn open(database: &TestDatabase) -> store::Store {
    let settings = DatabaseSettings { url: database.url().to_owned(), max_connections: 1 };
    store::open(&settings).await.expect("the database opens")
}

/// Everything that is told of two weeks.
async fn whole(client: &Client) -> Value {
    let of = |channel: &str| {
        format!(
            "{channel}: reachabilityFunnel(channel: \"{channel}\", range: {{from: \"2026-02-27\", to: \"2026-03-13\"}}) {{ \
             steps {{ step customers }} trend {{ known hasAddress reachable eligible reasons {{ reason customers }} }} }}"
        )
    };
    client.data(&format!("{{ {} {} }}", of("email"), of("sms")), json!({})).await
}

/// An event that says something of an address, so many days after the run.
fn said(event_type: &str, action: &str, email: &str, day: i64) -> Value {
    json!({"type": event_type, "action": action, "identifiers": {"email": email}, "data": {"ts": RUN_S + day * DAY_S}})
}

/// A page view that names somebody.
fn seen(identifiers: &[(&str, &str)], day: i64) -> Value {
    let identifiers: serde_json::Map<String, Value> =
        identifiers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    json!({"type": "pageview", "identifiers": identifiers, "data": {"ts": RUN_S + day * DAY_S}})
}

async fn send(client: &Client, events: &[Value]) {
    let answer = client.post("/v3/events", &json!(events)).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
}

async fn update(client: &Client, input: Value) {
    let query = "mutation($input: WorkspaceUpdateInput!) { workspaceUpdate(input: $input) { userErrors { message } } }";
    let data = client.data(query, json!({"input": input})).await;
    assert_eq!(data["workspaceUpdate"]["userErrors"], json!([]), "{data}");
}

/// Per day: known, with an address, reachable, eligible.
async fn trend(client: &Client, channel: &str, (from, to): (&str, &str)) -> Vec<String> {
    let query = "query($channel: String!, $range: DateRange) { reachabilityFunnel(channel: $channel, range: $range) { \
        trend { date known hasAddress reachable consented subscribed eligible } } }";
    let data = client.data(query, json!({"channel": channel, "range": {"from": from, "to": to}})).await;
    let points = data["reachabilityFunnel"]["trend"].as_array().expect("a trend").clone();
    assert_eq!(points[0]["date"], from);
    let row = |point: &Value| {
        assert_eq!((&point["consented"], &point["subscribed"]), (&point["eligible"], &Value::Null));
        ["known", "hasAddress", "reachable", "eligible"].map(|name| point[name].as_str().expect("a number")).join(" ")
    };
    points.iter().map(row).collect()
}

/// Per day: why people could not be reached by e-mail.
async fn reasons(client: &Client, (from, to): (&str, &str)) -> Vec<String> {
    let query = "query($range: DateRange) { reachabilityFunnel(channel: \"email\", range: $range) { \
        trend { reasons { reason customers } } } }";
    let data = client.data(query, json!({"range": {"from": from, "to": to}})).await;
    let row = |loss: &Value| format!("{} {}", loss["reason"], loss["customers"]).replace('"', "");
    let point = |point: &Value| {
        let reasons = point["reasons"].as_array().expect("reasons").iter().map(row);
        reasons.collect::<Vec<_>>().join(" ")
    };
    data["reachabilityFunnel"]["trend"].as_array().expect("a trend").iter().map(point).collect()
}

async fn steps(client: &Client, channel: &str) -> Vec<String> {
    let query = "query($channel: String!) { reachabilityFunnel(channel: $channel) { steps { step customers } } }";
    let data = client.data(query, json!({"channel": channel})).await;
    let row = |row: &Value| format!("{} {}", row["step"], row["customers"]).replace('"', "");
    data["reachabilityFunnel"]["steps"].as_array().expect("steps").iter().map(row).collect()
}

/// Per group: date, list, reason, customers, and the last step of its funnel where it has one.
async fn groups(client: &Client, arguments: String) -> Vec<String> {
    let query = format!(
        "{{ reachabilityFunnel(channel: \"email\", {arguments}) {{ \
         groups {{ date list {{ name }} reason customers steps {{ step customers }} }} }} }}"
    );
    let data = client.data(&query, json!({})).await;
    let row = |row: &Value| {
        let last = row["steps"].as_array().and_then(|steps| steps.last());
        let last = last.map_or(String::new(), |step| format!(" {} {}", step["step"], step["customers"]));
        let name = &row["list"]["name"];
        format!("{} {name} {} {}{last}", row["date"], row["reason"], row["customers"]).replace('"', "")
    };
    data["reachabilityFunnel"]["groups"].as_array().expect("groups").iter().map(row).collect()
}
