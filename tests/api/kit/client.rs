//! Somebody who talks to the server over HTTP with a key.

use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::Write;

/// A client with its key.
#[derive(Clone, Debug)]
pub struct Client {
    base: String,
    key: Option<String>,
    http: reqwest::Client,
}

/// What the server answered.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: reqwest::header::HeaderMap,
    /// The body as it came.
    pub text: String,
    /// The body as JSON; null when it is none.
    pub json: Value,
}

impl Client {
    /// A client of the server at `base` (`http://host:port`), without a key.
    pub fn new(base: &str) -> Self {
        let http = reqwest::Client::builder().no_proxy().gzip(false).build().expect("a client can be built");
        Self { base: base.to_owned(), key: None, http }
    }

    /// The same with a key.
    pub fn with_key(&self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self.clone() }
    }

    /// The same, trusting a certificate (PEM) beside nobody else's.
    pub fn trusting(&self, certificate: &[u8]) -> Self {
        let certificate = reqwest::Certificate::from_pem(certificate).expect("it is a certificate");
        let http = reqwest::Client::builder().no_proxy().gzip(false).add_root_certificate(certificate);
        Self { http: http.build().expect("a client can be built"), ..self.clone() }
    }

    /// A request to be completed by the test.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.key {
            Some(key) => request.header("x-api-key", key),
            None => request,
        }
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        read(self.request(Method::GET, path)).await
    }

    /// POST of a JSON value.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_text(path, &body.to_string()).await
    }

    /// POST of any text as JSON.
    pub async fn post_text(&self, path: &str, body: &str) -> Answer {
        read(self.request(Method::POST, path).header("content-type", "application/json").body(body.to_owned())).await
    }

    /// POST of a gzipped text.
    pub async fn post_gzip(&self, path: &str, body: &str) -> Answer {
        let request = self.request(Method::POST, path).header("content-type", "application/json");
        read(request.header("content-encoding", "gzip").body(gzip(body.as_bytes()))).await
    }

    /// A GraphQL operation; its whole answer.
    pub async fn graphql(&self, query: &str, variables: Value) -> Answer {
        self.post("/graphql", &json!({"query": query, "variables": variables})).await
    }

    /// The `data` of a GraphQL operation that must not fail.
    pub async fn data(&self, query: &str, variables: Value) -> Value {
        let answer = self.graphql(query, variables).await;
        assert!(answer.status == 200 && answer.json.get("errors").is_none(), "{}: {}", answer.status, answer.text);
        answer.json["data"].clone()
    }

    /// The `extensions.code` of the first error of a GraphQL operation that must fail.
    pub async fn error_code(&self, query: &str, variables: Value) -> String {
        let answer = self.graphql(query, variables).await;
        let code = answer.json["errors"][0]["extensions"]["code"].as_str();
        code.unwrap_or_else(|| panic!("no error code in {}", answer.text)).to_owned()
    }
}

/// Sends a request and reads the answer.
pub async fn read(request: reqwest::RequestBuilder) -> Answer {
    let answer = request.send().await.expect("the server answers");
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let text = answer.text().await.expect("the answer is text");
    Answer { status, headers, json: serde_json::from_str(&text).unwrap_or_default(), text }
}

/// One gzip member.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}
