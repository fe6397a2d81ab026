//! By which signs a complaint is special, from facts alone: whatever the order in which they arrived, the same facts
//! have the same signs.

use super::model::{IssueType, Path, Proposal, Sign, SpecialKind};
use crate::complaints::office_day_number;
use std::collections::{BTreeMap, BTreeSet};
use sync_core::deadline::{BatchRule, EscalatedRule, FocusRule, MajorRule, RepeatRule, SpecialRules};
use sync_core::ids::ComplaintId;
use sync_core::time::Timestamp;

const HOUR_MS: i64 = 3_600_000;
/// Metres of a degree of latitude.
const DEGREE_METRES: f64 = 111_195.0;

/// What is compared between complaints.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Matter {
    pub(super) id: ComplaintId,
    /// When it was accepted: when the customer turned to us, as far as that is believable.
    pub(super) heard: Timestamp,
    /// Whose it is, as far as is known.
    pub(super) customer: String,
    pub(super) category: String,
    pub(super) region: String,
    /// Latitude and longitude.
    pub(super) place: Option<(f64, f64)>,
    /// When it was closed or withdrawn.
    pub(super) closed: Option<Timestamp>,
    /// Whether a verdict was given.
    pub(super) handled: bool,
}

impl Matter {
    /// Whether this one came first. Of complaints of one party only later ones follow from earlier ones.
    pub(super) fn before(&self, other: &Self) -> bool {
        (self.heard, self.id) < (other.heard, other.id)
    }
}

/// A complaint with everything that rules look at.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) me: Matter,
    pub(super) channel: &'static str,
    pub(super) path: Path,
    /// What the customer says.
    pub(super) says: String,
    /// Whether it was taken up again after it had been answered.
    pub(super) reopened: bool,
    /// Return visits that found the customer not content.
    pub(super) dissatisfied: u32,
    /// From when until when the answer is due.
    pub(super) answer: Option<(Timestamp, Timestamp)>,
    /// Units that have a part in it.
    pub(super) departments: usize,
    /// Others of the same customer or meter with the same category.
    pub(super) related: Vec<Matter>,
    /// Others of the same class that were heard about the same time.
    pub(super) near: Vec<Matter>,
    /// Days for which an early warning stands for the class in its region.
    pub(super) warned: BTreeSet<i64>,
}

/// What came of looking at a complaint.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Judged {
    pub(super) proposals: Vec<Proposal>,
    /// Others of the batches that it belongs to, with the signs of those.
    pub(super) members: BTreeMap<ComplaintId, BTreeSet<&'static str>>,
    /// When to look again though nothing changes.
    pub(super) again: Option<Timestamp>,
}

/// Whether two categories are the same matter: the same up to their third part.
pub(super) fn same_matter(one: &str, other: &str) -> bool {
    one.split('.').take(3).eq(other.split('.').take(3))
}

/// Everything that rules propose for a complaint.
pub(super) fn judge(rules: &SpecialRules, case: &Case, now: Timestamp) -> Judged {
    let members = batches(&rules.batch, case);
    let (focus, again) = focus(&rules.focus, case, now);
    let found = [
        repeat(&rules.repeat, case),
        escalated(&rules.escalated, case),
        members.get(&case.me.id).map(|signs| {
            let signs = signs.iter().map(|reason| sign(reason, None, None)).collect();
            proposal(SpecialKind::Batch, 1, signs)
        }),
        major(&rules.major, case),
        focus,
    ];
    let mut members = members;
    members.remove(&case.me.id);
    Judged { proposals: found.into_iter().flatten().collect(), members, again }
}

fn sign(reason: &str, number: Option<i64>, word: Option<&str>) -> Sign {
    Sign { reason: reason.to_owned(), number, word: word.map(str::to_owned) }
}

fn proposal(kind: SpecialKind, level: i64, mut signs: Vec<Sign>) -> Proposal {
    signs.sort();
    Proposal { kind, level, signs }
}

