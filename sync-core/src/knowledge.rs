//! Articles of the knowledge base: which version counts on a day, what it is about, what it is found by.
//!
//! A version that was approved never changes. The newest version that has begun counts, and with the day on which it
//! begins it takes the place of all before it, also where those had no last day. Server and devices ask the same
//! functions, so that nobody reads an older wording than the office means.
//!
//! Not done here: who may write and approve, and what is shown to whom.

use crate::codes::{CodeTable, Language};
use crate::date::CivilDate;
use crate::ids::ArticleId;
use crate::protocol::TermCard;
use crate::search::{index_text, matches};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// An article as devices carry it: the version that counted when it was sent, and those that begin later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArticleCard {
    /// The article.
    pub article: ArticleId,
    /// What people call it, for example `K-0007`.
    pub number: String,
    /// `article`, `faq`, `wording`, `case`, or a word of later times.
    pub kind: String,
    /// Oldest first.
    pub versions: Vec<ArticleVersionCard>,
}

/// One version of one article: what a promise rests on. As text `<article>/<version>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct ArticleRef {
    /// The article.
    #[n(0)]
    pub article: ArticleId,
    /// 1, 2, 3 …
    #[n(1)]
    pub version: u32,
}

/// A text that names no version of an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected the id of an article, a slash, and the number of a version")]
pub struct ArticleRefError;

impl fmt::Display for ArticleRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.article, self.version)
    }
}

impl FromStr for ArticleRef {
    type Err = ArticleRefError;

    fn from_str(text: &str) -> Result<Self, ArticleRefError> {
        let (article, version) = text.split_once('/').ok_or(ArticleRefError)?;
        let article = article.parse().map_err(|_| ArticleRefError)?;
        Ok(Self { article, version: version.parse().map_err(|_| ArticleRefError)? })
    }
}

/// One approved version of an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArticleVersionCard {
    /// 1, 2, 3 …
    pub version: u32,
    /// First day, in the office's calendar.
    pub valid_from: CivilDate,
    /// Last day; none: until a newer version begins.
    #[serde(default)]
    pub valid_to: Option<CivilDate>,
    /// `public`: customers may read it; `technician`: nobody but staff.
    pub visibility: String,
    /// Category codes; none: all.
    #[serde(default)]
    pub categories: Vec<String>,
    /// Where it holds, with names; none: everywhere.
    #[serde(default)]
    pub regions: Vec<TermCard>,
    /// The text in Chinese.
    #[serde(default)]
    pub zh: Option<ArticleText>,
    /// The text in English. A version without any text is not for this reader: it only ends the ones before.
    #[serde(default)]
    pub en: Option<ArticleText>,
    /// What is new since the version before, in words.
    #[serde(default)]
    pub changes: String,
}

/// An article in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArticleText {
    /// In one line.
    pub title: String,
    /// In paragraphs.
    pub body: String,
}

impl ArticleCard {
    /// The version that counts on this day and has a text; `None` before the first and after the last one.
    pub fn in_force_on(&self, day: CivilDate) -> Option<&ArticleVersionCard> {
        let newest = newest_begun(self.versions.iter().map(|version| version.valid_from), day)?;
        let version = self.versions.get(newest)?;
        let has_text = version.zh.is_some() || version.en.is_some();
        (has_text && has_not_ended(version.valid_to, day)).then_some(version)
    }

    /// The version of this number, if it is here.
    pub fn version(&self, number: u32) -> Option<&ArticleVersionCard> {
        self.versions.iter().find(|version| version.version == number)
    }

    /// Everything that a version is found by.
    pub fn words(&self, version: &ArticleVersionCard) -> String {
        let texts = [&version.zh, &version.en].into_iter().flatten();
        let texts = texts.flat_map(|text| [text.title.as_str(), text.body.as_str()]);
        searched_words(&self.number, texts, &version.categories)
    }

    /// Whether a version contains all these terms of [`crate::search::query_terms`].
    pub fn matches(&self, version: &ArticleVersionCard, terms: &[String]) -> bool {
        matches(&index_text(&self.words(version)), terms)
    }
}

impl ArticleVersionCard {
    /// The text in this language, or in the one that there is.
    pub fn text(&self, language: Language) -> Option<&ArticleText> {
        match language {
            Language::Chinese => self.zh.as_ref().or(self.en.as_ref()),
            Language::English => self.en.as_ref().or(self.zh.as_ref()),
        }
    }

    /// Whether it is about this category by name, and not only since it is about everything.
    pub fn is_about(&self, category: &str) -> bool {
        self.categories.iter().any(|tag| covers(tag, category))
    }
}

/// The place of the version that counts on this day among versions in the order of their numbers, told by their first
/// days: the last one that has begun.
pub fn newest_begun(first_days: impl IntoIterator<Item = CivilDate>, day: CivilDate) -> Option<usize> {
    first_days.into_iter().enumerate().filter(|(_, from)| *from <= day).map(|(place, _)| place).last()
}

