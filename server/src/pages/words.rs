//! What pages say, in Chinese and English: Fluent messages, one file per capability.
//!
//! Keys are looked up when a page is made. A test reads every key out of templates and code and refuses one that a
//! language lacks, so a missing word never reaches a person.

use crate::problem::Language;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use std::fmt::Display;
use std::sync::LazyLock;
use sync_core::codes::{self, CodeTable};
use sync_core::time::Timestamp;

macro_rules! sources {
    ($($name:literal),* $(,)?) => {
        /// The files of each language: name, English, Chinese.
        pub(super) const SOURCES: &[(&str, &str, &str)] = &[$((
            $name,
            include_str!(concat!("../../words/en/", $name, ".ftl")),
            include_str!(concat!("../../words/zh-CN/", $name, ".ftl")),
        )),*];
    };
}

sources!(
    "arrivals",
    "conflicts",
    "contact",
    "corrective",
    "deadlines",
    "devices",
    "dispatch",
    "exports",
    "forms",
    "frame",
    "knowledge",
    "log",
    "people",
    "queue",
    "record",
    "reports",
    "restricted",
    "returns",
    "review_levels",
    "back_billing",
    "planned",
    "seats",
    "sections",
    "specials",
    "start",
    "warnings",
);

static ENGLISH: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| bundle(Language::En));
static CHINESE: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| bundle(Language::ZhCn));

fn bundle(language: Language) -> FluentBundle<FluentResource> {
    let tag = language.tag().parse().expect("the tags of our languages are valid");
    let mut bundle = FluentBundle::new_concurrent(vec![tag]);
    // The marks around inserted text confuse searching in a page; templates isolate names with <bdi>.
    bundle.set_use_isolating(false);
    for (name, en, zh) in SOURCES {
        let source = if language == Language::En { en } else { zh };
        let resource = FluentResource::try_new((*source).to_owned());
        let resource = resource.unwrap_or_else(|(_, errors)| panic!("{name}.ftl: {errors:?}"));
        bundle.add_resource(resource).unwrap_or_else(|errors| panic!("{name}.ftl: {errors:?}"));
    }
    bundle
}

/// A number or a time as templates hand it over: by value or by reference.
pub(crate) trait Count {
    /// The number; of a time its Unix milliseconds.
    fn count(&self) -> i64;
}

impl<T: Count> Count for &T {
    fn count(&self) -> i64 {
        (**self).count()
    }
}

macro_rules! counts {
    ($($number:ty)*) => {
        $(impl Count for $number {
            fn count(&self) -> i64 {
                i64::try_from(*self).unwrap_or(i64::MAX)
            }
        })*
    };
}

counts!(i64 i32 u32 u64 usize);

impl Count for Timestamp {
    fn count(&self) -> i64 {
        self.unix_ms()
    }
}

/// The words of one language.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words {
    /// Which language.
    pub(crate) language: Language,
}

impl Words {
    /// The words of this language.
    pub(crate) fn new(language: Language) -> Self {
        Self { language }
    }

    /// The tag for `lang`.
    pub(crate) fn tag(self) -> &'static str {
        self.language.tag()
    }

    /// A message without arguments.
    pub(crate) fn t(self, key: &str) -> String {
        self.find(key, None).unwrap_or_else(|| format!("⟦{key}⟧"))
    }

    /// A message with the number `{ $n }`.
    pub(crate) fn n(self, key: &str, n: impl Count) -> String {
        self.with(key, &[("n", FluentValue::from(n.count()))])
    }

    /// A message with the text `{ $a }`.
    pub(crate) fn a(self, key: &str, a: impl Display) -> String {
        self.with(key, &[("a", FluentValue::from(a.to_string()))])
    }

    /// A message with the texts `{ $a }` and `{ $b }`.
    pub(crate) fn ab(self, key: &str, a: impl Display, b: impl Display) -> String {
        self.with(key, &[("a", FluentValue::from(a.to_string())), ("b", FluentValue::from(b.to_string()))])
    }

    /// A message with the texts `{ $a }`, `{ $b }` and `{ $c }`.
    pub(crate) fn abc(self, key: &str, a: impl Display, b: impl Display, c: impl Display) -> String {
        let texts = [("a", a.to_string()), ("b", b.to_string()), ("c", c.to_string())];
        self.with(key, &texts.map(|(name, text)| (name, FluentValue::from(text))))
    }

    /// The word for a code of a family, as in `state-closed`. A code that has no word is shown as it is: devices may
    /// be newer than this server.
    pub(crate) fn code(self, family: &str, code: impl Display) -> String {
        let code = code.to_string();
        let key = format!("{family}-{}", code.replace(['_', '.'], "-"));
        self.find(&key, None).unwrap_or(code)
    }

    /// The name of a category; a code that no table knows stands for itself.
    pub(crate) fn category(self, code: &str) -> &str {
        CodeTable::Categories.name(code, self.codes())
    }

    /// This language in tables of codes.
    pub(crate) fn codes(self) -> codes::Language {
        match self.language {
            Language::En => codes::Language::English,
            Language::ZhCn => codes::Language::Chinese,
        }
    }

    /// Which of two texts this language takes.
    pub(crate) fn either<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match self.language {
            Language::ZhCn => zh,
            Language::En => en,
        }
    }

    /// Day and minute in the office's time zone, of a moment or of Unix milliseconds.
    pub(crate) fn time(self, at: impl Count) -> String {
        let at = crate::complaints::office_time(Timestamp::from_unix_ms(at.count()));
        match self.language {
            Language::En => at.strftime("%-d %b %Y, %H:%M").to_string(),
            Language::ZhCn => at.strftime("%Y年%-m月%-d日 %H:%M").to_string(),
        }
    }

    /// Day and minute for `<time datetime>`.
    pub(crate) fn machine_time(self, at: Timestamp) -> String {
        crate::complaints::office_time(at).strftime("%Y-%m-%dT%H:%M:%S+08:00").to_string()
    }

    /// Whether there is a message of this name.
    pub(crate) fn has(self, key: &str) -> bool {
        self.bundle().has_message(key)
    }

    fn with(self, key: &str, values: &[(&str, FluentValue<'_>)]) -> String {
        let mut arguments = FluentArgs::new();
        for (name, value) in values {
            arguments.set(*name, value.clone());
        }
        self.find(key, Some(&arguments)).unwrap_or_else(|| format!("⟦{key}⟧"))
    }

    fn find(self, key: &str, arguments: Option<&FluentArgs<'_>>) -> Option<String> {
        let bundle = self.bundle();
        let pattern = bundle.get_message(key)?.value()?;
        Some(bundle.format_pattern(pattern, arguments, &mut Vec::new()).into_owned())
    }

    fn bundle(self) -> &'static FluentBundle<FluentResource> {
        match self.language {
            Language::En => &ENGLISH,
            Language::ZhCn => &CHINESE,
        }
    }
}
