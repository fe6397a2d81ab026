//! Devices, decisions and earlier values of a conflict in words.

use super::{DecisionLine, DeviceLine};
use crate::complaints::phrases::Phrases;
use crate::pages::Words;
use crate::review::conflicts::{CarrierBody, ConflictBody, EarlierBody, ValueBody};
use sync_core::ids::ChangeHash;

/// The letters of the values with these changes.
fn letters(values: &[ValueBody], changes: &[ChangeHash]) -> String {
    let named = values.iter().zip('A'..='Z').filter(|(value, _)| changes.contains(&value.change));
    named.map(|(_, letter)| letter.to_string()).collect::<Vec<_>>().join(", ")
}

/// What the devices of the visit show, as far as they have confirmed it.
pub(super) fn devices(w: Words, conflict: &ConflictBody, values: &[ValueBody]) -> Vec<DeviceLine> {
    let newest = conflict.decisions.last().map(|decision| (decision.decided_at_ms, decision.choice.as_str()));
    let line = |carrier: &CarrierBody| {
        let seen = carrier.last_seen_at_ms.map(|at| w.a("conflict-last-contact", w.time(at)));
        let (said, class, when) = match (carrier.told, carrier.has_decision, newest) {
            (false, ..) => (w.t("conflict-not-told"), "", seen),
            (_, Some(true), Some((_, choice))) => {
                let said = match choice {
                    sync_core::document::UNDONE => w.t("conflict-shows-values-again"),
                    _ => w.t("conflict-shows-decision"),
                };
                let confirmed = carrier.confirmed_at_ms.map(|at| w.a("conflict-confirmed", w.time(at)));
                (said, "good", confirmed)
            }
            (_, Some(false), Some((decided, _)))
                if carrier.last_seen_at_ms.is_some_and(|at| at > decided) =>
            {
                (w.t("conflict-unconfirmed"), "warn", seen)
            }
            (_, Some(false), _) => (w.t("conflict-not-fetched"), "warn", seen),
            _ => {
                let (said, class) = held(w, values, carrier);
                (said, class, seen)
            }
        };
        let (label, person) = (carrier.device.label.clone(), carrier.person.name.clone());
        DeviceLine { label, person, said, when, class }
    };
    conflict.devices.iter().flatten().map(line).collect()
}

/// Which of the competing values a device has, while nothing is decided.
fn held(w: Words, values: &[ValueBody], carrier: &CarrierBody) -> (String, &'static str) {
    match carrier.values.len() {
        0 => (w.t("conflict-has-none"), "warn"),
        count if count == values.len() => (w.t("conflict-has-all"), "good"),
        _ => (w.a("conflict-has-some", letters(values, &carrier.values)), "warn"),
    }
}

/// What was decided so far, oldest first.
pub(super) fn decisions(
    phrases: &Phrases,
    conflict: &ConflictBody,
    values: &[ValueBody],
) -> Vec<DecisionLine> {
    let w = phrases.w;
    let line = |decision: &super::super::conflicts::DecisionBody| {
        let words = decision.value.as_ref().map(|value| phrases.value(&conflict.path, value));
        let letter = decision.change.map(|change| letters(values, &[change])).filter(|text| !text.is_empty());
        DecisionLine {
            choice: w.code("conflict-choice", &decision.choice),
            value: words
                .map(|words| letter.map_or_else(|| words.clone(), |letter| format!("{letter}: {words}"))),
            reason: decision.reason.clone(),
            who: decision.decided_by.name.clone(),
            at: w.time(decision.decided_at_ms),
            undone: decision.undone,
        }
    };
    conflict.decisions.iter().map(line).collect()
}

/// A value that was overwritten, and who had written it when.
pub(super) fn earlier(phrases: &Phrases, path: &str, earlier: &EarlierBody) -> (String, String) {
    let w = phrases.w;
    let name = earlier.person.as_ref().and_then(|person| person.name.clone());
    let device = earlier.device.as_ref().and_then(|device| device.label.clone());
    let at = earlier.claimed_at_ms.map(|at| w.time(at));
    let who: Vec<String> = [name, device, at].into_iter().flatten().collect();
    (phrases.value(path, &earlier.value), who.join(" · "))
}
