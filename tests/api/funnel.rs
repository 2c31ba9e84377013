//! Funnels beyond the maintained counts: groups with a limit, texts of details and who they belong to, answers that are
//! remembered, and databases of older programs.

use std::time::{Duration, Instant};

use campaignql::domain::recipient::RecipientState;
use campaignql::store::{self, DatabaseSettings, Store};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, IntoActiveModel};
use serde_json::{Value, json};

use crate::kit::{Client, TestDatabase, TestServer, both_databases};

/// Two links, clicked by two customers: `/a` by both, `/b` by one, three times in all.
fn clicks() -> Vec<Value> {
    vec![
        event("CLICKED", "ada", 1, json!({"url": "https://example.test/a"})),
        event("CLICKED", "ben", 2, json!({"url": "https://example.test/a"})),
        event("CLICKED", "ben", 3, json!({"url": "https://example.test/b"})),
        event("CLICKED", "ben", 90, json!({"url": "https://example.test/b"})),
        event("CLICKED", "ben", 180, json!({"url": "https://example.test/b"})),
    ]
}

/// What happened to somebody in the campaign so many seconds after midnight.
fn event(kind: &str, who: &str, second: u32, fields: Value) -> Value {
    let at = format!("2026-03-02T{:02}:{:02}:{:02}Z", second / 3_600, second / 60 % 60, second % 60);
    let mut event = json!({
        "type": "letter", "kind": kind, "channel": "email", "occurredAt": at, "run": "r1",
        "campaign": {"externalId": "spring"}, "identifiers": {"user_id": who},
    });
    for (name, value) in fields.as_object().into_iter().flatten() {
        event[name] = value.clone();
    }
    event
}

async fn send(client: &Client, events: &[Value]) {
    let answer = client.post("/ingest/native", &json!(events)).await;
    assert_eq!((answer.status, &answer.json["quarantined"]), (200, &json!(0)), "{}", answer.text);
}

/// The campaign's funnel with these arguments.
async fn funnel(client: &Client, arguments: &str, fields: &str) -> Value {
    let query = format!("{{ campaign(externalId: \"spring\") {{ funnel({arguments}) {{ {fields} }} }} }}");
    client.data(&query, json!({})).await["campaign"]["funnel"].clone()
}

const CLICKED: &str = "steps { step total unique ofPrevious ofFirst }";

/// The clicks of a row as `total/unique`.
fn clicked(row: &Value) -> String {
    let steps = row["steps"].as_array().expect("steps");
    let clicked = steps.iter().find(|step| step["step"] == "CLICKED").expect("there is one");
    format!("{}/{}", clicked["total"].as_str().expect("a count"), clicked["unique"].as_str().expect("a count"))
}

async fn by_url(client: &Client) -> Vec<(Value, bool, String)> {
    let fields = format!("groups {{ url isErased {CLICKED} }}");
    let answer = funnel(client, "groupBy: [URL], impliedSteps: false", &fields).await;
    let group = |row: &Value| (row["url"].clone(), row["isErased"] == true, clicked(row));
    answer["groups"].as_array().expect("groups").iter().map(group).collect()
}

async fn owners(store: &Store) -> Vec<(String, Option<i64>)> {
    let rows = entity::detail::Entity::find().all(store.db()).await.expect("the table can be read");
    let mut owners: Vec<_> = rows.into_iter().map(|row| (row.text, row.customer)).collect();
    owners.sort();
    owners
}

