//! Changes made by hand and changes of settings, while events arrive: random mutations, with the events they must become.

use campaignql::dialect::read_value;
use campaignql::domain::event::{Dialect, NewEvent};
use campaignql::domain::identifier::Identifier;
use serde_json::{Value, json};

use super::acts::event_number;
use super::dice::Dice;
use super::events::LISTS;
use super::world::{World, moment, text};
use crate::kit::Client;
use crate::oracle::address::Rules;

/// A mutation, and the event that it becomes.
pub struct Update {
    field: &'static str,
    input: Value,
    list: Option<&'static str>,
    /// The event.
    pub event: NewEvent,
}

/// Random updates by hand.
pub fn updates(count: usize, dice: &Dice) -> Vec<Update> {
    let world = World::new();
    (0..count).map(|_| update(&world, dice)).collect()
}

fn update(world: &World, dice: &Dice) -> Update {
    let name = dice.pick(&["email", "email", "phone", "android_push_token", "pinpoint_endpoint"]);
    let (_, value) = world.somebody_with(name, dice);
    update_of(&Identifier { name: name.to_owned(), value }, dice)
}

/// A random update of an address.
pub fn update_of(address: &Identifier, dice: &Dice) -> Update {
    let at = text(moment(dice));
    let identifier = json!({ "type": address.name, "value": address.value });
    let mut input = json!({ "identifier": identifier, "occurredAt": at });
    let mut record = json!({ "identifiers": [identifier], "occurredAt": at });
    let yes = dice.chance(50);
    let mut list = None;
    let field = match dice.below(3) {
        0 => {
            input["isOptedIn"] = json!(yes);
            let words = if yes { ["consent", "opt-in", "OPTED_IN"] } else { ["consent", "opt-out", "OPTED_OUT"] };
            say(&mut record, words);
            "consentSet"
        }
        1 => {
            input["reachable"] = json!(yes);
            if yes {
                say(&mut record, ["reachability", "reachable", "REACHABLE"]);
            } else {
                input["type"] = json!("EXPIRED");
                record["reason"] = json!("expired");
                say(&mut record, ["reachability", "unreachable", "UNREACHABLE"]);
            }
            "reachabilitySet"
        }
        _ => {
            let name = dice.pick(&LISTS);
            list = Some(name);
            input["isSubscribed"] = json!(yes);
            record["list"] = json!(name);
            let join = ["list", "subscribe", "LIST_SUBSCRIBED"];
            say(&mut record, if yes { join } else { ["list", "unsubscribe", "LIST_UNSUBSCRIBED"] });
            "listSubscriptionSet"
        }
    };
    let read = read_value(Dialect::Native, &record).remove(0);
    let event = read.outcome.expect("a good record").remove(0);
    Update { field, input, list, event }
}

fn say(record: &mut Value, [event_type, action, kind]: [&str; 3]) {
    record["type"] = json!(event_type);
    record["action"] = json!(action);
    record["kind"] = json!(kind);
}

/// Makes the changes; tells how many new events they were.
pub async fn make(client: &Client, updates: &[Update]) -> u64 {
    let mut events = 0;
    for update in updates {
        events += u64::from(make_one(client, update).await.is_some());
    }
    events
}

/// Makes a change; shard and number of the new event, if it was one.
pub async fn make_one(client: &Client, update: &Update) -> Option<(i16, i64)> {
    let mut input = update.input.clone();
    if let Some(name) = update.list {
        let create = "mutation($name: String!) { listCreate(input: { name: $name }) { list { id } } }";
        input["list"] = client.data(create, json!({ "name": name })).await["listCreate"]["list"]["id"].clone();
    }
    let mut input_type = update.field.to_owned();
    input_type[..1].make_ascii_uppercase();
    let query = format!(
        "mutation($input: {input_type}Input!) {{ {}(input: $input) {{ status event {{ id }} userErrors {{ code }} }} }}",
        update.field
    );
    let payload = client.data(&query, json!({ "input": input })).await[update.field].clone();
    if payload["userErrors"][0]["code"] == "ERASED" {
        return None;
    }
    assert_eq!(payload["userErrors"], json!([]), "{payload}");
    assert_eq!(payload["event"].is_object(), payload["status"] == "ACCEPTED", "{payload}");
    event_number(payload["event"]["id"].as_str()?)
}

/// Random rules.
pub fn rules(dice: &Dice) -> Rules {
    let channels = ["email", "sms", "push", "custom"];
    let default_consent = channels.iter().map(|channel| ((*channel).to_owned(), dice.chance(50))).collect();
    Rules { soft_bounces: dice.between(1, 6), default_consent }
}

/// Gives the workspace rules.
pub async fn set_rules(client: &Client, rules: &Rules) {
    let consent = rules.default_consent.iter();
    let consent: Vec<Value> = consent.map(|(channel, yes)| json!({ "channel": channel, "isConsented": yes })).collect();
    let input = json!({ "softBounceLimit": rules.soft_bounces, "defaultConsent": consent });
    let query = "mutation($input: WorkspaceUpdateInput!) { workspaceUpdate(input: $input) { \
        workspace { softBounceLimit } userErrors { message } } }";
    let data = client.data(query, json!({ "input": input })).await;
    assert_eq!(data["workspaceUpdate"]["workspace"]["softBounceLimit"], json!(rules.soft_bounces), "{data}");
}
