//! What can be typed after `fieldloop`, and help in the language of the terminal.
//!
//! `clap` cannot translate. English words are the comments below, so that they stand where the argument stands; the
//! Chinese ones are in `words`, tables that a test compares with the tree of commands. Mistakes on the command line are
//! told by `clap` in English and by `mistake` in Chinese.

mod apart;
mod columns;
mod mistake;
mod words;

pub use apart::{apart, told_in_chinese};
pub(crate) use columns::columns;

use crate::demo::DemoArgs;
use crate::devices::cli::DeviceCommand;
use crate::people::cli::UserCommand;
use crate::problem::Language;
use clap::{Arg, Command as Tree, CommandFactory, FromArgMatches, Parser, Subcommand};
use std::ffi::OsString;
use std::path::PathBuf;
use words::ZH;

/// Field work that is never lost: the server.
#[derive(Debug, Parser)]
#[command(name = "fieldloop", version, propagate_version = true, arg_required_else_help = true)]
pub struct Arguments {
    /// Settings (TOML). Without it the defaults and the environment hold.
    #[arg(long, global = true, env = "FIELDLOOP_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Language of what is printed: en or zh-CN. Default: as the terminal says.
    #[arg(long, global = true, env = "FIELDLOOP_LANG", value_name = "LANG", value_parser = known_language)]
    pub lang: Option<String>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What `fieldloop` can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server until it is told to stop.
    Serve,
    /// Show a utility at work: a server with a story of its own, to look around in and to try `field` against.
    Demo(DemoArgs),
    /// Bring the database to the shape of this version.
    Migrate,
    /// Tell whether configuration, disk, database and keys are sound, and what to do if not.
    Check,
    /// Begin a new epoch: after a backup was restored, or when the key of the office log is lost for good.
    NewEpoch {
        /// Why; stands in the server log.
        #[arg(long)]
        reason: String,
    },
    /// Manage people.
    #[command(subcommand, arg_required_else_help = true)]
    User(UserCommand),
    /// Manage devices.
    #[command(subcommand, arg_required_else_help = true)]
    Device(DeviceCommand),
    /// Print the OpenAPI document.
    Openapi,
}

/// The language of the terminal: what was asked for, else what the environment says.
pub fn language(asked: Option<&str>) -> Language {
    let terminal = || ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(|name| std::env::var(name).ok());
    let tag = asked.map(str::to_owned).or_else(terminal).unwrap_or_default();
    if tag.to_ascii_lowercase().starts_with("zh") { Language::ZhCn } else { Language::En }
}

/// Takes whatever begins like one of our languages: `zh`, `zh_CN.UTF-8`, `en-GB`.
fn known_language(tag: &str) -> Result<String, String> {
    let known = ["en", "zh"].iter().any(|known| tag.to_ascii_lowercase().starts_with(known));
    // In both languages: nobody knows which one this person reads.
    known.then(|| tag.to_owned()).ok_or_else(|| {
        format!("\"{tag}\" is no language of this program: en, zh-CN / 没有这种语言：en、zh-CN")
    })
}

/// What the command line asks for.
///
/// # Errors
/// With what is to be shown instead: help, the version or a mistake.
pub fn parse(arguments: &[OsString]) -> Result<Arguments, Shown> {
    let language = language_typed(arguments);
    let matches = in_language(language).try_get_matches_from(arguments);
    let parsed = matches.and_then(|matches| Arguments::from_arg_matches(&matches));
    parsed.map_err(|error| {
        let chinese = (language == Language::ZhCn).then(|| mistake::in_chinese(&error)).flatten();
        Shown { code: error.exit_code(), mistake: chinese, error }
    })
}

/// Help, the version or a mistake, in the language of the command line.
#[derive(Debug)]
pub struct Shown {
    /// How the process ends.
    pub code: i32,
    /// A mistake in words of our own.
    pub mistake: Option<String>,
    /// As `clap` shows it, where there are no words of our own.
    pub error: clap::Error,
}

/// The language of this command line, found before it is parsed.
fn language_typed(arguments: &[OsString]) -> Language {
    let mut texts = arguments.iter().skip(1).map_while(|argument| argument.to_str());
    let mut asked = None;
    while let Some(text) = texts.next() {
        match text.strip_prefix("--lang") {
            Some("") => asked = texts.next().map(str::to_owned),
            Some(value) if value.starts_with('=') => asked = Some(value[1..].to_owned()),
            _ => {}
        }
    }
    let asked = asked.or_else(|| std::env::var("FIELDLOOP_LANG").ok());
    language(asked.as_deref())
}

fn in_language(language: Language) -> Tree {
    let mut tree = Arguments::command();
    if language == Language::En {
        return tree;
    }
    // Built before it is translated: `clap` adds its own arguments and `help` first.
    tree.build();
    translate(tree, "")
}

