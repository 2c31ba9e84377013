//! Pinpoint's campaign metrics: their form and errors as its SDKs parse them, who may ask, what endpoints and prices come
//! to, and that databases of older programs come to the same.

use campaignql::domain::access::Scope;
use campaignql::domain::kpi::KPIS;
use campaignql::domain::recipient::RecipientState;
use entity::{database_info, recipient, rollup};
use reqwest::Method;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde_json::{Value, json};

use crate::kit::client::read;
use crate::kit::record::{RUN_S, pinpoint};
use crate::kit::{Answer, Client, TestDatabase, TestServer, both_databases, stored};

const DAY_S: i64 = 86_400;
/// The day of the records below.
const RANGE: &str = "start-time=2026-03-02T00:00:00Z&end-time=2026-03-02T23:59:59Z";

both_databases! {
    async fn a_metric_is_answered_as_sdks_parse_it(app: TestServer) {
        ingest(&app.admin, &[mail("send", "e1", "m1", 0), mail("send", "e2", "m2", 1), mail("delivered", "e1", "m1", 2)]).await;
        let answer = metric(&app, "camp", "successful-delivery-rate-grouped-by-campaign-activity", RANGE).await;
        let expected = json!({
            "ApplicationId": "app1", "CampaignId": "camp",
            "StartTime": "2026-03-02T00:00:00Z", "EndTime": "2026-03-02T23:59:59Z",
            "KpiName": "successful-delivery-rate-grouped-by-campaign-activity",
            "KpiResult": {"Rows": [{
                "GroupedBys": [{"Key": "CampaignActivityId", "Type": "String", "Value": "run-1"}],
                "Values": [{"Key": "SuccessfulDeliveryRate", "Type": "Double", "Value": "0.5"}],
            }]},
        });
        assert_eq!((answer.status, &answer.json), (200, &expected), "{}", answer.text);
        let whole = metric(&app, "camp", "unique-deliveries", RANGE).await.json["KpiResult"].clone();
        let value = json!({"Key": "UniqueDeliveries", "Type": "Double", "Value": "1.0"});
        assert_eq!(whole, json!({"Rows": [{"Values": [value]}]}));
        let nothing = metric(&app, "camp", "email-open-rate", "start-time=2026-03-03T00:00:00Z").await;
        assert_eq!(nothing.json["KpiResult"], json!({"Rows": []}), "nothing to give a value is no row: {}", nothing.text);
    }

    async fn refusals_are_those_of_pinpoint(app: TestServer) {
        ingest(&app.admin, &[mail("send", "e1", "m1", 0)]).await;
        for (campaign, name, range, status, exception, named) in [
            ("nobody", "sms-spend", "", 404, "NotFoundException", "nobody"),
            ("camp", "open-rate", "", 400, "BadRequestException", "open-rate is none of hard-bounce-rate,"),
            ("camp", "sms-spend", "start-time=today", 400, "BadRequestException", "start-time: today"),
            ("camp", "sms-spend", "start-time=2026-03-02T00:00:01Z&end-time=2026-03-02T00:00:00Z", 400,
                "BadRequestException", "is after end-time"),
        ] {
            let answer = metric(&app, campaign, name, range).await;
            let header = |name: &str| answer.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
            assert_eq!((answer.status, header("x-amzn-errortype")), (status, exception), "{}", answer.text);
            assert_eq!(answer.json["RequestID"], header("x-amzn-requestid"), "{}", answer.text);
            let message = answer.json["Message"].as_str().unwrap_or_default();
            assert!(message.contains(named), "{message}");
        }
        let other = app.another_workspace().await;
        assert_eq!(other.get(&path("camp", "sms-spend", "")).await.status, 404, "another workspace's campaign is unknown");
        let posted = app.admin.post(&path("camp", "sms-spend", ""), &json!({})).await;
        assert_eq!(posted.status, 405, "{}", posted.text);
    }

    async fn keys_that_read_reports_may_ask(app: TestServer) {
        ingest(&app.admin, &[mail("send", "e1", "m1", 0)]).await;
        for (scope, status) in [(Scope::Report, 200), (Scope::Read, 200), (Scope::Admin, 200), (Scope::Ingest, 403)] {
            let holder = app.holder_of(scope).await;
            assert_eq!(holder.get(&path("camp", "sms-spend", "")).await.status, status, "{scope:?}");
        }
        let nobody = app.anybody().get(&path("camp", "sms-spend", "")).await;
        assert_eq!(nobody.status, 403, "Pinpoint knows no 401: {}", nobody.text);
    }

    async fn a_range_includes_its_end(app: TestServer) {
        ingest(&app.admin, &[mail("send", "e1", "m1", 0), mail("send", "e2", "m2", 60)]).await;
        let sent = |range: &'static str| {
            let app = &app;
            async move { value(app, "attempted-deliveries-grouped-by-campaign-activity", range).await }
        };
        assert_eq!(sent("start-time=2026-03-02T08:00:00Z&end-time=2026-03-02T08:00:00Z").await, Some(1.0));
        assert_eq!(sent("start-time=2026-03-02T08:00:00.001Z&end-time=2026-03-02T08:01:00.000Z").await, Some(1.0));
        assert_eq!(sent("start-time=2026-03-02T08:00:00Z&end-time=2026-03-02T08:00:59.999Z").await, Some(1.0));
        assert_eq!(sent("start-time=2026-03-02T08:00:00Z&end-time=2026-03-02T08:01:00%2B00:00").await, Some(2.0));
    }

    async fn endpoints_are_counted_not_customers(app: TestServer) {
        // Two endpoints of one person, one of which another person takes over.
        let mut records = vec![sent_to("e1", "ada"), sent_to("e2", "ada"), sent_to("e3", "ben")];
        records.extend([mail("delivered", "e1", "m1", 10), mail("delivered", "e2", "m2", 11), mail("delivered", "e3", "m3", 12)]);
        ingest(&app.admin, &records).await;
        assert_eq!(value(&app, "unique-deliveries", RANGE).await, Some(3.0));
        ingest(&app.admin, &[sent_to("e2", "ben"), mail("delivered", "e2", "m4", 20), mail("delivered", "e2", "m4", DAY_S)]).await;
        assert_eq!(value(&app, "unique-deliveries", RANGE).await, Some(3.0), "the same endpoint, whoever has it");
        let two_days = "start-time=2026-03-02T00:00:00Z&end-time=2026-03-03T23:59:59Z";
        let rows = metric(&app, "camp", "unique-deliveries-grouped-by-date", two_days).await.json["KpiResult"]["Rows"].clone();
        let by_day = |row: usize| (rows[row]["GroupedBys"][0]["Value"].clone(), rows[row]["Values"][0]["Value"].clone());
        assert_eq!([by_day(0), by_day(1)], [(json!("2026-03-02"), json!("3.0")), (json!("2026-03-03"), json!("1.0"))]);
    }

    async fn the_latest_price_of_a_text_counts_in_any_order_of_arrival(app: TestServer) {
        let texts = [text("BUFFERED", "t1", 0, None), text("SUCCESS", "t1", 30, Some(900.5)), text("SUCCESS", "t1", 20, Some(645.0)),
            text("FAILURE", "t2", 5, Some(100.0)), text("BUFFERED", "t3", 6, None)];
        for record in texts.iter().rev() {
            ingest(&app.admin, std::slice::from_ref(record)).await;
        }
        assert_eq!(value(&app, "sms-spend", RANGE).await, Some(1_000.5));
        let before = "start-time=2026-03-02T00:00:00Z&end-time=2026-03-02T08:00:29Z";
        assert_eq!(value(&app, "sms-spend", before).await, Some(100.0), "a message counts when its latest price was told");
        let answer = app.admin.post("/ingest/sms", &json!([eum("t4", 0.00581, 0.001), eum("t5", 0.0, 0.0)])).await;
        assert_eq!(answer.json["accepted"], 2, "{}", answer.text);
        assert_eq!(value(&app, "sms-spend", RANGE).await, Some(1_681.5), "of price and fee, in dollars");
    }

    async fn the_same_metrics_are_fields_of_a_campaign(app: TestServer) {
        ingest(&app.admin, &[mail("send", "e1", "m1", 0), mail("delivered", "e1", "m1", 2), mail("open", "e1", "m1", 3)]).await;
        let query = "query($name: PinpointKpi!) { campaign(externalId: \"camp\") {
            kpi(name: $name, range: {from: \"2026-03-02\", to: \"2026-03-03\"}) { kpiName rows {
                groupedBys { key type value } values { key type value } } } } }";
        for (_, name, ..) in KPIS {
            let variables = json!({"name": name.replace('-', "_").to_uppercase()});
            let field = app.admin.data(query, variables).await["campaign"]["kpi"].clone();
            let route = metric(&app, "camp", name, RANGE).await.json["KpiResult"]["Rows"].clone();
            let pairs = |rows: &Value, group: &str, values: &str, value: &str| -> Vec<(Value, Value)> {
                let rows = rows.as_array().cloned().unwrap_or_default();
                rows.iter().map(|row| (row[group][0][value].clone(), row[values][0][value].clone())).collect()
            };
            let (left, right) = (pairs(&field["rows"], "groupedBys", "values", "value"), pairs(&route, "GroupedBys", "Values", "Value"));
            assert_eq!((field["kpiName"].as_str(), left), (Some(name), right));
        }
        let reporter = app.holder_of(Scope::Report).await;
        assert_eq!(reporter.data(query, json!({"name": "SMS_SPEND"})).await["campaign"]["kpi"]["rows"], json!([]));
    }

}

