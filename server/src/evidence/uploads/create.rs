//! Beginning an upload, or finding that it was begun or is not needed.

use super::headers::Announced;
use super::{OPEN_BYTES_MAX, OPEN_MAX, Upload, UploadError, UploadId, sql};
use crate::app::App;
use crate::evidence;
use crate::problem::{self, Problem};
use crate::store::{StoreError, Tx};
use sync_core::ids::DeviceId;

/// What the server says to an announcement.
pub(super) enum Created {
    /// A new upload waits for bytes.
    New(Upload),
    /// This device had begun it before.
    Again(Upload),
    /// The bytes are here.
    Have,
}

/// Why an announcement is refused.
#[derive(Debug, thiserror::Error)]
pub(super) enum CreateError {
    /// The device has too much under way.
    #[error("too many unfinished uploads of this device")]
    OverQuota,
    /// A signed claim gives another size for the same hash.
    #[error("the signed claim says {claimed_bytes} bytes")]
    SizeDiffers {
        /// The size in the claim.
        claimed_bytes: i64,
    },
    /// Database, blob store or file.
    #[error(transparent)]
    Upload(#[from] UploadError),
}

impl From<StoreError> for CreateError {
    fn from(error: StoreError) -> Self {
        Self::Upload(error.into())
    }
}

impl From<CreateError> for Problem {
    fn from(error: CreateError) -> Self {
        match error {
            CreateError::OverQuota => Self::new(&problem::UPLOAD_QUOTA).retry_after(30..120),
            CreateError::SizeDiffers { claimed_bytes } => {
                Self::new(&problem::UPLOAD_CLAIM_DIFFERS).with("claimed_bytes", claimed_bytes)
            }
            CreateError::Upload(error) => error.into(),
        }
    }
}

/// Answers an announcement. Repeating it changes nothing.
pub(super) async fn create(
    app: &App,
    device: &DeviceId,
    announced: &Announced,
) -> Result<Created, CreateError> {
    let mut tx = app.store.read().await?;
    if let Some(known) = known(&mut tx, app, device, announced).await? {
        return Ok(known);
    }
    drop(tx);
    let mut tx = app.store.write().await?;
    if let Some(known) = known(&mut tx, app, device, announced).await? {
        return Ok(known);
    }
    if let Some(useless) = sql::find_open(&mut tx, device, &announced.sha256).await? {
        // Expired, or announced with another size, which cannot have this hash.
        sql::delete(&mut tx, &useless.id).await?;
    }
    check(&mut tx, device, announced).await?;
    let id = UploadId::from_entropy(app.entropy.bytes());
    let inserted = sql::insert(&mut tx, &id, device, announced, app.clock.now()).await;
    match inserted {
        Ok(upload) => {
            tx.commit().await?;
            Ok(Created::New(upload))
        }
        Err(error) if error.is_unique_violation() => {
            drop(tx);
            begun_meanwhile(app, device, announced).await
        }
        Err(error) => Err(error.into()),
    }
}

/// On PostgreSQL the same announcement may have come twice at once.
async fn begun_meanwhile(
    app: &App,
    device: &DeviceId,
    announced: &Announced,
) -> Result<Created, CreateError> {
    let mut tx = app.store.read().await?;
    match known(&mut tx, app, device, announced).await? {
        Some(known) => Ok(known),
        None => Err(StoreError::impossible("uploads", "sha256", announced.sha256).into()),
    }
}

async fn known(
    tx: &mut Tx,
    app: &App,
    device: &DeviceId,
    announced: &Announced,
) -> Result<Option<Created>, StoreError> {
    if evidence::sql::is_whole(tx, &announced.sha256).await? {
        return Ok(Some(Created::Have));
    }
    let open = sql::find_open(tx, device, &announced.sha256).await?;
    let usable =
        |upload: &Upload| upload.size_bytes == announced.size_bytes && !upload.is_expired(app.clock.now());
    Ok(open.filter(usable).map(Created::Again))
}

async fn check(tx: &mut Tx, device: &DeviceId, announced: &Announced) -> Result<(), CreateError> {
    let size_bytes = i64::try_from(announced.size_bytes).unwrap_or(i64::MAX);
    let claimed_bytes = sql::claimed_size(tx, &announced.sha256).await?;
    if let Some(claimed_bytes) = claimed_bytes.filter(|claimed_bytes| *claimed_bytes != size_bytes) {
        return Err(CreateError::SizeDiffers { claimed_bytes });
    }
    let underway = sql::underway(tx, device).await?;
    let bytes = underway.open_bytes.saturating_add(underway.unclaimed_bytes).saturating_add(size_bytes);
    if underway.open >= OPEN_MAX || bytes > OPEN_BYTES_MAX {
        return Err(CreateError::OverQuota);
    }
    Ok(())
}