fn translate(tree: Tree, path: &str) -> Tree {
    let usage = tree.clone().render_usage().to_string();
    let usage = usage.strip_prefix("Usage: ").unwrap_or(&usage);
    let usage = usage_in_chinese(usage);
    let about = match path.split(' ').next_back() {
        Some("help") => "显示帮助",
        _ => words(path).unwrap_or_default(),
    };
    let names: Vec<String> = tree.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    let tree = tree
        .about(about)
        .long_about(None::<&str>)
        // Whoever lands in the wrong language needs one line that they can read.
        .before_help("English: fieldloop --lang en --help")
        .help_template("{before-help}{about-with-newline}\n用法：{usage}\n\n{all-args}{after-help}")
        .override_usage(usage)
        .subcommand_help_heading("命令")
        .mut_args(|argument| translate_argument(argument, path));
    names.into_iter().fold(tree, |tree, name| {
        let path = if path.is_empty() { name.clone() } else { format!("{path} {name}") };
        tree.mut_subcommand(name, |sub| translate(sub, &path))
    })
}

/// The line that `clap` wrote, with Chinese placeholders.
fn usage_in_chinese(usage: &str) -> String {
    let usage = usage.replace("[OPTIONS]", "[选项]").replace("[COMMAND]", "[命令]");
    [('<', '>'), ('[', ']')].into_iter().fold(usage, |usage, (open, close)| {
        let mut parts = usage.split(open);
        let mut line = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = part.split_once(close).unwrap_or((part, ""));
            line.push_str(&format!("{open}{}{close}{rest}", mistake::placeholder(name)));
        }
        line
    })
}

fn translate_argument(argument: Arg, path: &str) -> Arg {
    let heading = if argument.is_positional() { "参数" } else { "选项" };
    let id = argument.get_id().as_str();
    let mut help = match id {
        "help" => "显示帮助",
        "version" => "显示版本",
        _ => argument_words(path, &argument).unwrap_or_default(),
    }
    .to_owned();
    if let Some(name) = argument.get_env() {
        help.push_str(&format!("（环境变量 {}）", name.display()));
    }
    let takes_values = argument.get_action().takes_values();
    let defaults = argument.get_default_values().iter().filter(|value| takes_values && !value.is_empty());
    let defaults: Vec<_> = defaults.collect();
    if let [default] = defaults[..] {
        help.push_str(&format!("（默认 {}）", default.display()));
    }
    let names = argument.get_value_names().unwrap_or_default();
    let names: Vec<String> = names.iter().map(|name| mistake::placeholder(name)).collect();
    let argument = if names.is_empty() { argument } else { argument.value_names(names) };
    let argument = argument.help(help).long_help(None::<&str>).help_heading(heading);
    argument.hide_default_value(true).hide_env(true)
}

fn argument_words(path: &str, argument: &Arg) -> Option<&'static str> {
    let name = argument_name(argument);
    words(format!("{path} {name}").trim_start()).or_else(|| words(&name))
}

fn argument_name(argument: &Arg) -> String {
    let id = argument.get_id();
    if argument.is_positional() { format!("<{id}>") } else { format!("--{id}") }
}

