//! Likely duplicates of a complaint: how alike two records are, with the reasons for thinking so.
//!
//! A proposal, never an act: only a person merges. The weights are ours; a matter that shares customer or meter and
//! category comes first, a neighbour with the same words last.

use crate::complaints;
use crate::complaints::model::{Complaint, Customer, phone_digits};
use crate::complaints::scope::Reach;
use crate::store::{StoreError, Tx};
use crate::words::words;
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use sync_core::search::index_text;
use utoipa::ToSchema;

/// Least score of a likely duplicate, in per cent.
pub(super) const SCORE_MIN: u8 = 40;
/// How much of two addresses is the same when they are nearly one, in per cent.
const SIMILAR_ADDRESS_MIN: usize = 70;
/// How many days apart two records of one matter are, unless asked for otherwise (E2: repeat within 60 days).
pub(crate) const DAYS_DEFAULT: u32 = 60;
const DAY_MS: i64 = 86_400_000;
/// Most proposals at once.
const PROPOSALS_MAX: usize = 20;
/// Longest span that is searched for duplicates.
const DAYS_MAX: u32 = 730;

words! {
    /// Why two records may be about one matter.
    pub(crate) Reason {
        /// The same customer number.
        SameCustomer = "same_customer",
        /// The same meter.
        SameMeter = "same_meter",
        /// The same phone number, however it is written.
        SamePhone = "same_phone",
        /// The same address.
        SameAddress = "same_address",
        /// The same name of the customer: tells nothing alone.
        SameName = "same_name",
        /// Nearly the same address.
        SimilarAddress = "similar_address",
        /// The same category.
        SameCategory = "same_category",
        /// The same class of categories.
        SameClass = "same_class",
        /// Much the same words.
        SimilarText = "similar_text",
        /// Within a day of one another.
        SameDay = "same_day",
    }
}

/// How alike two records are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Likeness {
    /// 0 to 100.
    pub(crate) score: u8,
    /// Why.
    pub(crate) reasons: Vec<Reason>,
}

/// Records within reach that may be about the same matter, likeliest first.
pub(crate) async fn proposals(
    tx: &mut Tx,
    complaint: &Complaint,
    reach: &Reach,
    days: u32,
) -> Result<Vec<(Likeness, Complaint)>, StoreError> {
    let around = i64::from(days.clamp(1, DAYS_MAX)) * DAY_MS;
    let within = (complaint.received_at.plus_ms(-around), complaint.received_at.plus_ms(around));
    let mut found: Vec<_> = complaints::candidates(tx, complaint, within)
        .await?
        .into_iter()
        .filter(|other| reach.includes(other) && shares(complaint, other))
        .map(|other| (likeness(complaint, &other), other))
        .filter(|(likeness, _)| likeness.is_likely())
        .collect();
    found.sort_by_key(|(likeness, other)| (Reverse(likeness.score), Reverse(other.ordinal)));
    found.truncate(PROPOSALS_MAX);
    Ok(found)
}

/// Whether they share what a likely duplicate shares: without it their words need not be compared.
fn shares(one: &Complaint, other: &Complaint) -> bool {
    let (a, b) = (&one.intake, &other.intake);
    let same = |a: &Option<String>, b: &Option<String>| a.is_some() && a == b;
    same(&a.customer.number, &b.customer.number)
        || same(&meter_of(one), &meter_of(other))
        || same(&phone_of(one), &phone_of(other))
        || similarity(&a.address, &b.address) >= SIMILAR_ADDRESS_MIN
}

fn meter_of(complaint: &Complaint) -> Option<String> {
    complaint.intake.meter.as_ref().map(|meter| meter.number.clone())
}

fn phone_of(complaint: &Complaint) -> Option<String> {
    complaint.intake.customer.phone.as_deref().and_then(phone_digits)
}

/// How alike two records are.
pub(super) fn likeness(one: &Complaint, other: &Complaint) -> Likeness {
    let mut found = Likeness { score: 0, reasons: Vec::new() };
    let (a, b) = (&one.intake, &other.intake);
    let same = |a: &Option<String>, b: &Option<String>| a.is_some() && a == b;
    found.add(same(&a.customer.number, &b.customer.number), 35, Reason::SameCustomer);
    found.add(same(&meter_of(one), &meter_of(other)), 35, Reason::SameMeter);
    found.add(same(&phone_of(one), &phone_of(other)), 25, Reason::SamePhone);
    let name = |customer: &Customer| customer.name.as_deref().map(index_text);
    found.add(same(&name(&a.customer), &name(&b.customer)), 15, Reason::SameName);
    let address = similarity(&a.address, &b.address);
    found.add(address >= 100, 25, Reason::SameAddress);
    found.add((SIMILAR_ADDRESS_MIN..100).contains(&address), 12, Reason::SimilarAddress);
    found.add(a.category == b.category, 15, Reason::SameCategory);
    let class = |code: &str| code.split('.').take(2).map(str::to_owned).collect::<Vec<_>>();
    found.add(a.category != b.category && class(&a.category) == class(&b.category), 8, Reason::SameClass);
    found.add(similarity(&a.summary, &b.summary) >= 50, 15, Reason::SimilarText);
    let apart = one.received_at.since_ms(other.received_at).abs();
    found.add(apart < DAY_MS, 5, Reason::SameDay);
    found.score = found.score.min(100);
    found
}

