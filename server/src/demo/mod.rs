//! `fieldloop demo`: a believable utility on one machine, to look around in and to try `field` against.
//!
//! The story (`data/`) is told once, on a clock moved by hand, by people who use the JSON API and by devices that sign
//! their logs and use the exchange and the upload route: nothing is written past them. The next start continues.
//!
//! Deliberately not for real work: the passwords are printed, so it listens on loopback only.

mod calendar;
mod client;
mod consumption;
mod device;
mod field;
mod folder;
mod greeting;
mod office;
mod pictures;
mod story;
mod telling;
#[cfg(test)]
mod tests;
mod upload;

pub use folder::{DemoFolder, FolderError, Ready};
pub use greeting::{greeting, patience};

use crate::app::{App, StartError};
use crate::clock::{Clock, Entropy};
use crate::config::{Config, Regions};
use crate::devices::{self, DeviceError, Invitation};
use crate::people::{self, PeopleError};
use crate::problem::Language;
use crate::store::StoreError;
use calendar::Today;
use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;
use story::Story;
use sync_core::time::Timestamp;

/// What can be chosen.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Start over: empties the folder of the demonstration first.
    #[arg(long)]
    pub fresh: bool,
    /// Address and port; loopback only.
    #[arg(long, env = "FIELDLOOP_SERVER_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub listen: SocketAddr,
    /// Folder of its own for everything it keeps.
    #[arg(long, default_value = "./fieldloop-demo", value_name = "FOLDER")]
    pub data: PathBuf,
}

impl DemoArgs {
    /// Refuses an address that other machines reach.
    ///
    /// # Errors
    /// [`DemoError::NotLoopback`].
    pub fn check(&self) -> Result<(), DemoError> {
        let listen = self.listen;
        if listen.ip().is_loopback() { Ok(()) } else { Err(DemoError::NotLoopback { listen }) }
    }
}

