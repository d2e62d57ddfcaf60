//! Files that a command puts forward with what it records.

use super::failure::Failure;
use super::signing::put;
use annals::exchange::evidence::Offered;
use clap::Args;
use serde_json::{Map, Value};
use std::path::PathBuf;

/// Which files, and whether even their digests are withheld.
#[derive(Args)]
pub(crate) struct Offering {
    /// A file put forward, which is kept with the ledger; once for each
    #[arg(long = "evidence", value_name = "FILE")]
    evidence: Vec<PathBuf>,
    /// Withhold even the digests of the files
    #[arg(long, requires = "evidence")]
    confidential: bool,
}

impl Offering {
    /// Reads the files, and names them in the data of an event.
    pub(crate) fn name(&self, data: &mut Map<String, Value>) -> Result<Vec<Offered>, Failure> {
        let offered = self.evidence.iter().map(|path| Offered::read(path)).collect::<Result<Vec<_>, _>>()?;
        for (at, file) in offered.iter().enumerate() {
            if let Some(first) = offered.iter().take(at).find(|other| other.sha256 == file.sha256) {
                let (file, first) = (file.path.display(), first.path.display());
                return Err(Failure::usage(format!(
                    "{file} is the same file as {first}: put it forward once"
                )));
            }
        }
        let items: Vec<Value> = offered.iter().map(|file| item(file, self.confidential)).collect();
        if !items.is_empty() {
            data.insert("evidence".to_owned(), Value::Array(items));
        }
        Ok(offered)
    }
}

fn item(offered: &Offered, confidential: bool) -> Value {
    let mut item = Map::new();
    let Offered { path, sha256, size } = offered;
    put(&mut item, "sha256", Some(sha256));
    put(&mut item, "mediatype", Some(mime_guess::from_path(path).first_or_octet_stream()));
    put(&mut item, "filename", path.file_name().map(|name| name.to_string_lossy()));
    item.insert("size".to_owned(), (*size).into());
    if confidential {
        item.insert("confidential".to_owned(), true.into());
    }
    Value::Object(item)
}
