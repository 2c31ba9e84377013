//! Lists that are brought along: exported endpoints, suppression lists and members of lists, in every form they come in.

use serde_json::{Value, json};

use super::assert_ended;
use crate::kit::client::gzip;
use crate::kit::record::{RUN_S, lines};
use crate::kit::{Client, Program, TestServer, both_databases, stored};

/// Of an endpoint, with what a test cares about besides.
fn endpoint(id: &str, channel: &str, address: &str, more: Value) -> Value {
    let mut endpoint = json!({"Id": id, "ApplicationId": "app-1", "ChannelType": channel, "Address": address, "CohortId": "3",
        "EndpointStatus": "ACTIVE", "OptOut": "NONE", "EffectiveDate": "2026-02-01T08:00:00.000Z"});
    for (name, value) in more.as_object().expect("an object") {
        endpoint[name] = value.clone();
    }
    endpoint
}

/// What is known of an address: whether it can be reached, why not, since when, and consent.
async fn state(client: &Client, kind: &str, value: &str) -> String {
    let query = "query($id: IdentifierInput!) { reachability(identifier: $id) { isReachable type since consent } }";
    let state = client.data(query, json!({"id": {"type": kind, "value": value}})).await["reachability"].clone();
    let text = |name: &str| state[name].as_str().unwrap_or("-").to_owned();
    format!("{} {} {} {}", state["isReachable"], text("type"), text("since"), text("consent"))
}

/// Name and value of a customer's attributes.
async fn attributes(client: &Client, kind: &str, value: &str) -> Value {
    let query = "query($id: IdentifierInput!) { customer(identifier: $id) { attributes { name value } } }";
    let customer = client.data(query, json!({"id": {"type": kind, "value": value}})).await["customer"].clone();
    let attributes = customer["attributes"].as_array().expect("attributes").iter();
    attributes.map(|one| (one["name"].as_str().unwrap_or_default().to_owned(), one["value"].clone())).collect()
}

async fn suppressed(client: &Client) -> Vec<String> {
    let data = client
        .data("{ suppressions(first: 100) { nodes { identifier { type value } reason since } } }", json!({}))
        .await;
    let nodes = data["suppressions"]["nodes"].as_array().expect("a list").iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let line = |node: &Value| {
        let named = &node["identifier"];
        format!("{}:{} {} {}", text(&named["type"]), text(&named["value"]), text(&node["reason"]), text(&node["since"]))
    };
    let mut all: Vec<String> = nodes.map(line).collect();
    all.sort_unstable();
    all
}

async fn campaigns(client: &Client) -> Value {
    client.data("{ campaigns { totalCount } }", json!({})).await["campaigns"]["totalCount"].clone()
}

async fn odp(client: &Client, kind: &str, action: &str, email: &str, at: &str) {
    let event = json!({"type": kind, "action": action, "identifiers": {"email": email}, "data": {"ts": at}});
    assert_eq!(client.post("/v3/events", &event).await.status, 202);
}

/// Whether an address is on a list.
async fn subscription(client: &Client, email: &str, list: &str) -> Value {
    let query = "query($id: IdentifierInput!) { reachability(identifier: $id) { subscriptions { isSubscribed list { name } } } }";
    let data = client.data(query, json!({"id": {"type": "email", "value": email}})).await;
    let all = data["reachability"]["subscriptions"].as_array().expect("a list").clone();
    all.iter().find(|one| one["list"]["name"] == list).map_or(Value::Null, |one| one["isSubscribed"].clone())
}

