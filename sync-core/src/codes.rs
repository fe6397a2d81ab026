//! Codes that people choose from: complaint categories, verdicts, causes, reasons, roles of photos.
//!
//! A code is stable for ever and is what records hold; its names in Chinese and English may be improved.
//! The tables are embedded data (`codes/tables.json`). A record from a newer client may hold a code that is
//! not in here: it is shown as it stands and never refused on reading.

use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// Text in the two languages of the product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalName {
    /// Simplified Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// A language in which codes have names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Language {
    /// Simplified Chinese.
    #[serde(rename = "zh-CN")]
    Chinese,
    /// English.
    #[serde(rename = "en")]
    English,
}

/// The tables of codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CodeTable {
    /// What a complaint is about: `power.BIZ.metering`, `gas.LEAK`, `telecom.NET`, `water.QUAL`.
    Categories,
    /// Whether a complaint was found to be true (属实性).
    Verdicts,
    /// Who has to answer for it.
    Responsibilities,
    /// Root causes, `M01` to `X01`.
    RootCauses,
    /// Why a visit found no access.
    NoAccessReasons,
    /// What a photo shows.
    PhotoRoles,
    /// What came of a visit.
    Outcomes,
    /// How bad a finding is.
    Severities,
    /// Who made a statement; a role, never a name.
    StatementGivers,
    /// What was found. An organisation may have codes of its own beside these: they stand for themselves.
    Findings,
}

/// One code with its names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeEntry {
    /// Stable code.
    pub code: String,
    /// Name in simplified Chinese.
    pub zh: String,
    /// Name in English.
    pub en: String,
    /// Kind of utility it belongs to: `power`, `gas`, `telecom` or `water`; none where it fits all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub utility: Option<String>,
    /// Code of the class above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Evidence that is usually asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<LocalName>,
    /// Where the entry comes from, if not from us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// A typed code that no table holds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is no code of {table:?}; known are {known}")]
pub struct UnknownCode {
    /// The table that was searched.
    pub table: CodeTable,
    /// What was typed, cut to 40 characters.
    pub found: String,
    /// The codes that would be taken: those beginning like what was typed, else all.
    pub known: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tables {
    categories: Vec<CodeEntry>,
    verdicts: Vec<CodeEntry>,
    responsibilities: Vec<CodeEntry>,
    root_causes: Vec<CodeEntry>,
    no_access_reasons: Vec<CodeEntry>,
    photo_roles: Vec<CodeEntry>,
    outcomes: Vec<CodeEntry>,
    severities: Vec<CodeEntry>,
    statement_givers: Vec<CodeEntry>,
    findings: Vec<CodeEntry>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    serde_json::from_str(include_str!("codes/tables.json")).expect("the embedded tables are tested to parse")
});

impl CodeEntry {
    /// The name in a language.
    pub fn name(&self, language: Language) -> &str {
        match language {
            Language::Chinese => &self.zh,
            Language::English => &self.en,
        }
    }
}

impl CodeTable {
    /// All entries in the order in which they are offered.
    pub fn entries(self) -> &'static [CodeEntry] {
        match self {
            Self::Categories => &TABLES.categories,
            Self::Verdicts => &TABLES.verdicts,
            Self::Responsibilities => &TABLES.responsibilities,
            Self::RootCauses => &TABLES.root_causes,
            Self::NoAccessReasons => &TABLES.no_access_reasons,
            Self::PhotoRoles => &TABLES.photo_roles,
            Self::Outcomes => &TABLES.outcomes,
            Self::Severities => &TABLES.severities,
            Self::StatementGivers => &TABLES.statement_givers,
            Self::Findings => &TABLES.findings,
        }
    }

    /// The entry with exactly this code, as records hold it.
    pub fn find(self, code: &str) -> Option<&'static CodeEntry> {
        self.entries().iter().find(|entry| entry.code == code)
    }

    /// The entry a person means: letter case, full-width forms and `-` for `_` do not matter, and a name in
    /// either language is taken for its code.
    ///
    /// # Errors
    /// [`UnknownCode`] lists what would be taken.
    pub fn parse(self, typed: &str) -> Result<&'static CodeEntry, UnknownCode> {
        let plain = plain(typed);
        let entries = self.entries();
        let by_code = entries.iter().find(|entry| self::plain(&entry.code) == plain);
        let by_name = || {
            entries.iter().find(|entry| [&entry.zh, &entry.en].iter().any(|name| self::plain(name) == plain))
        };
        by_code.or_else(by_name).ok_or_else(|| {
            let near = |entry: &&CodeEntry| !plain.is_empty() && self::plain(&entry.code).starts_with(&plain);
            let near: Vec<&str> = entries.iter().filter(near).map(|entry| entry.code.as_str()).collect();
            let all = || entries.iter().map(|entry| entry.code.as_str()).collect();
            let known = if near.is_empty() { all() } else { near };
            UnknownCode { table: self, found: typed.chars().take(40).collect(), known: known.join(" ") }
        })
    }

    /// What people read for a recorded code. A code we do not know stands for itself.
    pub fn name(self, code: &str, language: Language) -> &str {
        self.find(code).map_or(code, |entry| entry.name(language))
    }
}

