//! Orders and their credit: from events over HTTP to a funnel's last step.

use campaignql::domain::conversion::strip;
use campaignql::domain::kind::Kind;
use campaignql::domain::order::OrderState;
use campaignql::domain::recipient::RecipientState;
use campaignql::domain::rollup::{Counts, Metric, Tally, Variant};
use campaignql::store::{self, DatabaseSettings, Store};
use sea_orm::{ActiveValue, EntityTrait, IntoActiveModel};
use serde_json::{Value, json};

use crate::kit::record::{RUN_S, mail, pinpoint};
use crate::kit::{Client, TestDatabase, TestServer, both_databases};

const DAY: i64 = 86_400;

both_databases! {
    async fn a_purchase_converts_the_message_of_the_last_act_before_it(app: TestServer) {
        let (ada, ben) = ("ada@example.com", "ben@example.com");
        send(&app.admin, &[of("1", "open", ada, 10), of("2", "click", ada, 20), of("3", "open", ada, 31)]).await;
        send(&app.admin, &[bought("A-1", ada, 30), of("2", "open", ben, 5)]).await;
        assert_eq!(converted(&app.admin, "1").await, "0/0 0");
        assert_eq!(converted(&app.admin, "2").await, "1/1 0.5", "one of two who got it");
        assert_eq!(converted(&app.admin, "3").await, "0/0 0", "what came after is no reason");
        send(&app.admin, &[bought("A-2", ada, 30), bought("A-2", ada, 30 + DAY), bought("", ada, 29)]).await;
        assert_eq!(converted(&app.admin, "2").await, "3/1 0.5", "several orders after one click, each once");
    }

    async fn neither_end_of_three_days_counts(app: TestServer) {
        for (number, (at, is_credited)) in
            [(0, false), (1, true), (3 * DAY - 1, true), (3 * DAY, false), (-1, false)].into_iter().enumerate()
        {
            let (campaign, who) = (format!("{}", 100 + number), format!("p{number}@example.com"));
            send(&app.admin, &[bought(&campaign, &who, at), of(&campaign, "click", &who, 0)]).await;
            let expected = if is_credited { "1/1 1" } else { "0/0 0" };
            assert_eq!(converted(&app.admin, &campaign).await, expected, "{at} s after the click");
        }
    }

    async fn what_comes_late_counts_as_if_it_had_come_in_order(app: TestServer) {
        let (ada, ben) = ("ada@example.com", "ben@example.com");
        send(&app.admin, &[bought("A-1", ada, 30), of("1", "open", ada, 10)]).await;
        assert_eq!(converted(&app.admin, "1").await, "1/1 1");
        send(&app.admin, &[of("2", "open", ada, 20)]).await;
        assert_eq!([converted(&app.admin, "1").await, converted(&app.admin, "2").await], ["0/0 0", "1/1 1"]);
        // Clicks that show a machine take the credit back.
        let clicks: Vec<Value> = ["a", "b", "c"].into_iter().zip(25..).map(|(link, at)| {
            let mut click = of("3", "click", ada, 25);
            click["data"]["ts"] = json!(RUN_S as f64 + 25.0 + f64::from(at) / 100.0);
            click["data"]["url"] = json!(link);
            click
        }).collect();
        send(&app.admin, &clicks[..2]).await;
        assert_eq!([converted(&app.admin, "2").await, converted(&app.admin, "3").await], ["0/0 0", "1/1 1"]);
        send(&app.admin, &clicks[2..]).await;
        assert_eq!([converted(&app.admin, "2").await, converted(&app.admin, "3").await], ["1/1 1", "0/0 0"]);
        // Somebody else bought it first: the order is theirs.
        send(&app.admin, &[of("4", "open", ben, 1), bought("A-1", ben, 2)]).await;
        assert_eq!([converted(&app.admin, "2").await, converted(&app.admin, "4").await], ["0/0 0", "1/1 1"]);
    }

    async fn a_touch_between_two_orders_counts_whichever_of_them_came_last(app: TestServer) {
        let cyd = "cyd@example.com";
        send(&app.admin, &[bought("B-1", cyd, 5 * DAY)]).await;
        send(&app.admin, &[bought("B-2", cyd, DAY)]).await;
        send(&app.admin, &[of("5", "open", cyd, 4 * DAY)]).await;
        assert_eq!(converted(&app.admin, "5").await, "1/1 1");
    }

    async fn people_who_turn_out_to_be_one_share_their_touches(app: TestServer) {
        let push = |name: &str, endpoint: &str, at: i64| {
            pinpoint(name, endpoint, RUN_S + at, json!({"campaign_id": "p1", "delivery_type": "GCM"}))
        };
        let open = push("_campaign.opened_notification", "e1", 10);
        app.admin.post("/ingest/pinpoint", &json!([open])).await;
        send(&app.admin, &[bought("A-1", "ada@example.com", 20)]).await;
        assert_eq!(converted(&app.admin, "p1").await, "0/0 0");
        let both = json!({"type": "account", "identifiers": {"email": "ada@example.com", "pinpoint_endpoint": "e1"},
            "data": {"ts": RUN_S}});
        send(&app.admin, &[both]).await;
        assert_eq!(converted(&app.admin, "p1").await, "1/1 1");
    }
}

