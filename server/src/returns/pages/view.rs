//! One return visit in words.

use crate::complaints::phrases::Phrases;
use crate::pages::Words;
use crate::returns::bodies::{AttemptBody, ComparedBody, ReturnBody, ReturnDetail};
use crate::returns::model::ReturnState;
use std::collections::BTreeMap;
use sync_core::document::Scalar;
use sync_core::protocol::{ChecklistItem, ItemKind};
use sync_core::return_visit::{ReturnRules, Slot, slots};
use sync_core::time::Timestamp;

/// Times that are offered for another call.
const SLOTS_MAX: usize = 12;
/// How far ahead they lie at most.
const SLOTS_AHEAD_MS: i64 = 5 * 86_400_000;

/// By telephone or at the door.
pub(super) fn method_words(w: Words, body: &ReturnBody) -> String {
    w.code("return-method", body.method)
}

/// The limit, and whether it has passed.
pub(super) fn due_badge(w: Words, body: &ReturnBody, now: Timestamp) -> Option<(&'static str, String)> {
    let due = body.due_at_ms.filter(|_| body.state == ReturnState::Open)?;
    Some(match due - now.unix_ms() {
        ..0 => ("bad", w.a("return-overdue", w.time(due))),
        0..14_400_000 => ("warn", w.a("watch-due", w.time(due))),
        _ => ("", w.a("watch-due", w.time(due))),
    })
}

/// What the record claims, in words.
pub(super) fn claimed_words(w: Words, claimed: Option<bool>) -> String {
    match claimed {
        Some(true) => w.t("record-yes"),
        Some(false) => w.t("record-no"),
        None => w.t("return-not-claimed"),
    }
}

/// A question as a form asks it.
#[derive(Debug, Clone)]
pub(super) struct QuestionPart {
    pub(super) code: String,
    pub(super) words: String,
    pub(super) required: bool,
    /// Codes and words to choose from; empty: something is typed.
    pub(super) options: Vec<(String, String)>,
    pub(super) is_number: bool,
    /// The newest answer, in words, with how long it took.
    pub(super) answer: Option<(String, Option<String>)>,
}

/// The questions with their newest answers, in their order.
pub(super) fn questions(
    phrases: &Phrases,
    items: &[ChecklistItem],
    detail: &ReturnDetail,
) -> Vec<QuestionPart> {
    let w = phrases.w;
    let mut newest: BTreeMap<&str, (&Scalar, Option<i64>)> = BTreeMap::new();
    for given in &detail.answers {
        newest.insert(&given.question, (&given.answer, given.seconds));
    }
    let part = |item: &ChecklistItem| {
        let options = match &item.kind {
            ItemKind::YesNo => {
                vec![("yes".to_owned(), w.t("record-yes")), ("no".to_owned(), w.t("record-no"))]
            }
            ItemKind::Choice { options } => options
                .iter()
                .map(|option| (option.code.clone(), w.either(&option.zh, &option.en).to_owned()))
                .collect(),
            _ => Vec::new(),
        };
        let answer = newest.get(item.code.as_str()).map(|(answer, seconds)| {
            let words = phrases.value(&format!("answers/{}", item.code), answer);
            (words, seconds.map(|seconds| w.n("return-seconds", seconds)))
        });
        QuestionPart {
            code: item.code.clone(),
            words: w.either(&item.zh, &item.en).to_owned(),
            required: item.required,
            options,
            is_number: matches!(item.kind, ItemKind::Number { .. }),
            answer,
        }
    };
    items.iter().map(part).collect()
}

/// A claim beside an answer, in words.
#[derive(Debug)]
pub(super) struct PairLine {
    pub(super) question: String,
    pub(super) claimed: String,
    pub(super) answer: String,
    pub(super) class: &'static str,
    pub(super) fit: String,
}

pub(super) fn pair_line(phrases: &Phrases, pair: &ComparedBody) -> PairLine {
    let w = phrases.w;
    PairLine {
        question: phrases.question(&pair.question),
        claimed: claimed_words(w, pair.claimed),
        answer: phrases.value(&format!("answers/{}", pair.question), &pair.answer),
        class: match pair.fit {
            "agrees" => "good",
            "contradicts" => "bad",
            _ => "",
        },
        fit: w.code("return-fit", pair.fit),
    }
}

/// A call in vain, in words.
pub(super) fn attempt_line(w: Words, made: &AttemptBody) -> (String, String) {
    let who = made.person.name.clone().unwrap_or_else(|| w.t("record-unknown"));
    let mut facts = vec![w.time(made.at_ms), who];
    if !made.in_window {
        facts.push(w.t("return-outside"));
    }
    facts.extend(made.next_from_ms.map(|next| w.a("return-next", w.time(next))));
    let title = w.code("return-attempt", made.outcome);
    let title = if made.note.is_empty() { title } else { format!("{title}: {}", made.note) };
    (title, facts.join(" · "))
}

/// Times for another call, each with its value; those after the limit say so.
pub(super) fn offered(
    w: Words,
    rules: &ReturnRules,
    calendar: &sync_core::deadline::Calendar,
    (now, due): (Timestamp, Option<Timestamp>),
) -> Vec<(String, String)> {
    let found = slots((now, now.plus_ms(SLOTS_AHEAD_MS)), &rules.windows, calendar, SLOTS_MAX);
    let offer = |slot: &Slot| {
        let from = slot.from.max(now.plus_ms(60_000));
        let words = w.ab("clock-from-to", w.time(slot.from), w.time(slot.to));
        let late = due.is_some_and(|due| slot.from > due);
        let words = if late { w.a("return-slot-late", words) } else { words };
        (format!("{}-{}", from.unix_ms(), slot.to.unix_ms()), words)
    };
    found.iter().filter(|slot| slot.to > now.plus_ms(60_000)).map(offer).collect()
}
