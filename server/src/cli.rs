//! What can be typed after `fieldloop`, and help in the language of the terminal.
//!
//! `clap` cannot translate. English words are the comments below, so that they stand where the argument stands; the
//! Chinese ones are a table that a test compares with the tree of commands. Mistakes on the command line are told in
//! English: `clap` words them.

use crate::demo::DemoArgs;
use crate::devices::cli::DeviceCommand;
use crate::people::cli::UserCommand;
use crate::problem::Language;
use clap::{Arg, Command as Tree, CommandFactory, Parser, Subcommand};
use std::ffi::OsString;
use std::path::PathBuf;

/// Field work that is never lost: the server.
#[derive(Debug, Parser)]
#[command(name = "fieldloop", version, propagate_version = true)]
pub struct Arguments {
    /// Settings (TOML). Without it the defaults and the environment hold.
    #[arg(long, global = true, env = "FIELDLOOP_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Language of what is printed: en or zh-CN. Default: as the terminal says.
    #[arg(long, global = true, env = "FIELDLOOP_LANG", value_name = "LANG")]
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
    /// Manage people.
    #[command(subcommand)]
    User(UserCommand),
    /// Manage devices.
    #[command(subcommand)]
    Device(DeviceCommand),
    /// Print the OpenAPI document.
    Openapi,
    /// Merge what the server hands over on standard input. Started by the server itself.
    #[command(hide = true)]
    MergeWorker,
}

/// Chinese words for every command and argument, by path: `device invite --label`.
const ZH: &[(&str, &str)] = &[
    ("", "现场工作，一条不丢：服务器"),
    ("--config", "配置文件（TOML）；不写则采用默认值和环境变量"),
    ("--lang", "输出语言：en 或 zh-CN；默认随终端"),
    ("serve", "运行服务器，直到收到停止信号"),
    ("demo", "演示：一家正在运转的企业，可随处查看，也可用 field 试用"),
    ("demo --fresh", "重新开始：先清空演示目录"),
    ("demo --listen", "地址和端口，仅限本机"),
    ("demo --data", "演示专用目录，所有内容都在其中"),
    ("migrate", "把数据库升级到本版本的结构"),
    ("check", "检查配置、磁盘、数据库和密钥是否正常，有问题则说明如何处理"),
    ("user", "管理人员"),
    ("user add", "新建人员；不写 --password 则生成密码并显示一次，也可用 FIELDLOOP_PASSWORD"),
    ("user add <login_name>", "登录名"),
    ("user add --name", "显示的姓名；默认同登录名"),
    ("user add --staff_number", "工号"),
    ("user add --roles", "角色、角色@单位 或 角色@单位/区域；可重复"),
    ("user add --password", "密码；本机其他人可能看到命令行"),
    ("user add --no_password", "不设密码：外勤人员不需要"),
    ("user list", "列出人员"),
    ("user passwd", "设置新密码，并结束此人的所有会话"),
    ("user passwd <login_name>", "登录名"),
    ("user passwd --password", "密码；不写则生成并显示一次"),
    ("user role", "更换此人的角色"),
    ("user role <login_name>", "登录名"),
    ("user role <roles>", "角色、角色@单位 或 角色@单位/区域"),
    ("user disable", "停用此人；加 --undo 恢复"),
    ("user disable <login_name>", "登录名"),
    ("user disable --undo", "恢复访问"),
    ("device", "管理设备"),
    ("device invite", "为人员邀请一台设备：打印二维码、链接和可键入的短码"),
    ("device invite <login_name>", "人员的登录名"),
    ("device invite --label", "设备的称呼；默认由设备自报"),
    ("device invite --no_qr", "不打印二维码"),
    ("device list", "列出设备：最近联系、版本、未送达的内容、时钟"),
    ("device revoke", "立即取消设备的访问权"),
    ("device revoke <device>", "编号或简称（dev-07）"),
    ("device revoke --reason", "原因：丢失、被盗、交还等"),
    ("device suspend", "暂停设备直至恢复，设备上的内容不会丢失"),
    ("device suspend <device>", "编号或简称（dev-07）"),
    ("device suspend --reason", "原因：维修、持有人休假等"),
    ("device resume", "结束暂停"),
    ("device resume <device>", "编号或简称（dev-07）"),
    ("device resume --reason", "原因"),
    ("device wipe", "命令设备移交内容后清除一切，并撤销设备"),
    ("device wipe <device>", "编号或简称（dev-07）"),
    ("device wipe --reason", "原因：丢失、被盗、转交他人等"),
    ("device wipe --withdraw", "撤回命令，设备仍为已撤销"),
    ("device history", "设备的历史，最新在前"),
    ("device history <device>", "编号或简称（dev-07）"),
    ("device history --before", "从服务器日志的此编号之前开始"),
    ("device rename", "更改设备的称呼"),
    ("device rename <device>", "编号或简称（dev-07）"),
    ("device rename <label>", "新的称呼"),
    ("openapi", "打印 OpenAPI 文档"),
    ("merge-worker", "合并服务器从标准输入交来的内容；由服务器自行启动"),
];

/// The language of the terminal: what was asked for, else what the environment says.
pub fn language(asked: Option<&str>) -> Language {
    let terminal = || ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(|name| std::env::var(name).ok());
    let tag = asked.map(str::to_owned).or_else(terminal).unwrap_or_default();
    if tag.to_ascii_lowercase().starts_with("zh") { Language::ZhCn } else { Language::En }
}

/// The command tree in the language of this command line, found before it is parsed.
pub fn tree(arguments: &[OsString]) -> Tree {
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
    in_language(language(asked.as_deref()))
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
    let usage =
        usage.replace("[OPTIONS]", "[选项]").replace("<COMMAND>", "<命令>").replace("[COMMAND]", "[命令]");
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
        .help_template("{before-help}{about-with-newline}\n用法： {usage}\n\n{all-args}{after-help}")
        .override_usage(usage)
        .subcommand_help_heading("命令")
        .mut_args(|argument| translate_argument(argument, path));
    names.into_iter().fold(tree, |tree, name| {
        let path = if path.is_empty() { name.clone() } else { format!("{path} {name}") };
        tree.mut_subcommand(name, |sub| translate(sub, &path))
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
    let defaults: Vec<_> = argument.get_default_values().iter().filter(|value| !value.is_empty()).collect();
    if let [default] = defaults[..] {
        help.push_str(&format!("（默认 {}）", default.display()));
    }
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
            tree(&arguments).try_get_matches_from(&arguments).unwrap_err().render().to_string()
        };
        let chinese = help("fieldloop demo --lang zh-CN --help");
        for part in [
            "English: fieldloop --lang en --help",
            "用法： fieldloop demo [选项]",
            "重新开始",
            "（默认 127.0.0.1:8080）",
        ] {
            assert!(chinese.contains(part), "{part}: {chinese}");
        }
        for english in ["Usage", "Options", "Print", "Start over", "default"] {
            assert!(!chinese.contains(english), "{english}: {chinese}");
        }
        assert!(help("fieldloop --lang=zh help device").contains("立即取消设备的访问权"));
        assert!(help("fieldloop --lang en device --help").contains("Take a device's access away"));
    }

    #[test]
    fn a_translated_tree_takes_the_same_command_lines() {
        use clap::FromArgMatches;
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
