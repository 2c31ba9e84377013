//! Every fixture of exported endpoints, as events.

use crate::dialect::shown::fixtures;
use crate::domain::event::Dialect;

#[test]
fn fixtures_become_these_events() {
    for (name, shown) in fixtures(Dialect::PinpointEndpoints) {
        insta::assert_snapshot!(name, shown);
    }
}
