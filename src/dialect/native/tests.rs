//! The typed form through its fixtures, and what sets it apart from vendors' forms.

use serde_json::json;

use super::*;
use crate::dialect::read_value;
use crate::dialect::shown::fixtures;

#[test]
fn fixtures_read_as_their_snapshots() {
    for (name, text) in fixtures(Dialect::Native) {
        insta::assert_snapshot!(name, text);
    }
}

#[test]
fn every_kind_but_a_credited_conversion_can_be_named() {
    for (kind, name) in crate::domain::kind::KINDS {
        let record = json!({"type": "t", "kind": name, "identifiers": {"vuid": "v"}});
        let outcome = read_value(Dialect::Native, &record).remove(0).outcome;
        if kind == Kind::Converted {
            assert_eq!(outcome.expect_err("credited, not reported").path, "kind");
        } else {
            assert_eq!(outcome.expect("an event")[0].kind, kind);
        }
    }
}

#[test]
fn both_forms_of_identifiers_are_the_same_event() {
    let parse = |identifiers: Value| {
        let record = json!({"type": "t", "occurredAt": 1, "identifiers": identifiers});
        read_value(Dialect::Native, &record).remove(0).outcome.expect("an event")
    };
    assert_eq!(
        parse(json!({"vuid": "v", "email": "a@example.com"})),
        parse(json!([{"type": "email", "value": "A@example.com"}, {"type": "vuid", "value": "v"}]))
    );
}