both_databases! {
    async fn endpoints_become_people_with_their_state_and_attributes(database: TestDatabase) {
        let program = Program::over(database.url());
        let user = json!({"UserId": "u-ada", "UserAttributes": {"first_name": ["Ada"], "likes": ["chess", "sailing"]}});
        let all = [
            endpoint("e1", "EMAIL", "Ada@Example.com", json!({"User": user, "OptOut": "ALL", "Metrics": {"orders": 12.0},
                "Location": {"Country": "GB", "Latitude": 51.5}, "Attributes": {"plan": ["gold"]}})),
            endpoint("e2", "SMS", "+442079460958", json!({"User": {"UserId": "u-ada"}, "EndpointStatus": "INACTIVE"})),
            endpoint("e3", "GCM", "token-3", json!({"User": {"UserId": "u-ada"}})),
            endpoint("e4", "EMAIL", "ben@example.com", json!({})),
        ];
        program.write("in/endpoints.gz", gzip(lines(&all).as_bytes()));
        let columns = "ChannelType,Address,User.UserId,OptOut,EffectiveDate,Attributes.plan,Metrics.orders,Shoe Size\n";
        program.write("in/segment.csv", format!("{columns}EMAIL,cy@example.com,u-cy,ALL,2026-02-01T08:00:00Z,silver,7,44\n"));
        let ended = program.run(["import", "--output", "json", "in"]);
        assert_ended(&ended, 0, [5, 5, 0, 0]);
        assert!(ended.stderr.contains("segment.csv") && ended.stderr.contains("Shoe Size"), "{}", ended.stderr);
        assert_ended(&program.run(["import", "--output", "json", "in"]), 0, [5, 0, 5, 0]);
        let named = ["import", "--format", "pinpoint_endpoints", "--output", "json", "in"];
        assert_ended(&program.run(named), 0, [5, 0, 5, 0]);

        let app = TestServer::start(database).await;
        assert_eq!(state(&app.admin, "email", "ada@example.com").await, "true - - OPTED_OUT");
        assert_eq!(state(&app.admin, "phone", "+442079460958").await, "false UNKNOWN 2026-02-01T08:00:00Z NONE");
        assert_eq!(state(&app.admin, "email", "ben@example.com").await, "true - - NONE");
        assert_eq!(state(&app.admin, "email", "cy@example.com").await, "true - - OPTED_OUT");
        assert_eq!(attributes(&app.admin, "phone", "+442079460958").await, json!({"Attributes.plan": "gold",
            "Location.Country": "GB", "Location.Latitude": 51.5, "Metrics.orders": 12.0,
            "User.UserAttributes.first_name": "Ada", "User.UserAttributes.likes": "[\"chess\",\"sailing\"]"}));
        assert_eq!(attributes(&app.admin, "user_id", "u-cy").await, json!({"Attributes.plan": "silver", "Metrics.orders": 7}));
        assert_eq!(campaigns(&app.admin).await, "0");
        let who = app.admin.data("query($id: IdentifierInput!) { customer(identifier: $id) { identifiers { type value } } }",
            json!({"id": {"type": "pinpoint_endpoint", "value": "e3"}})).await;
        let mut types: Vec<_> = who["customer"]["identifiers"].as_array().expect("a list").iter().map(|one| one["type"].to_string()).collect();
        types.sort_unstable();
        let one_person = ["email", "gcm_push_token", "phone", "pinpoint_endpoint", "pinpoint_endpoint", "pinpoint_endpoint", "user_id"];
        assert_eq!(types, one_person.map(|name| format!("{name:?}")));

        odp(&app.admin, "consent", "opt-in", "ada@example.com", "2026-01-31T08:00:00Z").await;
        assert_eq!(state(&app.admin, "email", "ada@example.com").await, "true - - OPTED_OUT", "an older word changes nothing");
        odp(&app.admin, "consent", "opt-in", "ada@example.com", "2026-02-02T08:00:00Z").await;
        assert_eq!(state(&app.admin, "email", "ada@example.com").await, "true - - OPTED_IN", "a later one holds");
        app.stop().await;
    }

    async fn an_older_export_of_an_endpoint_changes_nothing_of_a_newer_one(database: TestDatabase) {
        let program = Program::over(database.url());
        let at = |day: u32, plan: Value| endpoint("e1", "EMAIL", "ada@example.com",
            json!({"EffectiveDate": format!("2026-02-{day:02}T08:00:00Z"), "Attributes": {"plan": plan}}));
        program.write("1-new", lines(&[at(3, json!(["gold"]))]));
        program.write("2-old", lines(&[at(1, json!(["silver"])), at(2, json!([]))]));
        assert_ended(&program.run(["import", "--output", "json", "1-new", "2-old"]), 0, [3, 3, 0, 0]);
        program.write("3-cleared", lines(&[at(4, json!([]))]));
        let app = TestServer::start(database).await;
        assert_eq!(attributes(&app.admin, "email", "ada@example.com").await, json!({"Attributes.plan": "gold"}));
        assert_ended(&program.run(["import", "--output", "json", "3-cleared"]), 0, [1, 1, 0, 0]);
        assert_eq!(attributes(&app.admin, "email", "ada@example.com").await, json!({"Attributes.plan": null}));
        app.stop().await;
    }

    async fn suppression_lists_of_every_vendor_are_taken(database: TestDatabase) {
        let program = Program::over(database.url());
        program.write("ses.json", json!({"SuppressedDestinationSummaries": [
            {"EmailAddress": "ses-b@x.co", "Reason": "BOUNCE", "LastUpdateTime": 1_767_225_600.0},
            {"EmailAddress": "ses-c@x.co", "Reason": "COMPLAINT", "LastUpdateTime": "2026-01-01T00:00:00+00:00"}]}).to_string());
        program.write("ses-jobs.csv", "job-b@x.co,BOUNCE\njob-c@x.co,COMPLAINT\n");
        program.write("sg-bounces.csv", "status,reason,email,created\n5.1.1,\"550 no, such\nuser\",sg-b@x.co,1767225600\n4.2.2,452 full,sg-s@x.co,1767225600\n");
        program.write("sg-spam.csv", "email,ip,created\nsg-c@x.co,198.51.100.7,1767225600\n");
        program.write("sg-unsubscribes.csv", "email,created\nsg-u@x.co,1767225600\n");
        program.write("sg-invalid.csv", "reason,email,created\nMail domain is unknown,sg-i@x.co,1767225600\n");
        program.write("mg-bounces.csv", "address,code,error,created_at\nmg-b@x.co,550,No such mailbox,\"Thu, 01 Jan 2026 00:00:00 UTC\"\n");
        program.write("mg-complaints.csv", "address,created_at\nmg-c@x.co,\"Thu, 01 Jan 2026 00:00:00 GMT\"\n");
        let files: [&[&str]; 8] = [
            &["ses.json"], &["--format", "suppressions", "--at", "2026-01-01", "ses-jobs.csv"], &["sg-bounces.csv"], &["--reason", "spam_report", "sg-spam.csv"],
            &["--reason", "unsubscribe", "sg-unsubscribes.csv"], &["--reason", "invalid", "sg-invalid.csv"],
            &["mg-bounces.csv"], &["--format", "suppressions", "--reason", "complaint", "mg-complaints.csv"]];
        for repeat in 0..2 {
            for (arguments, count) in files.iter().zip([2, 2, 2, 1, 1, 1, 1, 1]) {
                let counts = if repeat == 0 { [count, count, 0, 0] } else { [count, 0, count, 0] };
                assert_ended(&program.run(["import", "--output", "json"].iter().chain(*arguments).copied()), 0, counts);
            }
        }
        let app = TestServer::start(database).await;
        let listed = |name: &str, reason: &str| format!("email:{name}@x.co {reason} 2026-01-01T00:00:00Z");
        assert_eq!(suppressed(&app.admin).await, [listed("job-b", "HARD_BOUNCE"), listed("job-c", "SPAM_REPORT"),
            listed("mg-b", "HARD_BOUNCE"), listed("mg-c", "SPAM_REPORT"), listed("ses-b", "HARD_BOUNCE"),
            listed("ses-c", "SPAM_REPORT"), listed("sg-b", "HARD_BOUNCE"), listed("sg-c", "SPAM_REPORT"),
            listed("sg-i", "INVALID_IDENTIFIER")]);
        assert_eq!(state(&app.admin, "email", "sg-u@x.co").await, "true - - OPTED_OUT");
        assert_eq!(state(&app.admin, "email", "sg-s@x.co").await, "true - - NONE", "SendGrid goes on writing to a blocked address");
        assert_eq!(campaigns(&app.admin).await, "0");
        odp(&app.admin, "reachability", "reachable", "sg-b@x.co", "2025-12-31T00:00:00Z").await;
        assert_eq!(state(&app.admin, "email", "sg-b@x.co").await, "false HARD_BOUNCE 2026-01-01T00:00:00Z NONE");
        odp(&app.admin, "reachability", "reachable", "sg-b@x.co", "2026-01-02T00:00:00Z").await;
        assert_eq!(state(&app.admin, "email", "sg-b@x.co").await, "true - 2026-01-02T00:00:00Z NONE");
        app.stop().await;
    }

    async fn what_has_no_time_is_of_its_first_import_however_often_it_comes(database: TestDatabase) {
        let program = Program::over(database.url());
        program.write("list", "ada@example.com,BOUNCE\nben@example.com,BOUNCE\n");
        let import = ["import", "--format", "suppressions", "--output", "json", "list"];
        assert_ended(&program.run(import), 0, [2, 2, 0, 0]);
        let reset = json!({"type": "reachability", "action": "reachable", "identifiers": {"email": "ada@example.com"}, "data": {}});
        program.write("reset", reset.to_string());
        assert_ended(&program.run(["import", "--output", "json", "reset"]), 0, [1, 1, 0, 0]);
        // However long ago the keys of records without a time were kept.
        database.execute("UPDATE event_key_undated SET seen_at = 0");
        assert_ended(&program.run(import), 0, [2, 0, 2, 0]);
        let later = ["import", "--format", "suppressions", "--output", "json", "--at", "2199-01-01", "list"];
        assert_ended(&program.run(later), 3, [2, 0, 0, 2]);
        let app = TestServer::start(database).await;
        let listed = suppressed(&app.admin).await;
        assert!(listed.len() == 1 && listed[0].starts_with("email:ben@example.com HARD_BOUNCE"), "{listed:?}");
        app.stop().await;
    }

    async fn the_exported_suppression_list_is_the_same_in_another_workspace(database: TestDatabase) {
        let program = Program::over(database.url());
        let events = |name: &str, kind: &str, action: &str, more: Value| {
            let mut data = json!({"ts": f64::from(RUN_S as i32) + 0.123_456, "campaign_id": 7});
            data.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            json!({"type": kind, "action": action, "identifiers": {"email": format!("{name}@example.com")}, "data": data})
        };
        let unreachable = |kind: &str| events(kind, "reachability", "unreachable", json!({"reachability_update_type": kind}));
        let mut all = vec![events("a,\"b\"", "email", "hard_bounce", json!({})), events("spam", "email", "spamreport", json!({}))];
        all.extend(["soft_bounce", "uninstall", "invalid_identifier", "returned_to_sender", "unknown", "expired", "other"].map(unreachable));
        all.extend((0..5).map(|at| events("soft", "email", "soft_bounce", json!({"ts": RUN_S + at}))));
        all.push(json!({"type": "push", "action": "remove_token", "identifiers": {"gcm_push_token": "t, 1"}, "data": {"ts": RUN_S}}));
        program.write("events", lines(&all));
        let app = TestServer::start(database).await;
        assert_ended(&program.run(["import", "--format", "odp", "--output", "json", "events"]), 0, [15, 15, 0, 0]);
        let create = "mutation { workspaceCreate(input: {name: \"second\", timeZone: \"UTC\"}) { adminKey } }";
        let made = app.admin.data(create, json!({})).await;
        let second = app.anybody().with_key(made["workspaceCreate"]["adminKey"].as_str().expect("a key"));
        let expected = suppressed(&app.admin).await;
        assert_eq!(expected.len(), 11, "{expected:?}");
        assert!(expected.iter().any(|line| line.contains(".123456Z")), "{expected:?}");
        for form in ["csv", "ndjson"] {
            assert_eq!(program.run(["export", "suppressions", "--format", form, "--output", form]).code, 0);
        }
        let import = ["import", "--workspace", "second", "--output", "json", "csv"];
        assert_ended(&program.run(import), 0, [11, 11, 0, 0]);
        assert_eq!(suppressed(&second).await, expected);
        assert_eq!(campaigns(&second).await, "0");
        assert_ended(&program.run(import), 0, [11, 0, 11, 0]);
        let import = ["import", "--workspace", "second", "--format", "suppressions", "--output", "json", "ndjson"];
        assert_eq!(program.run(import).code, 0);
        assert_eq!(suppressed(&second).await, expected);
        app.stop().await;
    }

    async fn members_of_lists_join_and_leave(database: TestDatabase) {
        let program = Program::over(database.url());
        program.write("members.csv", "Email Address;Liste;Status;OPTIN_TIME;UNSUB_TIME;Ort;Alter\n\
            ann@x.co;news;subscribed;2026-01-01 08:00;;Köln;44\nbea@x.co;news;unsubscribed;2026-01-01 08:00;2026-02-01 08:00;;\n\
            cy@x.co;;cleaned;;2026-02-01 08:00;;\ndi@x.co;;pending;;;;\ned@x.co;;;;;;\n");
        let import = ["import", "--format", "list_members", "--column", "list=liste", "--list", "other", "--attributes",
            "--at", "2026-01-15T08:00:00Z", "--output", "json", "members.csv"];
        let ended = program.run(import);
        assert_ended(&ended, 0, [5, 5, 0, 0]);
        assert!(!ended.stderr.contains("Ort"), "{}", ended.stderr);
        assert_ended(&program.run(import), 0, [5, 0, 5, 0]);
        let app = TestServer::start(database).await;
        assert_eq!(subscription(&app.admin, "ann@x.co", "news").await, true);
        assert_eq!(subscription(&app.admin, "bea@x.co", "news").await, false);
        assert_eq!(subscription(&app.admin, "ed@x.co", "other").await, true);
        assert_eq!(subscription(&app.admin, "di@x.co", "other").await, Value::Null);
        assert_eq!(state(&app.admin, "email", "cy@x.co").await, "false HARD_BOUNCE 2026-01-15T08:00:00Z NONE");
        assert_eq!(attributes(&app.admin, "email", "ann@x.co").await, json!({"Ort": "Köln", "Alter": "44"}));
        let lists = app.admin.data("{ lists { nodes { name } } }", json!({})).await;
        assert_eq!(lists["lists"]["nodes"].as_array().map(Vec::len), Some(2), "{lists}");
        let left = |at: &str| json!({"type": "list", "action": "unsubscribe", "identifiers": {"email": "ed@x.co"},
            "data": {"ts": at, "list_id": "other"}});
        assert_eq!(app.admin.post("/v3/events", &left("2026-01-14T08:00:00Z")).await.status, 202);
        assert_eq!(subscription(&app.admin, "ed@x.co", "other").await, true);
        assert_eq!(app.admin.post("/v3/events", &left("2026-01-16T08:00:00Z")).await.status, 202);
        assert_eq!(subscription(&app.admin, "ed@x.co", "other").await, false);
        app.stop().await;
    }

    async fn a_second_command_with_other_words_is_another_import(database: TestDatabase) {
        let program = Program::over(database.url());
        program.write("members.csv", "email\nann@x.co\n");
        for list in ["one", "two"] {
            assert_ended(&program.run(["import", "--output", "json", "--list", list, "members.csv"]), 0, [1, 1, 0, 0]);
        }
        assert_eq!(stored::events(&database).await, 2);
    }

}

