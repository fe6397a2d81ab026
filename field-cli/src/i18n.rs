//! The words: Fluent messages in `i18n/<language>/field.ftl`, English where a translation is missing.
//!
//! `say!` checks message and argument names against the English file when this crate is built;
//! a test compares the other languages with it and finds messages that nothing uses.

use i18n_embed::fluent::{FluentLanguageLoader, fluent_language_loader};
use i18n_embed::{DesktopLanguageRequester, LanguageLoader};
use rust_embed::RustEmbed;
use std::fmt;
use std::str::FromStr;

#[derive(RustEmbed)]
#[folder = "i18n/"]
struct Localizations;

/// The languages there are words in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lang {
    /// English.
    En,
    /// Chinese of mainland China.
    ZhCn,
}

/// A text that names no language there are words in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is no language of this program: en, zh-CN / 没有这种语言：en、zh-CN")]
pub(crate) struct UnknownLang {
    found: String,
}

impl Lang {
    /// Every language.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 2] = [Self::En, Self::ZhCn];

    /// Its tag (BCP 47).
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::ZhCn => "zh-CN",
        }
    }

    /// The language of the desktop session or locale; English when it is neither.
    pub(crate) fn of_system() -> Self {
        DesktopLanguageRequester::requested_languages()
            .iter()
            .find_map(|tag| tag.to_string().parse().ok())
            .unwrap_or(Self::En)
    }

    /// The one of two texts that is in this language.
    pub(crate) fn pick<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::En => en,
            Self::ZhCn => zh,
        }
    }
}

impl fmt::Display for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

impl FromStr for Lang {
    type Err = UnknownLang;

    /// Takes `zh`, `zh_CN.UTF-8`, `zh-Hans-CN`, `中文`, `en_GB` …
    fn from_str(text: &str) -> Result<Self, UnknownLang> {
        let folded = text.trim().to_lowercase();
        let first = folded.split(['-', '_', '.', '@']).next().unwrap_or_default();
        match first {
            "en" | "english" | "英文" | "英语" => Ok(Self::En),
            "zh" | "cn" | "chinese" | "中文" | "汉语" => Ok(Self::ZhCn),
            _ => Err(UnknownLang { found: text.chars().take(40).collect() }),
        }
    }
}

/// The words of one language.
pub(crate) struct Words {
    /// For [`say!`].
    pub(crate) loader: FluentLanguageLoader,
    /// The language.
    pub(crate) lang: Lang,
}

impl Words {
    /// The words of `lang`.
    pub(crate) fn new(lang: Lang) -> Self {
        let loader = fluent_language_loader!();
        let tag = lang.tag().parse().expect("the tags above are well formed");
        loader
            .load_languages(&Localizations, &[tag])
            .expect("the messages are built in and a test reads them");
        // Isolation marks are invisible in some terminals and boxes in others.
        loader.set_use_isolating(false);
        Self { loader, lang }
    }

    /// A message whose name is made at run time: help texts and codes. `None` when there is none.
    pub(crate) fn find(&self, id: &str) -> Option<String> {
        self.loader.has(id).then(|| self.loader.get(id))
    }

    /// The words for a code of a family such as `hazard`, the code itself when it has none.
    pub(crate) fn code(&self, family: &str, code: &str) -> String {
        self.find(&format!("code-{family}-{}", code.replace('_', "-").to_lowercase()))
            .unwrap_or_else(|| code.to_owned())
    }
}

/// A message of the English file with its arguments, in the language of `$words`.
macro_rules! say {
    ($words:expr, $id:literal $(, $name:ident = $value:expr)* $(,)?) => {
        i18n_embed_fl::fl!($words.loader, $id $(, $name = $value)*)
    };
}
pub(crate) use say;
