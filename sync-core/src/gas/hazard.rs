//! Hazards found in a gas installation, how urgent they are, and the written notice the law asks for.
//!
//! The highest level wins when records meet; only a named reviewer lowers one. Items and their levels are
//! data (`data/hazards.json`).

use crate::codes::{LocalName, coded_enum};
use crate::ids::BlobHash;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::sync::LazyLock;

coded_enum! {
    /// How urgent a hazard is. Ordered: a more urgent level is the greater one, and H1 is the greatest.
    HazardLevel, UnknownHazardLevel {
        /// At once: stop the gas, notice, emergency call.
        H1 => "H1", "立即处理", "Immediate";
        /// Within a time limit: notice, deadline, inspection again.
        H2 => "H2", "限期整改", "Within a time limit";
        /// Advice that is recorded.
        H3 => "H3", "提示", "Advice";
    }
}

coded_enum! {
    /// How a written notice reached the customer.
    NoticeDelivery, UnknownNoticeDelivery {
        /// Into somebody's hands.
        HandedOver => "handed_over", "当面送达", "Handed over";
        /// Left at the door.
        Posted => "posted", "张贴留置", "Left at the door";
        /// Registered mail.
        Mail => "mail", "邮寄送达", "By registered mail";
        /// By message.
        Electronic => "electronic", "电子送达", "Electronically";
    }
}

impl HazardLevel {
    const fn urgency(self) -> u8 {
        match self {
            Self::H1 => 3,
            Self::H2 => 2,
            Self::H3 => 1,
        }
    }

    /// The level with this code. A code that is not known counts as the highest: what a newer release means
    /// by it cannot be judged here.
    pub fn parse(code: &str) -> Self {
        match code {
            "H3" => Self::H3,
            "H2" => Self::H2,
            _ => Self::H1,
        }
    }

    /// The level that holds when several people recorded one: the most urgent.
    pub fn highest(levels: impl IntoIterator<Item = Self>) -> Option<Self> {
        levels.into_iter().max()
    }
}

impl Ord for HazardLevel {
    fn cmp(&self, other: &Self) -> Ordering {
        self.urgency().cmp(&other.urgency())
    }
}

impl PartialOrd for HazardLevel {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A hazard that is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HazardItem {
    /// Stable code.
    pub code: String,
    /// Its level when found.
    pub level: HazardLevel,
    /// Whether a written notice must be recorded before the visit may be closed.
    pub notice: bool,
    /// Its number in Art. 9 of 城镇燃气经营安全重大隐患判定标准, if it is a major hazard by that article.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub article_9: Option<u8>,
    /// Name in simplified Chinese.
    pub zh: String,
    /// Name in English.
    pub en: String,
    /// Where item and level come from.
    pub source: String,
}

impl HazardItem {
    /// All items.
    pub fn all() -> &'static [Self] {
        static ITEMS: LazyLock<Vec<HazardItem>> = LazyLock::new(|| {
            serde_json::from_str(include_str!("data/hazards.json"))
                .expect("the embedded hazards are tested to parse")
        });
        &ITEMS
    }

    /// The item with this code.
    pub fn find(code: &str) -> Option<&'static Self> {
        Self::all().iter().find(|item| item.code == code)
    }

    /// What people read.
    pub fn name(&self) -> LocalName {
        LocalName { zh: self.zh.clone(), en: self.en.clone() }
    }
}

/// A written notice (书面告知) as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct WrittenNotice {
    /// Its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// When it was given, by the device's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_at_ms: Option<Timestamp>,
    /// How it was delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<NoticeDelivery>,
    /// The receiver's signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<BlobHash>,
    /// Why there is no signature: what the receiver said, or that nobody was there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    /// Photo of the notice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo: Option<BlobHash>,
}

/// A part of a written notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticePart {
    /// Its number.
    Number,
    /// When it was given.
    GivenAt,
    /// How it was delivered.
    Delivery,
    /// A signature, or why there is none.
    SignatureOrRefusal,
    /// A photo of it.
    Photo,
}

