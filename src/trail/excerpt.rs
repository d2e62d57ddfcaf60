//! An excerpt: a part of a text that others have parts of, too, and that nobody copies.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A part of a text. The whole text is in memory as long as one of its parts is.
#[derive(Clone)]
pub(super) struct Excerpt {
    text: Arc<String>,
    at: Range<usize>,
}

impl Excerpt {
    /// The part of a text between two bytes; none where they do not stand between characters.
    pub(super) fn of(text: &Arc<String>, at: Range<usize>) -> Option<Self> {
        text.get(at.clone())?;
        Some(Self { text: Arc::clone(text), at })
    }

    /// A part of this one, counted from its beginning.
    pub(super) fn part(&self, at: Range<usize>) -> Self {
        Self { text: Arc::clone(&self.text), at: self.at.start + at.start..self.at.start + at.end }
    }

    pub(super) fn as_str(&self) -> &str {
        self.text.get(self.at.clone()).unwrap_or_default()
    }

    /// The bytes of a part, counted from the beginning of this one.
    pub(super) fn bytes(&self, at: &Range<usize>) -> &[u8] {
        self.as_str().as_bytes().get(at.clone()).unwrap_or_default()
    }
}

impl From<String> for Excerpt {
    fn from(text: String) -> Self {
        Self { at: 0..text.len(), text: Arc::new(text) }
    }
}

/// What it says, wherever it stands.
impl PartialEq for Excerpt {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Excerpt {}

impl fmt::Debug for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}
