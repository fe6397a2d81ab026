//! What every command has at hand: words, output, clocks, the folder of this device.

use crate::cli::Global;
use crate::clock::{Clock, Entropy, SystemClock, SystemEntropy};
use crate::failure::{Exit, Failure};
use crate::i18n::{Lang, Words};
use crate::output::Output;
use etcetera::{AppStrategy, AppStrategyArgs, choose_app_strategy};
use jiff::tz::TimeZone;
use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Name of the file in the device's folder that keeps the chosen language.
const LANG_FILE: &str = "lang";

/// The surroundings of one command.
pub(crate) struct Ctx {
    /// Folder with everything of this device.
    pub(crate) home: PathBuf,
    /// The words of the user's language.
    pub(crate) words: Words,
    /// Where results and messages go.
    pub(crate) out: Output,
    /// The clocks.
    pub(crate) clock: Arc<dyn Clock>,
    /// Chance.
    pub(crate) entropy: Arc<dyn Entropy>,
    /// The zone in which times are shown.
    pub(crate) zone: TimeZone,
    /// Whether somebody is there to answer questions.
    pub(crate) interactive: bool,
}

/// The surroundings that this process was started in. Language and folder are found before
/// arguments are parsed, since errors about arguments need words, too.
pub(crate) fn of_this_process(arguments: &[OsString]) -> Ctx {
    let home = early(arguments, "--home", "FIELD_HOME").map_or_else(default_home, PathBuf::from);
    let lang = early(arguments, "--lang", "FIELD_LANG")
        .and_then(|text| text.parse().ok())
        .or_else(|| chosen_lang(&home))
        .unwrap_or_else(Lang::of_system);
    Ctx {
        home,
        words: Words::new(lang),
        out: Output::of_this_process(),
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        zone: TimeZone::system(),
        interactive: std::io::stdin().is_terminal() && std::io::stderr().is_terminal(),
    }
}

impl Ctx {
    /// Takes over what was typed.
    pub(crate) fn take(&mut self, global: &Global) {
        if let Some(home) = &global.home {
            self.home.clone_from(home);
        }
        if let Some(lang) = global.lang
            && lang != self.words.lang
        {
            self.words = Words::new(lang);
        }
        if global.json {
            self.out.json_lines();
            self.interactive = false;
        }
    }

    /// Shows a failure and gives its exit code.
    pub(crate) fn report(&mut self, failure: &Failure) -> Exit {
        self.out.failure(failure);
        failure.exit
    }

    /// Keeps the language for later commands.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub(crate) fn choose_lang(&mut self, lang: Lang) -> std::io::Result<()> {
        std::fs::create_dir_all(&self.home)?;
        std::fs::write(self.home.join(LANG_FILE), lang.tag())?;
        self.words = Words::new(lang);
        Ok(())
    }
}

fn chosen_lang(home: &Path) -> Option<Lang> {
    std::fs::read_to_string(home.join(LANG_FILE)).ok()?.parse().ok()
}

/// `--name value` or `--name=value` among the arguments, else the variable.
fn early(arguments: &[OsString], name: &str, variable: &str) -> Option<String> {
    let mut rest = arguments.iter().skip(1).filter_map(|argument| argument.to_str());
    while let Some(argument) = rest.next() {
        match argument.strip_prefix(name) {
            Some("") => return rest.next().map(str::to_owned),
            Some(value) if value.starts_with('=') => return Some(value[1..].to_owned()),
            _ => {}
        }
    }
    std::env::var(variable).ok().filter(|value| !value.is_empty())
}

/// `$XDG_DATA_HOME/fieldloop`, or what this platform has instead.
fn default_home() -> PathBuf {
    let name = AppStrategyArgs {
        top_level_domain: "org".to_owned(),
        author: "Fieldloop".to_owned(),
        app_name: "fieldloop".to_owned(),
    };
    match choose_app_strategy(name) {
        Ok(strategy) => strategy.data_dir(),
        Err(_) => PathBuf::from(".fieldloop"),
    }
}
