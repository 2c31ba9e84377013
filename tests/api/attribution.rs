//! Who is credited with conversions: ends of windows, models, money, merges, late events, and what is refused.

use serde_json::{Value, json};

use crate::kit::record::{RUN_S, mail, mail_of};
use crate::kit::{Client, both_databases};

const DAY_S: i64 = 86_400;
const REPORT: &str = "query($input: AttributionInput!) { attribution(input: $input) {
    total { conversions } attributed { conversions revenue { amount currencyCode } }
    unattributed { conversions revenue { amount currencyCode } } conversions revenue { amount currencyCode }
    groups { campaign { externalId } day treatment conversions touchedConversions revenue { amount currencyCode } }
    otherGroups { groups conversions revenue { amount currencyCode } }
    paths { campaigns { externalId } channels conversions } otherPaths { conversions } } }";

both_databases! {
    // What the `product-attribution` of PyPI's zaius-export 1.5 credits, by the seconds from a click to a purchase.
    async fn purchases_are_credited_as_by_odps_own_export(app: TestServer) {
        let cases = [(-1, 0), (0, 0), (1, 1), (3 * DAY_S - 1, 1), (3 * DAY_S, 0), (3 * DAY_S + 1, 0)];
        for (index, (after_s, _)) in cases.iter().enumerate() {
            let who = format!("p{index}@example.com");
            let order = purchase(&who, &format!("o{index}"), RUN_S + 60 + after_s, json!({"subtotal": 10}));
            send(&app.admin, &[mail_of(100 + index as i64, "click", &who, 60), order]).await;
        }
        for (index, (after_s, credited)) in cases.iter().enumerate() {
            let query = "query($id: String!) { campaign(externalId: $id) { attribution { conversions } } }";
            let data = app.admin.data(query, json!({"id": (100 + index).to_string()})).await;
            assert_eq!(data["campaign"]["attribution"]["conversions"], credited.to_string(), "{after_s} s");
        }
        let report = ask(&app.admin, json!({})).await;
        assert_eq!((&report["total"]["conversions"], &report["conversions"]), (&json!("6"), &json!("2")));
        assert_eq!(report["unattributed"]["revenue"], json!([{"amount": "40", "currencyCode": "USD"}]));
    }

    // The same program: each purchase after one click is credited, and a later engagement takes the place of an earlier.
    async fn the_latest_engagement_gets_every_purchase_after_it(app: TestServer) {
        let who = "ada@example.com";
        let at = |after_s, order: &str| purchase(who, order, RUN_S + after_s, json!({"subtotal": 5}));
        send(&app.admin, &[
            mail_of(1, "click", who, 10), at(20, "a"), at(30, "b"), mail_of(2, "open", who, 40), at(50, "c"),
            mail_of(3, "sent", who, 60), at(70, "d"),
        ]).await;
        let report = ask(&app.admin, json!({"groupBy": ["CAMPAIGN"]})).await;
        assert_eq!(told(&report), "1: 2 of 4, 10 USD; 2: 2 of 2, 10 USD");
    }

    // The package's `email-metrics`: a customer counts once per run, and again in the next.
    async fn an_engagement_counts_once_for_a_customer_and_run(app: TestServer) {
        let mut next_run = mail("open", "ada@example.com", DAY_S);
        next_run["data"]["campaign_schedule_run_ts"] = json!(RUN_S + DAY_S);
        let opens = [mail("open", "ada@example.com", 1), mail("open", "ada@example.com", 2), next_run];
        send(&app.admin, &opens).await;
        let query = "{ campaign(externalId: \"71\") { funnel { steps { step total unique } } } }";
        let data = app.admin.data(query, json!({})).await;
        let steps = data["campaign"]["funnel"]["steps"].as_array().expect("steps").clone();
        let opened = steps.iter().find(|step| step["step"] == "OPENED").expect("a step");
        assert_eq!((&opened["total"], &opened["unique"]), (&json!("3"), &json!("2")));
    }

    async fn neither_end_of_any_window_counts_whatever_the_model(app: TestServer) {
        let ages_s = [0, 1, 3_599, 3_600];
        for (index, age_s) in ages_s.iter().enumerate() {
            let who = format!("p{index}@example.com");
            send(&app.admin, &[mail_of(7, "open", &who, 0), purchase(&who, &who, RUN_S + age_s, json!({"total": 1}))]).await;
        }
        for model in ["LAST_TOUCH", "FIRST_TOUCH", "LINEAR", "FIRST_LAST", "POSITION", "TIME_DECAY"] {
            let report = ask(&app.admin, json!({"model": model, "window": "PT1H"})).await;
            let counts = (&report["attributed"]["conversions"], &report["conversions"]);
            assert_eq!(counts, (&json!("2"), &json!("2")), "{model}");
        }
        let longest = ask(&app.admin, json!({"window": "P90D", "touches": ["OPENED"]})).await;
        assert_eq!(longest["conversions"], "3");
        let other_kinds = ask(&app.admin, json!({"touches": ["CLICKED", "DELIVERED", "ENGAGED"]})).await;
        assert_eq!((&other_kinds["total"]["conversions"], &other_kinds["conversions"]), (&json!("4"), &json!("0")));
    }

    async fn a_conversion_is_shared_among_its_touches_to_the_last_millionth(app: TestServer) {
        let who = "ada@example.com";
        let opens = [(1, 0), (2, 7 * DAY_S), (3, 14 * DAY_S)].map(|(campaign, at)| mail_of(campaign, "open", who, at));
        send(&app.admin, &opens).await;
        send(&app.admin, &[purchase(who, "o", RUN_S + 14 * DAY_S + 60, json!({"total": "0.10", "currency": "EUR"}))]).await;
        for (model, shares) in [
            ("LAST_TOUCH", "3: 1 of 1, 0.1 EUR; 1: 0 of 1, ; 2: 0 of 1, "),
            ("FIRST_TOUCH", "1: 1 of 1, 0.1 EUR; 2: 0 of 1, ; 3: 0 of 1, "),
            ("LINEAR", "3: 0.333333333334 of 1, 0.033334 EUR; 1: 0.333333333333 of 1, 0.033333 EUR; \
                        2: 0.333333333333 of 1, 0.033333 EUR"),
            ("FIRST_LAST", "1: 0.5 of 1, 0.05 EUR; 3: 0.5 of 1, 0.05 EUR; 2: 0 of 1, "),
            ("POSITION", "1: 0.4 of 1, 0.04 EUR; 3: 0.4 of 1, 0.04 EUR; 2: 0.2 of 1, 0.02 EUR"),
            ("TIME_DECAY", "3: 0.571428571429 of 1, 0.057144 EUR; 2: 0.285714285714 of 1, 0.028571 EUR; \
                            1: 0.142857142857 of 1, 0.014285 EUR"),
        ] {
            let report = ask(&app.admin, json!({"model": model, "window": "P30D", "groupBy": ["CAMPAIGN"]})).await;
            assert_eq!(sorted(&report), sorted_text(shares), "{model}");
            assert_eq!(report["conversions"], "1", "{model}");
        }
    }

    async fn late_touches_and_merges_change_the_answer_as_if_all_had_come_in_order(app: TestServer) {
        let by_user = |action: &str, after_s: i64| {
            let mut event = mail_of(1, action, "unused", after_s);
            event["identifiers"] = json!({"user_id": "u1"});
            event
        };
        let mut order = purchase("unused", "o", RUN_S + 1_000, json!({"total": 8}));
        order["identifiers"] = json!({"user_id": "u1"});
        send(&app.admin, &[order]).await;
        assert_eq!(told(&by_campaign(&app.admin).await), "", "nothing touched yet");
        send(&app.admin, &[mail_of(2, "open", "ada@example.com", 900)]).await;
        assert_eq!(told(&by_campaign(&app.admin).await), "", "somebody else did");
        send(&app.admin, &[by_user("click", 100)]).await;
        assert_eq!(told(&by_campaign(&app.admin).await), "1: 1 of 1, 8 USD");
        let introduction = json!({"type": "account", "action": "login",
            "identifiers": {"user_id": "u1", "email": "ada@example.com"}, "data": {"ts": RUN_S}});
        send(&app.admin, &[introduction]).await;
        assert_eq!(told(&by_campaign(&app.admin).await), "2: 1 of 1, 8 USD; 1: 0 of 1, ", "they are one");
        // An earlier purchase of the same order is the conversion: what came between is no touch any more.
        send(&app.admin, &[purchase("ada@example.com", "o", RUN_S + 500, json!({"total": 6}))]).await;
        assert_eq!(told(&by_campaign(&app.admin).await), "1: 1 of 1, 6 USD");
    }

    async fn currencies_stand_apart_and_what_comes_back_is_taken_off_on_request(app: TestServer) {
        let who = "ada@example.com";
        let mut events = vec![mail("click", who, 0)];
        for (order, amounts) in [
            ("kept", json!({"subtotal": 20, "total": "25.5", "currency": "EUR"})),
            ("returned", json!({"subtotal": 7.25, "total": 9, "currency": "USD"})),
            ("cancelled", json!({"subtotal": 3, "total": 4, "currency": "EUR"})),
        ] {
            events.push(purchase(who, order, RUN_S + 60, amounts));
        }
        for (action, order, amounts) in [
            ("return", "returned", json!({"subtotal": -2, "total": -2, "currency": "USD"})),
            ("cancel", "cancelled", json!({})),
        ] {
            let mut event = purchase(who, order, RUN_S + 40 * DAY_S, amounts);
            event["action"] = json!(action);
            events.push(event);
        }
        send(&app.admin, &events).await;
        for (asked, expected) in [
            (json!({}), "23 EUR, 7.25 USD"),
            (json!({"revenueBasis": "TOTAL"}), "29.5 EUR, 9 USD"),
            (json!({"net": true}), "20 EUR, 5.25 USD"),
            (json!({"net": true, "revenueBasis": "TOTAL"}), "25.5 EUR, 7 USD"),
            (json!({"currency": "usd"}), "7.25 USD"),
        ] {
            let report = ask(&app.admin, asked.clone()).await;
            assert_eq!(money(&report["revenue"]), expected, "{asked}");
        }
        let query = "{ campaigns { nodes { externalId attribution(net: true) { conversions recipients
            revenuePerRecipient { amount currencyCode } lag { medianSeconds p90Seconds meanSeconds } } } } }";
        let node = &app.admin.data(query, json!({})).await["campaigns"]["nodes"][0];
        let told = &node["attribution"];
        assert_eq!((&told["conversions"], &told["recipients"]), (&json!("3"), &json!("1")));
        assert_eq!(money(&told["revenuePerRecipient"]), "20 EUR, 5.25 USD");
        assert_eq!(told["lag"], json!({"medianSeconds": 60.0, "p90Seconds": 60.0, "meanSeconds": 60.0}));
    }

    async fn the_largest_groups_and_commonest_paths_are_listed_and_the_rest_is_summed_up(app: TestServer) {
        let mut events = Vec::new();
        for (number, path) in [&[1, 2][..], &[1, 2], &[2, 1], &[2], &[3, 3], &[1, 2]].iter().enumerate() {
            let who = format!("p{number}@example.com");
            let touches = path.iter().enumerate();
            events.extend(touches.map(|(place, campaign)| mail_of(*campaign, "open", &who, place as i64)));
            events.push(purchase(&who, &who, RUN_S + 100, json!({"total": 1})));
        }
        send(&app.admin, &events).await;
        let report = ask(&app.admin, json!({"groupBy": ["CAMPAIGN"], "top": 1, "paths": {"top": 2}})).await;
        assert_eq!(told(&report), "2: 4 of 5, 4 USD");
        let rest = &report["otherGroups"];
        assert_eq!((&rest["groups"], &rest["conversions"], money(&rest["revenue"]).as_str()), (&json!("2"), &json!("2"), "2 USD"));
        let campaigns = |path: &Value| -> Vec<String> {
            let steps = path["campaigns"].as_array().expect("campaigns").iter();
            steps.map(|step| step["externalId"].as_str().expect("an id").to_owned()).collect()
        };
        let paths = report["paths"].as_array().expect("paths");
        assert_eq!((campaigns(&paths[0]), &paths[0]["conversions"]), (vec!["1".to_owned(), "2".to_owned()], &json!("3")));
        assert_eq!(campaigns(&paths[1]).len(), 1, "of those that are as common the shorter first");
        assert_eq!(report["otherPaths"]["conversions"], "2");
        let by_channel = ask(&app.admin, json!({"paths": {"of": "CHANNEL"}})).await;
        assert_eq!(by_channel["paths"], json!([{"campaigns": null, "channels": ["email"], "conversions": "6"}]));
    }

    async fn days_are_those_of_the_zone_asked_for(app: TestServer) {
        // The run begins at 08:00 UTC on 2 March.
        let who = "ada@example.com";
        send(&app.admin, &[mail("open", who, 0), purchase(who, "o", RUN_S + 60, json!({"total": 1}))]).await;
        for (zone, day) in [("UTC", "2026-03-02"), ("America/Los_Angeles", "2026-03-02"), ("Pacific/Honolulu", "2026-03-01")] {
            let range = json!({"from": day, "timeZone": zone});
            let report = ask(&app.admin, json!({"range": range, "groupBy": ["DAY"]})).await;
            assert_eq!(report["groups"][0]["day"], day, "{zone}");
            let before = ask(&app.admin, json!({"range": {"to": day, "timeZone": zone}})).await;
            assert_eq!(before["total"]["conversions"], "0", "{zone}");
        }
    }

    async fn what_cannot_be_asked_is_refused_with_value_and_rule(app: TestServer) {
        for (input, parts) in [
            (json!({"window": "P91D"}), ["P91D", "maximum of 90 days"]),
            (json!({"window": "PT0S"}), ["PT0S", "not longer than nothing"]),
            (json!({"window": "P1M"}), ["P1M", "no fixed length"]),
            (json!({"window": "3 days"}), ["3 days", "ISO 8601"]),
            (json!({"window": "-P3D"}), ["-P3D", "ISO 8601"]),
            (json!({"model": "TIME_DECAY", "halfLife": "PT0S"}), ["halfLife", "PT0S"]),
            (json!({"model": "LINEAR", "halfLife": "P7D"}), ["halfLife", "TIME_DECAY"]),
            (json!({"currency": "euro"}), ["euro", "ISO 4217"]),
            (json!({"touches": []}), ["touches", "empty"]),
            (json!({"groupBy": ["DAY", "WEEK"]}), ["groupBy", "at most one"]),
            (json!({"groupBy": ["CAMPAIGN", "RUN", "TREATMENT", "DAY"]}), ["groupBy", "3"]),
            (json!({"groupBy": ["RUN", "RUN"]}), ["groupBy", "once"]),
            (json!({"top": 0}), ["top: 0", "1 to 5000"]),
            (json!({"paths": {"top": 1_001}}), ["1001", "1 to 1000"]),
            (json!({"range": {"from": "2026-03-02", "to": "2026-03-02"}}), ["2026-03-02", "not before"]),
        ] {
            let answer = app.admin.graphql(REPORT, json!({"input": input})).await;
            let error = &answer.json["errors"][0];
            let message = error["message"].as_str().unwrap_or_default();
            assert!(parts.iter().all(|part| message.contains(part)), "{input}: {}", answer.text);
            assert_eq!(error["extensions"]["code"], "BAD_INPUT", "{input}");
        }
        assert_eq!(app.admin.error_code(REPORT, json!({"input": {"campaigns": ["nonsense"]}})).await, "NOT_FOUND");
    }

    async fn a_key_for_reports_sees_it_and_another_workspace_sees_nothing(app: TestServer) {
        let who = "ada@example.com";
        send(&app.admin, &[mail("open", who, 0), purchase(who, "o", RUN_S + 60, json!({"total": 1}))]).await;
        let reader = app.holder_of(campaignql::domain::access::Scope::Report).await;
        assert_eq!(ask(&reader, json!({})).await["conversions"], "1");
        let browser = app.holder_of(campaignql::domain::access::Scope::OdpPublic).await;
        assert_eq!(browser.error_code(REPORT, json!({"input": {}})).await, "FORBIDDEN");
        let other = app.another_workspace().await;
        assert_eq!(ask(&other, json!({})).await["total"]["conversions"], "0");
    }
}

