//! The host's own lines, on standard error.

use std::{fmt, io::Write};

/// Writes one line, whole: several processes share the console.
pub fn line(text: fmt::Arguments) {
    let line = format!("{text}\n");
    // A closed console must not stop the host.
    let _ = std::io::stderr().lock().write_all(line.as_bytes());
}

/// Writes one formatted line to standard error.
#[macro_export]
macro_rules! say {
    ($($text:tt)*) => { $crate::say::line(format_args!($($text)*)) };
}

/// `", did you mean \`x\`?"` when one of `known` is close to `word`, else nothing.
pub fn suggestion<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(word, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.len() / 4)
        .min()
        .map_or(String::new(), |(_, name)| format!(", did you mean `{name}`?"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_near_name_is_suggested_and_a_far_one_is_not() {
        let known = ["bookrent-book", "bookrent-rent"];
        assert_eq!(super::suggestion("bookrent-boko", known), ", did you mean `bookrent-book`?");
        assert_eq!(super::suggestion("pay", known), "");
    }
}
