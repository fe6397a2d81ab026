//! The server's own keys: files in the data folder that only the server may read.
//!
//! `keys/token.pem` signs access tokens; `keys/token-previous.pem`, if there, still verifies them (rotation: rename the
//! one to the other and restart). `keys/office-<epoch>.pem` signs the office log of that epoch. `keys/restricted.pem`
//! holds the seed of the key that opens restricted findings, and `keys/restricted-previous.pem` still opens what was
//! sealed before a rotation. All are Ed25519 keys as PKCS #8 PEM. What a backup needs besides the database is this
//! folder; without it no restricted finding can be read any more.

use crate::clock::Entropy;
use crate::problem::Language;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use sync_core::log::{PublicKey, SigningKey};
use sync_core::restricted::{OpeningKey, SealingKey};

/// Opens what was sealed before the last rotation.
const RESTRICTED_PREVIOUS: &str = "restricted-previous.pem";

/// A key file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// It cannot be read or written.
    #[error("key file {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It holds no Ed25519 key.
    #[error("key file {} holds no Ed25519 private key in PKCS #8 PEM form: restore it from a backup", path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// It was there before: the office log of the epoch is signed with it.
    #[error("key file {} is missing: restore it from a backup; if there is none, fieldloop new-epoch makes another", path.display())]
    Lost {
        /// The file.
        path: PathBuf,
    },
    /// It is the key of another installation or epoch.
    #[error("key file {} is not the one that signs the office log: restore the right one from a backup", path.display())]
    Other {
        /// The file.
        path: PathBuf,
    },
    /// Others may read it.
    #[error("key file {} may be read by others: chmod 600 it, and replace the key if others had access", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
    },
}

impl KeyFileError {
    /// What happened and what to do, in the language of the terminal.
    pub fn explained(&self, language: Language) -> String {
        if language == Language::En {
            return self.to_string();
        }
        match self {
            Self::Io { path, source } => {
                crate::cli::apart(format!("密钥文件 {} 无法读写", path.display()), source)
            }
            Self::NoKey { path } => {
                format!("密钥文件 {} 中没有 PKCS #8 PEM 格式的 Ed25519 私钥：请从备份恢复", path.display())
            }
            Self::Lost { path } => format!(
                "密钥文件 {} 缺失：请从备份恢复；确无备份则运行 fieldloop new-epoch 另作一个",
                path.display()
            ),
            Self::Other { path } => {
                format!("密钥文件 {} 不是签署办公室日志的那一个：请从备份恢复正确的文件", path.display())
            }
            Self::Exposed { path } => {
                format!("密钥文件 {} 可被他人读取：请 chmod 600，若他人曾有访问权则更换密钥", path.display())
            }
        }
    }
}

/// The server's own keys.
#[derive(Debug, Clone)]
pub struct Keys {
    /// Signs access tokens.
    pub token: SigningKey,
    /// Verifies tokens made before the last rotation.
    pub token_previous: Option<SigningKey>,
    /// Signs the office log of the present epoch.
    pub office_log: SigningKey,
    /// Open restricted findings: the present key first.
    pub opening: Vec<OpeningKey>,
}

impl Keys {
    /// Reads the keys in this data folder; makes those that are missing and were not there before. `office` is the key
    /// of the epoch's office log, if one was used.
    pub fn open(
        data_folder: &Path,
        epoch: i64,
        office: Option<PublicKey>,
        entropy: &Entropy,
    ) -> Result<Self, KeyFileError> {
        let folder = data_folder.join("keys");
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .map_err(|source| KeyFileError::Io { path: folder.clone(), source })?;
        let office_path = folder.join(office_file(epoch));
        let office_log = match (read(&office_path)?, office) {
            (None, Some(_)) => return Err(KeyFileError::Lost { path: office_path }),
            (Some(key), Some(known)) if key.public() != known => {
                return Err(KeyFileError::Other { path: office_path });
            }
            (Some(key), _) => key,
            (None, None) => read_or_make(&office_path, entropy)?,
        };
        Ok(Self {
            token: read_or_make(&folder.join("token.pem"), entropy)?,
            token_previous: read(&folder.join("token-previous.pem"))?,
            office_log,
            opening: [
                Some(read_or_make(&folder.join("restricted.pem"), entropy)?),
                read(&folder.join(RESTRICTED_PREVIOUS))?,
            ]
            .into_iter()
            .flatten()
            .map(|key| OpeningKey::from_seed(key.seed()))
            .collect(),
        })
    }

    /// What restricted findings are sealed to from now on.
    pub fn sealing_key(&self) -> SealingKey {
        self.opening[0].sealing_key()
    }

