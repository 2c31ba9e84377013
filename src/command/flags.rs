//! One flag per setting, made from the table of settings, so that the two cannot differ.

use clap::error::Error as ClapError;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use crate::config::SETTINGS;

/// The settings that were given as flags: (setting, text).
#[derive(Clone, Debug, Default)]
pub struct SettingFlags {
    /// In the order of the table.
    pub given: Vec<(&'static str, String)>,
}

impl Args for SettingFlags {
    fn augment_args(command: Command) -> Command {
        SETTINGS.iter().fold(command, |command, setting| {
            let default = if setting.default.is_empty() { "none" } else { setting.default };
            let flag = Arg::new(setting.name)
                .long(setting.flag())
                .value_name(setting.unit)
                .help(format!("{} [{}; default: {default}]", setting.about, setting.variable()))
                .help_heading("Settings")
                .hide_short_help(true)
                .global(true);
            command.arg(flag)
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SettingFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, ClapError> {
        let given = SETTINGS.iter().filter_map(|setting| {
            let text = matches.get_one::<String>(setting.name)?;
            Some((setting.name, text.clone()))
        });
        Ok(Self { given: given.collect() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), ClapError> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::super::Cli;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_setting_is_a_flag_of_every_command() {
        let cli = Cli::parse_from(["campaignql", "config", "--listen", "h:1", "--max-body-bytes", "2"]);
        assert_eq!(cli.settings.given, [("listen", "h:1".to_owned()), ("max_body_bytes", "2".to_owned())]);
        let cli = Cli::parse_from(["campaignql", "--listen", "h:1", "serve"]);
        assert_eq!(cli.settings.given, [("listen", "h:1".to_owned())]);
    }
}
