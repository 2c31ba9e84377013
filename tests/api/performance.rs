//! Campaigns together and through time: which rows there are, their order and limit, what they are compared with, and what
//! is refused. That the numbers are those of a recount is for the property tests.

use campaignql::domain::access::Scope;
use serde_json::{Value, json};

use crate::kit::record::{RUN_S, mail_of, pinpoint};
use crate::kit::{Client, both_databases};

const DAY_S: i64 = 86_400;

both_databases! {
    async fn rows_stand_beside_the_period_before(app: TestServer) {
        send(&app.admin, &[mail_of(1, "sent", "ada@example.com", 0), mail_of(1, "open", "ada@example.com", 60)]).await;
        send(&app.admin, &[mail_of(1, "sent", "ben@example.com", DAY_S), mail_of(1, "sent", "chloe@example.com", DAY_S)]).await;
        let asked = "range: {from: \"2026-03-03\", to: \"2026-03-04\"}, groupBy: [CAMPAIGN]";
        let rows = "campaign { name } steps { step unique } rates { openRate } previous { steps { step unique } rates { openRate } }
            change { steps { step unique { absolute relative } total { absolute } }
                rates { rate previous current absolute relative } beside { kind unique { absolute } } }";
        let found = ask(&app.admin, asked, rows).await;
        assert_eq!(found["previousPeriod"], json!({"from": "2026-03-02", "to": "2026-03-03"}));
        let row = &found["rows"][0];
        assert_eq!(row["campaign"]["name"], "Letter 1");
        let of = |list: &Value, step: &str| {
            list.as_array().and_then(|steps| steps.iter().find(|found| found["step"] == step)).cloned().unwrap_or_default()
        };
        assert_eq!((&of(&row["steps"], "SENT")["unique"], &of(&row["previous"]["steps"], "SENT")["unique"]), (&json!("2"), &json!("1")));
        let sent = of(&row["change"]["steps"], "SENT");
        assert_eq!(sent["unique"], json!({"absolute": "1", "relative": 1.0}));
        let opened = of(&row["change"]["steps"], "OPENED");
        assert_eq!(opened["unique"], json!({"absolute": "-1", "relative": -1.0}));
        let rates = row["change"]["rates"].as_array().expect("rates");
        let open = rates.iter().find(|rate| rate["rate"] == "OPEN").expect("it is there");
        assert_eq!(open, &json!({"rate": "OPEN", "previous": 1.0, "current": 0.0, "absolute": -1.0, "relative": -1.0}));
        let click_to_open = rates.iter().find(|rate| rate["rate"] == "CLICK_TO_OPEN").expect("it is there");
        assert_eq!(click_to_open["relative"], Value::Null, "over nothing there is no rate and no change: {click_to_open}");
    }

    async fn named_campaigns_without_events_have_zeros_and_others_no_row(app: TestServer) {
        send(&app.admin, &[mail_of(1, "sent", "ada@example.com", 0), mail_of(2, "sent", "ada@example.com", 40 * DAY_S)]).await;
        let ids = [id(&app.admin, "1").await, id(&app.admin, "2").await];
        let asked = "range: {from: \"2026-03-02\", to: \"2026-03-03\"}, groupBy: [CAMPAIGN]";
        let rows = "campaign { externalId } steps { unique }";
        let all = ask(&app.admin, asked, rows).await;
        assert_eq!((names(&all), &all["campaignCount"]), (vec!["1".to_owned()], &json!(2)));
        let named = ask(&app.admin, &format!("campaigns: [\"{}\", \"{}\"], {asked}", ids[1], ids[0]), rows).await;
        assert_eq!(names(&named), ["1", "2"]);
        assert_eq!(named["rows"][1]["steps"][1]["unique"], "0");
    }

    async fn tags_and_the_archive_choose_campaigns(app: TestServer) {
        for campaign in 1..=3 {
            send(&app.admin, &[mail_of(campaign, "sent", "ada@example.com", campaign)]).await;
        }
        let update = "mutation($id: ID!, $tags: [String!]) { campaignUpdate(id: $id, input: {tags: $tags}) { userErrors { message } } }";
        for (campaign, tags) in [("1", vec!["spring", "shoes"]), ("2", vec!["spring"])] {
            let id = id(&app.admin, campaign).await;
            let answer = app.admin.data(update, json!({"id": id, "tags": tags})).await;
            assert_eq!(answer["campaignUpdate"]["userErrors"], json!([]), "{answer}");
        }
        let archive = "mutation($id: ID!) { campaignArchive(id: $id) { userErrors { message } } }";
        app.admin.data(archive, json!({"id": id(&app.admin, "2").await})).await;
        let rows = "tag steps { unique }";
        let tagged = |found: &Value| -> Vec<String> {
            let row = |row: &Value| format!("{} {}", row["tag"].as_str().unwrap_or("-"), row["steps"][1]["unique"].as_str().unwrap_or("?"));
            found["rows"].as_array().expect("rows").iter().map(row).collect()
        };
        let by_tag = ask(&app.admin, "groupBy: [TAG]", rows).await;
        assert_eq!(tagged(&by_tag), ["- 1", "shoes 1", "spring 2"]);
        assert_eq!(by_tag["total"]["steps"][1]["unique"], "3", "each campaign once");
        assert_eq!(tagged(&ask(&app.admin, "tags: [\"shoes\"], groupBy: [TAG]", rows).await), ["shoes 1"]);
        assert_eq!(tagged(&ask(&app.admin, "isArchived: false, groupBy: [TAG]", rows).await), ["- 1", "shoes 1", "spring 1"]);
        assert_eq!(tagged(&ask(&app.admin, "isArchived: true, groupBy: [TAG]", rows).await), ["spring 1"]);
    }

    async fn rows_have_an_order_and_what_a_limit_leaves_out_is_summed_up(app: TestServer) {
        for (campaign, people) in [(1, 1), (2, 3), (3, 2), (4, 2)] {
            for person in 0..people {
                send(&app.admin, &[mail_of(campaign, "sent", &format!("p{person}@example.com"), person)]).await;
            }
        }
        let rows = "campaign { externalId } steps { unique }";
        let order = |order: &str| format!("groupBy: [CAMPAIGN], orderBy: {order}");
        let sent = ask(&app.admin, &order("{step: SENT}"), rows).await;
        assert_eq!(names(&sent), ["2", "3", "4", "1"], "ties by name");
        assert_eq!(names(&ask(&app.admin, &order("{step: SENT, direction: ASC}"), rows).await), ["1", "3", "4", "2"]);
        assert_eq!(names(&ask(&app.admin, &order("{direction: DESC}"), rows).await), ["4", "3", "2", "1"]);
        assert_eq!(names(&ask(&app.admin, &order("{rate: CLICK_TO_OPEN}"), rows).await), ["1", "2", "3", "4"]);
        let cut = ask(&app.admin, "groupBy: [CAMPAIGN], orderBy: {step: SENT}, limit: 2", rows).await;
        assert_eq!(names(&cut), ["2", "3"]);
        let sent = &cut["remainder"]["steps"][1];
        assert_eq!((&cut["remainder"]["rowCount"], &sent["unique"]), (&json!(2), &json!("3")));
        assert_eq!(cut["total"]["steps"][1]["unique"], "8");
    }

    async fn each_campaign_delivers_by_its_own_basis(app: TestServer) {
        send(&app.admin, &[mail_of(1, "sent", "ada@example.com", 0), mail_of(1, "sent", "ben@example.com", 0)]).await;
        let place = json!({"campaign_id": "p1", "campaign_activity_id": "r1", "treatment_id": "0"});
        let mut records = vec![];
        for (act, message) in [("send", "m1"), ("send", "m2"), ("delivered", "m1")] {
            let mut record = pinpoint(&format!("_email.{act}"), message, RUN_S, place.clone());
            record["facets"] = json!({"email_channel": {"mail_event": {"mail": {"message_id": message}, act: {}}}});
            records.push(record);
        }
        let answer = app.admin.post("/ingest/pinpoint", &json!(records)).await;
        assert_eq!(answer.json["accepted"], 3, "{}", answer.text);
        let found = ask(&app.admin, "groupBy: [CAMPAIGN]", "campaign { externalId } deliveredBasis steps { unique }").await;
        let delivered = |row: &Value| (row["deliveredBasis"].clone(), row["steps"][2]["unique"].clone());
        assert_eq!(delivered(&found["rows"][0]), (json!("INFERRED"), json!("2")));
        assert_eq!(delivered(&found["rows"][1]), (json!("REPORTED"), json!("1")));
        assert_eq!((&found["total"]["deliveredBasis"], &found["total"]["steps"][2]["unique"]), (&json!("MIXED"), &json!("3")));
    }

    async fn what_is_not_answered_is_refused_by_name(app: TestServer) {
        send(&app.admin, &[mail_of(1, "sent", "ada@example.com", 0)]).await;
        let own = id(&app.admin, "1").await;
        let other = app.another_workspace().await;
        for (client, asked, code, named) in [
            (&other, format!("campaigns: [\"{own}\"], groupBy: []"), "NOT_FOUND", "names no campaign"),
            (&app.admin, "campaigns: [\"nothing\"], groupBy: []".to_owned(), "NOT_FOUND", "nothing"),
            (&app.admin, "campaigns: [], groupBy: []".to_owned(), "BAD_INPUT", "the list is empty"),
            (&app.admin, "groupBy: [DAY, MONTH]".to_owned(), "BAD_INPUT", "one of DAY, WEEK and MONTH"),
            (&app.admin, "groupBy: [URL]".to_owned(), "BAD_INPUT", "groupBy takes"),
            (&app.admin, "groupBy: [RUN], channels: [\"email\"]".to_owned(), "BAD_INPUT", "channels: not together"),
            (&app.admin, "groupBy: [], limit: 1001".to_owned(), "BAD_INPUT", "limit: 1001"),
            (&app.admin, "groupBy: [CAMPAIGN], orderBy: {step: SENT, rate: OPEN}".to_owned(), "BAD_INPUT", "one of step and rate"),
        ] {
            let query = format!("{{ performance({asked}) {{ campaignCount }} }}");
            let answer = client.graphql(&query, json!({})).await;
            let error = &answer.json["errors"][0];
            assert_eq!(error["extensions"]["code"], code, "{asked}: {}", answer.text);
            assert!(error["message"].as_str().is_some_and(|message| message.contains(named)), "{asked}: {}", answer.text);
        }
        let inner = app.admin.error_code("{ campaign(externalId: \"1\") { funnel(groupBy: [TAG]) { deliveredBasis } } }", json!({})).await;
        assert_eq!(inner, "BAD_INPUT");
        let query = "{ performance(groupBy: []) { total { steps { unique } } rows { day } } }";
        let reported = app.holder_of(Scope::Report).await.data(query, json!({})).await;
        assert_eq!(reported["performance"]["rows"], json!([]), "without dimensions the total stands alone");
        assert_eq!(app.holder_of(Scope::Ingest).await.error_code(query, json!({})).await, "FORBIDDEN");
    }

    async fn a_series_has_no_gaps_and_a_limit(app: TestServer) {
        send(&app.admin, &[mail_of(1, "sent", "ada@example.com", 0), mail_of(1, "sent", "ben@example.com", 10 * DAY_S)]).await;
        let series = |arguments: &str| {
            let (client, arguments) = (app.admin.clone(), arguments.to_owned());
            async move {
                let query = format!("{{ campaign(externalId: \"1\") {{ timeSeries({arguments}) {{ date from to isPartial steps {{ unique }} }} }} }}");
                client.graphql(&query, json!({})).await
            }
        };
        let weeks = series("range: {from: \"2026-03-01\", to: \"2026-03-18\"}, granularity: WEEK").await;
        let points = weeks.json["data"]["campaign"]["timeSeries"].as_array().unwrap_or_else(|| panic!("{}", weeks.text)).clone();
        let shown: Vec<String> =
            points.iter().map(|point| format!("{} {} {}", point["date"], point["isPartial"], point["steps"][1]["unique"])).collect();
        let expected = [r#""2026-02-23" true "0""#, r#""2026-03-02" false "1""#, r#""2026-03-09" false "1""#, r#""2026-03-16" true "0""#];
        assert_eq!(shown, expected);
        assert_eq!((&points[0]["from"], &points[3]["to"]), (&json!("2026-03-01T00:00:00Z"), &json!("2026-03-18T00:00:00Z")));
        let zone = series("range: {from: \"2026-03-02\", to: \"2026-03-03\"}, granularity: HOUR, timeZone: \"Asia/Kolkata\"").await;
        let hours = zone.json["data"]["campaign"]["timeSeries"].as_array().unwrap_or_else(|| panic!("{}", zone.text)).clone();
        assert_eq!((hours.len(), &hours[13]["from"], &hours[13]["steps"][1]["unique"]), (24, &json!("2026-03-02T07:30:00Z"), &json!("1")));
        for (arguments, code, named) in [
            ("range: {from: \"2020-01-01\", to: \"2026-03-18\"}, granularity: DAY", "LIMIT_EXCEEDED", "2268 points of granularity DAY"),
            ("range: {from: \"2026-03-01\"}, granularity: DAY", "BAD_INPUT", "range.to is missing"),
            ("range: {from: \"2026-03-01\", to: \"2026-03-02\", timeZone: \"UTC\"}, granularity: DAY, timeZone: \"Asia/Kolkata\"",
                "BAD_INPUT", "Asia/Kolkata is not the time zone of range"),
        ] {
            let answer = series(arguments).await;
            let error = &answer.json["errors"][0];
            assert_eq!(error["extensions"]["code"], code, "{}", answer.text);
            assert!(error["message"].as_str().is_some_and(|message| message.contains(named)), "{}", answer.text);
        }
    }
}

async fn send(client: &Client, events: &[Value]) {
    let answer = client.post("/v3/events", &json!(events)).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
}

async fn id(client: &Client, external_id: &str) -> String {
    let data =
        client.data("query($id: String!) { campaign(externalId: $id) { id } }", json!({"id": external_id})).await;
    data["campaign"]["id"].as_str().expect("it is there").to_owned()
}

async fn ask(client: &Client, arguments: &str, rows: &str) -> Value {
    let query = format!(
        "{{ performance({arguments}) {{ campaignCount period {{ from to }} previousPeriod {{ from to }}
            total {{ deliveredBasis steps {{ unique }} }} rows {{ {rows} }} remainder {{ rowCount steps {{ unique }} }} }} }}"
    );
    client.data(&query, json!({})).await["performance"].clone()
}

fn names(found: &Value) -> Vec<String> {
    let name = |row: &Value| row["campaign"]["externalId"].as_str().expect("an id").to_owned();
    found["rows"].as_array().expect("rows").iter().map(name).collect()
}