    /// Whether [`Self::open`] would succeed. Makes nothing.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn look(data_folder: &Path, epoch: i64, office: Option<PublicKey>) -> Result<(), KeyFileError> {
        let folder = data_folder.join("keys");
        read(&folder.join("token.pem"))?;
        read(&folder.join("token-previous.pem"))?;
        read(&folder.join("restricted.pem"))?;
        read(&folder.join(RESTRICTED_PREVIOUS))?;
        let path = folder.join(office_file(epoch));
        match (read(&path)?.map(|key| key.public()), office) {
            (None, Some(_)) => Err(KeyFileError::Lost { path }),
            (Some(found), Some(known)) if found != known => Err(KeyFileError::Other { path }),
            _ => Ok(()),
        }
    }
}

/// Checks the office log of this epoch, where its key is still in the data folder.
pub(crate) fn office_key_of(data_folder: &Path, epoch: i64) -> Result<Option<PublicKey>, KeyFileError> {
    let path = data_folder.join("keys").join(office_file(epoch));
    Ok(read(&path)?.map(|key| key.public()))
}

fn office_file(epoch: i64) -> String {
    format!("office-{epoch}.pem")
}

fn read_or_make(path: &Path, entropy: &Entropy) -> Result<SigningKey, KeyFileError> {
    if let Some(key) = read(path)? {
        return Ok(key);
    }
    make(path, entropy).map_err(|source| KeyFileError::Io { path: path.to_owned(), source })?;
    // Another process may have been quicker: what lies there counts.
    read(path)?.ok_or_else(|| KeyFileError::NoKey { path: path.to_owned() })
}

fn read(path: &Path) -> Result<Option<SigningKey>, KeyFileError> {
    let io = |source| KeyFileError::Io { path: path.to_owned(), source };
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io(error)),
    };
    if fs::metadata(path).map_err(io)?.permissions().mode() & 0o077 != 0 {
        return Err(KeyFileError::Exposed { path: path.to_owned() });
    }
    match ed25519_dalek::SigningKey::from_pkcs8_pem(&text) {
        Ok(key) => Ok(Some(SigningKey::from_seed(key.as_bytes()))),
        Err(_) => Err(KeyFileError::NoKey { path: path.to_owned() }),
    }
}

/// Writes a new key under another name first, so that a key file is whole or absent.
fn make(path: &Path, entropy: &Entropy) -> io::Result<()> {
    let key = ed25519_dalek::SigningKey::from_bytes(&entropy.bytes());
    let pem = key.to_pkcs8_pem(LineEnding::LF).map_err(io::Error::other)?;
    let suffix = data_encoding::HEXLOWER.encode(&entropy.bytes::<8>());
    let draft = path.with_extension(suffix);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    file.write_all(pem.as_bytes())?;
    file.sync_all()?;
    // hard_link, unlike rename, does not replace a key that another process has made meanwhile.
    let linked = match fs::hard_link(&draft, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    };
    fs::remove_file(&draft)?;
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    linked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_once_and_only_the_owner_may_read_them() {
        let folder = tempfile::TempDir::new().unwrap();
        let first = Keys::open(folder.path(), 1, None, &Entropy::System).unwrap();
        let again = Keys::open(folder.path(), 1, Some(first.office_log.public()), &Entropy::System).unwrap();
        assert_eq!(first.token.public(), again.token.public());
        assert_eq!(first.office_log.public(), again.office_log.public());
        let after_restore = Keys::open(folder.path(), 2, None, &Entropy::System).unwrap();
        assert_ne!(first.office_log.public(), after_restore.office_log.public());
        let path = folder.path().join("keys/token.pem");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path().join("keys")).unwrap().count(), 4, "no drafts are left");
    }

    #[test]
    fn a_damaged_or_exposed_key_stops_the_server() {
        let folder = tempfile::TempDir::new().unwrap();
        Keys::open(folder.path(), 1, None, &Entropy::System).unwrap();
        let path = folder.path().join("keys/token.pem");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(
            Keys::open(folder.path(), 1, None, &Entropy::System),
            Err(KeyFileError::Exposed { .. })
        ));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "cut").unwrap();
        assert!(matches!(
            Keys::open(folder.path(), 1, None, &Entropy::System),
            Err(KeyFileError::NoKey { .. })
        ));
    }
    #[test]
    fn a_lost_or_exchanged_key_of_the_office_log_is_not_replaced_in_silence() {
        let folder = tempfile::TempDir::new().unwrap();
        let used = Keys::open(folder.path(), 1, None, &Entropy::System).unwrap().office_log.public();
        let path = folder.path().join("keys/office-1.pem");
        fs::remove_file(&path).unwrap();
        assert!(matches!(Keys::look(folder.path(), 1, Some(used)), Err(KeyFileError::Lost { .. })));
        let opened = Keys::open(folder.path(), 1, Some(used), &Entropy::System);
        assert!(matches!(opened, Err(KeyFileError::Lost { .. })));
        assert!(!path.exists(), "nothing was made");
        Keys::open(folder.path(), 1, None, &Entropy::System).unwrap();
        assert!(matches!(Keys::look(folder.path(), 1, Some(used)), Err(KeyFileError::Other { .. })));
        let opened = Keys::open(folder.path(), 1, Some(used), &Entropy::System);
        assert!(matches!(opened, Err(KeyFileError::Other { .. })));
    }
}
