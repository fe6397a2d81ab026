//! What the author's device was told about a refused envelope, and whether it has confirmed that it knows.
//!
//! Fates travel in the feed; a device confirms with each request up to where it has everything. So nothing here is
//! assumed from the fact that something was sent.

use super::QuarantineItem;
use crate::exchange::epochs;
use crate::exchange::feed::{self, Audience};
use crate::store::{StoreError, Tx, statement};
use serde::Serialize;
use utoipa::ToSchema;

/// What the device knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::exchange) enum Told {
    /// It has confirmed that it knows of the refusal and its reason.
    Refused,
    /// Refusal and reason are sent to it and not confirmed yet.
    RefusedUnconfirmed,
    /// It has confirmed that it knows: the office let it enter.
    Entered,
    /// The office let it enter; until its next exchange the device shows it as refused.
    EnteredUnconfirmed,
    /// It knew of the refusal: its author wrote the content anew.
    Rewritten,
}

impl Told {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::RefusedUnconfirmed => "refused_unconfirmed",
            Self::Entered => "entered",
            Self::EnteredUnconfirmed => "entered_unconfirmed",
            Self::Rewritten => "rewritten",
        }
    }
}

/// What the author's device knows of an item.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(in crate::exchange) struct DeviceTold {
    pub(super) what: Told,
    /// When the device was last seen; null: never.
    pub(super) last_seen_at_ms: Option<i64>,
    /// Whether the device lost its access: it is told nothing any more.
    pub(super) revoked: bool,
}

/// What the author's device knows of this item.
pub(super) async fn of(tx: &mut Tx, item: &QuarantineItem) -> Result<DeviceTold, StoreError> {
    const SQL: &str = "SELECT c.acknowledged_epoch, c.acknowledged_cursor, d.last_seen_at_ms, d.revoked_at_ms \
        FROM devices d LEFT JOIN device_chains c ON c.device_id = d.device_id WHERE d.device_id = $1";
    type Row = (Option<i64>, Option<i64>, Option<i64>, Option<i64>);
    let device = item.device_id.to_string();
    let row: Option<Row> = statement(SQL).bind(device).row_if_any(tx).await?;
    let (epoch, cursor, last_seen_at_ms, revoked_at_ms) = row.unwrap_or_default();
    let confirmed = if epoch == Some(epochs::current(tx).await?) { cursor.unwrap_or(0) } else { 0 };
    let announced = feed::results_about(tx, Audience::Device(item.device_id), item.device_seq).await?;
    let knows = |position: Option<i64>| position.is_some_and(|position| position <= confirmed);
    let refusal = announced.first().copied();
    // The verdict of the office is announced after the refusal, never in the same breath.
    let entrance = announced.last().copied().filter(|_| announced.len() > 1);
    let what = match item.state.as_str() {
        "superseded" => Told::Rewritten,
        "accepted" if knows(entrance) => Told::Entered,
        "accepted" => Told::EnteredUnconfirmed,
        _ if knows(refusal) => Told::Refused,
        _ => Told::RefusedUnconfirmed,
    };
    Ok(DeviceTold { what, last_seen_at_ms, revoked: revoked_at_ms.is_some() })
}