both_databases! {
    async fn a_database_of_an_older_program_comes_to_the_same(database: TestDatabase) {
        let app = TestServer::start(database.clone()).await;
        let mut records = vec![sent_to("e1", "ada"), sent_to("e2", "ada")];
        records.extend([mail("send", "e1", "m1", 0), mail("delivered", "e1", "m1", 1), mail("delivered", "e2", "m2", 2)]);
        records.extend([text("SUCCESS", "t1", 30, Some(900.5)), text("SUCCESS", "t2", 31, Some(1.0))]);
        // The customer of the endpoint alone becomes part of another after the fact.
        records.extend([mail("delivered", "e4", "m4", 40), sent_to("e4", "ben")]);
        for record in &records {
            ingest(&app.admin, std::slice::from_ref(record)).await;
        }
        let before = everything(&app).await;
        assert_eq!((&before[0], &before[1]), (&json!("901.5"), &json!("4.0")));
        app.stop().await;
        forget(&database).await;
        let app = TestServer::start(database).await;
        // Ingestion brings the database up to date before it takes anything.
        ingest(&app.admin, &[text("BUFFERED", "t9", 50, None)]).await;
        assert_eq!(everything(&app).await[..2], before[..2]);
        let delivered_by_month = |all: &[Value]| all[2]["rows"][0]["steps"][2].clone();
        assert_eq!(delivered_by_month(&everything(&app).await), delivered_by_month(&before));
    }
}