/// The second one within so many days after the one before was accepted, or closed; while that is open, at any time.
fn repeat(rule: &RepeatRule, case: &Case) -> Option<Proposal> {
    let day = office_day_number(case.me.heard);
    let within = |from: Timestamp| day - office_day_number(from) <= i64::from(rule.days);
    let counts = |one: &&Matter| one.before(&case.me) && (within(one.heard) || one.closed.is_none_or(within));
    let number = 1 + case.related.iter().filter(counts).count();
    let level = if number >= rule.alert as usize { 2 } else { 1 };
    let number = i64::try_from(number).unwrap_or(i64::MAX);
    (number > 1).then(|| proposal(SpecialKind::Repeat, level, vec![sign("again", Some(number), None)]))
}

/// Comes from above, or the customer was not content again and again.
fn escalated(rule: &EscalatedRule, case: &Case) -> Option<Proposal> {
    let handled =
        case.reopened || case.related.iter().any(|one| one.before(&case.me) && one.handled) || !rule.handled;
    let from = passed_on(&rule.sources, case).filter(|_| handled);
    let mut signs: Vec<Sign> = from.map(|word| sign("transferred", None, Some(word))).into_iter().collect();
    if case.dissatisfied >= rule.dissatisfied {
        signs.push(sign("dissatisfied", Some(i64::from(case.dissatisfied)), None));
    }
    (!signs.is_empty()).then(|| proposal(SpecialKind::Escalated, 1, signs))
}

/// The channel, or who passed it on, if the rule names it.
fn passed_on<'a>(sources: &[String], case: &'a Case) -> Option<&'a str> {
    let source = case.path.source.map(super::model::Source::as_str);
    let words = source.into_iter().chain([case.channel]);
    words.into_iter().find(|word| sources.iter().any(|named| named == word))
}

/// Injury, loss, media, people who depend on the supply, an authority: reported at once.
fn major(rule: &MajorRule, case: &Case) -> Option<Proposal> {
    let mut signs = Vec::new();
    if case.path.issue == Some(IssueType::Sensitive) {
        signs.push(sign("sensitive", None, None));
    }
    signs.extend(passed_on(&rule.sources, case).map(|word| sign("transfer", None, Some(word))));
    signs.extend(word_in(&rule.words, &case.says).map(|word| sign("word", None, Some(word))));
    let loss = loss_yuan(&case.says).filter(|yuan| *yuan >= i64::from(rule.loss_yuan));
    signs.extend(loss.map(|yuan| sign("loss", Some(yuan), None)));
    (!signs.is_empty()).then(|| proposal(SpecialKind::Major, 2, signs))
}

/// On the watch list, or open for too long among too many; else when that would be.
fn focus(rule: &FocusRule, case: &Case, now: Timestamp) -> (Option<Proposal>, Option<Timestamp>) {
    let mut signs: Vec<Sign> =
        word_in(&rule.words, &case.says).map(|word| sign("topic", None, Some(word))).into_iter().collect();
    let below = |named: &&String| {
        let rest = case.me.category.strip_prefix(named.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    if signs.is_empty() {
        let named = rule.categories.iter().find(below);
        signs.extend(named.map(|category| sign("topic", None, Some(category))));
    }
    let many = case.departments >= rule.departments as usize;
    let limit = case
        .answer
        .filter(|_| many)
        .map(|(from, due)| from.plus_ms(due.since_ms(from).saturating_mul(i64::from(rule.percent)) / 100));
    let again = limit.filter(|limit| now <= *limit).map(|limit| limit.plus_ms(1));
    if limit.is_some_and(|limit| now > limit) {
        signs.push(sign("overdue", i64::try_from(case.departments).ok(), None));
    }
    ((!signs.is_empty()).then(|| proposal(SpecialKind::Focus, 1, signs)), again)
}

/// The first of these words that stands in a text, in any case.
fn word_in<'a>(words: &'a [String], text: &str) -> Option<&'a str> {
    let text = text.to_lowercase();
    words.iter().map(String::as_str).find(|word| text.contains(&word.to_lowercase()))
}