async fn send(client: &Client, events: &[Value]) {
    let answer = client.post("/ingest/odp", &json!(events)).await;
    assert_eq!(answer.json["events"], events.len(), "{}", answer.text);
}

/// An order's purchase.
fn purchase(email: &str, order: &str, at_s: i64, mut amounts: Value) -> Value {
    amounts["order_id"] = json!(order);
    json!({"type": "order", "action": "purchase", "identifiers": {"email": email}, "data": {"ts": at_s, "order": amounts}})
}

async fn ask(client: &Client, input: Value) -> Value {
    client.data(REPORT, json!({ "input": input })).await["attribution"].clone()
}

async fn by_campaign(client: &Client) -> Value {
    ask(client, json!({"groupBy": ["CAMPAIGN"]})).await
}

/// Each group as `campaign: conversions of touched, revenue`.
fn told(report: &Value) -> String {
    groups(report).join("; ")
}

fn groups(report: &Value) -> Vec<String> {
    let group = |row: &Value| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (campaign, conversions) = (text(&row["campaign"]["externalId"]), text(&row["conversions"]));
        format!("{campaign}: {conversions} of {}, {}", text(&row["touchedConversions"]), money(&row["revenue"]))
    };
    report["groups"].as_array().expect("groups").iter().map(group).collect()
}

/// Groups that got as much stand in order of ids that say nothing.
fn sorted(report: &Value) -> Vec<String> {
    let mut groups = groups(report);
    groups.sort();
    groups
}

fn sorted_text(groups: &str) -> Vec<String> {
    let mut groups: Vec<String> = groups.split("; ").map(str::to_owned).collect();
    groups.sort();
    groups
}

fn money(amounts: &Value) -> String {
    let amount = |money: &Value| {
        let text = |name: &str| money[name].as_str().unwrap_or_default().to_owned();
        format!("{} {}", text("amount"), text("currencyCode"))
    };
    amounts.as_array().expect("amounts").iter().map(amount).collect::<Vec<_>>().join(", ")
}
