//! ODP's routes of lists and subscriptions.

use campaignql::domain::access::Scope;
use serde_json::{Value, json};

use crate::kit::both_databases;
use crate::kit::record::RUN_S;

const LISTS: &str = "/v3/lists";
const SUBSCRIPTIONS: &str = "/v3/lists/subscriptions";

both_databases! {
    async fn a_list_is_made_once_and_listed(app: TestServer) {
        let made = app.admin.post(LISTS, &json!({"name": "My List!"})).await;
        assert_eq!((made.status, &made.json["created"]), (202, &json!({"list_id": "my_list_", "name": "My List!"})), "{}", made.text);
        let again = app.admin.post(LISTS, &json!({"name": "my list?"})).await;
        assert_eq!((again.status, &again.json["title"]), (400, &json!("Bad Request")));
        assert!(again.json["detail"]["invalids"][0]["reason"].as_str().is_some_and(|reason| reason.starts_with("already used")));
        assert_eq!(app.admin.post(LISTS, &json!({"name": " "})).await.status, 400);
        let listed = app.admin.get(LISTS).await;
        let lists = listed.json["lists"].as_array().expect("a list");
        assert_eq!((lists.len(), &lists[0]["list_id"]), (1, &json!("my_list_")));
        assert!(chrono::DateTime::parse_from_rfc3339(lists[0]["created_at"].as_str().expect("a time")).is_ok());
    }

    async fn subscriptions_become_events_and_can_be_asked_back(app: TestServer) {
        let updates = json!([
            {"list_id": "news", "email": "A@b.example", "subscribed": true, "ts": RUN_S},
            {"list_id": "offers", "email": "a@b.example", "subscribed": false, "ts": RUN_S + 1},
        ]);
        let answer = app.admin.post(SUBSCRIPTIONS, &updates).await;
        assert_eq!((answer.status, &answer.json["updates"]), (202, &updates), "{}", answer.text);
        let state = app.admin.get("/v3/lists/subscriptions?email=a%40b.example").await;
        assert_eq!(state.json, json!({"customer": {"email": "a@b.example"}, "opted_in": true, "explicit_opt_in": false, "subscriptions": [
            {"name": "news", "list_id": "news", "subscribed": true, "ts_status_updated": RUN_S},
            {"name": "offers", "list_id": "offers", "subscribed": false, "ts_status_updated": RUN_S + 1},
        ]}));
        let events = app.admin.data("{ events(filter: {}) { nodes { type action kind list } } }", json!({})).await;
        let kinds: Vec<&Value> = events["events"]["nodes"].as_array().expect("a list").iter().map(|event| &event["kind"]).collect();
        assert!(kinds.contains(&&json!("LIST_SUBSCRIBED")) && kinds.contains(&&json!("LIST_UNSUBSCRIBED")), "{events}");
        assert_eq!(app.admin.get("/v3/lists/subscriptions?email=nobody%40b.example").await.status, 404);
    }

    async fn consent_to_everything_goes_by_its_own_list_or_by_none(app: TestServer) {
        for (update, opted_in, explicit) in [
            (json!({"email": "a@b.example", "opted_in": false, "ts": RUN_S}), false, false),
            (json!({"list_id": "zaius_all", "email": "a@b.example", "subscribed": true, "ts": RUN_S + 1}), true, true),
        ] {
            assert_eq!(app.admin.post(SUBSCRIPTIONS, &update).await.status, 202);
            let state = app.admin.get("/v3/lists/subscriptions?email=a%40b.example").await.json;
            assert_eq!((&state["opted_in"], &state["explicit_opt_in"]), (&json!(opted_in), &json!(explicit)), "{update}");
        }
    }

    async fn bad_subscriptions_are_named_and_hold_up_no_good_one(app: TestServer) {
        let good = json!({"list_id": "news", "email": "a@b.example", "subscribed": true});
        let bad = [json!({"list_id": "news", "email": "a@b.example"}), json!({"email": "a@b.example", "subscribed": true}),
            json!({"list_id": "news", "subscribed": true}), json!(7)];
        let refused = app.admin.post(SUBSCRIPTIONS, &json!(bad)).await;
        assert_eq!((refused.status, refused.json["detail"]["invalids"].as_array().map(Vec::len)), (400, Some(4)), "{}", refused.text);
        let mixed = app.admin.post(SUBSCRIPTIONS, &json!([bad[0], good])).await;
        assert_eq!((mixed.status, &mixed.json["updates"]), (202, &json!([good])), "{}", mixed.text);
    }

    async fn lists_belong_to_the_private_keys(app: TestServer) {
        let update = json!({"list_id": "news", "email": "a@b.example", "subscribed": true});
        assert_eq!(app.admin.post(SUBSCRIPTIONS, &update).await.status, 202);
        for (scope, may_write, may_list, may_read) in [
            (Scope::OdpPublic, false, false, false), (Scope::Ingest, true, false, false), (Scope::Report, false, true, false), (Scope::Read, false, true, true),
        ] {
            let client = app.holder_of(scope).await;
            assert_eq!(client.post(SUBSCRIPTIONS, &update).await.status == 202, may_write, "{scope:?} subscribes");
            assert_eq!(client.post(LISTS, &json!({"name": format!("{scope:?}")})).await.status == 202, may_write, "{scope:?} makes");
            assert_eq!(client.get(LISTS).await.status == 200, may_list, "{scope:?} lists");
            assert_eq!(client.get("/v3/lists/subscriptions?email=a%40b.example").await.status == 200, may_read, "{scope:?} reads");
        }
    }
}
