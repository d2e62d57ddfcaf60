//! Two wordings of a text, word by word: what was taken out and what was put in.

use similar::{ChangeTag, TextDiff};

/// A piece of two texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// In both.
    Same(String),
    /// In the old one alone.
    Out(String),
    /// In the new one alone.
    In(String),
}

/// Two texts, piece by piece. Words that changed one after the other are one piece, with the spaces between them.
#[must_use]
pub fn pieces(old: &str, new: &str) -> Vec<Piece> {
    let mut run = Run::default();
    for change in TextDiff::from_unicode_words(old, new).iter_all_changes() {
        let word = change.value();
        match change.tag() {
            ChangeTag::Equal if word.trim().is_empty() => run.space.push_str(word),
            ChangeTag::Equal => {
                run.end();
                run.same(word);
            }
            ChangeTag::Delete => {
                run.go_on();
                run.out.push_str(word);
            }
            ChangeTag::Insert => {
                run.go_on();
                run.new.push_str(word);
            }
        }
    }
    run.end();
    run.pieces
}

/// Words that changed one after the other, and what came before them.
#[derive(Default)]
struct Run {
    pieces: Vec<Piece>,
    out: String,
    new: String,
    /// What may stand between two of them.
    space: String,
}

impl Run {
    fn same(&mut self, text: &str) {
        match self.pieces.last_mut() {
            Some(Piece::Same(before)) => before.push_str(text),
            _ if text.is_empty() => {}
            _ => self.pieces.push(Piece::Same(text.to_owned())),
        }
    }

    /// Another word changed.
    fn go_on(&mut self) {
        let space = std::mem::take(&mut self.space);
        if self.out.is_empty() && self.new.is_empty() {
            self.same(&space);
        } else {
            self.out.push_str(&space);
            self.new.push_str(&space);
        }
    }

    fn end(&mut self) {
        let [out, new, space] = [&mut self.out, &mut self.new, &mut self.space].map(std::mem::take);
        self.pieces.extend((!out.is_empty()).then_some(Piece::Out(out)));
        self.pieces.extend((!new.is_empty()).then_some(Piece::In(new)));
        self.same(&space);
    }
}

/// The same in a line of text, as `wdiff` writes it: `Meet [-twice-]{+once+} a year`.
#[must_use]
pub fn text(old: &str, new: &str) -> String {
    let marked = |piece: &Piece| match piece {
        Piece::Same(text) => text.clone(),
        Piece::Out(text) => format!("[-{text}-]"),
        Piece::In(text) => format!("{{+{text}+}}"),
    };
    pieces(old, new).iter().map(marked).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_is_marked_word_by_word_in_any_script() {
        assert_eq!(text("Meet twice a year", "Meet once a year"), "Meet [-twice-]{+once+} a year");
        assert_eq!(text("연례 장관급 회의", "격년 장관급 회의"), "[-연례-]{+격년+} 장관급 회의");
        assert_eq!(text("Same", "Same"), "Same");
        assert_eq!(text("", "New"), "{+New+}");
        assert_eq!(
            text("Meet at political level", "Meet every spring"),
            "Meet [-at political level-]{+every spring+}"
        );
        assert_eq!(text("a b", "a"), "a[- b-]");
    }

    #[test]
    fn either_text_is_made_of_its_pieces() {
        for (old, new) in
            [("a b c", "a c d"), ("", "x"), ("årligt møde", "møde, årligt"), ("1\n2", "1\n3\n2")]
        {
            let of = |out: bool| -> String {
                let own = |piece: &Piece| match piece {
                    Piece::Same(text) => text.clone(),
                    Piece::Out(text) if out => text.clone(),
                    Piece::In(text) if !out => text.clone(),
                    Piece::Out(_) | Piece::In(_) => String::new(),
                };
                pieces(old, new).iter().map(own).collect()
            };
            assert_eq!((of(true), of(false)), (old.to_owned(), new.to_owned()));
        }
    }
}
