//! Declarations that release the gate and stay visible: a device that will never report again.

use crate::app::App;
use crate::audit::{Detail, EntryKind};
use crate::auth::AdminAuth;
use crate::complaints::acts::{Actor, ComplaintError};
use crate::complaints::history;
use crate::complaints::intake::checked_reason;
use crate::complaints::model::EventKind;
use crate::devices::{self, DeviceError};
use crate::exchange::unseen;
use crate::problem::Problem;
use crate::routing::routes;
use crate::store::{StoreError, Tx, statement};
use crate::wire::Body;
use crate::work_orders::find_visit;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use sync_core::ids::{DeviceId, VisitId};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

/// An administrator declared that a device will never report again.
const DEVICE_DECLARED_LOST: EntryKind = EntryKind("device.declared_lost");

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(create_loss_declaration))
}

/// Why nothing will come from the device any more.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LossForm {
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

/// Declares that nothing more will come from a device. Its visits no longer wait for it, and each of their complaints
/// shows the declaration. What arrives after all is still taken. Revoke the device, too, if it was stolen.
#[utoipa::path(post, path = "/v1/devices/{device_id}/loss-declaration", tag = "devices", request_body = LossForm,
    security(("session" = ["administrator"])), params(("device_id" = String, Path, format = "uuid")),
    responses((status = NO_CONTENT), (status = NOT_FOUND, description = "device-unknown"),
        (status = FORBIDDEN, description = "role-missing"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_loss_declaration(
    State(app): State<App>,
    admin: AdminAuth,
    Path(id): Path<DeviceId>,
    Body(form): Body<LossForm>,
) -> Result<StatusCode, Problem> {
    let reason = checked_reason("/reason", &form.reason).map_err(ComplaintError::Invalid)?;
    let mut tx = app.store.write().await?;
    let actor = Actor::office(admin.0.person_id, app.clock.now());
    note_loss(&mut tx, id, &reason, actor).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Declares that nothing more will come from a device, with a reason as short as pages ask for.
pub(crate) async fn declare_lost(
    tx: &mut Tx,
    id: DeviceId,
    reason: &str,
    actor: Actor,
) -> Result<(), DeviceError> {
    let reason = devices::check_text("reason", reason)?;
    note_loss(tx, id, &reason, actor).await
}

async fn note_loss(tx: &mut Tx, id: DeviceId, reason: &str, actor: Actor) -> Result<(), DeviceError> {
    if devices::find(tx, id).await?.is_none() {
        return Err(DeviceError::Unknown { which: id.to_string() });
    }
    for visit in waiting_for(tx, id).await? {
        let Some(complaint) = find_visit(tx, visit).await?.and_then(|visit| visit.complaint) else {
            continue;
        };
        let mut event = actor.event(EventKind::DeviceLost).visit(visit).reason(reason.to_owned());
        event.device = Some(id);
        history::add(tx, complaint, &event).await?;
    }
    unseen::declare_lost(tx, id, actor.at).await?;
    let entry = actor.entry(DEVICE_DECLARED_LOST, Detail::new()).device(id);
    devices::life::note(tx, &entry, id, Some(reason)).await?;
    Ok(())
}

async fn waiting_for(tx: &mut Tx, device: DeviceId) -> Result<Vec<VisitId>, StoreError> {
    const SQL: &str =
        "SELECT visit_id FROM device_visits WHERE device_id = $1 AND settled_at_ms IS NULL ORDER BY visit_id";
    let rows: Vec<String> = statement(SQL).bind(device.to_string()).values(tx).await?;
    rows.iter().map(|row| StoreError::parse_column("device_visits", "visit_id", row, row)).collect()
}
