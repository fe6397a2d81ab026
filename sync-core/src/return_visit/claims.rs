//! What the record of a visit claims, and whether the customer's answers fit it, field by field.
//!
//! A question pairs with a claim by the last part of its code: `return-visit.came` with [`Claim::Came`]. The same
//! answer on server and device, and whatever order the two arrived in: only a finished visit claims anything.

use crate::document::{Entry, Scalar, VisitView};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Outcomes that say that nothing is left to do.
const SETTLED: &[&str] = &["resolved_on_site", "within_limits", "no_fault_found"];
/// Outcomes that say that something is.
const UNSETTLED: &[&str] = &["follow_up", "unresolved"];

/// Something that the record of a visit claims and a customer can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Claim {
    /// Somebody was there.
    Came,
    /// They came within the appointment.
    OnTime,
    /// They said who they are and why they came.
    Identity,
    /// The matter is put right.
    Resolved,
    /// A meter was checked, or a gas test made.
    Checked,
    /// A seal was fitted.
    Sealed,
    /// A written notice about a danger was left.
    Notice,
    /// The customer signed.
    Signed,
}

impl Claim {
    /// Every claim, in the order in which it is asked.
    pub const ALL: [Self; 8] = [
        Self::Came,
        Self::OnTime,
        Self::Identity,
        Self::Resolved,
        Self::Checked,
        Self::Sealed,
        Self::Notice,
        Self::Signed,
    ];

    /// The last part of the code of a question that pairs with it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Came => "came",
            Self::OnTime => "on_time",
            Self::Identity => "identity",
            Self::Resolved => "resolved",
            Self::Checked => "checked",
            Self::Sealed => "sealed",
            Self::Notice => "notice",
            Self::Signed => "signed",
        }
    }

    /// The claim with which a question pairs.
    pub fn of_question(code: &str) -> Option<Self> {
        let last = code.rsplit('.').next()?;
        Self::ALL.into_iter().find(|claim| claim.as_str() == last)
    }
}

/// What is known of a visit beside its document.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VisitFacts<'a> {
    /// The technician said that it is finished.
    pub finished: bool,
    /// The outcome that came with it.
    pub outcome: Option<&'a str>,
    /// Whether the arrival lay within the appointment; `None` without either.
    pub on_time: Option<bool>,
}

/// What a visit claims: yes or no; what is not in here is not claimed.
pub type Claims = BTreeMap<Claim, bool>;

/// What the record of a visit claims. A value over which technicians disagree is claimed by nobody.
pub fn claims_of(view: &VisitView, facts: VisitFacts<'_>) -> Claims {
    let mut claims = Claims::new();
    if !facts.finished {
        return claims;
    }
    let mut done = |claim, holds: bool| {
        if holds {
            claims.insert(claim, true);
        }
    };
    done(Claim::Came, true);
    done(Claim::OnTime, facts.on_time == Some(true));
    done(Claim::Identity, said_yes(view, Claim::Identity.as_str()));
    done(
        Claim::Checked,
        view.meter_checks.values().any(Entry::stands) || view.gas_tests.values().any(Entry::stands),
    );
    let fitted = |seal: &&Entry<crate::document::Seal>| seal.stands() && seal.content.number_fitted.is_some();
    done(Claim::Sealed, view.seals.values().any(|seal| fitted(&seal)));
    done(Claim::Notice, view.notices.values().any(Entry::stands));
    let signed =
        |entry: &Entry<crate::document::Signature>| entry.stands() && entry.content.refused_reason.is_none();
    done(Claim::Signed, view.signatures.values().any(signed));
    if let Some(settled) = settled(view, facts) {
        claims.insert(Claim::Resolved, settled);
    }
    claims
}

/// Whether the outcome says that the matter is put right; `None` when it says neither.
fn settled(view: &VisitView, facts: VisitFacts<'_>) -> Option<bool> {
    let proposed = view.proposal.get("outcome").filter(|value| !value.is_conflict());
    let outcome = facts.outcome.or_else(|| proposed?.shown.as_text())?;
    let is = |codes: &[&str]| codes.contains(&outcome);
    is(SETTLED).then_some(true).or_else(|| is(UNSETTLED).then_some(false))
}

/// Whether an answer whose code ends like this is yes, and nobody else's is no.
fn said_yes(view: &VisitView, last: &str) -> bool {
    let own = view.answers.iter().filter(|(code, _)| code.rsplit('.').next() == Some(last));
    own.filter(|(_, answer)| !answer.is_conflict()).any(|(_, answer)| answer.shown == Scalar::Bool(true))
}

/// The answers in a document of a return visit; what is in conflict counts as not answered.
pub fn answers_of(view: &VisitView) -> BTreeMap<String, Scalar> {
    let agreed =
        view.answers.iter().filter(|(_, answer)| !answer.is_conflict() && answer.shown != Scalar::Null);
    agreed.map(|(code, answer)| (code.clone(), answer.shown.clone())).collect()
}

/// How an answer fits a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// Both say the same.
    Agrees,
    /// The customer denies what is claimed.
    Contradicts,
    /// One of them does not say, or the customer is content with what the record calls open.
    Open,
}

/// A claim beside the customer's answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    /// What it is about.
    pub claim: Claim,
    /// The code of the question.
    pub question: String,
    /// What the record claims; `None`: nothing.
    pub claimed: Option<bool>,
    /// What the customer said.
    pub answer: Scalar,
    /// How they fit.
    pub fit: Fit,
}

/// Every question that pairs with a claim, with its answer beside what is claimed, in the order of [`Claim::ALL`].
pub fn compare(claims: &Claims, answers: &BTreeMap<String, Scalar>) -> Vec<Compared> {
    let mut pairs: Vec<Compared> = answers
        .iter()
        .filter_map(|(question, answer)| {
            let claim = Claim::of_question(question)?;
            let claimed = claims.get(&claim).copied();
            let fit = fit(claimed, said(answer));
            Some(Compared { claim, question: question.clone(), claimed, answer: answer.clone(), fit })
        })
        .collect();
    pairs.sort_by_key(|pair| pair.claim);
    pairs
}

/// Whether the customer denies anything that is claimed.
pub fn contradicts(pairs: &[Compared]) -> bool {
    pairs.iter().any(|pair| pair.fit == Fit::Contradicts)
}

fn fit(claimed: Option<bool>, said: Option<bool>) -> Fit {
    match (claimed, said) {
        (Some(true), Some(false)) => Fit::Contradicts,
        (Some(claimed), Some(said)) if claimed == said => Fit::Agrees,
        _ => Fit::Open,
    }
}

/// Yes or no; partly is no, everything else is neither.
fn said(answer: &Scalar) -> Option<bool> {
    match answer {
        Scalar::Bool(yes) => Some(*yes),
        Scalar::Text(text) => match text.as_str() {
            "yes" => Some(true),
            "no" | "partly" => Some(false),
            _ => None,
        },
        _ => None,
    }
}
