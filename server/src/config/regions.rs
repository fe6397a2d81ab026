//! `[regions]`

use super::ConfigError;
use crate::problem::Language;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Names of the codes of regions, for people; a code without a name is shown as it stands.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Regions(BTreeMap<String, RegionName>);

/// One name in both languages.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegionName {
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

impl Regions {
    /// These codes with their Chinese and English names.
    pub fn of(names: &[(&str, &str, &str)]) -> Self {
        let name = |(code, zh, en): &(&str, &str, &str)| {
            ((*code).to_owned(), RegionName { zh: (*zh).to_owned(), en: (*en).to_owned() })
        };
        Self(names.iter().map(name).collect())
    }

    /// What people call the region; its code when nobody gave it a name.
    pub fn name<'r>(&'r self, code: &'r str, language: Language) -> &'r str {
        self.0.get(code).map_or(code, |name| name.in_language(language))
    }

    /// Whether no region has a name.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every code with its name, in the order of the codes.
    pub fn all(&self, language: Language) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(move |(code, name)| (code.as_str(), name.in_language(language)))
    }

    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        let plain = |code: &str| code.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '.' | ' '));
        let holds = |text: &str| (1..=80).contains(&text.trim().chars().count());
        let wrong = self.0.iter().find(|(code, name)| {
            !plain(code) || ![code, &name.zh, &name.en].into_iter().all(|text| holds(text))
        });
        let Some((code, _)) = wrong else { return Ok(()) };
        let expected =
            "a code of letters, digits, hyphens, points or spaces with zh and en, 1 to 80 characters each";
        Err(ConfigError::OutOfRange { key: "regions", found: code.clone(), expected: expected.to_owned() })
    }
}

impl RegionName {
    fn in_language(&self, language: Language) -> &str {
        match language {
            Language::ZhCn => &self.zh,
            Language::En => &self.en,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_has_its_name_in_each_language_and_else_its_code() {
        let regions = Regions::of(&[("310115", "浦东新区", "Pudong New Area")]);
        for (code, language, shown) in [
            ("310115", Language::ZhCn, "浦东新区"),
            ("310115", Language::En, "Pudong New Area"),
            ("310104", Language::ZhCn, "310104"),
        ] {
            assert_eq!(regions.name(code, language), shown);
        }
        for code in ["a\tb", "", "x/y"] {
            assert!(Regions::of(&[(code, "区", "area")]).validate().is_err(), "{code:?}");
        }
        assert!(Regions::of(&[("east", "", "East")]).validate().is_err());
        assert!(regions.validate().is_ok());
    }
}
