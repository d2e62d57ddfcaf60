//! Signing keys on disk, outside every ledger: a PKCS#8 PEM each, named by its key id, readable by its owner alone.
//!
//! ```text
//! keys/DK/authority-1+89abcdef.pem        the key DK/authority-1+89abcdef
//! ```

use crate::record::authority::beginning;
use crate::store::disk;
use crate::trail::key::{Kind, SigningKey};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

/// A folder of signing keys.
#[derive(Debug, Clone)]
pub struct Keyring {
    folder: PathBuf,
}

/// Why a key cannot be made or read.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// Not held here.
    #[error("{}: the key {keyid} is not here; `annals key list` shows those that are, `--keys DIR` names another folder", folder.display())]
    Missing {
        /// Which one.
        keyid: String,
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// The beginning of an id.
    #[error("{}: `{keyid}` is not the whole id of a key: give the whole id, such as {whole}", folder.display())]
    Short {
        /// As given.
        keyid: String,
        /// Those that begin so.
        whole: String,
        /// Where they are.
        folder: PathBuf,
    },
    /// Not a key.
    #[error("{}: not the key that its name says: an Ed25519 private key in PKCS#8 PEM is expected", .0.display())]
    Content(PathBuf),
    /// A name that would leave the folder.
    #[error("`{0}` cannot be the name of a key: use letters, digits, `-` and single slashes")]
    Name(String),
    /// The system said no.
    #[error("{}: cannot be {doing}; make room, or give this user the right to it", path.display())]
    System {
        /// The file or folder.
        path: PathBuf,
        /// What was being done to it.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl Keyring {
    /// The keys in a folder, which need not exist yet.
    #[must_use]
    pub const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Where the keys are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes a key from 32 random bytes and keeps it; nothing is overwritten.
    ///
    /// # Errors
    /// [`KeyringError`].
    pub fn make(&self, name: &str, kind: Kind, seed: &[u8; 32]) -> Result<SigningKey, KeyringError> {
        let key = SigningKey::from_seed(name, kind, seed).map_err(|_| KeyringError::Name(name.to_owned()))?;
        let path = self.path(&key.verifier().keyid())?;
        let pem = key.to_pem().map_err(|_| KeyringError::Content(path.clone()))?;
        let folder = path.parent().unwrap_or(&self.folder).to_owned();
        disk::make_folder(&folder).map_err(system(&folder, "made"))?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path).map_err(system(&path, "made"))?;
        if let Err(error) = file.write_all(pem.as_bytes()).and_then(|()| file.sync_all()) {
            // Half a key is none, and would stand in the way of the next.
            let _ = fs::remove_file(&path);
            return Err(system(&path, "written")(error));
        }
        // The name of a new file is durable once its folder is.
        disk::sync_folder(&folder).map_err(system(&folder, "synced"))?;
        Ok(key)
    }

    /// The key with this id.
    ///
    /// # Errors
    /// [`KeyringError`].
    pub fn key(&self, keyid: &str) -> Result<SigningKey, KeyringError> {
        let path = self.path(keyid)?;
        let pem = match disk::read(&path) {
            Ok(bytes) => String::from_utf8(bytes).map_err(|_| KeyringError::Content(path.clone()))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(self.missing(keyid));
            }
            Err(error) => return Err(system(&path, "read")(error)),
        };
        let name = keyid.rsplit_once('+').map_or(keyid, |(name, _)| name);
        // The file knows no kind: its id, which hashes the kind, does.
        let of_kind = |kind| SigningKey::from_pem(name, kind, &pem).ok();
        let key = Kind::ALL.into_iter().filter_map(of_kind).find(|key| key.verifier().is_named(keyid));
        key.ok_or(KeyringError::Content(path))
    }

    /// Why there is no key of an id here: none is held, or only its name is given.
    fn missing(&self, keyid: &str) -> KeyringError {
        let (keyid, folder) = (keyid.to_owned(), self.folder.clone());
        let held = self.ids().unwrap_or_default();
        match beginning(held.iter().map(String::as_str), &keyid) {
            Some(whole) => KeyringError::Short { keyid, whole, folder },
            None => KeyringError::Missing { keyid, folder },
        }
    }

    /// Whether the key with this id is here.
    #[must_use]
    pub fn holds(&self, keyid: &str) -> bool {
        self.path(keyid).is_ok_and(|path| path.is_file())
    }

    /// The ids of all keys here, in order.
    ///
    /// # Errors
    /// [`KeyringError::System`].
    pub fn ids(&self) -> Result<Vec<String>, KeyringError> {
        let mut ids = Vec::new();
        if self.folder.is_dir() {
            collect(&self.folder, "", &mut ids)?;
        }
        ids.sort();
        Ok(ids)
    }

    fn path(&self, keyid: &str) -> Result<PathBuf, KeyringError> {
        let relative = PathBuf::from(format!("{keyid}.pem"));
        let plain = relative.components().all(|part| matches!(part, Component::Normal(_)));
        if !plain || keyid.contains(['\\', ':', '\0']) || keyid.contains("//") {
            return Err(KeyringError::Name(keyid.to_owned()));
        }
        Ok(self.folder.join(relative))
    }
}