both_databases! {
    async fn an_older_database_is_credited_when_it_is_opened(database: TestDatabase) {
        let app = TestServer::start(database.clone()).await;
        let (ada, ben) = ("ada@example.com", "ben@example.com");
        send(&app.admin, &[of("1", "open", ada, 10), bought("A-1", ada, 30), of("1", "click", ben, 1)]).await;
        send(&app.admin, &[bought("A-2", ben, 5), bought("A-2", ada, 4), reversed("refund", "A-2", ben)]).await;
        let told = |client: Client| async move { [converted(&client, "1").await, by_day(&client, "1").await] };
        let before = told(app.admin.clone()).await;
        assert_eq!(before[0], "1/1 0.5");
        app.stop().await;
        let store = open(&database).await;
        let rows = (conversions(&store).await, orders(&store).await);
        assert_eq!((rows.0.len(), rows.1.len()), (2, 2));
        forget_conversions(&store).await;
        store.db().close_by_ref().await.expect("the database closes");
        let app = TestServer::start(database.clone()).await;
        // Ingestion waits until everything is credited.
        send(&app.admin, &[of("9", "open", "cyd@example.com", 9)]).await;
        assert_eq!(told(app.admin.clone()).await, before);
        app.stop().await;
        let store = open(&database).await;
        assert_eq!((conversions(&store).await, orders(&store).await), rows);
        store.db().close_by_ref().await.expect("the database closes");
    }
}

/// In each round either server takes events of one customer alone, so that the shards of customers seldom keep them apart: the
/// shards of the orders must.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_take_back_of_the_same_orders_and_nothing_is_lost() {
    const ROUNDS: usize = 6;
    const ORDERS: usize = 40;
    let Some(database) = TestDatabase::postgresql() else { return };
    let (first, second) = (TestServer::start(database.clone()).await, TestServer::start(database.clone()).await);
    for round in 0..ROUNDS {
        let post = |client: Client, word: &'static str| async move {
            let who = format!("{word}{round}@example.com");
            let events: Vec<Value> =
                (0..ORDERS).map(|number| reversed(word, &format!("O-{round}-{number}"), &who)).collect();
            send(&client, &events).await;
        };
        tokio::join!(post(first.admin.clone(), "return"), post(second.admin.clone(), "refund"));
    }
    let all = (0..ROUNDS).flat_map(|round| (0..ORDERS).map(move |number| format!("O-{round}-{number}")));
    let purchases: Vec<Value> = all.map(|order| bought(&order, "buyer@example.com", 0)).collect();
    send(&first.admin, &purchases).await;
    first.stop().await;
    second.stop().await;
    let store = open(&database).await;
    let lost = orders(&store).await.into_iter().filter(|order| order.reversed().subtotal != 4_000_000).count();
    let expected = (ROUNDS * ORDERS, 0);
    assert_eq!((conversions(&store).await.len(), lost), expected, "orders, and those of which something was lost");
    store.db().close_by_ref().await.expect("the database closes");
}

