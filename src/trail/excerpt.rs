//! An excerpt: a part of a text that others have parts of, too, and that nobody copies.

use std::borrow::Cow;
use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

/// A part of a text, read as one. The whole text is in memory as long as one of its parts is, so that whoever keeps a part for long
/// makes a text of its own of it.
///
/// ```
/// use annals::trail::excerpt::Excerpt;
/// let source = Excerpt::from("parties/KR");
/// assert_eq!(source.strip_prefix("parties/"), Some("KR"));
/// ```
#[derive(Clone)]
pub struct Excerpt {
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

    /// The part that a text is which was read in this one; what stands nowhere in it is a text of its own.
    pub(super) fn holding(&self, text: Cow<'_, str>) -> Self {
        let all = self.as_str();
        let begin = text.as_ptr().addr().wrapping_sub(all.as_ptr().addr());
        let at = begin..begin.wrapping_add(text.len());
        let is_part = all.get(at.clone()).is_some_and(|part| std::ptr::eq(part, &raw const *text));
        if is_part { self.part(at) } else { text.into_owned().into() }
    }

    /// What it says.
    #[must_use]
    pub fn as_str(&self) -> &str {
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

impl From<&str> for Excerpt {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl Deref for Excerpt {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

/// What it says, wherever it stands.
impl<S: AsRef<str> + ?Sized> PartialEq<S> for Excerpt {
    fn eq(&self, other: &S) -> bool {
        self.as_str() == other.as_ref()
    }
}

impl Eq for Excerpt {}

impl AsRef<str> for Excerpt {
    fn as_ref(&self) -> &str {
        self
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl fmt::Debug for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_a_text_is_a_part_of_it_and_what_does_not_is_a_text_of_its_own() {
        let line = Excerpt::from("- Ærø, Seoul");
        let inner = line.part(2..line.len());
        for text in ["Ærø", "Seoul", "", &inner] {
            let at = line.as_str().find(text).unwrap();
            let held = inner.holding(Cow::Borrowed(&line[at..at + text.len()]));
            assert_eq!(held, text);
            assert_eq!(Arc::ptr_eq(&held.text, &line.text), at >= 2, "{text}");
        }
        for text in
            [Cow::Owned("Seoul".to_owned()), Cow::Borrowed("Seoul"), Cow::Borrowed("- Ærø, Seoul, Busan")]
        {
            let held = inner.holding(text.clone());
            assert_eq!(held, text);
            assert!(!Arc::ptr_eq(&held.text, &line.text), "{text}");
        }
    }
}