impl WrittenNotice {
    /// What is still missing for the notice to count.
    pub fn missing(&self) -> Vec<NoticePart> {
        let said = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.trim().is_empty());
        [
            (said(&self.number), NoticePart::Number),
            (self.given_at_ms.is_some(), NoticePart::GivenAt),
            (self.delivery.is_some(), NoticePart::Delivery),
            (self.signature.is_some() || said(&self.refusal), NoticePart::SignatureOrRefusal),
            (self.photo.is_some(), NoticePart::Photo),
        ]
        .into_iter()
        .filter_map(|(there, part)| (!there).then_some(part))
        .collect()
    }
}

/// A visit with a hazard that needs a written notice and has none, or one with parts missing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{items:?} must be notified in writing before the visit is closed; missing: {missing:?}")]
pub struct NoticeMissing {
    /// Codes of the hazards that ask for it.
    pub items: Vec<String>,
    /// Parts that are missing.
    pub missing: Vec<NoticePart>,
}

/// Whether a visit with these hazards may be closed. Codes we do not know ask for nothing: they come from a
/// newer client, which has asked itself.
///
/// # Errors
/// [`NoticeMissing`] names hazards and missing parts.
pub fn may_close<'a>(
    hazards: impl IntoIterator<Item = &'a str>,
    notice: Option<&WrittenNotice>,
) -> Result<(), NoticeMissing> {
    let asks = |code: &&str| HazardItem::find(code).is_some_and(|item| item.notice);
    let items: Vec<String> = hazards.into_iter().filter(asks).map(str::to_owned).collect();
    let missing = notice.map_or_else(|| WrittenNotice::default().missing(), WrittenNotice::missing);
    if items.is_empty() || missing.is_empty() { Ok(()) } else { Err(NoticeMissing { items, missing }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_most_urgent_level_wins_in_any_order() {
        use HazardLevel::{H1, H2, H3};
        assert!(H1 > H2 && H2 > H3);
        assert_eq!(HazardLevel::highest([H3, H1, H2]), Some(H1));
        assert_eq!(HazardLevel::highest([]), None);
        assert_eq!("h2".parse(), Ok(H2));
        assert_eq!((HazardLevel::parse("H2"), HazardLevel::parse("H0")), (H2, H1));
    }

    #[test]
    fn every_item_of_article_9_is_immediate_and_needs_a_notice() {
        let article: Vec<u8> = HazardItem::all().iter().filter_map(|item| item.article_9).collect();
        assert_eq!(article, [1, 2, 3, 4]);
        for item in HazardItem::all() {
            assert!(item.article_9.is_none() || (item.notice && item.level == HazardLevel::H1), "{item:?}");
            assert_eq!(item.notice, item.level == HazardLevel::H1, "{item:?}");
        }
    }

    #[test]
    fn a_visit_with_a_major_hazard_needs_its_notice() {
        let mut notice = WrittenNotice {
            number: Some("GZ-2026-118".to_owned()),
            given_at_ms: Some(Timestamp::from_unix_ms(1)),
            delivery: Some(NoticeDelivery::HandedOver),
            signature: None,
            refusal: Some("户主拒签".to_owned()),
            photo: Some(BlobHash::from_bytes([1; 32])),
        };
        assert_eq!(may_close(["pipe_in_bathroom", "advice"], Some(&notice)), Ok(()));
        notice.refusal = Some("  ".to_owned());
        let refused = may_close(["pipe_in_bathroom", "advice"], Some(&notice)).unwrap_err();
        assert_eq!(refused.items, ["pipe_in_bathroom"]);
        assert_eq!(refused.missing, [NoticePart::SignatureOrRefusal]);
        assert_eq!(may_close(["leak"], None).unwrap_err().missing.len(), 5);
        assert_eq!(may_close(["hose_expired", "from a newer client"], None), Ok(()));
        assert_eq!(may_close([], None), Ok(()));
    }

    proptest! {
        #[test]
        fn merging_levels_is_associative_and_never_lowers(a in 0usize..3, b in 0usize..3, c in 0usize..3) {
            let [a, b, c] = [a, b, c].map(|at| HazardLevel::ALL[at]);
            prop_assert_eq!(a.max(b).max(c), a.max(c.max(b)));
            prop_assert!(a.max(b) >= a);
        }
    }
}
