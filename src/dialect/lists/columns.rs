//! Which field a column stands for, by its name: case, blanks and signs do not matter, and common names are known.
//!
//! Of several columns that stand for one field, the one whose name comes first in the table counts; the others are kept as
//! columns that nobody knows.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::domain::event::Dialect;

/// What a row that lacks them has of the caller: see [`super::Given`].
pub(in crate::dialect) const DEFAULT_LIST: &str = "default_list";
pub(in crate::dialect) const DEFAULT_TIME: &str = "default_time";
pub(in crate::dialect) const DEFAULT_REASON: &str = "default_reason";

/// What names a column of attributes where they stand beside other columns.
pub(in crate::dialect) const ATTRIBUTE_PREFIX: &str = "Attributes.";

/// A field, and the names of columns that stand for it besides its own, as [`normalized`] writes them.
type Field = (&'static str, &'static [&'static str]);

const EMAIL: Field =
    ("email", &["emailaddress", "mail", "mailaddress", "emailid", "recipientemail", "subscriberemail", "emailadresse"]);
const PHONE: Field = (
    "phone",
    &[
        "phonenumber",
        "mobile",
        "mobilenumber",
        "mobilephone",
        "cellphone",
        "telephone",
        "msisdn",
        "destinationphonenumber",
    ],
);
const ADDRESS: Field = ("address", &["recipient", "recipientaddress", "destination", "value"]);
const USER: Field = ("user_id", &["customerid", "subscriberid", "contactid", "externalid"]);
const TYPE: Field = ("type", &["identifiertype", "addresstype"]);
const CHANNEL: Field = ("channel", &["channeltype"]);
const LIST_DEFAULT: Field = (DEFAULT_LIST, &[]);
const TIME_DEFAULT: Field = (DEFAULT_TIME, &[]);
const REASON_DEFAULT: Field = (DEFAULT_REASON, &[]);

const SUPPRESSIONS: &[Field] = &[
    EMAIL,
    PHONE,
    ADDRESS,
    USER,
    TYPE,
    CHANNEL,
    ("reason", &["suppressionreason", "reasontype", "suppressiontype", "bouncetype", "category"]),
    ("status", &["code", "statuscode", "errorcode", "smtpcode", "bouncecode"]),
    ("error", &["errormessage", "description", "message", "diagnosticcode", "response"]),
    (
        "time",
        &[
            "since",
            "timestamp",
            "at",
            "created",
            "createdat",
            "createdtime",
            "creationtime",
            "lastupdatetime",
            "lastupdatedtime",
            "suppressedat",
            "addedat",
            "added",
            "dateadded",
            "datecreated",
            "date",
            "updatedat",
        ],
    ),
    TIME_DEFAULT,
    REASON_DEFAULT,
];

const LIST_MEMBERS: &[Field] = &[
    EMAIL,
    PHONE,
    ADDRESS,
    USER,
    TYPE,
    CHANNEL,
    (
        "list",
        &["listid", "listname", "audience", "audienceid", "mailinglist", "topic", "topicname", "group", "groupid"],
    ),
    ("status", &["subscribed", "issubscribed", "subscriptionstatus", "state", "memberstatus", "emailstatus"]),
    (
        "subscribed_at",
        &["subscribetime", "subscribedate", "optintime", "optindate", "confirmtime", "signupdate", "joinedat"],
    ),
    ("unsubscribed_at", &["unsubtime", "unsubscribetime", "unsubscribedate", "optouttime", "optoutdate", "leftat"]),
    (
        "time",
        &[
            "timestamp",
            "at",
            "updatedat",
            "lastchanged",
            "lastupdated",
            "lastupdatedtimestamp",
            "statusat",
            "date",
            "created",
            "createdat",
            "addedat",
            "added",
            "dateadded",
            "since",
        ],
    ),
    LIST_DEFAULT,
    TIME_DEFAULT,
];

/// The fields of Pinpoint's endpoints by their paths.
const ENDPOINTS: &[Field] = &[
    ("Id", &["endpointid"]),
    ("ApplicationId", &[]),
    ("Address", &[]),
    ("ChannelType", &[]),
    ("EndpointStatus", &[]),
    ("OptOut", &[]),
    ("EffectiveDate", &[]),
    ("CreationDate", &[]),
    ("CohortId", &[]),
    ("RequestId", &[]),
    ("User.UserId", &["userid"]),
    ("Location.City", &[]),
    ("Location.Country", &[]),
    ("Location.Latitude", &[]),
    ("Location.Longitude", &[]),
    ("Location.PostalCode", &[]),
    ("Location.Region", &[]),
    ("Demographic.AppVersion", &[]),
    ("Demographic.Locale", &[]),
    ("Demographic.Make", &[]),
    ("Demographic.Model", &[]),
    ("Demographic.ModelVersion", &[]),
    ("Demographic.Platform", &[]),
    ("Demographic.PlatformVersion", &[]),
    ("Demographic.Timezone", &[]),
    TIME_DEFAULT,
];

/// What endpoints nest other fields in.
const ENDPOINT_GROUPS: [&str; 5] = ["User", "Attributes", "Metrics", "Location", "Demographic"];
/// Where an endpoint has attributes of free names.
const ENDPOINT_ATTRIBUTES: [&str; 3] = [ATTRIBUTE_PREFIX, "User.UserAttributes.", "Metrics."];

/// What a column is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::dialect) enum Column {
    /// It stands for this field; the smaller the number, the better its name.
    Field(&'static str, usize),
    /// It stands for an attribute, under this name.
    Attribute(String),
    /// Nobody knows it.
    Unknown,
}

/// What a column of this name is in a list of this form.
pub(in crate::dialect) fn column(dialect: Dialect, name: &str) -> Column {
    if let Some((field, rank)) = NAMES.get(&dialect).and_then(|names| names.get(&normalized(name))) {
        return Column::Field(field, *rank);
    }
    let group = ENDPOINT_GROUPS.iter().find(|group| dialect == Dialect::PinpointEndpoints && **group == name);
    if let Some(group) = group {
        return Column::Field(group, 0);
    }
    let attribute = attribute_prefixes(dialect).iter().find_map(|prefix| {
        let (start, rest) = name.trim().split_at_checked(prefix.len())?;
        (start.eq_ignore_ascii_case(prefix) && !rest.is_empty()).then(|| format!("{prefix}{rest}"))
    });
    attribute.map_or(Column::Unknown, Column::Attribute)
}

fn attribute_prefixes(dialect: Dialect) -> &'static [&'static str] {
    match dialect {
        Dialect::PinpointEndpoints => &ENDPOINT_ATTRIBUTES,
        Dialect::ListMembers => &ENDPOINT_ATTRIBUTES[..1],
        _ => &[],
    }
}

/// The fields that a form's columns may stand for, for messages.
pub fn field_names(dialect: Dialect) -> impl Iterator<Item = &'static str> {
    fields(dialect).iter().map(|(name, _)| *name).filter(|name| !name.starts_with("default_"))
}

