//! What an administrator can set: a TOML file, then the environment, then nothing else.
//!
//! One struct for each section. Unknown keys are refused, so a typing error cannot turn a limit off. The environment
//! variable of `[section] key` is `FIELDLOOP_SECTION_KEY`. Read once in `main.rs` and passed down.

mod auth;
mod database;
mod log;
mod metrics;
mod regions;
mod server;

pub use auth::AuthConfig;
pub use database::DatabaseConfig;
pub use log::{LogConfig, LogFormat};
pub use metrics::MetricsConfig;
pub use regions::{RegionName, Regions};
pub use server::ServerConfig;

use serde::Deserialize;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// Variables that belong to the program but set no key of the file.
const OTHER_VARIABLES: [&str; 5] = [
    "FIELDLOOP_CONFIG",
    "FIELDLOOP_LANG",
    "FIELDLOOP_BLESS",
    "FIELDLOOP_REQUIRE_POSTGRES",
    "FIELDLOOP_PASSWORD",
];

/// The sections of the file, for finding the key that a variable sets.
const SECTIONS: [&str; 6] = ["server", "data", "database", "metrics", "log", "auth"];

/// Everything that can be set.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the server listens and what it bears.
    pub server: ServerConfig,
    /// Where its files are.
    pub data: DataConfig,
    /// Where its database is.
    pub database: DatabaseConfig,
    /// Where figures are served.
    pub metrics: MetricsConfig,
    /// What it writes to standard error.
    pub log: LogConfig,
    /// How long sessions and invitations last.
    pub auth: AuthConfig,
    /// What people call the regions.
    pub regions: Regions,
}

/// `[data]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DataConfig {
    /// Folder of keys, photos and, unless configured otherwise, the database.
    pub folder: PathBuf,
    /// With fewer free MiB the embedded database takes no writes. 0: no limit.
    pub disk_free_mib_min: u64,
}

impl Default for DataConfig {
    fn default() -> Self {
        Self { folder: PathBuf::from("./fieldloop-data"), disk_free_mib_min: 512 }
    }
}

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is there but cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The text is no TOML, has an unknown key or a value of the wrong type.
    #[error("{origin}: {message}")]
    Invalid {
        /// File or environment.
        origin: String,
        /// What is wrong, with line and column for a file.
        message: String,
    },
    /// A variable that no key belongs to.
    #[error("environment variable {name} sets nothing: expected FIELDLOOP_<SECTION>_<KEY>")]
    UnknownVariable {
        /// Its name.
        name: String,
    },
    /// A value outside its range.
    #[error("{key} = {found}: expected {expected}")]
    OutOfRange {
        /// Section and key.
        key: &'static str,
        /// The value.
        found: String,
        /// Which values would do.
        expected: String,
    },
}

impl Config {
    /// Reads the file, if one is named, and the environment, and checks every range.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let text = match file {
            Some(path) => std::fs::read_to_string(path)
                .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?,
            None => String::new(),
        };
        let origin = file.map_or_else(|| "configuration".to_owned(), |path| path.display().to_string());
        Self::parse(&text, &origin, std::env::vars())
    }

    /// Reads a text and these variables.
    pub fn parse(
        text: &str,
        origin: &str,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let invalid = |error: toml::de::Error| ConfigError::Invalid {
            origin: origin.to_owned(),
            message: error.to_string(),
        };
        // Once for itself, so that a mistake is shown with its line.
        let _: Self = toml::from_str(text).map_err(invalid)?;
        let mut table: Table = toml::from_str(text).map_err(invalid)?;
        for (name, value) in variables {
            if name.starts_with("FIELDLOOP_") && !OTHER_VARIABLES.contains(&name.as_str()) {
                apply_variable(&mut table, &name, &value)?;
            }
        }
        let config: Self = table.try_into().map_err(|error: toml::de::Error| ConfigError::Invalid {
            origin: "environment".to_owned(),
            message: error.to_string(),
        })?;
        config.validate()?;
        Ok(config)
    }

    /// Checks every range.
    pub fn validate(&self) -> Result<(), ConfigError> {
        self.server.validate()?;
        in_range("data.disk_free_mib_min", self.data.disk_free_mib_min, 0..=10_000_000)?;
        self.database.validate()?;
        self.regions.validate()?;
        self.auth.validate()
    }

    /// The database's URL: as configured, or a file in the data folder.
    pub fn database_url(&self) -> String {
        match &self.database.url {
            Some(url) => url.clone(),
            None => format!("sqlite://{}", self.data.folder.join("fieldloop.db").display()),
        }
    }
}

fn apply_variable(table: &mut Table, name: &str, text: &str) -> Result<(), ConfigError> {
    let unknown = || ConfigError::UnknownVariable { name: name.to_owned() };
    let path = name.trim_start_matches("FIELDLOOP_").to_ascii_lowercase();
    let (section, key) = path.split_once('_').ok_or_else(unknown)?;
    if !SECTIONS.contains(&section) || key.is_empty() {
        return Err(unknown());
    }
    let section = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
    let section = section.as_table_mut().ok_or_else(unknown)?;
    section.insert(key.to_owned(), parse_value(text));
    Ok(())
}

/// Numbers, flags and lists as in the file; anything else is a text and needs no quotes.
fn parse_value(text: &str) -> Value {
    let parsed = toml::from_str::<Table>(&format!("value = {text}"));
    parsed.ok().and_then(|mut table| table.remove("value")).unwrap_or_else(|| Value::String(text.to_owned()))
}

fn in_range<T: Copy + PartialOrd + std::fmt::Display>(
    key: &'static str,
    found: T,
    range: std::ops::RangeInclusive<T>,
) -> Result<(), ConfigError> {
    if range.contains(&found) {
        return Ok(());
    }
    let expected = format!("{} to {}", range.start(), range.end());
    Err(ConfigError::OutOfRange { key, found: found.to_string(), expected })
}

#[cfg(test)]
mod tests;
