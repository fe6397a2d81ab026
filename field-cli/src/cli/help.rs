//! Help in the language of the user.
//!
//! `clap` cannot translate, so the command tree is rebuilt at run time: every command takes the
//! message `help-<command>` and every argument `help-<command>--<argument>` or, where many
//! commands share it, `arg-<argument>`. Words that `clap` writes itself (possible values,
//! defaults, aliases, headings) are switched off and said here.

use super::Cli;
use crate::i18n::{Lang, Words, say};
use clap::{Arg, ArgAction, Command, CommandFactory};

/// The command tree with its words.
pub(crate) fn localised(words: &Words) -> Command {
    let mut built = Cli::command();
    built.build();
    let root = Cli::command().version(env!("CARGO_PKG_VERSION"));
    let version = Arg::new("version").short('V').long("version").action(ArgAction::Version);
    let root = root.disable_version_flag(true).arg(version);
    apply(root, &built, words, "").after_help(say!(words, "help-root-after"))
}

/// The path of a subcommand of `path`: `visit` and `start` make `visit-start`.
pub(crate) fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}-{name}") }
}

/// The names of the messages that may explain an argument, best first.
pub(crate) fn argument_ids(path: &str, id: &str) -> [String; 2] {
    let id = id.replace('_', "-");
    [format!("help-{path}--{id}"), format!("arg-{id}")]
}

/// The name of the message for the placeholder of a value: `LAT,LON` makes `value-lat-lon`.
pub(crate) fn placeholder_id(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    format!("value-{}", words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-"))
}

/// The placeholder of a value; units and the like have no words of their own.
fn placeholder(name: &str, words: &Words) -> String {
    words.find(&placeholder_id(name)).unwrap_or_else(|| name.to_owned())
}

/// An argument as messages name it: placeholders in the words of the user, options as they are typed.
pub(crate) fn argument_name(words: &Words, argument: &str) -> String {
    match argument.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')) {
        Some(name) => format!("<{}>", placeholder(name, words)),
        None => argument.to_owned(),
    }
}

fn apply(command: Command, built: &Command, words: &Words, path: &str) -> Command {
    let about = if path.is_empty() {
        say!(words, "about")
    } else {
        words.find(&format!("help-{path}")).unwrap_or_default()
    };
    let help = Arg::new("help").short('h').long("help").action(ArgAction::Help);
    let (usage, options, arguments, commands) = (
        say!(words, "heading-usage"),
        say!(words, "heading-options"),
        say!(words, "heading-arguments"),
        say!(words, "heading-commands"),
    );
    let template =
        format!("{{before-help}}{{about-with-newline}}\n{usage} {{usage}}\n\n{{all-args}}{{after-help}}");
    let command = command
        .about(about)
        .disable_help_flag(true)
        // Lines are broken by `wrap`, which knows where Chinese may be broken.
        .term_width(0)
        .arg(help)
        .help_template(template)
        .subcommand_help_heading(commands)
        .mut_args(|argument| {
            let heading = if argument.is_positional() { &arguments } else { &options };
            let heading = heading.clone();
            explain(argument, words, path).help_heading(heading)
        })
        .override_usage(usage_line(built, words));
    // Whoever lands in the wrong language needs one line that they can read.
    let command = match words.lang {
        Lang::En => command,
        Lang::ZhCn => command.before_help(say!(words, "help-way-back")),
    };
    command.mut_subcommands(|sub| {
        let name = sub.get_name().to_owned();
        match built.find_subcommand(&name) {
            Some(built) => apply(sub, built, words, &join(path, &name)),
            None => sub,
        }
    })
}

fn explain(argument: Arg, words: &Words, path: &str) -> Arg {
    let ids = argument_ids(path, argument.get_id().as_str());
    // What every command takes comes after what is its own.
    let argument = if argument.is_global_set() || matches!(argument.get_id().as_str(), "help" | "version") {
        argument.display_order(900)
    } else {
        argument
    };
    let mut help = ids.iter().find_map(|id| words.find(id)).unwrap_or_default();
    let values: Vec<String> = argument
        .get_possible_values()
        .iter()
        .filter(|value| !value.is_hide_set())
        .map(|value| value.get_name().to_owned())
        .collect();
    if !argument.get_action().takes_values() {
        return argument.help(help);
    }
    let names: Vec<String> =
        argument.get_value_names().unwrap_or_default().iter().map(|name| placeholder(name, words)).collect();
    let argument = if names.is_empty() { argument } else { argument.value_names(names) };
    if !values.is_empty() {
        help.push_str(&say!(words, "help-values", values = values.join(", ")));
    }
    argument.help(help).hide_possible_values(true).hide_default_value(true)
}

/// The usage of a command without clap's English heading and words.
fn usage_line(built: &Command, words: &Words) -> String {
    let usage = built.clone().render_usage().to_string();
    let usage = usage.strip_prefix("Usage: ").unwrap_or(&usage).to_owned();
    match words.lang {
        Lang::En => usage,
        Lang::ZhCn => {
            let usage = usage
                .replace("[OPTIONS]", say!(words, "usage-options").as_str())
                .replace("<COMMAND>", say!(words, "usage-command").as_str())
                .replace(
                    "[COMMAND]",
                    &format!("[{}]", say!(words, "usage-command").trim_matches(['<', '>'])),
                );
            usage.split(' ').map(|part| usage_part(part, words)).collect::<Vec<_>>().join(" ")
        }
    }
}

/// One word of a usage line: `<VISIT>`, `[VISIT]`, `--why <WHY>` or `[PERCENT]...` with its placeholder in words.
fn usage_part(part: &str, words: &Words) -> String {
    for (open, close) in [('<', '>'), ('[', ']')] {
        let inner = part.strip_prefix(open).and_then(|rest| rest.split_once(close));
        if let Some((name, rest)) = inner {
            return format!("{open}{}{close}{rest}", placeholder(name, words));
        }
    }
    part.to_owned()
}
