//! The table of settings: name, unit, default and meaning of each. Flags, environment variables, the file's keys and the
//! output of `campaignql config` all follow from it. To add one: a row here, a field in `Settings`, a line in `parse`.

/// One setting.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The key in `campaignql.toml`; the flag and the environment variable derive from it.
    pub name: &'static str,
    /// What its value counts or is, such as `bytes` or `URL`.
    pub unit: &'static str,
    /// The default, as it would be written in the environment; empty for none.
    pub default: &'static str,
    /// What it does.
    pub about: &'static str,
    /// How its value is printed.
    pub display: Display,
}

/// How the value of a setting may be printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Display {
    /// As it is.
    Plain,
    /// A URL: without its password.
    Url,
    /// Never.
    Secret,
}

impl Setting {
    const fn new(name: &'static str, unit: &'static str, default: &'static str, about: &'static str) -> Self {
        Self { name, unit, default, about, display: Display::Plain }
    }

    const fn shown_as(self, display: Display) -> Self {
        Self { display, ..self }
    }

    /// The flag without its dashes, such as `max-body-bytes`.
    pub fn flag(&self) -> String {
        self.name.replace('_', "-")
    }

    /// The environment variable, such as `CAMPAIGNQL_MAX_BODY_BYTES`.
    pub fn variable(&self) -> String {
        format!("CAMPAIGNQL_{}", self.name.to_ascii_uppercase())
    }

    /// The value in a form that may be printed.
    pub fn printable(&self, value: &str) -> String {
        match self.display {
            Display::Plain => value.to_owned(),
            Display::Url => without_password(value),
            Display::Secret if value.is_empty() => String::new(),
            Display::Secret => "***".to_owned(),
        }
    }
}

/// Every setting, in the order of documentation.
pub const SETTINGS: [Setting; 21] = [
    Setting::new(
        "database_url",
        "URL",
        "sqlite://campaignql.db?mode=rwc",
        "Where the data is: sqlite://FILE?mode=rwc or postgres://USER:PASSWORD@HOST/DATABASE. \
         DATABASE_URL is read too, after CAMPAIGNQL_DATABASE_URL.",
    )
    .shown_as(Display::Url),
    Setting::new("database_max_connections", "connections", "8", "Most connections that queries may use at a time."),
    Setting::new("listen", "address:port", "127.0.0.1:8080", "Where to listen. Port 0 takes a free one."),
    Setting::new(
        "tls_certificate",
        "path",
        "",
        "PEM file of the server's certificate and its chain. With it and tls_key the server speaks HTTPS only; without \
         both it speaks HTTP. Read at start: a renewed file counts from the next start.",
    ),
    Setting::new("tls_key", "path", "", "PEM file of the certificate's private key."),
    Setting::new(
        "admin_key",
        "text",
        "",
        "A key of scope admin for the workspace `default`, made at every start where it does not exist. \
         Without it the first start makes a random one and prints it once.",
    )
    .shown_as(Display::Secret),
    Setting::new("max_body_bytes", "bytes", "33554432", "Largest request body, both as sent and after decompression."),
    Setting::new(
        "queue_capacity",
        "records",
        "100000",
        "How many records may wait to be committed; beyond it requests are answered 503 and nothing is taken.",
    ),
    Setting::new(
        "committers",
        "tasks",
        "1",
        "How many batches may be written at a time. SQLite has one writer whatever this says.",
    ),
    Setting::new(
        "commit_wait_ms",
        "milliseconds",
        "0",
        "How long a committer waits for more before it commits what it has. More makes larger commits, later answers.",
    ),
    Setting::new(
        "drain_timeout_s",
        "seconds",
        "30",
        "How long a stopping server may take to finish what it has taken.",
    ),
    Setting::new("request_timeout_s", "seconds", "30", "Longest time that a request may take."),
    Setting::new(
        "campaign_tags",
        "names",
        "campaign,campaign_id",
        "Names of the message tags, context keys and unique arguments that hold a campaign's id, where the vendor has no \
         field for it. The first that a record has counts.",
    ),
    Setting::new(
        "future_limit_s",
        "seconds",
        "86400",
        "How far after its receipt an event may lie; later ones are quarantined. Older ones are always taken.",
    ),
    Setting::new(
        "sns_certificate",
        "path",
        "",
        "PEM file with the certificates that Amazon SNS signs its messages with: fetch the one that messages name in \
         SigningCertURL. Several may stand in one file, the old one and the new one.",
    ),
    Setting::new(
        "sns_signature",
        "check|off",
        "",
        "Whether the signatures of SNS messages are checked. Empty: where sns_certificate is set. A message that fails is \
         quarantined.",
    ),
    Setting::new(
        "sendgrid_public_key",
        "base64",
        "",
        "The verification key of SendGrid's signed event webhook. With it, /ingest/sendgrid refuses requests that are not \
         signed.",
    ),
    Setting::new("log_format", "text|json", "text", "Form of the log on stderr."),
    Setting::new(
        "log_level",
        "level",
        "info",
        "error, warn, info, debug or trace; or directives by module, such as `info,sqlx=debug`.",
    ),
    Setting::new("http_workers", "threads", "0", "Threads that serve HTTP; 0 takes one per processor."),
    Setting::new("graphiql", "true|false", "true", "Whether to serve the GraphiQL page at /graphiql."),
];

/// The setting of a key, if there is one.
pub fn by_name(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

/// A URL with its password masked. Text that is no URL is returned as it is.
pub fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let authority_end = rest.find(['/', '?']).unwrap_or(rest.len());
    let Some(at) = rest[..authority_end].rfind('@').or_else(|| rest.rfind('@')) else { return url.to_owned() };
    match rest[..at].split_once(':') {
        Some((user, _)) => format!("{scheme}://{user}:***{}", &rest[at..]),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_never_shows() {
        assert_eq!(without_password("postgres://u:p%40ss@h:5432/d"), "postgres://u:***@h:5432/d");
        assert_eq!(
            without_password("postgres://u:p/a?b@h/d"),
            "postgres://u:***@h/d",
            "even one that is badly escaped"
        );
        assert_eq!(without_password("postgres://u@h/d"), "postgres://u@h/d");
        assert_eq!(without_password("sqlite://a.db?mode=rwc"), "sqlite://a.db?mode=rwc");
        let admin_key = by_name("admin_key").expect("it is in the table");
        assert_eq!(admin_key.printable("secret"), "***");
        assert_eq!(admin_key.printable(""), "", "that there is none is no secret");
    }

    #[test]
    fn names_of_flags_and_variables_follow_from_the_key() {
        let setting = by_name("max_body_bytes").expect("it is in the table");
        assert_eq!(setting.flag(), "max-body-bytes");
        assert_eq!(setting.variable(), "CAMPAIGNQL_MAX_BODY_BYTES");
    }
}
