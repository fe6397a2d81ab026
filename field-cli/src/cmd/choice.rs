//! Codes that people choose from: typed in any form, offered on a terminal, named in both languages.

use super::site::not_one_of;
use crate::cli::help::argument_name;
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::i18n::{Lang, Words, say};
use std::fmt;
use sync_core::codes::{CodeTable, Language};
use sync_core::protocol::TermCard;
use sync_core::search::fold;

/// An option with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) code: String,
    /// In the language of the user.
    pub(crate) name: String,
    /// In the other one: taken as well, whoever learnt it there.
    pub(crate) other: String,
}

impl Choice {
    /// An option with its name in both languages.
    pub(crate) fn new(words: &Words, code: &str, zh: &str, en: &str) -> Self {
        let (name, other) = match words.lang {
            Lang::En => (en, zh),
            Lang::ZhCn => (zh, en),
        };
        Self { code: code.to_owned(), name: name.to_owned(), other: other.to_owned() }
    }

    /// An option that is offered in one language only.
    pub(crate) fn named(code: &str, name: String) -> Self {
        Self { code: code.to_owned(), other: name.clone(), name }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name == self.code {
            true => f.write_str(&self.name),
            false => write!(f, "{}  ({})", self.name, self.code),
        }
    }
}

/// The language in which codes have names.
pub(crate) fn language(words: &Words) -> Language {
    match words.lang {
        Lang::En => Language::English,
        Lang::ZhCn => Language::Chinese,
    }
}

/// The options of a table.
pub(crate) fn of_table(words: &Words, table: CodeTable) -> Vec<Choice> {
    let entries = table.entries().iter();
    entries.map(|entry| Choice::new(words, &entry.code, &entry.zh, &entry.en)).collect()
}

/// A term as an option.
pub(crate) fn of_term(words: &Words, term: &TermCard) -> Choice {
    Choice::new(words, &term.code, &term.zh, &term.en)
}

/// The options of an enum with codes: `choices_of!(words, SealState)`.
macro_rules! choices_of {
    ($words:expr, $kind:ty) => {
        <$kind>::ALL
            .iter()
            .map(|value| {
                let name = |language| value.name(language);
                let (zh, en) =
                    (name(sync_core::codes::Language::Chinese), name(sync_core::codes::Language::English));
                $crate::cmd::choice::Choice::new($words, value.code(), zh, en)
            })
            .collect::<Vec<_>>()
    };
}
pub(crate) use choices_of;

/// The option that was typed: its code in any case, its name, or its number; asked for on a terminal
/// when nothing was typed.
///
/// # Errors
/// A usage failure that names the argument and lists the options.
pub(crate) fn pick(
    ctx: &Ctx,
    given: Option<&str>,
    argument: &str,
    question: &str,
    options: Vec<Choice>,
) -> Result<Choice, Failure> {
    match given.map(str::trim).filter(|text| !text.is_empty()) {
        Some(typed) => matching(&options, typed).cloned().ok_or_else(|| {
            let known: Vec<_> = options.into_iter().map(|option| (option.code, option.name)).collect();
            not_one_of(&ctx.words, argument, typed, &known)
        }),
        None if !ctx.interactive => {
            let known: Vec<String> =
                options.iter().map(|option| format!("{} ({})", option.code, option.name)).collect();
            let name = argument_name(&ctx.words, argument);
            let what = say!(ctx.words, "usage-missing", arguments = name);
            let hint = say!(ctx.words, "usage-valid-values", values = known.join(", "));
            Err(Failure::usage("missing-value", what).hint(hint))
        }
        None => ctx.choose(argument, question, options),
    }
}

fn matching<'a>(options: &'a [Choice], typed: &str) -> Option<&'a Choice> {
    let plain = |text: &str| fold(text).replace('-', "_");
    let typed_plain = plain(typed);
    let by_code = options.iter().find(|option| plain(&option.code) == typed_plain);
    let by_name = || {
        options
            .iter()
            .find(|option| [&option.name, &option.other].iter().any(|name| plain(name) == typed_plain))
    };
    let by_number = || options.get(typed_plain.parse::<usize>().ok()?.checked_sub(1)?);
    by_code.or_else(by_name).or_else(by_number)
}
