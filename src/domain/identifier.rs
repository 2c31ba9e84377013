//! Identifiers: (type, value) pairs that name a customer, and their normal forms.

use super::nobody::means_nobody;

/// How far an identifier may be trusted to name one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Confidence {
    /// Names one person: two customers that share one are the same and merge.
    High,
    /// A device, cookie or token: moves to the person it is named beside.
    Low,
}

/// One identifier, normalised.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identifier {
    /// The type, such as `email`.
    pub name: String,
    /// The value in its normal form.
    pub value: String,
}

/// What a type of identifier may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdentifierRule {
    /// Whether it merges customers or moves between them.
    pub confidence: Confidence,
    /// The channels whose messages it can receive; empty for a type that names no address of its own.
    pub channels: &'static [&'static str],
    /// Whether it is an address on whatever channel it was seen on.
    pub seen_on_channel: bool,
}

impl IdentifierRule {
    /// Whether the type names an address that can be written to.
    pub fn is_messaging(&self) -> bool {
        self.seen_on_channel || !self.channels.is_empty()
    }
}

/// What became of a (type, value) pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Normalized {
    /// It names a customer.
    Identifier(Identifier),
    /// The value means nobody: taking it would merge everybody who has it.
    Nobody,
    /// The type is neither built in nor does its name end in one of [`CREATED_SUFFIXES`].
    UnknownType,
    /// The value has more than [`MAX_VALUE_CHARS`] characters.
    TooLong,
}

/// Most characters of a type's name.
pub const MAX_NAME_CHARS: usize = 64;
/// Most characters of a value.
pub const MAX_VALUE_CHARS: usize = 512;
/// Types whose names end so are created on first sight, as LOW and not messaging.
pub const CREATED_SUFFIXES: [&str; 7] = ["_id", "_hash", "_number", "_token", "_alias", "_address", "_key"];

/// Types whose names end so are push tokens.
pub const PUSH_TOKEN_SUFFIX: &str = "_push_token";

const EMAIL: IdentifierRule = rule(Confidence::High, &["email"]);
const PHONE: IdentifierRule = rule(Confidence::High, &["sms", "mms", "voice", "whatsapp"]);
const PERSON: IdentifierRule = rule(Confidence::High, &[]);
const PUSH_TOKEN: IdentifierRule = rule(Confidence::Low, &["push", "web_push"]);
const DEVICE: IdentifierRule = rule(Confidence::Low, &[]);
const ENDPOINT: IdentifierRule = IdentifierRule { seen_on_channel: true, ..DEVICE };

/// The built-in types by name; push tokens are built in too, by their suffix.
pub const BUILT_IN: [(&str, IdentifierRule); 8] = [
    ("email", EMAIL),
    ("phone", PHONE),
    ("user_id", PERSON),
    ("fs_user_id", PERSON),
    ("activatepro_id", PERSON),
    ("pinpoint_endpoint", ENDPOINT),
    ("vuid", DEVICE),
    ("ses_message_id", DEVICE),
];

const fn rule(confidence: Confidence, channels: &'static [&'static str]) -> IdentifierRule {
    IdentifierRule { confidence, channels, seen_on_channel: false }
}

/// The name that a type is known by: trimmed and lower-cased, and `fs-user-id` in any spelling is `fs_user_id`.
pub fn canonical_name(name: &str) -> String {
    let name = name.trim().to_lowercase();
    if name == "fs-user-id" { "fs_user_id".to_owned() } else { name }
}

/// The pair in its normal form, or why it names nobody. `name` may be in any spelling.
pub fn normalize(name: &str, value: &str) -> Normalized {
    let name = canonical_name(name);
    if rule_by_name(&name).is_none() {
        return Normalized::UnknownType;
    }
    let value = value.trim();
    if means_nobody(value) {
        return Normalized::Nobody;
    }
    if value.chars().count() > MAX_VALUE_CHARS {
        return Normalized::TooLong;
    }
    let value = match name.as_str() {
        "email" => value.to_lowercase(),
        "phone" => normalize_phone(value),
        _ => value.to_owned(),
    };
    Normalized::Identifier(Identifier { name, value })
}

/// The rule of a built-in type.
pub fn built_in(name: &str) -> Option<IdentifierRule> {
    let found = BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, rule)| *rule);
    found.or_else(|| has_stem(name, PUSH_TOKEN_SUFFIX).then_some(PUSH_TOKEN))
}

/// The rule of a type, built in or created on first sight by its suffix; `None` for a type that only an admin can make.
pub fn rule_by_name(name: &str) -> Option<IdentifierRule> {
    let well_formed = name.len() <= MAX_NAME_CHARS
        && name.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if !well_formed {
        return None;
    }
    built_in(name).or_else(|| CREATED_SUFFIXES.iter().any(|suffix| has_stem(name, suffix)).then_some(DEVICE))
}

