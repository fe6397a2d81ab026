//! The table `checklists`.

use crate::store::{StoreError, Tx, statement};
use sync_core::ids::PersonId;
use sync_core::protocol::ChecklistTemplate;
use sync_core::time::Timestamp;

/// The newest version of a checklist.
pub async fn newest(tx: &mut Tx, code: &str) -> Result<Option<ChecklistTemplate>, StoreError> {
    const SQL: &str = "SELECT template_json FROM checklists WHERE code = $1 ORDER BY version DESC LIMIT 1";
    let json: Option<String> = statement(SQL).bind(code).value_if_any(tx).await?;
    json.map(|json| parse(code, &json)).transpose()
}

/// One version of a checklist.
pub(super) async fn find(
    tx: &mut Tx,
    code: &str,
    version: u32,
) -> Result<Option<ChecklistTemplate>, StoreError> {
    const SQL: &str = "SELECT template_json FROM checklists WHERE code = $1 AND version = $2";
    let json: Option<String> = statement(SQL).bind(code).bind(i64::from(version)).value_if_any(tx).await?;
    json.map(|json| parse(code, &json)).transpose()
}

/// The newest version of every checklist, by code.
pub async fn list(tx: &mut Tx) -> Result<Vec<ChecklistTemplate>, StoreError> {
    const SQL: &str = "SELECT c.code, c.template_json FROM checklists c WHERE c.version = \
        (SELECT max(n.version) FROM checklists n WHERE n.code = c.code) ORDER BY c.code";
    let rows: Vec<(String, String)> = statement(SQL).rows(tx).await?;
    rows.iter().map(|(code, json)| parse(code, json)).collect()
}

/// Inserts a version.
pub(super) async fn insert(
    tx: &mut Tx,
    template: &ChecklistTemplate,
    by: Option<PersonId>,
    at: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO checklists (code, version, template_json, published_by, published_at_ms) \
        VALUES ($1, $2, $3, $4, $5)";
    let json = serde_json::to_string(template)
        .map_err(|_| StoreError::impossible("checklists", "template_json", template.code.as_str()))?;
    statement(SQL)
        .bind(&template.code)
        .bind(i64::from(template.version))
        .bind(json)
        .bind(by.map(String::from))
        .bind(at.unix_ms())
        .execute(tx)
        .await?;
    Ok(())
}

fn parse(code: &str, json: &str) -> Result<ChecklistTemplate, StoreError> {
    serde_json::from_str(json).map_err(|_| StoreError::impossible("checklists", "template_json", code))
}
