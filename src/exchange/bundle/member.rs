//! A member of an archive as it is unpacked: to its last byte, with the sum and the sizes that the directory says.

use crc32fast::Hasher;
use flate2::read::DeflateDecoder;
use std::io::{self, ErrorKind, Read};
use zip::read::ZipFile;
use zip::result::ZipResult;
use zip::{CompressionMethod, ZipArchive};

/// Reads what is packed in a member. With its end it is told whether that was all of it: a library stops where what is packed says that
/// it ends, whatever stands there besides.
pub(super) struct Member<R> {
    packed: Packed<R>,
    sum: Hasher,
    read: u64,
    told: Told,
}

enum Packed<R> {
    Stored(R),
    Deflated(DeflateDecoder<R>),
}

/// What the directory says of a member.
struct Told {
    sum: u32,
    packed: u64,
    unpacked: u64,
}

impl<'a, R: Read + io::Seek> Member<ZipFile<'a, R>> {
    /// Opens a member; none where the archive has none of this name.
    pub(super) fn open(archive: &'a mut ZipArchive<R>, name: &str) -> ZipResult<Option<Self>> {
        let Some(number) = archive.index_for_name(name) else { return Ok(None) };
        let raw = archive.by_index_raw(number)?;
        let told = Told { sum: raw.crc32(), packed: raw.compressed_size(), unpacked: raw.size() };
        let packed = match raw.compression() {
            CompressionMethod::Deflated => Packed::Deflated(DeflateDecoder::new(raw)),
            // There is no third: that is looked at when the archive is opened.
            _ => Packed::Stored(raw),
        };
        Ok(Some(Self { packed, sum: Hasher::new(), read: 0, told }))
    }
}

impl<R: Read> Read for Member<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = match &mut self.packed {
            Packed::Stored(raw) => raw.read(into)?,
            Packed::Deflated(unpacking) => unpacking.read(into)?,
        };
        self.sum.update(into.get(..read).unwrap_or_default());
        self.read += read as u64;
        if read == 0 && !into.is_empty() {
            self.end()?;
        }
        Ok(read)
    }
}

impl<R> Member<R> {
    fn end(&self) -> io::Result<()> {
        let taken = match &self.packed {
            Packed::Stored(_) => self.read,
            Packed::Deflated(unpacking) => unpacking.total_in(),
        };
        let what = if taken != self.told.packed {
            "bytes stand in it after the end of what is packed, or are missing there"
        } else if self.read != self.told.unpacked || self.sum.clone().finalize() != self.told.sum {
            "its bytes have not the sum or the size that the directory says: it was damaged or changed"
        } else {
            return Ok(());
        };
        Err(io::Error::new(ErrorKind::InvalidData, what))
    }
}
