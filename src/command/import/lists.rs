//! What the command line says of lists beside their files.

use clap::Args;
use clap::error::ErrorKind;

use crate::dialect::Given;
use crate::dialect::lists::{field_names, parse_as_of, parse_reason};
use crate::domain::event::{Dialect, Format};

/// Arguments of lists: exported endpoints, suppression lists, members of lists.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct ListArguments {
    /// Which column of a list stands for a field, such as email=EMailAdresse. May be given several times.
    #[arg(long, value_name = "FIELD=COLUMN", value_parser = column)]
    column: Vec<(String, String)>,
    /// The list that members are of whose rows name none.
    #[arg(long, value_name = "ID")]
    list: Option<String>,
    /// When a list was made: the time of rows that have none. Without it such a row's time is that of its first import.
    #[arg(long, value_name = "TIME", value_parser = parse_as_of)]
    at: Option<String>,
    /// Why addresses are suppressed whose rows do not say it: bounce, complaint, unsubscribe, invalid, block, or a type of
    /// reachability.
    #[arg(long, value_name = "REASON", value_parser = parse_reason)]
    reason: Option<String>,
    /// Take columns that nobody knows as attributes of the customer.
    #[arg(long)]
    attributes: bool,
}

impl ListArguments {
    /// What is said of the rows of lists; wrong usage where the format is none.
    pub(super) fn given(&self, format: Format) -> Given {
        let given = Given {
            columns: self.column.clone(),
            list: self.list.clone(),
            time: self.at.clone(),
            reason: self.reason.clone(),
            extra_as_attributes: self.attributes,
        };
        if let Format::Of(dialect) = format
            && !dialect.is_list()
            && !given.is_empty()
        {
            let name = dialect.name();
            let message = format!(
                "--column, --list, --at, --reason and --attributes are for lists, and --format {name} is none\n"
            );
            clap::Error::raw(ErrorKind::ArgumentConflict, message).exit();
        }
        given
    }
}

fn column(text: &str) -> Result<(String, String), String> {
    let (field, column) = text.split_once('=').ok_or_else(|| "it takes FIELD=COLUMN".to_owned())?;
    let (field, column) = (field.trim(), column.trim());
    let lists = || Dialect::ALL.iter().copied().filter(|dialect| dialect.is_list());
    let known = lists().flat_map(field_names).find(|known| known.eq_ignore_ascii_case(field));
    let is_attribute = ["Attributes.", "Metrics.", "User.UserAttributes."].iter().any(|start| field.starts_with(start));
    match known {
        _ if column.is_empty() => Err("the column has no name".to_owned()),
        Some(known) => Ok((known.to_owned(), column.to_owned())),
        None if is_attribute => Ok((field.to_owned(), column.to_owned())),
        None => {
            let of = |dialect: Dialect| {
                format!("{}: {}", dialect.name(), field_names(dialect).collect::<Vec<_>>().join(", "))
            };
            Err(format!("{field} is no field; fields are, of {}", lists().map(of).collect::<Vec<_>>().join("; of ")))
        }
    }
}
