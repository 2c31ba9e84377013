//! The events that SES publishes: where each keeps what it has to say, and whom it is about.

/// Whom an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// Those in a list of the event's own object.
    Listed(&'static str),
    /// Everybody that the mail went to.
    Everybody,
    /// One of those that the mail went to; which one is known only when there are no others.
    Somebody,
}

/// One kind of event.
#[derive(Debug)]
pub(super) struct Form {
    /// Its name, plain.
    pub name: &'static str,
    /// The field with the event's own object.
    pub object: &'static str,
    /// Where its time stands.
    pub time_path: &'static str,
    /// Whom it is about.
    pub about: About,
}

/// All of them.
pub(super) const FORMS: [Form; 10] = [
    Form { name: "send", object: "send", time_path: "send.timestamp", about: About::Everybody },
    Form { name: "delivery", object: "delivery", time_path: "delivery.timestamp", about: About::Listed("recipients") },
    Form { name: "bounce", object: "bounce", time_path: "bounce.timestamp", about: About::Listed("bouncedRecipients") },
    Form {
        name: "complaint",
        object: "complaint",
        time_path: "complaint.timestamp",
        about: About::Listed("complainedRecipients"),
    },
    Form {
        name: "deliverydelay",
        object: "deliveryDelay",
        time_path: "deliveryDelay.timestamp",
        about: About::Listed("delayedRecipients"),
    },
    Form { name: "reject", object: "reject", time_path: "reject.timestamp", about: About::Everybody },
    Form { name: "renderingfailure", object: "failure", time_path: "failure.timestamp", about: About::Everybody },
    Form { name: "open", object: "open", time_path: "open.timestamp", about: About::Somebody },
    Form { name: "click", object: "click", time_path: "click.timestamp", about: About::Somebody },
    Form { name: "subscription", object: "subscription", time_path: "subscription.timestamp", about: About::Somebody },
];

impl Form {
    /// The form of a name in any case, with or without blanks.
    pub fn named(name: &str) -> Option<&'static Self> {
        let plain: String = name.chars().filter(|mark| !mark.is_whitespace()).collect();
        FORMS.iter().find(|form| form.name.eq_ignore_ascii_case(&plain))
    }

    /// Whether it tells that somebody, or a machine, opened the mail or clicked in it.
    pub fn is_act(&self) -> bool {
        matches!(self.name, "open" | "click")
    }
}