both_databases! {
    async fn lists_come_over_http_as_they_come_in_files(app: TestServer) {
        let csv = "email,created\nann@x.co,1767225600\nben at x.co,1767225600\n";
        let answer = app.admin.post_text("/ingest/suppressions?reason=complaint&results=all", csv).await;
        assert_eq!((&answer.json["accepted"], &answer.json["quarantined"]), (&json!(1), &json!(1)), "{}", answer.text);
        assert_eq!(answer.json["results"][1]["path"], "email", "{}", answer.text);
        let again = app.admin.post_gzip("/ingest/suppressions?reason=complaint", csv).await;
        assert_eq!((&again.json["duplicates"], &again.json["quarantined"]), (&json!(1), &json!(1)), "{}", again.text);
        let told = app.admin.post_text("/ingest/auto", "ChannelType,Address,OptOut\nEMAIL,cy@x.co,ALL\n").await;
        assert_eq!(told.json["accepted"], 1, "{}", told.text);
        assert_eq!(state(&app.admin, "email", "cy@x.co").await, "true - - OPTED_OUT");
        let members = app.admin.post_text("/ingest/list_members?list=news&at=2026-01-01", "email\nann@x.co\n").await;
        assert_eq!(members.json["accepted"], 1, "{}", members.text);
        for query in ["reason=whim", "at=soon"] {
            assert_eq!(app.admin.post_text(&format!("/ingest/suppressions?{query}"), csv).await.status, 400);
        }
        let records = json!([{"email": "di@x.co", "list": "news", "status": "subscribed", "time": "2026-01-01"}]);
        let mutation = "mutation($records: [JSON!]!) { vendorEventsIngest(input: {dialect: LIST_MEMBERS, records: $records}) { accepted } }";
        let taken = app.admin.graphql(mutation, json!({"records": records})).await;
        assert!(taken.text.contains("\"accepted\":\"1\"") || taken.text.contains("\"accepted\":1"), "{}", taken.text);
    }
}

#[test]
fn what_is_said_of_lists_is_checked_before_anything_is_read() {
    for arguments in [
        &["import", "--format", "odp", "--list", "news", "x"][..],
        &["import", "--column", "pigeon=x", "x"],
        &["import", "--column", "email", "x"],
        &["import", "--at", "soon", "x"],
        &["import", "--reason", "whim", "x"],
    ] {
        let ended = Program::by_itself().run(arguments.iter().copied());
        assert_eq!(ended.code, 2, "{arguments:?}: {}", ended.stderr);
    }
}
