//! Every fixture of the form, as events.

use crate::dialect::shown::fixtures;
use crate::domain::event::Dialect;

#[test]
fn fixtures_become_these_events() {
    for (name, shown) in fixtures(Dialect::Suppressions) {
        insta::assert_snapshot!(name, shown);
    }
}
