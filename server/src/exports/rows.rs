//! What stands in the lines of each table, in the order of its columns.

use super::csv::Line;
use super::sql::{ComplaintRow, VisitRow};
use crate::work_orders::result_of_check;
use serde_json::{Value, json};
use std::collections::HashMap;
use sync_core::document::{Entry, EntryMeta, VisitView};

/// Names of people by their id.
pub(super) type People = HashMap<String, String>;

pub(super) fn complaint(row: &ComplaintRow) -> Line {
    Line::default()
        .plain(&row.number)
        .plain(&row.complaint_id)
        .plain(&row.state)
        .plain(&row.utility)
        .text(&row.category)
        .plain(&row.channel)
        .plain(&row.priority)
        .text(&row.region)
        .text(&row.unit)
        .time(row.requested_at_ms)
        .time(row.received_at_ms)
        .optional_time(row.contact_due_at_ms)
        .optional_time(row.onsite_due_at_ms)
        .optional_time(row.answer_due_at_ms)
        .optional_time(row.closed_at_ms)
        .optional(row.survivor.as_deref())
        .optional(row.verdict.as_deref())
        .optional(row.cause.as_deref())
        .optional(row.responsibility.as_deref())
        .optional(row.meter_no.as_deref())
        .text(&row.address)
        .text(&row.summary)
        .optional_plain(row.latitude.as_deref())
        .optional_plain(row.longitude.as_deref())
        .optional_plain(row.customer_class.as_deref())
}

/// A complaint as a GeoJSON feature (RFC 7946); none when its place is not known.
pub(super) fn feature(row: &ComplaintRow) -> Option<String> {
    let degrees = |text: &Option<String>| text.as_deref()?.parse::<f64>().ok();
    let (latitude, longitude) = (degrees(&row.latitude)?, degrees(&row.longitude)?);
    let time = |ms: i64| jiff::Timestamp::from_millisecond(ms).unwrap_or_default().to_string();
    let feature: Value = json!({
        "type": "Feature",
        "id": row.complaint_id,
        "geometry": { "type": "Point", "coordinates": [longitude, latitude] },
        "properties": {
            "complaint_number": row.number,
            "state": row.state,
            "utility": row.utility,
            "category": row.category,
            "priority": row.priority,
            "region": row.region,
            "unit": row.unit,
            "received_at": time(row.received_at_ms),
            "closed_at": row.closed_at_ms.map(time),
        },
    });
    Some(feature.to_string())
}

fn standing<T>(entries: &std::collections::BTreeMap<sync_core::ids::EntryId, Entry<T>>) -> usize {
    entries.values().filter(|entry| entry.stands()).count()
}

pub(super) fn visit(complaint: &str, row: &VisitRow, view: Option<&VisitView>) -> Line {
    let line = Line::default()
        .plain(complaint)
        .plain(&row.visit_id)
        .plain(&row.state)
        .plain(&row.origin)
        .text(&row.checklist)
        .plain(&row.planned_on)
        .optional_time(row.arrived_claimed_ms)
        .optional_time(row.arrived_received_ms)
        .optional_time(row.ended_claimed_ms)
        .optional_time(row.ended_received_ms)
        .optional(row.outcome.as_deref());
    let Some(view) = view else {
        return line.plain(0).plain(0).plain(0).plain(0).plain(0).plain(0).plain("").plain(0);
    };
    line.plain(standing(&view.findings))
        .plain(standing(&view.readings))
        .plain(standing(&view.meter_checks))
        .plain(standing(&view.gas_tests))
        .plain(standing(&view.photos))
        .plain(standing(&view.promises))
        .plain(view.hazard_level().map_or("", |level| level.code()))
        .plain(view.conflicts.len())
}

/// What the lines of all entries begin with.
fn entry(
    complaint: &str,
    visit: &str,
    id: impl std::fmt::Display,
    meta: &EntryMeta,
    people: &People,
) -> Line {
    let by = meta.by.to_string();
    Line::default()
        .plain(complaint)
        .plain(visit)
        .plain(id)
        .text(people.get(&by).unwrap_or(&by))
        .time(meta.at.unix_ms())
        .optional_time(meta.withdrawn.as_ref().map(|withdrawn| withdrawn.at.unix_ms()))
}

pub(super) fn findings(complaint: &str, visit: &str, view: &VisitView, people: &People) -> Vec<Line> {
    let lines = view.findings.iter().map(|(id, found)| {
        entry(complaint, visit, id, &found.meta, people)
            .text(&found.content.code)
            .optional(found.content.severity.as_deref())
            .optional(found.content.item.as_deref())
            .text(&found.content.text)
    });
    lines.collect()
}

pub(super) fn meter_checks(complaint: &str, visit: &str, view: &VisitView, people: &People) -> Vec<Line> {
    let lines = view.meter_checks.iter().map(|(id, check)| {
        let content = &check.content;
        let line = entry(complaint, visit, id, &check.meta, people)
            .optional(content.meter_no.as_deref())
            .text(&content.method)
            .optional(content.class.as_deref());
        let Ok(result) = result_of_check(check) else {
            return line.optional(content.profile.as_deref()).plain("").plain("").plain("");
        };
        let verdict = serde_json::to_value(result.verdict).unwrap_or_default();
        line.text(&result.profile)
            .plain(result.error_percent)
            .plain(result.rounded_percent)
            .plain(verdict.as_str().unwrap_or_default())
    });
    lines.collect()
}