/// What an upgrade has to bring back: prices, endpoints, and the counts of whole months.
async fn everything(app: &TestServer) -> Vec<Value> {
    let mut all = Vec::new();
    for name in ["sms-spend", "unique-deliveries"] {
        let answer = metric(app, "camp", name, RANGE).await;
        all.push(answer.json["KpiResult"]["Rows"][0]["Values"][0]["Value"].clone());
    }
    let query = "{ performance(range: {from: \"2026-02-01\", to: \"2026-05-01\"}, groupBy: [CAMPAIGN]) {
        rows { steps { step total unique } } } }";
    all.push(app.admin.data(query, json!({})).await["performance"].clone());
    all
}

/// Makes of a database what an older program would have left: without prices, endpoints and months.
async fn forget(database: &TestDatabase) {
    let db = stored::connect(database).await;
    database_info::Entity::delete_by_id("messages_complete").exec(&db).await.expect("it is forgotten");
    let months = rollup::Entity::delete_many().filter(rollup::Column::Grouping.gte(5));
    assert!(months.exec(&db).await.expect("months can be removed").rows_affected > 0);
    for row in recipient::Entity::find().all(&db).await.expect("the table answers") {
        let mut state = RecipientState::decode(&row.state).expect("it was encoded");
        for message in &mut state.messages {
            message.price = None;
            message.occurrences.iter_mut().for_each(|occurrence| occurrence.detail = 0);
        }
        let mut row = row.into_active_model();
        row.state = Set(state.encode());
        row.update(&db).await.expect("it can be changed");
    }
    db.close().await.expect("it closes");
}

