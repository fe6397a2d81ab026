//! The pack: what devices carry to read, as JSON items under stable keys.
//!
//! An item is replaced as a whole. Writing what is there already costs nothing and tells nobody.

use super::feed::{self, Audience, Event};
use crate::store::{StoreError, Tx, statement};
use serde::Serialize;
use std::collections::BTreeMap;
use sync_core::ids::PersonId;
use sync_core::protocol::PackKey;

/// Whose pack an item belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PackAudience {
    /// Everybody's.
    All,
    /// One person's.
    Person(PersonId),
}

impl From<PackAudience> for Audience {
    fn from(audience: PackAudience) -> Self {
        match audience {
            PackAudience::All => Self::All,
            PackAudience::Person(person) => Self::Person(person),
        }
    }
}

/// Puts an item into a pack or replaces it. Call it before `audit::append`.
pub async fn put(
    tx: &mut Tx,
    audience: PackAudience,
    key: &PackKey,
    item: &impl Serialize,
) -> Result<(), StoreError> {
    let json = serde_json::to_string(item).expect("pack items have only text keys and finite numbers");
    replace(tx, audience.into(), &key.to_string(), Some(json)).await
}

/// Takes an item out of a pack. Call it before `audit::append`.
pub async fn remove(tx: &mut Tx, audience: PackAudience, key: &PackKey) -> Result<(), StoreError> {
    replace(tx, audience.into(), &key.to_string(), None).await
}

/// The people who carry an item of their own under this key. Items are not ordered by their keys: ask seldom.
pub async fn carriers(tx: &mut Tx, key: &PackKey) -> Result<Vec<PersonId>, StoreError> {
    const SQL: &str =
        "SELECT audience FROM pack_items WHERE pack_key = $1 AND json IS NOT NULL ORDER BY audience";
    let found: Vec<String> = statement(SQL).bind(key.to_string()).values(tx).await?;
    Ok(found.iter().filter_map(|whose| whose.strip_prefix("person/")?.parse().ok()).collect())
}

async fn replace(tx: &mut Tx, audience: Audience, key: &str, json: Option<String>) -> Result<(), StoreError> {
    const FIND: &str = "SELECT json FROM pack_items WHERE audience = $1 AND pack_key = $2";
    const SQL: &str = "INSERT INTO pack_items (audience, pack_key, feed_position, json) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (audience, pack_key) DO UPDATE SET feed_position = excluded.feed_position, json = excluded.json";
    let whose = audience.to_string();
    let present: Option<Option<String>> = statement(FIND).bind(&whose).bind(key).value_if_any(tx).await?;
    if present.unwrap_or(None) == json {
        return Ok(());
    }
    let position = feed::append(tx, &[(audience, Event::Pack(key.to_owned()))]).await?;
    statement(SQL).bind(&whose).bind(key).bind(position).bind(json).execute(tx).await?;
    Ok(())
}

/// The present items at these feed positions, by position. A position whose item was replaced since is absent.
pub(super) async fn at(
    tx: &mut Tx,
    audiences: &[Audience],
    positions: &[i64],
) -> Result<BTreeMap<i64, (String, Option<String>)>, StoreError> {
    if positions.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut query = statement("SELECT feed_position, pack_key, json FROM pack_items WHERE audience IN (");
    let mut list = query.places();
    for audience in
        audiences.iter().filter(|audience| matches!(audience, Audience::All | Audience::Person(_)))
    {
        list.push_bind(audience.to_string());
    }
    query.push(") AND feed_position IN (");
    let mut list = query.places();
    for position in positions {
        list.push_bind(*position);
    }
    query.push(")");
    let rows: Vec<(i64, String, Option<String>)> = query.rows(tx).await?;
    Ok(rows.into_iter().map(|(position, key, json)| (position, (key, json))).collect())
}
