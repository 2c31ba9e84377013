//! SES.

use serde_json::{Map, Value};

use super::rules::Rules;
use super::vendor::{FannedOut, Vendor};
use crate::domain::event::{Dialect, NewEvent, Rejection, RejectionCode};

/// This vendor.
pub const VENDOR: Vendor = Vendor {
    dialect: Dialect::Ses,
    recognise: |_| false,
    fan_out: FannedOut::Single,
    parse,
    time_path: |_| "timestamp",
};

fn parse(_record: &Map<String, Value>, _rules: &Rules) -> Result<Vec<NewEvent>, Rejection> {
    Err(Rejection::new(RejectionCode::InvalidValue, "", "not read yet"))
}