fn path(campaign: &str, name: &str, range: &str) -> String {
    format!("/v1/apps/app1/campaigns/{campaign}/kpis/daterange/{name}?{range}")
}

/// Asks as an SDK does: with the key in the signature.
async fn metric(app: &TestServer, campaign: &str, name: &str, range: &str) -> Answer {
    let credential = format!("{}/20260302/eu-central-1/mobiletargeting/aws4_request", crate::kit::server::ADMIN_KEY);
    let signature = format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=00");
    let request = app.anybody().request(Method::GET, &path(campaign, name, range));
    read(request.header("authorization", signature)).await
}

/// The only value of a metric.
async fn value(app: &TestServer, name: &str, range: &str) -> Option<f64> {
    let answer = metric(app, "camp", name, range).await;
    let rows = answer.json["KpiResult"]["Rows"].as_array().unwrap_or_else(|| panic!("{}", answer.text)).clone();
    assert!(rows.len() < 2, "{}", answer.text);
    rows.first().map(|row| row["Values"][0]["Value"].as_str().and_then(|text| text.parse().ok()).expect("a number"))
}

async fn ingest(client: &Client, records: &[Value]) {
    let answer = client.post("/ingest/pinpoint", &json!(records)).await;
    assert_eq!(answer.json["quarantined"], 0, "{}", answer.text);
}

fn place() -> Value {
    json!({"campaign_id": "camp", "campaign_activity_id": "run-1", "treatment_id": "0"})
}

fn mail(act: &str, endpoint: &str, message: &str, after_s: i64) -> Value {
    let mut record = pinpoint(&format!("_email.{act}"), endpoint, RUN_S + after_s, place());
    let mail = json!({"message_id": message, "message_send_timestamp": RUN_S * 1_000});
    record["facets"] = json!({"email_channel": {"mail_event": {"mail": mail, act: {}}}});
    record
}

/// The endpoint belongs to a user.
fn sent_to(endpoint: &str, user: &str) -> Value {
    let mut attributes = place();
    attributes["delivery_type"] = json!("EMAIL");
    attributes["campaign_send_status"] = json!("SUCCESS");
    let mut record = pinpoint("_campaign.send", endpoint, RUN_S, attributes);
    record["client_context"] = json!({"custom": {"endpoint": json!({"User": {"UserId": user}}).to_string()}});
    record
}

fn text(act: &str, message: &str, after_s: i64, millicents: Option<f64>) -> Value {
    let mut attributes = place();
    attributes["message_id"] = json!(message);
    attributes["destination_phone_number"] = json!("+12065550142");
    let mut record = pinpoint(&format!("_SMS.{act}"), "e-phone", RUN_S + after_s, attributes);
    if let Some(millicents) = millicents {
        record["metrics"] = json!({"price_in_millicents_usd": millicents});
    }
    record
}

fn eum(message: &str, price: f64, fee: f64) -> Value {
    json!({
        "eventType": "TEXT_DELIVERED", "eventVersion": "1.0", "eventTimestamp": (RUN_S + 90) * 1_000, "isFinal": true,
        "destinationPhoneNumber": "+12065550143", "messageId": message, "messageStatus": "DELIVERED",
        "context": {"campaign": "camp"}, "totalMessagePrice": price, "totalCarrierFee": fee,
    })
}
