//! What the machine can do without this program: cores, one strict check, one durable write, hashing.

use super::super::failure::{Failure, file};
use super::super::output;
use super::stopwatch::{median, microseconds, timed};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions};
use std::hint::black_box;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

/// The machine, as far as it was measured.
pub(super) struct Machine {
    pub(super) cores: usize,
    /// Microseconds for one strict check of a signature.
    pub(super) strict_check: f64,
    /// Microseconds for 1,000 bytes written at the end of a file, and its fdatasync.
    pub(super) write_sync: f64,
    /// Gigabytes hashed in a second on one core.
    pub(super) sha256: f64,
}

impl Machine {
    pub(super) fn measure(home: &Path) -> Result<Self, Failure> {
        let bar = output::waiting("measuring the machine");
        let check = Check::new();
        let mut disk = Disk::new(home, "machine")?;
        check.time();
        let checks = (0..1_000).map(|_| check.time()).collect();
        let line = [b'.'; 1_000];
        disk.time(&line)?;
        let writes = (0..300).map(|_| disk.time(&line)).collect::<Result<_, _>>()?;
        let bytes = vec![7; 8 << 20];
        let hashing: Vec<Duration> = (0..9).map(|_| timed(|| black_box(Sha256::digest(&bytes))).0).collect();
        bar.finish_and_clear();
        Ok(Self {
            cores: thread::available_parallelism().map_or(1, usize::from),
            strict_check: microseconds(median(checks)),
            write_sync: microseconds(median(writes)),
            sha256: 8.388_608 / 1e3 / median(hashing).as_secs_f64(),
        })
    }

    /// How long strict checks of so many signatures take on all cores.
    #[expect(clippy::cast_precision_loss, reason = "fewer than 2^52 of anything are counted")]
    pub(super) fn checks(&self, count: u64) -> Duration {
        Duration::from_secs_f64(count as f64 * self.strict_check / 1e6 / self.cores as f64)
    }
}

/// One strict check, as the library of signatures makes it, over about as much as an entry has signed.
pub(super) struct Check {
    key: VerifyingKey,
    message: Vec<u8>,
    signature: Signature,
}

impl Check {
    pub(super) fn new() -> Self {
        let (key, message) = (SigningKey::from_bytes(&[7; 32]), vec![b'.'; 700]);
        Self { signature: key.sign(&message), key: key.verifying_key(), message }
    }

    pub(super) fn time(&self) -> Duration {
        timed(|| black_box(self.key.verify_strict(black_box(&self.message), &self.signature))).0
    }
}

/// A file at whose end is written and synced.
pub(super) struct Disk {
    file: File,
    path: PathBuf,
}

impl Disk {
    pub(super) fn new(home: &Path, name: &str) -> Result<Self, Failure> {
        let path = home.join(name);
        let file = OpenOptions::new().create(true).append(true).open(&path).map_err(file(&path, "made"))?;
        Ok(Self { file, path })
    }

    pub(super) fn time(&mut self, bytes: &[u8]) -> Result<Duration, Failure> {
        let (time, written) = timed(|| self.file.write_all(bytes).and_then(|()| self.file.sync_data()));
        written.map_err(file(&self.path, "written"))?;
        Ok(time)
    }
}
