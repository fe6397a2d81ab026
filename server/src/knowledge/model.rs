//! What an article is, and what may be written into it. No SQL, no HTTP.

use super::office_date;
use crate::complaints::intake::clean;
use crate::store::StoreError;
use crate::words::words;
use serde::{Deserialize, Serialize};
use sync_core::codes::CodeTable;
use sync_core::date::CivilDate;
use sync_core::ids::{ArticleId, ComplaintId, PersonId};
use sync_core::knowledge::{has_not_ended, newest_begun, searched_words};
use sync_core::time::Timestamp;
use utoipa::ToSchema;

/// Characters of a title.
pub(super) const TITLE_CHARS_MAX: usize = 120;
/// Characters of a text: it is carried by every device and read at a door.
pub(super) const BODY_CHARS_MAX: usize = 8_000;
/// Characters of what is new.
pub(super) const CHANGES_CHARS_MAX: usize = 1_000;
/// Categories or regions that one version names.
pub(super) const TAGS_MAX: usize = 40;

words! {
    /// What kind of knowledge it is.
    pub(crate) ArticleKind {
        /// What colleagues have learnt.
        Article = "article",
        /// A question that is often asked, with its answer.
        Faq = "faq",
        /// What everybody says about something, in these words.
        Wording = "wording",
        /// A closed case, without its people.
        Case = "case",
    }
}

words! {
    /// Who may read it.
    pub(crate) Visibility {
        /// Everybody, customers too.
        Public = "public",
        /// Technicians and the office.
        Technician = "technician",
        /// The office.
        Staff = "staff",
    }
}

words! {
    /// Where a version stands on a day.
    pub(crate) VersionStanding {
        /// It waits for approval.
        Draft = "draft",
        /// It is approved and begins later.
        Coming = "coming",
        /// It counts.
        InForce = "in_force",
        /// Its last day has passed.
        Ended = "ended",
        /// A newer version has begun.
        Superseded = "superseded",
        /// Its article was withdrawn.
        Withdrawn = "withdrawn",
    }
}

words! {
    /// What was done about an article.
    pub(crate) ArticleActKind {
        /// A version was written, or its draft changed.
        Written = "written",
        /// A version was approved.
        Approved = "approved",
        /// The article does not hold any more.
        Withdrawn = "withdrawn",
    }
}

/// An article as it lies in its row.
#[derive(Debug, Clone)]
pub(crate) struct Article {
    pub(crate) id: ArticleId,
    /// 7 is shown as `K-0007`.
    pub(crate) number: i64,
    pub(crate) kind: ArticleKind,
    /// The closed complaint that a case came from.
    pub(crate) source: Option<ComplaintId>,
    pub(crate) version: i64,
    /// The newest approved version.
    pub(crate) approved: Option<i64>,
    /// The version that waits for approval.
    pub(crate) draft: Option<i64>,
    pub(crate) changed_at: Timestamp,
    pub(crate) created_at: Timestamp,
    pub(crate) created_by: PersonId,
    /// When it was withdrawn, and by whom.
    pub(crate) withdrawn: Option<(Timestamp, PersonId)>,
}

impl Article {
    /// What people call it.
    pub(crate) fn name(&self) -> String {
        article_name(self.number)
    }
}

/// What people call the article of this number: `K-0007`.
pub(crate) fn article_name(number: i64) -> String {
    format!("K-{number:04}")
}

/// What a version says, and about what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ArticleContent {
    /// Title in Chinese, one line; empty with the text: there is none in Chinese.
    #[serde(default)]
    #[schema(max_length = 120)]
    pub(crate) title_zh: String,
    /// Text in Chinese.
    #[serde(default)]
    #[schema(max_length = 8000)]
    pub(crate) body_zh: String,
    /// Title in English, one line; empty with the text: there is none in English.
    #[serde(default)]
    #[schema(max_length = 120)]
    pub(crate) title_en: String,
    /// Text in English.
    #[serde(default)]
    #[schema(max_length = 8000)]
    pub(crate) body_en: String,
    /// Category codes; none: it is about all of them.
    #[serde(default)]
    #[schema(max_items = 40)]
    pub(crate) categories: Vec<String>,
    /// Region codes; none: it holds everywhere.
    #[serde(default)]
    #[schema(max_items = 40)]
    pub(crate) regions: Vec<String>,
    /// Who may read it.
    pub(crate) visibility: Visibility,
    /// First day in the office's calendar, `YYYY-MM-DD`.
    #[schema(value_type = String, format = "date")]
    pub(crate) valid_from: CivilDate,
    /// Last day; null: until a newer version begins.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "date")]
    pub(crate) valid_to: Option<CivilDate>,
    /// What is new since the version before.
    #[serde(default)]
    #[schema(max_length = 1000)]
    pub(crate) changes: String,
}

impl ArticleContent {
    /// The content with its texts cleaned and its tags in order.
    ///
    /// # Errors
    /// [`KnowledgeError::Invalid`] with the first field that cannot be taken.
    pub(super) fn checked(mut self) -> Result<Self, KnowledgeError> {
        for text in
            [&mut self.title_zh, &mut self.body_zh, &mut self.title_en, &mut self.body_en, &mut self.changes]
        {
            *text = clean(&text.replace("\r\n", "\n"));
        }
        for tags in [&mut self.categories, &mut self.regions] {
            *tags = tags.iter().map(|tag| clean(tag)).filter(|tag| !tag.is_empty()).collect();
            tags.sort_unstable();
            tags.dedup();
        }
        self.require()?;
        Ok(self)
    }

