//! `fieldloop check`: whether configuration, data folder, keys and database are sound, and what to do if not.

use crate::app;
use crate::config::Config;
use crate::disk;
use crate::installation;
use crate::keys::Keys;
use crate::problem::Language;
use crate::store::{Store, StoreError, on_engine};
use crate::{audit, clock::Entropy};
use std::fmt::Write;
use std::path::Path;

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub subject: &'static str,
    /// What is wrong and what to do; `Ok` describes what was found sound.
    pub verdict: Result<String, String>,
}

/// Looks at everything. Changes nothing except that a missing data folder is made.
pub async fn check(config: &Config) -> Vec<Finding> {
    let folder = &config.data.folder;
    let mut findings = vec![
        Finding {
            subject: "configuration",
            verdict: Ok(format!("{} on {}", config.server.public_url(), config.server.listen)),
        },
        Finding { subject: "disk", verdict: check_disk(config) },
    ];
    let store = match app::open_store(config).await {
        Ok(store) => store,
        Err(error) => {
            findings.push(Finding { subject: "database", verdict: Err(error.to_string()) });
            return findings;
        }
    };
    let database = match check_database(&store).await {
        Ok(verdict) => verdict,
        Err(error) => Err(error.to_string()),
    };
    findings.push(Finding { subject: "database", verdict: database });
    findings.push(Finding { subject: "keys", verdict: check_keys(&store, folder).await });
    store.close().await;
    findings
}

fn check_disk(config: &Config) -> Result<String, String> {
    let folder = &config.data.folder;
    let free = disk::free_bytes(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let (free, needed) = (free >> 20, config.data.disk_free_mib_min);
    let text = format!("{free} MiB free at {}", folder.display());
    if free >= needed { Ok(text) } else { Err(format!("{text}: at least {needed} MiB are needed")) }
}

async fn check_database(store: &Store) -> Result<Result<String, String>, StoreError> {
    let missing = store.migrations_missing().await?;
    if missing > 0 {
        return Ok(Err(format!(
            "{missing} migrations are missing: run fieldloop migrate, or serve, which does it"
        )));
    }
    let mut tx = store.read().await?;
    if store.file().is_some() {
        let found: Vec<String> =
            on_engine!(&mut tx, |conn| sqlx::query_scalar("PRAGMA quick_check").fetch_all(conn).await)?;
        if found != ["ok"] {
            return Ok(Err(format!("damaged: {}; restore the newest backup", found.join("; "))));
        }
    }
    let newest = audit::last_index(&mut tx).await?;
    Ok(match audit::first_gap(&mut tx).await? {
        None => Ok(format!("{:?}, server log without gaps up to {newest}", store.kind())),
        Some(index) => Err(format!("the server log lacks entry {index}: restore the newest backup")),
    })
}

async fn check_keys(store: &Store, folder: &Path) -> Result<String, String> {
    let installation = async { installation::find(&mut store.read().await?).await };
    match installation.await {
        Ok(Some(installation)) => Keys::open(folder, installation.epoch, &Entropy::System)
            .map(|_| format!("server {}, epoch {}", installation.server_id, installation.epoch))
            .map_err(|error| error.to_string()),
        Ok(None) => Ok("made at the first start".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// The findings for a person, and whether all is sound.
pub fn report(findings: &[Finding], language: Language) -> (String, bool) {
    let mut text = String::new();
    for Finding { subject, verdict } in findings {
        let subject = match (language, *subject) {
            (Language::ZhCn, "configuration") => "配置",
            (Language::ZhCn, "disk") => "磁盘",
            (Language::ZhCn, "database") => "数据库",
            (Language::ZhCn, "keys") => "密钥",
            (_, other) => other,
        };
        let (mark, detail) = match verdict {
            Ok(detail) => ("✓", detail),
            Err(detail) => ("✗", detail),
        };
        // Writing into a String cannot fail.
        let _ = writeln!(text, "{mark} {subject}: {detail}");
    }
    (text, findings.iter().all(|finding| finding.verdict.is_ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::App;
    use crate::clock::Clock;

    #[tokio::test]
    async fn a_sound_installation_is_told_from_a_broken_one() {
        let folder = tempfile::TempDir::new().unwrap();
        let mut config = Config::default();
        config.data.folder = folder.path().join("data");
        let before = check(&config).await;
        assert!(report(&before, Language::En).0.contains("run fieldloop migrate"));
        let app = App::open(config.clone(), Clock::System, Entropy::System).await.unwrap();
        app.store.close().await;
        let sound = check(&config).await;
        let (text, all) = report(&sound, Language::ZhCn);
        assert!(all, "{text}");
        assert!(text.contains("✓ 密钥"), "{text}");
        std::fs::write(config.data.folder.join("keys/token.pem"), "cut").unwrap();
        let (text, all) = report(&check(&config).await, Language::En);
        assert!(!all && text.contains("✗ keys"), "{text}");
    }
}