both_databases! {
    async fn groups_beyond_the_limit_are_summed_up(app: TestServer) {
        send(&app.admin, &clicks()).await;
        let fields = format!("{CLICKED} groups {{ url {CLICKED} }} remainder {{ groups {CLICKED} }}");
        let answer = funnel(&app.admin, "groupBy: [URL], groupLimit: 1, impliedSteps: false", &fields).await;
        assert_eq!(clicked(&answer), "5/2");
        assert_eq!(answer["groups"].as_array().map(Vec::len), Some(1));
        assert_eq!(answer["groups"][0]["url"], "https://example.test/b", "it has the most events");
        assert_eq!(clicked(&answer["groups"][0]), "3/1");
        assert_eq!((&answer["remainder"]["groups"], clicked(&answer["remainder"])), (&json!(1), "2/2".to_owned()));
        let all = funnel(&app.admin, "groupBy: [URL], impliedSteps: false", &fields).await;
        assert_eq!(all["remainder"], Value::Null);
        assert_eq!(all["groups"].as_array().map(Vec::len), Some(2));
    }

    async fn shares_and_times_are_told_per_step(app: TestServer) {
        let sent = |who: &str, second| event("SENT", who, second, json!({}));
        send(&app.admin, &[sent("ada", 0), sent("ben", 0), sent("cy", 0), sent("dee", 0)]).await;
        let opened = |who: &str, second| event("OPENED", who, second, json!({}));
        send(&app.admin, &[opened("ada", 10), opened("ben", 40), opened("cy", 5), opened("cy", 7)]).await;
        let steps = "steps { step unique ofPrevious ofFirst timeFromPrevious { units median p90 } }";
        let answer = funnel(&app.admin, "impliedSteps: false", steps).await;
        let step = |index: usize| answer["steps"][index].clone();
        assert_eq!((&step(0)["step"], &step(0)["ofPrevious"], &step(0)["ofFirst"]), (&json!("TARGETED"), &Value::Null, &Value::Null));
        assert_eq!((&step(3)["step"], &step(3)["ofPrevious"]), (&json!("OPENED"), &Value::Null), "nothing was delivered");
        let answer = funnel(&app.admin, "unit: RECIPIENT", steps).await;
        let opened = answer["steps"][3].clone();
        assert_eq!((&opened["ofPrevious"], &opened["ofFirst"]), (&json!(0.75), &json!(0.75)));
        assert_eq!(opened["timeFromPrevious"], json!({"units": "3", "median": 10.0, "p90": 40.0}));
        assert_eq!(answer["steps"][0]["timeFromPrevious"], Value::Null);
    }

    async fn side_counts_have_reasons(app: TestServer) {
        let skipped = |who: &str, second, reason: Value| event("SKIPPED", who, second, json!({"reason": reason}));
        send(&app.admin, &[
            skipped("ada", 1, json!("quiet time")), skipped("ada", 2, json!("quiet time")), skipped("ben", 3, json!("cap")),
            event("SKIPPED", "cy", 4, json!({})), event("HELD_OUT", "dee", 5, json!({"reason": "control"})),
        ]).await;
        let row = "reasons { kind reason total unique } remainder { reasons total unique }";
        let answer = funnel(&app.admin, "automation: ALL", &format!("skipReasons(first: 1) {{ {row} }} heldOutReasons {{ {row} }} failReasons {{ {row} }}")).await;
        let quiet = json!({"kind": "SKIPPED", "reason": "quiet time", "total": "2", "unique": "1"});
        assert_eq!(answer["skipReasons"]["reasons"], json!([quiet]));
        assert_eq!(answer["skipReasons"]["remainder"], json!({"reasons": 2, "total": "2", "unique": "2"}));
        assert_eq!(answer["heldOutReasons"]["reasons"][0]["reason"], "control");
        assert_eq!(answer["failReasons"], json!({"reasons": [], "remainder": null}));
    }

    async fn a_text_belongs_to_a_customer_until_another_has_it(app: TestServer) {
        send(&app.admin, &clicks()[2..4]).await;
        let alone = owners(app.store()).await;
        assert!(matches!(&alone[..], [(url, Some(_))] if url.ends_with("/b")), "{alone:?}");
        // The same person by another name: not another's.
        let both = json!({"user_id": "ben", "email": "ben@example.com"});
        send(&app.admin, &[event("CLICKED", "", 99, json!({"url": "https://example.test/b", "identifiers": both}))]).await;
        let mail = json!({"email": "ben@example.com"});
        send(&app.admin, &[event("CLICKED", "", 98, json!({"url": "https://example.test/b", "identifiers": mail}))]).await;
        assert_eq!(owners(app.store()).await, alone);
        send(&app.admin, &[event("CLICKED", "ada", 5, json!({"url": "https://example.test/b"}))]).await;
        assert_eq!(owners(app.store()).await, [("https://example.test/b".to_owned(), None)]);
        send(&app.admin, &[clicks()[4].clone()]).await;
        assert_eq!(owners(app.store()).await, [("https://example.test/b".to_owned(), None)]);
    }

    async fn a_text_of_customers_who_merge_stays_one_customers(app: TestServer) {
        let as_user = event("CLICKED", "ben", 1, json!({"url": "https://example.test/token"}));
        let mail = json!({"email": "ben@example.com"});
        let as_mail = event("SENT", "", 2, json!({"identifiers": mail}));
        send(&app.admin, &[as_user]).await;
        send(&app.admin, &[as_mail]).await;
        let both = json!({"user_id": "ben", "email": "ben@example.com"});
        send(&app.admin, &[event("OPENED", "", 3, json!({"identifiers": both}))]).await;
        send(&app.admin, &[event("CLICKED", "", 4, json!({"url": "https://example.test/token", "identifiers": mail}))]).await;
        let owners = owners(app.store()).await;
        assert!(matches!(&owners[..], [(_, Some(_))]), "{owners:?}");
    }

    async fn an_erased_text_leaves_its_numbers(app: TestServer) {
        send(&app.admin, &clicks()).await;
        let link = |name: &str| json!(format!("https://example.test/{name}"));
        assert_eq!(by_url(&app.admin).await, [(link("a"), false, "2/2".to_owned()), (link("b"), false, "3/1".to_owned())]);
        let store = app.store();
        let rows = entity::detail::Entity::find().all(store.db()).await.expect("the table can be read");
        let own = rows.into_iter().find(|row| row.customer.is_some()).expect("one is of one customer alone");
        own.into_active_model().delete(store.db()).await.expect("it can be removed");
        let erased = by_url(&app.admin).await;
        assert_eq!(erased, [(Value::Null, true, "3/1".to_owned()), (link("a"), false, "2/2".to_owned())]);
    }

    async fn an_answer_is_remembered_until_a_state_changes(app: TestServer) {
        let by_day = "groupBy: [RUN, CHANNEL], by: COHORT, unit: RECIPIENT, impliedSteps: false";
        let clicked = async || clicked(&funnel(&app.admin, by_day, CLICKED).await);
        send(&app.admin, &clicks()).await;
        for _ in 0..2 {
            assert_eq!(clicked().await, "5/2");
        }
        send(&app.admin, &clicks()).await;
        assert_eq!(clicked().await, "5/2", "repeats");
        send(&app.admin, &[event("CLICKED", "cy", 1, json!({}))]).await;
        assert_eq!(clicked().await, "6/3", "another click");
        // Two customers turn out to be one, by an event of no campaign.
        let both = json!({"user_id": "ada", "email": "ada@example.com"});
        let other = json!({"user_id": "cy", "email": "ada@example.com"});
        for identifiers in [both, other] {
            let mut event = event("PAGE_VIEWED", "", 9, json!({"identifiers": identifiers}));
            event.as_object_mut().expect("an event").remove("campaign");
            send(&app.admin, &[event]).await;
        }
        assert_eq!(clicked().await, "6/2", "merged");
    }

    async fn what_is_computed_is_what_is_kept(app: TestServer) {
        send(&app.admin, &clicks()).await;
        send(&app.admin, &[event("SENT", "ada", 0, json!({"run": "r2"})), event("OPENED", "ada", 86_399, json!({}))]).await;
        let counts = "deliveredBasis steps { step total unique } beside { kind total unique } rates { openRate clickRate }";
        for group_by in ["", "DAY", "RUN", "WEEK, RUN", "CHANNEL, MONTH"] {
            let fields = format!("{counts} groups {{ run channel day week month {counts} }}");
            let kept = funnel(&app.admin, &format!("groupBy: [{group_by}]"), &fields).await;
            // The same days by another name of the zone: these are not kept.
            let range = "range: {timeZone: \"Etc/UTC\"}";
            let computed = funnel(&app.admin, &format!("{range}, groupBy: [{group_by}]"), &fields).await;
            assert_eq!(computed, kept, "{group_by}");
        }
    }

}