fn of(campaign: &str, action: &str, email: &str, at: i64) -> Value {
    let mut event = mail(action, email, at);
    event["data"]["campaign_id"] = json!(campaign);
    event
}

/// A purchase; one without an id is an order that nothing else refers to.
fn bought(order: &str, email: &str, at: i64) -> Value {
    let mut fields = json!({"subtotal": "19.90", "total": 24.8});
    if !order.is_empty() {
        fields["order_id"] = json!(order);
    }
    json!({"type": "order", "action": "purchase", "identifiers": {"email": email},
        "data": {"ts": RUN_S + at, "order": fields}})
}

fn reversed(action: &str, order: &str, email: &str) -> Value {
    json!({"type": "order", "action": action, "identifiers": {"email": email},
        "data": {"ts": RUN_S + 60, "order": {"order_id": order, "subtotal": -2}}})
}

async fn send(client: &Client, events: &[Value]) {
    let answer = client.post("/ingest/odp", &json!(events)).await;
    assert_eq!((answer.status, &answer.json["quarantined"]), (200, &json!(0)), "{}", answer.text);
}

/// `total/unique` of the last step, and the share of deliveries that converted.
async fn converted(client: &Client, campaign: &str) -> String {
    let query = "query($id: String!) { campaign(externalId: $id) { \
        funnel { steps { step total unique } rates { conversionRate } } } }";
    let funnel = &client.data(query, json!({"id": campaign})).await["campaign"]["funnel"];
    let last = funnel["steps"].as_array().and_then(|steps| steps.last()).expect("steps");
    assert_eq!(last["step"], "CONVERTED");
    let number = |field: &str| last[field].as_str().expect("a number").to_owned();
    format!("{}/{} {}", number("total"), number("unique"), funnel["rates"]["conversionRate"].as_f64().unwrap_or(-1.0))
}

async fn by_day(client: &Client, campaign: &str) -> String {
    let query = "query($id: String!) { campaign(externalId: $id) { \
        funnel(groupBy: [RUN, DAY]) { groups { run day steps { step total unique } } } } }";
    client.data(query, json!({"id": campaign})).await["campaign"]["funnel"].to_string()
}

async fn open(database: &TestDatabase) -> Store {
    let settings = DatabaseSettings { url: database.url().to_owned(), max_connections: 1 };
    store::open(&settings).await.expect("the database opens")
}

async fn conversions(store: &Store) -> Vec<entity::conversion::Model> {
    let mut rows = entity::conversion::Entity::find().all(store.db()).await.expect("conversions");
    rows.sort_by(|a, b| a.key.cmp(&b.key));
    rows
}

async fn orders(store: &Store) -> Vec<OrderState> {
    let mut rows = entity::purchase_order::Entity::find().all(store.db()).await.expect("orders");
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    rows.iter().map(|row| OrderState::decode(&row.state).expect("it unpacks")).collect()
}

/// Leaves the database as a program would that knows nothing of conversions.
async fn forget_conversions(store: &Store) {
    let db = store.db();
    let done = entity::database_info::Entity::delete_by_id("conversions_credited").exec(db).await;
    assert_eq!(done.expect("it is recorded").rows_affected, 1);
    entity::conversion::Entity::delete_many().exec(db).await.expect("they can be removed");
    entity::conversion_latest::Entity::delete_many().exec(db).await.expect("they can be removed");
    entity::purchase_order::Entity::delete_many().exec(db).await.expect("they can be removed");
    for row in entity::recipient::Entity::find().all(db).await.expect("states") {
        let mut state = RecipientState::decode(&row.state).expect("it unpacks");
        strip(&mut state);
        let mut row = row.into_active_model();
        row.state = ActiveValue::Set(state.encode());
        entity::recipient::Entity::update(row).exec(db).await.expect("it can be written");
    }
    for row in entity::rollup::Entity::find().all(db).await.expect("counts") {
        let mut counts = Counts::decode(&row.counts).expect("they unpack");
        *counts.entry(Metric(Kind::Converted, Variant::Reported)) = Tally::default();
        counts.prune();
        let mut row = row.into_active_model();
        row.counts = ActiveValue::Set(counts.encode());
        entity::rollup::Entity::update(row).exec(db).await.expect("it can be written");
    }
}
