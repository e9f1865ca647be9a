//! What a field's doc comment in WIT says that its type cannot: WIT has no lengths, ranges or choices.
//!
//! | in the doc comment | in the schema |
//! |---|---|
//! | `1 to 200 characters` | `minLength`, `maxLength` |
//! | `at most 500 characters` | `maxLength` |
//! | `1 to 100` (of a number) | `minimum`, `maximum` |
//! | `from 1 up`, `at most 150` (of a number) | `minimum`, `maximum` |
//! | ``` `Rent`, `Fail` or `Cancel` ```, as its first words | `enum` |
//! | an expression in backticks, `` `^…$` `` | `pattern` |
//! | `yyyy-MM-dd`, `yyyy-MM-dd HH:mm:ss`, `RFC 3339` | `format` or `pattern` |

use serde_json::{Value, json};

use crate::wit::one_line;

/// The schema with the description and what the description says of its values.
pub(crate) fn apply(mut schema: Value, docs: &str) -> Value {
    let docs = one_line(docs);
    if docs.is_empty() {
        return schema;
    }
    let is_nullable = schema["type"].is_array();
    let is = |schema: &Value, kind: &str| schema["type"] == kind || schema["type"][0] == kind;
    if is(&schema, "string") {
        if let Some(mut choices) = choices(&docs) {
            choices.extend(is_nullable.then_some(Value::Null));
            schema["enum"] = json!(choices);
        }
        if let Some((least, most)) = range(&docs, " characters") {
            (schema["minLength"], schema["maxLength"]) = (json!(least), json!(most));
        } else if let Some(most) =
            after(&docs, "t most ").and_then(|rest| number(rest, " characters"))
        {
            schema["maxLength"] = json!(most);
        }
        if let Some(pattern) = pattern(&docs) {
            schema["pattern"] = json!(pattern);
        } else if docs.contains("yyyy-MM-dd HH:mm:ss") {
            schema["pattern"] = json!("^\\d{4}-\\d{2}-\\d{2} \\d{2}:\\d{2}:\\d{2}$");
        } else if docs.contains("yyyy-MM-dd") {
            schema["format"] = json!("date");
        } else if docs.contains("RFC 3339") {
            schema["format"] = json!("date-time");
        }
    } else if is(&schema, "integer") {
        if let Some((least, most)) = range(&docs, "") {
            (schema["minimum"], schema["maximum"]) = (json!(least), json!(most));
        } else if let Some(least) = after(&docs, "rom ").and_then(|rest| number(rest, " up")) {
            schema["minimum"] = json!(least);
        } else if let Some(most) = after(&docs, "t most ").and_then(|rest| number(rest, "")) {
            schema["maximum"] = json!(most);
        }
    }
    schema["description"] = json!(docs);
    schema
}

/// The words in backticks that a text begins with, one after another; at least two.
fn choices(docs: &str) -> Option<Vec<Value>> {
    let mut choices = Vec::new();
    let mut rest = docs;
    while let Some((word, after)) = rest.strip_prefix('`').and_then(|rest| rest.split_once('`')) {
        choices.push(json!(word));
        let next = after.strip_prefix(", ").or_else(|| after.strip_prefix(" or "));
        match next {
            Some(next) if next.starts_with('`') => rest = next,
            _ if after.is_empty() || after.starts_with(['.', ';', ',']) => {
                return (choices.len() > 1).then_some(choices);
            }
            _ => break,
        }
    }
    None
}

/// `1 to 200<unit>`.
fn range(docs: &str, unit: &str) -> Option<(u64, u64)> {
    let words: Vec<&str> = docs.split(' ').collect();
    words.windows(3).enumerate().find_map(|(at, three)| {
        let [least, "to", most] = three else { return None };
        let most = most.trim_end_matches(['.', ',', ';']);
        let tail = words.get(at + 3).copied().unwrap_or_default().trim_end_matches(['.', ',', ';']);
        let has_unit = unit.trim_start() == tail || (unit.is_empty() && tail != "characters");
        has_unit.then(|| {
            Some((least.replace(',', "").parse().ok()?, most.replace(',', "").parse().ok()?))
        })?
    })
}

/// The expression in backticks that a whole value must match.
fn pattern(docs: &str) -> Option<&str> {
    docs.split('`').skip(1).step_by(2).find(|word| word.starts_with('^') && word.ends_with('$'))
}

fn after<'d>(docs: &'d str, words: &str) -> Option<&'d str> {
    docs.split_once(words).map(|(_, rest)| rest)
}

/// The number that a text begins with, followed by this.
fn number(text: &str, then: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != ',').unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    rest.starts_with(then).then(|| digits.replace(',', "").parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(docs: &str) -> Value {
        apply(json!({"type": "string"}), docs)
    }

    fn whole(docs: &str) -> Value {
        apply(json!({"type": "integer", "minimum": 0}), docs)
    }

    #[test]
    fn lengths_and_ranges_are_read() {
        let named = text("Where it goes; 1 to 500 characters.");
        assert_eq!((&named["minLength"], &named["maxLength"]), (&json!(1), &json!(500)));
        let seats = whole("How many: 1 to 1,000.");
        assert_eq!((&seats["minimum"], &seats["maximum"]), (&json!(1), &json!(1000)));
        assert_eq!(whole("From 1 up.")["minimum"], 1);
        assert_eq!(whole("In years, at most 150.")["maximum"], 150);
        let spec = text("What it is; at most 500 characters.");
        assert_eq!((spec.get("minLength"), &spec["maxLength"]), (None, &json!(500)));
        assert_eq!(whole("In won.")["minimum"], 0);
        assert_eq!(whole("Counts 1 to 5 characters.").get("maximum"), None);
    }

    #[test]
    fn words_in_backticks_that_stand_first_are_the_choices() {
        assert_eq!(text("`Rent`, `Fail` or `Cancel`.")["enum"], json!(["Rent", "Fail", "Cancel"]));
        assert_eq!(text("`POINT_GIVEN` or `POINT_CANCEL`; none yet.")["enum"][1], "POINT_CANCEL");
        for none in ["`yyMMdd-Nnnnnnn`.", "As `findById` tells.", "`a` and more", "`a", "Text."] {
            assert_eq!(text(none).get("enum"), None, "{none}");
        }
        let nullable = apply(json!({"type": ["string", "null"]}), "`A` or `B`; none until then.");
        assert_eq!(nullable["enum"], json!(["A", "B", null]));
    }

    #[test]
    fn an_expression_in_backticks_is_the_pattern() {
        let number = text("`yyMMdd`: `^[0-9]{6}$`; no more.");
        assert_eq!((&number["pattern"], number.get("enum")), (&json!("^[0-9]{6}$"), None));
        assert_eq!(text("`yyMMdd`.").get("pattern"), None);
    }

    #[test]
    fn dates_have_their_form() {
        assert_eq!(text("yyyy-MM-dd, in Seoul.")["format"], "date");
        assert_eq!(text("RFC 3339, UTC.")["format"], "date-time");
        assert!(text("yyyy-MM-dd HH:mm:ss.")["pattern"].is_string());
    }
}