/// Whether messages of `channel` reach identifiers of the type `name`. `pinpoint_endpoint` is an address on every channel
/// that it was seen on, so it is true for any.
pub fn serves_channel(name: &str, channel: &str) -> bool {
    rule_by_name(name).is_some_and(|rule| rule.seen_on_channel || rule.channels.contains(&channel))
}

fn has_stem(name: &str, suffix: &str) -> bool {
    name.len() > suffix.len() && name.ends_with(suffix)
}

/// E.164 where the number is international and parses; a number without its country is kept as given, for nobody can
/// tell whose it is.
fn normalize_phone(value: &str) -> String {
    let dialable = value.starts_with('+')
        && value.len() <= 40
        && value[1..].bytes().all(|byte| byte.is_ascii_digit() || b" -.()/".contains(&byte))
        && value.bytes().any(|byte| byte.is_ascii_digit());
    if !dialable {
        return value.to_owned();
    }
    // The parser strips national prefixes. Of a number too short to be one it would strip digit after digit, so that two
    // parses differ: such a number keeps its digits.
    let e164 = international(value).filter(|e164| international(e164).as_deref() == Some(e164));
    e164.unwrap_or_else(|| value.chars().filter(|c| *c == '+' || c.is_ascii_digit()).collect())
}

fn international(value: &str) -> Option<String> {
    let number = phonenumber::parse(None, value).ok()?;
    Some(number.format().mode(phonenumber::Mode::E164).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value_of(name: &str, value: &str) -> String {
        match normalize(name, value) {
            Normalized::Identifier(identifier) => identifier.value,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn values_take_the_normal_form_of_their_type() {
        for (name, value, expected) in [
            ("email", "  Ann.Lee@Example.COM ", "ann.lee@example.com"),
            ("phone", "+49 171 / 234-5678", "+491712345678"),
            ("phone", "+1 (555) 123-0000", "+15551230000"),
            ("phone", " 0171 2345678 ", "0171 2345678"),
            ("phone", "+not a number", "+not a number"),
            ("phone", "+", "Nobody"),
            ("email", " Null ", "Nobody"),
            ("vuid", " vuid_1A ", "vuid_1A"),
            ("customer_id", "0007", "0007"),
        ] {
            assert_eq!(value_of(name, value), expected, "{name} {value}");
        }
    }

    #[test]
    fn normal_forms_are_stable() {
        for (name, value) in [("email", "İB@Example.com"), ("phone", "+44 20 7946 0018"), ("phone", "+39 06 1234567")]
        {
            let once = value_of(name, value);
            assert_eq!(value_of(name, &once), once);
        }
    }

    #[test]
    fn flag_server_user_ids_have_one_name() {
        for name in ["fs-user-id", "FS-USER-ID", "FS_USER_ID", "fs_user_id"] {
            let expected = Identifier { name: "fs_user_id".to_owned(), value: "u1".to_owned() };
            assert_eq!(normalize(name, "u1"), Normalized::Identifier(expected));
        }
    }

    #[test]
    fn unknown_types_are_known_by_their_suffix_or_not_at_all() {
        let created = rule_by_name("loyalty_number").expect("a type by its suffix");
        assert_eq!((created.confidence, created.is_messaging()), (Confidence::Low, false));
        for name in ["nickname", "_id", "customer-id", "", "größe_id", &"x".repeat(70)] {
            assert_eq!(rule_by_name(name), None, "{name}");
        }
        assert_eq!(normalize("nickname", "bob"), Normalized::UnknownType);
    }

    #[test]
    fn addresses_serve_their_channels() {
        for (name, channel, expected) in [
            ("email", "email", true),
            ("email", "sms", false),
            ("phone", "whatsapp", true),
            ("shop_push_token", "web_push", true),
            ("shop_token", "push", false),
            ("pinpoint_endpoint", "anything", true),
            ("user_id", "email", false),
        ] {
            assert_eq!(serves_channel(name, channel), expected, "{name} {channel}");
        }
    }

    #[test]
    fn values_have_a_limit() {
        assert_eq!(normalize("user_id", &"x".repeat(513)), Normalized::TooLong);
        assert!(matches!(normalize("user_id", &"ü".repeat(512)), Normalized::Identifier(_)));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn any_phone_number_has_a_stable_form(number in r"\+[0-9][0-9 ./()-]{0,25}|.{0,30}") {
            let once = value_of("phone", &number);
            proptest::prop_assert_eq!(value_of("phone", &once), once.clone(), "{}", number);
        }
    }
}