/// Whether a field names somebody.
pub(in crate::dialect) fn names_somebody(field: &str) -> bool {
    matches!(field, "email" | "phone" | "address" | "Address" | "Id" | "User.UserId")
}

fn fields(dialect: Dialect) -> &'static [Field] {
    match dialect {
        Dialect::PinpointEndpoints => ENDPOINTS,
        Dialect::Suppressions => SUPPRESSIONS,
        Dialect::ListMembers => LIST_MEMBERS,
        _ => &[],
    }
}

/// The letters and digits of a name, in lower case.
pub(in crate::dialect) fn normalized(name: &str) -> String {
    name.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

type Names = HashMap<String, (&'static str, usize)>;

static NAMES: LazyLock<HashMap<Dialect, Names>> = LazyLock::new(|| {
    let names = |dialect: Dialect| {
        let of_field = |(field, others): &Field| -> Vec<(String, (&'static str, usize))> {
            let field = *field;
            let others = others.iter().map(|other| (*other).to_owned());
            std::iter::once(normalized(field))
                .chain(others)
                .enumerate()
                .map(|(rank, name)| (name, (field, rank)))
                .collect()
        };
        fields(dialect).iter().flat_map(of_field).collect()
    };
    Dialect::ALL.iter().filter(|dialect| dialect.is_list()).map(|dialect| (*dialect, names(*dialect))).collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_in_any_spelling() {
        for (dialect, name, field, rank) in [
            (Dialect::Suppressions, "E-Mail Address", "email", 1),
            (Dialect::Suppressions, "EMAIL", "email", 0),
            (Dialect::Suppressions, "created_at", "time", 5),
            (Dialect::ListMembers, "OPTIN_TIME", "subscribed_at", 3),
            (Dialect::PinpointEndpoints, "User.UserId", "User.UserId", 0),
            (Dialect::PinpointEndpoints, "user id", "User.UserId", 1),
            (Dialect::PinpointEndpoints, "location.postalcode", "Location.PostalCode", 0),
        ] {
            assert_eq!(column(dialect, name), Column::Field(field, rank), "{name}");
        }
    }

    #[test]
    fn attributes_keep_their_own_spelling() {
        let attribute = |name: &str| Column::Attribute(name.to_owned());
        assert_eq!(column(Dialect::PinpointEndpoints, "attributes.Plan.A"), attribute("Attributes.Plan.A"));
        let user = column(Dialect::PinpointEndpoints, "User.UserAttributes.first name");
        assert_eq!(user, attribute("User.UserAttributes.first name"));
        assert_eq!(column(Dialect::PinpointEndpoints, "Attributes"), Column::Field("Attributes", 0));
        assert_eq!(column(Dialect::Suppressions, "Attributes.Plan"), Column::Unknown);
        assert_eq!(column(Dialect::ListMembers, "Attributes."), Column::Unknown);
    }

    #[test]
    fn no_name_stands_for_two_fields() {
        for dialect in Dialect::ALL.iter().filter(|dialect| dialect.is_list()) {
            let all = fields(*dialect).iter().map(|(_, others)| others.len() + 1).sum::<usize>();
            assert_eq!(NAMES[dialect].len(), all, "{dialect:?}");
        }
    }
}