/// Why the demonstration cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// Its passwords are known to everybody.
    #[error(
        "{listen} can be reached from other machines, and everybody knows the passwords of the demonstration"
    )]
    NotLoopback {
        /// The address that was asked for.
        listen: SocketAddr,
    },
    /// The folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The server.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The story.
    #[error(transparent)]
    Seed(#[from] SeedError),
    /// The invitation for the first device.
    #[error(transparent)]
    Invite(#[from] DeviceError),
}

impl DemoError {
    /// What happened and what to do, in the language of the terminal.
    pub fn explained(&self, language: Language) -> anyhow::Error {
        let (zh, en) = match self {
            Self::NotLoopback { .. } => (
                "演示的密码是公开的，只能监听本机地址，例如 127.0.0.1:8080",
                "Use an address such as 127.0.0.1:8080",
            ),
            Self::Folder(FolderError::Foreign { .. }) => (
                "该文件夹不是演示文件夹，没有改动其中任何内容；请用 --data 另选一个",
                "Choose another with --data",
            ),
            Self::Folder(FolderError::InUse { .. }) => (
                "该文件夹上已有演示在运行；请先停止它，或用 --data 另选一个",
                "Stop that one, or choose another with --data",
            ),
            _ => ("演示无法启动；可用 --fresh 重新开始", "Starting over with --fresh may help"),
        };
        match language {
            Language::En => anyhow::anyhow!("{self}. {en}"),
            Language::ZhCn => anyhow::anyhow!("{}", crate::cli::apart(zh, self)),
        }
    }
}

/// Why the story could not be told.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The story and this version do not fit.
    #[error("the story does not fit this version: {what}")]
    Story {
        /// What does not fit.
        what: String,
    },
    /// The server did not take it.
    #[error("{request} was answered with {status}: {answer}")]
    Refused {
        /// Method and path.
        request: String,
        /// Status code.
        status: u16,
        /// The answer.
        answer: String,
    },
    /// Where in the story it was.
    #[error("at {} ms: {source}", at.unix_ms())]
    Event {
        /// When.
        at: Timestamp,
        /// What failed.
        source: Box<Self>,
    },
    /// An account.
    #[error(transparent)]
    People(#[from] PeopleError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A picture.
    #[error(transparent)]
    Picture(#[from] image::ImageError),
    /// An edit of a document.
    #[error(transparent)]
    Edit(#[from] sync_core::document::EditError),
    /// A measurement.
    #[error(transparent)]
    Recorded(#[from] sync_core::recorded::RecordedError),
    /// An answer to an exchange.
    #[error(transparent)]
    Answer(#[from] sync_core::replica::PlanError),
    /// A change that does not fit a document.
    #[error(transparent)]
    Apply(#[from] sync_core::document::ApplyError),
}

/// A demonstration that can be served.
#[derive(Debug)]
pub struct Demo {
    /// The server.
    pub app: App,
    /// What the folder says about itself.
    pub ready: Ready,
    /// Whether the story was told just now.
    pub is_new: bool,
    folder: DemoFolder,
}

impl Demo {
    /// Opens the demonstration, telling its story first where that is needed; that takes some seconds, which
    /// `before_telling` can announce.
    ///
    /// # Errors
    /// Before anything is changed: the address is no loopback address, or the folder belongs to somebody else.
    pub async fn open(
        arguments: &DemoArgs,
        clock: Clock,
        before_telling: impl FnOnce(),
    ) -> Result<Self, DemoError> {
        arguments.check()?;
        let (folder, ready) = DemoFolder::take(&arguments.data, arguments.fresh)?;
        let is_new = ready.is_none();
        let config = config(&folder, arguments.listen);
        let ready = match ready {
            Some(ready) => ready,
            None => {
                before_telling();
                make(&folder, &config, &clock).await?
            }
        };
        let app = App::open(config, clock, Entropy::System).await?;
        Ok(Self { app, ready, is_new, folder })
    }

    /// Where everything is kept.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// A fresh invitation for one of the technicians: the one whose language this is.
    pub async fn invite(&self, language: Language) -> Result<Invitation, DemoError> {
        let login_name = greeting::technician(language);
        let mut tx = self.app.store.read().await.map_err(SeedError::from)?;
        let person = people::find_by_login(&mut tx, login_name).await.map_err(SeedError::from)?;
        drop(tx);
        let unknown = || SeedError::Story { what: format!("nobody is called {login_name:?}") };
        let person = person.ok_or_else(unknown)?;
        Ok(devices::invite(&self.app, person.person_id, "", None).await?)
    }

    /// The office's day at this moment.
    pub fn day(&self) -> String {
        Today::at(self.app.clock.now()).date(0).to_string()
    }
}

/// Tells the story into an empty folder and marks it as finished.
async fn make(folder: &DemoFolder, config: &Config, clock: &Clock) -> Result<Ready, DemoError> {
    let (story, today) = (Story::embedded(), Today::at(clock.now()));
    let past = Clock::manual(telling::beginning(&story, today)?);
    let mut config = config.clone();
    // People of the story stay signed in over the nights it skips.
    (config.auth.session_idle_minutes, config.auth.session_hours) = (1440, 720);
    let app = App::open(config, past, Entropy::System).await?;
    let told = telling::tell(&app, &story, today).await;
    app.store.close().await;
    told?;
    Ok(folder.finish(&today.date(0).to_string())?)
}

/// What people call the regions of the demonstration.
const REGIONS: [(&str, &str, &str); 3] = [
    ("binjiang", "滨江区", "Riverside District"),
    ("dongcheng", "东城区", "East Town"),
    ("gaoxin", "高新区", "High-Tech Zone"),
];

/// Defaults only: no file and no variable of a real server shall reach the demonstration.
fn config(folder: &DemoFolder, listen: SocketAddr) -> Config {
    let mut config = Config::default();
    config.data.folder = folder.path().to_owned();
    config.server.listen = listen;
    config.regions = Regions::of(&REGIONS);
    config
}