fn plain(text: &str) -> String {
    crate::search::fold(text).replace('-', "_")
}

/// Defines an enum whose variants have stable codes and names in both languages. It travels as its code.
macro_rules! coded_enum {
    (
        $(#[$doc:meta])*
        $name:ident, $unknown:ident {
            $($(#[$variant_doc:meta])* $variant:ident => $code:literal, $zh:literal, $en:literal;)+
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $code)] $variant,)+
        }

        #[doc = concat!("A text that is no code of [`", stringify!($name), "`].")]
        #[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
        #[error("{found:?} is not one of {}", [$($code),+].join(" "))]
        pub struct $unknown {
            /// What was found, cut to 40 characters.
            pub found: String,
        }

        impl $name {
            /// Every value, in the order in which they are offered.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The stable code, as records hold it.
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                }
            }

            /// What people read.
            pub const fn name(self, language: $crate::codes::Language) -> &'static str {
                match (self, language) {
                    $((Self::$variant, $crate::codes::Language::Chinese) => $zh,
                      (Self::$variant, $crate::codes::Language::English) => $en,)+
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $unknown;

            /// Reads a code as typed: letter case, full-width forms and `-` for `_` do not matter.
            fn from_str(typed: &str) -> Result<Self, $unknown> {
                let plain = $crate::search::fold(typed).replace('-', "_");
                let found = Self::ALL.iter().copied().find(|value| value.code().eq_ignore_ascii_case(&plain));
                found.ok_or_else(|| $unknown { found: typed.chars().take(40).collect() })
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.code())
            }
        }
    };
}
pub(crate) use coded_enum;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const ALL: [CodeTable; 10] = [
        CodeTable::Categories,
        CodeTable::Verdicts,
        CodeTable::Responsibilities,
        CodeTable::RootCauses,
        CodeTable::NoAccessReasons,
        CodeTable::PhotoRoles,
        CodeTable::Outcomes,
        CodeTable::Severities,
        CodeTable::StatementGivers,
        CodeTable::Findings,
    ];

    #[test]
    fn codes_are_unique_named_and_have_known_parents() {
        for table in ALL {
            let codes: BTreeSet<&str> = table.entries().iter().map(|entry| entry.code.as_str()).collect();
            assert_eq!(codes.len(), table.entries().len(), "{table:?}");
            for entry in table.entries() {
                assert!(!entry.zh.is_empty() && !entry.en.is_empty(), "{entry:?}");
                assert!(
                    entry.parent.as_ref().is_none_or(|parent| codes.contains(parent.as_str())),
                    "{entry:?}"
                );
            }
        }
        assert_eq!(CodeTable::RootCauses.entries().len(), 21);
        let classes = |utility: &str| {
            let all = CodeTable::Categories.entries().iter();
            all.filter(|entry| entry.parent.is_none() && entry.utility.as_deref() == Some(utility)).count()
        };
        assert_eq!(["power", "gas", "telecom", "water"].map(classes), [5, 9, 7, 10]);
        for entry in CodeTable::Categories.entries() {
            let prefix = entry.code.split('.').next();
            assert_eq!(prefix, entry.utility.as_deref(), "{}", entry.code);
        }
    }

    #[test]
    fn a_code_is_found_however_it_is_typed() {
        for (table, typed, code) in [
            (CodeTable::RootCauses, "m01", "M01"),
            (CodeTable::RootCauses, "Ｍ０１", "M01"),
            (CodeTable::RootCauses, "串户", "M08"),
            (CodeTable::Verdicts, "not-substantiated", "not_substantiated"),
            (CodeTable::Verdicts, "部分属实", "partly"),
            (CodeTable::NoAccessReasons, "Nobody home", "nobody_home"),
            (CodeTable::Categories, "gas.leak", "gas.LEAK"),
            (CodeTable::PhotoRoles, "nameplate", "nameplate"),
        ] {
            assert_eq!(table.parse(typed).map(|entry| entry.code.as_str()), Ok(code), "{typed}");
        }
    }

    #[test]
    fn an_unknown_code_is_refused_when_typed_and_shown_when_read() {
        let refused = CodeTable::Categories.parse("power.BIZ.m").unwrap_err();
        assert_eq!(refused.known, "power.BIZ.metering");
        assert!(CodeTable::Verdicts.parse("").unwrap_err().known.starts_with("substantiated partly"));
        assert_eq!(CodeTable::RootCauses.name("Z99", Language::English), "Z99");
        assert_eq!(CodeTable::RootCauses.name("M05", Language::Chinese), "倍率不符");
    }
}