/// Whether a version with this last day still holds on a day.
pub fn has_not_ended(last_day: Option<CivilDate>, day: CivilDate) -> bool {
    last_day.is_none_or(|last| day <= last)
}

/// Whether a category is the tag itself or belongs below it: `power.BIZ` covers `power.BIZ.metering`.
fn covers(tag: &str, category: &str) -> bool {
    category.strip_prefix(tag).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// What an article is found by: its number, its texts, its categories by code and by name in both languages.
pub fn searched_words<'a>(
    number: &'a str,
    texts: impl IntoIterator<Item = &'a str>,
    categories: &'a [String],
) -> String {
    let mut words = vec![number];
    words.extend(texts);
    for code in categories {
        words.push(code);
        let names =
            [Language::Chinese, Language::English].map(|language| CodeTable::Categories.name(code, language));
        words.extend(names);
    }
    words.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::query_terms;

    fn day(text: &str) -> CivilDate {
        text.parse().unwrap()
    }

    fn version(number: u32, from: &str, to: Option<&str>, body: &str) -> ArticleVersionCard {
        let text = ArticleText { title: "误差退费".to_owned(), body: body.to_owned() };
        ArticleVersionCard {
            version: number,
            valid_from: day(from),
            valid_to: to.map(day),
            visibility: "technician".to_owned(),
            categories: vec!["power.BIZ.metering".to_owned()],
            regions: Vec::new(),
            zh: Some(text),
            en: None,
            changes: String::new(),
        }
    }

    fn card(versions: Vec<ArticleVersionCard>) -> ArticleCard {
        let article = ArticleId::from_bytes([7; 16]);
        ArticleCard { article, number: "K-0007".to_owned(), kind: "article".to_owned(), versions }
    }

    #[test]
    fn the_newest_version_that_has_begun_counts_and_none_comes_back() {
        let card = card(vec![
            version(1, "2026-11-01", None, "一个月内到账"),
            version(2, "2026-11-20", Some("2026-11-25"), "约半年到账"),
            version(3, "2026-12-01", None, "两到三个月到账"),
        ]);
        for (on, counts) in [
            ("2026-10-31", None),
            ("2026-11-01", Some(1)),
            ("2026-11-19", Some(1)),
            ("2026-11-20", Some(2)),
            ("2026-11-25", Some(2)),
            ("2026-11-26", None),
            ("2026-12-01", Some(3)),
        ] {
            assert_eq!(card.in_force_on(day(on)).map(|version| version.version), counts, "{on}");
        }
        // A version approved later may begin earlier: it is the one that was decided last.
        let swapped = [version(1, "2026-12-01", None, "一"), version(2, "2026-11-01", None, "二")]
            .map(|v| v.valid_from);
        assert_eq!(newest_begun(swapped, day("2026-12-05")), Some(1));
    }

    #[test]
    fn a_version_without_a_text_ends_the_one_before() {
        let hidden = ArticleVersionCard { zh: None, ..version(2, "2026-11-20", None, "") };
        let card = card(vec![version(1, "2026-11-01", None, "公开"), hidden]);
        assert_eq!(card.in_force_on(day("2026-11-19")).map(|version| version.version), Some(1));
        assert_eq!(card.in_force_on(day("2026-11-21")), None);
    }

    #[test]
    fn articles_are_found_by_two_characters_latin_words_and_models() {
        let card =
            card(vec![version(1, "2026-11-01", None, "DDZY102-Z 型电表更换后，铅封由 Technician 复核。")]);
        let found = |query: &str| card.matches(&card.versions[0], &query_terms(query));
        for query in
            ["电表", "铅封", "误差", "ddzy102", "DDZY102-Z", "technician", "k-0007", "計量", "metering"]
        {
            assert!(found(query), "{query}");
        }
        for query in ["表电", "封由技", "102"] {
            assert!(!found(query), "{query}");
        }
    }

    #[test]
    fn a_version_of_an_article_has_one_spelling() {
        let named = ArticleRef { article: ArticleId::from_bytes([7; 16]), version: 12 };
        assert_eq!(named.to_string().parse(), Ok(named));
        for text in
            ["", "7/1", "07070707-0707-0707-0707-070707070707", "07070707-0707-0707-0707-070707070707/-1"]
        {
            assert_eq!(text.parse::<ArticleRef>(), Err(ArticleRefError), "{text}");
        }
    }

    #[test]
    fn a_tag_covers_what_lies_below_it() {
        let version = version(1, "2026-11-01", None, "");
        for (category, about) in [
            ("power.BIZ.metering", true),
            ("power.BIZ.metering.x", true),
            ("power.BIZ.meteringx", false),
            ("power.BIZ", false),
            ("gas.LEAK", false),
        ] {
            assert_eq!(version.is_about(category), about, "{category}");
        }
    }
}
