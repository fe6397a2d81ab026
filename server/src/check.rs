//! `fieldloop check`: whether configuration, data folder, keys and database are sound, and what to do if not.

use crate::app;
use crate::audit;
use crate::cli::apart;
use crate::config::Config;
use crate::disk;
use crate::installation;
use crate::keys::Keys;
use crate::problem::Language;
use crate::store::{EngineKind, Store, StoreError, statement};
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
pub async fn check(config: &Config, language: Language) -> Vec<Finding> {
    let folder = &config.data.folder;
    let (address, listen) = (config.server.public_url(), config.server.listen);
    let serving = say(language, format!("{address}，监听 {listen}"), format!("{address} on {listen}"));
    let mut findings = vec![
        Finding { subject: "configuration", verdict: Ok(serving) },
        Finding { subject: "disk", verdict: check_disk(config, language) },
    ];
    let store = match app::open_store(config).await {
        Ok(store) => store,
        Err(error) => {
            findings
                .push(Finding { subject: "database", verdict: Err(error.explained(language).to_string()) });
            return findings;
        }
    };
    let database = match check_database(&store, language).await {
        Ok(verdict) => verdict,
        Err(error) => Err(unread(language, &error)),
    };
    // Without its tables the database says nothing of keys.
    let migrated = store.migrations_missing().await.is_ok_and(|missing| missing == 0);
    findings.push(Finding { subject: "database", verdict: database });
    if migrated {
        findings.push(Finding { subject: "keys", verdict: check_keys(&store, folder, language).await });
    }
    store.close().await;
    findings
}

fn say(language: Language, zh: String, en: String) -> String {
    if language == Language::ZhCn { zh } else { en }
}

/// A database that was opened and cannot be read.
fn unread(language: Language, error: &StoreError) -> String {
    say(language, apart("无法读取数据库", error), error.to_string())
}

fn check_disk(config: &Config, language: Language) -> Result<String, String> {
    let folder = &config.data.folder;
    let place = folder.display();
    let free = disk::free_bytes(folder).map_err(|error| {
        say(language, apart(format!("无法查看 {place}"), &error), format!("{place}: {error}"))
    })?;
    let (free, needed) = (free >> 20, config.data.disk_free_mib_min);
    if free >= needed {
        return Ok(say(language, format!("{place} 剩余 {free} MiB"), format!("{free} MiB free at {place}")));
    }
    Err(say(
        language,
        format!("{place} 剩余 {free} MiB，至少需要 {needed} MiB"),
        format!("{free} MiB free at {place}: at least {needed} MiB are needed"),
    ))
}

async fn check_database(store: &Store, language: Language) -> Result<Result<String, String>, StoreError> {
    let missing = store.migrations_missing().await?;
    if missing > 0 {
        return Ok(Err(say(
            language,
            format!("缺少 {missing} 个迁移：请运行 fieldloop migrate；serve 启动时也会执行"),
            format!("{missing} migrations are missing: run fieldloop migrate, or serve, which does it"),
        )));
    }
    let mut tx = store.read().await?;
    if store.file().is_some() {
        let found: Vec<String> = statement("PRAGMA quick_check").values(&mut tx).await?;
        if found != ["ok"] {
            let found = found.join("; ");
            return Ok(Err(say(
                language,
                apart("已损坏：请恢复最近的备份", &found),
                format!("damaged: {found}; restore the newest backup"),
            )));
        }
    }
    let newest = audit::last_index(&mut tx).await?;
    let kind = match store.kind() {
        EngineKind::Sqlite => "SQLite",
        EngineKind::Postgres => "PostgreSQL",
    };
    Ok(match audit::first_gap(&mut tx).await? {
        None => Ok(say(
            language,
            format!("{kind}，服务器日志连续至 {newest}"),
            format!("{kind}, server log without gaps up to {newest}"),
        )),
        Some(index) => Err(say(
            language,
            format!("服务器日志缺少第 {index} 条：请恢复最近的备份"),
            format!("the server log lacks entry {index}: restore the newest backup"),
        )),
    })
}

async fn check_keys(store: &Store, folder: &Path, language: Language) -> Result<String, String> {
    let installation = async {
        let mut tx = store.read().await?;
        let Some(found) = installation::find(&mut tx).await? else { return Ok(None) };
        Ok::<_, StoreError>(Some((found, installation::office_key(&mut tx, found.epoch).await?)))
    };
    match installation.await {
        Ok(Some((installation, office))) => {
            let (server, epoch) = (installation.server_id, installation.epoch);
            let sound = say(
                language,
                format!("服务器 {server}，纪元 {epoch}"),
                format!("server {server}, epoch {epoch}"),
            );
            Keys::look(folder, installation.epoch, office)
                .map(|()| sound)
                .map_err(|error| error.explained(language))
        }
        Ok(None) => Ok(say(language, "首次启动时生成".to_owned(), "made at the first start".to_owned())),
        Err(error) => Err(unread(language, &error)),
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
        let colon = if language == Language::ZhCn { "：" } else { ": " };
        // Writing into a String cannot fail.
        let _ = writeln!(text, "{mark} {subject}{colon}{detail}");
    }
    (text, findings.iter().all(|finding| finding.verdict.is_ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::App;
    use crate::clock::{Clock, Entropy};

    #[tokio::test]
    async fn a_sound_installation_is_told_from_a_broken_one() {
        let folder = tempfile::TempDir::new().unwrap();
        let mut config = Config::default();
        config.data.folder = folder.path().join("data");
        let before = check(&config, Language::En).await;
        assert!(report(&before, Language::En).0.contains("run fieldloop migrate"));
        let app = App::open(config.clone(), Clock::System, Entropy::System).await.unwrap();
        app.store.close().await;
        let sound = check(&config, Language::ZhCn).await;
        let (text, all) = report(&sound, Language::ZhCn);
        assert!(all, "{text}");
        assert!(text.contains("✓ 密钥：服务器 ") && text.contains("日志连续至 "), "{text}");
        std::fs::write(config.data.folder.join("keys/token.pem"), "cut").unwrap();
        let (text, all) = report(&check(&config, Language::En).await, Language::En);
        assert!(!all && text.contains("✗ keys"), "{text}");
    }

    #[tokio::test]
    async fn a_lost_key_of_the_office_log_is_told_and_a_new_epoch_makes_another() {
        let folder = tempfile::TempDir::new().unwrap();
        let mut config = Config::default();
        config.data.folder = folder.path().join("data");
        let open = || App::open(config.clone(), Clock::System, Entropy::System);
        open().await.unwrap().store.close().await;
        let key = config.data.folder.join("keys/office-1.pem");
        std::fs::remove_file(&key).unwrap();
        let (text, all) = report(&check(&config, Language::En).await, Language::En);
        assert!(!all && text.contains("office-1.pem is missing: restore it"), "{text}");
        let refused = open().await.err().unwrap().explained(Language::ZhCn).to_string();
        assert!(refused.contains("fieldloop new-epoch"), "{refused}");
        assert!(!key.exists(), "neither made another key");
        assert_eq!(app::new_epoch(&config, &Clock::System, "the key is lost").await.unwrap(), 2);
        let app = open().await.unwrap();
        assert_eq!(app.installation.epoch, 2);
        app.store.close().await;
        assert!(report(&check(&config, Language::En).await, Language::En).1);
    }
}
