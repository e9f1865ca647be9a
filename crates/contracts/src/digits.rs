//! Numbers that come as text: the pattern of the digits from a least to a most.

use serde_json::Value;

/// The pattern of the numbers that an integer's schema allows; leading zeros do no harm.
pub(crate) fn pattern(schema: &Value) -> String {
    let bound = |name: &str| schema[name].as_u64();
    let most = bound("maximum").unwrap_or(u64::MAX).to_string();
    let mut lengths = up_to(&most);
    if bound("minimum").unwrap_or(0) == 0 {
        lengths.insert(0, "0".to_owned());
    }
    format!("^0*({})$", lengths.join("|"))
}

/// The expressions that together match the numbers from 1 to this one, without leading zeros.
fn up_to(most: &str) -> Vec<String> {
    let rest = |count: usize| match count {
        0 => String::new(),
        1 => "[0-9]".to_owned(),
        _ => format!("[0-9]{{{count}}}"),
    };
    let mut all = Vec::new();
    if most.len() > 1 {
        all.push(format!("[1-9][0-9]{{0,{}}}", most.len() - 2));
    }
    for (at, digit) in most.char_indices() {
        let (least, digit) = (u32::from(at == 0), digit.to_digit(10).unwrap_or_default());
        if digit > least {
            let below = &most[..at];
            all.push(format!("{below}[{least}-{}]{}", digit - 1, rest(most.len() - at - 1)));
        }
    }
    all.push(most.to_owned());
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_pattern_is_that_of_the_bounds() {
        let percent = pattern(&json!({"minimum": 1, "maximum": 100}));
        assert_eq!(percent, "^0*([1-9][0-9]{0,1}|100)$");
        let seats = pattern(&json!({"minimum": 0, "maximum": 250}));
        assert_eq!(seats, "^0*(0|[1-9][0-9]{0,1}|[1-1][0-9]{2}|2[0-4][0-9]|250)$");
        assert!(
            pattern(&json!({"minimum": 1}))
                .ends_with("|1844674407370955161[0-4]|18446744073709551615)$")
        );
    }
}
