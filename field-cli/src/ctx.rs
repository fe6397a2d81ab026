//! What every command has at hand: words, output, the machine, the folder of this device.

use crate::cli::Global;
use crate::cli::help::argument_name;
use crate::failure::{Exit, Failure};
use crate::i18n::{Lang, Words, say};
use crate::machine::{Home, Machine};
use crate::output::Output;
use crate::store::{Store, StoreError};
use inquire::InquireError;
use inquire::ui::{RenderConfig, Styled};
use jiff::tz::{Offset, TimeZone};
use std::ffi::OsString;
use std::fmt;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use sync_core::protocol::{OfficeCard, PackKey};
use sync_core::time::Timestamp;
use tokio::signal::unix::{SignalKind, signal};

/// Name of the file in the device's folder that keeps the chosen language.
const LANG_FILE: &str = "lang";

/// Options that a question shows at once.
const OPTIONS_SHOWN: usize = 12;

/// The surroundings of one command.
pub(crate) struct Ctx {
    /// Folders with everything of this device.
    pub(crate) home: Home,
    /// The words of the user's language.
    pub(crate) words: Words,
    /// Where results and messages go.
    pub(crate) out: Output,
    /// Clocks and chance.
    pub(crate) machine: Machine,
    /// The zone in which days and times are read and shown: the utility's once the pack named it.
    pub(crate) zone: TimeZone,
    /// The zone of this machine.
    pub(crate) machine_zone: TimeZone,
    /// Whether the pack named the utility's zone.
    pub(crate) knows_zone: bool,
    /// Whether somebody is there to answer questions.
    pub(crate) interactive: bool,
}

/// The surroundings that this process was started in. Language and folder are found before
/// arguments are parsed, since errors about arguments need words, too.
pub(crate) fn of_this_process(arguments: &[OsString]) -> Ctx {
    let found = Home::of_this_user().unwrap_or_else(|_| Home::below(Path::new(".fieldloop")));
    let home = match early(arguments, "--home") {
        Some(data) => Home { data: PathBuf::from(data), ..found },
        None => found,
    };
    let variable = || std::env::var("FIELD_LANG").ok().filter(|value| !value.is_empty());
    let lang = early(arguments, "--lang")
        .or_else(variable)
        .and_then(|text| text.parse().ok())
        .or_else(|| chosen_lang(&home))
        .unwrap_or_else(Lang::of_system);
    Ctx {
        home,
        words: Words::new(lang),
        out: Output::of_this_process(),
        machine: Machine::this(),
        zone: TimeZone::system(),
        machine_zone: TimeZone::system(),
        knows_zone: false,
        interactive: std::io::stdin().is_terminal() && std::io::stderr().is_terminal(),
    }
}

