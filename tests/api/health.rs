//! `/healthz`, `/readyz`, `/metrics`, and what every route has in common.

use serde_json::json;

use crate::kit::both_databases;
use crate::kit::record::mail;

both_databases! {
    async fn a_running_server_is_alive_and_ready(app: TestServer) {
        for path in ["/healthz", "/readyz"] {
            let answer = app.anybody().get(path).await;
            assert_eq!((answer.status, &answer.json["status"]), (200, &json!("ok")), "{path}: {}", answer.text);
        }
    }

    async fn metrics_count_what_was_taken_in(app: TestServer) {
        app.admin.post("/v3/events", &mail("open", "ada@example.com", 1)).await;
        let answer = app.anybody().get("/metrics").await;
        assert_eq!(answer.status, 200);
        let names = ["campaignql_queue_records", "campaignql_http_requests_total", "campaignql_quarantine_open_records"];
        for name in names {
            assert!(answer.text.contains(name), "no {name} in:\n{}", answer.text);
        }
    }

    async fn a_route_that_is_not_there_and_a_wrong_method_say_so(app: TestServer) {
        assert_eq!(app.admin.get("/nowhere").await.status, 404);
        let wrong = app.admin.get("/v3/events").await;
        assert_eq!(wrong.status, 405);
        assert_eq!(wrong.headers.get("allow").and_then(|value| value.to_str().ok()), Some("POST"));
    }

    async fn the_graphiql_page_loads_nothing_from_outside(app: TestServer) {
        let page = app.anybody().get("/graphiql").await;
        assert_eq!(page.status, 200);
        let outside = ["src=\"http", "href=\"http", "src=\"//", "href=\"//", "@import", "unpkg", "cdn."];
        assert!(outside.iter().all(|sign| !page.text.contains(sign)), "{}", page.text);
    }
}
