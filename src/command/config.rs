//! `campaignql config`: every setting, its unit, default and present source. Passwords and keys are masked.

use clap::Args;
use serde_json::json;

use super::Outcome;
use super::output::{self, Format};
use crate::Result;
use crate::config::{Value, Values};

/// Arguments of `config`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Form of the answer.
    #[arg(long, value_enum, default_value_t)]
    output: Format,
}

/// Prints the settings.
pub fn run(arguments: &Arguments, values: &Values) -> Result<Outcome> {
    match arguments.output {
        Format::Json => output::json(&values.iter().map(as_json).collect()),
        Format::Text => output::line(&values.iter().map(as_text).collect::<Vec<_>>().join("\n")),
    }
    Ok(Outcome::Done)
}

/// Valid TOML: the output can be kept as `campaignql.toml` (a masked value aside).
fn as_text(value: &Value) -> String {
    let setting = value.setting;
    let present = setting.printable(&value.text);
    let assignment = format!("{} = {present:?}", setting.name);
    format!(
        "# {}\n# Unit: {}. Default: {:?}. Source: {}. Environment: {}.\n{assignment}\n",
        setting.about,
        setting.unit,
        setting.default,
        value.source,
        setting.variable()
    )
}

fn as_json(value: &Value) -> serde_json::Value {
    let setting = value.setting;
    json!({
        "name": setting.name,
        "value": setting.printable(&value.text),
        "unit": setting.unit,
        "default": setting.default,
        "source": value.source.to_string(),
        "environment": setting.variable(),
        "flag": format!("--{}", setting.flag()),
        "about": setting.about,
    })
}