impl Ctx {
    /// Takes over what was typed.
    pub(crate) fn take(&mut self, global: &Global) {
        if let Some(data) = &global.home {
            self.home.data.clone_from(data);
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

    /// The store of this device. From now on days and times are the utility's.
    ///
    /// # Errors
    /// When the device is not enrolled or the store cannot be used.
    pub(crate) async fn store(&mut self) -> Result<Store, StoreError> {
        let store = Store::open(self.home.clone(), self.machine.clone()).await?;
        // A card that cannot be read is as good as none: the machine's zone is there, and it is said.
        let office: Option<OfficeCard> = store.pack_json(&PackKey::Office).await.unwrap_or_default();
        let offset =
            office.and_then(|card| Offset::from_seconds(i32::from(card.utc_offset_minutes) * 60).ok());
        if let Some(offset) = offset {
            (self.zone, self.knows_zone) = (TimeZone::fixed(offset), true);
        }
        Ok(store)
    }

    /// The wall clock.
    pub(crate) fn now(&self) -> Timestamp {
        self.machine.now()
    }

    /// Shows a failure and gives its exit code.
    pub(crate) fn report(&mut self, failure: Failure) -> Exit {
        let told = failure.told(&self.words);
        self.out.failure(&told);
        told.exit
    }

    /// Keeps the language for later commands.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub(crate) fn choose_lang(&mut self, lang: Lang) -> std::io::Result<()> {
        std::fs::create_dir_all(&self.home.data)?;
        std::fs::write(self.home.data.join(LANG_FILE), lang.tag())?;
        self.words = Words::new(lang);
        Ok(())
    }

    /// The value of an argument, asked for on a terminal when it was not typed.
    ///
    /// # Errors
    /// Off a terminal, a usage failure that names the argument.
    pub(crate) fn need(
        &self,
        given: Option<&str>,
        argument: &str,
        question: &str,
    ) -> Result<String, Failure> {
        if let Some(text) = given.map(str::trim).filter(|text| !text.is_empty()) {
            return Ok(text.to_owned());
        }
        if !self.interactive {
            return Err(self.missing(argument));
        }
        let question = self.label(argument, question);
        let stopped = say!(self.words, "prompt-stopped");
        let prompt = inquire::Text::new(&question).with_render_config(shown(&stopped));
        let answer = self.answered(|| prompt.prompt())?;
        match answer.trim() {
            "" => Err(self.missing(argument)),
            text => Ok(text.to_owned()),
        }
    }

    /// One of several options, asked for on a terminal.
    ///
    /// # Errors
    /// Off a terminal, a usage failure that names the argument.
    pub(crate) fn choose<T: fmt::Display>(
        &self,
        argument: &str,
        question: &str,
        options: Vec<T>,
    ) -> Result<T, Failure> {
        if !self.interactive {
            return Err(self.missing(argument));
        }
        let keys = say!(self.words, "prompt-keys");
        let question = self.label(argument, question);
        let stopped = say!(self.words, "prompt-stopped");
        let prompt = inquire::Select::new(&question, options)
            .with_help_message(&keys)
            .with_page_size(OPTIONS_SHOWN)
            .with_render_config(shown(&stopped));
        self.answered(|| prompt.prompt())
    }

    /// Yes or no on a terminal; `false` off one.
    ///
    /// # Errors
    /// When the question was broken off.
    pub(crate) fn confirm(&self, question: &str) -> Result<bool, Failure> {
        if !self.interactive {
            return Ok(false);
        }
        let (yes, no) = (say!(self.words, "yes"), say!(self.words, "no"));
        let in_words = |answer: bool| if answer { yes.clone() } else { no.clone() };
        let read = |text: &str| yes_or_no(text).ok_or(());
        let (again, stopped) = (say!(self.words, "prompt-yes-or-no"), say!(self.words, "prompt-stopped"));
        let prompt = inquire::Confirm::new(question)
            .with_default(false)
            .with_parser(&read)
            .with_formatter(&in_words)
            .with_error_message(&again)
            .with_render_config(shown(&stopped));
        self.answered(|| prompt.prompt())
    }

    /// The answer to a question. Ctrl-C ends the question, not this process with the terminal as the question left it;
    /// once it is answered, Ctrl-C stops the command again.
    fn answered<T>(&self, ask: impl FnOnce() -> Result<T, InquireError>) -> Result<T, Failure> {
        let heard = signal(SignalKind::interrupt());
        let answer = ask().map_err(|error| self.unanswered(&error))?;
        if let Ok(mut later) = heard {
            tokio::spawn(async move {
                later.recv().await;
                std::process::exit(i32::from(Exit::Interrupted.code()));
            });
        }
        Ok(answer)
    }

    /// Says on the terminal why an answer does not do, before it is asked for again.
    pub(crate) fn tell_slip(&self, failure: Failure) {
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), "✗ {}", failure.told(&self.words).what);
    }

    /// What a question is called: a value that was typed empty has none of its own.
    fn label(&self, argument: &str, question: &str) -> String {
        if question.is_empty() { argument_name(&self.words, argument) } else { question.to_owned() }
    }

    fn missing(&self, argument: &str) -> Failure {
        let name = argument_name(&self.words, argument);
        Failure::usage("missing-value", say!(self.words, "usage-missing", arguments = name))
            .hint(say!(self.words, "usage-help"))
    }

    fn unanswered(&self, error: &InquireError) -> Failure {
        let stopped =
            || Failure::new("interrupted", say!(self.words, "nothing-recorded")).exit(Exit::Interrupted);
        match error {
            InquireError::OperationCanceled | InquireError::OperationInterrupted => stopped(),
            InquireError::IO(error) if error.kind() == std::io::ErrorKind::Interrupted => stopped(),
            other => Failure::new("prompt", say!(self.words, "prompt-failed", error = other.to_string())),
        }
    }
}

/// How questions look: a broken-off one says so in the language of the user.
fn shown(stopped: &str) -> RenderConfig<'_> {
    RenderConfig::default().with_canceled_prompt_indicator(Styled::new(stopped))
}

/// Yes or no in either language, as people type it.
pub(crate) fn yes_or_no(text: &str) -> Option<bool> {
    match sync_core::search::fold(text).as_str() {
        "yes" | "y" | "true" | "是" | "有" | "对" => Some(true),
        "no" | "n" | "false" | "否" | "无" | "不" | "没有" => Some(false),
        _ => None,
    }
}

fn chosen_lang(home: &Home) -> Option<Lang> {
    std::fs::read_to_string(home.data.join(LANG_FILE)).ok()?.parse().ok()
}

/// `--name value` or `--name=value` among the arguments.
fn early(arguments: &[OsString], name: &str) -> Option<String> {
    let mut rest = arguments.iter().skip(1).filter_map(|argument| argument.to_str());
    while let Some(argument) = rest.next() {
        match argument.strip_prefix(name) {
            Some("") => return rest.next().map(str::to_owned),
            Some(value) if value.starts_with('=') => return Some(value[1..].to_owned()),
            _ => {}
        }
    }
    None
}
