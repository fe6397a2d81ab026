//! Mistakes on the command line, in Chinese.

use super::words::PLACEHOLDERS;
use crate::people::{Role, RoleError};
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// What is wrong and what to do, or nothing where `clap` shows help or the version, which are translated already.
pub(super) fn in_chinese(error: &clap::Error) -> Option<String> {
    let found = |kind| error.get(kind).map(text).unwrap_or_default();
    let (argument, value) = (found(ContextKind::InvalidArg), found(ContextKind::InvalidValue));
    let what = match error.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => return None,
        ErrorKind::UnknownArgument => format!("这里没有 {argument}"),
        ErrorKind::InvalidSubcommand => format!("没有命令 {}", found(ContextKind::InvalidSubcommand)),
        ErrorKind::MissingRequiredArgument => format!("缺少：{argument}"),
        ErrorKind::MissingSubcommand => "缺少命令".to_owned(),
        ErrorKind::ArgumentConflict => {
            let other = found(ContextKind::PriorArg);
            if other == argument || other.is_empty() {
                format!("{argument} 只能写一次")
            } else {
                format!("{argument} 不能与 {other} 同时使用")
            }
        }
        _ if value.is_empty() => format!("{argument} 后面要有内容"),
        _ => format!("{value} 不适用于 {argument}"),
    };
    let mut lines = vec![format!("fieldloop：{what}")];
    let suggestions =
        [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue];
    if let Some(suggestion) = suggestions.map(found).into_iter().find(|text| !text.is_empty()) {
        lines.push(format!("是不是想用 {suggestion}？"));
    }
    let source = std::error::Error::source(error);
    if source.is_some_and(<dyn std::error::Error>::is::<RoleError>) {
        lines.push(format!("可选：{}", Role::ALL.map(Role::as_str).join("、")));
    }
    lines.push("详情请加 --help".to_owned());
    Some(lines.join("\n  ") + "\n")
}

/// The placeholder of a value in Chinese.
pub(super) fn placeholder(name: &str) -> String {
    let known = PLACEHOLDERS.iter().find(|(known, _)| *known == name);
    known.map_or(name, |(_, words)| words).to_owned()
}

fn text(value: &ContextValue) -> String {
    match value {
        ContextValue::String(text) => text.clone(),
        ContextValue::Strings(texts) => texts.join("、"),
        ContextValue::StyledStr(text) => text.to_string(),
        ContextValue::Number(number) => number.to_string(),
        _ => String::new(),
    }
}