both_databases! {
    async fn a_database_of_an_older_program_gets_its_texts_and_reasons(database: TestDatabase) {
        let app = TestServer::start(database.clone()).await;
        send(&app.admin, &clicks()).await;
        let told = |who: &str, kind: &str, reason: &str| event(kind, who, 7, json!({"reason": reason}));
        send(&app.admin, &[told("ada", "HELD_OUT", "control"), told("ben", "OPTED_OUT", "too many"), told("ben", "FAILED", "closed")]).await;
        let ask = |client: Client| async move {
            let fields = "groups { reason url beside { kind total unique } steps { step total unique } }";
            funnel(&client, "groupBy: [REASON, URL]", fields).await
        };
        let (before, owned) = (ask(app.admin.clone()).await, owners(app.store()).await);
        assert_eq!(before["groups"].as_array().map(Vec::len), Some(6), "{before}");
        app.stop().await;
        as_of_an_older_program(&database).await;
        let app = TestServer::start(database).await;
        let patience = Instant::now() + Duration::from_mins(1);
        while ask(app.admin.clone()).await != before && Instant::now() < patience {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(ask(app.admin.clone()).await, before);
        assert_eq!(owners(app.store()).await, owned);
        app.stop().await;
    }
}

/// Takes away what older programs did not keep.
async fn as_of_an_older_program(database: &TestDatabase) {
    let settings = DatabaseSettings { url: database.url().to_owned(), max_connections: 1 };
    let store = store::open(&settings).await.expect("the database opens");
    let done = entity::database_info::Entity::delete_by_id("detail_texts").exec(store.db()).await;
    assert_eq!(done.expect("it is recorded").rows_affected, 1);
    entity::detail::Entity::delete_many().exec(store.db()).await.expect("texts can be removed");
    for row in entity::recipient::Entity::find().all(store.db()).await.expect("states can be read") {
        let mut state = RecipientState::decode(&row.state).expect("its own packing");
        let occurrences = state.messages.iter_mut().flat_map(|message| &mut message.occurrences);
        for occurrence in occurrences.filter(|o| ["HELD_OUT", "OPTED_OUT"].contains(&o.kind().name())) {
            occurrence.detail = 0;
        }
        let mut changed = row.into_active_model();
        changed.state = Set(state.encode());
        changed.update(store.db()).await.expect("states can be changed");
    }
    store.db().close_by_ref().await.expect("the database closes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_server_remembers_ends_with_what_another_takes() {
    let Some(database) = TestDatabase::postgresql() else { return };
    let (first, second) = (TestServer::start(database.clone()).await, TestServer::start(database).await);
    for number in 1..=10 {
        let who = format!("user{number}");
        send(&second.admin, &[event("CLICKED", &who, number, json!({}))]).await;
        for server in [&first, &second] {
            let answer = funnel(&server.admin, "by: COHORT, impliedSteps: false", CLICKED).await;
            assert_eq!(clicked(&answer), format!("{number}/{number}"));
        }
    }
    first.stop().await;
    second.stop().await;
}