fn words(path: &str) -> Option<&'static str> {
    ZH.iter().find(|(known, _)| *known == path).map(|(_, words)| *words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn paths(tree: &Tree, path: &str, found: &mut BTreeSet<String>) {
        found.insert(path.to_owned());
        let own = |argument: &&Arg| path.is_empty() || !argument.is_global_set();
        for argument in tree.get_arguments().filter(own) {
            if !matches!(argument.get_id().as_str(), "help" | "version") {
                found.insert(format!("{path} {}", argument_name(argument)).trim_start().to_owned());
            }
        }
        for sub in tree.get_subcommands().filter(|sub| sub.get_name() != "help") {
            paths(sub, format!("{path} {}", sub.get_name()).trim_start(), found);
        }
    }

    #[test]
    fn every_command_and_argument_has_chinese_words() {
        let mut found = BTreeSet::new();
        paths(&Arguments::command(), "", &mut found);
        let known: BTreeSet<String> = ZH.iter().map(|(path, _)| (*path).to_owned()).collect();
        assert_eq!(found, known);
    }

    #[test]
    fn help_is_in_the_language_that_was_asked_for_wherever_that_stands() {
        let help = |line: &str| {
            let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let shown = parse(&arguments).unwrap_err();
            shown.mistake.unwrap_or_else(|| shown.error.render().to_string())
        };
        let chinese = help("fieldloop demo --lang zh-CN --help");
        for part in [
            "English: fieldloop --lang en --help",
            "用法：fieldloop demo [选项]",
            "重新开始",
            "127.0.0.1:8080）",
            "FIELDLOOP_SERVER_LISTEN",
        ] {
            assert!(chinese.contains(part), "{part}: {chinese}");
        }
        let roles = help("fieldloop --lang zh user role --help");
        assert!(roles.contains("用法：fieldloop user role [选项] <登录名> [角色]..."), "{roles}");
        assert!(!help("fieldloop --lang zh user disable --help").contains("false"));
        for english in ["Usage", "Options", "Print", "Start over", "default"] {
            assert!(!chinese.contains(english), "{english}: {chinese}");
        }
        assert!(help("fieldloop --lang=zh help device").contains("立即取消设备的访问权"));
        assert!(help("fieldloop --lang en device --help").contains("Take a device's access away"));
    }

    #[test]
    fn the_demonstration_listens_where_the_environment_says() {
        let mut tree = Arguments::command();
        let demo = tree.find_subcommand_mut("demo").unwrap();
        let listen = demo.get_arguments().find(|argument| argument.get_id() == "listen").unwrap();
        assert_eq!(listen.get_env(), Some("FIELDLOOP_SERVER_LISTEN".as_ref()));
    }

    #[test]
    fn every_placeholder_has_chinese_words() {
        fn placeholders(tree: &Tree, found: &mut BTreeSet<String>) {
            for argument in tree.get_arguments().filter(|argument| argument.get_action().takes_values()) {
                found.extend(argument.get_value_names().unwrap_or_default().iter().map(ToString::to_string));
            }
            tree.get_subcommands().for_each(|sub| placeholders(sub, found));
        }
        let mut found = BTreeSet::from(["COMMAND".to_owned()]);
        placeholders(&Arguments::command(), &mut found);
        let known: BTreeSet<String> =
            words::PLACEHOLDERS.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(found, known);
    }

    #[test]
    fn a_mistake_is_told_in_chinese_and_says_what_to_do() {
        let told = |line: &str| {
            let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let shown = parse(&arguments).unwrap_err();
            assert_eq!(shown.code, 2, "{line}");
            shown.mistake.unwrap()
        };
        for (line, words) in [
            ("fieldloop --lang zh device revok", "没有命令 revok\n  是不是想用 revoke？"),
            ("fieldloop --lang zh device revoke", "缺少：--reason <原因>、<设备>"),
            ("fieldloop --lang zh device revoke 1 --reason", "--reason <原因> 后面要有内容"),
            ("fieldloop --lang zh device list --long", "这里没有 --long"),
            ("fieldloop --lang zh device list extra", "这里没有 extra"),
            ("fieldloop --lang zh demo --listen here", "here 不适用于 --listen <地址>\n  详情"),
            ("fieldloop --lang zh demo --fresh --fresh", "--fresh 只能写一次"),
            ("fieldloop --lang zh user add a --password b --no-password", "不能与 --no-password 同时使用"),
            ("fieldloop --lang zh user role a boss", "boss 不适用于 [角色]...\n  可选：technician、"),
        ] {
            let mistake = told(line);
            assert!(mistake.contains(words), "{line}: {mistake}");
            assert!(mistake.starts_with("fieldloop：") && mistake.ends_with("--help\n"), "{mistake}");
        }
    }

    #[test]
    fn a_language_that_is_none_of_ours_is_refused_and_no_command_at_all_shows_help() {
        let shown = |line: &str| {
            let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            parse(&arguments).unwrap_err()
        };
        let french = shown("fieldloop device list --lang fr");
        assert_eq!(french.code, 2);
        assert!(french.error.to_string().contains("没有这种语言：en、zh-CN"), "{}", french.error);
        assert!(known_language("zh_CN.UTF-8").is_ok() && known_language("en-GB").is_ok());
        for line in ["fieldloop", "fieldloop device", "fieldloop user"] {
            let help = shown(line);
            assert_eq!(help.code, 2, "{line}");
            let text = help.error.render().to_string();
            assert!(text.contains("Commands:") && !text.contains("merge-worker"), "{text}");
        }
    }

    #[test]
    fn a_translated_tree_takes_the_same_command_lines() {
        for language in [Language::En, Language::ZhCn] {
            let line = ["fieldloop", "device", "invite", "zhangwei", "--no-qr", "--lang", "zh-CN"];
            let matches = in_language(language).try_get_matches_from(line).unwrap();
            let arguments = Arguments::from_arg_matches(&matches).unwrap();
            assert_eq!(arguments.lang.as_deref(), Some("zh-CN"));
            let Command::Device(DeviceCommand::Invite { login_name, no_qr, .. }) = arguments.command else {
                panic!("another command")
            };
            assert_eq!((login_name.as_str(), no_qr), ("zhangwei", true));
        }
    }
}