fn collect(folder: &Path, prefix: &str, ids: &mut Vec<String>) -> Result<(), KeyringError> {
    for entry in fs::read_dir(folder).map_err(system(folder, "listed"))? {
        let entry = entry.map_err(system(folder, "listed"))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{prefix}{name}/"), ids)?;
        } else if let Some(id) = name.strip_suffix(".pem") {
            ids.push(format!("{prefix}{id}"));
        }
    }
    Ok(())
}

fn system(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> KeyringError {
    let path = path.to_owned();
    move |source| KeyringError::System { path, doing, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_by_its_id_whatever_its_kind_and_by_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let ring = Keyring::new(folder.path().join("keys"));
        assert_eq!(ring.ids().unwrap(), Vec::<String>::new());
        for (name, kind) in [("DK/authority-1", Kind::Ed25519), ("DK/witness-1", Kind::Cosignature)] {
            let key = ring.make(name, kind, &[7; 32]).unwrap();
            let id = key.verifier().keyid();
            assert_eq!(ring.key(&id).unwrap().verifier(), key.verifier());
            assert!(ring.make(name, kind, &[7; 32]).is_err(), "nothing is overwritten");
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                let path = ring.folder().join(format!("{id}.pem"));
                assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
            }
        }
        assert_eq!(ring.ids().unwrap().len(), 2);
        assert!(matches!(ring.key("DK/authority-1+00000000"), Err(KeyringError::Missing { .. })));
        let ids = ring.ids().unwrap();
        for (name, expected) in [("DK/authority-1", ids[0].clone()), ("DK", ids.join(" or "))] {
            match ring.key(name) {
                Err(KeyringError::Short { whole, .. }) => assert_eq!(whole, expected),
                other => panic!("{name}: {:?}", other.map(|key| key.verifier())),
            }
        }
        for other in [&b"\xff"[..], b"-----BEGIN PRIVATE KEY-----"] {
            let path = ring.folder().join(format!("{}.pem", ids[0]));
            fs::write(&path, other).unwrap();
            assert!(matches!(ring.key(&ids[0]), Err(KeyringError::Content(of)) if of == path));
        }
        for name in ["../x", "/x", "a/../../x"] {
            assert!(ring.make(name, Kind::Ed25519, &[7; 32]).is_err(), "{name}");
        }
    }

    #[test]
    fn a_file_that_is_not_its_key_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let ring = Keyring::new(folder.path().to_owned());
        fs::write(folder.path().join("DK+00000000.pem"), "no key").unwrap();
        assert!(matches!(ring.key("DK+00000000"), Err(KeyringError::Content(_))));
    }
}