    fn require(&self) -> Result<(), KnowledgeError> {
        let line = |text: &str| text.chars().count() <= TITLE_CHARS_MAX && !text.contains(['\n', '\t']);
        let known = |code: &String| CodeTable::Categories.find(code).is_some_and(|entry| entry.code == *code);
        let plain = |code: &String| {
            let letters = code.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '.' | ' '));
            letters && code.chars().count() <= 100
        };
        let pair = |title: &str, body: &str| title.is_empty() == body.is_empty();
        let fits = |body: &str| body.chars().count() <= BODY_CHARS_MAX;
        for (holds, pointer, expected) in [
            (line(&self.title_zh), "/title_zh", "one line of at most 120 characters"),
            (line(&self.title_en), "/title_en", "one line of at most 120 characters"),
            (fits(&self.body_zh), "/body_zh", "at most 8000 characters"),
            (fits(&self.body_en), "/body_en", "at most 8000 characters"),
            (pair(&self.title_zh, &self.body_zh), "/body_zh", "a title and a text, or neither"),
            (pair(&self.title_en, &self.body_en), "/body_en", "a title and a text, or neither"),
            (
                !self.title_zh.is_empty() || !self.title_en.is_empty(),
                "/title_zh",
                "a text in one language at least",
            ),
            (self.categories.iter().all(known), "/categories", "codes of categories"),
            (self.categories.len() <= TAGS_MAX, "/categories", "at most 40 codes"),
            (self.regions.iter().all(plain), "/regions", "codes of regions"),
            (self.regions.len() <= TAGS_MAX, "/regions", "at most 40 codes"),
            (
                self.valid_to.is_none_or(|last| self.valid_from <= last),
                "/valid_to",
                "a day that is not before the first one",
            ),
            (self.changes.chars().count() <= CHANGES_CHARS_MAX, "/changes", "at most 1000 characters"),
        ] {
            if !holds {
                return Err(KnowledgeError::invalid(pointer, expected));
            }
        }
        Ok(())
    }

    /// Everything by which it is found.
    pub(super) fn words(&self, number: i64) -> String {
        let texts = [&self.title_zh, &self.body_zh, &self.title_en, &self.body_en];
        searched_words(&article_name(number), texts.map(String::as_str), &self.categories)
    }
}

/// One version of an article.
#[derive(Debug, Clone)]
pub(crate) struct ArticleVersion {
    /// 1, 2, 3 …
    pub(crate) number: i64,
    pub(crate) content: ArticleContent,
    pub(crate) written_by: PersonId,
    pub(crate) written_at: Timestamp,
    /// When it was approved, and by whom.
    pub(crate) approved: Option<(Timestamp, PersonId)>,
}

/// The approved version that counts or counted last on the day of this moment: the newest one that has begun.
pub(super) fn begun(versions: &[ArticleVersion], at: Timestamp) -> Option<&ArticleVersion> {
    let approved: Vec<&ArticleVersion> =
        versions.iter().filter(|version| version.approved.is_some()).collect();
    let place = newest_begun(approved.iter().map(|version| version.content.valid_from), office_date(at))?;
    approved.get(place).copied()
}

/// Where each of these versions stands at this moment, in their order.
pub(super) fn standings(
    article: &Article,
    versions: &[ArticleVersion],
    at: Timestamp,
) -> Vec<VersionStanding> {
    let newest = begun(versions, at).map_or(0, |version| version.number);
    let standing = |version: &ArticleVersion| match version {
        _ if article.withdrawn.is_some() => VersionStanding::Withdrawn,
        version if version.approved.is_none() => VersionStanding::Draft,
        version if version.number < newest => VersionStanding::Superseded,
        version if version.number > newest => VersionStanding::Coming,
        version if has_not_ended(version.content.valid_to, office_date(at)) => VersionStanding::InForce,
        _ => VersionStanding::Ended,
    };
    versions.iter().map(standing).collect()
}

/// Something that was done about an article.
#[derive(Debug, Clone)]
pub(crate) struct ArticleAct {
    pub(crate) kind: ArticleActKind,
    /// The version that it was about.
    pub(crate) version: i64,
    pub(crate) words: Option<String>,
    pub(crate) person: PersonId,
    pub(crate) at: Timestamp,
}

/// Why something about an article is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KnowledgeError {
    #[error("there is no such article")]
    Unknown,
    /// It does not fit where the article stands: `approved`, `withdrawn`.
    #[error("the article is {0}")]
    State(&'static str),
    #[error("nobody approves what they wrote")]
    Own,
    #[error("{pointer}: expected {expected}")]
    Invalid { pointer: &'static str, expected: &'static str },
    /// A case tells whose complaint it was.
    #[error("the case names the customer, the place or the meter")]
    NamesPeople,
    #[error("the article was changed meanwhile")]
    Changed,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl KnowledgeError {
    pub(super) fn invalid(pointer: &'static str, expected: &'static str) -> Self {
        Self::Invalid { pointer, expected }
    }
}
