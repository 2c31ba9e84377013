//! Who acted: the vendor's verdict, else the speed of clicks, whatever came first.

use serde_json::{Value, json};

use crate::kit::record::RUN_S;
use crate::kit::{Client, both_databases};

both_databases! {
    async fn a_burst_shows_when_it_is_complete_and_counts_as_the_funnel_does(app: TestServer) {
        take(&app.admin, [click("ada", "a", 0), click("ada", "b", 400)]).await;
        assert_eq!(verdicts(&app.admin).await, [("a", "UNKNOWN", None), ("b", "UNKNOWN", None)].map(told));
        assert_eq!(clicks(&app.admin).await, [2, 0]);
        take(&app.admin, [click("ada", "c", 1_000), click("ada", "d", 1_400)]).await;
        let burst = |link| (link, "MACHINE", Some("burst"));
        let expected = [burst("a"), burst("b"), burst("c"), burst("d")].map(told);
        assert_eq!(verdicts(&app.admin).await, expected, "b, c and d are within a closed second too");
        assert_eq!(clicks(&app.admin).await, [0, 4]);
    }

    async fn a_verdict_that_was_given_comes_first_and_names_its_rule(app: TestServer) {
        let mut given = [click("ada", "a", 0), click("ada", "b", 1), click("ada", "c", 2)];
        given[0]["automation"] = json!("HUMAN");
        given[1]["automation"] = json!("MACHINE");
        given[2]["automation"] = json!("UNKNOWN");
        take(&app.admin, given).await;
        let rule = Some("native.automation");
        let expected = [("a", "HUMAN", rule), ("b", "MACHINE", rule), ("c", "UNKNOWN", None)].map(told);
        assert_eq!(verdicts(&app.admin).await, expected, "verdicts that were given make no burst");
        assert_eq!(clicks(&app.admin).await, [2, 1]);
    }

    async fn clicks_of_people_who_turn_out_to_be_one_are_one_burst(app: TestServer) {
        let known_as = |mut click: Value, name: &str, value: &str| {
            click["identifiers"] = json!({ name: value });
            click
        };
        let by_phone = known_as(click("", "c", 500), "phone", "+4930901820");
        let outside = |mut click: Value| {
            click.as_object_mut().expect("an event").remove("campaign");
            click
        };
        for place in [|click: Value| click, outside] {
            let both = [place(click("ada", "a", 0)), place(click("ada", "b", 900)), place(by_phone.clone())];
            take(&app.admin, both).await;
        }
        assert!(verdicts(&app.admin).await.iter().all(|told| told.1 == "UNKNOWN"));
        let introduction = json!({"type": "login", "identifiers": {"email": "ada@example.com", "phone": "+4930901820"}});
        take(&app.admin, [introduction]).await;
        let verdicts = verdicts(&app.admin).await;
        assert!(verdicts.len() == 6 && verdicts.iter().all(|told| told.2.as_deref() == Some("burst")), "{verdicts:?}");
        assert_eq!(clicks(&app.admin).await, [0, 3]);
    }
}

/// A click of one mail of campaign 7, so many milliseconds after it was sent.
fn click(who: &str, link: &str, after_ms: i64) -> Value {
    json!({
        "type": "letter", "kind": "CLICKED", "channel": "email", "occurredAt": RUN_S * 1_000 + after_ms,
        "identifiers": {"email": format!("{who}@example.com")}, "campaign": {"externalId": "7"}, "messageId": "m-1",
        "url": format!("https://example.com/{link}"),
    })
}

async fn take<const N: usize>(client: &Client, events: [Value; N]) {
    let answer = client.post("/ingest/native", &json!(events.to_vec())).await;
    assert_eq!(answer.json["accepted"], N, "{}", answer.text);
}

/// Link, verdict and rule of every click, by link.
async fn verdicts(client: &Client) -> Vec<(String, String, Option<String>)> {
    let query = "{ events(filter: {kinds: [CLICKED]}) { nodes { url automation automationRule } } }";
    let data = client.data(query, json!({})).await;
    let mut nodes = data["events"]["nodes"].as_array().expect("a list").clone();
    nodes.sort_by_key(|node| node["url"].as_str().map(str::to_owned));
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let link = |url: &Value| text(url).and_then(|url| url.rsplit('/').next().map(str::to_owned)).unwrap_or_default();
    let read = |node: &Value| {
        (link(&node["url"]), text(&node["automation"]).unwrap_or_default(), text(&node["automationRule"]))
    };
    nodes.iter().map(read).collect()
}

fn told((link, verdict, rule): (&str, &str, Option<&str>)) -> (String, String, Option<String>) {
    (link.to_owned(), verdict.to_owned(), rule.map(str::to_owned))
}

/// Clicks of campaign 7 by people and by machines.
async fn clicks(client: &Client) -> [u64; 2] {
    let counts = |filter: &str| {
        format!("{filter}: funnel(automation: {filter}, impliedSteps: false) {{ steps {{ step total }} }} ")
    };
    let query = format!("{{ campaign(externalId: \"7\") {{ {} {} }} }}", counts("HUMAN"), counts("MACHINE"));
    let data = client.data(&query, json!({})).await;
    ["HUMAN", "MACHINE"].map(|filter| {
        let steps = data["campaign"][filter]["steps"].as_array().expect("steps").iter();
        let clicked =
            steps.filter(|step| step["step"] == "CLICKED").map(|step| step["total"].as_str().expect("a number"));
        clicked.map(|total| total.parse::<u64>().expect("a number")).sum()
    })
}
