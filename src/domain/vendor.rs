//! The vendors' forms of records and the issuers of campaign ids: one table each, from which the API's enumerations, the
//! command line and the routes follow.

/// Hands every form of records, with its words, to another macro. In the order of documentation.
macro_rules! dialects {
    ($define:ident) => {
        $define! {
            /// Optimizely Data Platform.
            Odp, "odp", "ODP";
            /// ActivatePro outbound events.
            ActivatePro, "activatepro", "ACTIVATEPRO";
            /// Amazon Pinpoint: event stream and `PutEvents`.
            Pinpoint, "pinpoint", "PINPOINT";
            /// Amazon SES: event publishing and notifications.
            Ses, "ses", "SES";
            /// AWS End User Messaging: SMS, MMS and voice.
            Sms, "sms", "SMS";
            /// SendGrid event webhook.
            SendGrid, "sendgrid", "SENDGRID";
            /// Mailgun webhooks and events.
            Mailgun, "mailgun", "MAILGUN";
            /// The typed form of this API.
            Native, "native", "NATIVE";
            /// Amazon Pinpoint: exported endpoints, with their state and attributes.
            PinpointEndpoints, "pinpoint_endpoints", "PINPOINT_ENDPOINTS";
            /// Suppression lists of any vendor: addresses that must not be written to, and why.
            Suppressions, "suppressions", "SUPPRESSIONS";
            /// Members of a list: who joined or left it.
            ListMembers, "list_members", "LIST_MEMBERS";
        }
    };
}

/// Hands every issuer of campaign ids, with its words, to another macro.
macro_rules! namespaces {
    ($define:ident) => {
        $define! {
            /// Optimizely Data Platform.
            Odp, "odp", "ODP";
            /// ActivatePro.
            ActivatePro, "activatepro", "ACTIVATEPRO";
            /// Amazon: Pinpoint, SES, End User Messaging.
            Aws, "aws", "AWS";
            /// SendGrid.
            SendGrid, "sendgrid", "SENDGRID";
            /// Mailgun.
            Mailgun, "mailgun", "MAILGUN";
            /// Given directly, by typed events.
            Native, "native", "NATIVE";
        }
    };
}

pub(crate) use {dialects, namespaces};

macro_rules! define_dialects {
    ($($(#[$about:meta])+ $variant:ident, $name:literal, $api_name:tt;)+) => {
        /// The vendor's form that a record came in. The name is the `source` of an event.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Dialect {
            $($(#[$about])+ $variant,)+
        }

        impl Dialect {
            /// Every dialect, in the order of documentation.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The name used in routes, flags, answers and the database.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

macro_rules! define_namespaces {
    ($($(#[$about:meta])+ $variant:ident, $name:literal, $api_name:tt;)+) => {
        /// Who issued a campaign id: ids are unique within a namespace.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Namespace {
            $($(#[$about])+ $variant,)+
        }

        impl Namespace {
            /// Every namespace.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The name used in answers and the database.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

dialects!(define_dialects);
namespaces!(define_namespaces);

impl Dialect {
    /// The dialect of a name, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|dialect| dialect.name().eq_ignore_ascii_case(name))
    }

    /// Whether its records are lists that are brought along: what holds of addresses and people, not what happened to
    /// messages. They may come as CSV.
    pub fn is_list(self) -> bool {
        matches!(self, Self::PinpointEndpoints | Self::Suppressions | Self::ListMembers)
    }

    /// The forms that report what happened.
    pub fn reporting() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|dialect| !dialect.is_list())
    }
}

impl Namespace {
    /// The namespace of a name, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|namespace| namespace.name().eq_ignore_ascii_case(name))
    }
}

/// What a caller says of the form of its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Nothing: each record is told by its keys.
    Auto,
    /// All of them have this form.
    Of(Dialect),
}

impl Format {
    const AUTO: &str = "auto";

    /// Every format, in the order of documentation.
    pub fn all() -> impl Iterator<Item = Self> {
        std::iter::once(Self::Auto).chain(Dialect::ALL.iter().copied().map(Self::Of))
    }

    /// The name used in routes and flags.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => Self::AUTO,
            Self::Of(dialect) => dialect.name(),
        }
    }

    /// The format of a name, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::all().find(|format| format.name().eq_ignore_ascii_case(name))
    }
}