impl Likeness {
    fn add(&mut self, holds: bool, weight: u8, reason: Reason) {
        if holds {
            self.score = self.score.saturating_add(weight);
            self.reasons.push(reason);
        }
    }

    /// Whether the records share something that belongs to one customer or place; category and words alone are many
    /// people's.
    pub(super) fn is_likely(&self) -> bool {
        let shared = [
            Reason::SameCustomer,
            Reason::SameMeter,
            Reason::SamePhone,
            Reason::SameAddress,
            Reason::SimilarAddress,
        ];
        self.score >= SCORE_MIN && self.reasons.iter().any(|reason| shared.contains(reason))
    }
}

/// Pairs of neighbouring characters that two texts share, in per cent of all (Jaccard); 100 for equal texts.
pub(crate) fn similarity(one: &str, other: &str) -> usize {
    let (one, other) = (index_text(one), index_text(other));
    if one == other {
        return if one.is_empty() { 0 } else { 100 };
    }
    let (one, other) = (pairs(&one), pairs(&other));
    let all = one.union(&other).count();
    // Different texts are never quite equal, whatever their pairs.
    (one.intersection(&other).count() * 100).checked_div(all).unwrap_or(0).min(99)
}

fn pairs(text: &str) -> BTreeSet<(char, char)> {
    let chars: Vec<char> = text.chars().filter(|c| *c != ' ').collect();
    chars.windows(2).map(|pair| (pair[0], pair[1])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::complaints::intake::ComplaintForm;
    use crate::complaints::model::State;
    use crate::complaints::tests::a_complaint;
    use serde_json::{Value, json};
    use sync_core::ids::{ComplaintId, PersonId};
    use sync_core::time::Timestamp;

    fn complaint(changes: &Value, received_at_ms: i64) -> Complaint {
        let form: ComplaintForm = serde_json::from_value(a_complaint(changes)).unwrap();
        let form = ComplaintForm { no_contact_reason: Some("x".to_owned()), ..form };
        let at = Timestamp::from_unix_ms(1_763_700_000_000 + received_at_ms);
        Complaint {
            id: ComplaintId::from_bytes([1; 16]),
            ordinal: 1,
            number: "C-2025-0001".into(),
            version: 1,
            state: State::Received,
            intake: form.check(at).unwrap(),
            first_owner: PersonId::from_bytes([1; 16]),
            holder: PersonId::from_bytes([1; 16]),
            holder_since: at,
            opened_on_device: None,
            received_at: at,
            closed_at: None,
            merged_into: None,
        }
    }

    #[test]
    fn what_is_alike_is_proposed_with_its_reasons() {
        let other = json!({ "customer": {}, "meter": null, "address": "Jiefang Rd 88" });
        let with = |changes: Value| {
            let mut all = other.clone();
            all.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
            all
        };
        for (name, changes, days, likely, reasons) in [
            (
                "the same again",
                json!({}),
                0,
                true,
                "same_customer same_meter same_phone same_name same_address same_category \
                similar_text same_day",
            ),
            ("another customer, the same matter", other.clone(), 3, false, "same_category similar_text"),
            (
                "phone written differently",
                with(json!({ "customer": { "phone": "+86 13800138000" } })),
                3,
                true,
                "same_phone same_category similar_text",
            ),
            (
                "same meter, another class",
                with(json!({ "meter": { "number": "A123456" },
                "category": "power.OUT.notice", "summary": "停电没有通知" })),
                3,
                false,
                "same_meter",
            ),
            (
                "same meter, other sub-class",
                with(json!({ "meter": { "number": "A123456" },
                "category": "power.BIZ.bill", "summary": "电费翻倍" })),
                0,
                true,
                "same_meter same_class same_day",
            ),
            (
                "the same household with another phone, another matter",
                with(
                    json!({ "customer": { "name": "李梅", "phone": "13900000000" }, "address": "梧桐路12号3单元602",
                "category": "power.OUT.notice", "summary": "停电没有通知" }),
                ),
                30,
                true,
                "same_name same_address",
            ),
            (
                "the flat next door",
                with(json!({ "address": "梧桐路12号3单元603" })),
                3,
                true,
                "similar_address same_category similar_text",
            ),
        ] {
            let found = likeness(&complaint(&json!({}), 0), &complaint(&changes, days * DAY_MS));
            let words: Vec<&str> = found.reasons.iter().map(|reason| reason.as_str()).collect();
            assert_eq!(words.join(" "), reasons, "{name}");
            assert_eq!(found.is_likely(), likely, "{name}: {}", found.score);
        }
    }

    #[test]
    fn likeness_has_no_direction() {
        let (one, other) = (complaint(&json!({}), 0), complaint(&json!({ "customer": {} }), DAY_MS * 2));
        assert_eq!(likeness(&one, &other), likeness(&other, &one));
    }
}
