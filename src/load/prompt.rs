//! Prompts of a wanted length.

use crate::world::streams::StreamKey;
use rand::RngExt;

/// Words that most tokenizers have as one token each.
const WORDS: [&str; 48] = [
    "time",
    "year",
    "people",
    "way",
    "day",
    "man",
    "thing",
    "woman",
    "life",
    "child",
    "world",
    "school",
    "state",
    "family",
    "student",
    "group",
    "country",
    "problem",
    "hand",
    "part",
    "place",
    "case",
    "week",
    "company",
    "system",
    "program",
    "question",
    "work",
    "government",
    "number",
    "night",
    "point",
    "home",
    "water",
    "room",
    "mother",
    "area",
    "money",
    "story",
    "fact",
    "month",
    "lot",
    "right",
    "study",
    "book",
    "eye",
    "job",
    "word",
];

/// How many tokens a server makes of words: those around every prompt, and of each word.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TokensOfWords {
    /// Tokens that every prompt has, those of the chat's template.
    pub around: f64,
    /// Tokens of a word.
    pub per_word: f64,
}

impl Default for TokensOfWords {
    fn default() -> Self {
        Self {
            around: 0.0,
            per_word: 1.0,
        }
    }
}

impl TokensOfWords {
    /// From what a server counted of prompts of two lengths, each (words, tokens). `None` where
    /// a longer prompt has not more tokens.
    pub fn counted(
        (few, fewer_tokens): (u64, u64),
        (many, more_tokens): (u64, u64),
    ) -> Option<Self> {
        let per_word = (more_tokens as f64 - fewer_tokens as f64) / (many as f64 - few as f64);
        (per_word > 0.0).then_some(Self {
            around: (fewer_tokens as f64 - per_word * few as f64).max(0.0),
            per_word,
        })
    }

    /// Words of a prompt of so many tokens, at least one.
    pub fn words(&self, tokens: u64) -> u64 {
        ((tokens as f64 - self.around) / self.per_word)
            .round()
            .max(1.0) as u64
    }
}

/// A prompt of so many words. Each begins in its own way, so that no server finds its
/// beginning in a cache.
pub fn text(words: u64, key: StreamKey) -> String {
    let mut stream = key.stream();
    let drawn = (0..words).map(|_| WORDS[stream.random_range(0..WORDS.len())]);
    drawn.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_met() {
        let counted = TokensOfWords::counted((8, 40), (40, 74)).unwrap();
        assert_eq!(counted.per_word, 34.0 / 32.0);
        for tokens in [33, 50, 500] {
            let words = counted.words(tokens) as f64;
            let made = counted.around + words * counted.per_word;
            assert!((made - tokens as f64).abs() <= 0.54, "{made} of {tokens}");
        }
        assert_eq!(
            counted.words(3),
            1,
            "no prompt is shorter than its template"
        );
        assert_eq!(TokensOfWords::counted((8, 40), (40, 40)), None);
        assert_eq!(TokensOfWords::default().words(7), 7);
    }

    #[test]
    fn prompts_differ_from_their_first_words_on_and_come_again() {
        let key = StreamKey::root(1);
        let prompts: Vec<String> = (0..100).map(|n| text(6, key.index(n))).collect();
        let mut distinct = prompts.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), 100);
        assert_eq!(text(6, key.index(3)), prompts[3]);
        assert_eq!(prompts[0].split(' ').count(), 6);
    }
}
