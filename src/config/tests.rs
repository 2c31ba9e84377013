//! Precedence and error texts, without touching the process's own environment.

use super::*;

fn sources(flags: &[(&'static str, &str)], environment: &[(&str, &str)], file: &str) -> Sources {
    Sources {
        flags: flags.iter().map(|(name, text)| (*name, (*text).to_owned())).collect(),
        environment: environment.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(),
        file: Some((DEFAULT_FILE.to_owned(), file.to_owned())),
    }
}

fn parse(sources: &Sources) -> Result<Settings> {
    Settings::parse(&merge(sources)?)
}

fn error_of(sources: &Sources) -> String {
    parse(sources).expect_err("the settings are wrong").to_string()
}

#[test]
fn defaults_are_within_their_own_limits() {
    let settings = parse(&Sources::default()).unwrap();
    assert_eq!(settings.listen, "127.0.0.1:8080");
    assert_eq!(settings.database.url, "sqlite://campaignql.db?mode=rwc");
    assert_eq!(settings.admin_key, None);
    assert_eq!(settings.http_workers, None);
    assert!(settings.graphiql);
}

#[test]
fn a_flag_beats_the_environment_beats_the_file_beats_the_default() {
    let file = "listen = \"h:1\"\nqueue_capacity = 11\ncommitters = 3\n";
    let environment = [("CAMPAIGNQL_LISTEN", "h:2"), ("CAMPAIGNQL_QUEUE_CAPACITY", "22")];
    let settings = parse(&sources(&[("listen", "h:3")], &environment, file)).unwrap();
    assert_eq!(settings.listen, "h:3");
    assert_eq!(settings.queue_capacity, 22);
    assert_eq!(settings.committers, 3);
    assert_eq!(settings.commit_wait, Duration::ZERO);
}

#[test]
fn database_url_is_read_after_its_longer_name() {
    let short = [("DATABASE_URL", "postgres://a/b")];
    assert_eq!(parse(&sources(&[], &short, "")).unwrap().database.url, "postgres://a/b");
    let both = [("DATABASE_URL", "postgres://a/b"), ("CAMPAIGNQL_DATABASE_URL", "sqlite://c")];
    assert_eq!(parse(&sources(&[], &both, "")).unwrap().database.url, "sqlite://c");
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let settings = parse(&sources(&[], &[("CAMPAIGNQL_LISTEN", "")], "")).unwrap();
    assert_eq!(settings.listen, "127.0.0.1:8080");
}

#[test]
fn an_error_says_which_setting_what_it_got_and_what_it_takes() {
    assert_eq!(
        error_of(&sources(&[], &[("CAMPAIGNQL_COMMITTERS", "many")], "")),
        "setting committers (environment CAMPAIGNQL_COMMITTERS) is \"many\"; it takes a whole number from 1 to 64"
    );
    assert_eq!(
        error_of(&sources(&[("log_format", "xml")], &[], "")),
        "setting log_format (flag --log-format) is \"xml\"; it takes text or json"
    );
    assert_eq!(
        error_of(&sources(&[], &[], "graphiql = \"perhaps\"")),
        "setting graphiql (file campaignql.toml) is \"perhaps\"; it takes true or false"
    );
    assert_eq!(
        error_of(&sources(&[], &[], "listen = [1]")),
        "setting listen (file campaignql.toml) is of type array; it takes one value (address:port)"
    );
}

#[test]
fn a_certificate_and_its_key_come_together() {
    let both = sources(&[("tls_certificate", "a.pem"), ("tls_key", "b.pem")], &[], "");
    let expected = TlsFiles { certificate: "a.pem".into(), key: "b.pem".into() };
    assert_eq!(parse(&both).unwrap().tls, Some(expected));
    assert_eq!(parse(&Sources::default()).unwrap().tls, None);
    assert_eq!(
        error_of(&sources(&[("tls_certificate", "a.pem")], &[], "")),
        "setting tls_key (default) is \"\"; it takes the path of a PEM file when tls_certificate is given"
    );
}

#[test]
fn an_error_never_shows_a_password_or_a_key() {
    let error = error_of(&sources(&[("database_url", "mysql://u:hush@h/d")], &[], ""));
    assert!(error.contains("mysql://u:***@h/d"), "{error}");
    let error = error_of(&sources(&[("admin_key", "hush hush")], &[], ""));
    assert!(!error.contains("hush"), "{error}");
}

#[test]
fn an_unknown_key_of_the_file_is_an_error_that_names_the_known_ones() {
    let error = error_of(&sources(&[], &[], "lisen = \"h:1\""));
    assert!(error.starts_with("unknown key lisen in campaignql.toml; known keys: database_url, "), "{error}");
}

#[test]
fn an_unknown_variable_is_reported_but_no_error() {
    let sources = sources(&[], &[("CAMPAIGNQL_LISEN", "h:1"), ("CAMPAIGNQL_LISTEN", "h:2")], "");
    assert_eq!(unknown_variables(&sources.environment), ["CAMPAIGNQL_LISEN"]);
    assert_eq!(parse(&sources).unwrap().listen, "h:2");
}

const CERTIFICATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/sns/certificate.pem");

#[test]
fn messages_of_sns_are_checked_where_there_is_a_certificate() {
    let keys = |flags: &[(&'static str, &str)]| parse(&sources(flags, &[], "")).unwrap().rules.sns_keys.len();
    assert_eq!(keys(&[]), 0);
    assert_eq!(keys(&[("sns_signature", "off")]), 0);
    assert_eq!(keys(&[("sns_certificate", CERTIFICATE)]), 1);
    assert_eq!(keys(&[("sns_certificate", CERTIFICATE), ("sns_signature", "check")]), 1);
    assert_eq!(keys(&[("sns_certificate", CERTIFICATE), ("sns_signature", "off")]), 0);
}

#[test]
fn a_check_that_cannot_be_made_is_an_error() {
    assert_eq!(
        error_of(&sources(&[("sns_signature", "check")], &[], "")),
        "setting sns_signature (flag --sns-signature) is \"check\"; it takes off, unless sns_certificate names the file \
         with the certificates of SNS"
    );
    let error = error_of(&sources(&[("sns_signature", "maybe")], &[], ""));
    assert!(error.ends_with("is \"maybe\"; it takes check or off"), "{error}");
    let error = error_of(&sources(&[("sns_certificate", "/nowhere/sns.pem")], &[], ""));
    assert!(error.starts_with("setting sns_certificate is /nowhere/sns.pem, which cannot be used: "), "{error}");
    for (file, why) in [
        ("notification-v1.json", "it is no PEM file of certificates"),
        ("key.pem", "it is no PEM file of certificates"),
        ("elliptic-certificate.pem", "SNS signs with RSA"),
        ("short-certificate.pem", "fewer than 2048 bits"),
    ] {
        let error = error_of(&sources(&[("sns_certificate", &CERTIFICATE.replace("certificate.pem", file))], &[], ""));
        assert!(error.contains(why), "{error}");
    }
}

/// A public key on another curve.
const ON_P384: &str = "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEGDBZ+SeufSyW/cqJT54WrvzIVi9jTBO3lxeYc77NgXgXK2hrrRP3FSE11CEeKpIJtX+Z4xWlqB4G\
    7HPQBBzYjWz/3V4xyZKaLEqPCqPT0l3AafXLobLwjFY7EpTShMQf";

#[test]
fn a_key_of_sendgrid_must_be_one() {
    let good = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEh/Rf5XLWO1MvxPbMWKu8CqDBZijcfp6gTzQmrUy8ePH3XRE5UJjZ7CiUoRIfUznXseWQYJOv\
                Y2l66jHJrhMkVA==";
    let settings = parse(&sources(&[("sendgrid_public_key", good)], &[], "")).unwrap();
    assert!(settings.sendgrid_public_key.is_some());
    assert!(parse(&Sources::default()).unwrap().sendgrid_public_key.is_none());
    for (bad, why) in [("§", "not base64"), ("aGVsbG8=", "no public key"), (ON_P384, "not a key on the curve P-256")] {
        let error = error_of(&sources(&[("sendgrid_public_key", bad)], &[], ""));
        assert!(error.contains(why) && error.contains("as SendGrid shows it"), "{error}");
    }
}
