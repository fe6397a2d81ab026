//! What a refused envelope would change in the record, path by path, for the person who decides about it.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// Differences that are told; beyond that the decision needs another way of looking.
const DIFFERENCES_MAX: usize = 200;

/// What an entry says of itself that follows from the rest of the record.
const DERIVED: &[&str] = &["edited", "superseded_by"];

/// Something that would be another.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct Difference {
    /// Where in the record, for example `findings/01a1…/text`.
    pub(crate) path: String,
    /// What stands there now; null: nothing.
    pub(crate) now: Value,
    /// What would stand there.
    pub(crate) then: Value,
}

/// Where two records differ. Objects are compared member by member; what is new or gone is told as a whole.
pub(crate) fn differences(now: &Value, then: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("", now, then, &mut found);
    found
}

fn compare(path: &str, now: &Value, then: &Value, found: &mut Vec<Difference>) {
    if now == then || found.len() >= DIFFERENCES_MAX {
        return;
    }
    let (Value::Object(now_members), Value::Object(then_members)) = (now, then) else {
        found.push(Difference { path: path.to_owned(), now: now.clone(), then: then.clone() });
        return;
    };
    let gone = now_members.keys().filter(|name| !then_members.contains_key(*name));
    let is_told = |name: &&String| !path.contains('/') || !DERIVED.contains(&name.as_str());
    for name in then_members.keys().chain(gone).filter(is_told) {
        let inner = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
        let member =
            |members: &serde_json::Map<String, Value>| members.get(name).cloned().unwrap_or(Value::Null);
        compare(&inner, &member(now_members), &member(then_members), found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_differs_is_told_where_it_differs() {
        let now = json!({ "note": "", "findings": { "a": { "text": "intact", "code": "seal" }, "c": 1 } });
        let then = json!({ "note": "", "findings": { "a": { "text": "broken", "code": "seal" }, "b": { "code": "x" } } });
        let told = |path: &str, now, then| Difference { path: path.to_owned(), now, then };
        assert_eq!(
            differences(&now, &then),
            [
                told("findings/a/text", json!("intact"), json!("broken")),
                told("findings/b", Value::Null, json!({ "code": "x" })),
                told("findings/c", json!(1), Value::Null),
            ]
        );
        assert_eq!(differences(&now, &now), []);
        let edited = json!({ "note": "", "findings": { "a": { "text": "intact", "code": "seal", "edited": [1] }, "c": 1 } });
        assert_eq!(differences(&now, &edited), []);
    }
}