/// The loss that a text names, in yuan: 损失3.5万元, "a loss of 12,000 yuan".
#[expect(clippy::cast_possible_truncation, reason = "an amount of money, held within the range")]
fn loss_yuan(text: &str) -> Option<i64> {
    const CHARS: usize = 24;
    let text = text.to_lowercase();
    let named =
        ["损失", "loss"].into_iter().flat_map(|word| text.match_indices(word).map(move |at| (word, at.0)));
    let amounts = named.filter_map(|(word, at)| {
        let rest: String = text[at + word.len()..].chars().take(CHARS).collect();
        let from = rest.find(|c: char| c.is_ascii_digit())?;
        let digits: String =
            rest[from..].chars().take_while(|c| c.is_ascii_digit() || matches!(c, '.' | ',')).collect();
        let unit = rest[from + digits.len()..].trim_start();
        let (times, unit) = match unit.strip_prefix('万') {
            Some(rest) => (10_000.0, rest),
            None => (1.0, unit),
        };
        let is_money =
            ["元", "块", "yuan", "rmb", "cny"].iter().any(|word| unit.trim_start().starts_with(word));
        let amount: f64 = digits.replace(',', "").trim_end_matches('.').parse().ok()?;
        is_money.then_some(amount * times)
    });
    amounts.reduce(f64::max).map(|yuan| yuan.clamp(0.0, 1e15) as i64)
}

/// The complaints of every batch to which this one belongs, itself among them, with the signs of those.
fn batches(rule: &BatchRule, case: &Case) -> BTreeMap<ComplaintId, BTreeSet<&'static str>> {
    let mut members: BTreeMap<ComplaintId, BTreeSet<&'static str>> = BTreeMap::new();
    let mut add = |found: Vec<ComplaintId>, reason: &'static str| {
        for id in found {
            members.entry(id).or_default().insert(reason);
        }
    };
    let all = || std::iter::once(&case.me).chain(&case.near);
    let warned = |one: &&Matter| {
        !one.region.is_empty()
            && one.region == case.me.region
            && case.warned.contains(&office_day_number(one.heard))
    };
    if warned(&&case.me) {
        add(crowd(rule, all().filter(warned).collect(), &[case.me.id]), "warning");
    }
    for centre in all().filter(|centre| is_close(rule, centre, &case.me)) {
        let around = all().filter(|one| is_close(rule, centre, one)).collect();
        add(crowd(rule, around, &[centre.id, case.me.id]), "place");
    }
    members
}

/// Everybody in a stretch of so many hours with enough customers that holds all of these.
fn crowd(rule: &BatchRule, mut around: Vec<&Matter>, holding: &[ComplaintId]) -> Vec<ComplaintId> {
    around.sort_by_key(|one| (one.heard, one.id));
    let place = |id: &ComplaintId| around.iter().position(|one| one.id == *id);
    let places: Option<Vec<usize>> = holding.iter().map(place).collect();
    let Some((first, last)) = places.and_then(|places| Some((*places.iter().min()?, *places.iter().max()?)))
    else {
        return Vec::new();
    };
    let span = i64::from(rule.hours) * HOUR_MS;
    let mut customers: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut found, mut end, mut taken) = (Vec::new(), 0, 0);
    for (start, opens) in around.iter().enumerate().take(first + 1) {
        while let Some(one) = around.get(end).filter(|one| one.heard.since_ms(opens.heard) <= span) {
            *customers.entry(&one.customer).or_default() += 1;
            end += 1;
        }
        if end > last && customers.len() >= rule.customers as usize {
            taken = taken.max(start);
            found.extend(around[taken..end].iter().map(|one| one.id));
            taken = end;
        }
        if let Some(left) = customers.get_mut(opens.customer.as_str()) {
            *left -= 1;
        }
        customers.retain(|_, left| *left > 0);
    }
    found
}

fn is_close(rule: &BatchRule, one: &Matter, other: &Matter) -> bool {
    one.place.zip(other.place).is_some_and(|(a, b)| metres(a, b) <= f64::from(rule.metres))
}

/// On distances of a city the earth is flat.
pub(super) fn metres(a: (f64, f64), b: (f64, f64)) -> f64 {
    let north = (a.0 - b.0) * DEGREE_METRES;
    let east = (a.1 - b.1) * DEGREE_METRES * ((a.0 + b.0) / 2.0).to_radians().cos();
    north.hypot(east)
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
